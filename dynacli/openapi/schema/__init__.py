"""What schemas mean: options, examples, and whether a value is valid.

A schema of any OpenAPI version goes in. Its normal form, fields, examples and errors come out. `evaluation` is the
only evaluator of JSON Schema. Read `normal_form` first.
"""
