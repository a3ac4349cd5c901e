"""Builds a request from values: pure functions for the URL, the headers and the body.

Input: the values of an operation's inputs. Output: a `http.built_request.Request`. `preview` and `request_code` show it
without sending it. Read `build_request` first.
"""
