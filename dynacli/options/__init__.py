"""The table of options and the table of commands. Each feature adds its commands from its own folder.

Parsers, help pages, completion, configuration keys and typed options all come from these tables. Read
`standard_options` first, then `command_table`.
"""
