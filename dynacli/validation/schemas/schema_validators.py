"""The schema validators that openapi-core gets: compiled schemas, by its hook `schema_validators_factory`."""

from collections.abc import Iterator
from typing import Any

from jsonschema_path import SchemaPath
from openapi_core.validation.schemas.factories import SchemaValidatorsFactory
from openapi_core.validation.schemas.validators import SchemaValidator

from dynacli.catalog.store.catalog_file import DamagedCatalogError
from dynacli.schema.read_schema import Direction, Follow
from dynacli.validation.findings.schema_error import SchemaError
from dynacli.validation.judging_notes import TOO_DEEP, JudgingNotes, look_up
from dynacli.validation.schemas.compiled_schema import CompiledSchema, EntryCount
from dynacli.validation.schemas.translation import (
    AT_ONCE,
    MAX_SCHEMAS,
    PlainSchema,
    SchemaSource,
    TooDeepError,
)

__all__ = ["BoundSchema", "SchemaValidators"]

_MAX_IN_ALL = 30_000
"""How many schemas are compiled in all: a branch within branches is compiled at each level, at `exact`."""


class SchemaValidators(SchemaValidatorsFactory):
    """Makes the schema validators for the messages of one direction of an operation.

    Args:
        version: The version of OpenAPI.
        direction: The direction of the messages.
        notes: Gets the reasons why something was not evaluated.
        dialect: The document's `jsonSchemaDialect`; empty where it has none.
    """

    def __init__(self, version: Any, direction: Direction, notes: JudgingNotes, dialect: str = "") -> None:
        self.version, self.direction, self.notes, self._dialect = version, direction, notes, dialect
        self._entries = EntryCount()
        self._left = _MAX_IN_ALL
        self._compiled: dict[tuple[int, str], tuple[Any, CompiledSchema | None]] = {}

    @property
    def is_used_up(self) -> bool:
        """Whether fewer schemas may still be compiled than one message may need."""
        return self._left < MAX_SCHEMAS

    def validator(self, schema: Any, resolver: Any) -> "BoundSchema":
        """Return a schema that can evaluate values.

        Args:
            schema: The schema as it is written, its references in place.
            resolver: Finds what the references lead to.
        """
        return BoundSchema(self, schema, resolver)

    def create(self, spec: SchemaPath, schema: SchemaPath, *_: Any, **__: Any) -> SchemaValidator:  # noqa: ARG002
        """Return openapi-core's validator of a schema, which evaluates by ours."""
        with schema.resolve() as resolved:
            return SchemaValidator(schema, self.validator(resolved.contents, resolved.resolver))

    def compiled(self, schema: Any, follow: Follow, base: str) -> CompiledSchema | None:
        """Return a schema compiled, which is done once; None where it cannot be.

        Args:
            schema: The schema.
            follow: Follows its references.
            base: The URI that its references are relative to.
        """
        key = id(schema), base
        if key not in self._compiled:
            # The schema is held so that no other object can get its identity.
            self._compiled[key] = schema, self._compile(schema, follow)
        return self._compiled[key][1]

    def _compile(self, schema: Any, follow: Follow) -> CompiledSchema | None:
        targets: dict[str, CompiledSchema | None] = {}

        def later(reference: str) -> CompiledSchema | None:
            if reference not in targets:
                target, follow_below = follow(reference)
                targets[reference] = self._compile(target, follow_below)
            return targets[reference]

        source = SchemaSource(
            self.version, self.direction, follow, self._dialect, self.notes.undefined_formats
        )
        try:
            plain = PlainSchema(schema, source, min(MAX_SCHEMAS, self._left), AT_ONCE)
        except (TooDeepError, RecursionError):
            return None
        self._left -= plain.size
        return CompiledSchema(plain, schema, self.notes, later, self._entries)


class BoundSchema:
    """A schema and what its references lead to, in the form of jsonschema's protocol `Validator`.

    Args:
        validators: Compiles it.
        schema: The schema as it is written.
        resolver: Finds what the references lead to.
    """

    def __init__(self, validators: SchemaValidators, schema: Any, resolver: Any) -> None:
        self._validators, self.schema, self._resolver = validators, schema, resolver
        self.version, self.notes = validators.version, validators.notes

    def errors(self, value: Any) -> list[SchemaError]:
        """Return the errors of a value; what cannot be evaluated is noted."""
        base = self._resolver._base_uri  # noqa: SLF001  - no public way
        compiled = self._validators.compiled(self.schema, self.follow, base)
        try:
            if compiled is not None:
                return compiled.errors(value)
        except (TooDeepError, RecursionError):
            pass
        self.notes.add_unchecked(TOO_DEEP)
        return []

    def iter_errors(self, value: Any) -> Iterator[SchemaError]:
        """Yield the errors of a value."""
        yield from self.errors(value)

    def evolve(self, *, schema: Any, _resolver: Any = None) -> "BoundSchema":
        """Return another schema of the same document."""
        return BoundSchema(self._validators, schema, _resolver or self._resolver)

    def follow(self, reference: str) -> tuple[Any, Follow]:
        """Return what a reference leads to, and what follows references there.

        Raises:
            LookupError: It leads nowhere.
        """
        try:
            found = look_up(self._resolver, reference)
        except (RecursionError, DamagedCatalogError):
            raise
        except Exception as error:
            raise LookupError(reference) from error
        return found.contents, BoundSchema(self._validators, found.contents, found.resolver).follow
