"""Security schemes that a call uses, and whether their credentials exist."""
