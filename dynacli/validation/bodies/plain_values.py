"""Values that every JSON library reads and compares alike: not deep, and with no number beyond 64 bits."""

from functools import lru_cache
from typing import Any

__all__ = ["LIMIT", "MAX_LEVELS", "is_plain"]

LIMIT = 9_000_000_000_000_000_000
"""The most that the amount of a number may be.

Whole numbers of 64 bits are read as they are written; greater ones orjson reads as floats, which are beyond this, too.
"""

MAX_LEVELS = 100
"""How deep a value may be: compiled code walks it on a stack that has no limit of its own."""


def is_plain(value: Any) -> bool:
    """Return whether a JSON value is no deeper than `MAX_LEVELS`, and has no number beyond `LIMIT`.

    Raises:
        ValueError: It has what is no JSON, or text that is none.
    """
    return bool(_plain_values().is_valid(value))


@lru_cache
def _plain_values() -> Any:
    from jsonschema_rs import Draft202012Validator

    # An infinite number (`1e400`) keeps every bound for jsonschema-rs, and is of no type.
    kinds = ["null", "boolean", "number", "string"]
    no_array = {"minimum": -LIMIT, "maximum": LIMIT, "type": kinds}
    levels: dict[str, Any] = {
        str(level): {
            **no_array,
            "type": [*kinds, "array", "object"],
            "items": {"$ref": f"#/$defs/{level + 1}"},
            "additionalProperties": {"$ref": f"#/$defs/{level + 1}"},
        }
        for level in range(MAX_LEVELS)
    }
    levels[str(MAX_LEVELS)] = no_array
    return Draft202012Validator({"$ref": "#/$defs/0", "$defs": levels})
