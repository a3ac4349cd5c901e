"""The results of a check, for people and for programs."""
