"""The catalog: what a document became, on disk, so that a later run reads one operation of it."""
