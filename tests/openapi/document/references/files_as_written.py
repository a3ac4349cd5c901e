"""Holds a document of several files against what its files say, by a plain reading of its own."""

import json
from typing import Any
from urllib.parse import unquote, urldefrag, urljoin

import yaml

from dynacli.openapi.document.load import Document

_DATA = {"example", "default", "enum", "const"}


def differences(document: Document) -> list[str]:
    """Return where a document does not mean what its files say, all references followed in both.

    An independent reading: each file is parsed and each reference followed by the plain rules, in step
    with the tree.
    """
    files = {file.uri: _texts(file.content.decode()) for file in document.files}
    tree = _texts(json.dumps(document.tree))
    found: list[str] = []
    seen: set[tuple[int, int]] = set()
    first = document.files[0].uri
    stack: list[tuple[str, Any, Any, str]] = [("", tree, files[first], first)]
    while stack:
        where, made, given, base = stack.pop()
        made, beside_made, _ = _followed({"": tree}, made, "")
        given, beside_given, base = _followed(files, given, base)
        if isinstance(given, dict) and isinstance(made, dict):
            if (id(made), id(given)) in seen:
                continue
            seen.add((id(made), id(given)))
            given, made = {**given, **beside_given}, {**made, **beside_made}
            if where.endswith("/discriminator/mapping"):
                given, made = _as_references(given), _as_references(made)
            for key in given:
                if key not in made:
                    found.append(f"{where}/{key} is missing")
                elif made[key] != given[key] or not _may_be_data(key):
                    stack.append((f"{where}/{key}", made[key], given[key], base))
        elif isinstance(given, list) and isinstance(made, list) and len(given) == len(made):
            stack.extend((f"{where}/{index}", made[index], value, base) for index, value in enumerate(given))
        elif not _is_same(given, made):
            found.append(f"{where}: {str(made)[:60]} and not {str(given)[:60]}")
    return found


def _is_same(given: Any, made: Any) -> bool:
    """Report whether two scalars as they are written mean the same, in YAML and in JSON."""
    if not isinstance(given, str) or not isinstance(made, str):
        return bool(given == made)
    if given.rstrip("\n") == made.rstrip("\n") or (made == "null" and given in {"", "~"}):
        return True
    try:
        return float(given) == float(made)
    except ValueError:
        return False


def _as_references(mapping: dict[str, Any]) -> dict[str, Any]:
    return {key: {"$ref": ref} if "/" in ref or "." in ref else ref for key, ref in mapping.items()}


def _may_be_data(key: str) -> bool:
    return key in _DATA or key.startswith("x-")


def _texts(text: str) -> Any:
    """Return what a file says, its values as they are written."""
    return yaml.load(text, yaml.CBaseLoader)  # noqa: S506 - it makes nothing but lists, maps and strings


def _followed(files: dict[str, Any], node: Any, base: str) -> tuple[Any, dict[str, Any], str]:
    """Return what a chain of references leads to, what stands beside them, and the file that it is in."""
    beside: dict[str, Any] = {}
    seen: set[int] = set()
    while True:
        if id(node) in seen:
            return "around in a circle", {}, base
        seen.add(id(node))
        if not isinstance(node, dict) or not isinstance(node.get("$ref"), str):
            break
        uri, fragment = urldefrag(urljoin(base, node["$ref"]) if base else node["$ref"])
        if uri not in files:
            break
        beside = {**{key: value for key, value in node.items() if key != "$ref"}, **beside}
        base, node = uri, files[uri]
        for step in unquote(fragment).split("/")[1:]:
            node, more, base = _followed(files, node, base)
            key = step.replace("~1", "/").replace("~0", "~")
            node = node[int(key)] if isinstance(node, list) else {**node, **more}[key]
    return node, beside, base
