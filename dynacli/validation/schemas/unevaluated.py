"""The two keywords about what nothing else looks at (JSON Schema 2020-12, sections 7.7.1 and 11).

jsonschema's own say neither where the value stands nor which one it is, run patterns by Python's `re`,
and take what was not judged for what was not looked at.
"""

from collections.abc import Iterator
from typing import Any

from jsonschema.exceptions import ValidationError  # type: ignore[import-untyped]

from dynacli.validation.depth import looked_up
from dynacli.validation.findings.schema_error import schema_error, unexpected

__all__ = ["unevaluated_items", "unevaluated_properties"]


def unevaluated_properties(
    validator: Any, others: Any, instance: Any, schema: Any
) -> Iterator[ValidationError]:
    """Yield what is wrong with the properties that nothing else of the schema looks at."""
    if not isinstance(instance, dict):
        return
    session = validator.format_checker.session
    before = session.count
    known = _evaluated_names(validator, schema, instance)
    extra = [name for name in instance if name not in known]
    if session.count != before:
        return  # a branch could not be judged, so nobody knows what it evaluates
    if others is False:
        if extra:
            yield unexpected(extra, instance, session)
    else:
        for name in extra:
            yield from validator.descend(instance[name], others, path=name)


def _evaluated_names(validator: Any, schema: Any, instance: dict[str, Any]) -> set[str]:
    """Return the properties that a schema has looked at (JSON Schema 2020-12, section 11.3)."""
    if not isinstance(schema, dict):
        return set()
    is_found = validator.format_checker.session.patterns.is_found
    names = {name for name in schema.get("properties", ()) if name in instance}
    for pattern in schema.get("patternProperties", ()):
        names.update(name for name in instance if is_found(pattern, name))
    if "additionalProperties" in schema:
        return set(instance)
    for within, branch in _applied(validator, schema, instance):
        names |= _evaluated_names(within, branch, instance)
        if isinstance(branch, dict) and "unevaluatedProperties" in branch:
            return set(instance)
    return names


def unevaluated_items(validator: Any, others: Any, instance: Any, schema: Any) -> Iterator[ValidationError]:
    """Yield what is wrong with the items that nothing else of the schema looks at."""
    if not isinstance(instance, list):
        return
    session = validator.format_checker.session
    before = session.count
    known = _evaluated_items(validator, schema, instance)
    extra = [index for index in range(len(instance)) if index not in known]
    if session.count != before:
        return  # a branch could not be judged, so nobody knows what it evaluates
    for index in extra:
        if others is False:
            yield schema_error("an unexpected item", path=(index,), instance=instance[index])
        else:
            yield from validator.descend(instance[index], others, path=index)


def _evaluated_items(validator: Any, schema: Any, instance: list[Any]) -> set[int]:
    """Return the positions that a schema has looked at (JSON Schema 2020-12, section 11.2)."""
    if not isinstance(schema, dict):
        return set()
    every = set(range(len(instance)))
    is_newest = "prefixItems" in validator.VALIDATORS  # before, a list of `items` was what it is now
    items = schema.get("items")
    if items is not None and (is_newest or not isinstance(items, list)):
        return every
    if isinstance(items, list) and "additionalItems" in schema:
        return every
    known = set(range(len(schema.get("prefixItems", ()) if is_newest else items or ())))
    if is_newest and "contains" in schema:
        wanted = validator.evolve(schema=schema["contains"])
        known.update(index for index, item in enumerate(instance) if wanted.is_valid(item))
    for within, branch in _applied(validator, schema, instance):
        known |= _evaluated_items(within, branch, instance)
        if isinstance(branch, dict) and "unevaluatedItems" in branch:
            return every
    return known


def _applied(validator: Any, schema: dict[str, Any], instance: Any) -> Iterator[tuple[Any, Any]]:
    """Yield each schema that another applies to the same value, and a validator that knows its references.

    Of `allOf`, `$ref` and the like those too that the value breaks: it is said where it does,
    and that nothing looked at the rest of it would be said once more.
    """
    for keyword in ("$ref", "$dynamicRef"):
        if keyword in schema:
            found = looked_up(validator._resolver, schema[keyword])  # noqa: SLF001  - as jsonschema's own keyword
            yield validator.evolve(schema=found.contents, _resolver=found.resolver), found.contents
    for branch in schema.get("allOf", ()):
        yield validator, branch
    for name, branch in schema.get("dependentSchemas", {}).items():
        if isinstance(instance, dict) and name in instance:
            yield validator, branch
    for keyword in ("anyOf", "oneOf"):
        for branch in schema.get(keyword, ()):
            if validator.evolve(schema=branch).is_valid(instance):
                yield validator, branch
    if "if" in schema:
        is_met = validator.evolve(schema=schema["if"]).is_valid(instance)
        if is_met:
            yield validator, schema["if"]
        yield validator, schema.get("then" if is_met else "else")
