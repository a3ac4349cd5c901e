"""The history: the calls of the command line, and the ids that their responses had, in one SQLite file."""
