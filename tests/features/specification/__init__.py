"""Tests of the report of places that are not valid OpenAPI."""
