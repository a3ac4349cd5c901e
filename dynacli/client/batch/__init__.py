"""Many calls from the rows of a file: read, checked as a whole, sent side by side, and responded in their order."""
