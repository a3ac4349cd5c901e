"""Builds a request from values: pure functions that write URL, headers and body."""
