"""Tells whether an operation means the same in two documents: every reference followed, names not compared."""

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urljoin

from dynacli.features.merging._merged_source import operations_by_id
from dynacli.openapi.document.json_trees import MISSING, follow
from dynacli.openapi.document.load import Document
from dynacli.openapi.document.objects import operations_of
from dynacli.openapi.document.references.scan import Locator, follow_references, sites_of


def operations(document: Document) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return path and method of each operation → the steps to it."""
    found = {}
    for path, given in document.tree.get("paths", {}).items():
        item = follow_references(document.tree, given)
        for entry in operations_of(item) if isinstance(item, dict) and not path.startswith("x-") else ():
            found[path, entry.method] = ("paths", path, *entry.steps)
    return found


def differences(first: Document, other: Document, wanted: Iterable[tuple[str, str]]) -> list[str]:
    """Return where operations of one document are not what they are in another."""
    comparison = _Comparison(_Side(first), _Side(other))
    return [reported for path, method in wanted for reported in comparison.of_operation(path, method)]


class _Side:
    """One document, as its operations are seen from outside."""

    def __init__(self, document: Document) -> None:
        self.document, self.tree = document, document.tree
        self.locator = Locator(self.tree, document.uri, list(sites_of(self.tree)))
        self.by_id = operations_by_id(self.tree)
        # Which schemas are made of one.
        self.kin: dict[int, list[str]] = {}
        schemas = self.tree.get("components", {}).get("schemas", {})
        for name, schema in schemas.items():
            for part in schema.get("allOf", ()) if isinstance(schema, dict) else ():
                target = self.target(part.get("$ref")) if isinstance(part, dict) else MISSING
                if target is not MISSING:
                    self.kin.setdefault(id(target), []).append(name)

    def target(self, ref: Any) -> Any:
        steps = self.locator.locate_ref(ref) if isinstance(ref, str) else None
        return MISSING if steps is None else follow(self.tree, steps)

    def end_of(self, node: Any) -> Any:
        for _ in range(50):
            if not isinstance(node, dict) or not isinstance(node.get("$ref"), str):
                return node
            target = self.target(node["$ref"])
            if not isinstance(target, dict):
                return node if target is MISSING else target
            beside = {key: value for key, value in node.items() if key != "$ref"}
            node = {**target, **beside} if beside else target
        return "around in a circle"

    def operation(self, path: str, method: str) -> dict[str, Any]:
        item = self.end_of(self.tree["paths"][path])
        found = next(entry.operation for entry in operations_of(item) if entry.method == method)
        operation = dict(found)
        parameters: dict[Any, Any] = {}
        for given in (*(item.get("parameters") or ()), *(operation.get("parameters") or ())):
            end = self.end_of(given)
            parameters[(end.get("in"), end.get("name")) if isinstance(end, dict) else repr(given)] = given
        operation["parameters"] = {f"{key}": value for key, value in parameters.items()}
        servers = (
            operation.get("servers") or item.get("servers") or self.tree.get("servers") or [{"url": "/"}]
        )
        operation["servers"] = [
            {**server, "url": url if (url := server["url"])[:1] == "{" else urljoin(self.document.uri, url)}
            for server in servers
        ]
        is_one = len(list(operations_of(item))) == 1
        for key in item:
            is_for_each = is_one or key not in ("x-cli-name", "x-cli-aliases")
            if key in ("summary", "description") or (key.startswith("x-") and is_for_each):
                operation.setdefault(key, item[key])
        required = operation.get("security", self.tree.get("security")) or []
        schemes = self.tree.get("components", {}).get("securitySchemes", {})
        operation["security"] = [
            sorted(
                (
                    {"scheme": self.absolute(schemes.get(name)), "scopes": scopes}
                    for name, scopes in requirement.items()
                ),
                key=repr,
            )
            for requirement in required
        ]
        return operation

    def absolute(self, node: Any) -> Any:
        """Return a security scheme with its URLs as they are asked for."""
        if not isinstance(node, dict):
            return node
        return {
            key: urljoin(self.document.uri, value)
            if key.lower().endswith("url") and isinstance(value, str)
            else self.absolute(value)
            for key, value in node.items()
        }

    def linked(self, link: dict[str, Any]) -> Any:
        if isinstance(link.get("operationRef"), str):
            return self.locator.locate_ref(link["operationRef"]) or link["operationRef"]
        wanted: Any = link.get("operationId")
        return self.by_id.get(wanted, wanted)

    def mapped(self, ref: str) -> Any:
        schemas = self.tree.get("components", {}).get("schemas", {})
        return {"$ref": f"#/components/schemas/{ref}"} if ref in schemas else {"$ref": ref}

    def branches(self, schema: dict[str, Any]) -> dict[str, Any]:
        """Return each name that a discriminator knows, with the schema that it means."""
        mapping = schema["discriminator"].get("mapping")
        named = {name: self.mapped(ref) for name, ref in mapping.items()} if isinstance(mapping, dict) else {}
        known = {value["$ref"] for value in named.values()}
        for keyword in ("oneOf", "anyOf"):
            for branch in schema.get(keyword) or ():
                ref = branch.get("$ref") if isinstance(branch, dict) else None
                if isinstance(ref, str) and ref.startswith("#/components/schemas/") and ref not in known:
                    named.setdefault(ref.rpartition("/")[2], branch)
        for name in self.kin.get(id(schema), ()):
            if f"#/components/schemas/{name}" not in known:
                named.setdefault(name, {"$ref": f"#/components/schemas/{name}"})
        return {**named, "default": self.mapped(str(schema["discriminator"].get("defaultMapping")))}


class _Comparison:
    def __init__(self, first: _Side, other: _Side) -> None:
        self.first, self.other = first, other
        self.seen: set[tuple[int, int]] = set()
        self.kept: list[Any] = []

    def of_operation(self, path: str, method: str) -> Iterator[str]:
        pair = self.first.operation(path, method), self.other.operation(path, method)
        waiting: list[tuple[Any, Any, str]] = [(*pair, f"{method} {path}")]
        while waiting:
            first, other, where = waiting.pop()
            first, other = self.first.end_of(first), self.other.end_of(other)
            if (id(first), id(other)) in self.seen:
                continue
            self.seen.add((id(first), id(other)))
            self.kept += [first, other]
            if isinstance(first, dict) and isinstance(other, dict):
                nodes = (first, other)
                first, other = dict(first), dict(other)
                keys = first.keys() | other.keys()
                if "operationRef" in keys or ("operationId" in keys and "responses" not in keys):
                    for side, node in ((self.first, first), (self.other, other)):
                        node["operation"] = side.linked(node)
                        node.pop("operationId", None), node.pop("operationRef", None)
                if isinstance(first.get("discriminator"), dict) and isinstance(
                    other.get("discriminator"), dict
                ):
                    for side, node, own in ((self.first, first, nodes[0]), (self.other, other, nodes[1])):
                        node["discriminator"] = {**node["discriminator"], "mapping": side.branches(own)}
                        node["discriminator"].pop("defaultMapping", None)
                if first.keys() != other.keys():
                    yield f"{where}: {sorted(first.keys() ^ other.keys())}"
                # In an extension nothing is a reference for sure.
                both = [key for key in first if key in other and not key.startswith("x-")]
                waiting.extend((first[key], other[key], f"{where}/{key}") for key in both)
            elif isinstance(first, list) and isinstance(other, list) and len(first) == len(other):
                waiting.extend(
                    (*two, f"{where}/{index}") for index, two in enumerate(zip(first, other, strict=True))
                )
            elif type(first) is not type(other) or first != other:
                yield f"{where}: {first!r:.80} and {other!r:.80}"
