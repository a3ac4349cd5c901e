"""The nouns of OpenAPI as frozen records, and how their names and values are written.

Objects of a document go in, records come out: operation, parameter, media type, server, security scheme. Read
`operation` first.
"""
