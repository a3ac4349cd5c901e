"""A command line of its own for one API: what the file runs that `dynacli bake` writes."""
