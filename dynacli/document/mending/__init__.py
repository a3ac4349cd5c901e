"""Small mistakes of a document put right where it is plain what is meant, and mistakes reported."""
