"""Headers of answers."""

from typing import Any

from tests.validation.in_process_judge import JSON, answered
from tests.validation.pairs.model import Pair, answer

_OK: dict[str, Any] = {"description": ""}
_COUNT = {"schema": {"type": "integer", "minimum": 1}}


def _header(
    name: str, header: Any, came: dict[str, str], *expected: str, key: str = "X-Count", source: str = ""
) -> Pair:
    responses = {"200": {**_OK, "headers": {key: header}}}
    return answer(name, responses, answered(b"", media_type="", headers=came), *expected, source=source)


PAIRS = [
    _header("a header", _COUNT, {"X-Count": "5"}),
    _header(
        "a header in another case", {**_COUNT, "required": True}, {"x-count": "5"}, source="RFC 9110, 5.1"
    ),
    _header("a header that is missing", _COUNT, {}),
    _header("a header that is required", {**_COUNT, "required": True}, {}, "header/X-Count missing-header"),
    _header("a header of another type", _COUNT, {"x-count": "five"}, "header/X-Count type"),
    _header("a header out of bounds", _COUNT, {"x-count": "0"}, "header/X-Count minimum"),
    _header("a header that may be null", {"schema": {"type": "integer", "nullable": True}}, {"x-count": "5"}),
    _header("a header of several types", {"schema": {"type": ["integer", "boolean"]}}, {"x-count": "true"}),
    _header(
        "a header of none of several types",
        {"schema": {"type": ["integer", "boolean"]}},
        {"x-count": "five"},
        "header/X-Count type",
    ),
    _header(
        "an array of several schemas",
        {"schema": {"allOf": [{"type": "array", "items": {"type": "integer"}}]}},
        {"x-count": "1, 2"},
    ),
    _header(
        "an item of several schemas",
        {"schema": {"allOf": [{"type": "array", "items": {"type": "integer"}}]}},
        {"x-count": "1, two"},
        "header/X-Count/1 type",
    ),
    _header(
        "an object of several schemas",
        {"schema": {"allOf": [{"type": "object", "properties": {"n": {"type": "integer"}}}]}},
        {"x-count": "n,5"},
    ),
    _header("a header that is true", {"schema": {"type": "boolean"}}, {"x-count": "true"}),
    _header("a header that is a text of digits", {"schema": {"type": "string"}}, {"x-count": "5"}),
    _header(
        "a header with a pattern", {"schema": {"pattern": "^a"}}, {"x-count": "b"}, "header/X-Count pattern"
    ),
    _header(
        "a header with a format",
        {"schema": {"type": "string", "format": "date"}},
        {"x-count": "tomorrow"},
        "header/X-Count format",
    ),
    _header(
        "a header that is an array",
        {"schema": {"type": "array", "items": {"type": "integer"}}},
        {"x-count": "1,2,3"},
        source="OpenAPI 3.1.1, Style Values: simple",
    ),
    _header(
        "an item of a header",
        {"schema": {"type": "array", "items": {"type": "integer", "maximum": 2}}},
        {"x-count": "1,3"},
        "header/X-Count/1 maximum",
    ),
    _header(
        "a header that is an object",
        {"schema": {"type": "object", "properties": {"a": {"type": "integer"}}}},
        {"x-count": "a,5"},
    ),
    _header(
        "a header that is JSON",
        {"content": {JSON: {"schema": {"type": "object", "required": ["a"]}}}},
        {"x-count": '{"b": 1}'},
        "header/X-Count required",
    ),
    _header(
        "a Content-Type among the headers",
        {"required": True, "schema": {"type": "integer"}},
        {},
        key="Content-Type",
        source="OpenAPI 3.1.1, Response Object, headers: Content-Type is ignored",
    ),
    answer(
        "a header and the body",
        {"200": {**_OK, "headers": {"X-Count": _COUNT}, "content": {JSON: {"schema": {"type": "array"}}}}},
        answered(b"{}", headers={"x-count": "0"}),
        "- type",
        "header/X-Count minimum",
    ),
    answer(
        "a header that the document does not mention",
        {"200": {**_OK, "content": {JSON: {"schema": {}}}}},
        answered(b"1", headers={"x-other": "0"}),
    ),
]
