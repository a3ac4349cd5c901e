"""A schema error of jsonschema → what a person can act on."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from dynacli.validation.findings import shortened

__all__ = ["Explained", "explain"]

_MAX_LISTED = 10


class Explained(NamedTuple):
    """One thing that is wrong with a value.

    Args:
        rule: The keyword.
        pointer: JSON pointer to the value that is wrong.
        schema_path: Steps from the schema that was asked, without its references.
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
    rule = str(error.validator)
    if rule in {"oneOf", "anyOf"} and error.context:
        nearest = _nearest_branch(error.context)
        if nearest:
            for one in nearest:
                yield from explain(one)
            return
    pointer = "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in error.absolute_path)
    expected, message = _said(rule, error)
    yield Explained(
        rule, pointer, message, expected, shortened(error.instance), list(error.absolute_schema_path)
    )


def _nearest_branch(context: list[Any]) -> list[Any]:
    """Return the errors of the branch that was most likely meant.

    A branch of another type, or with another constant in it (a discriminator), was not meant.
    """
    branches: dict[Any, list[Any]] = {}
    for error in context:
        branches.setdefault(error.schema_path[0], []).append(error)

    def distance(errors: list[Any]) -> tuple[int, int, int]:
        depth = max(len(error.absolute_path) for error in errors)
        at_root = min(len(error.absolute_path) for error in errors)
        wrong_kind = sum(
            1
            for error in errors
            if (error.validator == "type" and len(error.absolute_path) == at_root == depth)
            or (error.validator in {"const", "enum"} and len(error.relative_path) == 1)
        )
        return wrong_kind, len(errors), -depth

    return min(branches.values(), key=distance)


def _said(rule: str, error: Any) -> tuple[Any, str]:
    """Return what was expected, and the message."""
    value, got = error.validator_value, error.instance
    match rule:
        case "type":
            wanted = value if isinstance(value, list) else [value]
            return value, f"expected {' or '.join(map(str, wanted))}, got {_type_of(got)}"
        case "required":
            name = _quoted(error.message)
            return name, f"the property `{name}` is missing"
        case "enum":
            listed = ", ".join(f"`{one}`" for one in value[:_MAX_LISTED]) if isinstance(value, list) else ""
            more = (
                f" and {len(value) - _MAX_LISTED} more"
                if isinstance(value, list) and len(value) > _MAX_LISTED
                else ""
            )
            return shortened(value), f"expected one of {listed}{more}"
        case "const":
            return shortened(value), f"expected `{shortened(value)}`"
        case "format":
            return value, f"not a valid `{value}`"
        case "pattern":
            return value, f"does not match the pattern `{value}`"
        case "additionalProperties" | "unevaluatedProperties":
            known = error.schema.get("properties") if isinstance(error.schema, Mapping) else None
            extra = [name for name in got if name not in (known or {})] if isinstance(got, Mapping) else []
            return None, f"unexpected {'property' if len(extra) == 1 else 'properties'} {_names(extra)}"
        case "oneOf":
            return None, "fits more than one of the alternatives, of which exactly one must hold"
        case "minimum" | "exclusiveMinimum" | "maximum" | "exclusiveMaximum" | "multipleOf":
            return value, f"`{rule}` is {value}"
        case "minLength" | "maxLength":
            return value, f"`{rule}` is {value}, and the text has {len(got)} characters"
        case "minItems" | "maxItems":
            return value, f"`{rule}` is {value}, and the array has {len(got)} items"
        case "uniqueItems":
            return value, "two items are the same, and all must differ"
    return shortened(value), f"does not meet `{rule}`"


def _quoted(message: str) -> str:
    # jsonschema names the property only in its message: `'name' is a required property`.
    end = message.rfind(message[0], 1) if message else -1
    return message[1:end] if end > 0 else message


def _names(names: list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:_MAX_LISTED])
    return shown + (f" and {len(names) - _MAX_LISTED} more" if len(names) > _MAX_LISTED else "")


def _type_of(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    names = {str: "string", int: "integer", float: "number", list: "array", dict: "object"}
    return names.get(type(value), type(value).__name__)
