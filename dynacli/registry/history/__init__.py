"""The history: the calls of the command line, and the ids that their answers had, in one SQLite file."""
