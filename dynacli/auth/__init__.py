"""Security schemes → credentials, each bound to the origin that a person accepted for it."""
