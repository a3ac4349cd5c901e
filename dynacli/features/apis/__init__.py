"""`dynacli api`: registers, lists, refreshes and removes APIs."""
