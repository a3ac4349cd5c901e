"""Plans: calls that may change something, checked and not sent, which a person reads and applies once."""
