"""The words of a command line, put into the one form that click parses without guessing.

click lets an option with an optional value take the word behind it, whatever it is, and takes `-5` for an option.
Here each option is joined to its value and all positional words come behind `--`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

import click

from dynacli.commands.standard_options import INPUT_OPTIONS, STANDARD_OPTIONS, StandardOption

__all__ = [
    "BOOLEAN",
    "EMPTY_BOOLEAN",
    "SWITCH",
    "VALUE",
    "Arranged",
    "Kind",
    "arrange",
    "kinds_of",
    "standard_kinds",
]


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
