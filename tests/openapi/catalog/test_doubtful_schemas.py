"""Schemas that cannot mean what they say: kept as they are written, validated anyway, and listed by `doctor`."""

from typing import Any

import pytest

from tests.documents import JSON, operation, register_api
from tests.harness import Recorder, json_response, run_cli


def _chain(length: int) -> dict[str, Any]:
    """Return schemas of which each applies the next."""
    links = {
        f"S{index}": {"allOf": [{"$ref": f"#/components/schemas/S{index + 1}"}]} for index in range(length)
    }
    return {**links, f"S{length}": {"type": "object"}}


CASES: dict[str, tuple[Any, str, Any, bool]] = {
    "to-nowhere": ({"$ref": "#/components/schemas/No"}, "has no target; any value is accepted", 1, True),
    "to-a-response": ({"$ref": "#/components/responses/Done"}, "is not a schema", 1, True),
    "to-a-text": ({"$ref": "#/info/title"}, "is not a schema; any value is accepted", 1, True),
    "two-types": (
        {"allOf": [{"type": "string"}, {"type": "integer"}]},
        "`string` and `integer` at once",
        1,
        False,
    ),
    "two-types-by-reference": (
        {"allOf": [{"$ref": "#/components/schemas/Text"}, {"type": "object"}]},
        "`string` and `object` at once",
        "a",
        False,
    ),
    "unknown-type": ({"type": ["string", "strin"]}, "names types that do not exist", "a", True),
    "minimum": ({"type": "integer", "minimum": "low"}, "`minimum` is not a number; it is ignored", 1, True),
    "properties": ({"type": "object", "properties": {"a": 5}}, "of type boolean or object", {}, True),
    "exclusive": ({"type": "integer", "exclusiveMinimum": [1]}, "should be of type number", 1, True),
    "integer-or-number": (
        {"oneOf": [{"type": "integer"}, {"type": "number"}]},
        "fits two branches",
        1.5,
        True,
    ),
    "chain": ({"$ref": "#/components/schemas/S0"}, "", {}, True),
}
"""Name → schema, the text that `doctor` has of it, a response, whether that response is right."""


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("name", "length"),
    [(name, 1_000) for name in CASES] + [pytest.param("chain", 20_000, marks=pytest.mark.exhaustive)],
)
def test_such_a_schema_is_listed_and_validated(name: str, length: int, server: Recorder) -> None:
    """The document works, `doctor` lists the place, and a call gets a result."""
    schema, listed, value, is_right = CASES[name]
    get = operation("getIt")
    get["responses"]["200"]["content"][JSON]["schema"] = schema
    schemas = {"Text": {"type": "string"}, **(_chain(length) if name == "chain" else {})}
    components = {"schemas": schemas, "responses": {"Done": {"description": "done"}}}
    register_api("odd", {"/it": {"get": get}}, server=server, version="3.1.0", components=components)
    assert listed in run_cli("doctor").stdout
    server.responses["/it"] = json_response(value)
    result = run_cli("odd", "get-it")
    assert (0, value) == (result.exit_code, result.json)
    assert is_right is ("does not match the document" not in result.stderr)
    assert (0 if is_right else 9) == run_cli("odd", "get-it", "--validate", "strict").exit_code
