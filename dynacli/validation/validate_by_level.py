"""Validates at a level: with openapi-core, or faster with compiled schemas alone if they accept a message.

The schemas of an operation are compiled on first use.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from dynacli.http.semantics import best_match, is_json, is_sequence, split_media_type
from dynacli.openapi.catalog.catalog_file import Catalog
from dynacli.openapi.model.operation import IGNORED_HEADERS, Operation, documented_status
from dynacli.openapi.schema.evaluation.compiled_schema import CompiledSchema, CompiledSchemas, ValidationNotes
from dynacli.openapi.schema.evaluation.translation import SchemaSource, TooDeepError
from dynacli.openapi.schema.read_schema import Direction, Follow
from dynacli.validation.finding import ValidationResult
from dynacli.validation.read_body import NotValidatedError, UnreadableError, read_json_body
from dynacli.validation.validated_messages import ValidatedRequest, ValidatedResponse

if TYPE_CHECKING:
    from collections.abc import Callable

    from dynacli.http.semantics import ReceivedBody
    from dynacli.validation.operation_document import DocumentPlace
    from dynacli.validation.validator import Validator

_MISSING: Any = object()
_INTEGER = "-?(?:0|[1-9][0-9]*)"
_SEPARATE = frozenset({"set-cookie"})
"""Headers whose values must not be joined (RFC 9110, section 5.3)."""


class LevelValidator:
    """Validates the requests and responses of an operation.

    Args:
        catalog: The compiled document, from which components are read on first use.
        operation: The operation.
        may_accept: Whether compiled schemas alone may accept a message. openapi-core has the same result, but takes
            most of the time of a call.
        is_exact: Whether parts that the document does not mention are findings, too.
    """

    def __init__(
        self,
        catalog: Catalog,
        operation: Operation,
        *,
        may_accept: bool = True,
        is_exact: bool = False,
    ) -> None:
        self._catalog, self._operation = catalog, operation
        self._may_accept = may_accept
        for response in operation.responses:
            if any(map(is_sequence, response.media_types)):
                # The items of a stream are validated while they arrive, so openapi-core is imported before the call.
                self._may_accept = False
        self._is_exact = is_exact
        self._schemas: OperationSchemas | None = None
        self._validator: Validator | None = None

    def request(self, request: ValidatedRequest) -> ValidationResult:
        """Return the validation result for a request."""
        if self._accepts(partial(accepts_request, request=request)):
            return ValidationResult(is_accepted=True)
        return self._asked().request(request, is_exact=self._is_exact)

    def response(self, response: ValidatedResponse) -> ValidationResult:
        """Return the validation result for a response."""
        if self._accepts(partial(accepts_response, response=response)):
            return ValidationResult(is_accepted=True)
        return self._asked().response(response, is_exact=self._is_exact)

    @property
    def responses_place(self) -> DocumentPlace:
        """The location of the operation's responses in the document."""
        return self._asked().responses_place

    def prepare(self) -> None:
        """Prepare validating the response while the call waits.

        The method compiles the schemas of responses, and imports openapi-core if they cannot accept a response.
        """
        if self._validator is not None or not self._may_accept:
            return

        if not self._accepts(_can_accept_success):
            self._asked()

    def _accepts(self, is_right: Callable[[OperationSchemas], bool]) -> bool:
        """Return whether a check by the compiled schemas accepts a message, so that openapi-core is not needed."""
        if not self._may_accept:
            return False
        if self._schemas is None:
            from dynacli.lean_imports import import_jsonschema_rs

            import_jsonschema_rs()

            self._schemas = OperationSchemas(self._catalog, self._operation)
        try:
            return is_right(self._schemas)
        except LookupError:  # openapi-core reports the invalid reference
            return False

    def _asked(self) -> Validator:
        if self._validator is None:
            from dynacli.validation.validator import Validator

            self._validator = Validator(self._catalog, self._operation)
        return self._validator


class OperationSchemas:
    """An operation's part of the document.

    Args:
        catalog: The compiled document, from which components are read on first use.
        operation: The operation.

    Attributes:
        method: Method of the operation.
        operation: The Operation Object with unresolved references.
        notes: The notes of evaluating a message.
        version: The version of OpenAPI.
        size_read: Size of the JSON that was validated so far, in bytes.
    """

    def __init__(self, catalog: Catalog, operation: Operation) -> None:
        self._catalog = catalog
        self.method = operation.method
        self.size_read = 0
        part = catalog.part(operation.name)
        self.operation: Mapping[str, Any] = part["operation"]
        self._path_item: Mapping[str, Any] = part["path_item"]
        self.version: Any = catalog.meta["dialect"]
        self._dialect = str(catalog.meta["json_schema_dialect"] or "")
        # Reference → its target, so that each target is read once.
        self._targets: dict[str, Any] = {}
        self._compiled: dict[Direction, CompiledSchemas] = {}
        self.notes = ValidationNotes(is_swagger=str(catalog.meta["openapi"]).strip().startswith("2"))

    def target(self, reference: str) -> Any:
        """Return the target of a reference.

        Raises:
            LookupError: The target does not exist, or the reference is not a string.
        """
        if not isinstance(reference, str):
            raise LookupError(reference)  # noqa: TRY004  - the same error as for an invalid reference
        if reference not in self._targets:
            self._targets[reference] = self._catalog.resolve(reference)
        return self._targets[reference]

    def _follow(self, reference: str) -> tuple[Any, Follow]:
        return self.target(reference), self._follow

    def object_of(self, value: Any) -> Mapping[str, Any] | None:
        """Return an object of the document with Reference Objects followed; None if it is not an object.

        Raises:
            LookupError: The target of a reference does not exist.
        """
        if isinstance(value, Mapping) and "$ref" in value:
            value = self.target(value["$ref"])  # a second reference is rare
        if isinstance(value, Mapping) and "$ref" in value:
            from dynacli.openapi.references import end_of_references

            value = end_of_references(value, self.target)
        return value if isinstance(value, Mapping) else None

    @cached_property
    def parameters(self) -> list[Mapping[str, Any] | None]:
        """The parameters of the operation; None for a parameter that is not an object.

        Raises:
            LookupError: The target of a reference does not exist.
        """
        known: dict[Any, Mapping[str, Any] | None] = {}
        for holder in (self._path_item, self.operation):
            listed = holder.get("parameters", [])
            if not isinstance(listed, list):
                known[None] = None
                continue
            for value in listed:
                parameter = self.object_of(value)
                if parameter is None or not isinstance(parameter.get("name"), str):
                    known[None] = None
                else:
                    # A parameter of the operation replaces the parameter of the path item.
                    known[parameter["name"], str(parameter.get("in"))] = parameter
        return list(known.values())

    def accepts(self, schema: Any, value: Any, direction: Direction) -> bool:
        """Return whether a value is certainly valid.

        Args:
            schema: The Schema Object in the normal form, with unresolved references.
            value: The JSON value.
            direction: The direction of the message with the value.
        """
        compiled = self.compiled(schema, direction)
        if schema is True or compiled is None:
            return schema is True
        before = self.notes.count
        try:
            return compiled.is_valid(value) and self.notes.count == before
        except (TooDeepError, RecursionError):
            return False

    def compiled(self, schema: Any, direction: Direction) -> CompiledSchema | None:
        """Return the compiled schema, cached for each direction; None if it cannot be compiled."""
        if not isinstance(schema, dict):
            return None
        if direction not in self._compiled:
            source = SchemaSource(
                self.version,
                direction,
                self._follow,
                self._dialect,
                self.notes.undefined_formats,
            )
            self._compiled[direction] = CompiledSchemas(source, self.notes)
        return self._compiled[direction].compiled(schema)


def accepts_request(schemas: OperationSchemas, request: ValidatedRequest) -> bool:
    """Return whether a request certainly matches the document.

    Raises:
        LookupError: The target of a reference does not exist.
    """
    schemas.notes.begin(request.end)
    if request.querystring is not None or request.credentials is not None:
        return False
    for parameter in schemas.parameters:
        if parameter is None or not _accepts_parameter(schemas, parameter, request):
            return False
    return _accepts_body(schemas, request)


def _accepts_parameter(
    schemas: OperationSchemas, parameter: Mapping[str, Any], request: ValidatedRequest
) -> bool:
    name, location = parameter["name"], parameter.get("in")
    if location == "header" and name.lower() in IGNORED_HEADERS:
        return True
    value = request.values.get((str(location), name), _MISSING)
    if value is _MISSING:
        is_needed = parameter.get("required", False) is not False or location == "path"
        return not is_needed and not _is_sent(name, location, request)
    # openapi-core validates the value that it reads from the text of the parameter. If that fails, the original value
    # decides, so a valid value has no finding.
    return "content" not in parameter and schemas.accepts(parameter.get("schema"), value, "request")


def _is_sent(name: str, location: Any, request: ValidatedRequest) -> bool:
    """Return whether a request may have a parameter whose value is unknown."""
    if location == "header":
        return any(key.lower() == name.lower() for key in request.headers)
    if location not in {"query", "cookie"}:
        return True
    pairs = request.query if location == "query" else request.cookies
    return any(key == name or key.startswith(f"{name}[") for key, _ in pairs)


def _accepts_body(schemas: OperationSchemas, request: ValidatedRequest) -> bool:
    described = schemas.operation.get("requestBody")
    if described is None:
        return request.body is None
    body = schemas.object_of(described)
    if body is None:
        return False
    if request.body is None:
        return body.get("required", False) is False
    content = body.get("content")
    if not isinstance(content, Mapping) or not isinstance(request.body, bytes):
        return False
    return _accepts_content(schemas, content, request.media_type, request.body, "request")


def accepts_response(schemas: OperationSchemas, response: ValidatedResponse) -> bool:
    """Return whether a response certainly matches the document.

    Args:
        schemas: The operation's part of the document.
        response: The response.

    Raises:
        LookupError: The target of a reference does not exist.
    """
    schemas.notes.begin(response.end)
    body = response.body
    if response.redirects or not isinstance(body, bytes):
        return False
    responses: Any = schemas.operation.get("responses")
    key = documented_status(response.status, responses) if isinstance(responses, Mapping) else ""
    described = schemas.object_of(responses[key]) if key else None
    if described is None:
        return False
    headers = described.get("headers", {})
    if not isinstance(headers, Mapping):
        return False
    for name, header in headers.items():
        if not _accepts_header(schemas, name, schemas.object_of(header), response.headers):
            return False
    content = described.get("content", {})
    if not isinstance(content, Mapping):
        return False
    if not content:
        return not body
    if not body:
        return response.may_be_empty(schemas.method)
    return _accepts_content(schemas, content, response.content_type, body, "response", response.received)


def _can_accept_success(schemas: OperationSchemas) -> bool:
    """Compile the schemas of successful responses, and return whether these can be accepted.

    Raises:
        LookupError: The target of a reference does not exist.
    """
    responses: Any = schemas.operation.get("responses")
    for status, value in responses.items() if isinstance(responses, Mapping) else ():
        if not status.startswith("2"):
            continue
        described = schemas.object_of(value)
        content = described.get("content", {}) if described is not None else None
        if not isinstance(content, Mapping):
            return False
        for name, media in content.items():
            media_type = schemas.object_of(media)
            if media_type is None or not is_json(name):
                return False
            schema = media_type.get("schema")
            if schema is not True and schemas.compiled(schema, "response") is None:
                return False
    return True


def _accepts_header(
    schemas: OperationSchemas,
    name: str,
    header: Mapping[str, Any] | None,
    headers: Mapping[str, str] | Iterable[tuple[str, str]],
) -> bool:
    if name.lower() == "content-type":  # OpenAPI 3.1.1, "Response Object": it is ignored
        return True
    if header is None:
        return False
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    texts = [text for key, text in pairs if key.lower() == name.lower()]
    if not texts:
        return header.get("required", False) is False
    if "schema" not in header and "content" not in header:
        return True
    schema = header.get("schema")
    if len(texts) > 1 or name.lower() in _SEPARATE or not isinstance(schema, Mapping) or "content" in header:
        return False
    shape = schemas.object_of(schema)
    kind = shape.get("type") if shape is not None else None
    if kind == "string":
        return schemas.accepts(schema, texts[0], "response")
    if kind == "integer" and re.fullmatch(_INTEGER, texts[0]):
        return schemas.accepts(schema, int(texts[0]), "response")
    return False


def _accepts_content(
    schemas: OperationSchemas,
    content: Mapping[str, Any],
    media_type: str,
    body: bytes,
    direction: Direction,
    received: ReceivedBody | None = None,
) -> bool:
    """Return whether a body is JSON that certainly matches the document.

    Args:
        schemas: The operation's part of the document.
        content: Media type → Media Type Object.
        media_type: The value of `Content-Type`.
        body: The body.
        direction: The direction of the message.
        received: The body of a response with its cached value; None if only the validator reads it.

    Raises:
        LookupError: The target of a reference does not exist.
    """
    best = best_match(media_type, content)
    if best is None or not is_json(media_type) or is_sequence(media_type):
        return False
    described = schemas.object_of(content[best])
    if described is None or "schema" not in described or "itemSchema" in described:
        return False
    try:
        read = partial(
            read_json_body, parameters=split_media_type(media_type)[1], size_before=schemas.size_read
        )
        value = read(body) if received is None else received.value("strict", read)
    except (UnreadableError, NotValidatedError):
        return False
    schemas.size_read += len(body)
    return schemas.accepts(described["schema"], value, direction)
