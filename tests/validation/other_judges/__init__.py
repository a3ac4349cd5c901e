"""Programs that judge the pairs from outside."""
