"""Writes to the terminal: data to standard output, everything else to standard error.

Responses, findings and errors go in. Formatted text comes out, and no one else writes. Read `render` first, then
`standard_error`.
"""
