"""Reading JSON bodies, with checks of their fields, and the bodies of the API, field by field.

A check is a function that gets a value and the path to it, and yields what is wrong; checks are made of checks.
As in `query_parameters`, nothing is taken from the OpenAPI document.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn
from urllib.parse import urlsplit

from dynacli.demo._error_answers import FieldError, invalid

__all__ = [
    "DISPATCH",
    "MCP_SERVER",
    "NEW_WORKFLOW",
    "TOPIC_CHANGE",
    "WORKFLOW_CHANGE",
    "Check",
    "items",
    "read_body",
]

Check = Callable[[Any, str], Iterator[FieldError]]

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def _text(
    *, min_length: int = 1, max_length: int | None = None, words: tuple[str, ...] = (), pattern: str = ""
) -> Check:
    """Return the check of a string by its length in characters, its choices and its pattern."""

    def check(value: Any, path: str) -> Iterator[FieldError]:
        if not isinstance(value, str):
            yield FieldError(path, "is a string")
        elif words and value not in words:
            yield FieldError(path, f"is one of {', '.join(words)}")
        elif len(value) < min_length:
            yield FieldError(path, "is empty")
        elif max_length is not None and len(value) > max_length:
            yield FieldError(path, f"is at most {max_length} characters long")
        elif pattern and not re.fullmatch(pattern, value):
            yield FieldError(path, f"has the form {pattern}")

    return check


def _uuid(value: Any, path: str) -> Iterator[FieldError]:
    """Check a UUID in its usual form (RFC 9562, section 4)."""
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        yield FieldError(path, "is a UUID, such as 00000000-0000-0000-0000-000000000001")


def _url(value: Any, path: str) -> Iterator[FieldError]:
    """Check an absolute `http` or `https` URL."""
    try:
        parts = urlsplit(value if isinstance(value, str) else "")
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.netloc or re.search(r"\s", value):
        yield FieldError(path, "is an http or https URL")


def _flag(value: Any, path: str) -> Iterator[FieldError]:
    """Check a boolean."""
    if not isinstance(value, bool):
        yield FieldError(path, "is true or false")


def _free(value: Any, path: str) -> Iterator[FieldError]:
    """Check an object of any fields."""
    if not isinstance(value, dict):
        yield FieldError(path, "is an object")


def _nullable(inner: Check) -> Check:
    """Return a check that also accepts null."""

    def check(value: Any, path: str) -> Iterator[FieldError]:
        if value is not None:
            yield from inner(value, path)

    return check


def items(inner: Check) -> Check:
    """Return the check of an array from the check of its items."""

    def check(value: Any, path: str) -> Iterator[FieldError]:
        if not isinstance(value, list):
            yield FieldError(path, "is an array")
            return
        for index, item in enumerate(value):
            yield from inner(item, f"{path}[{index}]")

    return check


def _record(
    fields: Mapping[str, Check],
    *,
    required: tuple[str, ...] = (),
    others: Check | None = None,
    min_fields: int = 0,
) -> Check:
    """Return the check of an object.

    Args:
        fields: Name → check, for the known fields.
        required: The names of the required fields.
        others: The check of unknown fields; None where they are not allowed.
        min_fields: The least number of fields.
    """

    def check(value: Any, path: str) -> Iterator[FieldError]:
        if not isinstance(value, dict):
            yield FieldError(path or "body", "is an object")
            return
        prefix = f"{path}." if path else ""
        if len(value) < min_fields:
            yield FieldError(path or "body", "has no field, but needs one")
        for name in required:
            if name not in value:
                yield FieldError(prefix + name, "is missing")
        for name, item in value.items():
            inner = fields.get(name, others)
            if inner is None:
                yield FieldError(prefix + name, "is not a field here")
            else:
                yield from inner(item, prefix + name)

    return check


def read_body(raw: bytes, content_type: str | None, check: Check, *, required: bool) -> Any:
    """Read a JSON body.

    Args:
        raw: The bytes of the body.
        content_type: The `Content-Type` header.
        check: The check of the value.
        required: Whether the body is required.

    Returns:
        The JSON value; None where no body came and none was required.

    Raises:
        Problem: A 400 that names `Content-Type`, `body`, or each wrong field.
    """
    if not raw:
        if required:
            raise invalid([FieldError("body", "is missing")])
        return None
    if (content_type or "").partition(";")[0].strip().lower() != "application/json":
        raise invalid([FieldError("Content-Type", "is application/json")])
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_refuse, object_pairs_hook=_unique)
        # Refuse what could not be written into an answer: half a surrogate pair, a number that is infinite as a float.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise invalid([FieldError("body", "is not valid JSON in UTF-8")]) from error
    errors = list(check(value, ""))
    if errors:
        raise invalid(errors)
    return value


def _refuse(constant: str) -> NoReturn:
    # Python's parser accepts NaN and Infinity, which are not in RFC 8259.
    raise ValueError(constant)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name occurs twice")
    return value


_AUTH_PROFILE = _record(
    {
        "name": _text(),
        "type": _text(words=("none", "bearer", "api_key_header")),
        "token": _text(),
        "headerName": _text(),
        "extraHeaders": _record({}, others=_text(min_length=0)),
    },
    others=lambda _value, _path: iter(()),
)

MCP_SERVER = _record(
    {
        "name": _text(max_length=200),
        "transportType": _text(words=("streamable_http", "sse", "stdio_hosted")),
        "targetKind": _text(words=("mcp", "cli")),
        "baseUrl": _url,
        "connectionConfig": _free,
        "networkPolicy": _free,
        "authProfile": _AUTH_PROFILE,
        "environment": _text(),
    },
    required=("name",),
)

_SCHEDULE = _record(
    {"cron": _text(pattern=r"\S+( \S+){4}"), "timezone": _text(), "enabled": _flag}, required=("cron",)
)

_WORKFLOW: dict[str, Check] = {
    "name": _text(max_length=200),
    "mcpServerId": _uuid,
    "testerPrompt": _text(),
    "description": _text(min_length=0, max_length=2000),
    "defaultMcpAuthProfileId": _uuid,
    "testerModelId": _text(),
    "testerModelIds": items(_text()),
    "testerTargets": items(
        _record({"modelId": _text(), "skillMode": _text(), "skillVersionId": _text()}, required=("modelId",))
    ),
    "criteria": items(_record({"criterionText": _text(), "isRequired": _flag}, required=("criterionText",))),
    "schedule": _SCHEDULE,
    "limits": _free,
    "retryPolicy": _free,
    "toolPolicy": _free,
    "metadata": _free,
}

NEW_WORKFLOW = _record(_WORKFLOW, required=("name", "mcpServerId", "testerPrompt"))

WORKFLOW_CHANGE = _record({**_WORKFLOW, "schedule": _nullable(_SCHEDULE)}, min_fields=1)

DISPATCH = _record(
    {
        "reason": _text(max_length=200),
        "baselineRunId": _text(),
        "idempotencyKey": _text(max_length=200),
        "forceNewRun": _flag,
    }
)

TOPIC_CHANGE = _record(
    {"label": _text(max_length=200), "is_unmet_demand": _flag, "archived": _flag}, min_fields=1
)
