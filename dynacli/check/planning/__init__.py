"""Which operations a check calls, in which order, and where the values of each call come from."""
