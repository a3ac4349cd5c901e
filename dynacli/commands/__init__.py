"""The command line: click's groups and commands, made for one operation at a time."""
