"""`dynacli alias`: sets, lists and removes short names for calls."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

import click

from dynacli.commands.change_settings import change_settings
from dynacli.commands.command_groups import ApiGroup
from dynacli.commands.operation_command import OperationCommand
from dynacli.commands.registered_apis import check_registered
from dynacli.commands.run import Run
from dynacli.commands.typed_line import call_holds_secret
from dynacli.environment import invocation
from dynacli.errors import UsageError
from dynacli.openapi.model.wording import did_you_mean, in_backticks, near_names
from dynacli.options.standard_options import OPENING_OPTIONS
from dynacli.output.render import write_rows
from dynacli.registry.configuration import DEMO, Configuration, is_alias
from dynacli.text.terminal import Painter, visible
from dynacli.text.wrapping import table_lines

_METHODS = ("delete", "get", "head", "options", "patch", "post", "put", "query", "trace")
_OF_DEMO = ("serve",)
"""The subcommands of `demo`."""
_TOO_LATE = tuple(option.name for option in OPENING_OPTIONS if option.name != "profile")
"""The options that decide how the document is opened, which an alias needs first."""


@click.pass_obj
def set_alias(run: Run, api: str, name: str, line: str) -> None:
    """Run `alias set`."""
    if not is_alias(name) or name in _METHODS or (api == DEMO and name in _OF_DEMO):
        raise UsageError(
            f"`{name}` cannot be the name of an alias",
            reason="It has a meaning after an API"
            if is_alias(name)
            else "A name has lower-case letters, digits, `-` and `_`, and starts with a letter or digit",
            hint="Choose another",
        )
    if api != DEMO:
        check_registered(run.env, api)
    group = ApiGroup(run.api(api))
    catalog = group.api.catalog
    kind = "operation" if catalog.find(name) is not None else "tag" if catalog.tag(name) else ""
    if kind:
        raise UsageError(
            f"`{name}` is the name of a{'n' * (kind == 'operation')} {kind} of `{api}`", hint="Choose another"
        )
    _check_line(run, group, line)
    change_settings(run, [(("apis", api, "aliases", name), line)])
    run.note(f"`{invocation(api=api)} {name}` now calls `{visible(line, keep='')}`")


def _check_line(run: Run, group: ApiGroup, line: str) -> None:
    """Check that a line is a call that an alias may stand for.

    Raises:
        UsageError: The line does not parse, is an alias, or has a secret or an option that comes too late.
    """
    api = group.api
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError("LINE cannot be read", reason=str(error), hint="Close each quote") from None
    if not line.isprintable():
        raise UsageError("LINE must be one line, without control characters")
    if not words or words[0].startswith("-"):
        raise UsageError(
            "LINE must start with an operation",
            reason=f"It starts with `{words[0]}`" if words else "It is empty",
            hint=f"For example: `search-runs --status fail`; `{invocation('help aliases')}` says more",
        )
    command, rest = group.find_command(words)
    if group.expanded:
        raise UsageError(
            f"`{words[0]}` is an alias, and an alias of an alias is not allowed",
            hint=f"Write what it calls: `{shlex.join(group.expanded)}`",
        )
    if isinstance(command, ApiGroup) and rest:
        command, rest = command.find_command(rest)
    if not isinstance(command, OperationCommand):
        from dynacli.client.search_operations import unknown_operation

        raise unknown_operation(api, words[0])
    trial = Run(run.env)
    trial.words = (api.name, *words)
    parsed = command.table.read(rest)
    if parsed.asks_for_help:
        raise UsageError("LINE must be a call, without `--help`")
    late = [word.flag for word in parsed.given if word.option_name in _TOO_LATE]
    if late:
        raise UsageError(
            f"An alias cannot have {in_backticks(late)}",
            reason="dynacli opens the document before it reads the alias",
            hint=f"Give it after the alias, or set `refresh` of the API: `{invocation('help config')}`",
        )
    with click.Context(command, info_name=f"{invocation(api=api.name)} {words[0]}", obj=trial) as context:
        command.parse_args(context, rest)
    if call_holds_secret(trial, command.described, rest):
        raise UsageError(
            "LINE holds a secret",
            reason="The configuration never has secrets: backups and other people find them there",
            hint=f"`{invocation('auth login')}` stores a credential; `{invocation('help auth')}` has the other ways",
        )


@click.pass_obj
def list_aliases(run: Run, api: str | None) -> None:
    """Run `alias list`."""
    configuration = Configuration(run.env)
    names = sorted({*configuration.apis(), DEMO})
    if api is not None and api not in names:
        check_registered(run.env, api)
    rows = [
        (name, alias, line)
        for name in (names if api is None else [api])
        for alias, line in sorted(configuration.aliases(name).items())
    ]
    if not rows:
        run.note(f"There is no alias; `{invocation('alias set')} API NAME LINE` makes one")

    def lines(paint: Painter, width: int) -> Iterable[str]:
        shown = [[visible(cell, keep="") for cell in row] for row in rows]
        return (
            table_lines([["api", "alias", "calls"], *shown], width, paint_header=paint.bold) if rows else []
        )

    write_rows(
        run.env,
        ({"api": name, "name": alias, "line": line} for name, alias, line in rows),
        run.data_format,
        lines,
    )


@click.pass_obj
def remove_alias(run: Run, api: str, name: str) -> None:
    """Run `alias remove`."""
    if api != DEMO:
        check_registered(run.env, api)
    aliases = Configuration(run.env).aliases(api)
    if name not in aliases:
        near = near_names(name, aliases)
        raise UsageError(
            f"`{api}` has no alias `{name}`",
            hint=did_you_mean(near, f"`{invocation('alias list', api)}` lists them"),
            near=near,
        )
    change_settings(run, [(("apis", api, "aliases", name), None)])
