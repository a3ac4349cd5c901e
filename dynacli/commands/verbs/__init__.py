"""The verbs of dynacli, a module each; each has its click command as `command`."""
