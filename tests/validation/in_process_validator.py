"""Validates small documents in-process, for the tests of results."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from dynacli.openapi.catalog.catalog_writer import catalog_in_memory
from dynacli.openapi.catalog.compiler.compile_document import compile_document
from dynacli.validation.finding import ValidationResult
from dynacli.validation.validated_messages import ValidatedRequest, ValidatedResponse
from dynacli.validation.validator import Validator
from tests.documents import document, load_tree, operation

JSON = "application/json"


def response_document(responses: dict[str, Any], version: str = "3.1.0", **schemas: Any) -> dict[str, Any]:
    """A document with one operation, and its responses."""
    paths = {"/a": {"get": operation("a", responses=responses)}}
    return document(paths, None, version=version, components={"schemas": schemas})


def validator_of(tree: dict[str, Any], name: str = "", *, is_fixed: bool = True) -> Validator:
    """The validator of an operation of a document, the first one if none is named.

    Args:
        is_fixed: Whether the reading may fix what is plainly meant otherwise than it is written.
    """
    loaded = load_tree(tree)
    catalog = catalog_in_memory(compile_document(loaded if is_fixed else replace(loaded, tree=tree)), [])
    return Validator(catalog, catalog.operation(name or catalog.summaries()[0].name))


def responded(
    body: bytes = b"", status: int = 200, media_type: str = JSON, headers: Mapping[str, str] | None = None
) -> ValidatedResponse:
    """A response."""
    return ValidatedResponse(status, {"content-type": media_type, **(headers or {})}, media_type, body)


def validate_response(
    responses: dict[str, Any],
    response: ValidatedResponse,
    *,
    version: str = "3.1.0",
    is_exact: bool = False,
    **schemas: Any,
) -> ValidationResult:
    """The result over a response."""
    return validator_of(response_document(responses, version, **schemas)).response(
        response, is_exact=is_exact
    )


def validate_value(
    schema: Any, value: Any, version: str = "3.1.0", *, is_exact: bool = False, **schemas: Any
) -> ValidationResult:
    """The result over a JSON value; bytes are a body as it stands."""
    responses = {"200": {"description": "", "content": {JSON: {"schema": schema}}}}
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return validate_response(responses, responded(body), version=version, is_exact=is_exact, **schemas)


def sent(**given: Any) -> ValidatedRequest:
    """A request; what is not given is empty."""
    empty: dict[str, Any] = {"path": {}, "query": [], "headers": {}, "cookies": []}
    empty.update({"media_type": "", "body": None, "values": {}})
    return ValidatedRequest(**{**empty, **given})


def compact(validation: ValidationResult) -> list[str]:
    """Findings as `POINTER RULE`, in an order that does not depend on the engine; then what was not validated.

    What is tolerated has a `~` in front.
    """
    found = sorted(f"{finding.pointer or '-'} {finding.rule}" for finding in validation.findings)
    found += sorted(f"~ {finding.pointer or '-'} {finding.rule}" for finding in validation.tolerated)
    return found + [f"? {reason}" for reason in (*validation.failures, *validation.not_validated)]
