"""`dynacli bake`: a separate program for one API."""
