"""`dynacli batch`: one call for each row of a file."""
