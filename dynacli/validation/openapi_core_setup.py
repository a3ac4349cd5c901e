"""openapi-core, set up for one operation.

Only `dynacli.validation.import_openapi_core` imports this module; it makes the import fast.
The validators are openapi-core's own. What is changed goes through their hooks, each for a reason given there.
"""

import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import unquote_to_bytes

from jsonschema_path import SchemaPath
from openapi_core.deserializing.styles import style_deserializers
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
from dynacli.model.parameter_styles import explodes, style_of
from dynacli.validation.bodies import media_type_match
from dynacli.validation.bodies.body_hooks import FORM, Bodies, UncheckedError, UnreadableError, child
from dynacli.validation.header_hooks import Headers, UndocumentedHeaderError, placed
from dynacli.validation.judging_session import Session, reason_of
from dynacli.validation.openapi_core_adapters import RequestView, ResponseView
from dynacli.validation.schemas.dialects import Direction, SchemaValidators

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
    "request_validator",
    "response_validator",
    "schema_validator",
]


# It warns of alternatives that do not fit, and Python writes to the terminal what nobody takes.
logging.getLogger("openapi_core").addHandler(logging.NullHandler())

# openapi-core splits at `%20`, which is decoded before it comes here, and takes the whole for one member.
# It does not know 3.2's `cookie`, which differs from `form` in what is encoded alone.
_STYLES: dict[str, Any] = {
    **style_deserializers,
    "spaceDelimited": partial(delimited_loads, delimiter=" "),
    "cookie": style_deserializers["form"],
}


# OpenAPI 3.1.1, "Parameter Object": header parameters of these names "shall be ignored".
_NO_PARAMETERS = frozenset({"accept", "content-type", "authorization"})


class NotedError(OpenAPIError):
    """Something could not be judged, and that is noted."""


class UndocumentedBodyError(OpenAPIError):
    """A body came, and the document describes none."""


def _deny(uri: str) -> Any:
    raise LookupError(f"references to {uri.partition(':')[0]}: are never followed here")


class _DenyAll(dict[str, Any]):
    """A handler for every scheme there is; for one without a handler jsonschema-path would ask urllib."""

    def __contains__(self, scheme: object) -> bool:
        return True

    def __missing__(self, scheme: str) -> Any:
        return _deny


def make_path(document: dict[str, Any]) -> SchemaPath:
    """Return openapi-core's view of a document, which fetches nothing.

    The compiler has refused every reference that leaves the document; this stands behind it.
    """
    return SchemaPath.from_dict(document, handlers=_DenyAll())


class _NoTemplate:
    """What a match of the URL against a template would have found: nothing; the values are known."""

    variables: Mapping[str, str] = {}


class _OneOperation(Bodies):
    """What both validators do differently: there is one operation, and it is known."""

    spec: SchemaPath
    operation_steps: tuple[str, ...]
    style_deserializers_factory: Any

    def _deserialise_style(
        self, param_or_header: SchemaPath, location: Mapping[str, Any], name: str | None = None
    ) -> Any:
        # openapi-core warns of a style that it does not know, and takes the text for the value.
        read: Any = param_or_header.read_value()
        place = read.get("in", "header")
        style = style_of(place, read.get("style"))
        deserializer = self.style_deserializers_factory.create(
            self.spec,
            param_or_header / "schema",
            style,
            explodes(style, read.get("explode")),
            name or read["name"],
        )
        return deserializer.deserialize(location)

    @contextmanager
    def _guarded(self, what: str, place: SchemaPath, wrapper: Callable[[], OpenAPIError]) -> Iterator[None]:
        """Turn what ends the judging of a part into a note, so that the other parts are judged all the same.

        Args:
            what: What is judged.
            place: Where the document describes it, for errors that do not say so.
            wrapper: Makes an error of what is judged.
        """
        try:
            yield
        except OpenAPIError as error:
            placed(error, place)
            raise
        except DamagedCatalogError:
            raise
        except RecursionError:
            raise wrapper() from UncheckedError("the value or its schema is nested too deeply")
        except Exception as error:  # noqa: BLE001  - as in `Judge`: the document is to blame, and the rest can be judged
            self.session.fail(f"{what}: {reason_of(error)}")
            raise wrapper() from NotedError()

    def _find_path(self, request: Any) -> PathOperationServer:  # noqa: ARG002
        # Not found by matching the URL: real documents have paths that differ only in a fragment,
        # templates inside a segment, servers that were overridden.
        paths, key, *steps = self.operation_steps
        path = operation = child(self.spec / paths, key)
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
    # The keys alone: werkzeug's `Headers` yield pairs.
    return name in location or any(key.startswith(f"{name}[") for key in location.keys())  # noqa: SIM118


class _RequestMixin(_OneOperation):
    typed_values: Mapping[tuple[str, str], Any]

    def _get_parameter(self, parameters: Any, param: SchemaPath) -> Any:
        judged: Any = super()._get_parameter  # type: ignore[misc]
        name, location = (param / "name").read_str(""), (param / "in").read_str("")
        if location == "header" and name.lower() in _NO_PARAMETERS:
            raise MissingParameter(name, location)
        with self._guarded(f"{location} `{name}`", param, lambda: InvalidParameter(name, location)):
            value = judged(parameters, param)
        if location == "querystring":
            # It was judged, and openapi-core has no place for its value: this lets it go on without one.
            raise MissingParameter(name, location)
        return value

    def _get_body(self, body: Any, mimetype: str, operation: SchemaPath) -> Any:
        with self._guarded("the body", operation / "requestBody", InvalidRequestBody):
            return super()._get_body(body, mimetype, operation)  # type: ignore[misc]

    def _get_media_type_value(
        self, param_or_header: SchemaPath, location: Mapping[str, Any], name: str | None = None
    ) -> Any:
        read: Any = super()._get_media_type_value  # type: ignore[misc]
        value = read(param_or_header, location, name=name)
        if (param_or_header / "in").read_str("header") != "querystring":
            return value
        media_type = next(iter((param_or_header / "content").str_keys()), "")
        # A form is the one media type that is made of what a query is made of.
        is_form = media_type_match.split(media_type)[0] == FORM
        return value.encode() if is_form else unquote_to_bytes(value)

    def _get_security(self, parameters: Any, operation: Any) -> dict[str, str]:  # noqa: ARG002
        return {}  # credentials were chosen by the same requirement, or the call has ended already

    def _get_param_or_header_and_schema(
        self, param_or_header: SchemaPath, location: Mapping[str, Any], name: str | None = None
    ) -> tuple[Any, SchemaPath | None]:
        read: Any = super()._get_param_or_header_and_schema  # type: ignore[misc]
        found: tuple[Any, SchemaPath | None]
        try:
            found = read(param_or_header, location, name=name)
        except (RecursionError, DamagedCatalogError, UncheckedError):
            raise
        except Exception:
            # openapi-core cannot read back every style and every union of types, and raises what comes.
            # A value that fits as it was given is no reason to refuse a request.
            key = ((param_or_header / "in").read_str("header"), (param_or_header / "name").read_str(""))
            schema = _schema_of(param_or_header)
            if key not in self.typed_values:
                has_default = schema is not None and "default" in schema
                is_deep = (param_or_header / "style").read_str("") == "deepObject"
                if not _is_sent(key[1], location) and (has_default or is_deep):
                    # What does not fit is the document's own default, in its place; or, of `deepObject`, its type:
                    # openapi-core reads objects alone, and refuses the rest before it looks whether it came.
                    raise KeyError(key[1]) from None
                raise
            if self.typed_values[key] == "" and (param_or_header / "allowEmptyValue").read_bool(
                default=False
            ):
                # It stands for the parameter being unused, whatever its type (OpenAPI 3.0.4, "allowEmptyValue").
                return "", None
            found = self.typed_values[key], schema
            if schema is not None:
                self._validate_schema(schema, found[0])
        return found


class _ResponseMixin(Headers, _OneOperation):
    may_be_empty: bool
    """Whether the method or status is one that never has a body (RFC 9110), whatever the document says."""
    is_swagger: bool
    """Whether the document was written in Swagger 2.0, where no schema means no content."""

    def _find_operation_response(self, status_code: int, operation: SchemaPath) -> SchemaPath:
        if "responses" not in operation:
            raise ResponseNotFound(str(status_code), [])
        responses = operation / "responses"
        keys = [str(key) for key in responses.keys()]  # noqa: SIM118  - a path has no iteration of its keys
        found = {key.upper(): key for key in keys if not key.startswith("x-")}  # `4xx` is meant as `4XX`
        for wanted in (str(status_code), f"{str(status_code)[0]}XX", "DEFAULT"):
            if wanted in found:
                self.responses = responses, found[wanted]
                return child(responses, found[wanted])
        raise ResponseNotFound(str(status_code), list(found.values()))

    def _get_data(self, data: bytes | None, mimetype: str, operation_response: SchemaPath) -> Any:
        if "content" not in operation_response or not len(operation_response / "content"):
            if data and self.operation_steps[-1].lower() != "head":
                error = UndocumentedBodyError()
                placed(error, operation_response)
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
        """Return whether the document says nothing of the body but what the operation produces, as 2.0 can."""
        return self.is_swagger and not any("schema" in one for _, one in content.str_items())


class _V30Request(_RequestMixin, V30RequestValidator):
    spec_validator_cls = None  # type: ignore[assignment]


class _V31Request(_RequestMixin, V31RequestValidator):
    spec_validator_cls = None  # type: ignore[assignment]


class _V32Request(_RequestMixin, V32RequestValidator):
    spec_validator_cls = None  # type: ignore[assignment]


class _V30Response(_ResponseMixin, V30ResponseValidator):
    spec_validator_cls = None  # type: ignore[assignment]


class _V31Response(_ResponseMixin, V31ResponseValidator):
    spec_validator_cls = None  # type: ignore[assignment]


class _V32Response(_ResponseMixin, V32ResponseValidator):
    spec_validator_cls = None  # type: ignore[assignment]


_REQUESTS: Mapping[str, Any] = {"3.0": _V30Request, "3.1": _V31Request, "3.2": _V32Request}
_RESPONSES: Mapping[str, Any] = {"3.0": _V30Response, "3.1": _V31Response, "3.2": _V32Response}


def request_validator(
    spec: SchemaPath,
    version: str,
    steps: tuple[str, ...],
    typed_values: Mapping[tuple[str, str], Any],
    body_schemas: list[tuple[Any, Any, str]],
    session: Session,
) -> Callable[..., Iterator[Exception]]:
    """Return a function that yields what openapi-core finds wrong with a request.

    Args:
        version: `3.0`, `3.1` or `3.2`.
        steps: They lead to the operation.
        typed_values: (location, name) → value behind the text of a parameter.
        body_schemas: Filled with (schema, value, place of the value) of what was judged of the body.
    """
    validator = _validator(_REQUESTS, spec, version, "request", steps, session)
    validator.typed_values, validator.body_schemas = typed_values, body_schemas

    def errors(**request: Any) -> Iterator[Exception]:
        with warnings.catch_warnings():
            # "The parameter is deprecated" is in the help, "Unsupported cookie style" (of 3.2) about its own
            # reading of a text, which is not asked for: `typed_values` has the value.
            warnings.simplefilter("ignore")
            yield from list(validator.iter_errors(RequestView(steps[-1], **request)))

    return errors


_NO_REQUEST: Any = None  # it would only be used to find the operation


def response_validator(
    spec: SchemaPath,
    version: str,
    steps: tuple[str, ...],
    body_schemas: list[tuple[Any, Any, str]],
    session: Session,
    *,
    is_exact: bool = False,
    is_swagger: bool = False,
) -> Callable[..., Iterator[Exception]]:
    """Return a function that yields what openapi-core finds wrong with an answer.

    Args:
        version: `3.0`, `3.1` or `3.2`.
        steps: They lead to the operation.
        body_schemas: Filled with (schema, value, place of the value) of what was judged of the body.
        is_exact: Whether headers that are described for other answers alone are found.
        is_swagger: Whether the document was written in Swagger 2.0.
    """
    validator = _validator(_RESPONSES, spec, version, "response", steps, session)
    validator.body_schemas, validator.is_exact, validator.is_swagger = body_schemas, is_exact, is_swagger
    is_head = steps[-1].lower() == "head"

    def errors(**response: Any) -> Iterator[Exception]:
        validator.may_be_empty = is_head or response["status_code"] in {204, 205, 304}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield from list(validator.iter_errors(_NO_REQUEST, ResponseView(**response)))

    return errors


def _validator(
    classes: Mapping[str, Any],
    spec: SchemaPath,
    version: str,
    direction: Direction,
    steps: tuple[str, ...],
    session: Session,
) -> Any:
    validators = _schema_validators(spec, version, direction, session)
    validator: Any = classes[version](spec, schema_validators_factory=validators)
    validator.style_deserializers_factory.style_deserializers = _STYLES
    validator.schema_validators, validator.session = validators, session
    validator.operation_steps, validator.version = steps, version
    return validator


def schema_validator(spec: SchemaPath, version: str, direction: Direction, session: Session) -> Any:
    """Return a validator of the document's dialect, for schemas anywhere in the document."""
    with spec.resolve() as resolved:
        return _schema_validators(spec, version, direction, session).validator(True, resolved.resolver)


def _schema_validators(
    spec: SchemaPath, version: str, direction: Direction, session: Session
) -> SchemaValidators:
    dialect = (spec / "jsonSchemaDialect").read_str(default="")
    return SchemaValidators(version, direction, session, dialect)
