"""References of a document: find them, follow them, and join the files of the document into one tree."""
