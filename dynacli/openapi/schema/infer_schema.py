"""Infer a narrow schema from a few values.

The schema requires no property and has no enumeration, because other values may lack properties or have new values.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from dynacli.openapi.document.json_trees import dict_or_empty, is_same_json, list_or_empty
from dynacli.openapi.model.wording import enumerated
from dynacli.openapi.schema.observed_shape import (
    NARROW_RULES,
    ObservedShape,
    SchemaDialect,
    SchemaWriter,
    json_types,
)
from dynacli.openapi.schema.read_schema import json_type

_REMOVED = frozenset(
    {"format", "pattern", "multipleOf", "contains", "minContains", "maxContains"}
    | {"dependentRequired", "dependencies"}
)
"""Keywords to remove, because the values do not show a new value for them."""
_SIZES: Mapping[str, Callable[[Any], int | None]] = {
    "Length": lambda value: len(value) if isinstance(value, str) else None,
    "Items": lambda value: len(value) if isinstance(value, list) else None,
    "Properties": lambda value: len(value) if isinstance(value, Mapping) else None,
}


def infer_schema(values: Iterable[Any], dialect: SchemaDialect) -> dict[str, Any]:
    """Return the schema of JSON values; an empty schema if there are no values.

    Args:
        dialect: The version of OpenAPI that the schema is written for.
    """
    shape = ObservedShape()
    for value in values:
        shape.add(value)
    return SchemaWriter(NARROW_RULES, dialect).schema(shape.settle(has_alternatives=False))


def infer_text_schema(texts: Iterable[str]) -> dict[str, Any]:
    """Return the schema for values of a parameter or header: an integer if all are integers, otherwise a string."""
    listed = list(texts)
    is_integer = bool(listed) and all(text.isascii() and text.isdigit() and len(text) < 16 for text in listed)
    return {"type": "integer" if is_integer else "string"}


def widen_schema(schema: dict[str, Any], keyword: str, values: list[Any], dialect: SchemaDialect) -> str:
    """Change a keyword of a schema so that it allows values; the rest of the schema stays.

    Args:
        schema: The Schema Object.
        keyword: The keyword that the values do not match.
        values: All values at that location that do not match it.
        dialect: The version of OpenAPI.

    Returns:
        A description of the change; empty if the schema is unchanged.
    """
    match keyword:
        case "type":
            return _widen_type(schema, values, dialect)
        case "anyOf" | "oneOf" if isinstance(schema.get(keyword), list):
            return _add_branch(schema, keyword, values, dialect)
        case "enum" if isinstance(schema.get("enum"), list):
            return _extend_enum(schema, values)
        case "const" if "const" in schema:
            return _extend_enum(schema, [schema.pop("const"), *values])
        case "uniqueItems" | "writeOnly":
            schema[keyword] = False
            return f"switches `{keyword}` off"
        case "minimum" | "maximum" | "exclusiveMinimum" | "exclusiveMaximum":
            return _move_bound(schema, keyword, values)
        case _ if keyword in _REMOVED:
            schema.pop(keyword, None)
            return f"takes `{keyword}` out"
    return _move_size(schema, keyword, values)


def add_property(schema: dict[str, Any], name: str, values: list[Any], dialect: SchemaDialect) -> str:
    """Add a property to the schema of an object."""
    schema["properties"] = {**dict_or_empty(schema.get("properties")), name: infer_schema(values, dialect)}
    return "added"


def allow_any_name(schema: dict[str, Any], values: list[Any], dialect: SchemaDialect) -> str:
    """Allow properties of any name in an object, because the names are data."""
    if not values:
        return ""
    schema["additionalProperties"] = infer_schema(values, dialect)
    return "allows any other name"


def drop_required(schema: dict[str, Any], names: list[str]) -> str:
    """Allow properties to be absent."""
    required = schema.get("required")
    if not isinstance(required, list):
        return ""
    still_required = [name for name in required if name not in names]
    if still_required:
        schema["required"] = still_required
    else:
        schema.pop("required")  # 3.0 allows no empty list
    return f"{enumerated([f'`{name}`' for name in names])} may be absent"


def _widen_type(schema: dict[str, Any], values: list[Any], dialect: SchemaDialect) -> str:
    added = json_types(values)
    text = f"allows {enumerated(added)}"
    is_integer = schema.get("type") == "integer"
    if "number" in added and is_integer and str(schema.get("format", "int")).startswith("int"):
        schema.pop("format", None)  # `int64`, which is not a format of numbers
    if dialect >= "3.1":
        before = schema.get("type")
        types = [*(before if isinstance(before, list) else [before]), *added]
        if "number" in types:
            types = [name for name in types if name != "integer"]
        types = list(dict.fromkeys(types))
        schema["type"] = types if len(types) > 1 else types[0]
        return text
    nullable = "x-nullable" if dialect == "2.0" else "nullable"
    if added == ["null"]:
        schema[nullable] = True
        return text
    if added == ["number"] and is_integer:
        schema["type"] = "number"
        return text
    # Before 3.1, a schema has a single type, so several types need an `anyOf`, which 2.0 lacks.
    first = {key: schema.pop(key) for key in ("type", nullable) if key in schema}
    if dialect == "2.0":
        return "takes `type` out"
    if first.get("type") == "array":
        first["items"] = schema.pop("items", {})  # 3.0 requires it beside the type
    if None in values:
        first["nullable"] = True
    second = infer_schema([value for value in values if value is not None], dialect)
    branches = [first, *second.get("anyOf", [second])]
    if "anyOf" in schema:
        schema["allOf"] = [*list_or_empty(schema.get("allOf")), {"anyOf": branches}]
    else:
        schema["anyOf"] = branches
    return text


def _add_branch(schema: dict[str, Any], keyword: str, values: list[Any], dialect: SchemaDialect) -> str:
    types = json_types(values)
    branch = infer_schema(values, dialect)
    if not branch.get("type") and types == ["null"]:
        # In 3.0, this schema allows only null.
        branch = {"type": "string", "nullable": True, "enum": [None]}
    schema[keyword] = [*list_or_empty(schema.get(keyword)), branch]
    return f"allows {enumerated(types)}"


def _extend_enum(schema: dict[str, Any], values: list[Any]) -> str:
    enum = list(list_or_empty(schema.get("enum")))
    count = len(enum)
    for value in values:
        if not any(is_same_json(value, known) for known in enum):
            enum.append(value)
    schema["enum"] = enum
    added = len(enum) - count
    return f"allows {added} value{'s' if added != 1 else ''} more"


def _move_bound(schema: dict[str, Any], keyword: str, values: list[Any]) -> str:
    numbers = [value for value in values if json_type(value) in {"integer", "number"}]
    if not numbers:
        return ""
    is_lower = keyword.lower().endswith("minimum")
    inclusive = "minimum" if is_lower else "maximum"
    exclusive = f"exclusive{inclusive.capitalize()}"
    limit = min(numbers) if is_lower else max(numbers)
    if isinstance(schema.get(exclusive), bool):  # a flag beside the limit, in versions before 3.1
        schema[exclusive] = False
    elif keyword == exclusive:
        schema.pop(exclusive, None)
    schema[inclusive] = limit
    return f"moves `{inclusive}` to {limit}"


def _move_size(schema: dict[str, Any], keyword: str, values: list[Any]) -> str:
    for noun, size_of in _SIZES.items():
        if keyword in {f"min{noun}", f"max{noun}"}:
            sizes = [size for size in map(size_of, values) if size is not None]
            if sizes:
                schema[keyword] = min(sizes) if keyword.startswith("min") else max(sizes)
                return f"moves `{keyword}` to {schema[keyword]}"
    return ""
