"""Validation of requests to the demo API by the schemas of its OpenAPI document, and the error responses."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, NoReturn
from urllib.parse import urlsplit

from dynacli.openapi.references import end_of_references
from dynacli.record import record

_TYPES = {
    "string": (str, "is a string"),
    "boolean": (bool, "is true or false"),
    "integer": (int, "is an integer"),
    "array": (list, "is an array"),
    "object": (dict, "is an object"),
}
"""Type of a schema → the Python type, and the message about a value of another type."""
_SLUG = "[a-z0-9]+(-[a-z0-9]+)*"
_INTEGER = re.compile(r"-?[0-9]+")
_MOST_DIGITS = 1000
"""Maximum length of an integer that is converted: longer than any bound, and short enough for `int`."""
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class DemoRequest(NamedTuple):
    """A complete request.

    Args:
        method: The HTTP method as received.
        path: The path without percent-encoding.
        query: The query string as received, without `?`.
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
    """An invalid part of a request: the name of the parameter or the path of the body field, and a message."""

    field: str
    message: str


class ProblemResponse(Exception):  # noqa: N818 - RFC 9457 calls it a problem; it never leaves the demo API
    """A response of 400 and above.

    Args:
        status: The HTTP status code.
        code: The stable error code for programs.
        message: One sentence for people.
        field_errors: The invalid parts of the request, if there are any.
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
        """Return the body of the response, in the error format of the API."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.field_errors:
            errors = [{"field": error.field, "message": error.message} for error in self.field_errors]
            error["details"] = {"fieldErrors": errors, "warnings": []}
        return {"error": error}


def invalid(field_errors: Sequence[FieldError]) -> ProblemResponse:
    """Return the 400 response that lists the invalid fields."""
    return ProblemResponse(400, "validation_failed", "The request is not valid", field_errors=field_errors)


def unauthenticated(message: str) -> ProblemResponse:
    """Return the 401 response with the challenge that RFC 9110, section 11.6.1 requires."""
    return ProblemResponse(
        401, "unauthenticated", message, headers={"www-authenticate": 'Bearer realm="armature"'}
    )


def forbidden(role: str) -> ProblemResponse:
    """Return the 403 response for a role that is read-only."""
    return ProblemResponse(
        403, "forbidden_role", f"The role `{role}` may only read; this needs editor, admin or owner"
    )


def not_found(kind: str, identifier: str) -> ProblemResponse:
    """Return the 404 response for a resource that does not exist."""
    return ProblemResponse(404, "not_found", f"There is no {kind} `{identifier}`")


class Schemas:
    """The schemas of a document, which validate values.

    Args:
        components: The `components` of the document.
    """

    def __init__(self, components: Mapping[str, Mapping[str, Any]]) -> None:
        self._components = components

    def target(self, node: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the node at the end of a chain of references, which may be the node itself."""
        return end_of_references(node, self._referred)

    def _referred(self, ref: str) -> Mapping[str, Any]:
        *_, kind, name = ref.split("/")
        target: Mapping[str, Any] = self._components[kind][name]
        return target

    def errors(self, value: Any, path: str, schema: Mapping[str, Any]) -> Iterator[FieldError]:
        """Yield the errors of a value.

        Args:
            path: The path to the value; empty for a whole body.
            schema: A schema, or a reference to one.
        """
        schema = self.target(schema)
        if value is None and schema.get("nullable"):
            return
        if "format" in schema and schema["format"] in _FORMATS:
            is_valid, message = _FORMATS[schema["format"]]
            if not isinstance(value, str) or not is_valid(value):
                yield FieldError(path, message)
            return
        kind, message = _TYPES[schema["type"]]
        if not isinstance(value, kind):
            yield FieldError(path or "body", message)
        elif isinstance(value, str):
            yield from _string_errors(value, path, schema)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from self.errors(item, f"{path}[{index}]", schema["items"])
        elif isinstance(value, dict):
            yield from self._object_errors(value, path, schema)
        elif "minimum" in schema and value < schema["minimum"]:
            yield FieldError(path, f"is at least {schema['minimum']}")
        elif "maximum" in schema and value > schema["maximum"]:
            yield FieldError(path, f"is at most {schema['maximum']}")

    def _object_errors(
        self, value: Mapping[str, Any], path: str, schema: Mapping[str, Any]
    ) -> Iterator[FieldError]:
        prefix = f"{path}." if path else ""
        if len(value) < schema.get("minProperties", 0):
            yield FieldError(path or "body", "has no field, but needs one")
        for name in schema.get("required", ()):
            if name not in value:
                yield FieldError(prefix + name, "is missing")
        properties, others = schema.get("properties", {}), schema["additionalProperties"]
        for name, item in value.items():
            inner = properties.get(name, others)
            if inner is False:
                yield FieldError(prefix + name, "is not a field here")
            elif inner is not True:
                yield from self.errors(item, prefix + name, inner)


def _string_errors(value: str, path: str, schema: Mapping[str, Any]) -> Iterator[FieldError]:
    pattern = schema.get("pattern", "").removeprefix("^").removesuffix("$")
    if "enum" in schema:
        if value not in schema["enum"]:
            yield FieldError(path, f"is one of {', '.join(schema['enum'])}")
    elif len(value) < schema.get("minLength", 0):
        yield FieldError(path, "is empty")
    elif "maxLength" in schema and len(value) > schema["maxLength"]:
        yield FieldError(path, f"is at most {schema['maxLength']} characters long")
    elif pattern and not re.fullmatch(pattern, value):
        form = "is made of lower-case letters, digits and single hyphens"
        yield FieldError(path, form if pattern == _SLUG else f"has the form {pattern}")


def _is_web_url(value: str) -> bool:
    """Return whether a string is an absolute `http` or `https` URL."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.netloc) and not re.search(r"\s", value)


_FORMATS: Mapping[str, tuple[Callable[[str], object], str]] = {
    # The usual notation of a UUID (RFC 9562, section 4).
    "uuid": (
        re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}").fullmatch,
        "is a UUID, such as 00000000-0000-0000-0000-000000000001",
    ),
    "uri": (_is_web_url, "is an http or https URL"),
}
"""Format → the test of a string, and the message if the test fails."""


def read_query(
    pairs: Sequence[tuple[str, str]], parameters: Mapping[str, Mapping[str, Any]], schemas: Schemas
) -> dict[str, Any]:
    """Read the values of a query string.

    Args:
        pairs: The decoded names and values in the order of the query string.
        parameters: Name → schema of the parameter.

    Returns:
        A value for every parameter. If a parameter was not sent, it is the default or None.

    Raises:
        ProblemResponse: A 400 that names each unknown, repeated or invalid parameter.
    """
    values: dict[str, Any] = {name: schema.get("default") for name, schema in parameters.items()}
    errors: list[FieldError] = []
    seen: set[str] = set()
    for name, raw in pairs:
        if name not in parameters:
            errors.append(FieldError(name, "is not a parameter of this operation"))
        elif name in seen:
            errors.append(FieldError(name, "was given more than once"))
        else:
            seen.add(name)
            values[name], wrong = _read_value(name, raw, parameters[name], schemas)
            errors.extend(wrong[:1])
    if errors:
        raise invalid(errors)
    return values


def _read_value(
    name: str, raw: str, schema: Mapping[str, Any], schemas: Schemas
) -> tuple[Any, list[FieldError]]:
    """Return the value of a parameter and its errors; arrays have `style: form` and `explode: false`."""
    if schema["type"] == "array":
        items = raw.split(",")
        return items, [error for item in items for error in schemas.errors(item, name, schema["items"])]
    is_number = schema["type"] == "integer" and _INTEGER.fullmatch(raw) and len(raw) <= _MOST_DIGITS
    value = int(raw) if is_number else raw
    return value, list(schemas.errors(value, name, schema))


def read_body(
    raw: bytes, content_type: str | None, schema: Mapping[str, Any], schemas: Schemas, *, required: bool
) -> Any:
    """Read a JSON body.

    Args:
        raw: The bytes of the body.
        content_type: The `Content-Type` header.
        schema: The schema of the value, or a reference to it.
        required: Whether the body is required.

    Returns:
        The JSON value; None if there is no body and none is required.

    Raises:
        ProblemResponse: A 400 that names `Content-Type`, `body`, or each invalid field.
    """
    if not raw:
        if required:
            raise invalid([FieldError("body", "is missing")])
        return None
    if (content_type or "").partition(";")[0].strip().lower() != "application/json":
        raise invalid([FieldError("Content-Type", "is application/json")])
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_unique)
        # Refuse values that a response could not repeat: half a surrogate pair, an infinite number.
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")
    except (ValueError, RecursionError) as error:
        raise invalid([FieldError("body", "is not valid JSON in UTF-8")]) from error
    errors = list(schemas.errors(value, "", schema))
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
