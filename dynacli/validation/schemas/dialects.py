"""The schema validators that openapi-core is given: one class per dialect, made of its own and our keywords."""

from functools import lru_cache
from typing import Any, Literal

import jsonschema.validators  # type: ignore[import-untyped]
from jsonschema import FormatChecker
from jsonschema.protocols import Validator  # type: ignore[import-untyped]
from jsonschema_path import SchemaPath
from openapi_core.validation.schemas.factories import SchemaValidatorsFactory
from openapi_schema_validator import (
    OAS30ReadValidator,
    OAS30WriteValidator,
    OAS31Validator,
    OAS32Validator,
)

from dynacli.validation.judging_session import Session, TooLongError
from dynacli.validation.schemas.acceptance import Acceptance
from dynacli.validation.schemas.formats import Formats
from dynacli.validation.schemas.keywords import KEYWORDS, KEYWORDS_3_0, guarded, placed, properties, required

__all__ = ["Direction", "SchemaValidators"]

Direction = Literal["request", "response"]

_HIDDEN = {"request": "readOnly", "response": "writeOnly"}

# In which nothing beside a `$ref` counts (JSON Schema draft 7, section 8.3).
_WITHOUT_SIBLINGS = frozenset(
    {
        jsonschema.Draft3Validator,
        jsonschema.Draft4Validator,
        jsonschema.Draft6Validator,
        jsonschema.Draft7Validator,
    }
)
_LONG = 20
_MAX_ERRORS = 1_000


class SchemaValidators(SchemaValidatorsFactory):
    """Makes the validators of one message.

    Args:
        version: Of OpenAPI.
        direction: Of the message.
        session: Takes the notes.
        dialect: The document's `jsonSchemaDialect`.
    """

    def __init__(self, version: str, direction: Direction, session: Session, dialect: str = "") -> None:
        self._dialect = dialect
        self._class: Any = _class_of_version(version, direction)
        self._checker = Formats(session)
        self._checker.acceptance = self._acceptance = Acceptance(self._checker)
        super().__init__(self._class, self._checker)

    def validator(self, schema: Any, resolver: Any) -> Any:
        """Return the validator of a schema as it is written, its `$ref` in place.

        Args:
            schema: The schema.
            resolver: Knows what its references lead to.
        """
        kind = self._class
        if not kind.is_3_0:
            named = schema.get("$schema") if isinstance(schema, dict) else None
            kind = _class_of_dialect(named or self._dialect, kind, self._checker.session)
        return kind(schema, _resolver=resolver, format_checker=self._checker)

    def errors(self, validator: Any, value: Any) -> list[Any]:
        """Return what is wrong with a value, and note what cannot be judged.

        Args:
            validator: One of this maker.
        """
        self._checker.session.begin()
        if self._acceptance.accepts(validator, value):
            return []
        self._acceptance.is_cut = False
        found: list[Any] = []
        try:
            found.extend(validator.iter_errors(value))
        except TooLongError as error:
            self._checker.session.note(str(error))
        if self._acceptance.is_cut:
            self._checker.session.note("items of a long array that come after so many wrong ones")
        return found

    def get_validator_cls(self, spec: SchemaPath, schema: SchemaPath) -> type[Validator]:  # noqa: ARG002
        """Return the class for what openapi-core validates by itself, when it reads a form."""
        return self._class  # type: ignore[no-any-return]

    def get_format_checker(self, *_: Any, **__: Any) -> FormatChecker:
        """Return the formats, made once for the message."""
        return self._checker


@lru_cache
def _class_of_version(version: str, direction: Direction) -> Any:
    if version == "3.0":
        base: Any = OAS30WriteValidator if direction == "request" else OAS30ReadValidator
        return _made(base, direction, is_3_0=True)
    return _made(OAS32Validator if version == "3.2" else OAS31Validator, direction)


def _class_of_dialect(dialect: Any, default: Any, session: Session) -> Any:
    """Return the class for the dialect that `$schema` names."""
    if not isinstance(dialect, str) or not dialect:
        return default
    found = jsonschema.validators.validator_for({"$schema": dialect}, default=None)
    if found is None:
        session.note(f"the dialect `{dialect}` is not known, its schemas are read as JSON Schema 2020-12")
        return default
    return _class_of_base(found, default.direction)


@lru_cache
def _class_of_base(base: Any, direction: Direction) -> Any:
    if base is OAS32Validator:
        return _class_of_version("3.2", direction)
    if base is jsonschema.Draft202012Validator or base is OAS31Validator:
        return _class_of_version("3.1", direction)
    return _made(base, direction)


def _made(base: Any, direction: Direction, *, is_3_0: bool = False) -> Any:
    hidden = _HIDDEN[direction]
    own = {**(KEYWORDS_3_0 if is_3_0 else KEYWORDS), "required": required(hidden)}
    if is_3_0:
        own["properties"] = properties(hidden)
    keywords = {
        name: keyword
        for name, keyword in {**base.VALIDATORS, **own}.items()
        # A discriminator chooses among `anyOf` and `oneOf`; with `allOf` openapi-core follows it in circles.
        if name in base.VALIDATORS and name not in {"allOf", "readOnly", "writeOnly"}
    }
    if "allOf" in base.VALIDATORS:
        keywords["allOf"] = jsonschema.Draft202012Validator.VALIDATORS["allOf"]
    keywords["items"] = _items(keywords["items"])
    keywords["additionalProperties"] = _other_properties(keywords["additionalProperties"])
    made: Any = jsonschema.validators.create(
        meta_schema=base.META_SCHEMA,
        validators={name: guarded(name, keyword) for name, keyword in keywords.items()},
        type_checker=base.TYPE_CHECKER,
        format_checker=base.FORMAT_CHECKER,
        # No identifier changes what a reference means: the compiler reads all of them from the document's root.
        id_of=_no_id,
        applicable_validators=_without_siblings if is_3_0 or base in _WITHOUT_SIBLINGS else _all_keywords,
    )
    made.is_3_0, made.direction, made.evolve = is_3_0, direction, _evolve
    made.is_of_openapi = is_3_0 or base in {OAS31Validator, OAS32Validator}
    made.descend = placed(made.descend)
    return made


def _items(keyword: Any) -> Any:
    """Return `items`, which of a long array looks at those items alone that a compiled schema does not accept."""

    def judged(validator: Any, items: Any, instance: Any, schema: Any) -> Any:
        if not isinstance(instance, list) or len(instance) < _LONG or not isinstance(items, dict):
            yield from keyword(validator, items, instance, schema)
            return
        first = len(schema.get("prefixItems", ())) if "prefixItems" in validator.VALIDATORS else 0
        acceptance, of_item = validator.format_checker.acceptance, validator.evolve(schema=items)
        count = 0
        for index in range(first, len(instance)):
            if acceptance.accepts(of_item, instance[index]):
                continue
            for error in validator.descend(instance[index], items, path=index):
                count += 1
                yield error
            if count >= _MAX_ERRORS and index + 1 < len(instance):
                acceptance.is_cut = True
                return

    return judged


def _other_properties(keyword: Any) -> Any:
    """Return `additionalProperties`, which of a large map looks at what a compiled schema does not accept."""

    def judged(validator: Any, others: Any, instance: Any, schema: Any) -> Any:
        if (
            isinstance(instance, dict)
            and len(instance) >= _LONG
            and isinstance(others, dict)
            and "patternProperties" not in schema
        ):
            acceptance, of_others = validator.format_checker.acceptance, validator.evolve(schema=others)
            instance = {
                name: value for name, value in instance.items() if not acceptance.accepts(of_others, value)
            }
        return keyword(validator, others, instance, schema)

    return judged


def _no_id(_: Any) -> str:
    return ""


def _all_keywords(schema: Any) -> Any:
    return schema.items()


def _without_siblings(schema: Any) -> Any:
    # OpenAPI 3.0.4, "Reference Object": what stands beside a `$ref` is ignored.
    return (("$ref", schema["$ref"]),) if isinstance(schema.get("$ref"), str) else schema.items()


def _evolve(self: Any, **changes: Any) -> Any:
    """Return a validator of another schema.

    jsonschema's own takes its plain class, with Python's `re`, as soon as a schema has a `$schema`.
    """
    kind = type(self)
    schema = changes.get("schema", self.schema)
    if not kind.is_3_0 and isinstance(schema, dict) and "$schema" in schema:
        kind = _class_of_dialect(schema["$schema"], kind, self.format_checker.session)
    changes.setdefault("schema", schema)
    changes.setdefault("format_checker", self.format_checker)
    changes.setdefault("_resolver", self._resolver)
    return kind(**changes)
