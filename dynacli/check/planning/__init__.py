"""Which operations a check calls, in which order, with values from where."""
