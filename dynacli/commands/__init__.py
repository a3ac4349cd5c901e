"""The command line: click's commands, made from the table in `options` and from one operation of a catalog.

argv goes in, an exit code comes out. Read `_command_line` first, then `command_groups`, `_operation_command` and
`_call/make_call`.
"""
