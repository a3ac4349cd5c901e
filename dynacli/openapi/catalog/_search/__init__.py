"""The words of a document's operations, kept in its catalog, and the operations ranked by the words of a question."""
