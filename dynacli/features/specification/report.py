"""The report of the errors in a document, by the OpenAPI specification.

dynacli uses a document even if the report has errors.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, partial
from importlib.util import find_spec
from itertools import islice
from pathlib import Path
from typing import Any, NoReturn

from dynacli.openapi.document.json_trees import IndexedSteps, follow, from_fragment, join
from dynacli.openapi.document.load import Problem
from dynacli.openapi.document.objects import DOCUMENT, ObjectKind, operations_of
from dynacli.openapi.document.references.scan import ScanResult, lookup, scan
from dynacli.openapi.document.workarounds import objects_below, root_schemas
from dynacli.openapi.references import REFERENCE, last_of_references, reference_of, reference_to

Shifts = tuple[tuple[IndexedSteps, int], ...]
"""The lists that are cut at their start in a piece, innermost list first: the steps to the list, and the index of the
first item in the piece."""

_LARGE = 1_000
"""Maximum number of values in a piece; dynacli splits a larger piece before it collects the errors."""
_LONG = 20
"""A map or list with more members than this is validated in groups of this size.

An invalid group that is large is validated member by member.
"""

_ANY_VALUE = frozenset({"example", "default", "value", "const"})
"""The keys whose value may be anything."""
_MAX_PROBLEMS = 100
_MAX_HOPS = 20
_JSON_SCHEMA = "https://json-schema.org/draft/2020-12/schema"
_TEMPLATE = re.compile(r"\{([^{}]+)\}")


def _shifted_steps(path: Iterable[str | int], shifts: Shifts) -> IndexedSteps:
    """Return the steps to a location in the document, given the steps to it in a piece."""
    place = tuple(path)
    for steps, start in shifts:
        length = len(steps)
        if place[:length] == steps and len(place) > length:
            place = (*steps, int(place[length]) + start, *place[length + 1 :])
    return place


def _errors_of(tree: dict[str, Any], version: str) -> Iterator[tuple[Shifts, Any]]:
    """Yield the errors of a document, each with the shifts of its piece; an error may come several times.

    Args:
        tree: The document, plain JSON.
        version: `3.0`, `3.1` or `3.2`.

    Raises:
        ValueError, TypeError, OverflowError: The document has a value that JSON does not have.
    """
    validator = _validator(version)
    if not validator:
        return
    trunk = _without_extensions(tree)
    if isinstance(tree.get("components"), dict):
        trunk["components"] = _without_extensions(tree["components"])
    maps: list[tuple[IndexedSteps, Any]] = [((key,), trunk.get(key)) for key in ("paths", "webhooks")]
    components = trunk.get("components")
    if isinstance(components, dict):
        maps.extend((("components", key), value) for key, value in components.items())
    maps = [(steps, value) for steps, value in maps if isinstance(value, dict)]
    for steps, _ in maps:
        trunk = _with_value_at(trunk, steps, {})
    yield from _errors_in(validator, trunk)
    # The frame is valid, so all errors are in the members that are added to it.
    frame = {"openapi": f"{version}.0", "info": {"title": "", "version": ""}, "paths": {}}
    for steps, value in maps:
        yield from _errors_of_members(validator, frame, steps, _Members(value))


def _without_extensions(node: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in node.items() if not str(key).startswith("x-")}


class _Members:
    """A map or list that can be read in parts."""

    def __init__(self, container: Any) -> None:
        self.is_list = isinstance(container, list)
        self._all: Sequence[Any] = container if self.is_list else list(container.items())

    def __len__(self) -> int:
        return len(self._all)

    def part(self, start: int, count: int) -> Any:
        """Return a map or list with some of the members."""
        part = self._all[start : start + count]
        return part if self.is_list else dict(part)

    def step_in_part(self, start: int) -> str | int:
        """Return the step to the first member of a part."""
        step: str | int = 0 if self.is_list else self._all[start][0]
        return step


def _errors_in(
    validator: Any, piece: dict[str, Any], below: IndexedSteps = ()
) -> Iterator[tuple[Shifts, Any]]:
    """Yield the errors of a piece; a large piece is split at its maps and lists.

    If a piece is large even without its maps, lists and examples, only its first error is reported.

    Args:
        below: The steps to the part of the piece to split at; the rest is small.
    """
    from jsonschema_rs import ValidationError

    if validator.is_valid(piece):
        return
    if not _is_large(piece):
        for error in validator.iter_errors(piece):
            yield (), error
        return
    several = list(_with_several_members(piece, below))
    if not several:
        slim = _without_values(piece, DOCUMENT)
        if not _is_large(slim):
            for error in validator.iter_errors(slim):
                yield (), error
            return
        try:
            validator.validate(piece)
        except ValidationError as error:
            yield (), error
        return
    around = piece
    for steps, container, _ in several:
        around = _with_value_at(around, steps, type(container)())
    if not validator.is_valid(around):
        # One member of each map or list stays, because some must not be empty.
        for steps, container, kind in several:
            around = _with_value_at(around, steps, _smallest(container, kind))
        yield from _errors_in(validator, around, below)
    for steps, container, _ in several:
        yield from _errors_of_members(validator, around, steps, _Members(container))


def _errors_of_members(
    validator: Any, around: dict[str, Any], steps: IndexedSteps, members: _Members
) -> Iterator[tuple[Shifts, Any]]:
    """Yield the errors of a document that gets the members of a map or list group by group."""
    parts = [(0, len(members))]
    while parts:
        start, count = parts.pop()
        piece = _with_value_at(around, steps, members.part(start, count))
        if validator.is_valid(piece):
            continue
        if count > 1 and (count > _LONG or _is_large(piece)):
            size = _LONG if count > _LONG else 1
            ends = range(start, start + count, size)
            parts.extend((begin, min(size, start + count - begin)) for begin in reversed(ends))
            continue
        shift = ((steps, start),) if members.is_list and start else ()
        # An empty map can be an error, too: its name is none that the specification knows.
        below = (*steps, members.step_in_part(start)) if count else steps
        for shifts, error in _errors_in(validator, piece, below):
            yield (*shifts, *shift), error


def _with_several_members(
    tree: dict[str, Any], below: IndexedSteps
) -> Iterator[tuple[IndexedSteps, Any, ObjectKind]]:
    """Yield the outermost maps and lists with several members in a part of a document.

    Each comes with the steps to it and its kind.
    """
    stack: list[tuple[Any, ObjectKind, IndexedSteps]] = [(tree, DOCUMENT, ())]
    while stack:
        node, kind, steps = stack.pop()
        if len(steps) >= len(below) and len(node) > 1 and _is_container(node, kind):
            yield steps, node, kind
        else:
            # `zip` stops at the shorter steps, so nodes on the way to the part match, and nodes below it.
            inside = objects_below(node, kind, steps)
            stack.extend(item for item in inside if all(a == b for a, b in zip(item[2], below, strict=False)))


def _is_container(node: Any, kind: ObjectKind) -> bool:
    """Return whether a node is a map of names, or a list that is long or contains objects or lists."""
    if isinstance(node, dict):
        return kind.members is not None
    return len(node) > _LONG or any(isinstance(member, dict | list) for member in node)


def _smallest(node: Any, kind: ObjectKind) -> Any:
    """Return an object or list in which each map and list has only its first member."""
    if _is_container(node, kind):
        node = _Members(node).part(0, 1)
    copy = node.copy()
    for inner, inner_kind, steps in objects_below(node, kind, ()):
        copy[steps[-1]] = _smallest(inner, inner_kind)
    return copy


def _without_values(node: Any, kind: ObjectKind) -> Any:
    """Return an object or list with null instead of values that may be anything, such as examples."""
    copy = node.copy()
    if kind.members is None and isinstance(copy, dict):
        for key, value in node.items():
            is_any = key in _ANY_VALUE or str(key).startswith("x-")
            copy[key] = None if is_any and isinstance(value, dict | list) else value
    for inner, inner_kind, steps in objects_below(node, kind, ()):
        if copy[steps[-1]] is not None:
            copy[steps[-1]] = _without_values(inner, inner_kind)
    return copy


def _is_large(tree: Any) -> bool:
    count, waiting = 0, [tree]
    while waiting:
        node = waiting.pop()
        count += 1
        if count > _LARGE:
            return True
        if isinstance(node, dict):
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
    return False


def _with_value_at(tree: Any, steps: IndexedSteps, value: Any) -> Any:
    """Return a tree with another value at a location; it shares everything that is not on the way there."""
    if not steps:
        return value
    copy = tree.copy()
    is_there = isinstance(copy, list) or steps[0] in copy
    copy[steps[0]] = _with_value_at(copy[steps[0]] if is_there else {}, steps[1:], value)
    return copy


@cache
def _validator(version: str) -> Any:
    """Return the compiled official schema, or None if the installed package has none.

    The schemas are files in openapi-spec-validator, read without importing it, which would take half a second.
    """
    # Import decimal first: jsonschema-rs (0.61.0) panics if you press Ctrl-C while it imports decimal itself.
    import decimal  # noqa: F401

    import jsonschema_rs

    from dynacli.import_orjson import orjson

    package = find_spec("openapi_spec_validator")
    if not package or not package.origin:
        return None
    file = Path(package.origin).parent / "resources" / "schemas" / f"v{version}" / "schema.json"
    try:
        schema = orjson.loads(file.read_bytes())
    except OSError:
        return None
    _hold_names_apart(schema)
    return jsonschema_rs.validator_for(schema, validate_formats=False, retriever=_refuse_to_retrieve)


def _hold_names_apart(schema: Any) -> None:
    """Rewrite the patterns of names in a schema, so that an error about a name points to the member, not to the map."""
    if isinstance(schema, list):
        for item in schema:
            _hold_names_apart(item)
    elif isinstance(schema, dict):
        names = schema.get("propertyNames")
        if isinstance(names, dict) and isinstance(names.get("pattern"), str):
            unlike = f"^(?!{names.pop('pattern')})"
            schema["patternProperties"] = {**schema.get("patternProperties", {}), unlike: False}
        for value in schema.values():
            _hold_names_apart(value)


def _refuse_to_retrieve(uri: str) -> NoReturn:
    """Refuse to retrieve a schema, because jsonschema-rs would fetch it from the network.

    Raises:
        ValueError: The call is always refused.
    """
    raise ValueError(uri)


def report(tree: Any, version: str, references: ScanResult | None = None) -> list[Problem]:
    """Return the errors in a document, at most 100, without raising an exception for any document.

    Args:
        version: `3.0`, `3.1` or `3.2`.
        references: The result of `scan`, if the document was scanned already.
    """
    problems = (
        *_reference_problems(references or scan(tree)),
        *islice(_operation_problems(tree), _MAX_PROBLEMS),
        *islice(_schema_problems(tree, version), _MAX_PROBLEMS),
        *(() if version == "3.0" else islice(_keyword_problems(tree), _MAX_PROBLEMS)),
    )
    return list(dict.fromkeys(problems))[:_MAX_PROBLEMS]


def _reference_problems(references: ScanResult) -> Iterator[Problem]:
    for reference in references.dangling[:_MAX_PROBLEMS]:
        yield Problem(reference.pointer, f"`{reference.ref[:100]}` refers to nothing in the document")


def _operation_problems(tree: Any) -> Iterator[Problem]:
    """Yield problems that the official schema cannot find (OpenAPI 3.1.1, "Operation Object", "Path Templating")."""
    first_with_id: dict[str, str] = {}
    first_with_shape: dict[str, str] = {}
    for path, item in _members_without_extensions(follow(tree, ["paths"])):
        shape = _TEMPLATE.sub("{}", path)
        if first_with_shape.setdefault(shape, path) != path:
            yield Problem(join(["paths", path]), f"The path is the same as `{first_with_shape[shape]}`")
        for entry in operations_of(item) if isinstance(item, dict) else ():
            operation = entry.operation
            if not isinstance(operation, dict):
                continue
            pointer = join(["paths", path, *entry.steps])
            name = operation.get("operationId")
            if isinstance(name, str) and (first := first_with_id.setdefault(name, pointer)) != pointer:
                yield Problem(pointer, f"`{first}` has the operationId `{name[:100]}`, too")
            declared = _path_parameters(tree, item) | _path_parameters(tree, operation)
            for missing in dict.fromkeys(_TEMPLATE.findall(path)):
                if missing not in declared and None not in declared:
                    yield Problem(pointer, f"The path parameter `{missing[:100]}` is not declared")


def _members_without_extensions(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from ((str(key), item) for key, item in value.items() if not str(key).startswith("x-"))


def _path_parameters(tree: Any, owner: dict[str, Any]) -> set[str | None]:
    """Return the names of the path parameters that are declared; None for a parameter in another file."""
    parameters = owner.get("parameters")
    names: set[str | None] = set()
    for value in parameters if isinstance(parameters, list) else ():
        parameter = last_of_references(value, partial(lookup, tree))
        ref = reference_of(parameter)
        if ref is not None and from_fragment(ref) is None:
            names.add(None)
        elif isinstance(parameter, dict) and parameter.get("in") == "path":
            names.add(str(parameter.get("name")))
    return names


def _schema_problems(tree: Any, version: str) -> Iterator[Problem]:
    """Yield the errors by the official JSON Schema of the version, each once."""
    known: set[Problem] = set()
    try:
        for shifts, error in _errors_of(tree, version) if isinstance(tree, dict) else ():
            closest = _closest(error)
            problem = Problem(join(_shifted_steps(closest.instance_path, shifts)), _describe(closest))
            if problem not in known:
                known.add(problem)
                yield problem
    except (ValueError, TypeError, OverflowError):
        # The tree has a value that JSON does not have, such as a key that is not a string.
        yield Problem("", "The document could not be validated by its schema")


def _keyword_problems(tree: Any) -> Iterator[Problem]:
    """Yield the first keyword with an invalid value in each schema, for versions of OpenAPI that use JSON Schema.

    The official schemas of these versions do not check schemas, whose dialect can differ.
    """
    from jsonschema_rs import Draft202012Validator, ValidationError

    # `jsonschema_rs.meta` would fetch the dialect in the `$schema` of a schema.
    validator = Draft202012Validator(reference_to(_JSON_SCHEMA), retriever=_refuse_to_retrieve)
    for schema, steps in root_schemas(tree):
        if "$schema" in schema:
            continue  # its dialect may be unknown
        try:
            validator.validate(schema)
        except ValidationError as error:
            yield Problem(join([*steps, *error.instance_path]), _describe(error))
        except (ValueError, TypeError, OverflowError):
            continue  # it has a value that JSON does not have, such as a key that is not a string


def _closest(error: Any) -> Any:
    """Return the most helpful error: if there are alternatives, an error of the branch that fits best.

    A branch that misses a `$ref` fits worst, because nearly every object may be a reference instead.
    A branch for another `in` or `type` fits worse than a branch without such an error.
    """
    for _ in range(_MAX_HOPS):
        branches = [branch for branch in getattr(error.kind, "context", None) or () if branch]
        if not branches:
            return error
        best = max(branches, key=_fitness)
        error = max(best, key=lambda inner: len(inner.instance_path))
    return error


def _fitness(branch: list[Any]) -> tuple[bool, bool, int, int]:
    depth = max(len(error.instance_path) for error in branch)
    return not _misses_reference(branch), not _is_of_another_kind(branch), depth, -len(branch)


def _misses_reference(branch: list[Any]) -> bool:
    return any(error.kind.name == "required" and error.kind.value == REFERENCE for error in branch)


def _is_of_another_kind(branch: list[Any]) -> bool:
    """Return whether a branch requires another value of a distinguishing field, such as `in`."""
    for error in branch:
        allowed = [error.kind.value] if error.kind.name == "const" else error.kind.value
        if error.kind.name in {"const", "enum"} and len(allowed) == 1 and isinstance(allowed[0], str):
            return True
    return False


def _describe(error: Any) -> str:
    """Return the message for an error, without the invalid value, which may be the whole document."""
    value = error.kind.value
    match error.kind.name:
        case "required":
            return f"`{value}` is missing"
        case "type":
            kinds = value if isinstance(value, list) else [value]
            return f"This should be of type {' or '.join(map(str, kinds))}"
        case "additionalProperties" | "unevaluatedProperties":
            return f"Unknown here: {', '.join(f'`{str(name)[:60]}`' for name in value[:5])}"
        case "enum":
            return f"This should be {'one of ' if len(value) > 1 else ''}{', '.join(map(str, value))}"
        case "const":
            return f"This should be `{value}`"
        case "pattern":
            return f"This does not match the pattern `{value}`"
        case "oneOf" | "anyOf":
            return "This must match exactly one of the allowed alternatives"
        case "propertyNames":
            return f"The name `{str(getattr(value, 'instance', ''))[:60]}` is not allowed here"
        case "contains":
            return "This must contain something that is missing, or that it has too often"
        case "minItems" | "minProperties":
            return "This should not be empty"
        case "falseSchema" if error.schema_path[-2:-1] == ["patternProperties"]:
            return f"The name `{str(error.instance_path[-1])[:60]}` is not allowed here"
        case "falseSchema" | "not":
            return "This is not allowed here"
        case name:
            return f"This breaks the rule `{name}`"
