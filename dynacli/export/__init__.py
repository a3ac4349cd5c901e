"""The operations of an API for other programs: Postman, Insomnia, Bruno, HAR, Hurl, Markdown, HTML.

A catalog goes in, `make_collection` makes one collection of requests, and each format writes it as files.
Read `make_collection` first, then `collection`.
"""
