"""Finds every reference of a document, and tells those that can be followed from those that cannot.

Nothing here follows a reference out of the document, and nothing looks into data (see `objects`).
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import urljoin

from dynacli.document.objects import DATA, DOCUMENT, EXAMPLE, SCHEMA, ObjectKind, kind_at, kind_in_list
from dynacli.document.pointer import MISSING, follow, from_fragment, join, step_into

__all__ = ["Reference", "ScanResult", "follow_references", "lookup", "past_references", "scan"]

Steps = tuple[str, ...]
# A step with the chain of steps that led to it: cheaper than a pointer for every node.
Link = tuple[Any, str | int] | None

REFERENCES = frozenset({"$ref", "$dynamicRef", "$recursiveRef"})
IDENTIFIERS = frozenset({"$id", "$schema", "jsonSchemaDialect"})

KNOWN_DIALECTS = (
    "https://spec.openapis.org/oas/3.1/dialect/base",
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "http://json-schema.org/draft-07/schema",
    "http://json-schema.org/draft-06/schema",
    "http://json-schema.org/draft-04/schema",
    "http://json-schema.org/schema",
)

_MAX_HOPS = 100


class Reference(NamedTuple):
    """One place that refers to another.

    Args:
        pointer: The JSON pointer of the object that holds it.
        keyword: `$ref`, `$dynamicRef`, `$recursiveRef`, `mapping` (of a discriminator),
            `$id`, `$schema` or `jsonSchemaDialect`.
        ref: The reference as written.
        target: The steps to what it means, past further references on the way; None where there is nothing.
    """

    pointer: str
    keyword: str
    ref: str
    target: Steps | None


class ScanResult(NamedTuple):
    """The references of a document, in document order.

    Args:
        references: All that lead to something within the document.
        external: All that leave it; none is ever followed.
        dangling: All that should lead to something in the document, which is not there.
        identifiers: `$id`s and dialects that are absolute URIs and not those of JSON Schema itself:
            a validator would take them as a base or fetch them, so they are removed before one sees them.
    """

    references: tuple[Reference, ...]
    external: tuple[Reference, ...]
    dangling: tuple[Reference, ...]
    identifiers: tuple[Reference, ...]

    @property
    def internal(self) -> tuple[str, ...]:
        """The references that lead to something, as written, each spelling once."""
        return tuple(dict.fromkeys(found.ref for found in self.references if found.ref.startswith("#")))


class Site(NamedTuple):
    """A reference where it stands, for those who change it there.

    Args:
        node: The object that holds it.
        link: The steps to that object.
        keyword: What holds it; for `mapping`, the keyword of the object that `node` is.
        ref: Its value.
        is_optional: Whether it may be no reference at all.
        kind: What should stand in the place of the object.
        name: Of a mapping, the key.
    """

    node: dict[str, Any]
    link: Link
    keyword: str
    ref: Any
    is_optional: bool
    kind: ObjectKind
    name: str = ""


def scan(tree: Any, uri: str = "") -> ScanResult:
    """Return every reference of a document.

    Args:
        tree: The document, plain JSON.
        uri: Its base URI: a reference to the document by its own address stays inside it.
    """
    sites = list(sites_of(tree))
    locator = Locator(tree, uri, sites)
    found: list[Reference] = []
    external: list[Reference] = []
    dangling: list[Reference] = []
    identifiers: list[Reference] = []
    for site in sites:
        if site.keyword in IDENTIFIERS:
            if _is_foreign_identifier(site):
                identifiers.append(Reference(_pointer(site), site.keyword, site.ref, None))
            continue
        if site.keyword not in REFERENCES and site.keyword != "mapping":
            continue
        ref = site.ref if isinstance(site.ref, str) else repr(site.ref)[:80]
        target = locator.locate(site)
        if target is not None:
            found.append(Reference(_pointer(site), site.keyword, ref, target))
        elif site.is_optional:
            continue
        elif isinstance(site.ref, str) and locator.is_external(site):
            external.append(Reference(_pointer(site), site.keyword, ref, None))
        else:
            dangling.append(Reference(_pointer(site), site.keyword, ref, None))
    return ScanResult(tuple(found), tuple(external), tuple(dangling), tuple(identifiers))


def lookup(tree: Any, ref: str) -> Any:
    """Return what a reference within a document means.

    Further references on the way are followed (`#/a/b` where `a` is a `$ref`), one at its end is not.

    Args:
        tree: The document, plain JSON.
        ref: A reference such as `#/components/schemas/Pet`.

    Raises:
        LookupError: It leads to nothing, or out of the document.
    """
    steps = from_fragment(ref)
    node = MISSING if steps is None else follow(tree, steps)
    if node is MISSING:
        target = Locator(tree, "", []).locate_ref(ref)
        if target is None:
            raise LookupError(ref)
        node = follow(tree, target)
    return node


def past_references(tree: Any, steps: Steps) -> Steps | None:
    """Return where the steps end, of which some lead through references; None where that is nowhere."""
    return Locator(tree, "", []).walk(steps)


def follow_references(tree: Any, value: Any) -> Any:
    """Return what stands at the end of a chain of references; None where it leads nowhere or around."""
    for _ in range(_MAX_HOPS):
        if not isinstance(value, Mapping) or not isinstance(value.get("$ref"), str):
            return value
        try:
            value = lookup(tree, value["$ref"])
        except LookupError:
            return None
    return None


def sites_of(
    tree: Any, kind: ObjectKind = DOCUMENT, link: Link = None, seen: set[int] | None = None
) -> Iterator[Site]:
    """Yield every keyword of a document that refers or names, in document order, without recursion.

    Args:
        tree: The document or a part of it, plain JSON.
        kind: What it is.
        link: The steps to it.
        seen: The `id` of each object and list that was gone through before; those met are left out and added.
    """
    stack: list[tuple[Any, Link, ObjectKind]] = [(tree, link, kind)] if isinstance(tree, (dict, list)) else []
    while stack:
        node, link, kind = stack.pop()
        if seen is not None:
            if id(node) in seen:
                continue
            seen.add(id(node))
        if isinstance(node, list):
            items = [
                (item, (link, index), kind)
                for index, item in enumerate(node)
                if isinstance(item, (dict, list))
            ]
            stack.extend(reversed(items))
            continue
        if kind is EXAMPLE:
            # An Example Object may be a reference (3.1.1, "Example Object"); what is in it is data.
            if isinstance(node.get("$ref"), str):
                yield Site(node, link, "$ref", node["$ref"], is_optional=True, kind=kind)
            continue
        # Every object of the document comes by here, several times: hence no calls for the usual ones.
        has_keywords = kind.members is None
        if has_keywords:
            if "$ref" in node:
                yield Site(node, link, "$ref", node["$ref"], is_optional=False, kind=kind)
            if not _RARE.isdisjoint(node):
                yield from _rare_in(node, link, kind)
        elif isinstance(node.get("$ref"), str):
            # Files are split at such maps although no version of OpenAPI provides for it.
            yield Site(node, link, "$ref", node["$ref"], kind.members is EXAMPLE, kind)
        below: list[tuple[Any, Link, ObjectKind]] = []
        for key, value in node.items():
            if isinstance(value, dict):
                inner = kind_at(kind, key)
            elif isinstance(value, list):
                inner = kind_in_list(kind_at(kind, key), key)
            else:
                continue
            if inner is not DATA and not (has_keywords and key == "$ref"):
                below.append((value, (link, key), inner))
        below.reverse()
        stack.extend(below)


def _rare_in(node: dict[str, Any], link: Link, kind: ObjectKind) -> Iterator[Site]:
    for keyword in _RARE & node.keys():
        value = node[keyword]
        if keyword == "discriminator":
            mapping = value.get("mapping") if isinstance(value, dict) else None
            if isinstance(mapping, dict):
                here = ((link, "discriminator"), "mapping")
                for name, ref in mapping.items():
                    yield Site(mapping, here, "mapping", ref, is_optional=False, kind=SCHEMA, name=name)
        elif isinstance(value, str):
            yield Site(node, link, keyword, value, is_optional=False, kind=kind)


_RARE = (REFERENCES - {"$ref"}) | IDENTIFIERS | {"discriminator", "$anchor", "$dynamicAnchor"}


class Locator:
    """Finds what references mean, each spelling once."""

    def __init__(self, tree: Any, uri: str, sites: list[Site]) -> None:
        self.tree = tree
        self.uri = without_fragment(uri)
        self.anchors = {
            site.ref: steps_of(site.link) for site in sites if site.keyword in ("$anchor", "$dynamicAnchor")
        }
        self.ids = {
            without_fragment(site.ref): steps_of(site.link)
            for site in sites
            if site.keyword == "$id" and not site.ref.startswith("#")
        }
        self.known: dict[tuple[str, bool], Steps | None] = {}

    def locate(self, site: Site) -> Steps | None:
        """Return the steps to what a reference means, or None."""
        if not isinstance(site.ref, str):
            return None
        key = site.ref, site.keyword == "mapping"
        if key not in self.known:
            self.known[key] = self._locate_name(site.ref) if key[1] else self.locate_ref(site.ref)
        return self.known[key]

    def is_external(self, site: Site) -> bool:
        """Tell whether a reference without a target leaves the document."""
        ref: str = site.ref
        if site.keyword == "mapping" and not looks_like_reference(ref):
            return False
        base = without_fragment(ref)
        return bool(base) and not self._is_own(base)

    def _locate_name(self, ref: str) -> Steps | None:
        """Locate the value of a discriminator's mapping: a schema's name or a reference."""
        named = ("components", "schemas", ref)
        schemas = self.tree.get("components", {}) if isinstance(self.tree, dict) else {}
        schemas = schemas.get("schemas") if isinstance(schemas, dict) else None
        if isinstance(schemas, dict) and ref in schemas:
            return named
        return self.locate_ref(ref) if looks_like_reference(ref) else None

    def locate_ref(self, ref: str, hops: int = 0) -> Steps | None:
        """Return the steps to what the text of a reference means, or None."""
        base, hash_sign, fragment = ref.partition("#")
        start: Steps = ()
        if base in self.ids:
            start = self.ids[base]
        elif base and not self._is_own(base):
            return None
        if fragment in self.anchors:
            return self.anchors[fragment]
        steps = from_fragment(f"#{fragment}")
        if steps is None or not (base or hash_sign):
            return None
        return self.walk(start + steps, hops)

    def walk(self, steps: Steps, hops: int = 0) -> Steps | None:
        """Return the steps without references on the way: `#/a/b` where `a` is itself a `$ref`."""
        taken: list[str] = []
        node = self.tree
        for index, step in enumerate(steps):
            child = step_into(node, step)
            if child is MISSING:
                ref = node.get("$ref") if isinstance(node, dict) else None
                if not isinstance(ref, str) or hops >= _MAX_HOPS:
                    return None
                target = self.locate_ref(ref, hops + 1)
                return None if target is None else self.walk(target + steps[index:], hops + 1)
            taken.append(step)
            node = child
        return tuple(taken)

    def _is_own(self, base: str) -> bool:
        if not self.uri:
            return False
        try:
            return urljoin(self.uri, base) == self.uri
        except ValueError:  # for instance an unclosed `[` in the host
            return False


def steps_of(link: Link) -> Steps:
    """Return the steps that a chain is made of, from the root."""
    steps: list[str] = []
    while link:
        link, step = link
        steps.append(str(step))
    return tuple(reversed(steps))


def without_fragment(ref: str) -> str:
    """Return a reference up to its `#`; unlike the standard library's function, for malformed ones too."""
    return ref.partition("#")[0]


def _pointer(site: Site) -> str:
    return join(steps_of(site.link))


def looks_like_reference(value: str) -> bool:
    return "/" in value or "#" in value or value.endswith((".json", ".yaml", ".yml"))


def _is_foreign_identifier(site: Site) -> bool:
    if site.keyword == "$id":
        return "://" in site.ref or site.ref.startswith(("urn:", "file:", "//"))
    return site.ref.rstrip("#") not in KNOWN_DIALECTS
