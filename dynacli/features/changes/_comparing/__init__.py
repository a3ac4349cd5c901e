"""The comparison itself, a module for each part of a document."""
