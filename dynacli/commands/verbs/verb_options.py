"""The standard options that verbs take: each takes those alone that it has a use for, and `Verb` refuses the others."""

from collections.abc import Iterable, Mapping

from dynacli.commands.standard_options import (
    OF_EVERY_RUN,
    STANDARD_OPTIONS,
    VERB_FORMATS,
    StandardOption,
    also_writing,
)

__all__ = [
    "CHANGES",
    "LISTING",
    "LISTING_OF_DOCUMENT",
    "OF_CALLS",
    "OPENING",
    "RUNNING",
    "for_many_calls",
    "named_options",
]

OF_CALLS = frozenset(
    (
        *("include", "report", "dry_run", "show_secrets", "retry_unsafe", "retry_status"),
        *("all", "max_items"),
        *("resume", "remote_name", "progress", "allow_files"),
        *("wait", "wait_timeout", "wait_interval", "follow"),
    )
)
"""The names of the standard options that are about one call and its answer."""
_NO_TEXTS: Mapping[str, str] = {}


def named_options(names: Iterable[str], texts: Mapping[str, str] = _NO_TEXTS) -> tuple[StandardOption, ...]:
    """Return the standard options of some names, and those of every run.

    Args:
        texts: Name of an option → its help, where that is another one than for a single call.
    """
    wanted = OF_EVERY_RUN.union(names)
    return tuple(
        option._replace(help=texts[option.name]) if option.name in texts else option
        for option in STANDARD_OPTIONS
        if option.name in wanted
    )


_LISTING = ("output", "filter", "columns")
_OPENING = ("profile", "allow_ref", "refresh")

RUNNING = named_options(())
"""The options of a verb that neither reads a document nor prints data."""
LISTING = named_options(_LISTING)
"""The options of a verb that prints data, and reads no document for it."""
OPENING = named_options(_OPENING)
"""The options of a verb that reads a document, and prints no data."""
LISTING_OF_DOCUMENT = named_options((*_LISTING, *_OPENING))
"""The options of a verb that prints data of a document."""
CHANGES = (also_writing(VERB_FORMATS["changes"]), *LISTING_OF_DOCUMENT[1:])
"""The options of `dynacli changes`, which can also write Markdown."""


def for_many_calls(
    refused: frozenset[str], texts: Mapping[str, str], *formats: str, shows_requests: bool = False
) -> tuple[StandardOption, ...]:
    """Return the standard options of a verb that makes many calls.

    Args:
        shows_requests: Whether `--dry-run` takes a form; else it is a switch.
        refused: The names of those that the verb has no use for.
        texts: Name of an option → its help, where that is another one than for a single call.
        formats: Output formats that the verb alone has.
    """
    options = []
    for option in STANDARD_OPTIONS:
        text = texts.get(option.name, option.help)
        if option.name == "dry_run" and not shows_requests:
            options.append(StandardOption(option.name, option.flags, text))
        elif option.name == "output":
            options.append(also_writing(*formats)._replace(help=text))
        elif option.name not in refused or option.name == "dry_run":
            options.append(option._replace(help=text))
    return tuple(options)
