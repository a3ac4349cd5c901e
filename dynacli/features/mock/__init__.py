"""`dynacli mock`: a server that responds as the document says."""
