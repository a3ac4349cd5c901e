"""The project file `.dynacli.toml`, which adds the APIs of a project, and the user's trust in it."""
