"""The call of an operation on the command line: its words become values, its answer is written."""
