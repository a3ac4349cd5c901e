"""What dynacli knows of OpenAPI, without any API of yours.

A source goes in, a catalog comes out. `document` turns a source into one document, `model` has its operations as
records, and `schema` says what schemas mean. `catalog` stores what later runs read. Read
`openapi/catalog/compiler/compile_document.py` first.
"""
