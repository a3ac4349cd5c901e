"""Credentials for security schemes, each bound to an origin.

Input: a security scheme, and the user's sources (variables, references, the credential store, a sign-in). Output: a
header, query parameter, cookie or certificate. Read `credentials` first, then `credential_store`.
"""
