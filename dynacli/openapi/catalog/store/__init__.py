"""The SQLite file of a catalog: written once, then read an operation at a time."""
