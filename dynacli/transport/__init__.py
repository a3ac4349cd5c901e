"""Sending a request and reading its answer, under dynacli's rules for redirects, size and time."""
