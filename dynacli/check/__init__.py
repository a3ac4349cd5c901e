"""A whole API checked: its operations are called, and every answer is judged."""
