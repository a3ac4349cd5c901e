"""What a pair is, and the short ways to write one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dynacli.validation.judged_messages import JudgedRequest, JudgedResponse
from tests.validation.in_process_judge import JSON, answer_document, answered, sent

__all__ = ["BOTH", "V30", "V31", "V32", "Pair", "answer", "body", "request", "value"]

V30, V31, V32 = ("3.0.4",), ("3.1.1",), ("3.2.0",)
BOTH = (*V30, *V31)


@dataclass(frozen=True)
class Pair:
    """A description, a message, and what is wrong with it.

    Args:
        name: What tests call it.
        document: The description, but for its version.
        message: An answer, or a request.
        expected: `POINTER RULE` for each finding, `-` for the whole body; `~ POINTER RULE` for each finding that is
            tolerated; `? WORDS` for each note that something was not validated, of which the words are a part.
        versions: Of OpenAPI, in each of which the same is expected.
        source: The section that says so, where few would know it.
        is_exact: Whether what the document does not mention is asked for, too.
        is_mended: Whether the reading may mend what is plainly meant otherwise than it is written.
    """

    name: str
    document: Mapping[str, Any]
    message: JudgedResponse | JudgedRequest
    expected: tuple[str, ...]
    versions: tuple[str, ...] = BOTH
    source: str = ""
    is_exact: bool = False
    is_mended: bool = True

    @property
    def is_valid(self) -> bool:
        """Whether no finding is expected, not even to the letter of the document."""
        return all(expectation.startswith("?") for expectation in self.expected)

    def document_in(self, version: str) -> dict[str, Any]:
        """Return the description as a document of a version."""
        key = "swagger" if version == "2.0" else "openapi"
        return {key: version, **{name: value for name, value in self.document.items() if name != "openapi"}}


def answer(
    name: str, responses: Mapping[str, Any], message: JudgedResponse, *expected: str, **more: Any
) -> Pair:
    """Return a pair of an operation's answers and one that came.

    Args:
        more: `schemas` for components, and what `Pair` has.
    """
    schemas = more.pop("schemas", {})
    return Pair(name, answer_document(dict(responses), **schemas), message, expected, **more)


def body(name: str, media_type: str, schema: Any, content: bytes, *expected: str, **more: Any) -> Pair:
    """Return a pair of a schema and the body of an answer.

    Args:
        schema: Of the media type; None for none.
        more: `came` for the answer's media type where it is another, and what `answer` has.
    """
    media = {} if schema is None else {"schema": schema}
    came = more.pop("came", media_type)
    responses = {"200": {"description": "", "content": {media_type: media}}}
    return answer(name, responses, answered(content, media_type=came), *expected, **more)


def value(name: str, schema: Any, given: Any, *expected: str, **more: Any) -> Pair:
    """Return a pair of a schema and a JSON value; bytes are a body as it stands."""
    content = given if isinstance(given, bytes) else json.dumps(given).encode()
    return body(name, JSON, schema, content, *expected, **more)


def request(
    name: str, operation: Mapping[str, Any], given: Mapping[str, Any], *expected: str, **more: Any
) -> Pair:
    """Return a pair of an operation and a request.

    Args:
        more: `schemas` for components, `path`, and what `Pair` has.
    """
    responses = {"200": {"description": ""}}
    document = answer_document(responses, **more.pop("schemas", {}))
    path = more.pop("path", "/a")
    document["paths"] = {path: {"post": {"operationId": "a", "responses": responses, **operation}}}
    return Pair(name, document, sent(**given), expected, **more)
