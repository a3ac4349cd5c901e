"""Requests that other programs made: read from a line for curl or from a HAR, and found again among the operations."""
