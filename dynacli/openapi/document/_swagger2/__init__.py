"""Swagger 2.0 documents converted to OpenAPI 3.0, offline and part by part."""
