"""`dynacli proxy`: passes requests on to the server, and validates each exchange."""
