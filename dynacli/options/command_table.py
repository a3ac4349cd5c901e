"""The table of commands: each of dynacli's own, with its arguments, its options, and the standard options it takes.

An entry is everything that dynacli has to know of a command before it runs. From the table come click's commands, help
pages, completion, the names that no API can have, and what a tool of one API has.
"""

from collections.abc import Mapping

from dynacli.options._call_commands import CALL_COMMANDS
from dynacli.options._registry_commands import REGISTRY_COMMANDS
from dynacli.options._tool_commands import TOOL_COMMANDS
from dynacli.options.command import Command

__all__ = ["COMMANDS"]

COMMANDS: Mapping[str, Command] = {
    command.name: command for command in (*REGISTRY_COMMANDS, *CALL_COMMANDS, *TOOL_COMMANDS)
}
"""Name → command, in the order of the root's help page."""
