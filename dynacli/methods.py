"""What HTTP says of methods."""

__all__ = ["SAFE_METHODS"]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "QUERY"})
"""Methods that change nothing on the server: RFC 9110, section 9.2.1; and QUERY:
https://datatracker.ietf.org/doc/draft-ietf-httpbis-safe-method-w-body/"""
