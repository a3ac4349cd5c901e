"""Which schemas apply to a value: those that it is judged by, and of alternatives those that it fits."""

from collections.abc import Iterator, Mapping
from typing import Any

from referencing.exceptions import Unresolvable

from dynacli.validation.discriminator import discriminator_of, named_branch, references_to

__all__ = ["Applying", "Schemas", "list_of", "mapping_of"]

_MAX_HOPS = 100
_CONDITIONS = ("anyOf", "oneOf", "if", "dependentSchemas", "dependencies", "discriminator")
_CONSTRAINTS = frozenset({"required", "not", "enum", "const", "items", "prefixItems", "dependentRequired"})

_ANYTHING: Mapping[str, Any] = {"additionalProperties": True}


class Schemas:
    """Schemas that apply to a value together.

    Attributes:
        own: The schemas, their references and `allOf` taken apart.
        conditional: Those among them that have parts whose application depends on the value.
        is_open: Whether nobody knows all of what they are.
    """

    def __init__(self) -> None:
        self.own: dict[int, Mapping[str, Any]] = {}
        self.conditional: list[Mapping[str, Any]] = []
        self.is_open = False

    @property
    def key(self) -> tuple[Any, ...]:
        """The same for the same schemas."""
        return (self.is_open, *self.own)

    def add(self, other: "Schemas") -> None:
        """Add what applies as well."""
        known = self.own.keys() & other.own.keys()
        self.own.update(other.own)
        self.conditional.extend(one for one in other.conditional if id(one) not in known)
        self.is_open |= other.is_open


class Applying:
    """Tells which schemas apply to values, as `unevaluatedProperties` would see them.

    Where a value fits none of several alternatives, which is a finding already, all of them count.

    Args:
        validator: A validator of the dialect, whose resolver knows the document.
    """

    def __init__(self, validator: Any) -> None:
        self._validator = validator
        self._known: dict[tuple[Any, ...], tuple[list[Any], Schemas]] = {}

    def to(self, schemas: list[Any], value: Any) -> Schemas:
        """Return what of schemas applies to an object or an array."""
        kind = "array" if isinstance(value, list) else "object"
        fixed = self._fixed(schemas, kind)
        if not fixed.conditional:
            return fixed
        found = Schemas()
        found.add(fixed)
        # The list grows while it is read: what applies may have conditions itself.
        for one in found.conditional:
            for branch, is_alternative in self._branches(one, value):
                more = self._fixed([branch], kind)
                found.add(more)
                found.is_open |= is_alternative and _is_free(more)
        return found

    def is_valid(self, schema: Any, value: Any) -> bool:
        """Return whether a value fits a schema."""
        return bool(self._validator.evolve(schema=schema).is_valid(value))

    def _fixed(self, schemas: list[Any], kind: str) -> Schemas:
        """Return what applies to every value of a kind."""
        key = (kind, *map(id, schemas))
        known = self._known.get(key)
        if known is None:
            found = Schemas()
            for schema in schemas:
                self._add(found, schema, kind, 0)
            # With the schemas themselves, so that no other can come to have their identity.
            known = self._known[key] = (schemas, found)
        return known[1]

    def _add(self, found: Schemas, schema: Any, kind: str, hops: int) -> None:
        if not isinstance(schema, Mapping) or id(schema) in found.own:
            return
        if hops > _MAX_HOPS:
            found.is_open = True
            return
        refs = [schema[one] for one in ("$ref", "$dynamicRef") if isinstance(schema.get(one), str)]
        for ref in refs:
            target = self._target(ref)
            if target is None:
                found.is_open = True  # nobody knows what it would have mentioned
            else:
                self._add(found, target, kind, hops + 1)
        if refs and self._validator.is_3_0:
            return  # OpenAPI 3.0.4, "Reference Object": what stands beside it is ignored
        found.own[id(schema)] = schema
        for branch in list_of(schema, "allOf"):
            self._add(found, branch, kind, hops + 1)
        if self._is_conditional(found, schema, kind, hops):
            found.conditional.append(schema)

    def _is_conditional(self, found: Schemas, schema: Mapping[str, Any], kind: str, hops: int) -> bool:
        """Return whether parts of a schema apply to some values alone; what is left of one choice is added."""
        keywords = [one for one in _CONDITIONS if one in schema]
        if "discriminator" in keywords or any(one not in {"anyOf", "oneOf"} for one in keywords):
            return True
        choices = [self._of_kind(list_of(schema, one), kind) for one in keywords]
        if any(len(one) > 1 for one in choices):
            return True
        for branch in (one for choice in choices for one in choice):
            more = Schemas()
            more.own.update(found.own)  # so that a circle ends
            self._add(more, branch, kind, hops + 1)
            for known in found.own:
                del more.own[known]
            found.add(more)
            found.is_open |= bool(more.own) and _is_free(more)
        return False

    def _of_kind(self, branches: list[Any], kind: str) -> list[Any]:
        """Return the branches that may be of a kind; all of them where none is."""
        return [one for one in branches if self._may_be(one, kind, 0)] or branches

    def _may_be(self, schema: Any, kind: str, hops: int) -> bool:
        if not isinstance(schema, Mapping) or hops > _MAX_HOPS:
            return schema is not False
        kinds = schema.get("type")
        if kinds is not None and kind not in (kinds if isinstance(kinds, list) else [kinds]):
            return False
        if isinstance(schema.get("$ref"), str):
            return self._may_be(self._target(schema["$ref"]), kind, hops + 1)
        return True

    def _target(self, ref: str) -> Any:
        try:
            return self._validator._resolver.lookup(ref).contents  # noqa: SLF001  - as jsonschema's own keywords
        except (LookupError, Unresolvable):
            return None

    def _branches(self, schema: Mapping[str, Any], value: Any) -> Iterator[tuple[Any, bool]]:
        """Yield the parts of a schema that apply to a value, and whether they are alternatives."""
        kind = "array" if isinstance(value, list) else "object"
        for keyword in ("anyOf", "oneOf"):
            for branch in self._fitting(list_of(schema, keyword), schema, value, kind):
                yield branch, True
        if "if" in schema:
            fits = self.is_valid(schema["if"], value)
            yield from ((schema.get(one), False) for one in (("if", "then") if fits else ("else",)))
        for keyword in ("dependentSchemas", "dependencies") if kind == "object" else ():
            for name, branch in mapping_of(schema, keyword).items():
                if name in value:
                    yield branch, False
        if "anyOf" not in schema and "oneOf" not in schema:
            yield from ((one, False) for one in self._child(schema, value))

    def _fitting(self, branches: list[Any], schema: Any, value: Any, kind: str) -> list[Any]:
        named = named_branch(branches, value, schema)
        if named is not None:
            return [branches[named[0]]]
        branches = self._of_kind(branches, kind)
        if len(branches) < 2:
            return branches
        return [one for one in branches if self.is_valid(one, value)] or branches

    def _child(self, schema: Mapping[str, Any], value: Any) -> list[Any]:
        """Return the schema that the discriminator of a parent names, which refers to it by `allOf`."""
        found = discriminator_of(schema)
        if found is None or not isinstance(value, Mapping):
            return []
        name, discriminator = found
        for ref in references_to(discriminator, value.get(name)):
            # The name alone (`Cat`) leads nowhere; its place in the components is the next one.
            target = self._target(ref) if ref.startswith("#/") else None
            if target is not None:
                return [target]
        return [_ANYTHING]  # a child that the document does not have


def _is_free(schemas: Schemas) -> bool:
    """Return whether an alternative may be an object of which nothing is said."""
    return not schemas.conditional and all(
        not mapping_of(one, "properties") and _CONSTRAINTS.isdisjoint(one) for one in schemas.own.values()
    )


def list_of(schema: Mapping[str, Any], keyword: str) -> list[Any]:
    """Return the value of a keyword that holds a list; an empty one where it does not."""
    value = schema.get(keyword)
    return value if isinstance(value, list) else []


def mapping_of(schema: Mapping[str, Any], keyword: str) -> Mapping[str, Any]:
    """Return the value of a keyword that holds an object; an empty one where it does not."""
    value = schema.get(keyword)
    return value if isinstance(value, Mapping) else {}
