"""What a pair is, and how a row of a file becomes one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dynacli.validation.validated_messages import ValidatedRequest, ValidatedResponse
from tests.validation.in_process_validator import JSON, responded, response_document

BOTH = ("3.0.4", "3.1.1")


@dataclass(frozen=True)
class Pair:
    """A description, a message, and what is wrong with it.

    Args:
        name: What tests call it.
        document: The description, but for its version.
        message: A response, or a request.
        expected: `POINTER RULE` for each finding, `-` for the whole body; `~ POINTER RULE` for each finding that is
            tolerated; `? WORDS` for each note that something was not validated, of which the words are a part.
        versions: Of OpenAPI, in each of which the same is expected.
        source: The section that says so, if few would know it.
        is_exact: Whether what the document does not mention is asked for, too.
        is_fixed: Whether the reading may fix what is plainly meant otherwise than it is written.
    """

    name: str
    document: Mapping[str, Any]
    message: ValidatedResponse | ValidatedRequest
    expected: tuple[str, ...]
    versions: tuple[str, ...] = BOTH
    source: str = ""
    is_exact: bool = False
    is_fixed: bool = True

    @property
    def is_valid(self) -> bool:
        """Whether no finding is expected, not even to the letter of the document."""
        return all(expectation.startswith("?") for expectation in self.expected)

    def document_in(self, version: str) -> dict[str, Any]:
        """Return the description as a document of a version."""
        key = "swagger" if version == "2.0" else "openapi"
        return {key: version, **{name: value for name, value in self.document.items() if name != "openapi"}}


_EMPTY: dict[str, Any] = {
    "path": {},
    "query": [],
    "headers": {},
    "cookies": [],
    "media_type": "",
    "values": {},
}


def pair_of(row: dict[str, Any]) -> Pair:
    """Return the pair of a row, which is used up."""
    message: ValidatedResponse | ValidatedRequest
    if "request" in row:
        message = _request(row.pop("request"))
    else:
        given = row.pop("response", None)
        if given is None:
            media_type = row.get("media_type", JSON)
            given = {"media_type": row.pop("came", media_type), "body": _content(row)}
        else:
            given["body"] = _content(given)
        message = responded(**given)
    document = row.pop("document", None) or _document(row)
    more: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in row.items()
    }
    return Pair(document=document, message=message, **{"expected": (), **more})


def _content(row: dict[str, Any]) -> bytes:
    if "value" in row:
        return json.dumps(row.pop("value")).encode()
    body = row.pop("body", b"")
    return body if isinstance(body, bytes) else str(body).encode()


def _request(given: dict[str, Any]) -> ValidatedRequest:
    body = _content(given) if {"value", "body"} & given.keys() else None
    more: dict[str, Any] = {
        name: [tuple(pair) for pair in given[name]] for name in ("query", "cookies") if name in given
    }
    if "values" in given:
        more["values"] = {
            (location, name): value for location, of in given["values"].items() for name, value in of.items()
        }
    if "querystring" in given:
        more["querystring"] = tuple(given["querystring"])
    if "credentials" in given:
        more["credentials"] = frozenset(given["credentials"])
    return ValidatedRequest(**{**_EMPTY, "body": body, **given, **more})


def _document(row: dict[str, Any]) -> dict[str, Any]:
    schemas = row.pop("schemas", {})
    if "operation" in row:
        responses = {"200": {"description": ""}}
        tree = response_document(responses, **schemas)
        operation = {"operationId": "a", "responses": responses, **row.pop("operation")}
        tree["paths"] = {row.pop("path", "/a"): {"post": operation}}
        return tree
    if "responses" in row:
        return response_document(row.pop("responses"), **schemas)
    media = {} if row.pop("no_schema", False) else {"schema": row.pop("schema")}
    content = {row.pop("media_type", JSON): media}
    return response_document({"200": {"description": "", "content": content}}, **schemas)
