"""The report of where a document breaks the specification, for people.

A document is used whatever the report says.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

from dynacli.document.mending.mend import root_schemas
from dynacli.document.mending.official_schema import errors_of, place_of, refuse_to_retrieve
from dynacli.document.path_items import operations_of
from dynacli.document.pointer import MISSING, follow, from_fragment, join
from dynacli.document.references.scan import ScanResult, scan

__all__ = ["Problem", "report"]

_MAX_PROBLEMS = 100
_MAX_HOPS = 20
_JSON_SCHEMA = "https://json-schema.org/draft/2020-12/schema"
_TEMPLATE = re.compile(r"\{([^{}]+)\}")


class Problem(NamedTuple):
    """A place where a document breaks the specification.

    Args:
        pointer: The JSON pointer of the place.
        message: What is wrong there, in one sentence without a final period.
        file: The number of the file that it is in; 0 is the file that the person named.
    """

    pointer: str
    message: str
    file: int = 0


def report(tree: Any, version: str, references: ScanResult | None = None) -> list[Problem]:
    """Return the places where a document breaks the specification, at most 100.

    No document makes this raise an exception.

    Args:
        version: `3.0`, `3.1` or `3.2`.
        references: The result of `scan`, where the document was scanned already.
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
    for path, item in _items(follow(tree, ["paths"])):
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
                yield Problem(pointer, f"The operationId `{name[:100]}` is that of `{first}` too")
            declared = _path_parameters(tree, item) | _path_parameters(tree, operation)
            for missing in dict.fromkeys(_TEMPLATE.findall(path)):
                if missing not in declared and None not in declared:
                    yield Problem(pointer, f"The path parameter `{missing[:100]}` is not declared")


def _items(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from ((str(key), item) for key, item in value.items() if not str(key).startswith("x-"))


def _path_parameters(tree: Any, owner: dict[str, Any]) -> set[str | None]:
    """Return the names of the path parameters that are declared; None for a parameter in another file."""
    parameters = owner.get("parameters")
    names: set[str | None] = set()
    for value in parameters if isinstance(parameters, list) else ():
        parameter = _dereferenced(tree, value)
        if isinstance(parameter, dict) and isinstance(parameter.get("$ref"), str):
            names.add(None)
        elif isinstance(parameter, dict) and parameter.get("in") == "path":
            names.add(str(parameter.get("name")))
    return names


def _dereferenced(tree: Any, node: Any) -> Any:
    for _ in range(_MAX_HOPS):
        ref = node.get("$ref") if isinstance(node, dict) else None
        steps = from_fragment(ref) if isinstance(ref, str) else None
        if steps is None:
            return node
        node = follow(tree, steps)
    return MISSING


def _schema_problems(tree: Any, version: str) -> Iterator[Problem]:
    """Yield the places that break the official JSON Schema of the version, each once."""
    known: set[Problem] = set()
    try:
        for shifts, error in errors_of(tree, version) if isinstance(tree, dict) else ():
            closest = _closest(error)
            problem = Problem(join(place_of(closest.instance_path, shifts)), _describe(closest))
            if problem not in known:
                known.add(problem)
                yield problem
    except (ValueError, TypeError, OverflowError):
        # The tree has something that JSON cannot hold, such as a key that is not a string.
        yield Problem("", "The document could not be held against its schema")


def _keyword_problems(tree: Any) -> Iterator[Problem]:
    """Yield the first keyword of each schema whose value it must not have; for versions that use JSON Schema.

    The official schemas of these versions leave schemas to their dialect.
    """
    from jsonschema_rs import Draft202012Validator, ValidationError

    # Not `jsonschema_rs.meta`, which fetches the dialect that `$schema` of a schema names.
    validator = Draft202012Validator({"$ref": _JSON_SCHEMA}, retriever=refuse_to_retrieve)
    for schema, steps in root_schemas(tree):
        if "$schema" in schema:
            continue  # it may have a dialect of its own
        try:
            validator.validate(schema)
        except ValidationError as error:
            yield Problem(join([*steps, *error.instance_path]), _describe(error))
        except (ValueError, TypeError, OverflowError):
            continue  # it has something that JSON cannot hold, such as a key that is not a string


def _closest(error: Any) -> Any:
    """Return the most helpful error: of alternatives, an error of the branch that fits best.

    A branch that only misses a `$ref` fits worst, because a reference is an alternative nearly everywhere.
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
    return any(error.kind.name == "required" and error.kind.value == "$ref" for error in branch)


def _is_of_another_kind(branch: list[Any]) -> bool:
    """Return whether a branch is for another value of the field that distinguishes the alternatives, such as `in`."""
    for error in branch:
        allowed = [error.kind.value] if error.kind.name == "const" else error.kind.value
        if error.kind.name in {"const", "enum"} and len(allowed) == 1 and isinstance(allowed[0], str):
            return True
    return False


def _describe(error: Any) -> str:
    """Return the message for an error, without the value, which can be the whole document."""
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
            return "This matches none, or several, of the allowed forms"
        case "propertyNames":
            return f"The name `{str(getattr(value, 'instance', ''))[:60]}` is not allowed here"
        case "contains":
            return "This lacks something that it has to hold, or holds it too often"
        case "minItems" | "minProperties":
            return "This should not be empty"
        case "falseSchema" if error.schema_path[-2:-1] == ["patternProperties"]:
            return f"The name `{str(error.instance_path[-1])[:60]}` is not allowed here"
        case "falseSchema" | "not":
            return "This is not allowed here"
        case name:
            return f"This breaks the rule `{name}`"
