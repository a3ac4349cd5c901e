"""The words of a command line, put into the one form that click parses without guessing.

click lets an option with an optional value take the word behind it, whatever it is, and takes `-5` for an option.
Here each option is joined to its value and all positional words come behind `--`.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

import click

from dynacli.commands.standard_options import INPUT_OPTIONS, STANDARD_OPTIONS

__all__ = ["BOOLEAN", "EMPTY_BOOLEAN", "VALUE", "Kind", "arrange", "kinds_of"]


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


def kinds_of(params: Iterable[click.Parameter]) -> dict[str, Kind]:
    """Return flag → kind of dynacli's own options."""
    kinds: dict[str, Kind] = {}
    optional = {one.name: one for one in (*STANDARD_OPTIONS, *INPUT_OPTIONS) if one.flag_value}
    for param in params:
        if not isinstance(param, click.Option):
            continue
        if param.is_flag:
            kind = SWITCH
        elif param.name in optional:
            known = optional[param.name]
            kind = Kind(takes_value=True, optional=known.choices, alone=known.flag_value)
        else:
            kind = VALUE
        kinds.update(dict.fromkeys(param.opts, kind))
    return kinds


def arrange(
    words: list[str],
    kinds: Mapping[str, Kind],
    find: Callable[[str], tuple[str, Kind] | None] | None = None,
    *,
    stop_at_positional: bool = False,
    ctx: click.Context | None = None,
) -> tuple[list[str], list[str]]:
    """Return the option words, each joined to its value, and the positional words.

    Args:
        words: As they came from the shell.
        kinds: Flag (`--state`, `-o`) → what may stand behind it.
        find: Asked for a flag that is not in `kinds`; returns the flag to use and its kind, or None.
        stop_at_positional: Whether everything from the first positional word on is positional.
        ctx: What an error is about.

    Raises:
        click.BadOptionUsage: The last word is an option that needs a value.
    """
    options: list[str] = []
    positional: list[str] = []
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
                raise click.BadOptionUsage(flag, "", ctx)
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
            raise click.BadOptionUsage(flag, "", ctx)
    return options, positional


def _is_number(word: str) -> bool:
    return word[1:2].isdigit() or (word[1:2] == "." and word[2:3].isdigit())
