"""`dynacli diff`: the responses of two servers, calls or revisions are compared."""
