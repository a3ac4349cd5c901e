"""`dynacli import`: requests of curl and of HAR files become commands."""
