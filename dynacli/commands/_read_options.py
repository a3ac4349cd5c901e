"""The options of the tables for click, and their values."""

import os
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any

import click

from dynacli.errors import UsageError
from dynacli.options.parsed_words import ParsedWords
from dynacli.options.standard_options import OPTIONS_BY_FLAG, OPTIONS_BY_NAME, Option, Options

if TYPE_CHECKING:
    from dynacli.commands.run import Run

_REFERENCE_HINT = "Give an origin such as `https://api.example.com`, or a directory such as `../common`"


def options_in(parsed: ParsedWords, but: Collection[str] = ()) -> Options:
    """Return the standard options among words.

    They are needed before click converts them: for errors of the command line, and to open the document, which says
    which other options there are. A wrong value counts as not given here: click refuses it later.

    Args:
        but: The flags that an operation has for options of its own.
    """
    options = Options()
    for word in parsed.given:
        option = OPTIONS_BY_FLAG.get(word.flag)
        if option is None or word.flag in but or word.lacks_value:
            continue
        value: Any = True
        if option.takes_value:
            try:
                value = option_value(option, option.value_alone if word.value is None else word.value)
            except UsageError:
                continue
        options = options.with_value(option.name, (value,) if option.is_multiple else value)
    return options


def check_values(parsed: ParsedWords, ctx: click.Context) -> None:
    """Check that no option lacks its value.

    Raises:
        click.BadOptionUsage: The last word is an option that needs a value.
    """
    if parsed.without_value:
        raise click.BadOptionUsage(parsed.without_value, "", ctx)


def click_options(options: Iterable[Option], taken: Collection[str] = ()) -> list[click.Option]:
    """Return click's options for those of the tables.

    The value of a standard option goes into the options of the run; that of any other is an argument of the command's
    function.

    Args:
        taken: Flags that the operation has for options of its own.
    """
    params = []
    for option in options:
        flags = [flag for flag in option.flags if flag not in taken]
        if flags:
            params.append(_click_option(option, flags))
    return params


def _click_option(option: Option, flags: list[str]) -> click.Option:
    settings: dict[str, Any] = {}
    if option.takes_value:
        # Of `-o` two values count: a format and a file.
        settings |= {
            "multiple": option.is_multiple or option.kind == "format",
        }
        settings |= {"show_default": option.shows_default, "metavar": option.metavar or None}
    else:
        settings["is_flag"] = True
    if option.kind in _CONVERTERS:
        settings["type"] = _Converted(option)
    elif option.kind == "integer":
        settings["type"] = click.IntRange(*option.between) if option.between else int
    elif option.choices:
        alone = [option.value_alone] if option.value_alone not in ("", *option.choices) else []
        settings["type"] = click.Choice([*option.choices, *alone])
    if option.value_alone:
        settings |= {"is_flag": False, "flag_value": option.value_alone}
    if option.group:
        # Of a switch not False, which would overwrite one that stood before the API.
        settings |= {"default": None, "expose_value": False, "callback": _keep_value}
    elif option.takes_value:
        settings["default"] = option.default
    made = click.Option([*filter(None, [option.name]), *flags], **settings)
    # As an argument it would be tidied like a docstring, for which click imports `inspect`.
    made.help = option.help or None
    return made


class _Converted(click.ParamType):  # type: ignore[type-arg]  # click has type arguments since 8.4
    """The type of an option whose value is converted as soon as it is read."""

    name = "converted"

    def __init__(self, option: Option) -> None:
        self._option = option

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str | float:  # noqa: ARG002
        return option_value(self._option, value)


def _keep_value(ctx: click.Context, param: click.Parameter, value: Any) -> None:
    """Add the value of an option to those of the run."""
    if value is not None and value != () and param.name is not None:
        run: Run = ctx.obj
        is_collected = OPTIONS_BY_NAME[param.name].is_multiple
        for one in (value,) if is_collected or not isinstance(value, tuple) else value:
            run.options = run.options.with_value(param.name, one)


# The values of options: what is not needed in each run is imported when it is.


def option_value(option: Option, word: str) -> str | float:
    """Return the value that a word is for an option.

    Raises:
        UsageError: It is none.
    """
    if option.kind not in _CONVERTERS or word.partition("@")[0] in option.more:
        return word
    return _CONVERTERS[option.kind](word, option.flags[0])


def _output_format(word: str, flag: str) -> str:  # noqa: ARG001
    from dynacli.output.output_format import check_format

    check_format(word)
    return word


def _given(word: str, flag: str) -> str:
    if word.strip():
        return word
    # As from a variable of the shell that is not set: without the option, something else would be called.
    raise UsageError(f"`{flag}` needs a value", hint="Give a value, or leave out the option")


def _filter(word: str, flag: str) -> str:  # noqa: ARG001
    from dynacli.text.filter_value import check_filter

    check_filter(word)
    return word


def _condition(word: str, flag: str) -> str:
    from dynacli.text.filter_value import check_filter

    check_filter(word, f"`{flag}`")
    return word


def _seconds_of_waiting(word: str, flag: str) -> float:
    from dynacli.client.engine.series import wait_seconds_of

    return wait_seconds_of(word, flag)


def _reference(word: str, flag: str) -> str:
    """Return the origin, or the absolute path of the directory, that a word names.

    Args:
        flag: The option whose value the word is, for messages.

    Raises:
        UsageError: The word names neither.
    """
    from dynacli.openapi.document.source import allowed_directory
    from dynacli.request.choose_server import parse_origin

    path = allowed_directory(word, os.getcwd()) if word.strip() else ""
    if path is None:
        return parse_origin(word, flag)
    summary = f"The value of `{flag}` is neither an origin nor a directory"
    if not path or "\0" in path:
        raise UsageError(summary, hint=_REFERENCE_HINT)
    if os.path.isdir(path):
        return path
    if os.path.exists(path):
        raise UsageError(
            summary, reason=f"`{path}` is a file", hint=f"Give the directory, `{os.path.dirname(path)}`"
        )
    raise UsageError(summary, reason=f"There is no directory `{path}`", hint=_REFERENCE_HINT)


def _place(word: str, flag: str) -> str:  # noqa: ARG001
    from dynacli.client.responses.compare_responses import ignored_place

    ignored_place(word)
    return word


def _number(word: str, flag: str) -> int:
    if word.isascii() and word.isdecimal() and 0 < len(word) < 16 and int(word) > 0:
        return int(word)
    kind = OPTIONS_BY_FLAG[flag].kind
    raise UsageError(f"`{word}` is an invalid {kind}", hint=f"Expected a positive whole number: `{flag} 100`")


def _seconds(word: str, flag: str) -> float:  # noqa: ARG001
    from dynacli.client.call_settings import seconds_of

    return seconds_of(word)


def _retries(word: str, flag: str) -> int:  # noqa: ARG001
    from dynacli.client.call_settings import retries_of

    return retries_of(word)


def _status(word: str, flag: str) -> int:  # noqa: ARG001
    from dynacli.client.call_settings import retry_status_of

    return retry_status_of(word)


def _cache(word: str, flag: str) -> str:  # noqa: ARG001
    from dynacli.client.call_settings import cache_of

    cache_of(word)
    return word


def _rate(word: str, flag: str) -> str:  # noqa: ARG001
    from dynacli.http.rate_limit import rate_of

    rate_of(word)
    return word


_CONVERTERS: dict[str, Callable[[str, str], str | float]] = {
    "cache": _cache,
    "condition": _condition,
    "filter": _filter,
    "format": _output_format,
    "given": _given,
    "number of bytes": _number,
    "number of items": _number,
    "place": _place,
    "rate": _rate,
    "reference": _reference,
    "retries": _retries,
    "seconds": _seconds,
    "seconds of waiting": _seconds_of_waiting,
    "server": _given,
    "status": _status,
}
"""Kind of a value → returns the value for a word and the option's flag, or raises UsageError."""
