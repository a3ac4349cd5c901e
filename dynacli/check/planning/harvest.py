"""What earlier answers give to later calls: ids of collections, values that links name, fields by their names."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from dynacli.check.check_records import Exchange, Value
from dynacli.check.planning.call_order import placeholders, prefix_of, template
from dynacli.model.media_types import essence, is_json
from dynacli.model.operation import Operation, Parameter

__all__ = ["Fits", "Harvest", "is_called_like_an_id", "read_json", "singular", "value_of_item"]

Fits = Callable[[Parameter, Any], bool]

_MOST_NODES = 5_000
_MOST_OF_A_NAME = 5
_MOST_ITEMS = 20
_MOST_RECORDS = 5
_ENDINGS = ("id", "uuid", "key", "slug", "name", "number", "code")
_SEARCHING = ("find", "search", "list", "get", "all")
_LEAST_ABBREVIATION = 3
_GENERAL = frozenset(
    {
        *_ENDINGS,
        *(
            "type",
            "kind",
            "status",
            "state",
            "version",
            "value",
            "title",
            "date",
            "data",
            "description",
            "message",
        ),
        *(
            "url",
            "uri",
            "href",
            "link",
            "path",
            "method",
            "origin",
            "text",
            "content",
            "format",
            "language",
            "lang",
        ),
        *(
            "q",
            "query",
            "search",
            "filter",
            "fields",
            "sort",
            "order",
            "from",
            "to",
            "start",
            "end",
            "since",
            "until",
        ),
        *(
            "page",
            "perpage",
            "pagesize",
            "size",
            "limit",
            "offset",
            "cursor",
            "next",
            "count",
            "total",
            "first",
        ),
    }
)
"""A field of such a name, somewhere in an answer, says nothing of what it names."""


class _Record(NamedTuple):
    """An answer that lists something.

    Args:
        operation: Whose.
        path: The values of the path that was asked for, in order.
        items: What it lists.
        noun: What an item is called, as far as the path says so.
    """

    operation: str
    path: tuple[Any, ...]
    items: list[Any]
    noun: str


class Harvest:
    """What is known from answers, in the order in which they came."""

    def __init__(self) -> None:
        self._records: dict[str, list[_Record]] = {}
        self._nearby: dict[str, list[_Record]] = {}
        self._fields: dict[str, list[tuple[Any, str]]] = {}
        self._linked: dict[str, list[tuple[Value, ...]]] = {}

    def take(self, operation: Operation, exchange: Exchange) -> None:
        """Take what a good answer holds."""
        body = read_json(exchange)
        if body is None:
            return
        given = {one.name: one.value for one in exchange.planned.values if one.location == "path"}
        names = placeholders(operation.path)
        place = template(operation.path)
        last = place.rpartition("/")[2]
        items = _items(body, _plain(last))
        if items and all(name in given for name in names):
            record = _Record(operation.name, tuple(given[name] for name in names), items, singular(last))
            _keep(self._records, place.removesuffix("/"), record)
            above = place.removesuffix("/").rpartition("/")[0]
            if above and not place.endswith("}") and not _is_other_collection(last):
                # `/pets/findByStatus` lists what `/pets/{id}` is about, as `/pets` would; `/pets/tags` does not.
                _keep(self._nearby, above, record._replace(noun=singular(above.rpartition("/")[2])))
        for name, value in _fields(body, singular(last)):
            values = self._fields.setdefault(name, [])
            if len(values) < _MOST_OF_A_NAME and all(value != other for other, _ in values):
                values.append((value, operation.name))

    def take_link(self, target: str, values: tuple[Value, ...]) -> None:
        """Take what a link of an answer puts into another operation."""
        known = self._linked.setdefault(target, [])
        if len(known) < _MOST_RECORDS and values not in known:
            known.append(values)

    def linked(self, operation: str) -> list[tuple[Value, ...]]:
        """Return the values that links have for an operation, a set for each answer."""
        return self._linked.get(operation, [])

    def of_path(self, operation: Operation, fits: Fits) -> Iterator[tuple[Value, ...]]:
        """Yield values for an operation's path that belong together: an item, and the path of its collection."""
        names = placeholders(operation.path)
        parameters = {one.name: one for one in operation.parameters if one.location == "path"}
        for index in reversed(range(len(names))):
            if names[index] not in parameters:
                continue
            prefix = prefix_of(operation.path, index)
            for record in (*self._records.get(prefix, ()), *self._nearby.get(prefix, ())):
                for item in record.items[:_MOST_ITEMS]:
                    value = value_of_item(item, parameters[names[index]], record.noun, fits)
                    if value is not None:
                        known = zip(names, (*record.path, value), strict=False)
                        yield tuple(
                            Value("path", name, one, "answer", record.operation) for name, one in known
                        )

    def named(self, parameter: Parameter, fits: Fits) -> Iterator[Value]:
        """Yield values of fields that are called like a parameter, wherever they were seen.

        A number is only taken where the name is that of an id: any other one is an amount, and who knows of what.
        """
        name = _plain(parameter.name)
        if name in _GENERAL:
            return
        for value, operation in self._fields.get(name, ()):
            if not isinstance(value, str) and not is_called_like_an_id(parameter.name):
                continue
            found = _fitting(value, parameter, fits)
            if found is not None:
                yield Value(parameter.location, parameter.name, found, "answer", operation)


def read_json(exchange: Exchange) -> Any:
    """Return the JSON value of a successful answer; None where there is none."""
    answer = exchange.answer
    if (
        answer is None
        or not 200 <= answer.status < 300
        or not is_json(essence(answer.header("content-type")))
    ):
        return None
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        return None


def is_called_like_an_id(name: str) -> bool:
    """Return whether what is called so names one thing."""
    return _plain(name).endswith(_ENDINGS)


def _keep(records: dict[str, list[_Record]], place: str, record: _Record) -> None:
    known = records.setdefault(place, [])
    if len(known) < _MOST_RECORDS:
        known.append(record)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def singular(name: str) -> str:
    """Return what one of something is called, in lower case: `thing` of `/Things`."""
    plain = _plain(name)
    if plain.endswith("ies"):
        return plain[:-3] + "y"
    if plain.endswith(("sses", "xes", "ches", "shes")):
        return plain[:-2]
    return plain[:-1] if plain.endswith("s") and not plain.endswith("ss") else plain


def _is_other_collection(segment: str) -> bool:
    """Return whether a part of a path names things of its own, and does not say which of the things before it."""
    plain = _plain(segment)
    return singular(segment) != plain and not plain.startswith(_SEARCHING) and "by" not in plain


def _items(body: Any, last: str) -> list[Any]:
    """Return what an answer lists: itself, or the array in it that is called like the path, or the first one."""
    if isinstance(body, list):
        return body
    if not isinstance(body, Mapping):
        return []
    arrays = [(key, value) for key, value in body.items() if isinstance(value, list) and value]
    for inner in body.values():
        if isinstance(inner, Mapping):
            arrays.extend((key, value) for key, value in inner.items() if isinstance(value, list) and value)
    called = [value for key, value in arrays if _plain(str(key)) == last]
    of_objects = [value for _, value in arrays if isinstance(value[0], Mapping)]
    return next(iter([*called, *of_objects, *(value for _, value in arrays)]), [])


def _fields(body: Any, noun: str) -> Iterator[tuple[str, Any]]:
    """Yield the plain values of an answer by their names, alone and behind what they belong to."""
    waiting = [(body, noun)]
    for _ in range(_MOST_NODES):
        if not waiting:
            return
        here, owner = waiting.pop(0)
        if isinstance(here, Mapping):
            for key, value in here.items():
                name = _plain(str(key))
                if isinstance(value, Mapping | list):
                    waiting.append((value, singular(str(key))))
                elif isinstance(value, str | int | float) and not isinstance(value, bool):
                    yield name, value
                    if name in _ENDINGS:
                        yield owner + name, value
        elif isinstance(here, list):
            waiting.extend((value, owner) for value in here[:_MOST_ITEMS])


def value_of_item(item: Any, parameter: Parameter, noun: str, fits: Fits) -> Any:
    """Return the value by which a path names an item; None where it has none.

    Args:
        noun: What an item is called.
    """
    if not isinstance(item, Mapping):
        return _fitting(item, parameter, fits)
    fields = {_plain(str(key)): value for key, value in reversed(list(item.items()))}
    wanted = _plain(parameter.name)
    # `{owner}` below `/repos` is no id of a repository, `{repo}` and `{repoId}` are; `{n}` below `/nodes` is none.
    is_its_own = bool(noun) and (
        wanted.removeprefix(noun) in {"", *_ENDINGS}
        or (len(wanted) >= _LEAST_ABBREVIATION and noun.startswith(wanted))
    )
    is_named = wanted.endswith(_ENDINGS)
    endings = sorted(_ENDINGS, key=lambda one: not wanted.endswith(one)) if is_its_own or is_named else ()
    for name in (wanted, noun + wanted, *(name for one in endings for name in (one, noun + one))):
        value = _fitting(fields.get(name), parameter, fits)
        if value is not None:
            return value
    return None


def _fitting(value: Any, parameter: Parameter, fits: Fits) -> Any:
    """Return a value that a parameter takes, a number as text where it takes text; None where it is none."""
    if value is None or value == "" or isinstance(value, bool | Mapping | list):
        return None
    return next((one for one in (value, str(value)) if fits(parameter, one)), None)
