"""The summary: the least that somebody needs to make a first correct call."""
