"""Several calls for one command line: the pages of a list, and calls until something is true or along links."""
