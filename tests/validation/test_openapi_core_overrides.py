"""Each method of openapi-core that is overridden is still needed: without it a result is another one."""

from typing import Any

import pytest

from dynacli.validation.validated_messages import ValidatedRequest, ValidatedResponse
from tests.documents import api_of, parameter, route
from tests.validation.golden_findings import reported
from tests.validation.in_process_validator import JSON, responded, response_document, sent, validator_of

_INTEGER = {"schema": {"type": "integer"}}
_NOWHERE = {"$ref": "#/components/mediaTypes/None"}
_TEXT = "application/vnd.a+json"


def _asking(*parameters: dict[str, Any], version: str = "3.2.0", body: Any = None) -> dict[str, Any]:
    content: dict[str, Any] = {"requestBody": {"required": True, "content": body}} if body else {}
    return api_of(
        route("get" if not body else "post", "/a", parameters=list(parameters), **content), version=version
    )


def _answering(content: Any = None, status: str = "200", **response: Any) -> dict[str, Any]:
    with_content = {} if content is None else {"content": content}
    return response_document({status: {"description": "", **with_content, **response}}, "3.1.0")


def _json(body: bytes, media_type: str = JSON) -> ValidatedRequest:
    return sent(body=body, media_type=media_type)


_CASES: list[tuple[str, dict[str, Any], ValidatedRequest | ValidatedResponse]] = [
    ("_get_parameter", _asking(parameter("Accept", "header", required=True)), sent()),
    ("_get_body", _asking(parameter("a", {}, required=True), body={JSON: _NOWHERE}), _json(b"1")),
    (
        "_get_media_type_value",
        _asking({"name": "q", "in": "querystring", "content": {JSON: _INTEGER}}),
        sent(querystring=("q", "%31")),
    ),
    (
        "_get_param_or_header_and_schema",
        _asking(parameter("a", schema={"type": ["integer", "boolean"]}), version="3.1.0"),
        sent(query=[("a", "5")], values={("query", "a"): 5}),
    ),
    (
        "_deserialise_style",
        _asking(parameter("a", schema={"type": "array", "items": {"type": "integer"}}, style="unknown")),
        sent(query=[("a", "5")]),
    ),
    ("_find_media_type", _asking(body={"*/*": _INTEGER}), _json(b"1")),
    ("_deserialise_media_type", _asking(body={_TEXT: _INTEGER}), _json(b"1", _TEXT)),
    (
        "_get_content_and_schema",
        _asking(body={"application/jsonl": _INTEGER}),
        _json(b"1", "application/jsonl"),
    ),
    ("_validate_schema", _asking(body={JSON: _INTEGER}), _json(b'"a"')),
    ("_find_operation_response", _answering({JSON: _INTEGER}, "2xx"), responded(b"1")),
    ("_get_data", _answering(), responded(b"1")),
    (
        "_get_headers",
        _answering(headers={"X-A": {"schema": {"type": "integer", "default": "a"}}}),
        responded(),
    ),
]


@pytest.fixture(autouse=True)
def nothing_wrong_is_accepted() -> None:
    """Without a method, openapi-core tells something of what compiled schemas accept."""


def _shown(tree: dict[str, Any], message: ValidatedRequest | ValidatedResponse) -> Any:
    validator = validator_of(tree, is_fixed=False)
    return reported(
        validator.response(message) if isinstance(message, ValidatedResponse) else validator.request(message)
    )


@pytest.mark.parametrize(("method", "tree", "message"), _CASES, ids=[case[0] for case in _CASES])
def test_a_method_is_needed(
    method: str,
    tree: dict[str, Any],
    message: ValidatedRequest | ValidatedResponse,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """openapi-core by itself says something else; when it no longer does, the method can go."""
    from dynacli.validation import _openapi_core_overrides as overrides

    ours = _shown(tree, message)
    (holder,) = [cls for cls in vars(overrides).values() if isinstance(cls, type) and method in vars(cls)]
    monkeypatch.delattr(holder, method)
    assert ours != _shown(tree, message)


def test_no_other_method_is_overridden() -> None:
    """A private method of openapi-core is overridden in one module alone, and has a case here."""
    from openapi_core.validation.request.validators import V32RequestValidator
    from openapi_core.validation.response.validators import V32ResponseValidator

    from dynacli.validation import _openapi_core_overrides as openapi_core_overrides

    overridden = {
        name
        for upstream, ours in (
            (V32RequestValidator, openapi_core_overrides.RequestOverrides),
            (V32ResponseValidator, openapi_core_overrides.ResponseOverrides),
        )
        for cls in ours.__mro__
        for name, value in vars(cls).items()
        if callable(value) and hasattr(upstream, name) and not name.startswith("__")
    }
    assert {method for method, _, _ in _CASES} == overridden
