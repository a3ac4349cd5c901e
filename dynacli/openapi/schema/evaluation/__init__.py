"""Evaluating JSON Schema: schemas that jsonschema-rs has compiled, and their errors with places in the document."""
