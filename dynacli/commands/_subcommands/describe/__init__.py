"""The verb `describe`: all about one operation, or about one field of it."""
