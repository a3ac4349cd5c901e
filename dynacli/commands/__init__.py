"""The command line: click's commands, made from the table in `options` and from one operation of a catalog.

argv goes in, an exit code comes out. Read `read_line` first, then `command_groups`, `operation_command` and
`call/make_call`.
"""
