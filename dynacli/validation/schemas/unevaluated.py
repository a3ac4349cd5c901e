"""`unevaluatedProperties` and `unevaluatedItems` (JSON Schema 2020-12, sections 7.7.1 and 11).

jsonschema's own keywords do not say which property or item is wrong, match patterns by Python's `re`,
and take a value that could not be judged as unevaluated.
"""

from collections.abc import Iterator
from typing import Any

from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped]

from dynacli.validation.findings.schema_error import is_minor, schema_error, unexpected
from dynacli.validation.judging_notes import look_up

__all__ = ["unevaluated_items", "unevaluated_properties"]


def unevaluated_properties(
    validator: Any, others: Any, instance: Any, schema: Any
) -> Iterator[ValidationError]:
    """Yield the errors of properties that no other keyword of the schema evaluates."""
    if not isinstance(instance, dict):
        return
    notes = validator.format_checker.notes
    before = notes.count
    known = _evaluated_names(validator, schema, instance)
    extra = [name for name in instance if name not in known]
    if notes.count != before:
        return  # a branch could not be judged, so it is unknown which members it evaluates
    if others is False:
        if extra:
            yield unexpected(extra, instance, notes)
    else:
        for name in extra:
            yield from validator.descend(instance[name], others, path=name)


def _evaluated_names(validator: Any, schema: Any, instance: dict[str, Any]) -> set[str]:
    """Return the names of the properties that a schema evaluates (JSON Schema 2020-12, section 11.3)."""
    if not isinstance(schema, dict):
        return set()
    is_found = validator.format_checker.notes.patterns.is_found
    names = {name for name in schema.get("properties", ()) if name in instance}
    for pattern in schema.get("patternProperties", ()):
        names.update(name for name in instance if is_found(pattern, name))
    if "additionalProperties" in schema:
        return set(instance)
    for branch_validator, branch in _applied(validator, schema, instance):
        names |= _evaluated_names(branch_validator, branch, instance)
        if isinstance(branch, dict) and "unevaluatedProperties" in branch:
            return set(instance)
    return names


def unevaluated_items(validator: Any, others: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """Yield the errors of items that no other keyword of the schema evaluates."""
    if not isinstance(instance, list):
        return
    notes = validator.format_checker.notes
    before = notes.count
    known = _evaluated_items(validator, schema, instance)
    extra = [index for index in range(len(instance)) if index not in known]
    if notes.count != before:
        return  # a branch could not be judged, so it is unknown which members it evaluates
    for index in extra:
        if others is False:
            yield schema_error("an unexpected item", path=(index,), instance=instance[index])
        else:
            yield from validator.descend(instance[index], others, path=index)


def _evaluated_items(validator: Any, schema: Any, instance: list[Any]) -> set[int]:
    """Return the indexes of the items that a schema evaluates (JSON Schema 2020-12, section 11.2)."""
    if not isinstance(schema, dict):
        return set()
    every = set(range(len(instance)))
    is_newest = "prefixItems" in validator.VALIDATORS  # before 2020-12, a list under `items` had its meaning
    items = schema.get("items")
    if items is not None and (is_newest or not isinstance(items, list)):
        return every
    if isinstance(items, list) and "additionalItems" in schema:
        return every
    known = set(range(len(schema.get("prefixItems", ()) if is_newest else items or ())))
    if is_newest and "contains" in schema:
        wanted = validator.evolve(schema=schema["contains"])
        known.update(index for index, item in enumerate(instance) if wanted.is_valid(item))
    for branch_validator, branch in _applied(validator, schema, instance):
        known |= _evaluated_items(branch_validator, branch, instance)
        if isinstance(branch, dict) and "unevaluatedItems" in branch:
            return every
    return known


def _applied(validator: Any, schema: dict[str, Any], instance: Any) -> Iterator[tuple[Any, Any]]:
    """Yield (validator, schema) for each schema that a schema applies to the same value.

    Schemas under `allOf`, `$ref` and the like count even where the value breaks them: that is an error already,
    and the properties that they describe should not be reported again as unevaluated.
    """
    for keyword in ("$ref", "$dynamicRef"):
        if keyword in schema:
            found = look_up(validator._resolver, schema[keyword])  # noqa: SLF001  - jsonschema's own keywords use it, too
            yield validator.evolve(schema=found.contents, _resolver=found.resolver), found.contents
    for branch in schema.get("allOf", ()):
        yield validator, branch
    for name, branch in schema.get("dependentSchemas", {}).items():
        if isinstance(instance, dict) and name in instance:
            yield validator, branch
    for keyword in ("anyOf", "oneOf"):
        for branch in schema.get(keyword, ()):
            if all(map(is_minor, validator.evolve(schema=branch).iter_errors(instance))):
                yield validator, branch
    if "if" in schema:
        is_met = validator.evolve(schema=schema["if"]).is_valid(instance)
        if is_met:
            yield validator, schema["if"]
        yield validator, schema.get("then" if is_met else "else")
