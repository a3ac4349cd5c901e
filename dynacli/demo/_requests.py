"""Requests to the demo API: their query strings and bodies with checks, and the responses that refuse them.

Nothing is taken from the OpenAPI document, so that the demo API notices if the document is wrong, or if a client
misreads it. A check of a body is a function that gets a value and the path to it, and yields what is wrong. Checks are
made of checks.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn
from urllib.parse import urlsplit

from dynacli.record import record

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_INTEGER = re.compile(r"-?[0-9]+")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class DemoRequest(NamedTuple):
    """A whole request.

    Args:
        method: The HTTP method as it came.
        path: The path without percent-encoding.
        query: The query string as it came, without `?`.
        headers: The names in lower case, and the values.
        body: The bytes of the body.
    """

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def values_of(self, name: str) -> list[str]:
        """Return the values of each header of a name, which must be in lower case."""
        return [value for item, value in self.headers if item == name]


class DemoResponse(NamedTuple):
    """A response.

    Args:
        status: The HTTP status code.
        headers: The names and values, without `Content-Length`.
        body: The bytes of the body; None if the response never comes.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes | None


def json_response(status: int, value: Any, headers: tuple[tuple[str, str], ...] = ()) -> DemoResponse:
    """Return the response whose body is a JSON value."""
    body = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    return DemoResponse(status, (*headers, ("content-type", "application/json")), body)


@record
class FieldError:
    """A wrong part of a request: the name of the parameter or the path of the body field, and what is wrong."""

    field: str
    message: str


class ProblemResponse(Exception):  # noqa: N818 - the word of RFC 9457 for an error response; it never leaves the demo API
    """A response of 400 and above.

    Args:
        status: The HTTP status code.
        code: The stable word for programs.
        message: One sentence for people.
        field_errors: The wrong parts of the request, if that was the reason.
        headers: Response headers to add.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        field_errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.field_errors = tuple(field_errors)
        self.headers = dict(headers or {})

    def as_json(self) -> dict[str, Any]:
        """Return the body of the response, in the API's error shape."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.field_errors:
            errors = [{"field": error.field, "message": error.message} for error in self.field_errors]
            error["details"] = {"fieldErrors": errors, "warnings": []}
        return {"error": error}


def invalid(field_errors: Sequence[FieldError]) -> ProblemResponse:
    """Return the 400 that names the wrong fields."""
    return ProblemResponse(400, "validation_failed", "The request is not valid", field_errors=field_errors)


def unauthenticated(message: str) -> ProblemResponse:
    """Return the 401 with the challenge that RFC 9110, section 11.6.1 asks for."""
    return ProblemResponse(
        401, "unauthenticated", message, headers={"www-authenticate": 'Bearer realm="armature"'}
    )


def forbidden(role: str) -> ProblemResponse:
    """Return the 403 for a role that may only read."""
    return ProblemResponse(
        403, "forbidden_role", f"The role `{role}` may only read; this needs editor, admin or owner"
    )


def not_found(kind: str, identifier: str) -> ProblemResponse:
    """Return the 404 for a resource that does not exist."""
    return ProblemResponse(404, "not_found", f"There is no {kind} `{identifier}`")


@record
class TextParameter:
    """A parameter that is any text but an empty one."""

    max_length: int | None = None
    default: str | None = None

    def read(self, raw: str) -> str:
        """Return the text; the text of a ValueError says what is wrong."""
        if not raw:
            raise ValueError("is empty")
        if self.max_length is not None and len(raw) > self.max_length:
            raise ValueError(f"is at most {self.max_length} characters long")
        return raw


@record
class ChoiceParameter:
    """A parameter that is one of a few words."""

    words: tuple[str, ...]
    default: str | None = None

    def read(self, raw: str) -> str:
        """Return the word; the text of a ValueError says what is wrong."""
        if raw not in self.words:
            raise ValueError(f"is one of {', '.join(self.words)}")
        return raw


@record
class IntegerParameter:
    """A parameter that is an integer between two bounds."""

    minimum: int
    maximum: int | None
    default: int

    def read(self, raw: str) -> int:
        """Return the number; the text of a ValueError says what is wrong."""
        # The limit is longer than any bound, and shorter than the numbers that `int` refuses.
        if not _INTEGER.fullmatch(raw) or len(raw) > 1000:
            raise ValueError("is an integer")
        number = int(raw)
        if number < self.minimum:
            raise ValueError(f"is at least {self.minimum}")
        if self.maximum is not None and number > self.maximum:
            raise ValueError(f"is at most {self.maximum}")
        return number


@record
class SlugsParameter:
    """Slugs in a comma-separated value (OpenAPI's `style: form`, `explode: false`), or a single slug."""

    is_list: bool = True
    default: None = None

    def read(self, raw: str) -> str | list[str]:
        """Return the slugs; the text of a ValueError says what is wrong."""
        slugs = raw.split(",") if self.is_list else [raw]
        if any(not _SLUG.fullmatch(slug) for slug in slugs):
            raise ValueError("is made of lower-case letters, digits and single hyphens")
        return slugs if self.is_list else raw


QueryParameter = TextParameter | ChoiceParameter | IntegerParameter | SlugsParameter


def read_query(pairs: Sequence[tuple[str, str]], allowed: Mapping[str, QueryParameter]) -> dict[str, Any]:
    """Read the values of a query string.

    Args:
        pairs: The decoded names and values in the order of the query string.
        allowed: Name → parameter.

    Returns:
        A value for every allowed parameter, which is its default if the parameter was not sent.

    Raises:
        Problem: A 400 that names each unknown, repeated or wrong parameter.
    """
    values: dict[str, Any] = {name: parameter.default for name, parameter in allowed.items()}
    errors: list[FieldError] = []
    seen: set[str] = set()
    for name, raw in pairs:
        if name not in allowed:
            errors.append(FieldError(name, "is not a parameter of this operation"))
            continue
        if name in seen:
            errors.append(FieldError(name, "was given more than once"))
            continue
        seen.add(name)
        try:
            values[name] = allowed[name].read(raw)
        except ValueError as error:
            errors.append(FieldError(name, str(error)))
    if errors:
        raise invalid(errors)
    return values


Check = Callable[[Any, str], Iterator[FieldError]]


def _string(
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


def _web_url(value: Any, path: str) -> Iterator[FieldError]:
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


def _array_of(inner: Check) -> Check:
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
        others: The check of unknown fields; None if they are not allowed.
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
        The JSON value; None if no body came and none was required.

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
        value = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_unique)
        # Refuse what could not be written into a response: half a surrogate pair, a number that is infinite as a float.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise invalid([FieldError("body", "is not valid JSON in UTF-8")]) from error
    errors = list(check(value, ""))
    if errors:
        raise invalid(errors)
    return value


def _refuse_constant(constant: str) -> NoReturn:
    # Python's parser accepts NaN and Infinity, which are not in RFC 8259.
    raise ValueError(constant)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a name occurs twice")
    return value


_AUTH_PROFILE = _record(
    {
        "name": _string(),
        "type": _string(words=("none", "bearer", "api_key_header")),
        "token": _string(),
        "headerName": _string(),
        "extraHeaders": _record({}, others=_string(min_length=0)),
    },
    others=lambda _value, _path: iter(()),
)

MCP_SERVER = _record(
    {
        "name": _string(max_length=200),
        "transportType": _string(words=("streamable_http", "sse", "stdio_hosted")),
        "targetKind": _string(words=("mcp", "cli")),
        "baseUrl": _web_url,
        "connectionConfig": _free,
        "networkPolicy": _free,
        "authProfile": _AUTH_PROFILE,
        "environment": _string(),
    },
    required=("name",),
)

_SCHEDULE = _record(
    {"cron": _string(pattern=r"\S+( \S+){4}"), "timezone": _string(), "enabled": _flag},
    required=("cron",),
)

_WORKFLOW: dict[str, Check] = {
    "name": _string(max_length=200),
    "mcpServerId": _uuid,
    "testerPrompt": _string(),
    "description": _string(min_length=0, max_length=2000),
    "defaultMcpAuthProfileId": _uuid,
    "testerModelId": _string(),
    "testerModelIds": _array_of(_string()),
    "testerTargets": _array_of(
        _record(
            {"modelId": _string(), "skillMode": _string(), "skillVersionId": _string()},
            required=("modelId",),
        )
    ),
    "criteria": _array_of(
        _record({"criterionText": _string(), "isRequired": _flag}, required=("criterionText",))
    ),
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
        "reason": _string(max_length=200),
        "baselineRunId": _string(),
        "idempotencyKey": _string(max_length=200),
        "forceNewRun": _flag,
    }
)

TOPIC_CHANGE = _record(
    {"label": _string(max_length=200), "is_unmet_demand": _flag, "archived": _flag}, min_fields=1
)
