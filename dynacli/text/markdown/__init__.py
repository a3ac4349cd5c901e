"""Markdown of a document's descriptions, as plain text for a terminal."""
