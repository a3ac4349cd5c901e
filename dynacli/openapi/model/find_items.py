"""The items of a list within a response, for the pages of a list and the rows of a table.

Also guesses, from names and types alone, the values of an item that identify it in a path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dynacli.openapi.model.field_names import ID_ENDINGS, is_search_name, plain_name, singular
from dynacli.openapi.model.operation import Parameter, ValueType
from dynacli.record import record

if TYPE_CHECKING:
    from typing import Protocol, TypeVar

WRAPPERS = ("data", "items", "results", "value", "records", "rows", "entries", "content")
"""Usual names of the array of items in a response, the likeliest first."""
ID_NAMES = frozenset({"id", "_id", "uuid", "key", "sid", "guid"})
"""Names of fields that are ids, in lower case."""
_EMBEDDED = "_embedded"
"""Name of the object in HAL whose arrays contain items (draft-kelly-json-hal, section 4.1.2)."""
_BESIDE = frozenset(
    (
        *("messages", "notices", "links", "included", "meta", "metadata", "response_metadata", "facets"),
        *("schemas", "paging", "pagination"),
    )
)
"""Names of arrays that often occur beside the items."""
_MESSAGES = "messages"
"""Name of an array of notes to the caller, or of the items of a chat or a mailbox."""
_ERRORS = frozenset(("errors", "warnings"))
"""Names of arrays that are not items, unless the path ends with the same name."""
_DEEPEST = 4

if TYPE_CHECKING:  # creating a protocol class is slow

    class _Array(Protocol):
        """An array within a response, as the response or its schema shows it."""

        @property
        def steps(self) -> tuple[str, ...]:
            """The keys on the path to the array; empty if the response itself is the array."""

        @property
        def may_hold_objects(self) -> bool:
            """Whether its items are objects, or of unknown type."""

        @property
        def has_ids(self) -> bool:
            """Whether its items have an id."""

    _A = TypeVar("_A", bound=_Array)

ENVELOPES = frozenset(
    {
        *("content", "data", "edges", "elements", "embedded", "entries", "hits", "items", "list", "node"),
        *("nodes", "objects", "payload", "records", "response", "result", "results", "rows", "values"),
    }
)
"""Plain names of members that only wrap the content of a response."""
_SHORTEST_ABBREVIATION = 3


Fits = Callable[[Parameter, Any], bool]
"""Function that returns whether a parameter accepts a value."""


@record
class Items:
    """An array in a received response, or an object that is a list by its keys.

    Args:
        steps: The keys on the path to it; empty if the response itself is the list.
        values: The array, or the rows of the object.
        is_keyed: Whether it is an object.
    """

    steps: tuple[str, ...]
    values: list[Any]
    is_keyed: bool = False

    @property
    def may_hold_objects(self) -> bool:
        """Whether the first item is an object or null, or there are no items."""
        return not self.values or self.values[0] is None or isinstance(self.values[0], dict)

    @property
    def has_ids(self) -> bool:
        """Whether the first item has an id."""
        first = self.values[0] if self.values else None
        return isinstance(first, dict) and not ID_NAMES.isdisjoint(map(str.lower, first))


@record
class KnownItems:
    """The items of a response according to the document.

    Args:
        steps: The keys on the path to the items.
        names: The names of their fields, in the order of the document.
        holder: `array`; `object` if the items are the members of an object that is a list by its keys; `none` if the
            response is a single resource, even if it has arrays; empty if the response has named properties, and the
            document does not show which of them is a list.
        states: The names of the fields whose schemas have `enum`.
        identity: The field that identifies an item by its resource; empty if it is unknown.
    """

    steps: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    holder: str = "array"
    states: tuple[str, ...] = ()
    identity: str = ""


def choose_array(arrays: Sequence[_A], path: str = "") -> _A | tuple[_A, ...]:
    """Return the array of items; if it is not clear, all candidates, which may be none.

    The first of these rules that holds decides: it is the only array, it has the name of the path, its items have an
    id, or it has a usual name. Arrays of objects have priority over others, and outer arrays over inner ones.

    Args:
        arrays: The arrays of a response, or of its schema, in its order.
        path: The path of the operation; empty if unknown.
    """
    segments = [plain_name(segment) for segment in path.split("/") if segment and "{" not in segment]
    count = len(arrays)
    arrays = [array for array in arrays if not array.steps or _is_no_error(array.steps[-1], segments)]
    has_errors = len(arrays) < count
    for array in arrays:
        if not array.steps or len(arrays) == 1:
            return array
        if plain_name(array.steps[-1]) in segments[-2:] and not is_search_name(array.steps[-1]):
            return array
    arrays = _without_notes(arrays, has_errors=has_errors) or arrays
    arrays = [array for array in arrays if array.may_hold_objects] or arrays
    outermost = min(map(_depth, arrays), default=0)
    level = [array for array in arrays if _depth(array) == outermost]
    with_ids = [array for array in level if array.has_ids]
    for some in (level, with_ids):
        if len(some) == 1:
            return some[0]
    named = _usual(with_ids or level)
    return tuple(with_ids or level) if named is None else named


def _without_notes(arrays: Sequence[_A], *, has_errors: bool) -> list[_A]:
    """Return the arrays without notes, links and other arrays that often occur beside the items.

    An array `messages` of objects contains the items if all other arrays have plain values and unusual names. It
    contains notes if the response also has errors, or if other arrays are further out.

    Args:
        has_errors: Whether the response also has an array of errors.
    """
    found = [array for array in arrays if array.steps[-1].lower() not in _BESIDE]
    if has_errors or any(array.may_hold_objects for array in found) or _usual(found) is not None:
        return found
    outermost = min(map(_depth, found), default=0)
    messages = [array for array in arrays if array.steps[-1].lower() == _MESSAGES and array.may_hold_objects]
    return [array for array in messages if _depth(array) >= outermost] or found


def _is_no_error(name: str, segments: Sequence[str]) -> bool:
    return name.lower() not in _ERRORS or plain_name(name) in segments[-1:]


def _depth(array: _Array) -> int:
    """Return the depth of an array, without counting the `_embedded` of HAL."""
    return len(array.steps) - (array.steps[0] == _EMBEDDED)


def _usual(arrays: Sequence[_A]) -> _A | None:
    for name in WRAPPERS:
        for array in arrays:
            if array.steps[-1].lower() == name:
                return array
    embedded = [array for array in arrays if array.steps[0] == _EMBEDDED]
    return embedded[0] if len(embedded) == 1 else None


def find_items(
    value: Any, known: KnownItems | None = None, *, path: str = "", is_list: bool = False
) -> Items | tuple[Items, ...]:
    """Return the items of a received response; if they are not clear, all candidates, which may be none.

    An array is a property of the object around it if that object has an `id`, or has text beside plain values. An
    object is a list by its keys if the document describes it so. Without a description, it is one if its members are
    objects with similar fields.

    Args:
        value: The JSON value of a response.
        known: The items according to the document; they have priority if the response has them.
        path: The path of the operation; empty if unknown.
        is_list: Whether the response is known to be a list. If so, any array may contain the items.
    """
    if known is not None and known.holder == "none":
        return ()
    arrays = list(_arrays(value, ()))
    if known is not None and known.holder == "array":
        for array in arrays:
            if array.steps == known.steps:
                return array
    keyed = _keyed(value, known)
    if keyed is not None:
        return keyed
    if not is_list:
        arrays = [array for array in arrays if not array.steps or _is_list(value, array)]
    return choose_array(arrays, path)


def items_at(value: Any, places: Items | tuple[Items, ...]) -> Items | tuple[Items, ...]:
    """Return the items at known locations in another copy of a response, parsed again."""
    if isinstance(places, tuple):
        return tuple(_items_at(value, place) for place in places)
    return _items_at(value, places)


def _items_at(value: Any, place: Items) -> Items:
    for step in place.steps:
        value = value.get(step) if isinstance(value, dict) else None
    return Items(place.steps, _keyed_rows(value) if place.is_keyed else value, place.is_keyed)


def _keyed(value: Any, known: KnownItems | None) -> Items | None:
    """Return the items of an object that is a list by its keys; None for any other value."""
    if known is not None and known.holder != "array":
        for step in known.steps:
            value = value.get(step) if isinstance(value, dict) else None
        is_list = known.holder == "object" and isinstance(value, dict)
        return Items(known.steps, _keyed_rows(value), True) if is_list else None
    if _is_keyed(value):
        return Items((), _keyed_rows(value), True)
    names = [name for name in WRAPPERS if isinstance(value, dict) and name in value]
    beside = [part for part in value.values() if isinstance(part, list)] if names else []
    if len(names) == 1 and not beside and _is_keyed(value[names[0]]):
        return Items((names[0],), _keyed_rows(value[names[0]]), True)
    return None


def _arrays(value: Any, steps: tuple[str, ...]) -> Iterator[Items]:
    """Yield the arrays of a response in its order, without those within other arrays."""
    if isinstance(value, list):
        yield Items(steps, value)
    elif isinstance(value, dict) and len(steps) < _DEEPEST:
        for key, child in value.items():
            yield from _arrays(child, (*steps, key))


def _is_list(value: Any, array: Items) -> bool:
    """Return whether an array contains items, instead of being a property of a single resource."""
    if array.steps[-1] in WRAPPERS or _EMBEDDED in array.steps[-2:-1]:
        return True
    for key in array.steps:
        if "id" in value:
            return False
        owner, value = value, value[key]
    has_text = any(isinstance(sibling, str) for sibling in owner.values())
    return not has_text or not array.values or isinstance(array.values[0], dict)


def items_of(body: Any, segment: str) -> list[Any]:
    """Return the items of a response: itself, the array with the name of the path, or another array in it.

    An object whose members are objects with similar fields is a list by its keys.

    Args:
        segment: The plain name of the last segment of the path.
    """
    if isinstance(body, list):
        return body
    if not isinstance(body, Mapping):
        return []
    if segment and _is_keyed(body):
        return list(body)
    arrays = _filled_arrays(body)
    for member in body.values():
        if isinstance(member, Mapping):
            arrays.extend(_filled_arrays(member))
    called_alike = [array for name, array in arrays if plain_name(name) == segment]
    keyed = [
        list(member)
        for name, member in body.items()
        if plain_name(str(name)) == segment and _is_keyed(member, 1)
    ]
    of_objects = [array for _, array in arrays if isinstance(array[0], Mapping)]
    return next(iter([*called_alike, *keyed, *of_objects, *(array for _, array in arrays)]), [])


def _is_keyed(value: Any, least: int = 2) -> bool:
    """Return whether a JSON value is a list by its keys: an object whose members are objects with similar fields.

    The members have at least half of their properties in common, with values of the same types.

    Args:
        least: Minimum number of members; an object with one member is more likely an envelope.
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
    """Return the JSON type of a value; empty for null, which matches any type."""
    if isinstance(value, Mapping | list | str | bool) or value is None:
        return "" if value is None else "object" if isinstance(value, Mapping) else type(value).__name__
    return "number"


def _keyed_rows(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a row for each member of an object that is a list by its keys, with the key in the first column.

    The name of the column is `key`, or `_key` if the members have another value with the name `key`. If a member is not
    an object, all members are in the column `value`.
    """
    members = [member for member in value.values() if member is not None]
    if not all(isinstance(member, Mapping) for member in members):
        return [{"key": key, "value": member} for key, member in value.items()]
    column = "key"
    while any(member is not None and member.get(column, key) != key for key, member in value.items()):
        column = f"_{column}"
    return [{column: key, **(member or {})} for key, member in value.items()]


def rows_of_columns(value: Any) -> list[dict[str, Any]] | None:
    """Return the rows of an object that stores a table by columns; None for any other value.

    It has an array of ids, and other arrays of the same length: `{"ids": ["a", "b"], "names": ["x", "y"]}`. An array
    with the names of other members is not a column. A column may be nested in another array.
    """
    if not isinstance(value, dict):
        return None
    arrays = {
        name: array
        for name, array in value.items()
        if isinstance(array, list) and not all(isinstance(item, str) and item in value for item in array)
    }
    ids = next((name for name in arrays if singular(name).lower() in ID_NAMES and name not in ID_NAMES), None)
    if ids is None:
        return None
    columns = {name: array for name, array in arrays.items() if len(array) == len(arrays[ids])}
    if all(len(array) == 1 and isinstance(array[0], list) for array in columns.values()):
        columns = {name: array[0] for name, array in columns.items() if len(array[0]) == len(columns[ids][0])}
    if len(columns) < 2 or not columns[ids] or not all(isinstance(item, str | int) for item in columns[ids]):
        return None
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def _filled_arrays(holder: Mapping[str, Any]) -> list[tuple[str, list[Any]]]:
    return [(str(name), value) for name, value in holder.items() if isinstance(value, list) and value]


def item_values(item: Any, parameter: Parameter, noun: str, fits: Fits) -> Iterator[Any]:
    """Yield the values of an item that a path parameter may take, the likeliest first.

    Args:
        noun: The noun for an item.
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
    """Return the plain names of the fields that an input may take from an item, the likeliest first.

    Args:
        name: The name of the input.
        description: Its description, as plain text.
        noun: The noun for an item; empty if unknown.
    """
    name = plain_name(name)
    # Below `/repos`, `{repo}` and `{repoId}` are ids of a repository, and `{owner}` is not.
    is_called_like_item = bool(noun) and (
        name.removeprefix(noun) in {"", *ID_ENDINGS}
        or (len(name) >= _SHORTEST_ABBREVIATION and noun.startswith(name))
    )
    has_id = is_called_like_item or name.endswith(ID_ENDINGS)
    described = [singular(word) for word in re.findall(r"\w+", description.lower())]
    # The description `Database name` shows that `{database}` is a name. An ending of the input's name has priority.
    order = [
        *(ending for ending in ID_ENDINGS if name.endswith(ending)),
        *(ending for ending in ID_ENDINGS if ending in described),
        *ID_ENDINGS,
    ]
    endings = dict.fromkeys(order) if has_id else {}
    # `{versionExpression}` below `/versions` takes the `version` of an item.
    own = [noun] if noun and name != noun and name.startswith(noun) else []
    return [name, noun + name, *(item for ending in endings for item in (ending, noun + ending)), *own]


def takes_id(value: ValueType) -> bool:
    """Return whether an input with the name of a resource, such as `project`, takes its id: a number or a UUID.

    Other text may be the name of the resource, or a part of its name.
    """
    return not value.enum and (value.type == "integer" or value.format == "uuid")


def fitting_value(value: Any, parameter: Parameter, fits: Fits) -> Any:
    """Return the value if a parameter accepts it, else its text if the parameter accepts that; else None."""
    if value is None or value == "" or isinstance(value, bool | Mapping | list):
        return None
    return next((item for item in (value, str(value)) if fits(parameter, item)), None)
