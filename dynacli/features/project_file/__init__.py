"""`.dynacli.toml`, the file in which a project has APIs of its own, and the trust of a user in it."""
