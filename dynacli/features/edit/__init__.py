"""`dynacli edit`: a resource is read, edited in an editor, and written back."""
