"""`dynacli edit`: reads a resource, opens it in an editor, and sends the changes."""
