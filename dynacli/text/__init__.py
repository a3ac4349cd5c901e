"""Makes text for terminals and files, without writing it anywhere.

`terminal` makes foreign text safe for terminals. Other modules format Markdown, JSON and YAML, and wrap lines. Read
`terminal` first.
"""
