"""`dynacli check` and `dynacli validate`: validate a whole API, or recorded traffic, by its document."""
