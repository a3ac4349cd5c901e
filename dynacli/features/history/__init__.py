"""`dynacli history` and `dynacli replay`: earlier calls."""
