"""Several documents merged into one, as if it had been one from the start."""
