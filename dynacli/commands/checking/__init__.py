"""Checking: every operation that is safe is called, and every answer is judged."""
