"""The values that earlier answers give to later calls: ids of a collection's items, links, fields of the same name."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from dynacli.check.check_records import Exchange, InputValue
from dynacli.check.planning.field_names import (
    GENERAL_NAMES,
    ID_ENDINGS,
    is_id_name,
    plain_name,
    singular,
)
from dynacli.check.planning.parameter_schemas import Fits, ParameterSchemas
from dynacli.check.planning.path_templates import collection_template, parameter_names, path_template
from dynacli.client.described_operation import DescribedOperation
from dynacli.model.operation import Operation, Parameter

__all__ = ["AnswerValues", "item_value"]

_MAX_NODES = 5_000
_MAX_VALUES_OF_A_NAME = 5
_MAX_ITEMS = 20
_MAX_LISTS = 5
_SEARCH_VERBS = ("find", "search", "list", "get", "all")
_SHORTEST_ABBREVIATION = 3


class _ItemList(NamedTuple):
    """The items that an answer lists.

    Args:
        operation_name: The operation that answered.
        path_values: The values of the path that was asked for, in order.
        items: The items.
        noun: What an item is called, as far as the path says so.
    """

    operation_name: str
    path_values: tuple[Any, ...]
    items: list[Any]
    noun: str


class AnswerValues:
    """The values of the answers so far, in the order in which they came."""

    def __init__(self) -> None:
        self._lists: dict[str, list[_ItemList]] = {}
        self._nearby_lists: dict[str, list[_ItemList]] = {}
        self._fields: dict[str, list[tuple[Any, str]]] = {}
        self._links: dict[str, list[tuple[InputValue, ...]]] = {}

    def add_answer(self, operation: Operation, exchange: Exchange) -> None:
        """Keep the values of a successful answer."""
        body = exchange.answer_json()
        if body is None:
            return
        sent = exchange.planned.path_values
        names = parameter_names(operation.path)
        template = path_template(operation.path)
        segment = template.rpartition("/")[2]
        items = _items_of(body, plain_name(segment))
        if items and all(name in sent for name in names):
            found = _ItemList(operation.name, tuple(sent[name] for name in names), items, singular(segment))
            collection = template.removesuffix("/")
            _keep(self._lists, collection, found)
            above = collection.rpartition("/")[0]
            if above and not template.endswith("}") and not _is_other_collection(segment):
                # `/pets/findByStatus` lists the resources of `/pets/{id}`, as `/pets` would; `/pets/tags` does not.
                _keep(self._nearby_lists, above, found._replace(noun=singular(above.rpartition("/")[2])))
        for name, value in _plain_fields(body, singular(segment)):
            values = self._fields.setdefault(name, [])
            if len(values) < _MAX_VALUES_OF_A_NAME and all(value != other for other, _ in values):
                values.append((value, operation.name))

    def add_link(self, target: str, values: tuple[InputValue, ...]) -> None:
        """Keep the values that a link of an answer has for another operation."""
        known = self._links.setdefault(target, [])
        if len(known) < _MAX_LISTS and values not in known:
            known.append(values)

    def from_links(self, operation_name: str) -> list[tuple[InputValue, ...]]:
        """Return the values that links have for an operation, a set for each answer."""
        return self._links.get(operation_name, [])

    def for_path(self, operation: Operation, fits: Fits) -> Iterator[tuple[InputValue, ...]]:
        """Yield values for an operation's path that belong together: an item, and the path of its collection."""
        names = parameter_names(operation.path)
        parameters = {
            parameter.name: parameter for parameter in operation.parameters if parameter.location == "path"
        }
        for index in reversed(range(len(names))):
            if names[index] not in parameters:
                continue
            collection = collection_template(operation.path, index)
            for found in (*self._lists.get(collection, ()), *self._nearby_lists.get(collection, ())):
                for item in found.items[:_MAX_ITEMS]:
                    value = item_value(item, parameters[names[index]], found.noun, fits)
                    if value is not None:
                        path_values = zip(names, (*found.path_values, value), strict=False)
                        yield tuple(
                            InputValue("path", name, each, "answer", found.operation_name)
                            for name, each in path_values
                        )

    def from_fields(self, parameter: Parameter, fits: Fits) -> Iterator[InputValue]:
        """Yield the values of fields that are called like a parameter, wherever they were seen.

        A number is taken only where the name is that of an id: any other number is an amount of something unknown.
        """
        name = plain_name(parameter.name)
        if name in GENERAL_NAMES:
            return
        for value, source in self._fields.get(name, ()):
            if not isinstance(value, str) and not is_id_name(parameter.name):
                continue
            fitting = _fitting(value, parameter, fits)
            if fitting is not None:
                yield InputValue(parameter.location, parameter.name, fitting, "answer", source)

    def known_ids(self, operations: Iterable[DescribedOperation]) -> set[str]:
        """Return the ids at the end of the operations' paths that earlier answers listed."""
        ids: set[str] = set()
        for described in operations:
            names = parameter_names(described.operation.path)
            found = self.for_path(described.operation, ParameterSchemas(described).fits)
            ids.update(str(values[-1].value) for values in found if len(values) == len(names))
        return ids


def _keep(lists: dict[str, list[_ItemList]], collection: str, found: _ItemList) -> None:
    known = lists.setdefault(collection, [])
    if len(known) < _MAX_LISTS:
        known.append(found)


def _is_other_collection(segment: str) -> bool:
    """Return whether the last segment of a path names a collection of its own, instead of choosing from one."""
    plain = plain_name(segment)
    return singular(segment) != plain and not plain.startswith(_SEARCH_VERBS) and "by" not in plain


def _items_of(body: Any, segment: str) -> list[Any]:
    """Return what an answer lists: itself, the array in it that is called like the path, or another array in it.

    Args:
        segment: The plain name of the last segment of the path.
    """
    if isinstance(body, list):
        return body
    if not isinstance(body, Mapping):
        return []
    arrays = _filled_arrays(body)
    for member in body.values():
        if isinstance(member, Mapping):
            arrays.extend(_filled_arrays(member))
    called_alike = [array for name, array in arrays if plain_name(name) == segment]
    of_objects = [array for _, array in arrays if isinstance(array[0], Mapping)]
    return next(iter([*called_alike, *of_objects, *(array for _, array in arrays)]), [])


def _filled_arrays(holder: Mapping[str, Any]) -> list[tuple[str, list[Any]]]:
    return [(str(name), value) for name, value in holder.items() if isinstance(value, list) and value]


def _plain_fields(body: Any, noun: str) -> Iterator[tuple[str, Any]]:
    """Yield the texts and numbers in an answer by their plain names; those of `id` and the like by `runid`, too.

    Args:
        noun: What an item of the answer is called.
    """
    waiting = [(body, noun)]
    for _ in range(_MAX_NODES):
        if not waiting:
            return
        node, owner = waiting.pop(0)
        if isinstance(node, Mapping):
            for key, value in node.items():
                name = plain_name(str(key))
                if isinstance(value, Mapping | list):
                    waiting.append((value, singular(str(key))))
                elif isinstance(value, str | int | float) and not isinstance(value, bool):
                    yield name, value
                    if name in ID_ENDINGS:
                        yield owner + name, value
        elif isinstance(node, list):
            waiting.extend((value, owner) for value in node[:_MAX_ITEMS])


def item_value(item: Any, parameter: Parameter, noun: str, fits: Fits) -> Any:
    """Return the value by which a path parameter names an item; None where the item has none.

    Args:
        noun: What an item is called.
    """
    if not isinstance(item, Mapping):
        return _fitting(item, parameter, fits)
    fields = {plain_name(str(key)): value for key, value in reversed(list(item.items()))}
    name = plain_name(parameter.name)
    # `{owner}` below `/repos` is no id of a repository, `{repo}` and `{repoId}` are; `{n}` below `/nodes` is none.
    is_called_like_item = bool(noun) and (
        name.removeprefix(noun) in {"", *ID_ENDINGS}
        or (len(name) >= _SHORTEST_ABBREVIATION and noun.startswith(name))
    )
    has_id = is_called_like_item or name.endswith(ID_ENDINGS)
    endings = sorted(ID_ENDINGS, key=lambda ending: not name.endswith(ending)) if has_id else ()
    for field in (name, noun + name, *(each for ending in endings for each in (ending, noun + ending))):
        value = _fitting(fields.get(field), parameter, fits)
        if value is not None:
            return value
    return None


def _fitting(value: Any, parameter: Parameter, fits: Fits) -> Any:
    """Return a value that a parameter takes, a number as text where it takes text; None where it takes neither."""
    if value is None or value == "" or isinstance(value, bool | Mapping | list):
        return None
    return next((each for each in (value, str(value)) if fits(parameter, each)), None)
