"""The right side of the explorer: the response in its views, and the calls that were made."""
