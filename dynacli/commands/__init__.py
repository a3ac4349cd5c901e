"""The command line: a lazy group, one operation → one command, and the verbs, a module each."""
