"""Values that all JSON libraries read and compare alike: not too deep, and without numbers beyond 64 bits."""

from functools import lru_cache
from typing import Any

__all__ = ["LIMIT", "MAX_LEVELS", "is_plain"]

LIMIT = 9_000_000_000_000_000_000
"""The largest absolute value of a plain number: orjson reads integers of more than 64 bits as floats."""

MAX_LEVELS = 100
"""The largest depth of a value: compiled code walks a value on a stack without a limit of its own."""

_USUAL_LEVELS = 16
"""The depth of most values: what checks so few levels takes a fifth of the time and the memory to compile."""


def is_plain(value: Any) -> bool:
    """Return whether all JSON libraries read and compare a value alike: it is not deep, and has no huge number."""
    try:
        return bool(_plain_values(_USUAL_LEVELS).is_valid(value) or _plain_values(MAX_LEVELS).is_valid(value))
    except ValueError:
        return False  # a text that stands for bytes


@lru_cache
def _plain_values(depth: int) -> Any:
    """Return what accepts plain values up to a depth."""
    from jsonschema_rs import Draft202012Validator

    # jsonschema-rs takes an infinite number (`1e400`) as one of no type.
    limits = {"minimum": -LIMIT, "maximum": LIMIT}
    kinds = ["null", "boolean", "number", "string"]
    levels: dict[str, Any] = {
        str(level): {
            **limits,
            "type": [*kinds, "array", "object"],
            "propertyNames": {"minLength": 1},
            "items": {"$ref": f"#/$defs/{level + 1}"},
            "additionalProperties": {"$ref": f"#/$defs/{level + 1}"},
        }
        for level in range(depth)
    }
    levels[str(depth)] = {**limits, "type": kinds}
    return Draft202012Validator({"$ref": "#/$defs/0", "$defs": levels})
