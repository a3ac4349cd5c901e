"""The compiled form of a document: one SQLite file from which a later run reads its one operation.

A document goes in through `compiler`, and `store` writes and reads the file. `rank_operations` searches its
operations. Read `compiler/compile_document` first, then `store/catalog_file`.
"""
