"""One call, whole, and the Python API.

A catalog, an operation and inputs go in. The engine resolves the inputs, builds, signs, validates, sends, validates
and records. Pages, waits and links are loops over it, and so are features that make several calls. Read
`engine/call_engine` first, then `api_client`.
"""
