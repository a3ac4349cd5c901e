"""Bodies that are read while they come, or sent while they are read: downloads, events, items and uploads."""
