"""The operations of an API as a collection, and the files in which other programs take it."""
