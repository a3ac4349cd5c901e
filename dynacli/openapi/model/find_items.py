"""The items of a list within a response: its pages are merged by them, and they are the rows of tables.

Which values of an item paths name it by is guessed from names and shapes alone.
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
"""The names under which responses usually keep their items, the likeliest first."""
ID_NAMES = frozenset({"id", "_id", "uuid", "key", "sid", "guid"})
"""The names of fields that are ids, in lower case."""
_EMBEDDED = "_embedded"
"""The object of HAL under which each array holds items (draft-kelly-json-hal, section 4.1.2)."""
_BESIDE = frozenset(
    (
        *("messages", "notices", "links", "included", "meta", "metadata", "response_metadata", "facets"),
        *("schemas", "paging", "pagination"),
    )
)
"""What arrays are called that often stand beside the items."""
_MESSAGES = "messages"
"""What an API calls its notes to the caller, and what a chat or a mailbox lists."""
_ERRORS = frozenset(("errors", "warnings"))
"""What arrays are called that are never items, unless the path is called so."""
_DEEPEST = 4

if TYPE_CHECKING:  # a protocol takes long to make

    class _Array(Protocol):
        """An array within a response, as the response or its schema shows it."""

        @property
        def steps(self) -> tuple[str, ...]:
            """The keys that lead to it; none if the response itself is the array."""

        @property
        def may_hold_objects(self) -> bool:
            """Whether its items are objects, or nothing says what they are."""

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
"""Plain names of members that hold what a response is about, and do not say what it is."""
_SHORTEST_ABBREVIATION = 3


Fits = Callable[[Parameter, Any], bool]
"""Whether a parameter takes a value."""


@record
class Items:
    """An array, or an object that is a list by its keys, within a response that came.

    Args:
        steps: The keys that lead to it; none if the response itself is the array.
        values: The array, or the rows of the object.
        is_keyed: Whether it is an object.
    """

    steps: tuple[str, ...]
    values: list[Any]
    is_keyed: bool = False

    @property
    def may_hold_objects(self) -> bool:
        """Whether the items are objects, or there are none."""
        return not self.values or self.values[0] is None or isinstance(self.values[0], dict)

    @property
    def has_ids(self) -> bool:
        """Whether the items have an id."""
        first = self.values[0] if self.values else None
        return isinstance(first, dict) and not ID_NAMES.isdisjoint(map(str.lower, first))


@record
class KnownItems:
    """What a document says of the items of a response.

    Args:
        steps: The keys that lead to them.
        names: The names of their fields, in the order of the document.
        holder: `array`; `object` if they are members of an object that is a list by its keys; `none` if the response
            is one thing, whatever arrays it has; empty if it has named properties, and the document does not say
            whether one of them is a list.
    """

    steps: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    holder: str = "array"


def choose_array(arrays: Sequence[_A], path: str = "") -> _A | tuple[_A, ...]:
    """Return the array that holds the items; else all that may be it, which are none if there is no array.

    It is the only array; else the one that the path is called by; else the one whose items have an id; else the one
    that is called as such arrays are. An array of objects goes before others, and an outer one before an inner one.

    Args:
        arrays: The arrays of a response, or of its schema, in its order.
        path: The path of the operation; empty if it is not known.
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
    """Return the arrays without those that stand beside the items.

    Messages that are objects are the items if all else is plain values that are called like nothing in
    particular; next to errors, or further out than the rest, they are notes.

    Args:
        has_errors: Whether the response has an array of errors, too.
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
    """Return how deep an array is; the object of HAL is only a place for it."""
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
    """Return the items of a response that came; else all arrays that may be them, which may be none.

    An array of something that has an `id` of its own, or of plain values beside text, is a property of that something.
    An object is a list by its keys if the document says so; else if its members are objects of one shape, unless the
    document describes a single thing.

    Args:
        value: The JSON value of a response.
        known: What the document says, which goes before everything else if the response agrees with it.
        path: The path of the operation; empty if it is not known.
        is_list: Whether the response is known to be a list, so that its only array holds the items, whatever is
            beside it.
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
    """Return the items of a response that were found before, of another reading of its value."""
    if isinstance(places, tuple):
        return tuple(_items_at(value, place) for place in places)
    return _items_at(value, places)


def _items_at(value: Any, place: Items) -> Items:
    for step in place.steps:
        value = value.get(step) if isinstance(value, dict) else None
    return Items(place.steps, _keyed_rows(value) if place.is_keyed else value, place.is_keyed)


def _keyed(value: Any, known: KnownItems | None) -> Items | None:
    """Return the items of an object that is a list by its keys; None if it is none."""
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
    """Return whether an array holds items, and is not a property of one thing."""
    if array.steps[-1] in WRAPPERS or _EMBEDDED in array.steps[-2:-1]:
        return True
    for key in array.steps:
        if "id" in value:
            return False
        owner, value = value, value[key]
    has_text = any(isinstance(sibling, str) for sibling in owner.values())
    return not has_text or not array.values or isinstance(array.values[0], dict)


def items_of(body: Any, segment: str) -> list[Any]:
    """Return what a response lists: itself, the array in it that is called like the path, or another array in it.

    An object whose members are objects of one kind is a list by its keys.

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


def _keyed_rows(value: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a row for each member of an object that is a list by its keys, with the key in the first column.

    The column is called `key`, and `_key` if the members have another value of that name. A member that is not an
    object stands in the column `value`.
    """
    members = [member for member in value.values() if member is not None]
    if not all(isinstance(member, Mapping) for member in members):
        return [{"key": key, "value": member} for key, member in value.items()]
    column = "key"
    while any(member is not None and member.get(column, key) != key for key, member in value.items()):
        column = f"_{column}"
    return [{column: key, **(member or {})} for key, member in value.items()]


def rows_of_columns(value: Any) -> list[dict[str, Any]] | None:
    """Return the rows of an object that has them by columns; None if it has none.

    It has an array of ids, and others of the same length beside it: `{"ids": ["a", "b"], "names": ["x", "y"]}`. An
    array that names its neighbours is left out. If each column is an array of one array, these are the columns.
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
        noun: What an item is called; empty if that is not known.
    """
    name = plain_name(name)
    # `{owner}` below `/repos` is not an id of a repository, `{repo}` and `{repoId}` are; `{n}` below `/nodes` is none.
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
    # `{versionExpression}` below `/versions` takes the `version` of an item.
    own = [noun] if noun and name != noun and name.startswith(noun) else []
    return [name, noun + name, *(item for ending in endings for item in (ending, noun + ending)), *own]


def takes_id(value: ValueType) -> bool:
    """Return whether an input that is called like a thing takes the id of one: `project` takes a number or a UUID.

    A text may be its name, or a part of it.
    """
    return not value.enum and (value.type == "integer" or value.format == "uuid")


def fitting_value(value: Any, parameter: Parameter, fits: Fits) -> Any:
    """Return a value that a parameter takes, a number as text if it takes text; None if it takes neither."""
    if value is None or value == "" or isinstance(value, bool | Mapping | list):
        return None
    return next((item for item in (value, str(value)) if fits(parameter, item)), None)
