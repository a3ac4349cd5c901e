"""A schema error of jsonschema → what a person can act on."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dynacli.validation.findings import shortened
from dynacli.validation.multipart import BinaryText

__all__ = ["Explained", "explain", "shown"]

_MAX_LISTED = 10
_MAX_SHOWN = 60


class Explained(NamedTuple):
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


def explain(error: Any) -> Iterator[Explained]:
    """Yield what is wrong; of `oneOf` and `anyOf` the branch that comes nearest is explained.

    Args:
        error: A `jsonschema.exceptions.ValidationError`.
    """
    rule = str(error.validator or "false")
    pointer = "".join(f"/{_escaped(step)}" for step in error.absolute_path)
    path = list(error.absolute_schema_path)
    names = getattr(error, "names", ())
    if rule in {"oneOf", "anyOf"} and error.context:
        branches = _branches(error.context)
        types = _types_only(branches)
        if types:
            message = f"expected {_listed(types, 'or')}, got {_kind_and_value(error.instance)}"
            yield Explained("type", pointer, message, types, shortened(error.instance), path)
            return
        kinds = _one_property(branches)
        if kinds is not None:
            place, values = kinds
            listed = ", ".join(map(shown, values[:_MAX_LISTED]))
            message = f"{shown(place.instance)} is none of {listed}"
            here = "".join(f"/{_escaped(step)}" for step in place.absolute_path)
            yield Explained("enum", here, message, shortened(values), shortened(place.instance), path)
            return
        for one in _nearest(branches):
            yield from explain(one)
    elif rule == "required":
        for name in names:
            yield Explained(
                rule, pointer, f"`{name}` is missing, and the document requires it", name, None, path
            )
    elif rule in {"additionalProperties", "unevaluatedProperties"} and names:
        for name in names:
            here = f"{pointer}/{_escaped(name)}"
            got = shortened(error.instance.get(name)) if isinstance(error.instance, Mapping) else None
            yield Explained(
                rule, here, f"`{name}` is not in the document, which allows no others", None, got, path
            )
    else:
        message = _message(rule, error, names)
        yield Explained(
            rule, pointer, message, shortened(error.validator_value), shortened(error.instance), path
        )


def _escaped(step: Any) -> str:
    return str(step).replace("~", "~0").replace("/", "~1")


def _one_property(branches: list[list[Any]]) -> tuple[Any, list[Any]] | None:
    """Return the error and all values, when each branch has a constant in the same property.

    That property tells the branches apart, so it is what is wrong, and nothing else in any of them.
    """
    values: list[Any] = []
    paths = set()
    found = None
    for errors in branches:
        constant = next(
            (one for one in errors if one.validator in {"const", "enum"} and len(one.relative_path) == 1),
            None,
        )
        if constant is None:
            return None
        value = constant.validator_value
        values.extend(value if constant.validator == "enum" and isinstance(value, list) else [value])
        paths.add(constant.relative_path[0])
        found = constant
    return (found, values) if found is not None and len(paths) == 1 and len(branches) > 1 else None


def _branches(context: list[Any]) -> list[list[Any]]:
    branches: dict[Any, list[Any]] = {}
    for error in context:
        branches.setdefault(error.schema_path[0], []).append(error)
    return list(branches.values())


def _types_only(branches: list[list[Any]]) -> list[str]:
    """Return the types that branches ask for, when another type is all that is wrong with each."""
    types: list[str] = []
    for errors in branches:
        if len(errors) != 1 or errors[0].validator != "type" or errors[0].relative_path:
            return []
        value = errors[0].validator_value
        types.extend(str(one) for one in (value if isinstance(value, list) else [value]))
    return list(dict.fromkeys(types))


def _nearest(branches: list[list[Any]]) -> list[Any]:
    """Return the errors of the branch that was most likely meant.

    A branch of another type, or with another constant in it (a discriminator), was not meant.
    """

    def distance(errors: list[Any]) -> tuple[int, int, int]:
        depth = max(len(error.relative_path) for error in errors)
        wrong_kind = sum(
            1
            for error in errors
            if (error.validator == "type" and not error.relative_path)
            or (error.validator in {"const", "enum"} and len(error.relative_path) == 1)
        )
        return wrong_kind, len(errors), -depth

    return min(branches, key=distance)


def _message(rule: str, error: Any, names: tuple[str, ...]) -> str:
    value, got = error.validator_value, error.instance
    match rule:
        case "type":
            wanted = value if isinstance(value, list) else [value]
            return f"expected {_listed([str(one) for one in wanted], 'or')}, got {_kind_and_value(got)}"
        case "enum" if isinstance(value, list):
            if len(value) == 1:
                return f"expected {shown(value[0])}, got {shown(got)}"
            listed = ", ".join(map(shown, value[:_MAX_LISTED]))
            more = f" and {len(value) - _MAX_LISTED} more" if len(value) > _MAX_LISTED else ""
            return f"{shown(got)} is none of {listed}{more}"
        case "const":
            return f"expected {shown(value)}, got {shown(got)}"
        case "format":
            return f"{shown(got)} is not a valid {value}"
        case "pattern" if error.message == "the pattern takes too long":
            return f"it takes too long to tell whether the text matches the pattern `{value}`"
        case "pattern":
            return f"{shown(got)} does not match the pattern `{value}`"
        case "oneOf" if names:
            return f"fits {_listed(list(names), 'and')}, of which only one may fit"
        case "oneOf" | "anyOf":
            return "fits none of the alternatives"
        case "not":
            return f"{shown(got)} is what the document excludes"
        case "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum":
            return f"{shown(got)} is {_bound(rule, error.schema)} {shown(_limit(rule, error))}"
        case "multipleOf":
            return f"{shown(got)} is not a multiple of {shown(value)}"
        case "minLength" | "maxLength" if isinstance(got, BinaryText):
            return f"the content has {_counted(len(got), 'byte')}, {_most(rule)} {value}"
        case "minLength" | "maxLength":
            return f"the text has {_counted(len(got), 'character')}, {_most(rule)} {value}"
        case "minItems" | "maxItems":
            return f"the array has {_counted(len(got), 'item')}, {_most(rule)} {value}"
        case "minProperties" | "maxProperties":
            return f"the object has {_counted(len(got), 'property')}, {_most(rule)} {value}"
        case "uniqueItems":
            return f"the items {' and '.join(names)} are the same, and all must differ"
        case "dependentRequired" | "dependencies":
            return "a property is missing that another one asks for"
        case "contains" | "minContains":
            return "the array does not contain what the document asks for"
        case "readOnly":
            return "the document marks this as read-only, so it is not sent"
        case "writeOnly":
            return "the document marks this as write-only, so no answer has it"
        case "false":
            return "the document allows nothing here"
    return f"does not meet `{rule}`"


def _bound(rule: str, schema: Any) -> str:
    is_exclusive = rule.startswith("exclusive") or (
        # 3.0: a flag beside the bound.
        isinstance(schema, Mapping) and schema.get(f"exclusive{rule[0].upper()}{rule[1:]}") is True
    )
    if rule.lower().endswith("minimum"):
        return "not more than" if is_exclusive else "less than the minimum of"
    return "not less than" if is_exclusive else "more than the maximum of"


def _limit(rule: str, error: Any) -> Any:
    if isinstance(error.validator_value, bool) and isinstance(error.schema, Mapping):
        return error.schema.get(rule.removeprefix("exclusive").lower())
    return error.validator_value


def _most(rule: str) -> str:
    return "and must have at least" if rule.startswith("min") else "and may have at most"


def _counted(number: int, noun: str) -> str:
    if number != 1:
        noun = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{number} {noun}"


def _listed(words: list[str], conjunction: str) -> str:
    # Imported by the calls alone that break the document.
    from dynacli.catalog.wording import enumerated

    return enumerated(words, conjunction)


def shown(value: Any) -> str:
    """Return a value as a message shows it: text and numbers in backticks, and what is long cut."""
    if isinstance(value, Mapping):
        return "the object"
    if isinstance(value, list):
        return "the array"
    if isinstance(value, bool) or value is None:
        return f"`{'null' if value is None else str(value).lower()}`"
    text = str(shortened(value))
    text = text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + "..."
    return f"`{text}`" if text else "an empty text"


def _kind_and_value(value: Any) -> str:
    kind = _type_of(value)
    if value is None or isinstance(value, Mapping | list):
        return kind
    return f"{kind} {shown(value)}"


def _type_of(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    names = {str: "string", int: "integer", float: "number", list: "array", dict: "object"}
    return names.get(type(value), type(value).__name__)
