"""The verb `check`: an API is called as a whole, and every response judged."""
