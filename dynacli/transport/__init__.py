"""Sending a request and reading its answer, under rules for redirects, size and time."""
