"""The commands of dynacli: a module for one, or for several of one subject."""
