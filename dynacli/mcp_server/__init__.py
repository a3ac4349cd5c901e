"""The APIs for an agent, over the Model Context Protocol (modelcontextprotocol.io): three tools and a resource each."""
