"""Help pages: of dynacli, of an API, and of an operation."""
