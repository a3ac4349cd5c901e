"""Tests of the tables of options and commands, and of how words are read."""
