"""The report of the places where a document is not valid OpenAPI."""
