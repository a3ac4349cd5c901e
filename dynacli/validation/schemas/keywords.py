"""JSON Schema keywords that replace those of openapi-core which would hang, fail or be wrong.

openapi-core gets them through its hook for schema validators; all other keywords are its own.
Besides, each keyword is guarded: where the document misuses one (`minimum: "a"`), a note is taken,
and the rest of the schema is judged all the same.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped]

from dynacli.catalog.store.catalog_file import DamagedCatalogError
from dynacli.model.multiples import is_multiple
from dynacli.model.patterns import PatternTimeoutError, UnsupportedPatternError
from dynacli.schema.discriminators import discriminator_of
from dynacli.validation.bodies.read_forms import BinaryText
from dynacli.validation.findings.finding import shortened
from dynacli.validation.findings.schema_error import (
    SchemaError,
    is_minor,
    limited,
    note_rest,
    schema_error,
    unexpected,
)
from dynacli.validation.judging_notes import TooLongError, check_stack
from dynacli.validation.schemas.unevaluated import unevaluated_items, unevaluated_properties

__all__ = [
    "KEYWORDS",
    "KEYWORDS_3_0",
    "Keyword",
    "SchemaError",
    "guarded",
    "locating_false",
]

Keyword = Callable[[Any, Any, Any, Any], Any]
"""(validator, value of the keyword, instance, schema that has the keyword) → errors."""

_REFERENCES = frozenset({"$ref", "$dynamicRef"})
# Keywords that may find an error in each of many items or properties; their errors are limited.
_OF_MANY_VALUES = frozenset(
    {"additionalProperties", "patternProperties", "propertyNames", "unevaluatedProperties"}
    | {"items", "additionalItems", "unevaluatedItems"}
)


def guarded(name: str, keyword: Keyword) -> Keyword:
    """Return the keyword with a guard: where it cannot judge, it takes a note instead of raising."""

    def guarded_keyword(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
        notes = validator.format_checker.notes
        if isinstance(value, bool) and name in _NUMBERS:
            # To Python `True` is a number, 1.
            notes.add_failure(_unusable(name, value))
            return ()
        try:
            notes.check_clock()
            if name in _REFERENCES:
                check_stack()
            found = iter(keyword(validator, value, instance, schema) or ())
            errors = list(limited(found) if name in _OF_MANY_VALUES else _without_messages(found))
            if next(found, None) is not None:
                note_rest(notes, instance)
        except (RecursionError, DamagedCatalogError, TooLongError):
            raise
        except UnsupportedPatternError as error:
            notes.add_unchecked(str(error))
            return ()
        except PatternTimeoutError:
            return [schema_error("the pattern takes too long")]
        except Exception:  # noqa: BLE001  - any error in here comes from a document that misuses the keyword
            text = (
                f"the document's reference `{value}` leads nowhere"
                if name.endswith("Ref") or name == "$ref"
                else ""
            )
            notes.add_failure(text or _unusable(name, value))
            return ()
        if name in _REFERENCES:
            for violation in errors:
                # jsonschema leaves references out of the path, which then cannot be followed into the document.
                violation.schema_path.appendleft(name)
        return errors

    return guarded_keyword


def _without_messages(found: Iterator[ValidationError]) -> Iterator[ValidationError]:
    """Yield errors without the messages of jsonschema, each of which has the value and the keyword whole."""
    for error in found:
        if not isinstance(error, SchemaError):
            error.message, error.args = "", ()
        yield error


def locating_false(
    descend: Callable[..., Iterator[ValidationError]],
) -> Callable[..., Iterator[ValidationError]]:
    """Return jsonschema's `descend` with a place in its errors for the schema `false`, which it loses."""

    def descend_locating(
        self: Any,
        instance: Any,
        schema: Any,
        path: str | int | None = None,
        schema_path: str | int | None = None,
        resolver: Any = None,
    ) -> Iterator[ValidationError]:
        if schema is not False:
            return descend(self, instance, schema, path, schema_path, resolver)
        error = schema_error(
            "nothing is allowed",
            validator=None,
            validator_value=None,
            instance=instance,
            schema=schema,
            path=() if path is None else (path,),
            schema_path=() if schema_path is None else (schema_path,),
        )
        return iter((error,))

    return descend_locating


def _unusable(name: str, value: Any) -> str:
    shown = str(value).lower() if isinstance(value, bool) else shortened(value)
    return f"the document's `{name}` cannot be used: `{shown}`"


def _pattern(validator: Any, pattern: Any, instance: Any, _: Any) -> Iterator[ValidationError]:
    if isinstance(instance, BinaryText):
        validator.format_checker.notes.add_unchecked("the bytes of a file are not held against a `pattern`")
    elif isinstance(instance, str) and not _is_found(validator, pattern, instance):
        yield schema_error("does not match")


def _is_found(validator: Any, pattern: Any, text: str) -> bool:
    return bool(validator.format_checker.notes.patterns.is_found(pattern, text))


def _pattern_properties(validator: Any, patterns: Any, instance: Any, _: Any) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    for pattern, schema in patterns.items():
        for name, value in instance.items():
            if _is_found(validator, pattern, name):
                yield from validator.descend(value, schema, path=name, schema_path=pattern)


def _additional_properties(
    validator: Any, others: Any, instance: Any, schema: Any
) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    known = schema.get("properties", {})
    extra = [name for name in instance if name not in known]
    if extra and "patternProperties" in schema:
        patterns = schema["patternProperties"]
        extra = [
            name for name in extra if not any(_is_found(validator, pattern, name) for pattern in patterns)
        ]
    if not extra:
        return
    if others is False:
        yield unexpected(extra, instance, validator.format_checker.notes)
    elif isinstance(others, dict):
        for name in extra:
            yield from validator.descend(instance[name], others, path=name)


def _multiple_of(_: Any, divisor: Any, instance: Any, __: Any) -> Iterator[ValidationError]:
    is_number = isinstance(instance, int | float) and not isinstance(instance, bool)
    if is_number and not is_multiple(instance, divisor):
        yield schema_error("not a multiple")


def _exclusive(bound: str, is_within: Callable[[Any, Any], bool]) -> Keyword:
    """Return the keyword `exclusiveMinimum` or `exclusiveMaximum` of 3.1 and later.

    In documents that became 3.1 only by their first line it may still be the boolean of 3.0, which excludes
    the bound beside it.

    Args:
        bound: The keyword of the bound: `minimum` or `maximum`.
        is_within: (value, limit) → whether the value keeps the limit.
    """

    def exclusive_keyword(
        validator: Any, limit: Any, instance: Any, schema: Any
    ) -> Iterator[ValidationError]:
        if limit is False or not validator.is_type(instance, "number"):
            return
        limit = schema.get(bound) if limit is True else limit
        if limit is not None and not is_within(instance, limit):
            yield schema_error("not within the bound")

    return exclusive_keyword


_NUMBERS = {"multipleOf"}.union(
    f"{side}{quantity}"
    for side in ("min", "max")
    for quantity in ("imum", "Length", "Items", "Properties", "Contains")
)


def _unique_items(_: Any, is_unique: Any, instance: Any, __: Any) -> Iterator[ValidationError]:
    if is_unique is not True or not isinstance(instance, list):
        return
    seen: dict[Any, int] = {}
    for index, item in enumerate(instance):
        first = seen.setdefault(_identity(item), index)
        if first != index:
            yield schema_error("items are the same", str(first), str(index))
            return


def _identity(value: Any) -> Any:
    """Return a hashable form that is the same only for equal JSON values: 1 equals 1.0 and not `true`."""
    if isinstance(value, bool) or value is None:
        return (value is None, value, None)
    if isinstance(value, list):
        return tuple(map(_identity, value))
    if isinstance(value, dict):
        return frozenset((name, _identity(member)) for name, member in value.items())
    return value


def _type_3_0(validator: Any, kind: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    # OpenAPI 3.0.4, "Schema Object": `nullable` adds null to the `type` beside it.
    if instance is None and schema.get("nullable") is True:
        return
    # Lists of types and `null` are from 3.1, but documents that say 3.0 have them, too.
    kinds = kind if isinstance(kind, list) else [kind]
    if not any(instance is None if name == "null" else validator.is_type(instance, name) for name in kinds):
        yield schema_error("another type")


def _any_of(validator: Any, branches: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    chosen = _by_discriminator(validator, branches, instance, schema)
    if chosen is not None:
        yield from chosen
        return
    context: list[ValidationError] = []
    nearly: list[ValidationError] = []
    for index, branch in enumerate(branches):
        errors = list(validator.descend(instance, branch, schema_path=index))
        if not errors:
            return
        if not nearly and all(map(is_minor, errors)):
            nearly = errors
        context.extend(errors)
    yield from nearly or [schema_error("fits no alternative", context=context)]


def _one_of(validator: Any, branches: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    chosen = _by_discriminator(validator, branches, instance, schema)
    if chosen is not None:
        yield from chosen
        return
    notes = validator.format_checker.notes
    before = notes.count
    context: list[ValidationError] = []
    nearly: list[ValidationError] = []
    fitting = []
    for index, branch in enumerate(branches):
        errors = list(validator.descend(instance, branch, schema_path=index))
        context.extend(errors)
        if not errors:
            fitting.append(index)
        elif not nearly and all(map(is_minor, errors)):
            nearly = errors
    if not fitting:
        yield from nearly or [schema_error("fits no alternative", context=context)]
    elif len(fitting) > 1 and notes.count == before:
        # A branch of which something was not judged may fit only for that reason. Where branches overlap, the server
        # takes what any of them allows.
        names = (_name_of(branches[index], index) for index in fitting)
        yield schema_error("fits several", *names, is_minor=validator.direction == "request")


def _name_of(branch: Any, index: int) -> str:
    ref = branch.get("$ref") if isinstance(branch, dict) else None
    return f"`{ref.rpartition('/')[2]}`" if isinstance(ref, str) else f"alternative {index + 1}"


def _by_discriminator(
    validator: Any, branches: Any, instance: Any, schema: Any
) -> list[ValidationError] | None:
    """Return the errors by the branch that the discriminator names; None where it names none.

    Then the keyword judges as without a discriminator, which is a hint that makes no value wrong
    (OpenAPI 3.1.1, "Discriminator Object").
    """
    discriminator = discriminator_of(schema)
    index = discriminator.branch_of(instance, branches) if discriminator is not None else None
    if discriminator is None or index is None:
        return None
    errors = list(validator.descend(instance, branches[index], schema_path=index))
    for error in errors:
        # The message says why the value was judged by this branch.
        error.named_branches = [
            *getattr(error, "named_branches", ()),
            (discriminator.property, branches, index),
        ]
    return errors


def _not(validator: Any, branch: Any, instance: Any, _: Any) -> Iterator[ValidationError]:
    notes = validator.format_checker.notes
    before = notes.count
    if validator.evolve(schema=branch).is_valid(instance) and notes.count == before:
        yield schema_error("must not fit")


def _if(validator: Any, condition: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    notes = validator.format_checker.notes
    before = notes.count
    keyword = "then" if validator.evolve(schema=condition).is_valid(instance) else "else"
    if keyword in schema and notes.count == before:
        yield from validator.descend(instance, schema[keyword], schema_path=keyword)


KEYWORDS: Mapping[str, Keyword] = {
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "additionalProperties": _additional_properties,
    "unevaluatedProperties": unevaluated_properties,
    "unevaluatedItems": unevaluated_items,
    "multipleOf": _multiple_of,
    "exclusiveMinimum": _exclusive("minimum", lambda value, limit: bool(value > limit)),
    "exclusiveMaximum": _exclusive("maximum", lambda value, limit: bool(value < limit)),
    "uniqueItems": _unique_items,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
    "if": _if,
}
"""Name → keyword, for OpenAPI 3.1 and later, and other dialects."""

KEYWORDS_3_0: Mapping[str, Keyword] = {
    name: keyword
    for name, keyword in KEYWORDS.items()
    if name not in {"if", "unevaluatedProperties", "unevaluatedItems", "exclusiveMinimum", "exclusiveMaximum"}
} | {"type": _type_3_0}
