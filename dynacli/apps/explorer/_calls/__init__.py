"""The calls that the explorer makes, and what the history keeps of them."""
