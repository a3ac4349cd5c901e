"""The schema validators that openapi-core gets: compiled schemas, by its hook `schema_validators_factory`."""

from collections.abc import Callable, Iterator
from typing import Any

from jsonschema_path import SchemaPath
from openapi_core.validation.schemas.factories import SchemaValidatorsFactory
from openapi_core.validation.schemas.validators import SchemaValidator

from dynacli.openapi.schema.evaluation.compiled_schema import CompiledSchemas
from dynacli.openapi.schema.evaluation.schema_error import TOO_DEEP, SchemaError, ValidationNotes
from dynacli.openapi.schema.evaluation.translation import SchemaSource, TooDeepError
from dynacli.openapi.schema.read_schema import Direction, Follow

__all__ = ["SchemaValidators"]

_MAX_IN_ALL = 30_000
"""How many schemas are compiled in all: a branch within branches is compiled at each level, at `exact`."""


class SchemaValidators(SchemaValidatorsFactory):
    """Evaluates the schemas for the messages of one direction of an operation.

    Args:
        version: The version of OpenAPI.
        direction: The direction of the messages.
        resolve: Returns the target of a reference; it raises `LookupError` if there is none.
        notes: Gets the reasons why something was not evaluated.
        dialect: The document's `jsonSchemaDialect`; empty if it has none.
    """

    def __init__(
        self,
        version: Any,
        direction: Direction,
        resolve: Callable[[str], Any],
        notes: ValidationNotes,
        dialect: str = "",
    ) -> None:
        self.version, self.resolve, self.notes = version, resolve, notes
        source = SchemaSource(version, direction, self._follow, dialect, notes.undefined_formats)
        self.schemas = CompiledSchemas(source, notes, _MAX_IN_ALL)

    def _follow(self, reference: str) -> tuple[Any, Follow]:
        return self.resolve(reference), self._follow

    def errors(self, schema: Any, value: Any) -> list[SchemaError]:
        """Return the errors of a value by a schema as it is written; what cannot be evaluated is noted."""
        compiled = self.schemas.compiled(schema)
        try:
            if compiled is not None:
                return compiled.errors(value)
        except (TooDeepError, RecursionError):
            pass
        self.notes.add_not_validated(TOO_DEEP)
        return []

    def create(self, spec: SchemaPath, schema: SchemaPath, *_: Any, **__: Any) -> SchemaValidator:  # noqa: ARG002
        """Return openapi-core's validator of a schema, which evaluates by ours."""
        return SchemaValidator(schema, _Validator(self, schema.read_value()))


class _Validator:
    """A schema in the form of jsonschema's protocol `Validator`, as far as openapi-core uses it."""

    def __init__(self, validators: SchemaValidators, schema: Any) -> None:
        self._validators, self._schema = validators, schema

    def iter_errors(self, value: Any) -> Iterator[SchemaError]:
        """Yield the errors of a value."""
        yield from self._validators.errors(self._schema, value)

    def evolve(self, *, schema: Any, **_: Any) -> "_Validator":
        """Return another schema of the same document."""
        return _Validator(self._validators, schema)
