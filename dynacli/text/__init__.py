"""Text for people and files; nothing here writes it anywhere.

Text from outside becomes safe for terminals in `terminal`. Other modules write Markdown, JSON and YAML and wrap
lines. Read `terminal` first.
"""
