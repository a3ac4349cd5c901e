"""No property of a body is without an option: every one in the real documents, found apart from the program."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from dynacli.errors import DocumentError
from dynacli.openapi.document.load import load
from dynacli.openapi.document.references.scan import follow_references, lookup
from dynacli.openapi.model.media_types import body_schema, is_built
from dynacli.openapi.schema.option_fields import find_field
from tests.real_documents import OWN, documents

Resolve = Callable[[str], Any]
Place = tuple[tuple[str, ...], str]

MOST = 1500
"""Places that are tried of one body."""
_DEEPEST = 6
_PARTS = ("allOf", "oneOf", "anyOf")
_CONDITIONS = ("if", "then", "else")


def _nodes(schema: Any, resolve: Resolve, seen: frozenset[str] = frozenset()) -> Iterator[Mapping[str, Any]]:
    """Yield every schema that describes the same place."""
    if not isinstance(schema, Mapping):
        return
    if isinstance(ref := schema.get("$ref"), str):
        if ref not in seen:
            try:
                target = resolve(ref)
            except LookupError:
                target = None
            yield from _nodes(target, resolve, seen | {ref})
        # What stands beside a reference describes the same place.
        schema = {key: value for key, value in schema.items() if key != "$ref"}
    yield schema
    for word in _PARTS:
        for part in schema.get(word) if isinstance(schema.get(word), list) else ():
            yield from _nodes(part, resolve, seen)
    for word in _CONDITIONS:
        yield from _nodes(schema.get(word), resolve, seen)
    for part in (schema.get("dependentSchemas") or {}).values():
        yield from _nodes(part, resolve, seen)


def _places(
    schemas: list[Any], resolve: Resolve, path: tuple[str, ...], option: str, above: frozenset[int]
) -> Iterator[Place]:
    """Yield the path and the option of every writable place below one, as deep as nothing repeats."""
    nodes = [node for schema in schemas for node in _nodes(schema, resolve)]
    keys = frozenset(id(node.get("properties")) for node in nodes if node.get("properties"))
    if len(path) >= _DEEPEST or (keys and keys <= above):
        return
    above |= keys
    named: dict[str, list[Any]] = {}
    for node in nodes:
        properties = node.get("properties")
        for name, schema in properties.items() if isinstance(properties, Mapping) else ():
            named.setdefault(name, []).append(schema)
    for name, variants in named.items():
        if any(_is_read_only(variant, resolve) for variant in variants):
            continue
        here = f"{option}.{name}" if option else name
        yield (*path, name), here
        yield from _places(variants, resolve, (*path, name), here, above)
    items = [node["items"] for node in nodes if isinstance(node.get("items"), Mapping)]
    if items:
        yield (*path, "[0]"), f"{option}[0]"
        yield from _places(items, resolve, (*path, "[0]"), f"{option}[0]", above)
    others = [
        node["additionalProperties"]
        for node in nodes
        if isinstance(node.get("additionalProperties"), Mapping)
    ]
    if others and "KEY" not in named:
        here = f"{option}.KEY" if option else "KEY"
        yield (*path, "KEY"), here
        yield from _places(others, resolve, (*path, "KEY"), here, above)


def _is_read_only(schema: Any, resolve: Resolve, seen: frozenset[str] = frozenset()) -> bool:
    if not isinstance(schema, Mapping):
        return False
    if schema.get("readOnly") is True:
        return True
    ref = schema.get("$ref")
    if isinstance(ref, str) and ref not in seen:
        try:
            return _is_read_only(resolve(ref), resolve, seen | {ref})
        except LookupError:
            return False
    branches = [part for word in _PARTS for part in (schema.get(word) or ())]
    return any(_is_read_only(part, resolve, seen) for part in branches)


def _bodies(tree: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for path, item in (tree.get("paths") or {}).items():
        item = follow_references(tree, item)  # noqa: PLW2901  - a path item may be a reference
        for method, operation in item.items() if isinstance(item, Mapping) else ():
            body = operation.get("requestBody") if isinstance(operation, Mapping) else None
            content = (follow_references(tree, body) or {}).get("content") if body else None
            for name, media in content.items() if isinstance(content, Mapping) else ():
                described = follow_references(tree, media)
                if is_built(name) and isinstance(described, Mapping):
                    yield f"{method} {path} {name}", body_schema(described)


def unreachable(path: Path) -> tuple[int, list[str]]:
    """Return how many places of a document's bodies were tried, and those that no option leads to."""
    tree = load(path.read_bytes(), path.name, path.as_uri()).tree
    known: dict[str, Any] = {}

    def resolve(ref: str) -> Any:
        if ref not in known:
            known[ref] = lookup(tree, ref)
        return known[ref]

    tried, lost = 0, []
    done: set[str] = set()
    for where, schema in _bodies(tree):
        key = repr(schema)[:2000]
        if key in done:
            continue
        done.add(key)
        for count, (steps, option) in enumerate(_places([schema], resolve, (), "", frozenset())):
            if count >= MOST:
                break
            tried += 1
            found = find_field(schema, resolve, option)
            if found is None or found.path != steps:
                lost.append(f"{where}: --{option} leads to {found.path if found else None}")
    return tried, lost


@pytest.mark.long
def test_every_property_of_every_body_has_an_option(folder: Path) -> None:
    """As the document spells it, at any depth, through branches, arrays and maps."""
    tried, lost = 0, {}
    for path in documents(folder):
        try:
            count, missing = unreachable(path)
        except DocumentError:
            continue  # what cannot be read has no operations either
        tried += count
        if missing:
            lost[path.name] = missing[:10]
    assert (True, {}) == (tried > (20 if folder == OWN else 10_000), lost)
