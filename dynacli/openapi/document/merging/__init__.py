"""Several documents merged into one, as if it had been a single document from the start."""
