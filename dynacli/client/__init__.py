"""Calls, and the Python API.

The engine takes a catalog, an operation and inputs. It builds, signs, validates and sends the request,
validates the
response and records the call. Pages, waits, links and features with several calls are loops over it. Read
`engine/call_engine` first, then `api_client`.
"""
