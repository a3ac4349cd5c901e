"""Sets up openapi-core to validate one operation.

Only `dynacli.validation.validator` imports this module, because it makes the import fast.
The validators are openapi-core's, except for a few methods (`_openapi_core_overrides`).
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from jsonschema_path import SchemaPath
from openapi_core.casting.schemas.factories import SchemaCastersFactory
from openapi_core.datatypes import RequestParameters
from openapi_core.deserializing.styles import style_deserializers
from openapi_core.deserializing.styles.factories import StyleDeserializersFactory
from openapi_core.deserializing.styles.util import delimited_loads
from openapi_core.templating.media_types.exceptions import MediaTypeNotFound
from openapi_core.templating.paths.datatypes import PathOperationServer
from openapi_core.templating.responses.exceptions import ResponseNotFound
from openapi_core.validation.request.validators import V32RequestValidator
from openapi_core.validation.response.validators import V32ResponseValidator

from dynacli.openapi.schema.evaluation.compiled_schema import ValidationNotes
from dynacli.openapi.schema.read_schema import Direction
from dynacli.validation import _document_path as document_path
from dynacli.validation._body_hooks import CoreNotValidatedError, CoreUnreadableError, SchemaValidators
from dynacli.validation._header_hooks import CaseInsensitiveHeaders, UndocumentedHeaderError
from dynacli.validation._openapi_core_overrides import (
    NotedError,
    RequestOverrides,
    ResponseOverrides,
    UndocumentedBodyError,
)
from dynacli.validation.operation_document import child_path, resolve_reference
from dynacli.validation.read_body import ValidatedValue

if TYPE_CHECKING:
    from dynacli.validation.validated_messages import ValidatedRequest, ValidatedResponse

__all__ = [
    "CoreNotValidatedError",
    "CoreUnreadableError",
    "MediaTypeNotFound",
    "NotedError",
    "ResponseNotFound",
    "UndocumentedBodyError",
    "UndocumentedHeaderError",
    "make_path",
    "request_errors",
    "response_errors",
    "schema_validators",
]


# openapi-core logs warnings about alternatives that do not match. Without a handler Python prints them.
logging.getLogger("openapi_core").addHandler(logging.NullHandler())

# openapi-core splits `spaceDelimited` at `%20`, but the text is already decoded here. It lacks the style `cookie` of
# 3.2, which differs from `form` only in percent-encoding, and some list formats of Swagger 2.0.
_STYLES: dict[str, Any] = {
    **style_deserializers,
    "spaceDelimited": partial(delimited_loads, delimiter=" "),
    "cookie": style_deserializers["form"],
    "ssv": partial(delimited_loads, delimiter=" "),
    "tsv": partial(delimited_loads, delimiter="\t"),
    "pipes": partial(delimited_loads, delimiter="|"),
}


def make_path(document: dict[str, Any]) -> SchemaPath:
    """Return the root of a document for openapi-core, which cannot fetch anything through it."""
    return document_path.SchemaPath.from_dict(document)


class _Texts(dict[str, str]):
    """The texts of parameters. Of repeated names the first counts."""

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        super().__init__()
        self._all: dict[str, list[str]] = {}
        for name, text in pairs:
            self.setdefault(name, text)
            self._all.setdefault(name, []).append(text)

    def getlist(self, name: str) -> list[str]:
        """Return all texts with a name; openapi-core calls this method."""
        return self._all.get(name, [])


@dataclass
class _Parameters(RequestParameters):
    """openapi-core's parameters, extended with the `querystring` of OpenAPI 3.2."""

    querystring: Mapping[str, str] = field(default_factory=dict)


class _KnownRequest:
    """The attributes that openapi-core needs of a request with a known operation."""

    method = host_url = path = ""


class _Request(_KnownRequest):
    """A request for openapi-core's protocol `Request`."""

    def __init__(self, method: str, request: ValidatedRequest) -> None:
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
    """A response for openapi-core's protocol `Response`."""

    def __init__(self, response: ValidatedResponse) -> None:
        self.status_code = response.status
        self.content_type = response.content_type
        self.data: Any = response.body
        self.headers = CaseInsensitiveHeaders(response.headers)


class _NoTemplate:
    """An empty result of matching the URL, because the values of the path are already known."""

    variables: Mapping[str, str] = {}


class _KnownPath:
    """Returns the known operation of a request.

    openapi-core would match the URL, which fails for real documents: paths may differ only in a fragment, or have
    templates in a segment, and servers may be overridden.
    """

    def __init__(self, steps: tuple[str, ...], spec: SchemaPath, **_: Any) -> None:
        self._spec, self._steps = spec, steps

    def find(self, _: str, __: str) -> PathOperationServer:
        """Return the operation."""
        paths, path_key, *steps = self._steps
        path = operation = child_path(self._spec / paths, path_key)
        for step in steps:
            operation = child_path(operation, step)
        return PathOperationServer(path, operation, None, _NoTemplate, None)


# The validators of older versions support less. Schemas are in the normal form, and compiled by dynacli.
class _RequestValidator(RequestOverrides, V32RequestValidator):  # type: ignore[misc]
    pass


class _ResponseValidator(ResponseOverrides, V32ResponseValidator):  # type: ignore[misc]
    pass


def request_errors(
    spec: SchemaPath,
    version: str,
    steps: tuple[str, ...],
    request: ValidatedRequest,
    body_values: list[ValidatedValue],
    validators: SchemaValidators,
) -> list[Exception]:
    """Return the errors that openapi-core finds in a request.

    Args:
        spec: The root of the document.
        version: The version of OpenAPI: `3.0`, `3.1` or `3.2`.
        steps: The steps from the root of the document to the operation.
        request: The request.
        body_values: A list to which the validated values of the body are added.
        validators: The evaluator of schemas.
    """
    validator = _validator(_RequestValidator, spec, version, steps, validators)
    validator.typed_values, validator.body_values = request.values, body_values
    with warnings.catch_warnings():
        # The help page already shows "The parameter is deprecated". "Unsupported cookie style" (3.2) does not matter,
        # because `typed_values` has the value.
        warnings.simplefilter("ignore")
        return list(validator.iter_errors(_Request(steps[-1], request)))


def response_errors(
    spec: SchemaPath,
    version: str,
    steps: tuple[str, ...],
    response: ValidatedResponse,
    body_values: list[ValidatedValue],
    validators: SchemaValidators,
    *,
    is_exact: bool = False,
    is_swagger: bool = False,
) -> list[Exception]:
    """Return the errors that openapi-core finds in a response.

    Args:
        spec: The root of the document.
        version: The version of OpenAPI: `3.0`, `3.1` or `3.2`.
        steps: The steps from the root of the document to the operation.
        response: The response.
        body_values: A list to which the validated values of the body are added.
        validators: The evaluator of schemas.
        is_exact: Whether headers that the document describes only for other responses are errors.
        is_swagger: Whether the document is Swagger 2.0.
    """
    validator = _validator(_ResponseValidator, spec, version, steps, validators)
    validator.body_values, validator.is_exact, validator.is_swagger = body_values, is_exact, is_swagger
    validator.may_be_empty = response.may_be_empty(steps[-1])
    validator.received = response.received
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(validator.iter_errors(_KnownRequest(), _Response(response)))


def _validator(
    cls: Any,
    spec: SchemaPath,
    version: str,
    steps: tuple[str, ...],
    validators: SchemaValidators,
) -> Any:
    # openapi-core's own casters evaluate schemas with jsonschema.
    casters = SchemaCastersFactory(validators, cls.schema_casters_factory.types_caster)
    validator: Any = cls(
        spec,
        schema_validators_factory=validators,
        schema_casters_factory=casters,
        style_deserializers_factory=StyleDeserializersFactory(casters, _STYLES),
        path_finder_cls=partial(_KnownPath, steps),
    )
    validator.schema_validators, validator.notes = validators, validators.notes
    validator.operation_steps, validator.version = steps, version
    return validator


def schema_validators(
    document: dict[str, Any], version: str, direction: Direction, notes: ValidationNotes
) -> SchemaValidators:
    """Return the evaluator of the schemas of a document.

    Args:
        document: The document.
        version: The version of OpenAPI: `3.0`, `3.1` or `3.2`.
        direction: The direction of the messages.
        notes: Collects the reasons for parts that were not evaluated.
    """
    dialect = document.get("jsonSchemaDialect", "")
    return SchemaValidators(version, direction, partial(resolve_reference, document), notes, dialect)
