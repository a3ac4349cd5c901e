"""`dynacli check` and `dynacli validate`: a whole API, or recorded traffic, against its document."""
