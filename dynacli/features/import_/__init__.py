"""`dynacli import`: turns requests of curl and of HAR files into commands."""
