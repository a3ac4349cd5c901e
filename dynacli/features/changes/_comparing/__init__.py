"""The comparison of two documents, with a module for each part of a document."""
