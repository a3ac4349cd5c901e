"""One call from the command line: from arguments to the printed response."""
