"""`dynacli diff`: compares the responses of two servers, calls or revisions."""
