"""One whole call without a command line: a request is built, signed, judged and sent, its answer judged."""
