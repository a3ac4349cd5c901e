"""What the completion scripts of the shells ask for."""
