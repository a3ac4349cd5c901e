"""Many calls from the rows of a file."""
