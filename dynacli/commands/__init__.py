"""The command line: click's commands, made from the table in `options` and from one operation of a catalog.

argv goes in, an exit code comes out. Read `command_groups` first, then `_operation_command`, then
`_call/make_call`.
"""
