"""One call, whole, and the Python API.

A catalog, an operation and inputs go in. The engine resolves the inputs, builds, signs, validates, sends, validates
and records. Pages, waits, links and batches are loops over it. Read `engine/call_engine` first, then `api_client`.
"""
