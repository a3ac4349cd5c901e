"""Validating at a level of validation: openapi-core validates; at `warn` it is not asked about what is beyond doubt.

Beyond doubt is a request or a response that the compiled schemas alone accept. The schemas of an operation are
compiled when they are needed.
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
"""Headers whose values are never joined (RFC 9110, section 5.3)."""


class LevelValidator:
    """Validates the requests and responses of an operation.

    Args:
        catalog: The components are read from it when a schema refers to them.
        operation: The operation.
        may_accept: Whether what compiled schemas accept is valid without asking openapi-core, which gives the same
            result and takes most of the time of a call.
        is_exact: Whether what the document does not mention is a finding, too.
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
                # The items of a stream are validated as they come, so openapi-core is imported before the call is made.
                self._may_accept = False
        self._is_exact = is_exact
        self._schemas: OperationSchemas | None = None
        self._validator: Validator | None = None

    def request(self, request: ValidatedRequest) -> ValidationResult:
        """Return the result on a request."""
        if self._accepts(partial(accepts_request, request=request)):
            return ValidationResult(is_accepted=True)
        return self._asked().request(request, is_exact=self._is_exact)

    def response(self, response: ValidatedResponse) -> ValidationResult:
        """Return the result on a response."""
        if self._accepts(partial(accepts_response, response=response)):
            return ValidationResult(is_accepted=True)
        return self._asked().response(response, is_exact=self._is_exact)

    @property
    def responses_place(self) -> DocumentPlace:
        """The place of the operation's responses in the document."""
        return self._asked().responses_place

    def prepare(self) -> None:
        """Do what validating the response will need, while there is time for it.

        Schemas of responses are compiled; if a response cannot be accepted by them, openapi-core is imported.
        """
        if self._validator is not None or not self._may_accept:
            return

        if not self._accepts(_can_accept_success):
            self._asked()

    def _accepts(self, is_right: Callable[[OperationSchemas], bool]) -> bool:
        """Return whether nothing need be asked, as a check by the schemas of the operation tells."""
        if not self._may_accept:
            return False
        if self._schemas is None:
            from dynacli.lean_imports import import_jsonschema_rs

            import_jsonschema_rs()

            self._schemas = OperationSchemas(self._catalog, self._operation)
        try:
            return is_right(self._schemas)
        except LookupError:  # openapi-core says which reference leads nowhere
            return False

    def _asked(self) -> Validator:
        if self._validator is None:
            from dynacli.validation.validator import Validator

            self._validator = Validator(self._catalog, self._operation)
        return self._validator


class OperationSchemas:
    """An operation's part of the document.

    Args:
        catalog: The components are read from it when a reference leads to them.
        operation: The operation.

    Attributes:
        method: The operation's method.
        operation: Its Operation Object, references in place.
        notes: What the evaluation of a message notes.
        version: The version of OpenAPI.
        size_read: The size of the JSON that was validated by them.
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
        # Reference → its target, so that several schemas that refer to one read it once.
        self._targets: dict[str, Any] = {}
        self._compiled: dict[Direction, CompiledSchemas] = {}
        self.notes = ValidationNotes(is_swagger=str(catalog.meta["openapi"]).strip().startswith("2"))

    def target(self, reference: str) -> Any:
        """Return the target of a reference.

        Raises:
            LookupError: It leads nowhere, or is not a reference at all.
        """
        if not isinstance(reference, str):
            raise LookupError(reference)  # noqa: TRY004  - it leads nowhere, like one that is text
        if reference not in self._targets:
            self._targets[reference] = self._catalog.resolve(reference)
        return self._targets[reference]

    def _follow(self, reference: str) -> tuple[Any, Follow]:
        return self.target(reference), self._follow

    def object_of(self, value: Any) -> Mapping[str, Any] | None:
        """Return an object of the document, its Reference Objects followed; None if it is not an object.

        Raises:
            LookupError: A reference leads nowhere.
        """
        if isinstance(value, Mapping) and "$ref" in value:
            value = self.target(value["$ref"])  # nearly always the end
        if isinstance(value, Mapping) and "$ref" in value:
            from dynacli.openapi.references import end_of_references

            value = end_of_references(value, self.target)
        return value if isinstance(value, Mapping) else None

    @cached_property
    def parameters(self) -> list[Mapping[str, Any] | None]:
        """The parameters of the operation; None for one that is not an object.

        Raises:
            LookupError: A reference leads nowhere.
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
                    # The operation's own parameter replaces that of the path item.
                    known[parameter["name"], str(parameter.get("in"))] = parameter
        return list(known.values())

    def accepts(self, schema: Any, value: Any, direction: Direction) -> bool:
        """Return whether a value is certainly valid.

        Args:
            schema: The Schema Object in the normal form, its references in place.
            value: The JSON value.
            direction: The direction of the message that has the value.
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
        """Return a schema compiled, once for each direction; None if it cannot be."""
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
    """Return whether a request is certainly as the document describes it.

    Raises:
        LookupError: A reference of the document leads nowhere.
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
    # openapi-core validates what it reads back from the text of the parameter. If a text cannot be read, or what was
    # read is wrong, the value that it was written from decides; so with a valid value there is never a finding.
    return "content" not in parameter and schemas.accepts(parameter.get("schema"), value, "request")


def _is_sent(name: str, location: Any, request: ValidatedRequest) -> bool:
    """Return whether a request may have a parameter, whose value is not known."""
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
    """Return whether a response is certainly as the document describes it.

    Args:
        schemas: The operation's part of the document.
        response: The response.

    Raises:
        LookupError: A reference of the document leads nowhere.
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
    """Return whether a response with a status of success may be accepted, and compile the schemas of its body.

    Raises:
        LookupError: A reference of the document leads nowhere.
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
    """Return whether a body is JSON that is certainly as the document describes it.

    Args:
        content: Media type → Media Type Object.
        media_type: The value of `Content-Type`.
        body: The body.
        direction: The direction of the message.
        received: The body of a response with what was read of it; None if nothing else reads it.

    Raises:
        LookupError: A reference of the document leads nowhere.
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
