"""Reads and writes the values of bodies in their media types.

The package knows schemas, but not calls or output.
"""
