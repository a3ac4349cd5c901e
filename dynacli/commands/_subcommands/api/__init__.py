"""The verb `api`: registered APIs and their revisions."""
