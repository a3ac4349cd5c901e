"""Turning an error of jsonschema into explanations that a person can act on."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dynacli.schema.evaluation.shown_values import shortened
from dynacli.validation.findings.keyword_sentences import kind_and_value, listed, sentence, shown, shown_all
from dynacli.validation.findings.meant_branch import (
    ListProperties,
    branch_name,
    discriminating_constant,
    meant_branch,
    missing_tag,
    types_of_branches,
    unknown_tag,
)
from dynacli.validation.operation_document import pointer_below

__all__ = ["Explanation", "explain"]


class Explanation(NamedTuple):
    """The explanation of one thing that is wrong with a value.

    Args:
        rule: The keyword that the value breaks.
        pointer: JSON pointer to the wrong value.
        message: A sentence without a final period.
        expected: The value that the document asks for.
        got: The value that came, shortened.
        schema_path: The steps from the schema that judged to the keyword, with `$ref` for each reference.
        is_minor: Whether the value still fits its schema, as the schema's author means it.
    """

    rule: str
    pointer: str
    message: str
    expected: Any
    got: Any
    schema_path: list[str | int]
    is_minor: bool = False


def explain(error: Any, list_properties: ListProperties) -> Iterator[Explanation]:
    """Yield the explanations of an error; for `oneOf` and `anyOf` by the branch that was most likely meant.

    Args:
        error: A `jsonschema.exceptions.ValidationError`.
        list_properties: Returns the names of the properties that a schema lists.
    """
    remarks = _conditions(error)
    if error.is_example:
        remarks.append("the document itself gives it as an example")
    for name, branches, index in reversed(error.tags):
        remarks.append(f"`{name}` means {branch_name(branches, index)}")
    for explanation in _explanations(error, list_properties):
        message = "; ".join([explanation.message, *remarks])
        yield explanation._replace(message=message, is_minor=explanation.is_minor or error.is_minor)


def _explanations(error: Any, list_properties: ListProperties) -> Iterator[Explanation]:
    rule = str(error.validator or "false")
    pointer = pointer_below("", *error.absolute_path)
    path = list(error.absolute_schema_path)
    names = error.names
    if rule in {"oneOf", "anyOf"} and error.context:
        yield from _of_alternatives(error, list_properties, pointer, path)
    elif rule == "required" and names:
        for name in names:
            yield Explanation(
                rule, pointer, f"`{name}` is missing, and the document requires it", name, None, path
            )
    elif rule in {"additionalProperties", "unevaluatedProperties"} and names:
        for name in names:
            here = pointer_below(pointer, name)
            got = shortened(error.instance.get(name)) if isinstance(error.instance, Mapping) else None
            yield Explanation(
                rule, here, f"`{name}` is not in the document, which allows no others", None, got, path
            )
    elif rule in {"dependentRequired", "dependencies"} and isinstance(error.instance, Mapping):
        for name, asking in _asked_for(error.validator_value, error.instance):
            message = f"`{name}` is missing, and the document requires it where `{asking}` is there"
            yield Explanation(rule, pointer, message, name, None, [*path, asking])
    else:
        message = sentence(rule, error, names)
        if _is_property_name(error):
            message = f"the name of the property {shown(error.instance)}: {message}"
        # What is write-only is a secret, and findings go into reports.
        got = None if rule == "writeOnly" else shortened(error.instance)
        yield Explanation(rule, pointer, message, shortened(error.validator_value), got, path)


def _of_alternatives(
    error: Any, list_properties: ListProperties, pointer: str, path: list[Any]
) -> Iterator[Explanation]:
    types = types_of_branches(error)
    if types:
        message = f"expected {listed(types, 'or')}, got {kind_and_value(error.instance)}"
        yield Explanation("type", pointer, message, types, shortened(error.instance), path)
        return
    unknown = unknown_tag(error)
    if unknown is not None:
        name, value, message, expected = unknown
        here, place = pointer_below(pointer, name), [*path[:-1], "discriminator"]
        yield Explanation("discriminator", here, message, shortened(expected), shortened(value), place)
        return
    missing = missing_tag(error)
    if missing is not None:
        branch_error, message, expected = missing
        steps = list(branch_error.absolute_schema_path)
        yield Explanation("required", pointer, message, expected[0], None, steps)
        return
    constants = discriminating_constant(error)
    if constants is not None:
        constant, values = constants
        message = f"{shown(constant.instance)} is none of {shown_all(values)}"
        yield Explanation(
            "enum",
            pointer_below("", *constant.absolute_path),
            message,
            shortened(values),
            shortened(constant.instance),
            path,
        )
        return
    branch = meant_branch(error, list_properties)
    for branch_error in branch.errors:
        for explanation in explain(branch_error, list_properties):
            message = f"{explanation.message}; {branch.why}" if branch.why else explanation.message
            yield explanation._replace(message=message)


def _asked_for(dependencies: Any, value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield (missing property, property that requires it) for `dependentRequired`."""
    for asking, names in dependencies.items() if isinstance(dependencies, Mapping) else ():
        if asking in value and isinstance(names, list):
            yield from ((str(name), asking) for name in names if name not in value)


_HOLD_NAMES = frozenset({"properties", "patternProperties", "dependentSchemas", "dependencies", "$defs"})


def _keywords(error: Any) -> Iterator[tuple[str, Any]]:
    """Yield (keyword, name below it or None) for the keywords on the way to an error.

    Names of properties are no keywords, even where a property is called `then`.
    """
    steps = iter(error.schema_path)
    for step in steps:
        yield str(step), next(steps, None) if step in _HOLD_NAMES else None


def _conditions(error: Any) -> list[str]:
    """Return the conditions under which the keyword of an error applies, each as the end of a sentence."""
    found = []
    for keyword, name in _keywords(error):
        if keyword == "then":
            found.append("this holds where its `if` fits")
        elif keyword == "else":
            found.append("this holds where its `if` does not fit")
        elif keyword == "dependentSchemas" and isinstance(name, str):
            found.append(f"this holds where {shown(name)} is there")
    return found


def _is_property_name(error: Any) -> bool:
    """Return whether the wrong instance is the name of a property, and not a value."""
    if not isinstance(error.instance, str):
        return False
    last = ""
    for keyword, _ in _keywords(error):
        last = keyword if keyword in {"propertyNames", *_HOLD_NAMES, "items"} else last
    return last == "propertyNames"
