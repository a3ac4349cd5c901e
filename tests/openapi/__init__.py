"""Tests of documents, schemas, catalogs and changes."""
