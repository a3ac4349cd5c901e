"""Other ways into dynacli, each thin over the layers below.

An explorer on a terminal, an MCP server, a mock server, a proxy, a pytest plugin, and the program of baked tools.
None of them builds, sends or validates a call by itself: `client` does. Read the module that its command or its
entry point names.
"""
