"""The APIs that you registered: their configuration, their revisions, their history.

A name, a URL or a path goes in. An opened API with its current catalog comes out, and a document that is due is
fetched again. Read `open_by_name` first, then `background_refresh`.
"""
