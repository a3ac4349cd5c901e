"""The APIs that a person has: their names, their documents, and when those are fetched again."""
