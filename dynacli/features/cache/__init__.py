"""`dynacli cache`, and the response cache of `--cache`."""
