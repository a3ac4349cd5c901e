"""Values that all JSON libraries read and compare alike: not too deep, and without numbers beyond 64 bits."""

from functools import lru_cache
from typing import Any

__all__ = ["LIMIT", "MAX_LEVELS", "is_plain"]

LIMIT = 9_000_000_000_000_000_000
"""The largest absolute value of a number.

orjson reads integers of up to 64 bits exactly, and larger ones as floats; those are beyond this limit, too.
"""

MAX_LEVELS = 100
"""The largest depth of a value: compiled code walks a value on a stack without a limit of its own."""

_USUAL_LEVELS = 16
"""The depth of most values: what checks so few levels takes a fifth of the time and the memory to compile."""


def is_plain(value: Any) -> bool:
    """Return whether a JSON value is no deeper than `MAX_LEVELS` and has no number beyond `LIMIT`.

    Raises:
        ValueError: The value is not JSON, or has a text with a lone surrogate.
    """
    return bool(_plain_values(_USUAL_LEVELS).is_valid(value) or _plain_values(MAX_LEVELS).is_valid(value))


@lru_cache
def _plain_values(depth: int) -> Any:
    """Return what accepts plain values up to a depth."""
    from jsonschema_rs import Draft202012Validator

    # jsonschema-rs takes an infinite number (`1e400`) as within all bounds, but as of no type.
    scalar_types = ["null", "boolean", "number", "string"]
    scalar = {"minimum": -LIMIT, "maximum": LIMIT, "type": scalar_types}
    levels: dict[str, Any] = {
        str(level): {
            **scalar,
            "type": [*scalar_types, "array", "object"],
            "items": {"$ref": f"#/$defs/{level + 1}"},
            "additionalProperties": {"$ref": f"#/$defs/{level + 1}"},
        }
        for level in range(depth)
    }
    levels[str(depth)] = scalar
    return Draft202012Validator({"$ref": "#/$defs/0", "$defs": levels})
