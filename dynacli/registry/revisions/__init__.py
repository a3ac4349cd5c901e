"""The revisions of one document in the cache: which one is current, how fresh it is, and what may replace it."""
