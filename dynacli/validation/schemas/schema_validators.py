"""The schema validators that openapi-core gets: compiled schemas, by its hook `schema_validators_factory`."""

from collections.abc import Iterator
from typing import Any

from jsonschema_path import SchemaPath
from openapi_core.validation.schemas.factories import SchemaValidatorsFactory
from openapi_core.validation.schemas.validators import SchemaValidator

from dynacli.catalog.store.catalog_file import DamagedCatalogError
from dynacli.schema.evaluation.compiled_schema import CompiledSchemas
from dynacli.schema.evaluation.judging_notes import TOO_DEEP, JudgingNotes
from dynacli.schema.evaluation.schema_error import SchemaError
from dynacli.schema.evaluation.translation import SchemaSource, TooDeepError
from dynacli.schema.read_schema import Direction, Follow

__all__ = ["BoundSchema", "SchemaValidators"]

_MAX_IN_ALL = 30_000
"""How many schemas are compiled in all: a branch within branches is compiled at each level, at `exact`."""

_FRAMES = 30


class SchemaValidators(SchemaValidatorsFactory):
    """Makes the schema validators for the messages of one direction of an operation.

    Args:
        version: The version of OpenAPI.
        direction: The direction of the messages.
        notes: Gets the reasons why something was not evaluated.
        dialect: The document's `jsonSchemaDialect`; empty where it has none.
    """

    def __init__(self, version: Any, direction: Direction, notes: JudgingNotes, dialect: str = "") -> None:
        self.version, self.notes = version, notes
        source = SchemaSource(version, direction, _nowhere, dialect, notes.undefined_formats)
        self.schemas = CompiledSchemas(source, notes, _MAX_IN_ALL)

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


def _nowhere(reference: str) -> tuple[Any, Follow]:
    raise LookupError(reference)


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
        compiled = self._validators.schemas.compiled(self.schema, self.follow)
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
            found = _look_up(self._resolver, reference)
        except (RecursionError, DamagedCatalogError):
            raise
        except Exception as error:
            raise LookupError(reference) from error
        return found.contents, BoundSchema(self._validators, found.contents, found.resolver).follow


def _check_stack(frames: int = _FRAMES) -> None:
    """Fail here where a call some frames deeper would fail.

    The registry of `referencing` is written in Rust. Where Python's stack ends inside of it, it panics, prints
    a backtrace, and raises something that is no `Exception`.
    https://github.com/crate-py/rpds/blob/main/src/lib.rs

    Raises:
        RecursionError: The stack has fewer frames left.
    """
    if frames:
        _check_stack(frames - 1)


def _look_up(resolver: Any, reference: str) -> Any:
    """Return what a resolver of `referencing` finds for a reference.

    Raises:
        RecursionError: The stack is too deep to look.
    """
    _check_stack()
    return resolver.lookup(reference)
