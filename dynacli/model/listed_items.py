"""The items that an answer lists, and the values by which paths name them: pure guesses from names and shapes."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dynacli.model.field_names import ID_ENDINGS, plain_name, singular
from dynacli.model.operation import Parameter, ValueType

__all__ = [
    "ENVELOPES",
    "Fits",
    "fitting_value",
    "is_keyed",
    "item_values",
    "items_of",
    "keyed_rows",
    "naming_fields",
    "takes_id",
]

Fits = Callable[[Parameter, Any], bool]
"""Whether a parameter takes a value."""

ENVELOPES = frozenset(
    {
        *("content", "data", "edges", "elements", "embedded", "entries", "hits", "items", "list", "node"),
        *("nodes", "objects", "payload", "records", "response", "result", "results", "rows", "values"),
    }
)
"""Plain names of members that hold what an answer is about, and do not say what it is."""
_SHORTEST_ABBREVIATION = 3


def items_of(body: Any, segment: str) -> list[Any]:
    """Return what an answer lists: itself, the array in it that is called like the path, or another array in it.

    An object whose members are objects of one kind is a list by its keys.

    Args:
        segment: The plain name of the last segment of the path.
    """
    if isinstance(body, list):
        return body
    if not isinstance(body, Mapping):
        return []
    if segment and is_keyed(body):
        return list(body)
    arrays = _filled_arrays(body)
    for member in body.values():
        if isinstance(member, Mapping):
            arrays.extend(_filled_arrays(member))
    called_alike = [array for name, array in arrays if plain_name(name) == segment]
    keyed = [
        list(member)
        for name, member in body.items()
        if plain_name(str(name)) == segment and is_keyed(member, 1)
    ]
    of_objects = [array for _, array in arrays if isinstance(array[0], Mapping)]
    return next(iter([*called_alike, *keyed, *of_objects, *(array for _, array in arrays)]), [])


def is_keyed(value: Any, least: int = 2) -> bool:
    """Return whether a JSON value is an object whose members are objects of one shape: a list by its keys.

    They have at least half of their properties in common, with values of the same types.

    Args:
        least: How many members there are at least; an object with a single one is likelier an envelope.
    """
    if not isinstance(value, Mapping) or len(value) < least:
        return False
    members = list(value.values())
    has_envelope = any(plain_name(str(name)) in ENVELOPES for name in value)
    if has_envelope or not all(isinstance(member, Mapping) for member in members):
        return False
    common = set(members[0]).intersection(*members[1:])
    if not common or 2 * len(common) < len(set().union(*members)):
        return False
    kinds = ({_kind(member[name]) for member in members} - {""} for name in common)
    return all(len(kind) < 2 for kind in kinds)


def _kind(value: Any) -> str:
    """Return the JSON type of a value; empty for null, which stands for any."""
    if isinstance(value, Mapping | list | str | bool) or value is None:
        return "" if value is None else "object" if isinstance(value, Mapping) else type(value).__name__
    return "number"


def keyed_rows(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a row for each member of an object that is a list by its keys, with the key in the first column.

    The column is called `key`, and `_key` if the members have another value of that name. A member that is no object
    stands in the column `value`.
    """
    members = [member for member in value.values() if member is not None]
    if not all(isinstance(member, Mapping) for member in members):
        return [{"key": key, "value": member} for key, member in value.items()]
    column = "key"
    while any(member is not None and member.get(column, key) != key for key, member in value.items()):
        column = f"_{column}"
    return [{column: key, **(member or {})} for key, member in value.items()]


def _filled_arrays(holder: Mapping[str, Any]) -> list[tuple[str, list[Any]]]:
    return [(str(name), value) for name, value in holder.items() if isinstance(value, list) and value]


def item_values(item: Any, parameter: Parameter, noun: str, fits: Fits) -> Iterator[Any]:
    """Yield the values by which a path parameter may name an item, the likeliest first.

    Args:
        noun: What an item is called.
    """
    if not isinstance(item, Mapping):
        value = fitting_value(item, parameter, fits)
        yield from () if value is None else (value,)
        return
    fields = {plain_name(str(key)): value for key, value in reversed(list(item.items()))}
    seen = []
    for field in naming_fields(parameter.name, parameter.description, noun):
        value = fitting_value(fields.get(field), parameter, fits)
        if value is not None and value not in seen:
            seen.append(value)
            yield value


def naming_fields(name: str, description: str, noun: str) -> list[str]:
    """Return the plain names of the fields by which an input may name an item, the likeliest first.

    Args:
        name: The name of the input.
        description: What the document says of it, as plain text.
        noun: What an item is called; empty where that is not known.
    """
    name = plain_name(name)
    # `{owner}` below `/repos` is no id of a repository, `{repo}` and `{repoId}` are; `{n}` below `/nodes` is none.
    is_called_like_item = bool(noun) and (
        name.removeprefix(noun) in {"", *ID_ENDINGS}
        or (len(name) >= _SHORTEST_ABBREVIATION and noun.startswith(name))
    )
    has_id = is_called_like_item or name.endswith(ID_ENDINGS)
    described = [singular(word) for word in re.findall(r"\w+", description.lower())]
    # `Database name` says what `{database}` is; the name itself says it better.
    order = [
        *(ending for ending in ID_ENDINGS if name.endswith(ending)),
        *(ending for ending in ID_ENDINGS if ending in described),
        *ID_ENDINGS,
    ]
    endings = dict.fromkeys(order) if has_id else {}
    return [name, noun + name, *(each for ending in endings for each in (ending, noun + ending))]


def takes_id(value: ValueType) -> bool:
    """Return whether an input that is called like a thing takes the id of one: `project` takes a number or a UUID.

    A text may be its name, or a part of it.
    """
    return not value.enum and (value.type == "integer" or value.format == "uuid")


def fitting_value(value: Any, parameter: Parameter, fits: Fits) -> Any:
    """Return a value that a parameter takes, a number as text where it takes text; None where it takes neither."""
    if value is None or value == "" or isinstance(value, bool | Mapping | list):
        return None
    return next((each for each in (value, str(value)) if fits(parameter, each)), None)
