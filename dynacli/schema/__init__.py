"""Reads the schemas of a document: for options, for examples, and for matching values."""
