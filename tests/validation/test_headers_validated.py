"""The headers of a response are validated by all that the document says of them, and by nothing else."""

import json
from typing import Any

import pytest

from tests.documents import save
from tests.harness import Recorder, Response, run_cli
from tests.validation.in_process_validator import (
    JSON,
    compact,
    responded,
    response_document,
    validate_response,
    validator_of,
)

VERSIONS = ["3.0.3", "3.1.0", "3.2.0"]
_OK: dict[str, Any] = {"description": ""}
_INTEGER = {"schema": {"type": "integer"}}


def _id(value: Any) -> str:
    return json.dumps(value)[:70]


def _validation(
    described: dict[str, Any], came: Any, version: str = "3.1.0", *, is_exact: bool = False
) -> list[str]:
    response = responded(b"", 200, "")._replace(headers=came)
    return compact(
        validate_response(
            {"200": {**_OK, "headers": described}}, response, version=version, is_exact=is_exact
        )
    )


@pytest.mark.sampled(3)
@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("described", "came", "expected"),
    [
        ({"X-A": {**_INTEGER, "required": True}}, {"x-a": "1"}, []),
        ({"x-a": {**_INTEGER, "required": True}}, {"X-A": "1"}, []),
        ({"X-A": {**_INTEGER, "required": True}}, {}, ["header/X-A missing-header"]),
        (
            {"X-A": _INTEGER, "X-B": _INTEGER},
            {"x-a": "a", "x-b": "b"},
            ["header/X-A type", "header/X-B type"],
        ),
        # The default is not validated in place of what did not come, and does not stand for it.
        ({"X-A": {"schema": {"type": "integer", "default": "many"}}}, {}, []),
        (
            {"X-A": {"required": True, "schema": {"type": "integer", "default": 5}}},
            {},
            ["header/X-A missing-header"],
        ),
        # One without a schema may be anything, and must be there anyway.
        ({"X-A": {"required": True}}, {"x-a": "anything"}, []),
        ({"X-A": {"required": True}}, {}, ["header/X-A missing-header"]),
        # OpenAPI 3.1.1, "Response Object": one of this name is ignored.
        ({"Content-Type": {"required": True, "schema": {"enum": ["x"]}}}, {}, []),
        ({"content-TYPE": {"required": True, "schema": {"enum": ["x"]}}}, {"content-type": "y"}, []),
        (
            {"X-A": {"schema": {"type": "array", "items": {"type": "integer"}}}},
            {"x-a": "1,x"},
            ["header/X-A/1 type"],
        ),
        (
            {"X-A": {"schema": {"type": "object", "properties": {"n": {"type": "integer"}}}}},
            {"x-a": "n,x"},
            ["header/X-A/n type"],
        ),
        (
            {
                "X-A": {
                    "explode": True,
                    "schema": {"type": "object", "properties": {"n": {"type": "integer"}}},
                }
            },
            {"x-a": "n=x"},
            ["header/X-A/n type"],
        ),
        (
            {"X-A": {"content": {JSON: {"schema": {"required": ["n"]}}}}},
            {"x-a": "{}"},
            ["header/X-A required"],
        ),
        ({"X-A": {"content": {JSON: {"schema": {"required": ["n"]}}}}}, {"x-a": '{"n": 1}'}, []),
        ({"X-A": {"content": {JSON: {"schema": {}}}}}, {"x-a": "{"}, ["header/X-A unreadable-body"]),
        # Repeated ones are one, joined by commas (RFC 9110, section 5.3).
        (
            {"X-A": {"schema": {"type": "array", "items": {"type": "integer"}, "maxItems": 2}}},
            [("X-A", "1"), ("x-a", "2"), ("X-a", "3")],
            ["header/X-A maxItems"],
        ),
        # Those that set cookies cannot be joined, for a date in one has a comma.
        (
            {"Set-Cookie": {"schema": {"type": "string", "pattern": "^(a|b)="}}},
            [("Set-Cookie", "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT"), ("set-cookie", "b=2")],
            [],
        ),
        (
            {"Set-Cookie": {"schema": {"type": "string", "pattern": "^a="}}},
            [("Set-Cookie", "a=1"), ("set-cookie", "b=2")],
            ["header/Set-Cookie pattern"],
        ),
        (
            {"Set-Cookie": {"schema": {"type": "array", "maxItems": 1, "items": {"type": "string"}}}},
            [("Set-Cookie", "a=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT")],
            [],
        ),
        (
            {"Set-Cookie": {"required": True, "schema": {"type": "string"}}},
            [],
            ["header/Set-Cookie missing-header"],
        ),
        (
            {"X-A": {"schema": {"$ref": "#/components/schemas/None"}}, "X-B": _INTEGER},
            {"x-a": "1", "x-b": "b"},
            [
                "header/X-B type",
                "? header `X-A`: the document's reference `#/components/schemas/None` leads nowhere",
            ],
        ),
    ],
    ids=_id,
)
def test_each_documented_header_is_validated(
    described: dict[str, Any], came: Any, expected: list[str], version: str
) -> None:
    """A documented header is validated in any case of its name and in any style; an absent one can only be missing."""
    assert expected == _validation(described, came, version)


def _of_two_responses(headers: dict[str, str], *, is_exact: bool = True, status: int = 200) -> list[str]:
    described = {
        "200": {**_OK, "headers": {"X-Total": _INTEGER}},
        "404": {
            **_OK,
            "headers": {
                "X-Reason": {"schema": {"type": "string"}},
                "X-Nothing": {"description": "no schema"},
                "Retry-After": _INTEGER,
                "Content-Language": {"schema": {"type": "string"}},
            },
        },
    }
    return compact(
        validate_response(described, responded(b"", status, "", headers=headers), is_exact=is_exact)
    )


@pytest.mark.parametrize(
    ("headers", "status", "expected"),
    [
        ({"x-reason": "a"}, 200, ["header/X-Reason undocumented-header"]),
        ({"X-TOTAL": "1"}, 404, ["header/X-Total undocumented-header"]),
        ({"x-total": "1"}, 200, []),
        ({"x-nothing": "1", "retry-after": "1", "content-language": "de"}, 200, []),
        ({"date": "now", "server": "x", "content-length": "0", "x-powered-by": "y"}, 200, []),
    ],
    ids=_id,
)
def test_a_header_of_another_response(headers: dict[str, str], status: int, expected: list[str]) -> None:
    """`exact` finds headers that only other responses of the operation describe; headers of HTTP itself never count."""
    assert expected == _of_two_responses(headers, status=status)
    assert [] == _of_two_responses(headers, status=status, is_exact=False)


def test_the_finding_says_where_the_header_is_described() -> None:
    """The message names the other response, and the finding points to this response."""
    described = {"200": _OK, "404": {**_OK, "headers": {"X-Reason": {"schema": {"type": "string"}}}}}
    (found,) = validate_response(
        described, responded(b"", 200, "", headers={"x-reason": "reason"}), is_exact=True
    ).findings
    assert (
        "the document describes `X-Reason` for the response `404`, and not for this one",
        "reason",
        "/paths/~1a/get/responses/200",
    ) == (found.message, found.got, found.schema_pointer)


def test_a_body_with_a_wrong_schema_does_not_hide_headers() -> None:
    """A body that cannot be validated is a note, and the headers are validated anyway."""
    content = {JSON: {"schema": {"$ref": "#/components/schemas/None"}}}
    document = response_document({"200": {**_OK, "content": content, "headers": {"X-A": _INTEGER}}})
    found = compact(validator_of(document).response(responded(b"{}", headers={"x-a": "x"})))
    assert "header/X-A type" == found[0]
    assert 2 == len(found)
    assert found[1].endswith("leads nowhere")


def test_repeated_headers_of_a_call(server: Recorder) -> None:
    """The whole way: each header as it came over the wire."""
    described = {"Set-Cookie": {"schema": {"type": "string", "pattern": "^a="}}}
    document = response_document({"200": {**_OK, "headers": described}})
    document["servers"] = [{"url": server.origin}]
    save(document, "cookies.json")
    server.responses["/a"] = Response(200, b"", {"Set-Cookie": "b=1"})
    result = run_cli("./cookies.json", "a", "--validate", "strict", "--error-format", "json")
    assert (9, ["header/Set-Cookie"]) == (
        result.exit_code,
        [finding["pointer"] for finding in result.error["findings"]],
    )


def test_a_text_that_stands_for_nothing_of_its_type_says_so() -> None:
    """The type that is asked for and the text that came are named, even if no schema was asked yet."""
    responses = {"200": {"description": "", "headers": {"X-More": {"schema": {"type": "boolean"}}}}}
    validation = validate_response(responses, responded(b"", media_type="", headers={"x-more": "null"}))
    assert ["expected boolean, got `null`"] == [finding.message for finding in validation.findings]
