"""The document of one operation for openapi-core, with components that are read on first use."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from dynacli.openapi.catalog.catalog_file import Catalog
from dynacli.openapi.model.operation import Operation
from dynacli.openapi.references import REFERENCE, DanglingReferenceError, reference_chain, reference_of

if TYPE_CHECKING:
    from jsonschema_path import SchemaPath

_MAX_SCHEMAS = 1_000
_REFERENCES = (REFERENCE, "$dynamicRef")


def operation_document(catalog: Catalog, operation: Operation) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Return a document with one operation, which reads the targets of its references from the compiled document.

    In a densely connected document an operation refers to nearly every component, but validating a call needs only a
    few.

    Returns:
        The document, and the steps from its path item to the operation.
    """
    part = catalog.part(operation.name)
    steps = tuple(part.get("steps") or (operation.method.lower(),))
    # `Validator` checks the credentials itself.
    members = {name: value for name, value in part["operation"].items() if name != "security"}
    for step in reversed(steps):
        members = {step: members}
    # Lazy, because a reference may point into another operation of the path.
    path_item = _Lazy(catalog, pointer_below("/paths", operation.path))
    path_item.update({**part["path_item"], **members})
    document: dict[str, Any] = _Lazy(catalog, "")
    document["openapi"] = f"{catalog.meta['dialect']}.0"
    document["info"] = {"title": catalog.meta["title"], "version": catalog.meta["version"]}
    if catalog.meta["json_schema_dialect"]:
        document["jsonSchemaDialect"] = catalog.meta["json_schema_dialect"]
    paths = _Lazy(catalog, "/paths")
    paths[operation.path] = path_item
    document["paths"] = paths
    return document, steps


class _Lazy(dict[str, Any]):
    """A part of the document whose members are read from the compiled document on first use."""

    def __init__(self, catalog: Catalog, pointer: str) -> None:
        super().__init__()
        self._catalog = catalog
        self._pointer = pointer

    def __missing__(self, key: str) -> Any:
        pointer = pointer_below(self._pointer, key)
        found, value = self._catalog.component(pointer)
        if not found:
            if not self._catalog.has_below(pointer):
                raise KeyError(key)
            value = _Lazy(self._catalog, pointer)
        self[key] = value
        return value

    def __contains__(self, key: object) -> bool:
        try:
            self[str(key)]
        except KeyError:
            return False
        return True

    def get(self, key: str, default: Any = None) -> Any:
        """Return a member, read from the compiled document on first use."""
        try:
            return self[key]
        except KeyError:
            return default


def pointer_below(start: str, *steps: str | int) -> str:
    """Return a JSON pointer extended by steps (RFC 6901, section 3)."""
    return start + "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in steps)


def child_path(path: SchemaPath, key: str) -> SchemaPath:
    """Return the location below a key of any characters; the operator `/` would treat `#` as a separator."""
    return path._make_child_relpath(key)  # noqa: SLF001  - there is no public method


class DocumentPlace(NamedTuple):
    """A location in the document.

    Args:
        pointer: JSON pointer to the location.
        via: JSON pointers to the `$ref`s on the path, in order.
    """

    pointer: str
    via: tuple[str, ...]


def locate(document: dict[str, Any], steps: list[str | int]) -> DocumentPlace:
    """Return the location at the end of steps, following references.

    A step `$ref` follows the reference of a schema. Other references (to a parameter, a response) are not in the steps,
    so they are followed if a step is missing.
    """
    here: Any = document
    pointer = ""
    via: list[str] = []
    for step in steps:
        if step in _REFERENCES and isinstance(here, dict) and isinstance(here.get(step), str):
            via.append(pointer_below(pointer, step))
            pointer, here = _followed(document, here[step])
            continue
        until_step = partial(_value_without, step)
        try:
            *passed, (pointer, here) = reference_chain(
                (pointer, here), partial(_followed, document), until_step
            )
            via.extend(pointer_below(reference, REFERENCE) for reference, _ in passed)
            here = here[step]
        except (LookupError, TypeError):
            break  # the rest of the steps does not exist, so the result is approximate
        pointer = pointer_below(pointer, step)
    return DocumentPlace(pointer, tuple(via))


def _value_without(step: str | int, place: tuple[str, Any]) -> Any:
    """Return the value at a location; None if the step is one of its members."""
    value = place[1]
    return None if isinstance(value, dict) and step in value else value


def resolve_reference(document: dict[str, Any], reference: str) -> Any:
    """Return the target of a reference, which the compiler has made a JSON pointer into the document.

    Raises:
        DanglingReferenceError: The target does not exist, or is outside of the document.
    """
    if reference[:2] not in {"#", "#/"}:
        raise DanglingReferenceError(reference)
    try:
        return _value_at(document, unquote(reference[1:]))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise DanglingReferenceError(reference) from error


def _followed(document: dict[str, Any], reference: str) -> tuple[str, Any]:
    """Return the JSON pointer in a reference, and its target; None if the target does not exist."""
    try:
        return unquote(reference[1:]), resolve_reference(document, reference)
    except DanglingReferenceError:
        return "", None


def target_of(document: dict[str, Any], pointer: str) -> Any:
    """Return the value at a JSON pointer into the document; None if there is none."""
    try:
        return _value_at(document, pointer)
    except (KeyError, IndexError, TypeError, ValueError):
        return None


def _value_at(document: dict[str, Any], pointer: str) -> Any:
    here: Any = document
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        here = here[int(key)] if isinstance(here, list) else here[key]
    return here


def listed_properties(document: dict[str, Any], schema: Any) -> set[str]:
    """Return the names of the properties of a schema, including its references and branches."""
    names: set[str] = set()
    seen: set[int] = set()
    pending = [schema]
    while pending and len(seen) < _MAX_SCHEMAS:
        here = pending.pop()
        if not isinstance(here, dict) or id(here) in seen:
            continue
        seen.add(id(here))
        properties = here.get("properties")
        names.update(properties if isinstance(properties, dict) else ())
        if (ref := reference_of(here)) is not None:
            pending.append(_followed(document, ref)[1])
        for keyword in ("allOf", "anyOf", "oneOf"):
            branches = here.get(keyword)
            pending.extend(branches if isinstance(branches, list) else ())
    return names
