"""The one table of commands and options.

Parsers, help, completion, configuration keys and the typed options all come from the table. Read `standard_options`
first, then `command_table`.
"""
