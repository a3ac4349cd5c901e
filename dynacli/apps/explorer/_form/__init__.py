"""The middle of the explorer: the form of an operation, and the request and command line that it stands for."""
