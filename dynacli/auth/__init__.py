"""Credentials for security schemes, each bound to the origin that a person accepted for it."""
