"""Gives each parameter of an operation, and each place in its body, an option that no other one has."""

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from dynacli.model.kebab_names import MAX_LENGTH, kebab, spelled_out
from dynacli.model.operation import Field

__all__ = ["Named", "fields_with_own_options", "option_names", "option_word"]


class Named(NamedTuple):
    """A parameter that wants an option.

    Args:
        location: Where it is sent: `path`, `query`, ...
        name: Its name in the document.
        wanted: The text that its option is to be made from; its name, unless the document gives another.
    """

    location: str
    name: str
    wanted: str


def option_word(name: str) -> str:
    """Return the word of letters, digits and hyphens that stands for a name of the document in an option."""
    word = kebab(name) or spelled_out(name, is_whole=True) or "empty"
    return word[:MAX_LENGTH].rstrip("-")


def option_names(parameters: Sequence[Named], reserved: Iterable[str]) -> list[str]:
    """Return the option of each parameter, without dashes.

    Where several locations have one name, the first location has the plain option, the others are
    qualified: `query.id`. Within a location `x` keeps the plain one, and `x[]` is `x-array`.
    The order of the parameters within a location makes no difference.

    Args:
        parameters: In the order of their locations.
        reserved: What no parameter may be called.
    """
    taken = set(reserved)
    options: dict[int, str] = {}
    locations = dict.fromkeys(one.location for one in parameters)
    for location in locations:
        here = [index for index, one in enumerate(parameters) if one.location == location]
        # A name that is spelled as its option goes first, so that it is what its option says.
        here.sort(
            key=lambda index: (
                option_word(parameters[index].wanted) != parameters[index].name,
                parameters[index].name,
            )
        )
        for index in here:
            options[index] = _free(parameters[index], taken)
            taken.add(options[index])
    return [options[index] for index in range(len(parameters))]


def _free(one: Named, taken: Collection[str]) -> str:
    word = option_word(one.wanted)
    if word not in taken:
        return word
    spelled = spelled_out(one.wanted)[:MAX_LENGTH].rstrip("-") or word
    qualified = f"{one.location}.{word}"
    for candidate in (spelled, qualified, f"{one.location}.{spelled}"):
        if candidate not in taken:
            return candidate
    return _numbered(qualified, taken)


def fields_with_own_options(fields: Sequence[Field], taken: Collection[str]) -> tuple[Field, ...]:
    """Return the fields of a body; those whose option is taken get `body.` in front."""
    own = {one.option for one in fields}
    if len(own) == len(fields) and own.isdisjoint(taken):
        return tuple(fields)
    used = set(taken)
    # First those that keep their option, so that none of them is pushed aside by one that cannot.
    kept = {}
    for index, one in enumerate(fields):
        if one.option not in used:
            kept[index] = one
            used.add(one.option)
    made = []
    for index, one in enumerate(fields):
        if index in kept:
            made.append(one)
            continue
        option = f"body.{one.option}"
        option = _numbered(option, used) if option in used else option
        used.add(option)
        made.append(renamed(one, option))
    return tuple(made)


def renamed(one: Field, option: str) -> Field:
    """Return a field under another option."""
    from dataclasses import replace

    return replace(one, option=option)


def _numbered(word: str, taken: Collection[str]) -> str:
    number = 2
    while f"{word}-{number}" in taken:
        number += 1
    return f"{word}-{number}"
