"""Evaluate JSON Schema with jsonschema-rs, and report errors with their locations in the document."""
