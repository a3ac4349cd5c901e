"""The verbs that serve until Ctrl-C."""
