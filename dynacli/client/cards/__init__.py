"""The call card: the least that somebody needs to make a first correct call."""
