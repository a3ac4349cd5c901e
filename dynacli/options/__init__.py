"""The table of options, and the table of commands, which takes the entries of each feature from its folder.

Parsers, help, completion, configuration keys and the typed options all come from these tables. Read
`standard_options` first, then `command_table`.
"""
