"""From the base URL of an API to its OpenAPI documents."""
