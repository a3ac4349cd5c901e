"""Compares two revisions of a document: what changed, and whether a client breaks."""
