"""Recorded traffic, judged like the calls of a check."""
