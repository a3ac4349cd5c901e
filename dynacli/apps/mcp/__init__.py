"""The MCP server of `dynacli mcp` (modelcontextprotocol.io): three tools for agents.

Requests of an agent come in over standard input or HTTP, and `client` makes the calls. Read `protocol_server` first,
then `tools`.
"""
