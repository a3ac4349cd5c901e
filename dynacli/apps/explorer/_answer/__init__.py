"""The right side of the explorer: the answer in its views, and the calls that were made."""
