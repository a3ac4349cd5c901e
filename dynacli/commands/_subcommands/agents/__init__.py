"""The verbs that hand APIs to agents: over a protocol, and as a file to read."""
