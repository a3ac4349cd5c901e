"""openapi-core, set up to judge one operation.

Only `dynacli.validation.import_openapi_core` imports this module; it makes the import fast.
The validators are openapi-core's own; each hook that is overridden says why.
"""

import logging
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from jsonschema_path import SchemaPath
from openapi_core.casting.schemas.factories import SchemaCastersFactory
from openapi_core.datatypes import RequestParameters
from openapi_core.deserializing.styles import style_deserializers
from openapi_core.deserializing.styles.factories import StyleDeserializersFactory
from openapi_core.deserializing.styles.util import delimited_loads
from openapi_core.exceptions import OpenAPIError
from openapi_core.templating.media_types.exceptions import MediaTypeNotFound
from openapi_core.templating.paths.datatypes import PathOperationServer
from openapi_core.templating.responses.exceptions import ResponseNotFound
from openapi_core.validation.request.exceptions import InvalidParameter, InvalidRequestBody, MissingParameter
from openapi_core.validation.request.validators import (
    V30RequestValidator,
    V31RequestValidator,
    V32RequestValidator,
)
from openapi_core.validation.response.exceptions import InvalidData
from openapi_core.validation.response.validators import (
    V30ResponseValidator,
    V31ResponseValidator,
    V32ResponseValidator,
)

from dynacli.catalog.store.catalog_file import DamagedCatalogError
from dynacli.model import media_types
from dynacli.model.operation import IGNORED_HEADERS, documented_status, explodes, style_of
from dynacli.schema.evaluation.judging_notes import TOO_DEEP, JudgingNotes
from dynacli.schema.read_schema import Direction
from dynacli.validation import document_path
from dynacli.validation.bodies.body_hooks import FORM, BodyHooks, UncheckedError, UnreadableError
from dynacli.validation.bodies.read_body import JudgedValue
from dynacli.validation.findings.finding import reason_of
from dynacli.validation.header_hooks import (
    CaseInsensitiveHeaders,
    HeaderHooks,
    UndocumentedHeaderError,
    note_place,
)
from dynacli.validation.operation_document import child, resolve
from dynacli.validation.schemas.schema_validators import SchemaValidators

if TYPE_CHECKING:
    from dynacli.validation.judged_messages import JudgedRequest, JudgedResponse

__all__ = [
    "MediaTypeNotFound",
    "NotedError",
    "OpenAPIError",
    "ResponseNotFound",
    "UncheckedError",
    "UndocumentedBodyError",
    "UndocumentedHeaderError",
    "UnreadableError",
    "make_path",
    "request_errors",
    "response_errors",
    "schema_validators",
]


# openapi-core logs warnings about alternatives that do not fit; without a handler Python prints them.
logging.getLogger("openapi_core").addHandler(logging.NullHandler())

# openapi-core splits `spaceDelimited` at `%20`, but the text is already decoded here.
# It does not know 3.2's style `cookie`, which differs from `form` only in its percent-encoding, and the lists of
# Swagger 2.0 that no style of OpenAPI 3 stands for.
_STYLES: dict[str, Any] = {
    **style_deserializers,
    "spaceDelimited": partial(delimited_loads, delimiter=" "),
    "cookie": style_deserializers["form"],
    "ssv": partial(delimited_loads, delimiter=" "),
    "tsv": partial(delimited_loads, delimiter="\t"),
    "pipes": partial(delimited_loads, delimiter="|"),
}


class NotedError(OpenAPIError):
    """A part could not be judged; the notes say so already."""


class UndocumentedBodyError(OpenAPIError):
    """The answer has a body, and the document describes none."""


def make_path(document: dict[str, Any]) -> SchemaPath:
    """Return openapi-core's view of a document, which fetches nothing."""
    return document_path.SchemaPath.from_dict(document)


class _Texts(dict[str, str]):
    """The texts of parameters; of those with the same name, the first."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        super().__init__()
        self._all: dict[str, list[str]] = {}
        for name, text in pairs:
            self.setdefault(name, text)
            self._all.setdefault(name, []).append(text)

    def getlist(self, name: str) -> list[str]:
        """Return all texts of a name, as openapi-core asks for them."""
        return self._all.get(name, [])


@dataclass
class _Parameters(RequestParameters):
    """openapi-core's parameters, with the `querystring` of OpenAPI 3.2 beside them."""

    querystring: Mapping[str, str] = field(default_factory=dict)


class _Request:
    """A request in the form of openapi-core's protocol `Request`."""

    host_url = ""
    path = ""

    def __init__(self, method: str, request: "JudgedRequest") -> None:
        self.method = method
        self.content_type = request.media_type
        self.body = request.body
        self.parameters = _Parameters(
            query=_Texts(request.query),
            header=CaseInsensitiveHeaders(request.headers),
            cookie=_Texts(request.cookies),
            path=dict(request.path),
            querystring=dict([request.querystring] if request.querystring else []),
        )


class _Response:
    """An answer in the form of openapi-core's protocol `Response`."""

    def __init__(self, response: "JudgedResponse") -> None:
        self.status_code = response.status
        self.content_type = response.content_type
        self.data: Any = response.body
        self.headers = CaseInsensitiveHeaders(response.headers)


class _NoTemplate:
    """The result of matching the URL against a path template, which is not needed: the values are known."""

    variables: Mapping[str, str] = {}


class _KnownOperation(BodyHooks):
    """The hooks that both validators override, because the operation is known and need not be found."""

    spec: SchemaPath
    spec_validator_cls = None  # the compiler has validated the document
    operation_steps: tuple[str, ...]
    style_deserializers_factory: Any

    def _deserialise_style(
        self, param_or_header: SchemaPath, location: Mapping[str, Any], name: str | None = None
    ) -> Any:
        # openapi-core warns of a style that it does not know, and takes the text as the value.
        parameter: Any = param_or_header.read_value()
        style = style_of(parameter.get("in", "header"), parameter.get("style"))
        deserializer = self.style_deserializers_factory.create(
            self.spec,
            param_or_header / "schema",
            style,
            explodes(style, parameter.get("explode")),
            name or parameter["name"],
        )
        return deserializer.deserialize(location)

    @contextmanager
    def _guarded(self, part: str, place: SchemaPath, wrapper: Callable[[], OpenAPIError]) -> Iterator[None]:
        """Turn an exception that ends the judging of a part into a note, so that the other parts are judged.

        Args:
            part: The name of the part in the note.
            place: The part's place in the document, for errors that do not know a closer one.
            wrapper: Makes openapi-core's error for the part.
        """
        try:
            yield
        except OpenAPIError as error:
            note_place(error, place)
            raise
        except DamagedCatalogError:
            raise
        except RecursionError:
            raise wrapper() from UncheckedError(TOO_DEEP)
        except Exception as error:  # noqa: BLE001  - as in `Judge`: the document is to blame, and the rest can be judged
            self.notes.add_failure(f"{part}: {reason_of(error)}")
            raise wrapper() from NotedError()

    def _find_path(self, request: Any) -> PathOperationServer:  # noqa: ARG002
        # Matching the URL would fail for real documents: their paths may differ only in a fragment,
        # have templates inside a segment, or servers that were overridden.
        paths, path_key, *steps = self.operation_steps
        path = operation = child(self.spec / paths, path_key)
        for step in steps:
            operation = child(operation, step)
        return PathOperationServer(path, operation, None, _NoTemplate, None)


def _schema_of(parameter: SchemaPath) -> SchemaPath | None:
    if "schema" in parameter:
        return parameter / "schema"
    for _, media_type in (parameter / "content").str_items() if "content" in parameter else ():
        if "schema" in media_type:
            return media_type / "schema"
    return None


def _is_sent(name: str, location: Mapping[str, Any]) -> bool:
    return name in location or any(key.startswith(f"{name}[") for key in location)


class _RequestMixin(_KnownOperation):
    typed_values: Mapping[tuple[str, str], Any]

    def _get_parameter(self, parameters: Any, param: SchemaPath) -> Any:
        inherited: Any = super()._get_parameter  # type: ignore[misc]
        name, location = (param / "name").read_str(""), (param / "in").read_str("")
        if location == "header" and name.lower() in IGNORED_HEADERS:
            raise MissingParameter(name, location)
        with self._guarded(f"{location} `{name}`", param, lambda: InvalidParameter(name, location)):
            value = inherited(parameters, param)
        if location == "querystring":
            # Its value was judged, but openapi-core has no place to keep it: let it go on without the value.
            raise MissingParameter(name, location)
        return value

    def _errors(self, schema: SchemaPath, value: Any, pointer: str | None) -> list[Any]:
        errors = super()._errors(schema, value, pointer)
        if errors:
            from dynacli.validation.schemas.documented_examples import forgive_examples

            forgive_examples(errors, schema, self.schema_validators.resolve)
        return errors

    def _get_body(self, body: Any, mimetype: str, operation: SchemaPath) -> Any:
        with self._guarded("the body", operation / "requestBody", InvalidRequestBody):
            return super()._get_body(body, mimetype, operation)  # type: ignore[misc]

    def _get_media_type_value(
        self, param_or_header: SchemaPath, location: Mapping[str, Any], name: str | None = None
    ) -> Any:
        inherited: Any = super()._get_media_type_value  # type: ignore[misc]
        value = inherited(param_or_header, location, name=name)
        if (param_or_header / "in").read_str("header") != "querystring":
            return value
        media_type = next(iter((param_or_header / "content").str_keys()), "")
        # A form is percent-encoded like a query, so it is read from the query as it is.
        is_form = media_types.split_media_type(media_type)[0] == FORM
        return value.encode() if is_form else unquote_to_bytes(value)

    def _get_security(self, parameters: Any, operation: Any) -> dict[str, str]:  # noqa: ARG002
        return {}  # `Judge` looks at the credentials

    def _get_param_or_header_and_schema(
        self, param_or_header: SchemaPath, location: Mapping[str, Any], name: str | None = None
    ) -> tuple[Any, SchemaPath | None]:
        inherited: Any = super()._get_param_or_header_and_schema  # type: ignore[misc]
        found: tuple[Any, SchemaPath | None]
        try:
            found = inherited(param_or_header, location, name=name)
        except (RecursionError, DamagedCatalogError, UncheckedError):
            raise
        except Exception:
            # openapi-core cannot read back every style and every union of types, and raises various exceptions.
            # Then the value that the text was written from is judged instead.
            key = ((param_or_header / "in").read_str("header"), (param_or_header / "name").read_str(""))
            schema = _schema_of(param_or_header)
            if key not in self.typed_values:
                has_default = schema is not None and "default" in schema
                is_deep = (param_or_header / "style").read_str("") == "deepObject"
                if not _is_sent(key[1], location) and (has_default or is_deep):
                    # The parameter was not sent. openapi-core complains of the document's own default, or of
                    # a `deepObject` that is no object, before it looks whether there is a value.
                    raise KeyError(key[1]) from None
                raise
            if self.typed_values[key] == "" and (param_or_header / "allowEmptyValue").read_bool(
                default=False
            ):
                # An empty value means that the parameter is unused, whatever its type (OpenAPI 3.0.4).
                return "", None
            found = self.typed_values[key], schema
            if schema is not None:
                self._validate_schema(schema, found[0])
        return found


class _ResponseMixin(HeaderHooks, _KnownOperation):
    may_be_empty: bool
    """Whether the method or status allows no body (RFC 9110), whatever the document says."""
    is_swagger: bool
    """Whether the document was written in Swagger 2.0, where an answer without a schema has no content."""

    def _find_operation_response(self, status_code: int, operation: SchemaPath) -> SchemaPath:
        if "responses" not in operation:
            raise ResponseNotFound(str(status_code), [])
        responses = operation / "responses"
        keys = [str(key) for key in responses.keys()]  # noqa: SIM118  - a SchemaPath cannot be iterated
        key = documented_status(status_code, keys)
        if not key:
            raise ResponseNotFound(str(status_code), [key for key in keys if not key.startswith("x-")])
        self.responses = responses, key
        return child(responses, key)

    def _get_data(self, data: bytes | None, mimetype: str, operation_response: SchemaPath) -> Any:
        if "content" not in operation_response or not len(operation_response / "content"):
            if data and self.operation_steps[-1].lower() != "head":
                error = UndocumentedBodyError()
                note_place(error, operation_response)
                raise InvalidData from error
            return None
        if not data and (self.may_be_empty or self._has_no_schema_of_swagger(operation_response / "content")):
            return None
        with self._guarded("the body", operation_response / "content", InvalidData):
            if self.is_exact and self._has_no_schema_of_swagger(operation_response / "content"):
                try:
                    self._read_alone(data, operation_response / "content", mimetype)
                except OpenAPIError as error:
                    raise InvalidData from error
                raise InvalidData from UndocumentedBodyError()
            return super()._get_data(data, mimetype, operation_response)  # type: ignore[misc]

    def _has_no_schema_of_swagger(self, content: SchemaPath) -> bool:
        """Return whether a Swagger 2.0 document lists media types for the body (`produces`), but has no schema."""
        return self.is_swagger and not any("schema" in media_type for _, media_type in content.str_items())


_REQUESTS: Mapping[str, Any] = {
    "3.0": type("V30Request", (_RequestMixin, V30RequestValidator), {}),
    "3.1": type("V31Request", (_RequestMixin, V31RequestValidator), {}),
    "3.2": type("V32Request", (_RequestMixin, V32RequestValidator), {}),
}
_RESPONSES: Mapping[str, Any] = {
    "3.0": type("V30Response", (_ResponseMixin, V30ResponseValidator), {}),
    "3.1": type("V31Response", (_ResponseMixin, V31ResponseValidator), {}),
    "3.2": type("V32Response", (_ResponseMixin, V32ResponseValidator), {}),
}


def request_errors(
    spec: SchemaPath,
    version: str,
    steps: tuple[str, ...],
    request: "JudgedRequest",
    body_values: list[JudgedValue],
    validators: SchemaValidators,
) -> list[Exception]:
    """Return the errors that openapi-core finds in a request.

    Args:
        version: The version of OpenAPI: `3.0`, `3.1` or `3.2`.
        steps: The steps from the root of the document to the operation.
        body_values: Gets the values of the body that were judged.
        validators: Evaluate the schemas.
    """
    validator = _validator(_REQUESTS, spec, version, steps, validators)
    validator.typed_values, validator.body_values = request.values, body_values
    with warnings.catch_warnings():
        # "The parameter is deprecated" is in the help page already; "Unsupported cookie style" (3.2) does not
        # matter, because `typed_values` has the value.
        warnings.simplefilter("ignore")
        return list(validator.iter_errors(_Request(steps[-1], request)))


_NO_REQUEST: Any = None  # openapi-core needs the request only to find the operation


def response_errors(
    spec: SchemaPath,
    version: str,
    steps: tuple[str, ...],
    response: "JudgedResponse",
    body_values: list[JudgedValue],
    validators: SchemaValidators,
    *,
    is_exact: bool = False,
    is_swagger: bool = False,
) -> list[Exception]:
    """Return the errors that openapi-core finds in an answer.

    Args:
        version: The version of OpenAPI: `3.0`, `3.1` or `3.2`.
        steps: The steps from the root of the document to the operation.
        body_values: Gets the values of the body that were judged.
        validators: Evaluate the schemas.
        is_exact: Whether headers that only other answers are described with are errors.
        is_swagger: Whether the document was written in Swagger 2.0.
    """
    validator = _validator(_RESPONSES, spec, version, steps, validators)
    validator.body_values, validator.is_exact, validator.is_swagger = body_values, is_exact, is_swagger
    validator.may_be_empty = response.may_be_empty(steps[-1])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(validator.iter_errors(_NO_REQUEST, _Response(response)))


def _validator(
    classes: Mapping[str, Any],
    spec: SchemaPath,
    version: str,
    steps: tuple[str, ...],
    validators: SchemaValidators,
) -> Any:
    cls = classes[version]
    # Its own casters evaluate schemas by jsonschema.
    casters = SchemaCastersFactory(validators, cls.schema_casters_factory.types_caster)
    validator: Any = cls(
        spec,
        schema_validators_factory=validators,
        schema_casters_factory=casters,
        style_deserializers_factory=StyleDeserializersFactory(casters, _STYLES),
    )
    validator.schema_validators, validator.notes = validators, validators.notes
    validator.operation_steps, validator.version = steps, version
    return validator


def schema_validators(
    document: dict[str, Any], version: str, direction: Direction, notes: JudgingNotes
) -> SchemaValidators:
    """Return what evaluates the schemas of a document.

    Args:
        version: The version of OpenAPI: `3.0`, `3.1` or `3.2`.
        direction: The direction of the messages.
        notes: Gets the reasons why something was not evaluated.
    """
    dialect = document.get("jsonSchemaDialect", "")
    return SchemaValidators(version, direction, partial(resolve, document), notes, dialect)
