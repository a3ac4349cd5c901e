"""The table of standard options: those that are dynacli's and not the document's. Each command takes some of them."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

__all__ = [
    "FILE_OPTIONS",
    "INPUT_OPTIONS",
    "OF_EVERY_RUN",
    "PART_OPTIONS",
    "ROOT_OPTIONS",
    "STANDARD_OPTIONS",
    "VERB_FORMATS",
    "StandardOption",
    "also_writing",
]

VERB_FORMATS = {"changes": "markdown", "check": "html", "judge": "html"}
"""Verb → the output format that it alone has."""


UNNAMED = "unnamed"
"""The value of `--dry-run` that names no form: a call is shown as `http`, and the rows of a batch are only checked."""


class StandardOption(NamedTuple):
    """An option that is dynacli's own.

    Args:
        name: The field of `Options` that has its value.
        flags: The short and the long form, with their hyphens.
        help: Its line in help pages.
        metavar: The name of its value in help pages; empty for a switch.
        choices: The values that it takes; empty where it takes any.
        flag_value: Its value where none is given, for an option whose value may be left out; else empty.
        is_multiple: Whether it may be repeated.
        convert: Returns the value for the word that was given and the option's flag, or raises UsageError;
            None where the word is the value.
    """

    name: str
    flags: tuple[str, ...]
    help: str
    metavar: str = ""
    choices: tuple[str, ...] = ()
    flag_value: str = ""
    is_multiple: bool = False
    convert: Callable[[str, str], str | float] | None = None


def _output_format(word: str, flag: str, more: tuple[str, ...] = ()) -> str:  # noqa: ARG001
    if word not in more:
        from dynacli.output.output_form import check_format

        check_format(word)
    return word


def _given(word: str, flag: str) -> str:
    from dynacli.errors import UsageError

    if word.strip():
        return word
    # As from a variable of the shell that is not set: without the option, something else would be called.
    raise UsageError(f"The value of `{flag}` is empty", hint="Give it one, or leave out the option")


def _filter(word: str, flag: str) -> str:  # noqa: ARG001
    from dynacli.text.filter_value import check_filter

    check_filter(word)
    return word


def _wait(word: str, flag: str) -> str:
    from dynacli.text.filter_value import check_filter

    check_filter(word, f"`{flag}`")
    return word


def _wait_seconds(word: str, flag: str) -> float:
    from dynacli.client.wait_until import wait_seconds_of

    return wait_seconds_of(word, flag)


def _allowed_reference(word: str, flag: str) -> str:
    from dynacli.commands.allowed_reference import parse_allowed_reference

    return parse_allowed_reference(word, flag)


def _number_of_items(word: str, flag: str) -> int:
    from dynacli.errors import UsageError

    if word.isascii() and word.isdecimal() and 0 < len(word) < 16 and int(word) > 0:
        return int(word)
    raise UsageError(f"`{word}` is no number of items", hint=f"Give a whole number from 1 on: `{flag} 100`")


def _seconds(word: str, flag: str) -> float:  # noqa: ARG001
    from dynacli.client.call_settings import seconds_of

    return seconds_of(word)


def _retries(word: str, flag: str) -> int:  # noqa: ARG001
    from dynacli.client.call_settings import retries_of

    return retries_of(word)


def _retry_status(word: str, flag: str) -> int:  # noqa: ARG001
    from dynacli.client.call_settings import retry_status_of

    return retry_status_of(word)


def _rate(word: str, flag: str) -> str:  # noqa: ARG001
    from dynacli.http.rate_limit import rate_of

    rate_of(word)
    return word


STANDARD_OPTIONS = (
    StandardOption(
        "output",
        ("-o", "--output"),
        "auto, json, yaml, table, csv, tsv, ndjson, lines, gron, raw (the bytes as they came), text, or @FILE",
        "FORMAT",
        convert=_output_format,
    ),
    StandardOption(
        "filter",
        ("-f", "--filter"),
        "what a JMESPath expression leaves of the answer, or of each item of a stream",
        "EXPR",
        convert=_filter,
    ),
    StandardOption("columns", ("--columns",), "the columns of a table, csv or tsv", "A,B.C", convert=_given),
    StandardOption(
        "include", ("-i", "--include"), "the status line and the headers of the answer before its body"
    ),
    StandardOption(
        "resume",
        ("--resume",),
        "go on with the download into @FILE that broke off; what is there of it is kept from now on",
    ),
    StandardOption(
        "remote_name", ("-O", "--remote-name"), "write the answer into a new file of the server's name for it"
    ),
    StandardOption(
        "progress",
        ("--progress",),
        "whether a terminal shows how far a download or an upload is: auto or off",
        "WHEN",
        ("auto", "off"),
    ),
    StandardOption(
        "all",
        ("--all",),
        "all pages of a list as one result; keyset: by the ids of a page, where nothing else leads to the next one",
        "[keyset]",
        ("pages", "keyset"),
        "pages",
    ),
    StandardOption(
        "max_items",
        ("--max-items",),
        "as many items of a list, from as many pages as they need",
        "N",
        convert=_number_of_items,
    ),
    StandardOption(
        "wait",
        ("--wait",),
        "call again until a JMESPath expression is true of the answer, by an operation that reads",
        "EXPR",
        convert=_wait,
    ),
    StandardOption(
        "wait_timeout",
        ("--wait-timeout",),
        "how long to wait at most; exit 7 behind that (300)",
        "SECONDS",
        convert=_wait_seconds,
    ),
    StandardOption(
        "wait_interval",
        ("--wait-interval",),
        "between two calls of --wait (2, growing to 30)",
        "SECONDS",
        convert=_wait_seconds,
    ),
    StandardOption(
        "follow",
        ("--follow",),
        "then make the call that a link of the document leads to, filled from the answer",
        "LINK",
        is_multiple=True,
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
        "build and validate the request, print it as http, json, curl, python or har, and don't send it",
        "[http|json|curl|python|har]",
        ("http", "json", "curl", "python", "har"),
        UNNAMED,
    ),
    StandardOption("show_secrets", ("--show-secrets",), "don't mask secrets in --dry-run"),
    StandardOption(
        "server",
        ("--server",),
        "a base URL, or the index, name or description of one of the document's",
        "URL|INDEX",
        convert=_given,
    ),
    StandardOption(
        "server_var", ("--server-var",), "a variable of the server", "NAME=VALUE", is_multiple=True
    ),
    StandardOption(
        "profile", ("--profile",), "a profile of the API, from the configuration", "PROFILE", convert=_given
    ),
    StandardOption(
        "auth",
        ("--auth",),
        "the security scheme whose credential is sent, or none for a call without",
        "SCHEME",
        convert=_given,
    ),
    StandardOption("header", ("-H", "--header"), "a header of the request", "NAME:VALUE", is_multiple=True),
    StandardOption("timeout", ("--timeout",), "for the whole call", "SECONDS", convert=_seconds),
    StandardOption(
        "retries",
        ("--retries",),
        "how often a call that is safe to repeat is made again after a failure that may pass (2)",
        "N",
        convert=_retries,
    ),
    StandardOption(
        "retry_unsafe", ("--retry-unsafe",), "make again also a call that may then change something twice"
    ),
    StandardOption(
        "retry_status",
        ("--retry-status",),
        "retry after this status, too, if the call only reads",
        "CODE",
        is_multiple=True,
        convert=_retry_status,
    ),
    StandardOption(
        "rate",
        ("--rate",),
        "send requests at most so often: 5/s, 100/m, 1000/h",
        "N/s",
        convert=_rate,
    ),
    StandardOption(
        "accept_origin",
        ("--accept-origin",),
        "let credentials go to one more origin",
        "ORIGIN",
        is_multiple=True,
        convert=_given,
    ),
    StandardOption(
        "allow_ref",
        ("--allow-ref",),
        "let references of the document lead to one more origin, or to files of one more directory",
        "ORIGIN|DIRECTORY",
        is_multiple=True,
        convert=_allowed_reference,
    ),
    StandardOption("allow_files", ("--allow-files",), "let `read` take input from files"),
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
    StandardOption("no_pager", ("--no-pager",), "show on a terminal what does not fit without $PAGER"),
    StandardOption("error_format", ("--error-format",), "text or json", "FORMAT", ("text", "json")),
    StandardOption("debug", ("--debug",), "show the traceback of a defect"),
)

OF_EVERY_RUN = frozenset(
    ("offline", "verbose", "yes", "no_input", "no_pager", "error_format", "debug"),
)
"""The names of the standard options that every command keeps to, also where there is nothing to ask, fetch or show."""


def also_writing(*formats: str) -> StandardOption:
    """Return the option for the output format, which takes some more formats."""
    return STANDARD_OPTIONS[0]._replace(convert=partial(_output_format, more=formats))


ROOT_OPTIONS = (
    STANDARD_OPTIONS[0]._replace(convert=partial(_output_format, more=tuple(VERB_FORMATS.values()))),
    *STANDARD_OPTIONS[1:],
)
"""The standard options where they stand before a verb."""

INPUT_OPTIONS = (
    StandardOption("body", ("--body",), "the whole body; other options are laid over it", "JSON|@FILE|-"),
    StandardOption(
        "set", ("--set",), "set any field of the body to any JSON value", "PATH=JSON", is_multiple=True
    ),
    StandardOption(
        "content_type",
        ("--content-type",),
        "the body's media type, where there are several",
        "TYPE",
        convert=_given,
    ),
    StandardOption(
        "editor", ("--editor",), "write the body in $VISUAL or $EDITOR, beginning with what was given"
    ),
    StandardOption("example", ("--example",), "fill in whatever is required and was not given"),
)
"""Options that give or change the body as a whole; where an operation has an option of the same name, they stand
before the API."""

PART_OPTIONS = (
    StandardOption(
        "part_header",
        ("--part-header",),
        "a header of a part of the body",
        "PART:NAME:VALUE",
        is_multiple=True,
    ),
)
"""Options of operations with a multipart body."""

FILE_OPTIONS = (
    StandardOption(
        "file",
        ("--file",),
        "a part that is a file, under a name of your own",
        "NAME=@FILE",
        is_multiple=True,
    ),
)
"""Options of operations with a multipart body whose parts the document does not name."""
