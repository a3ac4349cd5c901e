"""The standard options: one table, from which every command takes its own, and the record of what was given."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from dynacli.record import record

if TYPE_CHECKING:
    from dynacli.client.call_settings import CallOptions

__all__ = [
    "INPUT_OPTIONS",
    "PART_OPTIONS",
    "STANDARD_OPTIONS",
    "Options",
    "StandardOption",
    "click_options",
    "options_in",
]


@record
class Options:
    """The standard options of one run, each by the name that it has in the table below.

    Of an option that may be repeated all values count, in the order in which they were given; of any other
    the last one does, so that an option behind the operation wins over the same one before the API.
    """

    output: str = "auto"
    validate: str = ""
    report: tuple[str, ...] = ()
    dry_run: str = ""
    show_secrets: bool = False
    server: str = ""
    server_var: tuple[str, ...] = ()
    profile: str = ""
    header: tuple[str, ...] = ()
    timeout: float | None = None
    accept_origin: tuple[str, ...] = ()
    allow_ref: tuple[str, ...] = ()
    refresh: bool = False
    offline: bool = False
    verbose: bool = False
    no_fail: bool = False
    yes: bool = False
    no_input: bool = False
    error_format: str = ""
    debug: bool = False
    body: str | None = None
    set: tuple[str, ...] = ()
    content_type: str = ""
    editor: bool = False
    example: bool = False
    part_header: tuple[str, ...] = ()

    def with_value(self, name: str, value: Any) -> "Options":
        """Return the options with one given besides; the values of one that may be repeated are added."""
        if isinstance(value, tuple):
            value = (*self.__dict__[name], *value)
        return replace(self, **{name: value})

    def followed_by(self, later: "Options") -> "Options":
        """Return the options with those laid over them that were given later."""
        options = self
        for name, value in later.__dict__.items():
            if value != getattr(Options, name):
                options = options.with_value(name, value)
        return options

    @property
    def call_options(self) -> "CallOptions":
        """What the options say of a call."""
        from dynacli.client.call_settings import CallOptions

        return CallOptions(
            level=self.validate,
            profile=self.profile,
            server=self.server,
            server_variables=self.server_var,
            headers=self.header,
            timeout=self.timeout,
            accepted_origins=self.accept_origin,
        )

    def opens_like(self, other: "Options") -> bool:
        """Tell whether the document of an API is opened the same way with other options."""
        return (self.refresh, self.offline, self.allow_ref, self.profile) == (
            other.refresh,
            other.offline,
            other.allow_ref,
            other.profile,
        )


class StandardOption(NamedTuple):
    """An option that is not the document's.

    Args:
        name: The field of `Options`.
        flags: As typed.
        metavar: What it takes; empty for a switch.
        choices: The values that it takes; all when there are none.
        flag_value: What it means without a value, for an option whose value may be left out.
        is_multiple: Whether it may be repeated.
        is_place: Whether a value must be an origin or a directory.
        is_seconds: Whether the value is a number of seconds.
    """

    name: str
    flags: tuple[str, ...]
    help: str
    metavar: str = ""
    choices: tuple[str, ...] = ()
    flag_value: str = ""
    is_multiple: bool = False
    is_place: bool = False
    is_seconds: bool = False


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
    StandardOption("timeout", ("--timeout",), "for the whole call", "SECONDS", is_seconds=True),
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
    for option in options:
        flags = [flag for flag in option.flags if flag not in taken]
        if flags:
            made.append(_click_option(option, flags))
    return made


def _click_option(option: StandardOption, flags: list[str]) -> click.Option:
    settings: dict[str, Any] = {"expose_value": False, "callback": _remember, "help": option.help}
    if not option.metavar:
        # `default=None` tells "not given" from "given before the API".
        return click.Option([option.name, *flags], is_flag=True, default=None, **settings)
    if option.choices:
        settings["type"] = click.Choice(option.choices)
    if option.flag_value:
        settings.update(is_flag=False, flag_value=option.flag_value)
    if option.is_multiple:
        settings["multiple"] = True
    if option.is_place or option.is_seconds:
        settings["type"] = _Converted(option)
    return click.Option([option.name, *flags], metavar=option.metavar, **settings)


class _Converted(click.ParamType):  # type: ignore[type-arg]  # it has none before click 8.4
    """The type of an option whose value is converted as soon as it is read."""

    name = "converted"

    def __init__(self, option: StandardOption) -> None:
        self._option = option

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ARG002
        return _converted(self._option, value)


def _converted(option: StandardOption, value: str) -> Any:
    if option.is_place:
        from dynacli.commands.reference_places import parse_place

        return parse_place(value, option.flags[0])
    from dynacli.client.call_settings import seconds_of

    return seconds_of(value)


def _remember(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    if value is not None and value != () and param.name is not None:
        ctx.obj.options = ctx.obj.options.with_value(param.name, value)


def options_in(words: Sequence[str]) -> Options:
    """Return the standard options among words in which each option is joined to its value.

    It is for what must be known before click has parsed the words: how errors are written, and how the document
    is opened that says which options there are. A value that is wrong counts as not given; click says so later.
    """
    from dynacli.errors import UsageError

    by_flag = {flag: option for option in (*STANDARD_OPTIONS, *INPUT_OPTIONS) for flag in option.flags}
    options = Options()
    for index, word in enumerate(words):
        flag, equals, value = word.partition("=")
        option = by_flag.get(flag)
        if option is None:
            continue
        if not option.metavar:
            options = options.with_value(option.name, True)
            continue
        if not equals:
            value = words[index + 1] if index + 1 < len(words) and not flag.startswith("--") else ""
        try:
            read = _converted(option, value) if option.is_place or option.is_seconds else value
        except UsageError:
            continue
        options = options.with_value(option.name, (read,) if option.is_multiple else read)
    return options
