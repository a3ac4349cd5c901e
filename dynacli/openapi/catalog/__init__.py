"""The compiled form of a document: one SQLite file from which a later run reads its one operation.

A document goes in through `compiler`. `catalog_writer` writes the file, `catalog_file` reads it, and `rank_operations`
searches its operations. Read `compiler/compile_document` first, then `catalog_file`.
"""
