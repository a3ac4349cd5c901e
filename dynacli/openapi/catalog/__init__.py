"""A compiled document: one SQLite file, so that a run reads only the operation that it needs.

`compiler` compiles a document, `catalog_writer` writes the file, `catalog_file` reads it, and `rank_operations`
searches its operations. Read `compiler/compile_document` first, then `catalog_file`.
"""
