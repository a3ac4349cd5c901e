"""Two versions of a document compared: what changed, and whether a client breaks."""
