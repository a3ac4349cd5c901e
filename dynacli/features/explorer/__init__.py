"""`dynacli explore`: the full-screen explorer."""
