"""The values of bodies: read from their media types, and written in them.

It knows schemas, and nothing of calls or of output.
"""
