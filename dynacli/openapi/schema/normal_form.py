"""The normal form of schemas of all OpenAPI versions: JSON Schema 2020-12.

Only keywords of a schema change. The schemas below it stay at the same locations, so that a JSON pointer into a
document refers to the same schema in both forms.

| written | normal form |
|---|---|
| `type: string, nullable: true` (3.0) | `type: [string, "null"]` |
| `minimum: 1, exclusiveMinimum: true` (3.0) | `exclusiveMinimum: 1` |
| keywords beside a `$ref` (3.0), which are ignored | annotations alone |
| `discriminator` whose `mapping` or `defaultMapping` has names | references |

The normal form also has keywords that are not in 3.0, and `nullable` without a `type`.
This `nullable` has no effect ("Schema Object" of OpenAPI 3.0.4), but shows that the author wants to allow null.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any

from dynacli.openapi.document.json_trees import IndexedSteps, dict_or_empty, join
from dynacli.openapi.document.references.scan import StepLink, lookup, steps_of
from dynacli.openapi.document.workarounds import each_schema, root_schemas
from dynacli.openapi.schema.read_schema import (
    applied_schemas,
    as_reference,
    common_types,
    discriminator_of,
    following,
    list_of,
    reference_name,
    types_of,
)

_BOUNDS = (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum"))
_MAY_DIFFER = frozenset({"exclusiveMinimum", "exclusiveMaximum", "discriminator"})
_MAY_DIFFER_3_0 = _MAY_DIFFER | {"nullable", "$ref"}
_ANNOTATIONS = frozenset(
    {"$ref", "description", "summary", "title", "deprecated", "readOnly", "writeOnly", "nullable"}
    | {"default", "example", "examples", "externalDocs", "xml"}
)
_SCHEMAS = "#/components/schemas/"
_MOST_PARTS = 20
"""Maximum number of schemas to check together; in a longer chain of `allOf`, the others are checked separately."""
_USEFUL = frozenset({"enum", "const", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "not"})
"""Keywords that can distinguish the numbers of two branches."""
_SCHEMAS_BELOW = ("components", "schemas")
_MOST_HEIRS = 1000
"""Maximum number of heirs of a schema; a schema with more heirs gets no mapping, because a part would look like all."""
_MOST_LOOKED_FOR = 100_000
"""Maximum number of heirs in a document."""


def normal_keywords(schema: dict[str, Any], version: str) -> dict[str, Any] | None:
    """Return the keywords of a schema in the normal form; None if they have it already.

    Args:
        schema: A Schema Object; the schemas below it are not changed.
        version: The version of OpenAPI that it is written in, such as `3.0`.
    """
    is_3_0 = version == "3.0"
    if schema.keys().isdisjoint(_MAY_DIFFER_3_0 if is_3_0 else _MAY_DIFFER):
        return None
    if is_3_0 and isinstance(schema.get("$ref"), str):
        # OpenAPI 3.0.4, "Reference Object": other properties "SHALL be ignored". Many documents have annotations
        # there, and annotations make no value invalid.
        kept = {name: value for name, value in schema.items() if name in _ANNOTATIONS or name[:2] == "x-"}
        if len(kept) == len(schema):
            return None
        for branch in schema["allOf"] if isinstance(schema.get("allOf"), list) else ():
            # Some documents put the mark of a reference here, because 3.0 ignores a mark beside the `$ref`.
            marks = branch if isinstance(branch, dict) else {}
            kept.update({name: True for name in ("readOnly", "writeOnly") if marks.get(name) is True})
        return kept
    normal = dict(schema)
    if is_3_0 and schema.get("nullable") is True:
        _add_null(normal)
    for exclusive, bound in _BOUNDS:
        if exclusive in normal:
            _make_number(normal, exclusive, bound, is_flag=is_3_0 or isinstance(normal[exclusive], bool))
    if "discriminator" in normal:
        normal["discriminator"] = _with_references(normal["discriminator"])
    return normal if normal != schema or normal.keys() != schema.keys() else None


def _add_null(schema: dict[str, Any]) -> None:
    """Add null to the types of a schema that is `nullable`."""
    kinds = schema.get("type")
    if isinstance(kinds, str):
        kinds = [kinds]
    if isinstance(kinds, list) and kinds:
        schema["type"] = kinds if "null" in kinds else [*kinds, "null"]
        del schema["nullable"]


def _make_number(schema: dict[str, Any], exclusive: str, bound: str, *, is_flag: bool) -> None:
    """Replace the flag of an exclusive bound by a number.

    Documents of 3.1 can have the flags of 3.0, if only their version was changed.
    """
    if not is_flag:
        return
    is_excluded = bool(schema.pop(exclusive))
    if is_excluded and bound in schema:
        schema[exclusive] = schema.pop(bound)


def _with_references(discriminator: Any) -> Any:
    """Return a discriminator with references instead of names of components."""
    if not isinstance(discriminator, Mapping):
        return discriminator
    normal = dict(discriminator)
    if isinstance(mapping := normal.get("mapping"), Mapping):
        normal["mapping"] = {value: _as_reference_or_same(target) for value, target in mapping.items()}
    if "defaultMapping" in normal:
        normal["defaultMapping"] = _as_reference_or_same(normal["defaultMapping"])
    return normal


def _as_reference_or_same(target: Any) -> Any:
    return as_reference(target) if isinstance(target, str) else target


class _DoubtfulSchemas:
    """Warns of references whose target is not a schema, of schemas with two types at once, and of ambiguous `oneOf`s.

    Such schemas stay unchanged.

    Args:
        tree: The document.
        warn: Called with a message and the steps of a pointer.
    """

    def __init__(self, tree: Any, warn: Callable[..., None]) -> None:
        self._tree = tree
        self._warn = warn
        self._refs: set[str] = set()
        self._follow = following(partial(lookup, tree))

    def look(self, schema: dict[str, Any], steps: tuple[str | int, ...], link: StepLink) -> None:
        """Check a schema, but not the schemas below it.

        Args:
            steps: The steps to the outermost schema around it.
            link: The steps from there.
        """
        ref = schema.get("$ref")
        messages = []
        if isinstance(ref, str) and ref not in self._refs:
            self._refs.add(ref)
            if not self._leads_to_schema(ref):
                messages.append(("$ref", f"`{ref[:100]}` is not a schema; any value is accepted"))
        if "allOf" in schema:
            messages.append(("allOf", self._two_types(schema)))
        if isinstance(schema.get("oneOf"), list):
            messages.append(("oneOf", self._two_numbers(schema["oneOf"])))
        for keyword, message in messages:
            if message:
                self._warn(message, *steps, *steps_of(link), keyword)

    def _leads_to_schema(self, ref: str) -> bool:
        try:
            target = lookup(self._tree, ref)
        except LookupError:
            return True  # a missing target is reported elsewhere
        is_other_component = (
            ref.startswith("#/components/") and not ref.startswith(_SCHEMAS) and ref.count("/") == 3
        )
        return isinstance(target, dict | bool) and not is_other_component

    def _two_types(self, schema: dict[str, Any]) -> str:
        """Return the message for a schema that requires two types at once; empty for other schemas."""
        types: list[str] = []
        for part in islice(applied_schemas(schema, self._follow), _MOST_PARTS):
            named = types_of(part)
            common = common_types(types, named) if types and named else types or named
            if not common and named:
                asked = f"`{'|'.join(types)}` and `{'|'.join(named)}`"
                return f"No value is valid, because it would have to be {asked} at once"
            types = common
        return ""

    def _two_numbers(self, branches: list[Any]) -> str:
        """Return the message for a choice between integers and numbers, because an integer is both; else empty."""
        kinds: set[str] = set()
        for branch in branches[:_MOST_PARTS]:
            parts = list(islice(applied_schemas(branch, self._follow), _MOST_PARTS))
            if not any(_USEFUL.intersection(part) for part in parts):
                kinds.update(kind for part in parts for kind in types_of(part))
        if {"integer", "number"} <= kinds:
            return "An integer is also a number, so it fits two branches of `oneOf`; this is read as `anyOf`"
        return ""


def normal_tree(
    tree: dict[str, Any], version: str, warn: Callable[..., None] | None = None
) -> dict[str, Any]:
    """Return a document with its schemas in the normal form.

    Args:
        tree: The document in OpenAPI 3, which is not changed.
        version: Its version, such as `3.0`.
        warn: Called with a message and the steps of a pointer for each doubtful schema.
    """
    copies = _Copies(tree)
    doubtful = _DoubtfulSchemas(tree, warn) if warn is not None else None
    for schema, steps in root_schemas(tree):
        for node, link in each_schema(schema):
            if doubtful is not None and ("$ref" in node or "allOf" in node or "oneOf" in node):
                doubtful.look(node, steps, link)
            keywords = normal_keywords(node, version)
            if keywords is not None:
                copies.replace((*steps, *steps_of(link)), keywords)
    return copies.tree


class _Copies:
    """A tree in which objects are replaced: objects around them are copied once, and all others are shared."""

    def __init__(self, tree: dict[str, Any]) -> None:
        self.tree = tree
        self._copied: set[int] = set()

    def replace(self, steps: IndexedSteps, node: dict[str, Any]) -> None:
        """Replace an object; replace an object around it first.

        Nothing happens if an object around it was replaced by one that does not contain it.
        """
        self.tree = here = self._copy(self.tree)
        for step in steps[:-1]:
            key = int(step) if isinstance(here, list) else step
            if isinstance(here, dict) and key not in here:
                return
            here[key] = here = self._copy(here[key])
        if isinstance(here, list):
            here[int(steps[-1])] = node
        elif steps[-1] in here:
            here[steps[-1]] = node
        self._copied.add(id(node))

    def _copy(self, value: Any) -> Any:
        if id(value) in self._copied:
            return value
        copy = value.copy()
        self._copied.add(id(copy))
        return copy


def with_implied_mappings(tree: dict[str, Any]) -> dict[str, Any]:
    """Return a document whose discriminators have mappings to the heirs; other parts are shared with the argument.

    The schema with the discriminator comes last: most servers refuse values that name it, but no document can say so.
    """
    components = dict_or_empty(tree.get("components"))
    schemas = dict_or_empty(components.get("schemas"))
    implying = [name for name, schema in schemas.items() if _implies_a_mapping(schema)]
    children = _children(schemas) if implying else {}
    # The discriminator of the base schema also selects an heir that has its own discriminator.
    below = set(_heirs(implying, children))
    bases = [name for name in implying if name not in below]
    changed = {}
    left = _MOST_LOOKED_FOR
    for base in bases:
        heirs = list(islice(_heirs([base], children), min(_MOST_HEIRS + 1, left)))
        left -= len(heirs)
        if 0 < len(heirs) <= _MOST_HEIRS and left > 0:
            mapping = {name: f"#{join((*_SCHEMAS_BELOW, name))}" for name in (*heirs, base)}
            discriminator = {**schemas[base]["discriminator"], "mapping": mapping}
            changed[base] = {**schemas[base], "discriminator": discriminator}
    if not changed:
        return tree
    return {**tree, "components": {**components, "schemas": {**schemas, **changed}}}


def _implies_a_mapping(schema: Any) -> bool:
    discriminator = discriminator_of(schema)
    if discriminator is None or discriminator.mapping:
        return False
    return bool(schema.keys().isdisjoint({"oneOf", "anyOf"}))


def _children(schemas: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return schema → the schemas that refer to it in their `allOf`."""
    children: dict[str, list[str]] = {}
    for name, schema in schemas.items():
        for part in list_of(schema, "allOf") if isinstance(schema, Mapping) else ():
            ref = part.get("$ref") if isinstance(part, Mapping) else None
            if isinstance(ref, str) and ref.startswith("#/components/schemas/"):
                children.setdefault(reference_name(ref), []).append(name)
    return children


def _heirs(bases: list[str], children: Mapping[str, list[str]]) -> Iterator[str]:
    """Yield the schemas that inherit from any of several, at any depth, the nearest first."""
    seen: set[str] = set()
    waiting = list(bases)
    for name in waiting:
        for child in children.get(name, ()):
            if child not in seen:
                seen.add(child)
                waiting.append(child)
                yield child
