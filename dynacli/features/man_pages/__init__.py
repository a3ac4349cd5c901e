"""The man pages of a wheel."""
