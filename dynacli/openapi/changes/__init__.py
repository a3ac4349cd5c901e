"""Compares two revisions of a document.

Two documents go in. The operations that were added, removed and changed come out, each change with its kind and
whether it breaks clients. Read `compare` first.
"""
