"""Writes type stubs for the methods of the Python API: a class for an API, with types from its document."""
