"""The mock server of `dynacli mock`.

A document goes in. Each operation then gets a response from the document's examples and schemas, and each request is
validated. Read `mock_server` first.
"""
