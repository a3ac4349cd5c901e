"""The words of a command line → the one form that click parses without guessing → dynacli's own options.

click lets an option with an optional value take the word behind it, whatever it is, and takes `-5` for an option.
Here each option is joined to its value and all positional words come behind `--`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from dynacli.commands.standard_options import INPUT_OPTIONS, STANDARD_OPTIONS, StandardOption
from dynacli.record import record

if TYPE_CHECKING:
    from dynacli.client.call_settings import CallOptions

__all__ = [
    "BOOLEAN",
    "EMPTY_BOOLEAN",
    "SWITCH",
    "VALUE",
    "Arranged",
    "Kind",
    "Options",
    "arrange",
    "click_options",
    "kinds_of",
    "options_in",
    "standard_kinds",
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


class Kind(NamedTuple):
    """What may stand behind an option.

    Args:
        takes_value: Whether it needs a value.
        optional: The words that are its value when one of them follows; otherwise it stands alone.
        alone: What it means alone, for one with an optional value.
    """

    takes_value: bool
    optional: tuple[str, ...] = ()
    alone: str = ""


SWITCH = Kind(takes_value=False)
VALUE = Kind(takes_value=True)
BOOLEAN = Kind(takes_value=True, optional=("true", "false"), alone="true")
EMPTY_BOOLEAN = BOOLEAN._replace(optional=("true", "false", ""))
"""One for which the empty word may stand (`allowEmptyValue`)."""


class Arranged(NamedTuple):
    """Words, arranged.

    Args:
        options: Each option, joined to its value; `-o` and its value are two words.
        positional: All other words.
        lacking: The flag of an option at the end that has no value; empty where there is none.
    """

    options: list[str]
    positional: list[str]
    lacking: str

    def check(self, ctx: click.Context) -> None:
        """Raise the error for an option without its value.

        Raises:
            click.BadOptionUsage: The last word is an option that needs a value.
        """
        if self.lacking:
            raise click.BadOptionUsage(self.lacking, "", ctx)


def kinds_of(params: Iterable[click.Parameter]) -> dict[str, Kind]:
    """Return flag → kind of dynacli's own options."""
    kinds: dict[str, Kind] = {}
    optional = {option.name: option for option in (*STANDARD_OPTIONS, *INPUT_OPTIONS) if option.flag_value}
    for param in params:
        if not isinstance(param, click.Option):
            continue
        if param.is_flag:
            kind = SWITCH
        elif param.name in optional:
            kind = _kind_of(optional[param.name])
        else:
            kind = VALUE
        kinds.update(dict.fromkeys(param.opts, kind))
    return kinds


def standard_kinds() -> dict[str, Kind]:
    """Return flag → kind of the standard options."""
    return {flag: _kind_of(option) for option in (*STANDARD_OPTIONS, *INPUT_OPTIONS) for flag in option.flags}


def _kind_of(option: StandardOption) -> Kind:
    if option.flag_value:
        return Kind(takes_value=True, optional=option.choices, alone=option.flag_value)
    return VALUE if option.metavar else SWITCH


def arrange(
    words: Sequence[str],
    kinds: Mapping[str, Kind],
    find: Callable[[str], tuple[str, Kind] | None] | None = None,
    *,
    stop_at_positional: bool = False,
) -> Arranged:
    """Return the option words, each joined to its value, and the positional words.

    Args:
        words: As they came from the shell.
        kinds: Flag (`--state`, `-o`) → what may stand behind it.
        find: Asked for a flag that is not in `kinds`; returns the flag to use and its kind, or None.
        stop_at_positional: Whether everything from the first positional word on is positional.
    """
    options: list[str] = []
    positional: list[str] = []
    lacking = ""
    index = 0
    while index < len(words):
        word = words[index]
        index += 1
        if word == "--":
            positional.extend(words[index:])
            break
        if not word.startswith("-") or word == "-" or _is_number(word):
            positional.append(word)
            if stop_at_positional:
                positional.extend(words[index:])
                break
            continue
        if not word.startswith("--"):
            flag, value = word[:2], word[2:]
            kind = kinds.get(flag)
            if kind is None or not kind.takes_value or value:
                options.append(word)  # `-v`, `-ojson`, and what click will refuse
            elif index < len(words):
                options.extend([flag, words[index]])
                index += 1
            else:
                lacking = flag
            continue
        flag, equals, value = word.partition("=")
        kind = kinds.get(flag)
        if kind is None and find is not None:
            found = find(flag)
            if found is not None:
                flag, kind = found
        if kind is None:
            negated = "--" + flag.removeprefix("--no-")
            if flag.startswith("--no-") and kinds.get(negated) in {BOOLEAN, EMPTY_BOOLEAN} and not equals:
                options.append(f"{negated}=false")
            else:
                options.append(word)  # click says that there is no such option
        elif equals or not kind.takes_value:
            options.append(f"{flag}{equals}{value}")
        elif kind.alone:
            if index < len(words) and words[index].lower() in kind.optional:
                options.append(f"{flag}={words[index]}")
                index += 1
            else:
                options.append(f"{flag}={kind.alone}")
        elif index < len(words):
            options.append(f"{flag}={words[index]}")
            index += 1
        else:
            # click would take the `--` behind all options for its value.
            lacking = flag
    return Arranged(options, positional, lacking)


def _is_number(word: str) -> bool:
    return word[1:2].isdigit() or (word[1:2] == "." and word[2:3].isdigit())


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
    if option.convert is not None:
        settings["type"] = _Converted(option.convert, option.flags[0])
    return click.Option([option.name, *flags], metavar=option.metavar, **settings)


class _Converted(click.ParamType):  # type: ignore[type-arg]  # it has none before click 8.4
    """The type of an option whose value is converted as soon as it is read."""

    name = "converted"

    def __init__(self, convert: Callable[[str, str], str | float], flag: str) -> None:
        self._convert, self._flag = convert, flag

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str | float:  # noqa: ARG002
        return self._convert(value, self._flag)


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
            read = option.convert(value, option.flags[0]) if option.convert is not None else value
        except UsageError:
            continue
        options = options.with_value(option.name, (read,) if option.is_multiple else read)
    return options
