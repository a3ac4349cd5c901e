"""References of a document: found, followed within its own files, and put into one tree."""
