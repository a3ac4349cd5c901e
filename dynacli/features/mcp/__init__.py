"""`dynacli mcp`: a server that offers APIs to an agent by the Model Context Protocol."""
