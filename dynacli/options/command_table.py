"""The table of commands, with the arguments and options of each command of dynacli.

`_FEATURES` names the folder of each command. The entry of a command is in the module `entry` of that folder. The
entries of the core are in `_core_commands`. The table produces click's commands, help pages, completion, the names
that no API can have, and the commands of a tool for one API.

This module also finds the commands that other packages add.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

from dynacli.environment import how_to_install, program
from dynacli.errors import UsageError
from dynacli.options.command import ALONE, API, CALL, Command
from dynacli.record import replace

if TYPE_CHECKING:
    import click

_FEATURES = {
    "api": "apis",
    "auth": "sign_in",
    "config": "config",
    "cache": "cache",
    "search": "",
    "operations": "",
    "describe": "",
    "resources": "resources",
    "explore": "explorer",
    "read": "",
    "request": "",
    "edit": "edit",
    "batch": "batch",
    "sync": "sql",
    "sql": "sql",
    "plan": "plans",
    "workflow": "workflows",
    "check": "check",
    "diff": "diff",
    "validate": "check",
    "changes": "changes",
    "mock": "mock",
    "proxy": "proxy",
    "ignore": "config",
    "policy": "config",
    "alias": "aliases",
    "skill": "skill",
    "stubs": "stubs",
    "mcp": "mcp",
    "learn": "learn",
    "document": "document",
    "export": "export",
    "demo": "demo",
    "history": "history",
    "bake": "bake",
    "import": "import_",
    "replay": "history",
    "doctor": "doctor",
    "completion": "completion",
    "help": "",
}
"""Name of a command → its folder in `dynacli.features`; empty for a command of the core."""

_STAGES = frozenset({"jq", "merging", "project_file", "specification", "swagger2"})
"""Folders of the features without a command. The core imports them only when it needs them."""

COMMAND_NAMES = _FEATURES.keys()
"""The names of the commands, in the order of dynacli's help page."""
_GROUP = "dynacli.commands"
"""The group of entry points with which other packages add commands."""


def feature(module: str) -> Any:
    """Return a module of a feature. The core imports features only in this way.

    Args:
        module: The name after `dynacli.features.`.

    Raises:
        UsageError: This installation does not have the feature.
    """
    folder = f"dynacli.features.{module.partition('.')[0]}"
    try:
        return import_module(f"dynacli.features.{module}")
    except ModuleNotFoundError as error:
        if error.name != folder:
            raise
        raise UsageError(
            f"This installation has no `{folder}`", hint=f"Install it again: {how_to_install()}"
        ) from error


def has_feature(folder: str) -> bool:
    """Return whether this installation has the feature of a folder."""
    return folder in _STAGES or folder in _FEATURES.values()


class _Commands(Mapping[str, Command]):
    """The table, read in parts: a call of an operation needs only the names, and none of the 230 records."""

    _read: ClassVar[dict[str, Command]] = {}

    def __getitem__(self, name: str) -> Command:
        folder = _FEATURES[name]
        if name not in self._read:
            module = feature(f"{folder}.entry") if folder else import_module("dynacli.options._core_commands")
            commands: tuple[Command, ...] = module.COMMANDS
            self._read.update({command.name: _without_absent(command) for command in commands})
        return self._read[name]

    def __iter__(self) -> Iterator[str]:
        return iter(_FEATURES)

    def __len__(self) -> int:
        return len(_FEATURES)


def _without_absent(group: Command) -> Command:
    """Return a group without the commands of missing features."""
    present = tuple(
        command
        for command in group.commands
        if not command.runs.startswith("features.") or has_feature(command.runs.split(".")[1])
    )
    return replace(group, commands=present) if present != group.commands else group


COMMANDS: Mapping[str, Command] = _Commands()
"""Name → command, in the order of `COMMAND_NAMES`."""


def bound_words(words: list[str]) -> list[str]:
    """Return the arguments of dynacli for the arguments of a tool: `describe X` becomes `describe API X`.

    You may still name the API, to call an operation that has the name of a command.

    Args:
        words: The arguments after the leading options; at least one.
    """
    api, (word, *rest) = program().api, words
    entry = COMMANDS.get(word)
    if word == api or (entry is not None and entry.of_tool == ALONE):
        return words
    if entry is None or not entry.is_of_tool:
        return [api, *words]
    if entry.of_tool == CALL:
        return words if not rest or rest[0] in {"-h", "--help"} else [word, api, *rest]
    if entry.of_tool == API:
        return [word, api, *rest]
    names = {command.name for command in entry.commands if command.of_tool}
    return [word, rest[0], api, *rest[1:]] if rest and rest[0] in names else words


def is_of_other_apis(group: str, name: str) -> bool:
    """Return whether a subcommand deals with other APIs than the one of the tool."""
    return group == "api" and not any(
        command.name == name and command.of_tool for command in COMMANDS[group].commands
    )


def further_names() -> list[str]:
    """Return the names of the commands that other packages add."""
    from importlib.metadata import entry_points

    return sorted({entry_point.name for entry_point in entry_points(group=_GROUP)})


def further_command(name: str) -> click.Command | None:
    """Return the command that another package adds under a name; None if there is none.

    Raises:
        UsageError: The command cannot be imported, or is not a command of click.
    """
    from importlib.metadata import entry_points

    import click

    for found in entry_points(group=_GROUP, name=name):
        try:
            command = found.load()
        except (ImportError, AttributeError) as error:
            raise UsageError(
                f"The command `{name}` cannot be imported",
                reason=f"`{found.value}`: {error}",
                hint="Install the package that has it again",
            ) from error
        if not isinstance(command, click.Command):
            raise UsageError(
                f"`{name}` is not a command", reason=f"`{found.value}` is not a command of click"
            )
        return command
    return None
