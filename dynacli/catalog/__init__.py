"""The catalog: what a document was compiled into, so that a later run reads only its one operation."""
