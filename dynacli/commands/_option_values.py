"""Conversion of option values, by the kind that the tables name.

Each converter imports its modules only when it is used.
"""

import os
from collections.abc import Callable

from dynacli.errors import UsageError
from dynacli.options.command_table import feature
from dynacli.options.standard_options import OPTIONS_BY_FLAG, Option

_REFERENCE_HINT = "Give an origin such as `https://api.example.com`, or a directory such as `../common`"


def option_value(option: Option, word: str) -> str | float:
    """Return the value of an argument for an option.

    Raises:
        UsageError: The value is invalid.
    """
    if option.kind == "integer":
        return whole_number(word, option.flags[-1], option.between)
    if option.kind not in _CONVERTERS or word.partition("@")[0] in option.more:
        return word
    return _CONVERTERS[option.kind](word, option.flags[0])


def whole_number(word: str, name: str, between: tuple[int, int | None] | None) -> int:
    """Return an argument as an integer.

    Args:
        name: Name of the option or the argument for the error.
        between: The lowest and the highest number; None for any.

    Raises:
        UsageError: The argument is not an integer in the range.
    """
    try:
        number = int(word)
    except ValueError:
        kind = "integer range" if between else "integer"
        reason = f"{word!r} is not a valid {kind}"
    else:
        least, most = between or (number, number)
        if least <= number and (most is None or number <= most):
            return number
        limits = f"x>={least}" if most is None else f"{least}<=x<={most}"
        reason = f"{number} is not in the range {limits}"
    raise UsageError(f"`{name}` has an invalid value", reason=reason)


def _output_format(word: str, flag: str) -> str:  # noqa: ARG001
    from dynacli.output.output_format import check_format

    check_format(word)
    return word


def _given(word: str, flag: str) -> str:
    if word.strip():
        return word
    # The shell may have expanded an unset variable. Ignoring the option would call something else.
    raise UsageError(f"`{flag}` needs a value", hint="Give a value, or leave out the option")


def _filter(word: str, flag: str) -> str:  # noqa: ARG001
    from dynacli.text.filter_value import check_filter

    check_filter(word)
    return word


def _jq(word: str, flag: str) -> str:  # noqa: ARG001
    feature("jq.run_jq").check_program(word)
    return word


def _sql(word: str, flag: str) -> str:  # noqa: ARG001
    feature("sql.run_query").check_query(word)
    return word


def _condition(word: str, flag: str) -> str:
    from dynacli.text.filter_value import check_filter

    check_filter(word, f"`{flag}`")
    return word


def _seconds_of_waiting(word: str, flag: str) -> float:
    from dynacli.client.engine.series import wait_seconds_of

    return wait_seconds_of(word, flag)


def _reference(word: str, flag: str) -> str:
    """Return an origin, or the absolute path of a directory.

    Args:
        flag: The option, for the error.

    Raises:
        UsageError: The argument is neither an origin nor a directory.
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
    "jq": _jq,
    "sql": _sql,
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
"""Kind of a value → function that converts an argument, or raises UsageError. It also takes the flag."""
