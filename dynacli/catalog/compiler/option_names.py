"""Gives each parameter of an operation, and each field of its body, an option of its own."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from dynacli.model.kebab_names import MAX_LENGTH, kebab, spelled_out
from dynacli.model.operation import GUARDED_OPTIONS, Field
from dynacli.record import replace

__all__ = ["Named", "fields_with_own_options", "option_names", "option_word"]


class Named(NamedTuple):
    """A parameter that wants an option.

    Args:
        location: Where it is sent: `path`, `query`, ...
        name: Its name in the document.
        wanted: The text that its option is made from: its name, unless the document gives another text.
    """

    location: str
    name: str
    wanted: str


def option_word(name: str) -> str:
    """Return a name of the document as the word of an option, which has letters, digits and hyphens."""
    word = kebab(name) or spelled_out(name, is_whole=True) or "empty"
    return word[:MAX_LENGTH].rstrip("-")


def option_names(parameters: Sequence[Named], reserved: Iterable[str]) -> list[str]:
    """Return the option of each parameter, without dashes.

    Where several locations have the same name, the first location has the plain option, and the others are
    qualified: `query.id`. Within a location `x` has the plain option, and `x[]` is `x-array`.
    The order of the parameters within a location makes no difference.

    Args:
        parameters: In the order of their locations.
        reserved: Words that no parameter may have as its option.
    """
    taken = set(reserved)
    options: dict[int, str] = {}
    locations = list(dict.fromkeys(parameter.location for parameter in parameters))

    def rank(index: int) -> tuple[int, bool, str]:
        parameter = parameters[index]
        # Of names that clash, the name that is spelled like the option gets it.
        is_spelled_otherwise = option_word(parameter.wanted) != parameter.name
        return locations.index(parameter.location), is_spelled_otherwise, parameter.name

    for index in sorted(range(len(parameters)), key=rank):
        options[index] = _free_option(parameters[index], taken)
        taken.add(options[index])
    return [options[index] for index in range(len(parameters))]


def _free_option(parameter: Named, taken: Collection[str]) -> str:
    word = option_word(parameter.wanted)
    spelled = spelled_out(parameter.wanted)[:MAX_LENGTH].rstrip("-") or word
    qualified = f"{parameter.location}.{word}"
    plain: tuple[str, ...] = (word, spelled)
    if word in GUARDED_OPTIONS:
        plain = ()  # `server[]` is no `server-array` either: whoever types `--server` is to be told
    candidates = (*plain, qualified, f"{parameter.location}.{spelled}")
    return next((option for option in candidates if option not in taken), None) or _numbered(qualified, taken)


def fields_with_own_options(fields: Sequence[Field], taken: Collection[str]) -> tuple[Field, ...]:
    """Return the fields of a body; those whose option is taken get `body.` in front."""
    own = {field.option for field in fields}
    if len(own) == len(fields) and own.isdisjoint(taken):
        return tuple(fields)
    used = set(taken)
    # First the fields that keep their option, so that no renamed field takes it from them.
    unchanged = set()
    for index, field in enumerate(fields):
        if field.option not in used:
            unchanged.add(index)
            used.add(field.option)
    found = []
    for index, field in enumerate(fields):
        if index in unchanged:
            found.append(field)
            continue
        option = f"body.{field.option}"
        option = _numbered(option, used) if option in used else option
        used.add(option)
        found.append(replace(field, option=option))
    return tuple(found)


def _numbered(word: str, taken: Collection[str]) -> str:
    number = 2
    while f"{word}-{number}" in taken:
        number += 1
    return f"{word}-{number}"
