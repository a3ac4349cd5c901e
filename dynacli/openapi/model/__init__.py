"""The objects of OpenAPI as frozen records: operation, parameter, media type, server, security scheme.

Other modules name operations and options, and write values for messages. Read `operation` first.
"""
