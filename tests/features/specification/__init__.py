"""Tests of the report of parts that are not valid OpenAPI."""
