"""`dynacli bake`: a program of its own for one API."""
