"""The standard options: one table, from which every command takes its own."""

from typing import Any, NamedTuple

import click

__all__ = ["INPUT_OPTIONS", "PART_OPTIONS", "STANDARD_OPTIONS", "StandardOption", "click_options"]


class StandardOption(NamedTuple):
    """An option that is not the document's.

    Args:
        name: The key in `Run.options`.
        flags: As typed.
        metavar: What it takes; empty for a switch.
        choices: The values that it takes; all when there are none.
        flag_value: What it means without a value, for an option whose value may be left out.
        is_multiple: Whether it may be repeated.
        is_place: Whether a value must be an origin or a directory.
    """

    name: str
    flags: tuple[str, ...]
    help: str
    metavar: str = ""
    choices: tuple[str, ...] = ()
    flag_value: str = ""
    is_multiple: bool = False
    is_place: bool = False


STANDARD_OPTIONS = (
    StandardOption(
        "output",
        ("-o", "--output"),
        "auto, json, yaml, raw (the bytes as they came), text, or @FILE",
        "FORMAT",
    ),
    StandardOption(
        "validate",
        ("--validate",),
        "off, warn, strict (exit 9 when the answer breaks the document) or exact (and when it holds "
        "what the document does not mention); requests are refused unless off",
        "LEVEL",
        ("off", "warn", "strict", "exact"),
    ),
    StandardOption(
        "report",
        ("--report",),
        "the findings for machines: json, junit, sarif or github; to FILE, else to standard error",
        "FORMAT[=FILE]",
        is_multiple=True,
    ),
    StandardOption(
        "dry_run",
        ("--dry-run",),
        "build and validate the request, print it as http, json or curl, and don't send it",
        "[http|json|curl]",
        ("http", "json", "curl"),
        "http",
    ),
    StandardOption("show_secrets", ("--show-secrets",), "don't mask secrets in --dry-run"),
    StandardOption(
        "server",
        ("--server",),
        "a base URL, or the index, name or description of one of the document's",
        "URL|INDEX",
    ),
    StandardOption(
        "server_var", ("--server-var",), "a variable of the server", "NAME=VALUE", is_multiple=True
    ),
    StandardOption("profile", ("--profile",), "a profile of the API, from the configuration", "PROFILE"),
    StandardOption("header", ("-H", "--header"), "a header of the request", "NAME:VALUE", is_multiple=True),
    StandardOption("timeout", ("--timeout",), "for the whole call", "SECONDS"),
    StandardOption(
        "accept_origin",
        ("--accept-origin",),
        "let credentials go to one more origin",
        "ORIGIN",
        is_multiple=True,
    ),
    StandardOption(
        "allow_ref",
        ("--allow-ref",),
        "let references of the document lead to one more origin, or to files of one more directory",
        "ORIGIN|DIRECTORY",
        is_multiple=True,
        is_place=True,
    ),
    StandardOption("refresh", ("--refresh",), "read or fetch the document again first"),
    StandardOption("offline", ("--offline",), "fetch no document: use what is in the cache"),
    StandardOption("verbose", ("-v", "--verbose"), "heads and timing on standard error, secrets masked"),
    StandardOption("no_fail", ("--no-fail",), "exit 0 for a final 3xx, 4xx, 5xx and for a mismatch"),
    StandardOption(
        "yes",
        ("--yes",),
        "answer yes to what would be asked; where a credential goes is never answered by it",
    ),
    StandardOption("no_input", ("--no-input",), "never ask"),
    StandardOption("error_format", ("--error-format",), "text or json", "FORMAT", ("text", "json")),
    StandardOption("debug", ("--debug",), "show the traceback of a defect in dynacli"),
)

INPUT_OPTIONS = (
    StandardOption("body", ("--body",), "the whole body; other options are laid over it", "JSON|@FILE|-"),
    StandardOption(
        "set", ("--set",), "set any field of the body to any JSON value", "PATH=JSON", is_multiple=True
    ),
    StandardOption(
        "content_type", ("--content-type",), "the body's media type, where there are several", "TYPE"
    ),
    StandardOption(
        "editor", ("--editor",), "write the body in $VISUAL or $EDITOR, beginning with what was given"
    ),
    StandardOption("example", ("--example",), "fill in whatever is required and was not given"),
)
"""How inputs are given as a whole; where an operation has an option of such a name, it stands before the API."""

PART_OPTIONS = (
    StandardOption(
        "part_header",
        ("--part-header",),
        "a header of a part of the body",
        "PART:NAME:VALUE",
        is_multiple=True,
    ),
)
"""Those of a multipart body alone."""


def click_options(
    options: tuple[StandardOption, ...], taken: frozenset[str] = frozenset()
) -> list[click.Option]:
    """Return click's options, without the flags that the operation itself has."""
    made = []
    for one in options:
        flags = [flag for flag in one.flags if flag not in taken]
        if flags:
            made.append(_click_option(one, flags))
    return made


def _click_option(one: StandardOption, flags: list[str]) -> click.Option:
    kind: dict[str, Any] = {"expose_value": False, "callback": _remember, "help": one.help}
    if not one.metavar:
        # `default=None` tells "not given" from "given before the API".
        return click.Option([one.name, *flags], is_flag=True, default=None, **kind)
    if one.choices:
        kind["type"] = click.Choice(one.choices)
    if one.flag_value:
        kind.update(is_flag=False, flag_value=one.flag_value)
    if one.is_multiple:
        kind["multiple"] = True
    if one.is_place:
        kind["type"] = _Place()
    return click.Option([one.name, *flags], metavar=one.metavar, **kind)


class _Place(click.ParamType):  # type: ignore[type-arg]  # it has none before click 8.4
    """An origin of a URL or a directory, which is checked as soon as it is read."""

    name = "place"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:  # noqa: ARG002
        from dynacli.commands.reference_places import parse_place

        return parse_place(value, param.opts[0] if param is not None else "")


def _remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if value is None or value == ():
        return
    if param.multiple:
        value = (*(ctx.obj.options.get(param.name) or ()), *value)
    ctx.obj.options[param.name] = value
