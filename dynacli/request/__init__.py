"""Builds a request from values: pure functions for the URL, the headers and the body.

The values of an operation's inputs go in, a `http.built_request.Request` comes out. `preview` and `request_code` show
it without sending it. Read `build_request` first.
"""
