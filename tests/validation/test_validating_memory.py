"""Memory: however many errors a response has, they take no more than a fixed number of megabytes beside it."""

import json
import tracemalloc
from typing import Any

import pytest

from tests.validation.in_process_validator import validate_value

_WORDS = [f"value-number-{number}" for number in range(4_000)]
_TEXTS = {f"k{number}": "text" for number in range(300)}
_RESPONSES: dict[str, tuple[Any, list[Any]]] = {
    "values of a long enumeration": (
        {"properties": {"a": {"enum": _WORDS}}},
        [{"a": "x", "b": "b" * 100}] * 2_000,
    ),
    "objects that fit no alternative": (
        {"oneOf": [{"additionalProperties": {"type": kind}} for kind in ("integer", "boolean")]},
        [_TEXTS] * 200,
    ),
    "long arrays": ({"properties": {"a": {"maxItems": 1}}}, [{"a": list(range(500))}] * 400),
}


@pytest.mark.no_cover
@pytest.mark.long
@pytest.mark.parametrize("name", _RESPONSES)
def test_errors_take_little_memory(name: str) -> None:
    """They hold neither texts with the value and the schema in them, nor all errors by all alternatives."""
    item, value = _RESPONSES[name]
    validate_value({"type": "array", "items": item}, value[:30])  # loads the libraries
    size = len(json.dumps(value))
    tracemalloc.start()
    try:
        validation = validate_value({"type": "array", "items": item}, value)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert validation.findings
    assert peak < 50_000_000 + 20 * size, f"{peak >> 20} MiB for a response of {size:,} bytes"
