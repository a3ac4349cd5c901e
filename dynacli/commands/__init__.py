"""The command line: click commands, made from the table in `options` and from the operations of an API.

It takes the arguments and returns an exit code. Read `read_line` first, then `command_groups`, `operation_command` and
`call/make_call`.
"""
