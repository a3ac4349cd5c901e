"""The values of bodies: decoded from the media type that a server sends.

It knows schemas, and nothing of calls or of output.
"""
