"""`dynacli skill`: a description of an API for agents."""
