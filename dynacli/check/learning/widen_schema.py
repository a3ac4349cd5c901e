"""A schema that does not allow what was seen → the nearest one that does: a rule for each keyword."""

from collections.abc import Callable, Mapping
from typing import Any

from dynacli.check.learning.infer_schema import Dialect, inferred_schema, kind_of, kinds_of
from dynacli.document.json_trees import is_same_json
from dynacli.model.wording import enumerated

__all__ = ["widened", "with_others", "with_property", "without_required"]

_DROPPED = frozenset(
    {
        "format",
        "pattern",
        "multipleOf",
        "contains",
        "minContains",
        "maxContains",
        "dependentRequired",
        "dependencies",
    }
)
"""Keywords of which nothing is known to take their place."""

_SIZES: Mapping[str, Callable[[Any], int | None]] = {
    "Length": lambda value: len(value) if isinstance(value, str) else None,
    "Items": lambda value: len(value) if isinstance(value, list) else None,
    "Properties": lambda value: len(value) if isinstance(value, Mapping) else None,
}


def widened(schema: dict[str, Any], keyword: str, values: list[Any], dialect: Dialect) -> str:
    """Change a schema so that a keyword of it allows values; nothing else that it says is changed.

    Args:
        schema: The Schema Object, which is changed.
        keyword: The one that the values break.
        values: All that were seen in that place and break it.
        dialect: The version of OpenAPI.

    Returns:
        What was changed, for a person; empty where nothing can be.
    """
    match keyword:
        case "type":
            return _type(schema, values, dialect)
        case "anyOf" | "oneOf" if isinstance(schema.get(keyword), list):
            return _branch(schema, keyword, values, dialect)
        case "enum" if isinstance(schema.get("enum"), list):
            return _enum(schema, values)
        case "const" if "const" in schema:
            return _enum(schema, [schema.pop("const"), *values])
        case "uniqueItems" | "writeOnly":
            schema[keyword] = False
            return f"switches `{keyword}` off"
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
            return _bound(schema, keyword, values)
        case _ if keyword in _DROPPED:
            schema.pop(keyword, None)
            return f"takes `{keyword}` out"
    return _size(schema, keyword, values)


def with_property(schema: dict[str, Any], name: str, values: list[Any], dialect: Dialect) -> str:
    """Add a property to the schema of an object."""
    properties = schema.get("properties")
    schema["properties"] = {
        **(properties if isinstance(properties, Mapping) else {}),
        name: inferred_schema(values, dialect),
    }
    return "added"


def with_others(schema: dict[str, Any], values: list[Any], dialect: Dialect) -> str:
    """Let an object have properties of any name, as one does whose names are data; nothing is done without values."""
    if not values:
        return ""
    schema["additionalProperties"] = inferred_schema(values, dialect)
    return "allows any other name"


def without_required(schema: dict[str, Any], names: list[str]) -> str:
    """Let properties be absent."""
    required = schema.get("required")
    if not isinstance(required, list):
        return ""
    left = [one for one in required if one not in names]
    if left:
        schema["required"] = left
    else:
        schema.pop("required")  # 3.0 allows no empty list
    return f"{enumerated([f'`{one}`' for one in names])} may be absent"


def _type(schema: dict[str, Any], values: list[Any], dialect: Dialect) -> str:
    kinds = kinds_of(values)
    told = f"allows {enumerated(kinds)}"
    if (
        "number" in kinds
        and schema.get("type") == "integer"
        and str(schema.get("format", "int")).startswith("int")
    ):
        schema.pop("format", None)  # `int64`, which is none of numbers
    if dialect >= "3.1":
        before = schema.get("type")
        types = [*(before if isinstance(before, list) else [before]), *kinds]
        if "number" in types:
            types = [one for one in types if one != "integer"]
        types = list(dict.fromkeys(types))
        schema["type"] = types if len(types) > 1 else types[0]
        return told
    if kinds == ["null"]:
        schema["x-nullable" if dialect == "2.0" else "nullable"] = True
        return told
    if kinds == ["number"] and schema.get("type") == "integer":
        schema["type"] = "number"
        return told
    return _types_of_older(schema, values, dialect, told)


def _types_of_older(schema: dict[str, Any], values: list[Any], dialect: Dialect, told: str) -> str:
    """Widen a type where a schema has one only: by alternatives, or in 2.0, which has none, by saying nothing."""
    nullable = "x-nullable" if dialect == "2.0" else "nullable"
    before = {key: schema.pop(key) for key in ("type", nullable) if key in schema}
    if dialect == "2.0":
        return "takes `type` out"
    if before.get("type") == "array":
        before["items"] = schema.pop("items", {})  # 3.0 asks for it beside the type
    added = inferred_schema([value for value in values if value is not None], dialect)
    branches = [before, *added.get("anyOf", [added])]
    if None in values:
        branches[0]["nullable"] = True
    if "anyOf" in schema:
        schema["allOf"] = [*_listed(schema, "allOf"), {"anyOf": branches}]
    else:
        schema["anyOf"] = branches
    return told


def _branch(schema: dict[str, Any], keyword: str, values: list[Any], dialect: Dialect) -> str:
    added = inferred_schema(values, dialect)
    if not added.get("type") and kinds_of(values) == ["null"]:
        added = {
            "type": "string",
            "nullable": True,
            "enum": [None],
        }  # the one way of 3.0 to say null and nothing else
    schema[keyword] = [*_listed(schema, keyword), added]
    return f"allows {enumerated(kinds_of(values))}"


def _enum(schema: dict[str, Any], values: list[Any]) -> str:
    known = list(_listed(schema, "enum"))
    added = []
    for value in values:
        if not any(is_same_json(value, one) for one in known):
            known.append(value)
            added.append(value)
    schema["enum"] = known
    return f"allows {len(added)} value{'s' if len(added) != 1 else ''} more"


def _bound(schema: dict[str, Any], keyword: str, values: list[Any]) -> str:
    numbers = [value for value in values if kind_of(value) in {"integer", "number"}]
    if not numbers:
        return ""
    is_lower = keyword.lower().endswith("minimum")
    plain = "minimum" if is_lower else "maximum"
    exclusive = f"exclusive{plain.capitalize()}"
    limit = min(numbers) if is_lower else max(numbers)
    if isinstance(schema.get(exclusive), bool):  # a flag beside the limit, in versions before 3.1
        schema[exclusive] = False
    elif keyword == exclusive:
        schema.pop(exclusive, None)
    schema[plain] = limit
    return f"moves `{plain}` to {limit}"


def _size(schema: dict[str, Any], keyword: str, values: list[Any]) -> str:
    for noun, size in _SIZES.items():
        if keyword in {f"min{noun}", f"max{noun}"}:
            sizes = [one for value in values if (one := size(value)) is not None]
            if sizes:
                schema[keyword] = min(sizes) if keyword.startswith("min") else max(sizes)
                return f"moves `{keyword}` to {schema[keyword]}"
    return ""


def _listed(schema: Mapping[str, Any], keyword: str) -> list[Any]:
    value = schema.get(keyword)
    return value if isinstance(value, list) else []
