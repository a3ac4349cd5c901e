"""The verb `dynacli bake`, which writes a command line of its own for one API."""
