"""The JSON Schema keywords that openapi-core judges by, where its own would hang, fall over or be wrong.

They are given to it through its hook for schema validators; all keywords that are not here are its own.
Beyond that, each keyword is guarded: one that the document uses wrongly (`minimum: "a"`) leaves a note,
and the rest of the schema is judged all the same.
"""

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from itertools import islice
from typing import Any

from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped]
from referencing.exceptions import Unresolvable

from dynacli.catalog.store.catalog_file import DamagedCatalogError
from dynacli.model.patterns import PatternTimeoutError, UnsupportedPatternError
from dynacli.validation.bodies.read_forms import BinaryText
from dynacli.validation.depth import keep_room, looked_up
from dynacli.validation.discriminator import named_branch
from dynacli.validation.findings.finding import shortened
from dynacli.validation.findings.schema_error import (
    MAX_ERRORS,
    SchemaError,
    note_rest,
    schema_error,
    unexpected,
)
from dynacli.validation.judging_session import TooLongError
from dynacli.validation.schemas.unevaluated import unevaluated_items, unevaluated_properties

__all__ = ["KEYWORDS", "KEYWORDS_3_0", "SchemaError", "guarded", "placed", "properties", "required"]

Keyword = Callable[[Any, Any, Any, Any], Any]
"""(validator, the keyword's value, the instance, the schema) → errors."""

_MAX_HOPS = 100
_REFERENCES = frozenset({"$ref", "$dynamicRef"})
# Those that may find something in each of the many that the document has no names for.
_OF_OTHERS = frozenset(
    {"additionalProperties", "patternProperties", "propertyNames", "unevaluatedProperties"}
    | {"items", "additionalItems", "unevaluatedItems"}
)


def guarded(name: str, keyword: Keyword) -> Keyword:
    """Return a keyword that notes what it cannot do instead of ending the verdict."""

    def judged(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
        session = validator.format_checker.session
        if isinstance(value, bool) and name in _NUMBERS:
            # Python would take `true` for 1.
            session.fail(_unusable(name, value))
            return ()
        try:
            session.step()
            if name in _REFERENCES:
                keep_room()
            found = iter(keyword(validator, value, instance, schema) or ())
            errors = list(islice(found, MAX_ERRORS) if name in _OF_OTHERS else found)
            if next(found, None) is not None:
                note_rest(session, instance)
        except (RecursionError, DamagedCatalogError, TooLongError):
            raise
        except UnsupportedPatternError as error:
            session.note(str(error))
            return ()
        except PatternTimeoutError:
            return [schema_error("the pattern takes too long")]
        except Exception:  # noqa: BLE001  - any error in here comes from a document that misuses the keyword
            text = (
                f"the document's reference `{value}` leads nowhere"
                if name.endswith("Ref") or name == "$ref"
                else ""
            )
            session.fail(text or _unusable(name, value))
            return ()
        if name in _REFERENCES:
            for one in errors:
                # jsonschema leaves it out of the path, which then cannot be followed into the document.
                one.schema_path.appendleft(name)
        return errors

    return judged


def placed(descend: Callable[..., Iterator[ValidationError]]) -> Callable[..., Iterator[ValidationError]]:
    """Return jsonschema's way into a schema below, which loses the place of a schema that is `false`."""

    def judged(
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

    return judged


def _unusable(name: str, value: Any) -> str:
    shown = str(value).lower() if isinstance(value, bool) else shortened(value)
    return f"the document's `{name}` cannot be used: `{shown}`"


def _pattern(validator: Any, pattern: Any, instance: Any, _: Any) -> Iterator[ValidationError]:
    if isinstance(instance, BinaryText):
        validator.format_checker.session.note("the bytes of a file are not held against a `pattern`")
    elif isinstance(instance, str) and not _is_found(validator, pattern, instance):
        yield schema_error("does not match")


def _is_found(validator: Any, pattern: Any, text: str) -> bool:
    return bool(validator.format_checker.session.patterns.is_found(pattern, text))


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
        extra = [name for name in extra if not any(_is_found(validator, one, name) for one in patterns)]
    if not extra:
        return
    if others is False:
        yield unexpected(extra, instance, validator.format_checker.session)
    elif isinstance(others, dict):
        for name in extra:
            yield from validator.descend(instance[name], others, path=name)


def _multiple_of(_: Any, divisor: Any, instance: Any, __: Any) -> Iterator[ValidationError]:
    if isinstance(instance, bool) or not isinstance(instance, int | float) or instance in _INFINITIES:
        return
    # As decimal fractions, which is what JSON writes: 0.3 is a multiple of 0.1, in binary it is not.
    if Fraction(repr(instance)) % Fraction(repr(divisor)):
        yield schema_error("not a multiple")


def _exclusive(bound: str, is_within: Callable[[Any, Any], bool]) -> Keyword:
    """Return `exclusiveMinimum` or `exclusiveMaximum` as it is since 3.1.

    Documents that were brought from 3.0 to 3.1 by their first line alone still have the flag of 3.0,
    which says that the bound beside it is left out.
    """

    def judged(validator: Any, limit: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if limit is False or not validator.is_type(instance, "number"):
            return
        limit = schema.get(bound) if limit is True else limit
        if limit is not None and not is_within(instance, limit):
            yield schema_error("not within the bound")

    return judged


_NUMBERS = {"multipleOf"}.union(
    f"{end}{what}" for end in ("min", "max") for what in ("imum", "Length", "Items", "Properties", "Contains")
)
_INFINITIES = frozenset({float("inf"), float("-inf")})  # `1e400`


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
    """Return something hashable that is equal for equal JSON values alone: 1 is 1.0 and not `true`."""
    if isinstance(value, bool) or value is None:
        return (value is None, value, None)
    if isinstance(value, list):
        return tuple(map(_identity, value))
    if isinstance(value, dict):
        return frozenset((name, _identity(one)) for name, one in value.items())
    return value


def required(hidden: str) -> Keyword:
    """Return `required`, which does not ask for what this direction leaves out.

    OpenAPI 3.0.4 and 3.1.1, "Schema Object": a property that is `readOnly` is required of answers alone,
    one that is `writeOnly` of requests alone.

    Args:
        hidden: `readOnly` for requests, `writeOnly` for answers.
    """

    def judged(validator: Any, names: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
        if not isinstance(instance, dict):
            return
        if not isinstance(names, list):
            if isinstance(names, bool):
                return  # `required: true` on a property, as Swagger 1 had it
            raise TypeError(names)
        for name in names:
            if name not in instance and not _is_marked(
                validator, schema.get("properties", {}).get(name), hidden
            ):
                yield schema_error("is missing", str(name))

    return judged


def properties(hidden: str) -> Keyword:
    """Return `properties` of 3.0, which refuses those that this direction leaves out.

    OpenAPI 3.0.4, "Schema Object": `readOnly` and `writeOnly` are "relevant only for Schema Object properties
    definitions", while openapi-core minds them on parameters and items too.
    In 3.1 they are annotations, and a property that should not be sent may be ignored.

    Args:
        hidden: As for `required`.
    """

    def judged(validator: Any, schemas: Any, instance: Any, _: Any) -> Iterator[ValidationError]:
        if not isinstance(instance, dict):
            return
        for name, schema in schemas.items():
            if name not in instance:
                continue
            try:
                is_marked = _is_marked(validator, schema, hidden)
            except (LookupError, Unresolvable):
                is_marked = False  # what follows the reference below notes that it leads nowhere
            if is_marked:
                yield schema_error(
                    "is not for this direction",
                    path=(name,),
                    schema_path=(name,),
                    validator=hidden,
                    validator_value=True,
                    instance=instance[name],
                )
            yield from validator.descend(instance[name], schema, path=name, schema_path=name)

    return judged


def _is_marked(validator: Any, schema: Any, keyword: str) -> bool:
    """Return whether a schema says `readOnly` or `writeOnly`, itself or where it refers to."""
    resolver = validator._resolver  # noqa: SLF001  - as jsonschema's own keywords
    for _ in range(_MAX_HOPS):
        if not isinstance(schema, dict):
            return False
        if schema.get(keyword) is True:
            return True
        branches = schema.get("allOf")
        if isinstance(branches, list) and any(
            isinstance(one, dict) and one.get(keyword) is True for one in branches
        ):
            return True
        if "$ref" not in schema:
            return False
        found = looked_up(resolver, schema["$ref"])
        schema, resolver = found.contents, found.resolver
    return False


def _type_3_0(validator: Any, kind: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    # OpenAPI 3.0.4, "Schema Object": `nullable` works on the `type` beside it.
    if instance is None and schema.get("nullable") is True:
        return
    # Lists of types and `null` are from 3.1; documents that say 3.0 have them all the same.
    kinds = kind if isinstance(kind, list) else [kind]
    if not any(instance is None if one == "null" else validator.is_type(instance, one) for one in kinds):
        yield schema_error("another type")


def _any_of(validator: Any, branches: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    chosen = _by_discriminator(validator, branches, instance, schema)
    if chosen is not None:
        yield from chosen
        return
    context: list[ValidationError] = []
    for index, branch in enumerate(branches):
        errors = list(validator.descend(instance, branch, schema_path=index))
        if not errors:
            return
        context.extend(errors)
    yield schema_error("fits no alternative", context=context)


def _one_of(validator: Any, branches: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    chosen = _by_discriminator(validator, branches, instance, schema)
    if chosen is not None:
        yield from chosen
        return
    session = validator.format_checker.session
    before = session.count
    context: list[ValidationError] = []
    fitting = []
    for index, branch in enumerate(branches):
        errors = list(validator.descend(instance, branch, schema_path=index))
        context.extend(errors)
        if not errors:
            fitting.append(index)
    if not fitting:
        yield schema_error("fits no alternative", context=context)
    elif len(fitting) > 1 and session.count == before:
        # Unless a branch fits only because it was not judged whole.
        yield schema_error("fits several", *(_name_of(branches[index], index) for index in fitting))


def _name_of(branch: Any, index: int) -> str:
    ref = branch.get("$ref") if isinstance(branch, dict) else None
    return f"`{ref.rpartition('/')[2]}`" if isinstance(ref, str) else f"alternative {index + 1}"


def _by_discriminator(
    validator: Any, branches: Any, instance: Any, schema: Any
) -> list[ValidationError] | None:
    """Return what is wrong by the one branch that the discriminator names, None where it names none.

    It is then left to the keyword itself: a discriminator is a hint
    and does not make a value wrong (OpenAPI 3.1.1, "Discriminator Object").
    Since 3.2 `defaultMapping` names the branch of a value that names none.
    """
    found = named_branch(branches, instance, schema)
    if found is None:
        return None
    index, name = found
    errors = list(validator.descend(instance, branches[index], schema_path=index))
    for one in errors:
        # For the message, which says why this branch was taken.
        one.meant = [*getattr(one, "meant", ()), (name, branches, index)]
    return errors


def _not(validator: Any, branch: Any, instance: Any, _: Any) -> Iterator[ValidationError]:
    session = validator.format_checker.session
    before = session.count
    if validator.evolve(schema=branch).is_valid(instance) and session.count == before:
        yield schema_error("must not fit")


def _if(validator: Any, condition: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    session = validator.format_checker.session
    before = session.count
    keyword = "then" if validator.evolve(schema=condition).is_valid(instance) else "else"
    if keyword in schema and session.count == before:
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
"""Those of every version."""

KEYWORDS_3_0: Mapping[str, Keyword] = {
    name: keyword
    for name, keyword in KEYWORDS.items()
    if name not in {"if", "unevaluatedProperties", "unevaluatedItems", "exclusiveMinimum", "exclusiveMaximum"}
} | {"type": _type_3_0}
