"""`dynacli api`: APIs are registered, listed, refreshed and removed."""
