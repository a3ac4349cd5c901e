"""The report of the parts of a document that are not valid OpenAPI."""
