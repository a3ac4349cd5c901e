"""Programs that validator the pairs from outside."""
