"""The abilities of dynacli beside calls, help and search: a folder each, which can be deleted."""
