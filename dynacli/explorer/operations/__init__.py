"""The left side of the explorer: the operations of the API, by tag or as a search finds them."""
