"""Credentials for security schemes, each bound to an origin.

A security scheme and your sources go in: variables, references, the store, a sign-in. A header, query parameter,
cookie or certificate comes out. Read `credentials` first, then `credential_store`.
"""
