"""OpenAPI: documents, their operations and schemas, and the compiled index.

`document` reads a source into one document. `model` has its operations as records. `schema` turns schemas into options,
examples and validators. `catalog` stores the compiled index that later runs read.
Read `openapi/catalog/compiler/compile_document.py` first.
"""
