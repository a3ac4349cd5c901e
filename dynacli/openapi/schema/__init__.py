"""Schemas of any OpenAPI version: their normal form, options, examples, and the errors of values.

`evaluation` is the only evaluator of JSON Schema. Read `normal_form` first.
"""
