"""The options that completion offers, of the tables and of operations."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from dynacli.openapi.model.operation import EACH, of_first_items
from dynacli.options.command import Command
from dynacli.options.parsed_words import SWITCH, VALUE, ParsedWords, ValueRule, parse, standard_rules
from dynacli.options.standard_options import INPUT_OPTIONS, STANDARD_OPTIONS, Option
from dynacli.record import record, replace

__all__ = [
    "ANY",
    "HELP",
    "NO_VALUE",
    "Offered",
    "Offers",
    "item_options",
    "offers_of",
    "offers_of_command",
    "read_before",
    "read_root",
    "root_offers",
    "spelled",
    "standard_offers",
]


@record
class Offered:
    """An option, for completion.

    Args:
        values: The values that it takes; empty where it takes any.
        takes_value: Whether the word behind it is its value.
        is_optional: Whether that word is its value only if it is one of `values`.
        is_listed: Whether the option is a candidate.
        description: The description beside the candidate.
    """

    values: tuple[str, ...] = ()
    takes_value: bool = True
    is_optional: bool = False
    is_listed: bool = True
    description: str = ""

    @property
    def rule(self) -> ValueRule:
        """Whether a value stands behind it."""
        if self.is_optional:
            return ValueRule(takes_value=True, optional_values=self.values, value_alone=self.values[0])
        return VALUE if self.takes_value else SWITCH


Offers = Mapping[str, Offered]
NO_VALUE = Offered(takes_value=False)
ANY = Offered()


def offers_of(options: Iterable[Option]) -> dict[str, Offered]:
    """Return flag → what is offered for options of the tables; of each the long form is a candidate."""
    return {
        flag: Offered(option.values, option.takes_value, bool(option.value_alone), flag == option.flags[-1])
        for option in options
        for flag in option.flags
    }


HELP: Offers = {"--help": NO_VALUE}


@cache
def standard_offers() -> Offers:
    """Return what is offered for the standard options."""
    return {**offers_of(STANDARD_OPTIONS), **HELP}


def root_offers() -> Offers:
    """Return what is offered before the first positional word."""
    return {**offers_of(INPUT_OPTIONS), **standard_offers(), "--version": NO_VALUE}


def offers_of_command(entry: Command) -> Offers:
    """Return flag → what is offered for the options that a command has."""
    return {**offers_of(entry.all_options), **HELP}


def spelled(name: str, option: Offered) -> Iterator[tuple[str, Offered]]:
    """Yield the flags of an option; that with brackets, which shells want in quotes, is for those who begin it so."""
    yield f"--{of_first_items(name)}", option
    if EACH in name:
        yield f"--{name.replace(EACH, '[0]')}", replace(option, is_listed=False)


def read_before(words: list[str], options: Offers, *, stop_at_positional: bool = False) -> ParsedWords:
    """Return the words before the one that is completed, read."""
    rules = {flag: option.rule for flag, option in options.items()}
    return parse(words, rules, _of_unlisted, stop_at_positional=stop_at_positional)


def read_root(words: list[str]) -> ParsedWords:
    """Return the words before the one that is completed, of which only options before the first other one are read."""
    rules = {**standard_rules(), "--version": SWITCH, "--help": SWITCH}
    return parse(words, rules, _of_unlisted, stop_at_positional=True)


def _of_unlisted(flag: str) -> tuple[str, ValueRule] | None:
    # The option of a field that is not listed takes a value; `--no-x` takes none.
    return None if flag.startswith("--no-") else (flag, VALUE)


_FIRST = "[0]"
"""The index in the options of the first item, as they are spelled with brackets."""
_INDEX = re.compile(r"\.(\d{1,4})(?=\.|$)|\[(\d{1,4})\]")


def item_options(options: Offers, words: Iterable[str]) -> dict[str, Offered]:
    """Return the options of the items that words name, and of the items behind those.

    Args:
        options: The options of a call, with those of the first item of each array in both spellings.
        words: The words of the line, with the one that is completed.
    """
    # An array at the top is named by its index alone: `--0.text`.
    flags = {re.sub(r"^--(?=\d)", "--.", word.partition("=")[0]) for word in words if word.startswith("--")}
    found: dict[str, Offered] = {}
    for name, option in options.items():
        parts = name.split(_FIRST)
        count = len(parts) - 1
        for flag in flags if count else ():
            has_brackets = "[" in flag
            first = _spelled(parts, [0] * count, has_brackets=has_brackets)
            for place in _places(_indexes(flag, parts), count):
                found[_spelled(parts, place, has_brackets=has_brackets)] = options.get(first, option)
    return found


def _indexes(flag: str, parts: list[str]) -> list[int]:
    """Return the indexes that a flag has in the places between the parts of an option."""
    indexes: list[int] = []
    for part in parts[:-1]:
        match = _INDEX.match(flag, len(part)) if flag.startswith(part) else None
        if match is None:
            break
        indexes.append(int(match[1] or match[2]))
        flag = flag[match.end() :]
    return indexes


def _places(indexes: list[int], count: int) -> Iterator[list[int]]:
    """Yield the indexes themselves, and those of the next item at each depth, filled up with the first ones."""
    if indexes:
        yield indexes + [0] * (count - len(indexes))
    for depth, index in enumerate(indexes):
        yield [*indexes[:depth], index + 1] + [0] * (count - depth - 1)


def _spelled(parts: list[str], place: list[int], *, has_brackets: bool) -> str:
    indexes = (f"[{index}]" if has_brackets else f".{index}" for index in place)
    pairs = zip(parts, (*indexes, ""), strict=True)
    return "".join(part + index for part, index in pairs).replace("--.", "--", 1)
