"""Building our errors of those of jsonschema-rs: with their place in the document, and as its author means it.

jsonschema-rs says what is wrong to the letter. Some of it is not an error, or a minor one: what this direction of a
message leaves out, null beside `nullable`, and a branch that a value fits but for minor errors.
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
"""Keyword of the plain form → the keyword that the document may have instead."""

_SAME_VALUE = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"})
_OF_MEMBERS = frozenset({"items", "additionalProperties", "unevaluatedItems", "unevaluatedProperties"})
_RANK, _PASSED = -1, -2
"""Positions that stand for a step to a member of the value: by the member's own position, or by that of its schema."""
_BY_NAME = frozenset({"properties", "patternProperties", "dependentSchemas"})
_BY_INDEX = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_TOO_LONG = "the pattern takes too long"
_MAX_EXPLAINED = 2_000
"""By how many errors of branches is explained why none of them fits; the others are reported without a reason."""
_UNDECIDED = frozenset({"not", "then", "else", "contains", "unevaluatedProperties", "unevaluatedItems"})
"""Keywords that say nothing if a part of what they apply could not be evaluated."""
_MARKS = frozenset({"readOnly", "writeOnly"})
_OF_LISTS = frozenset({"minItems", "maxItems", "uniqueItems", "contains", "minContains", "maxContains"})
_OF_NAMES = frozenset({"additionalProperties", "unevaluatedProperties"})
_INDEX = re.compile(r"\+?0*([0-9]{1,20})", re.ASCII)
"""A name that jsonschema-rs (0.61) gives as a number, so that it looks like an index."""
_MAX_PATHS = 20
"""How many paths are tried that differ only in how names of digits are written: `7`, `007`."""
_WINDOW = 20
"""How many items of a long list are explained at once: jsonschema-rs makes all errors before it gives the first."""


class _Place(NamedTuple):
    """The place of an error in the document.

    Args:
        steps: The steps from the root schema to the keyword, with `$ref` for each reference.
        order: The position of each step among its neighbours. -1 and -2 stand for a step to a member of the value;
            -1 says that the position of the member counts.
        schema: The schema that has the keyword, as the document has it.
        same_value: That schema, and those around it that describe the same value.
        tags: (property, branches, index) of the discriminators that chose a branch on the way.
        keywords: Those of the steps that are keywords, and not names or indexes.
    """

    steps: tuple[str | int, ...]
    order: tuple[int, ...]
    schema: Any
    same_value: tuple[Any, ...]
    tags: tuple[tuple[str, list[Any], int], ...]
    keywords: frozenset[str]


def _place_of_error(plain: PlainSchema, path: Sequence[str | int], in_value: Sequence[str | int]) -> _Place:
    """Return the place in the document of an error.

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
    """The way through the plain form and the document at once."""

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
        """Go one keyword further, and return whether there may be more."""
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
        """Go to one of the schemas of a keyword that has several."""
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
        """Enter a part that the document does not have, and take the steps that it stands for."""
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
        """Return the keyword of the document that a keyword of the plain form stands for."""
        written, alias = self.schema, _ALIASES.get(key)
        if alias is None or not isinstance(written, dict) or alias not in written:
            return key
        is_older = key == "items" and isinstance(written.get(key), list)
        return alias if is_older or key not in written else key


class Window(NamedTuple):
    """The part of a value that is explained at once.

    Args:
        lists: The paths of the long lists of the value, which has only some of their items.
        start: The index of the first of these items.
        is_whole: Whether it has all of them, and only errors of the lists themselves are asked for.
    """

    lists: tuple[list[str | int], ...] = ()
    start: int = 0
    is_whole: bool = False


def windows_of(value: Any) -> Iterator[tuple[Any, Window]]:
    """Yield the parts of a value: the value itself if it has no long lists, else some of their items at a time."""
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
    """Return a value that has another one at a path."""
    if not path:
        return by
    step, *rest = path
    copy = value.copy()
    copy[step] = _replaced(value[step], rest, by)
    return copy


def value_at(value: Any, path: list[str | int]) -> Any:
    """Return the part of a value that a path of names and indexes leads to."""
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
        names: As in `Prepared`.
        window: The part of it that was evaluated.
        too_long: The patterns that took too long.
        evaluate: (schema, value) → the errors of the value.
        is_noted: Whether a part of the value could not be evaluated.

    Attributes:
        is_too_long: Whether an error was left out because alternatives were tried too often.
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
        # How many schemas around a branch describe the same value, which has a path of this length.
        self._level = self._around = 0
        self._left = _MAX_EXPLAINED
        self._positions: dict[int, dict[str, int]] = {}
        self._digits: dict[int, dict[int, list[str]]] = {}
        self.is_too_long = False

    def errors(self, found: Iterable[Any]) -> list[SchemaError]:
        """Return our errors for those of jsonschema-rs, each with the steps from the root."""
        errors: list[SchemaError] = []
        seen = set()
        for raw in found:
            for error in self._built(raw):
                name = error.instance if isinstance(error.instance, str) else None  # of a property, perhaps
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
                # OpenAPI 3.0.4, "Schema Object": relevant for properties alone, so the property is the place.
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
            return  # a number too large for Python, which is a multiple of all
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

        Only the value says whether a number is an index, or a name of digits.
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
        """Yield the paths below a part of the value that steps of jsonschema-rs may stand for."""
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
        """Return whether an error is one for the part of the value to say that is explained."""
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
        # OpenAPI 3.0.4, "Schema Object": `nullable` adds null to the `type` beside it and to nothing else. Whoever
        # writes it beside a `$ref`, an `allOf` or an `enum` means null anyway.
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
        """Return the position of an error: that of its keywords in the document, and of the members in the value."""
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
        """Return the number of a member of an object in the value, which many errors ask for."""
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
            return  # a branch may fit that was not tried to its end
        self.is_too_long = is_too_long
        fitting = [index for index, errors in enumerate(branches) if not errors]
        if fitting and (keyword == "anyOf" or len(fitting) == 1):
            return  # what is wrong with this branch to the letter is not an error
        if fitting:
            # A branch that was evaluated in part may fit only for that reason. If branches overlap, the
            # server takes what any of them allows.
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
        """Return whether a number fits a branch of integers, and others only because each integer is a number."""
        if instance is None or isinstance(instance, bool | str | list | Mapping):
            return False
        kinds = [
            {kind for part in self._plain.applied(branch) for kind in types_of(part)} for branch in branches
        ]
        integers = [found for found in kinds if "number" not in found]
        return all({"integer", "number"} & found for found in kinds) and len(integers) == 1

    def _names(self, place: _Place, instance: Any, keyword: str, names: list[str] | None) -> tuple[str, ...]:
        """Return the names of the properties that are not allowed, in the order of the value.

        Those that a schema describes which the value breaks are left out of unevaluated ones: that is reported already.
        """
        if not isinstance(instance, Mapping):
            return ()
        # jsonschema-rs names none if the schema lists no properties, and sorts the others.
        unexpected = set(instance) if names is None else set(map(self._name, names))
        if keyword == "unevaluatedProperties":
            for part in self._plain.applied(place.schema):
                unexpected.difference_update(mapping_of(part, "properties"))
        return tuple(name for name in instance if name in unexpected)

    def _of_member(self, place: _Place, path: list[str | int], value: Any) -> Iterator[SchemaError]:
        """Yield the errors of a member by the schema for unevaluated ones; jsonschema-rs does not give them."""
        keyword = place.steps[-1]
        yield from self._below(place.steps, place, path, self._evaluate(place.schema[keyword], value))

    def _of_missing(
        self, place: _Place, path: list[str | int], instance: Any, name: str
    ) -> Iterator[SchemaError]:
        keyword = str(place.steps[-1])
        if keyword != "required":
            yield self._error(place, path, instance, keyword)
            return
        # One of the schemas may require a property that another one marks as left out.
        for schema in place.same_value:
            for part in self._plain.applied(schema):
                if self._plain.is_hidden(mapping_of(part, "properties").get(name)):
                    return
        yield self._error(place, path, instance, keyword, names=(name,))


def _name_of(branch: Any, index: int) -> str:
    ref = reference_of(branch)
    return f"`{ref.rpartition('/')[2]}`" if ref is not None else f"alternative {index + 1}"


def _same_items(items: list[Any]) -> tuple[str, ...]:
    """Return the indexes of the first two items that are the same."""
    seen: dict[Any, int] = {}
    for index, item in enumerate(items):
        first = seen.setdefault(_identity(item), index)
        if first != index:
            return str(first), str(index)
    return ()


def _identity(value: Any) -> Any:
    """Return a hashable form that is the same only for equal JSON values: 1 equals 1.0 and not `true`."""
    if isinstance(value, bool) or value is None:
        return (value is None, value, None)
    if isinstance(value, list):
        return tuple(map(_identity, value))
    if isinstance(value, dict):
        return frozenset((name, _identity(member)) for name, member in value.items())
    return value


def _unevaluated(items: list[Any], texts: list[str]) -> list[int]:
    """Return the indexes of the items that no keyword evaluates; jsonschema-rs gives only their texts."""
    import json

    left = Counter(json.dumps(json.loads(text), sort_keys=True) for text in texts)
    found = []
    for index in range(len(items) - 1, -1, -1):  # those at the end are the usual ones
        text = json.dumps(items[index], sort_keys=True)
        if left[text] > 0:
            left[text] -= 1
            found.append(index)
    return found[::-1]
