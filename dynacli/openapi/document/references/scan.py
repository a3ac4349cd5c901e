"""The references of a document, and their targets within it.

No reference is followed out of the document, and data is not searched for references (see `objects`).

This module also walks through the objects that hold references: path items, operations, links, security schemes.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from dynacli.openapi.document.json_trees import MISSING, follow, follow_partly, from_fragment, join
from dynacli.openapi.document.objects import (
    DATA,
    DOCUMENT,
    EXAMPLE,
    SCHEMA,
    WEBHOOKS,
    ObjectKind,
    kind_at,
    kind_below,
    kind_in_list,
)
from dynacli.openapi.references import MOST_HOPS, follow_reference
from dynacli.urls import join_url

Steps = tuple[str, ...]
# The chain of the steps before, and the last step. This is cheaper than a pointer for every node.
StepLink = tuple[Any, str | int] | None

REFERENCE_KEYWORDS = frozenset({"$ref", "$dynamicRef", "$recursiveRef"})
_IDENTIFIERS = frozenset({"$id", "$schema", "jsonSchemaDialect"})

KNOWN_DIALECTS = (
    "https://spec.openapis.org/oas/3.1/dialect/base",
    "https://json-schema.org/draft/2020-12/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "http://json-schema.org/draft-07/schema",
    "http://json-schema.org/draft-06/schema",
    "http://json-schema.org/draft-04/schema",
    "http://json-schema.org/schema",
)
NEWEST_DIALECTS = frozenset(KNOWN_DIALECTS[:2]) | {"https://spec.openapis.org/oas/3.1/dialect/2024-11-10"}
"""The names of the default dialect of schemas in OpenAPI 3.1."""
_RARE = (REFERENCE_KEYWORDS - {"$ref"}) | _IDENTIFIERS | {"discriminator", "$anchor", "$dynamicAnchor"}
_IS_DATA = frozenset({DATA, EXAMPLE})
_IS_NO_PART = _IS_DATA | {SCHEMA}


class Reference(NamedTuple):
    """A reference with its target, or an identifier.

    Args:
        pointer: The JSON pointer of the object that holds it.
        keyword: `$ref`, `$dynamicRef`, `$recursiveRef`, `mapping` (of a discriminator),
            `$id`, `$schema` or `jsonSchemaDialect`.
        ref: The reference as written.
        target: The steps to its target, after all references on the way; None if there is none.
    """

    pointer: str
    keyword: str
    ref: str
    target: Steps | None


class ScanResult(NamedTuple):
    """The references of a document, in document order.

    Args:
        references: The references with a target in the document.
        external: The references out of the document; they are not followed.
        dangling: The references without a target.
        identifiers: `$id`s that are absolute URIs, and unknown dialects. A validator would use them as a base
            or fetch them, so dynacli removes them first.
    """

    references: tuple[Reference, ...]
    external: tuple[Reference, ...]
    dangling: tuple[Reference, ...]
    identifiers: tuple[Reference, ...]

    @property
    def internal(self) -> tuple[str, ...]:
        """The references that start with `#` and have a target, each spelling once."""
        return tuple(
            dict.fromkeys(reference.ref for reference in self.references if reference.ref.startswith("#"))
        )


class Site(NamedTuple):
    """The location of a reference or an identifier.

    Args:
        node: The object that holds it.
        link: The steps to that object.
        keyword: The key of the reference in `node`; for an entry of a `mapping`, the key of `node` itself.
        ref: The value.
        is_optional: Whether the value may be data rather than a reference.
        kind: The kind of object that is expected there.
        name: The key in a `mapping`; else empty.
    """

    node: dict[str, Any]
    link: StepLink
    keyword: str
    ref: Any
    is_optional: bool
    kind: ObjectKind
    name: str = ""


def scan(tree: Any, uri: str = "") -> ScanResult:
    """Return every reference of a document.

    Args:
        tree: The document, plain JSON.
        uri: Its base URI. References to this URI are references within the document.
    """
    sites = list(sites_of(tree))
    locator = Locator(tree, uri, sites)
    internal: list[Reference] = []
    external: list[Reference] = []
    dangling: list[Reference] = []
    identifiers: list[Reference] = []
    for site in sites:
        if site.keyword in _IDENTIFIERS:
            if _is_foreign_identifier(site):
                identifiers.append(Reference(_pointer(site), site.keyword, site.ref, None))
            continue
        if site.keyword not in REFERENCE_KEYWORDS and site.keyword != "mapping":
            continue
        ref = site.ref if isinstance(site.ref, str) else repr(site.ref)[:80]
        target = locator.locate(site)
        if target is not None:
            internal.append(Reference(_pointer(site), site.keyword, ref, target))
        elif site.is_optional:
            continue
        elif isinstance(site.ref, str) and locator.is_external(site):
            external.append(Reference(_pointer(site), site.keyword, ref, None))
        else:
            dangling.append(Reference(_pointer(site), site.keyword, ref, None))
    return ScanResult(tuple(internal), tuple(external), tuple(dangling), tuple(identifiers))


def lookup(tree: Any, ref: str) -> Any:
    """Return the target of a reference within a document.

    References on the way are followed (`#/a/b` if `a` is a `$ref`). If the target is a reference, it is not followed.

    Args:
        tree: The document, plain JSON.
        ref: A reference such as `#/components/schemas/Pet`.

    Raises:
        LookupError: The reference has no target in the document.
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
    """Return the steps to a location without references on the way; None if there is no such location."""
    return Locator(tree, "", []).walk(steps)


def follow_references(tree: Any, value: Any) -> Any:
    """Return the value at the end of a chain of `$ref`s; None for a cycle or a missing target."""
    return follow_reference(value, lambda ref: lookup(tree, ref))


def sites_of(
    tree: Any, kind: ObjectKind = DOCUMENT, link: StepLink = None, seen: set[int] | None = None
) -> Iterator[Site]:
    """Yield every reference and identifier of a document, in document order, without recursion.

    Args:
        tree: The document or a part of it, plain JSON.
        kind: The kind of `tree`.
        link: The steps to it.
        seen: The `id` of each object and list that was searched before. They are skipped, and new ones are added.
    """
    stack: list[tuple[Any, StepLink, ObjectKind]] = (
        [(tree, link, kind)] if isinstance(tree, (dict, list)) else []
    )
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
            # An Example Object may be a reference (3.1.1, "Example Object"); everything inside it is data.
            if isinstance(node.get("$ref"), str):
                yield Site(node, link, "$ref", node["$ref"], is_optional=True, kind=kind)
            continue
        # This runs several times for every object of the document, so the usual case calls no function.
        has_keywords = kind.members is None
        if has_keywords:
            if "$ref" in node:
                yield Site(node, link, "$ref", node["$ref"], is_optional=False, kind=kind)
            if not _RARE.isdisjoint(node):
                yield from _rare_sites(node, link, kind)
        elif isinstance(node.get("$ref"), str):
            # Some documents have references to other files here, although no version of OpenAPI allows them.
            yield Site(node, link, "$ref", node["$ref"], kind.members is EXAMPLE, kind)
        below: list[tuple[Any, StepLink, ObjectKind]] = []
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


def _rare_sites(node: dict[str, Any], link: StepLink, kind: ObjectKind) -> Iterator[Site]:
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


class Locator:
    """The targets of references, each spelling looked up once."""

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
        """Return the steps to the target of a reference; None if the document has none."""
        if not isinstance(site.ref, str):
            return None
        key = site.ref, site.keyword == "mapping"
        if key not in self.known:
            self.known[key] = self._locate_name(site.ref) if key[1] else self.locate_ref(site.ref)
        return self.known[key]

    def is_external(self, site: Site) -> bool:
        """Return whether a reference without a target in the document refers to another document."""
        ref: str = site.ref
        if site.keyword == "mapping" and not looks_like_reference(ref):
            return False
        base = without_fragment(ref)
        return bool(base) and not self._is_own(base)

    def _locate_name(self, ref: str) -> Steps | None:
        """Return the steps to the schema of a mapping's value, which is a schema's name or a reference."""
        named = ("components", "schemas", ref)
        if follow(self.tree, named) is not MISSING:
            return named
        return self.locate_ref(ref) if looks_like_reference(ref) else None

    def locate_ref(self, ref: str, hops: int = 0) -> Steps | None:
        """Return the steps to the target of a reference, given as text; None if the document has none."""
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
        """Follow the references on the way (`#/a/b` if `a` is a `$ref`), and return the steps to the end, or None."""
        node, length = follow_partly(self.tree, steps)
        if length == len(steps):
            return steps
        ref = node.get("$ref") if isinstance(node, dict) else None
        if not isinstance(ref, str) or hops >= MOST_HOPS:
            return None
        target = self.locate_ref(ref, hops + 1)
        return None if target is None else self.walk(target + steps[length:], hops + 1)

    def _is_own(self, base: str) -> bool:
        if not self.uri:
            return False
        try:
            return join_url(self.uri, base) == self.uri
        except ValueError:  # for instance an unclosed `[` in the host
            return False


def steps_of(link: StepLink) -> Steps:
    """Return the steps of a chain, starting at the root."""
    steps: list[str] = []
    while link:
        link, step = link
        steps.append(str(step))
    return tuple(reversed(steps))


def link_of(steps: Steps) -> StepLink:
    """Return steps as a chain."""
    link: StepLink = None
    for step in steps:
        link = (link, step)
    return link


def without_fragment(ref: str) -> str:
    """Return a reference up to its `#`; unlike `urldefrag`, even if it is malformed."""
    return ref.partition("#")[0]


def _pointer(site: Site) -> str:
    return join(steps_of(site.link))


def looks_like_reference(value: str) -> bool:
    """Return whether the value of a discriminator's mapping is a reference, and not the name of a schema."""
    return "/" in value or "#" in value or value.endswith((".json", ".yaml", ".yml"))


def _is_foreign_identifier(site: Site) -> bool:
    if site.keyword == "$id":
        return "://" in site.ref or site.ref.startswith(("urn:", "file:", "unix:", "//"))
    return site.ref.rstrip("#") not in KNOWN_DIALECTS


class WalkedObject(NamedTuple):
    """An object of a document.

    Args:
        node: The object.
        kind: Its kind.
        link: The steps to it.
    """

    node: dict[str, Any]
    kind: ObjectKind
    link: StepLink

    @property
    def steps(self) -> Steps:
        """The steps to the object."""
        return steps_of(self.link)


def objects_of(
    tree: dict[str, Any],
    *,
    with_callbacks: bool = True,
    left_out: frozenset[ObjectKind] = _IS_NO_PART,
) -> Iterator[WalkedObject]:
    """Yield the objects of a document that the specification describes, in document order, without schemas."""
    stack: list[tuple[Any, ObjectKind, StepLink]] = [(tree, DOCUMENT, None)]
    while stack:
        node, kind, link = stack.pop()
        if isinstance(node, dict):
            yield WalkedObject(node, kind, link)
        below = [
            entry
            for entry in _below(node, kind, link)
            if left_out.isdisjoint((entry[1], entry[1].members))
            and (with_callbacks or entry[1].section != "callbacks")
        ]
        stack.extend(reversed(below))


def _below(node: Any, kind: ObjectKind, link: StepLink) -> Iterator[tuple[Any, ObjectKind, StepLink]]:
    if isinstance(node, list):
        for index, item in enumerate(node):
            if isinstance(item, (dict, list)):
                yield item, kind, (link, index)
        return
    for key, value in node.items():
        if not isinstance(value, (dict, list)):
            continue
        yield value, kind_below(kind, key, value), (link, key)


def all_sites(tree: dict[str, Any]) -> Iterator[Site]:
    """Yield every reference and identifier of a document, including the webhooks of 3.0."""
    yield from sites_of(tree)
    if isinstance(tree.get(WEBHOOKS[1]), dict):
        yield from sites_of(tree[WEBHOOKS[1]], kind_at(DOCUMENT, WEBHOOKS[0]), (None, WEBHOOKS[1]))
    if str(tree.get("openapi")).startswith("3.2"):
        for walked in objects_of(tree, left_out=_IS_DATA):
            # OpenAPI 3.2.0, "Discriminator Object": a name or a reference, as in `mapping`.
            node = walked.node.get("discriminator") if walked.kind is SCHEMA else None
            if isinstance(node, dict) and isinstance(node.get("defaultMapping"), str):
                link = (walked.link, "discriminator")
                yield Site(node, link, "mapping", node["defaultMapping"], False, SCHEMA, "defaultMapping")


def security_of(node: dict[str, Any]) -> list[Any]:
    """Return the `security` of a document or an operation; a single object counts as a list."""
    security = node.get("security")
    return security if isinstance(security, list) else [security] if isinstance(security, dict) else []


def requirements_of(node: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the security requirements of a document or an operation."""
    return [requirement for requirement in security_of(node) if isinstance(requirement, dict)]
