"""One call from the command line: words become the inputs of a call, and its response is written."""
