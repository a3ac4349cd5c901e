"""`dynacli changes` and `dynacli cache`: the stored revisions of a document, and what changed between two."""
