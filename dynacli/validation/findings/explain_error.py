"""A schema error of jsonschema → what a person can act on."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dynacli.validation.findings.finding import shortened
from dynacli.validation.findings.keyword_sentences import kind_and_value, listed, sentence, shown, shown_all
from dynacli.validation.findings.meant_branch import (
    Mentions,
    discriminating,
    meant,
    missing_tag,
    name_of,
    types_alone,
    unknown_tag,
)
from dynacli.validation.operation_document import pointer_below

__all__ = ["Explanation", "explain"]


class Explanation(NamedTuple):
    """One thing that is wrong with a value.

    Args:
        rule: The keyword.
        pointer: JSON pointer to the value that is wrong.
        schema_path: Steps from the schema that was asked, its references among them as `$ref`.
    """

    rule: str
    pointer: str
    message: str
    expected: Any
    got: Any
    schema_path: list[str | int]


def explain(error: Any, mentions: Mentions) -> Iterator[Explanation]:
    """Yield what is wrong; of `oneOf` and `anyOf` the branch that was most likely meant is explained.

    Args:
        error: A `jsonschema.exceptions.ValidationError`.
        mentions: Tells which properties a schema lists.
    """
    ends = _circumstances(error)
    for name, branches, index in getattr(error, "named_branches", ()):
        ends.append(f"`{name}` means {name_of(branches, index)}")
    for one in _explained(error, mentions):
        yield one._replace(message="; ".join([one.message, *ends]))


def _explained(error: Any, mentions: Mentions) -> Iterator[Explanation]:
    rule = str(error.validator or "false")
    pointer = pointer_below("", *error.absolute_path)
    path = list(error.absolute_schema_path)
    names = getattr(error, "names", ())
    if rule in {"oneOf", "anyOf"} and error.context:
        yield from _of_alternatives(error, mentions, pointer, path)
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
        if _is_name(error):
            message = f"the name of the property {shown(error.instance)}: {message}"
        yield Explanation(
            rule, pointer, message, shortened(error.validator_value), shortened(error.instance), path
        )


def _of_alternatives(error: Any, mentions: Mentions, pointer: str, path: list[Any]) -> Iterator[Explanation]:
    types = types_alone(error)
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
        one, message, expected = missing
        yield Explanation("required", pointer, message, expected[0], None, list(one.absolute_schema_path))
        return
    constants = discriminating(error)
    if constants is not None:
        place, values = constants
        message = f"{shown(place.instance)} is none of {shown_all(values)}"
        yield Explanation(
            "enum",
            pointer_below("", *place.absolute_path),
            message,
            shortened(values),
            shortened(place.instance),
            path,
        )
        return
    branch = meant(error, mentions)
    for one in branch.errors:
        for explained in explain(one, mentions):
            message = f"{explained.message}; {branch.why}" if branch.why else explained.message
            yield explained._replace(message=message)


def _asked_for(dependencies: Any, value: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield each property that is missing, and the one that asks for it."""
    for asking, names in dependencies.items() if isinstance(dependencies, Mapping) else ():
        if asking in value and isinstance(names, list):
            yield from ((str(name), asking) for name in names if name not in value)


_HOLD_NAMES = frozenset({"properties", "patternProperties", "dependentSchemas", "dependencies", "$defs"})


def _keywords(error: Any) -> Iterator[tuple[str, Any]]:
    """Yield the keywords on the way to what an error is about, each with the name below it where it has one.

    The names of properties are left out: one may be called `then`.
    """
    steps = iter(error.relative_schema_path)
    for step in steps:
        yield str(step), next(steps, None) if step in _HOLD_NAMES else None


def _circumstances(error: Any) -> list[str]:
    """Return under which conditions the document asks for what is not met."""
    found = []
    for keyword, name in _keywords(error):
        if keyword == "then":
            found.append("this holds where its `if` fits")
        elif keyword == "else":
            found.append("this holds where its `if` does not fit")
        elif keyword == "dependentSchemas" and isinstance(name, str):
            found.append(f"this holds where {shown(name)} is there")
    return found


def _is_name(error: Any) -> bool:
    """Return whether it is the name of a property that is wrong, and not a value."""
    if not isinstance(error.instance, str):
        return False
    last = ""
    for keyword, _ in _keywords(error):
        last = keyword if keyword in {"propertyNames", *_HOLD_NAMES, "items"} else last
    return last == "propertyNames"
