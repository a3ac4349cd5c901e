"""Turn errors of jsonschema-rs into dynacli's errors, with their locations in the document.

jsonschema-rs applies schemas literally. Some of its errors are not errors, or minor ones, as the author of the document
means it: properties that this direction of a message leaves out, null beside `nullable`, and values that fit a branch
except for minor errors.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from math import isinf
from typing import Any, NamedTuple

from dynacli.openapi.references import reference_of
from dynacli.openapi.schema.evaluation._formats import is_iso_duration
from dynacli.openapi.schema.evaluation._keyword_translations import ENTRY, NAMELESS, PATTERN, Origin
from dynacli.openapi.schema.evaluation.schema_error import SchemaError
from dynacli.openapi.schema.evaluation.translation import PlainSchema
from dynacli.openapi.schema.read_schema import mapping_of, says_nullable, types_of

_ALIASES = {
    "$ref": "$dynamicRef",
    "prefixItems": "items",
    "items": "additionalItems",
    "dependentRequired": "dependencies",
    "dependentSchemas": "dependencies",
    "multipleOf": "divisibleBy",
}
"""Keyword of the plain schema → the keyword that the document may have instead."""

_SAME_VALUE = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"})
_OF_MEMBERS = frozenset({"items", "additionalProperties", "unevaluatedItems", "unevaluatedProperties"})
_RANK, _PASSED = -1, -2
"""Positions for a step to a member of the value: the member's own position counts, or the position of its schema."""
_BY_NAME = frozenset({"properties", "patternProperties", "dependentSchemas"})
_BY_INDEX = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_TOO_LONG = "the pattern takes too long"
_MAX_EXPLAINED = 2_000
"""Maximum number of errors of branches that explain why no branch fits; other errors have no such explanation."""
_UNDECIDED = frozenset({"not", "then", "else", "contains", "unevaluatedProperties", "unevaluatedItems"})
"""Keywords without a result if a part of their schemas could not be evaluated."""
_MARKS = frozenset({"readOnly", "writeOnly"})
_OF_LISTS = frozenset({"minItems", "maxItems", "uniqueItems", "contains", "minContains", "maxContains"})
_OF_NAMES = frozenset({"additionalProperties", "unevaluatedProperties"})
_INDEX = re.compile(r"\+?0*([0-9]{1,20})", re.ASCII)
"""A name that jsonschema-rs (0.61) returns as a number, like an index."""
_MAX_PATHS = 20
"""Maximum number of paths to try that differ only in the spelling of names of digits: `7`, `007`."""
_WINDOW = 20
"""Number of items of a long list to explain at once, because jsonschema-rs collects all errors before the first."""


class _Place(NamedTuple):
    """The location of an error in the document.

    Args:
        steps: The steps from the root schema to the keyword, with `$ref` for each reference.
        order: The position of each step among its neighbours. -1 and -2 mean a step to a member of the value;
            for -1 the position of the member counts.
        schema: The schema with the keyword, as written in the document.
        same_value: That schema, and the schemas around it that describe the same value.
        tags: (property, branches, index) of the discriminators that chose a branch on the way.
        keywords: The steps that are keywords, not names or indexes.
    """

    steps: tuple[str | int, ...]
    order: tuple[int, ...]
    schema: Any
    same_value: tuple[Any, ...]
    tags: tuple[tuple[str, list[Any], int], ...]
    keywords: frozenset[str]


def _place_of_error(plain: PlainSchema, path: Sequence[str | int], in_value: Sequence[str | int]) -> _Place:
    """Return the location of an error in the document.

    Args:
        plain: The schema that was evaluated.
        path: The evaluation path of the error: keywords, names and indexes, with `$ref` for each reference.
        in_value: The path in the value.
    """
    walk = _Walk(plain, path, in_value)
    while walk.goes_on():
        pass
    return _Place(
        tuple(walk.steps),
        tuple(walk.order),
        walk.schema,
        tuple(walk.same_value),
        tuple(walk.tags),
        frozenset(walk.keywords),
    )


class _Walk:
    """A parallel walk through the plain schema and the document."""

    def __init__(self, plain: PlainSchema, path: Sequence[str | int], in_value: Sequence[str | int]) -> None:
        self._plain, self._path, self._in_value, self._index = plain, path, in_value, 0
        self._node: Any = None
        self.steps: list[str | int] = []
        self.order: list[int] = []
        self.schema: Any = None
        self.same_value: list[Any] = []
        self.tags: list[tuple[str, list[Any], int]] = []
        self.keywords: set[str] = set()
        self._enter(plain.root)

    def goes_on(self) -> bool:
        """Follow the next keyword, and return whether more may follow."""
        if self._index == len(self._path):
            return False
        key, node = str(self._path[self._index]), self._node
        self._index += 1
        origin = self._plain.origins.get(id(node), Origin())
        if origin.keyword:
            self._keyword(self._written_key(origin.keyword))
            return False
        if key == "$ref":
            number = node["$ref"].rpartition("/")[2]
            if number not in self._plain.inline and not origin.is_inline:
                self._keyword(self._written_key("$ref"))
            self._enter(self._plain.definitions[number])
            return True
        if origin.is_condition:
            self._enter_added(node[key])
            return True
        is_pattern = key == "format" and str(node[key]).startswith(PATTERN)
        written = "pattern" if is_pattern else self._written_key(key)
        if self._index == len(self._path):
            self._keyword(written)
            return False
        if key in _BY_NAME or key in _BY_INDEX:
            self._go_to_member(key, written, node)
        else:
            self._keyword(written)
            self._enter(node[key], is_same=key in _SAME_VALUE)
            self.order.extend([_RANK] if key in _OF_MEMBERS else [])
        return True

    def _go_to_member(self, key: str, written: str, node: Any) -> None:
        """Follow a keyword with several schemas to one of them."""
        members, name = node[key], self._path[self._index]
        self._index += 1
        if isinstance(name, int) and isinstance(members, dict):
            if key == "properties":
                name = self._in_value[sum(position < 0 for position in self.order)]
            else:
                name = _names_of_digits(members)[name][0]
        if key == "allOf" and id(members[name]) in self._plain.origins:
            self.order.append(len(node))
            self._enter_added(members[name])
            return
        self._keyword(written)
        if key == "patternProperties":
            self._step(self._plain.spellings.get(str(name), name), _RANK)
        else:
            position = list(members).index(name) if isinstance(members, dict) else int(name)
            self._step("" if name == NAMELESS else name, position)
            self.order.extend([_PASSED] if key not in _SAME_VALUE else [])
        self._enter(members[name], is_same=key in _SAME_VALUE)

    def _enter_added(self, node: Any) -> None:
        """Enter a part that translation added, and record the steps of its origin in the document."""
        self._enter(node)
        origin = self._plain.origins.get(id(node))
        if origin is not None:
            for step in origin.steps:
                self._step(step, step if isinstance(step, int) else 0)
            self.tags.extend([origin.tag] if origin.tag else [])

    def _step(self, step: str | int, position: int) -> None:
        self.steps.append(step)
        self.order.append(position)

    def _keyword(self, keyword: str) -> None:
        written = self.schema if isinstance(self.schema, dict) else {}
        self._step(keyword, list(written).index(keyword) if keyword in written else len(written))
        self.keywords.add(keyword)

    def _enter(self, node: Any, *, is_same: bool = True) -> None:
        self._node = node
        if not is_same:
            self.same_value.clear()
            self.schema = None
        if id(node) in self._plain.written:
            self.schema = self._plain.written[id(node)]
            self.same_value.append(self.schema)

    def _written_key(self, key: str) -> str:
        """Return the keyword of the document for a keyword of the plain schema."""
        written, alias = self.schema, _ALIASES.get(key)
        if alias is None or not isinstance(written, dict) or alias not in written:
            return key
        is_older = key == "items" and isinstance(written.get(key), list)
        return alias if is_older or key not in written else key


class Window(NamedTuple):
    """A part of a value that is explained at once, with only some items of long lists.

    Args:
        lists: The paths of the long lists in the value.
        start: The index of the first item of these lists in the part.
        is_whole: Whether the part has all items, to report only errors of the lists themselves.
    """

    lists: tuple[list[str | int], ...] = ()
    start: int = 0
    is_whole: bool = False


def windows_of(value: Any) -> Iterator[tuple[Any, Window]]:
    """Yield the value itself if it has no long lists; otherwise yield parts with some items of the lists."""
    lists = tuple(_long_lists(value, []))
    most = max((len(value_at(value, path)) for path in lists), default=1)
    for start in range(0, most, _WINDOW):
        part = value
        for path in lists:
            part = _replaced(part, path, value_at(value, path)[start : start + _WINDOW])
        yield part, Window(lists, start)


def _long_lists(value: Any, path: list[str | int]) -> Iterator[list[str | int]]:
    if isinstance(value, list) and len(value) > _WINDOW:
        yield path
    elif isinstance(value, dict | list):
        for step, below in value.items() if isinstance(value, dict) else enumerate(value):
            if isinstance(below, dict | list):
                yield from _long_lists(below, [*path, step])


def _replaced(value: Any, path: list[str | int], by: Any) -> Any:
    """Return a copy of a value with another value at a path."""
    if not path:
        return by
    step, *rest = path
    copy = value.copy()
    copy[step] = _replaced(value[step], rest, by)
    return copy


def value_at(value: Any, path: list[str | int]) -> Any:
    """Return the part of a value at a path of names and indexes."""
    for step in path:
        value = value[step]
    return value


def _names_of_digits(names: Iterable[str]) -> dict[int, list[str]]:
    """Return the names that look like an index in the paths of jsonschema-rs (0.61), by number: `7`, `007`, `+7`."""
    found: dict[int, list[str]] = {}
    for name in names:
        digits = _INDEX.fullmatch(name)
        if digits is not None:
            found.setdefault(int(digits[1]), []).append(name)
    return found


class ErrorBuilder:
    """Builds the errors of one value.

    Args:
        plain: The schema that evaluated the value.
        value: The value.
        names: The changed names of properties, as in `Prepared`.
        window: The part of the value that was evaluated.
        too_long: The patterns that took too long.
        evaluate: (schema, value) → the errors of the value.
        is_noted: Whether a part of the value could not be evaluated.

    Attributes:
        is_too_long: Whether an error was left out because too many alternatives were tried.
    """

    def __init__(
        self,
        plain: PlainSchema,
        value: Any,
        names: Mapping[str, str],
        window: Window,
        too_long: Collection[str],
        evaluate: Callable[[Any, Any], list[SchemaError]],
        *,
        is_noted: bool,
    ) -> None:
        self._plain, self._value, self._names_of, self._window = plain, value, names, window
        self._too_long, self._is_noted = too_long, is_noted
        self._evaluate = evaluate
        # The length of the path to the value of a branch, and the number of schemas around it for the same value.
        self._level = self._around = 0
        self._left = _MAX_EXPLAINED
        self._positions: dict[int, dict[str, int]] = {}
        self._digits: dict[int, dict[int, list[str]]] = {}
        self.is_too_long = False

    def errors(self, found: Iterable[Any]) -> list[SchemaError]:
        """Return dynacli's errors for errors of jsonschema-rs, each with the steps from the root."""
        errors: list[SchemaError] = []
        seen = set()
        for raw in found:
            for error in self._built(raw):
                name = error.instance if isinstance(error.instance, str) else None  # may be a property's name
                key = tuple(error.path), tuple(error.schema_path), error.validator, error.names, name
                if key not in seen:
                    seen.add(key)
                    errors.append(error)
        return errors

    def _built(self, raw: Any) -> Iterator[SchemaError]:
        evaluated, kind = raw.evaluation_path, type(raw.kind).__name__
        last = evaluated[-1] if evaluated else ""
        path = self._path_in_value(raw)
        place = _place_of_error(self._plain, evaluated, path)
        if place.steps[-1:] == (ENTRY,):
            self.is_too_long = True
            return
        is_undecided = not _UNDECIDED.isdisjoint(place.keywords) or kind == "OneOfMultipleValid"
        if self._is_noted and is_undecided:
            return
        if self._window.lists and not self._is_to_say(path, str(place.steps[-1]) if place.steps else ""):
            return
        instance = value_at(self._value, path)
        match kind:
            case "Not" if place.steps[-1] in _MARKS:
                # OpenAPI 3.0.4, "Schema Object": relevant only for properties, so report the error at the property.
                steps = place.steps[:-1]
                yield self._error(
                    place._replace(steps=steps), path, instance, str(place.steps[-1]), True, is_minor=True
                )
                return
            case "AnyOf" | "OneOfNotValid" | "OneOfMultipleValid":
                yield from self._of_branches(place, path, instance, raw.kind.context)
                return
            case "FalseSchema" if last == "items":
                yield self._error(place, path[:-1], value_at(self._value, path[:-1]), str(place.steps[-1]))
                return
            case "FalseSchema" | "AdditionalProperties" | "UnevaluatedProperties" if last in _OF_NAMES:
                names = self._names(place, instance, str(last), getattr(raw.kind, "unexpected", None))
                if not isinstance(place.schema.get(last), Mapping):
                    yield self._error(place, path, instance, str(last), names=names)
                    return
                for name in names:
                    yield from self._of_member(place, [*path, name], instance[name])
                return
            case "UnevaluatedItems":
                for index in _unevaluated(instance, raw.kind.unexpected):
                    if isinstance(place.schema.get(last), Mapping):
                        yield from self._of_member(place, [*path, index], instance[index])
                    else:
                        yield self._error(place, [*path, index], instance[index], str(last))
                return
            case "FalseSchema":
                yield self._error(place, path, instance, "")
                return
            case "Required":
                yield from self._of_missing(place, path, instance, self._name(raw.kind.property))
                return
            case "BacktrackLimitExceeded" | "RegexEngineFailure":
                yield self._error(place, path, instance, "pattern", message=_TOO_LONG)
                return
            case "PropertyNames":
                instance = self._name(raw.kind.error.instance)
        keyword = str(place.steps[-1])
        if keyword == "multipleOf" and isinstance(instance, float) and isinf(instance):
            return  # a number that is too large for Python counts as a multiple of any number
        names = _same_items(instance) if keyword == "uniqueItems" and isinstance(instance, list) else ()
        is_minor = (
            keyword == "format"
            and place.schema.get("format") == "duration"
            and is_iso_duration(str(instance))
        )
        is_too_long = keyword == "pattern" and place.schema.get(keyword) in self._too_long
        message = _TOO_LONG if is_too_long else ""
        yield self._error(place, path, instance, keyword, names=names, is_minor=is_minor, message=message)

    def _name(self, step: Any) -> Any:
        return self._names_of.get(step, step) if isinstance(step, str) else step

    def _path_in_value(self, raw: Any) -> list[str | int]:
        """Return the path of an error of jsonschema-rs in the whole value.

        Only the value shows whether a number is an index, or a name of digits.
        """
        paths = self._paths(self._value, raw.instance_path, [])
        first = next(paths)
        others = list(islice(paths, _MAX_PATHS))
        if not others:
            return first
        return next((path for path in [first, *others] if value_at(self._value, path) == raw.instance), first)

    def _paths(
        self, value: Any, steps: Sequence[str | int], before: list[str | int]
    ) -> Iterator[list[str | int]]:
        """Yield the paths in a part of the value that steps of jsonschema-rs may mean."""
        if not steps:
            yield before
            return
        step, *rest = steps
        if not isinstance(step, int):
            names: list[str | int] = [self._name(step)]
        elif isinstance(value, dict):
            known = self._digits.get(id(value))
            if known is None:
                known = self._digits[id(value)] = _names_of_digits(value)
            names = [*known.get(step, ())]
        else:
            is_cut = before in self._window.lists and not self._window.is_whole
            names = [step + self._window.start] if is_cut else [step]
        for name in names:
            is_there = name in value if isinstance(value, dict) else isinstance(value, list)
            if is_there:
                yield from self._paths(value[name], rest, [*before, name])

    def _is_to_say(self, path: list[str | int], keyword: str) -> bool:
        """Return whether an error belongs to the current window; other windows report the rest."""
        if keyword in _OF_LISTS and path in self._window.lists:
            return self._window.is_whole
        return not self._window.is_whole

    def _error(
        self,
        place: _Place,
        path: list[str | int],
        instance: Any,
        keyword: str,
        value: Any = None,
        *,
        is_minor: bool = False,
        **more: Any,
    ) -> SchemaError:
        schema = place.schema
        if value is None and keyword and isinstance(schema, Mapping):
            value = schema.get(keyword)
        # OpenAPI 3.0.4, "Schema Object": `nullable` adds null only to the `type` beside it. Authors who write it beside
        # a `$ref`, an `allOf` or an `enum` mean null, too.
        is_null_meant = (
            instance is None
            and self._plain.is_3_0
            and any(map(says_nullable, place.same_value[self._around if len(path) == self._level else 0 :]))
        )
        return SchemaError(
            keyword,
            value,
            instance,
            schema=schema,
            path=path,
            schema_path=place.steps,
            is_minor=is_minor or is_null_meant,
            tags=place.tags,
            order=self._order(place, path),
            **more,
        )

    def _order(self, place: _Place, path: list[str | int]) -> tuple[int, ...]:
        """Return the position of an error, from its keywords in the document and the members in the value."""
        value, steps, order = self._value, iter(path), list[int]()
        for position in place.order:
            if position >= 0:
                order.append(position)
                continue
            step = next(steps, None)
            if step is None:
                break
            if position == -1:
                order.append(step if isinstance(step, int) else self._position(value, step))
            value = value[step]
        return tuple(order)

    def _position(self, members: Mapping[str, Any], name: str) -> int:
        """Return the index of a member in an object; the indexes are stored, because many errors need them."""
        known = self._positions.setdefault(id(members), {})
        if not known:
            known.update((member, number) for number, member in enumerate(members))
        return known[name]

    def _below(
        self, steps: tuple[str | int, ...], place: _Place, path: list[str | int], found: list[SchemaError]
    ) -> Iterator[SchemaError]:
        """Yield errors that another schema found in a part of the value."""
        order = self._order(place, path)
        for error in found:
            error.path[:0] = path
            error.schema_path[:0] = steps
            error.order, error.tags = (*order, *error.order), (*place.tags, *error.tags)
            yield error

    def _of_branches(
        self, place: _Place, path: list[str | int], instance: Any, context: list[list[Any]]
    ) -> Iterator[SchemaError]:
        keyword, depth = str(place.steps[-1]), len(place.steps)
        is_too_long, self.is_too_long = self.is_too_long, False
        self._left -= sum(map(len, context))
        if self._left < 0:
            yield self._error(place, path, instance, keyword)
            return
        outer = self._level, self._around
        self._level, self._around = len(path), len(place.same_value)
        branches = [self.errors(branch) for branch in context]
        self._level, self._around = outer
        if self.is_too_long:
            return  # a branch that was not completely evaluated may fit
        self.is_too_long = is_too_long
        fitting = [index for index, errors in enumerate(branches) if not errors]
        if fitting and (keyword == "anyOf" or len(fitting) == 1):
            return  # a branch fits, because all its literal errors were discarded
        if fitting:
            # Overlapping branches are a minor error in requests: the server accepts a value that fits any branch.
            values = place.schema.get(keyword)
            names = tuple(_name_of(values[index], index) for index in fitting)
            is_minor = self._plain.direction == "request" or self._is_integer_of_both(
                instance, [values[index] for index in fitting]
            )
            yield self._error(place, path, instance, keyword, names=names, is_minor=is_minor)
            return
        nearly = next((errors for errors in branches if all(error.is_minor for error in errors)), None)
        if nearly is not None:
            yield from nearly
            return
        for error in (error for errors in branches for error in errors):
            del error.path[: len(path)], error.schema_path[:depth]
            error.tags = error.tags[len(place.tags) :]
        flat = [error for errors in branches for error in errors]
        yield self._error(place, path, instance, keyword, context=flat)

    def _is_integer_of_both(self, instance: Any, branches: list[Any]) -> bool:
        """Return whether a number fits one branch of integers, and other branches because an integer is a number."""
        if instance is None or isinstance(instance, bool | str | list | Mapping):
            return False
        kinds = [
            {kind for part in self._plain.applied(branch) for kind in types_of(part)} for branch in branches
        ]
        integers = [found for found in kinds if "number" not in found]
        return all({"integer", "number"} & found for found in kinds) and len(integers) == 1

    def _names(self, place: _Place, instance: Any, keyword: str, names: list[str] | None) -> tuple[str, ...]:
        """Return the names of the properties that are not allowed, in the order of the value.

        Unevaluated properties that a schema describes are left out, because their errors are reported already.
        """
        if not isinstance(instance, Mapping):
            return ()
        # jsonschema-rs returns no names if the schema lists no properties, and sorts them otherwise.
        unexpected = set(instance) if names is None else set(map(self._name, names))
        if keyword == "unevaluatedProperties":
            for part in self._plain.applied(place.schema):
                unexpected.difference_update(mapping_of(part, "properties"))
        return tuple(name for name in instance if name in unexpected)

    def _of_member(self, place: _Place, path: list[str | int], value: Any) -> Iterator[SchemaError]:
        """Yield the errors of an additional or unevaluated member, because jsonschema-rs does not report them."""
        keyword = place.steps[-1]
        yield from self._below(place.steps, place, path, self._evaluate(place.schema[keyword], value))

    def _of_missing(
        self, place: _Place, path: list[str | int], instance: Any, name: str
    ) -> Iterator[SchemaError]:
        keyword = str(place.steps[-1])
        if keyword != "required":
            yield self._error(place, path, instance, keyword)
            return
        # One schema may require a property that another schema marks as left out in this direction.
        for schema in place.same_value:
            for part in self._plain.applied(schema):
                if self._plain.is_hidden(mapping_of(part, "properties").get(name)):
                    return
        yield self._error(place, path, instance, keyword, names=(name,))


def _name_of(branch: Any, index: int) -> str:
    ref = reference_of(branch)
    return f"`{ref.rpartition('/')[2]}`" if ref is not None else f"alternative {index + 1}"


def _same_items(items: list[Any]) -> tuple[str, ...]:
    """Return the indexes of the first two equal items."""
    seen: dict[Any, int] = {}
    for index, item in enumerate(items):
        first = seen.setdefault(_identity(item), index)
        if first != index:
            return str(first), str(index)
    return ()


def _identity(value: Any) -> Any:
    """Return a hashable key that is the same only for equal JSON values: 1 equals 1.0, but not `true`."""
    if isinstance(value, bool) or value is None:
        return (value is None, value, None)
    if isinstance(value, list):
        return tuple(map(_identity, value))
    if isinstance(value, dict):
        return frozenset((name, _identity(member)) for name, member in value.items())
    return value


def _unevaluated(items: list[Any], texts: list[str]) -> list[int]:
    """Return the indexes of the items that no keyword evaluates, because jsonschema-rs returns only their texts."""
    import json

    left = Counter(json.dumps(json.loads(text), sort_keys=True) for text in texts)
    found = []
    for index in range(len(items) - 1, -1, -1):  # unevaluated items are usually at the end
        text = json.dumps(items[index], sort_keys=True)
        if left[text] > 0:
            left[text] -= 1
            found.append(index)
    return found[::-1]
