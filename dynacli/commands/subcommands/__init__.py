"""The commands of the core: `describe`, `help`, `operations`, `search`, `read` and `request`."""
