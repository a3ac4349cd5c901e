"""Pagination: the rule that finds the next page, the loop over the pages, and their merged list."""
