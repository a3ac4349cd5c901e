"""What the schemas of a document mean: for options, for examples, and for matching a value."""
