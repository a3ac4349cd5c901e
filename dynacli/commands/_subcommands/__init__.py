"""The verbs of dynacli, a module or a folder each."""
