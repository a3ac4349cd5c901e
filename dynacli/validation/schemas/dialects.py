"""The schema validators that openapi-core gets: a class for each dialect, made of its keywords and ours."""

from functools import lru_cache
from typing import Any

import jsonschema.validators  # type: ignore[import-untyped]
from jsonschema import FormatChecker
from jsonschema.protocols import Validator  # type: ignore[import-untyped]
from jsonschema_path import SchemaPath
from openapi_core.validation.schemas.factories import SchemaValidatorsFactory
from openapi_schema_validator import OAS30ReadValidator, OAS30WriteValidator, OAS31Validator, OAS32Validator

from dynacli.schema.read_schema import LEFT_OUT, Direction
from dynacli.validation.accepting.acceptance import Acceptance
from dynacli.validation.findings.schema_error import MAX_ERRORS, note_rest
from dynacli.validation.judging_notes import JudgingNotes, TooLongError
from dynacli.validation.schemas.format_checker import Formats
from dynacli.validation.schemas.keywords import KEYWORDS, KEYWORDS_3_0, guarded, locating_false
from dynacli.validation.schemas.marked_properties import properties, required, without_left_out
from dynacli.validation.schemas.minor_errors import forgiving_durations, forgiving_null

__all__ = ["SchemaValidators"]

# Dialects in which the keywords beside a `$ref` are ignored (JSON Schema draft 7, section 8.3).
_WITHOUT_SIBLINGS = frozenset(
    {
        jsonschema.Draft3Validator,
        jsonschema.Draft4Validator,
        jsonschema.Draft6Validator,
        jsonschema.Draft7Validator,
    }
)
_LONG = 20


class SchemaValidators(SchemaValidatorsFactory):
    """Makes the schema validators for judging one message.

    Args:
        version: The version of OpenAPI.
        direction: The direction of the message.
        notes: Gets the reasons why something was not judged.
        dialect: The document's `jsonSchemaDialect`; empty where it has none.
    """

    def __init__(self, version: str, direction: Direction, notes: JudgingNotes, dialect: str = "") -> None:
        self._dialect = dialect
        self._class: Any = _class_of_version(version, direction)
        self._checker = Formats(notes)
        self._checker.acceptance = self._acceptance = Acceptance(notes.patterns)
        super().__init__(self._class, self._checker)

    def validator(self, schema: Any, resolver: Any) -> Any:
        """Return the validator of a schema.

        Args:
            schema: The schema as it is written, its references in place.
            resolver: Finds what the references lead to.
        """
        kind = self._class
        if kind.version != "3.0":
            named = schema.get("$schema") if isinstance(schema, dict) else None
            kind = _class_of_dialect(named or self._dialect, kind, self._checker.notes)
        return kind(schema, _resolver=resolver, format_checker=self._checker)

    def errors(self, validator: Any, value: Any) -> list[Any]:
        """Return the errors of a value, and note what cannot be judged.

        Args:
            validator: A validator that `validator` returned.
            value: The JSON value.
        """
        self._checker.notes.start_clock()
        if self._acceptance.accepts(validator, value):
            return []
        self._acceptance.is_cut = False
        found: list[Any] = []
        try:
            found.extend(validator.iter_errors(value))
        except TooLongError as error:
            self._checker.notes.add_unchecked(str(error))
        if self._acceptance.is_cut:
            note_rest(self._checker.notes, [])
        return found

    def get_validator_cls(self, spec: SchemaPath, schema: SchemaPath) -> type[Validator]:  # noqa: ARG002
        """Return the class for values that openapi-core validates by itself while it reads a form."""
        return self._class  # type: ignore[no-any-return]

    def get_format_checker(self, *_: Any, **__: Any) -> FormatChecker:
        """Return the format checker of the message."""
        return self._checker


@lru_cache
def _class_of_version(version: str, direction: Direction) -> Any:
    if version == "3.0":
        base: Any = OAS30WriteValidator if direction == "request" else OAS30ReadValidator
        return _make_class(base, direction, version)
    return _make_class(OAS32Validator if version == "3.2" else OAS31Validator, direction, version)


def _class_of_dialect(dialect: Any, default: Any, notes: JudgingNotes) -> Any:
    """Return the class for the dialect that a `$schema` names; the default where it is unknown."""
    if not isinstance(dialect, str) or not dialect:
        return default
    found = jsonschema.validators.validator_for({"$schema": dialect}, default=None)
    if found is None:
        notes.add_unchecked(
            f"the dialect `{dialect}` is not known, its schemas are read as JSON Schema 2020-12"
        )
        return default
    return _class_of_base(found, default.direction)


@lru_cache
def _class_of_base(base: Any, direction: Direction) -> Any:
    if base is OAS32Validator:
        return _class_of_version("3.2", direction)
    if base is jsonschema.Draft202012Validator or base is OAS31Validator:
        return _class_of_version("3.1", direction)
    return _make_class(base, direction)


def _make_class(base: Any, direction: Direction, version: str = "") -> Any:
    """Return a validator class of jsonschema, in which our keywords replace some of the base's.

    Args:
        version: The version of OpenAPI whose dialect it is; empty for another dialect.
    """
    is_3_0 = version == "3.0"
    hidden = LEFT_OUT[direction]
    own = {**(KEYWORDS_3_0 if is_3_0 else KEYWORDS), "required": required(hidden)}
    if is_3_0 or direction == "response":
        own["properties"] = properties(hidden)
    keywords = {
        name: keyword
        for name, keyword in {**base.VALIDATORS, **own}.items()
        # openapi-core follows a discriminator from `allOf` in circles; it should only choose among branches.
        if name in base.VALIDATORS and name not in {"allOf", "readOnly", "writeOnly"}
    }
    if "allOf" in base.VALIDATORS:
        keywords["allOf"] = jsonschema.Draft202012Validator.VALIDATORS["allOf"]
    keywords["format"] = forgiving_durations(keywords["format"])
    for name in keywords.keys() & {"allOf", "$ref"}:
        keywords[name] = without_left_out(keywords[name], hidden)
    keywords["items"] = _items(keywords["items"])
    keywords["additionalProperties"] = _other_properties(keywords["additionalProperties"])
    validator_class: Any = jsonschema.validators.create(
        meta_schema=base.META_SCHEMA,
        validators={name: guarded(name, keyword) for name, keyword in keywords.items()},
        type_checker=base.TYPE_CHECKER,
        format_checker=base.FORMAT_CHECKER,
        # `$id` changes no reference: the compiler resolves all references from the root of the document.
        id_of=_no_id,
        applicable_validators=_without_siblings if is_3_0 or base in _WITHOUT_SIBLINGS else _all_keywords,
    )
    validator_class.direction, validator_class.version = direction, version
    validator_class.evolve, validator_class.descend = _evolve, locating_false(validator_class.descend)
    if is_3_0:
        validator_class.descend = forgiving_null(validator_class.descend)
        validator_class.iter_errors = forgiving_null(validator_class.iter_errors)
    return validator_class


def _items(keyword: Any) -> Any:
    """Return the keyword `items`, which in a long array judges only items that a compiled schema does not accept."""

    def items_keyword(validator: Any, items: Any, instance: Any, schema: Any) -> Any:
        if not isinstance(instance, list) or len(instance) < _LONG or not isinstance(items, dict):
            yield from keyword(validator, items, instance, schema)
            return
        first = len(schema.get("prefixItems", ())) if "prefixItems" in validator.VALIDATORS else 0
        acceptance, item_validator = validator.format_checker.acceptance, validator.evolve(schema=items)
        count = 0
        for index in range(first, len(instance)):
            if acceptance.accepts(item_validator, instance[index]):
                continue
            for error in validator.descend(instance[index], items, path=index):
                count += 1
                yield error
            if count >= MAX_ERRORS and index + 1 < len(instance):
                acceptance.is_cut = True
                return

    return items_keyword


def _other_properties(keyword: Any) -> Any:
    """Return `additionalProperties`, which in a large map judges only what a compiled schema does not accept."""

    def additional_properties_keyword(validator: Any, others: Any, instance: Any, schema: Any) -> Any:
        if (
            isinstance(instance, dict)
            and len(instance) >= _LONG
            and isinstance(others, dict)
            and "patternProperties" not in schema
        ):
            acceptance, value_validator = validator.format_checker.acceptance, validator.evolve(schema=others)
            instance = {
                name: value
                for name, value in instance.items()
                if not acceptance.accepts(value_validator, value)
            }
        return keyword(validator, others, instance, schema)

    return additional_properties_keyword


def _no_id(_: Any) -> str:
    return ""


def _all_keywords(schema: Any) -> Any:
    return schema.items()


def _without_siblings(schema: Any) -> Any:
    # OpenAPI 3.0.4, "Reference Object": keywords beside a `$ref` are ignored.
    return (("$ref", schema["$ref"]),) if isinstance(schema.get("$ref"), str) else schema.items()


def _evolve(self: Any, **changes: Any) -> Any:
    """Return the same validator with another schema.

    jsonschema's own `evolve` changes to its plain class, without our keywords, where a schema has a `$schema`.
    """
    kind = type(self)
    schema = changes.get("schema", self.schema)
    if kind.version != "3.0" and isinstance(schema, dict) and "$schema" in schema:
        kind = _class_of_dialect(schema["$schema"], kind, self.format_checker.notes)
    changes.setdefault("schema", schema)
    changes.setdefault("format_checker", self.format_checker)
    changes.setdefault("_resolver", self._resolver)
    return kind(**changes)
