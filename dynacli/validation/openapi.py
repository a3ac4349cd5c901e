"""openapi-core, set up for one operation.

Only `dynacli.validation.engine` imports this module; it makes the import fast.
The validators are openapi-core's own. What is changed goes through their hooks, each for a reason given there.
"""

import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

from jsonschema_path import SchemaPath
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from openapi_core.templating.media_types.datatypes import MediaType
from openapi_core.templating.media_types.exceptions import MediaTypeNotFound
from openapi_core.templating.paths.datatypes import PathOperationServer
from openapi_core.templating.responses.exceptions import ResponseNotFound
from openapi_core.validation.request.validators import V30RequestValidator, V31RequestValidator
from openapi_core.validation.response.exceptions import InvalidData
from openapi_core.validation.response.validators import V30ResponseValidator, V31ResponseValidator
from openapi_core.validation.schemas.exceptions import InvalidSchemaValue
from werkzeug.datastructures import Headers, ImmutableMultiDict

from dynacli.catalog.store import DamagedCatalogError
from dynacli.validation import media_types, reading
from dynacli.validation.dialects import SchemaValidators
from dynacli.validation.session import Session

__all__ = [
    "MediaTypeNotFound",
    "OpenAPIError",
    "ResponseNotFound",
    "UncheckedError",
    "UndocumentedBodyError",
    "UnreadableError",
    "make_path",
    "request_validator",
    "response_validator",
]


class UncheckedError(reading.UncheckedError, OpenAPIError):
    """The same, as one of openapi-core's, which it wraps and goes on behind."""


class UnreadableError(reading.UnreadableError, OpenAPIError):
    """The same, as one of openapi-core's."""


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


def _child(path: SchemaPath, key: str) -> SchemaPath:
    # `/` would take a `#` in the key for a separator.
    return path._make_child_relpath(key)  # noqa: SLF001  - there is no public way


class _NoTemplate:
    """What a match of the URL against a template would have found: nothing; the values are known."""

    variables: Mapping[str, str] = {}


class _OneOperation:
    """What both validators do differently: there is one operation, and it is known."""

    spec: SchemaPath
    schema_validators: SchemaValidators
    operation_path: str
    operation_method: str
    body_schemas: list[tuple[Any, Any]]
    """(schema, value) of the bodies that were judged."""

    def _find_path(self, request: Any) -> PathOperationServer:  # noqa: ARG002
        # Not found by matching the URL: real documents have paths that differ only in a fragment,
        # templates inside a segment, servers that were overridden.
        path = _child(self.spec / "paths", self.operation_path)
        return PathOperationServer(path, path / self.operation_method, None, _NoTemplate, None)

    def _find_media_type(self, content: SchemaPath, mimetype: str | None = None) -> MediaType:
        # openapi-core compares as it stands: parameters and case on the document's side,
        # and `*/*`, are not matched there.
        keys = list(content.str_keys())
        if mimetype is None:  # of a parameter: it has one only
            mimetype = keys[0] if keys else ""
        best = media_types.best_match(mimetype, keys)
        if best is None:
            raise MediaTypeNotFound(mimetype, keys)
        name, parameters = media_types.split(mimetype)
        return MediaType(name, parameters, _child(content, best))

    def _deserialise_media_type(
        self, media_type: SchemaPath, mimetype: str, parameters: Mapping[str, str], value: Any
    ) -> Any:
        if "schema" not in media_type and not media_types.is_json(mimetype):
            raise UncheckedError(f"the document gives no schema for `{mimetype}`")
        try:
            if media_types.is_json(mimetype):
                # openapi-core knows two JSON media types by name and takes all others for binary data.
                return reading.read_json(value.encode() if isinstance(value, str) else value, parameters)
            if mimetype.startswith("text/"):
                text = reading.read_text(value, parameters)
                return text if _is_text(media_type) else _plain_value(text)
        except reading.UncheckedError as error:
            raise UncheckedError(str(error)) from None
        except reading.UnreadableError as error:
            raise UnreadableError(str(error)) from None
        if mimetype == "application/x-www-form-urlencoded":
            try:
                return super()._deserialise_media_type(media_type, mimetype, parameters, value)  # type: ignore[misc]
            except OpenAPIError:
                # It stops at the first field that is not of its type, and does not say which one that is.
                return _form(media_type / "schema", value)
        raise UncheckedError(f"a body of `{mimetype or 'no media type'}` cannot be judged yet")

    def _validate_schema(self, schema: SchemaPath, value: Any) -> None:
        last = schema.parts[-1]
        with schema.parent.resolve() as resolved:
            # As it is written: openapi-core follows its `$ref` first and loses what stands beside it.
            contents: Any = resolved.contents
            raw, resolver = contents[last], resolved.resolver
        if "content" in schema.parts:
            self.body_schemas.append((raw, value))
        errors = tuple(self.schema_validators.validator(raw, resolver).iter_errors(value))
        if errors:
            error = InvalidSchemaValue(value, "any", errors)
            # Where the schema stands, which the error does not say.
            error.schema_steps = list(schema.parts)  # type: ignore[attr-defined]
            raise error


def _form(schema: SchemaPath, value: bytes) -> dict[str, Any]:
    """Return the fields of a form, those that are not of their type as text."""
    fields: dict[str, list[str]] = {}
    for name, text in parse_qsl(value.decode("utf-8", "replace"), keep_blank_values=True):
        fields.setdefault(name, []).append(text)
    properties = schema / "properties"
    form: dict[str, Any] = {}
    for name, texts in fields.items():
        known = _child(properties, name) if name in properties else None
        kinds = _kinds(known)
        if "array" in kinds:
            items = _kinds(known / "items" if known is not None and "items" in known else None)
            form[name] = [_field(text, items) for text in texts]
        else:
            form[name] = _field(texts[-1], kinds)
    return form


def _kinds(schema: SchemaPath | None) -> list[str]:
    kinds = "string" if schema is None else (schema / "type").read_str_or_list(default="string")
    return [kinds] if isinstance(kinds, str) else kinds


def _field(text: str, kinds: list[str]) -> Any:
    return text if "string" in kinds else _plain_value(text)


def _is_text(media_type: SchemaPath) -> bool:
    return "string" in _kinds(media_type / "schema")


def _plain_value(text: str) -> Any:
    """Return the number, boolean or the like that a text body stands for."""
    try:
        return reading.read_json(text.encode("utf-8", "surrogatepass"))
    except (reading.UnreadableError, reading.UncheckedError):
        return text


def _schema_of(parameter: SchemaPath) -> SchemaPath | None:
    if "schema" in parameter:
        return parameter / "schema"
    for _, media_type in (parameter / "content").str_items() if "content" in parameter else ():
        if "schema" in media_type:
            return media_type / "schema"
    return None


class _RequestMixin(_OneOperation):
    typed_values: Mapping[tuple[str, str], Any]

    def _get_security(self, parameters: Any, operation: Any) -> dict[str, str]:  # noqa: ARG002
        return {}  # credentials were chosen by the same requirement, or the call has ended already

    def _get_param_or_header_and_schema(
        self, param_or_header: SchemaPath, location: Mapping[str, Any], name: str | None = None
    ) -> tuple[Any, SchemaPath | None]:
        read: Any = super()._get_param_or_header_and_schema  # type: ignore[misc]
        found: tuple[Any, SchemaPath | None]
        try:
            found = read(param_or_header, location, name=name)
        except (RecursionError, DamagedCatalogError):
            raise
        except Exception:
            # openapi-core cannot read back every style and every union of types, and raises what comes.
            # A value that fits as it was given is no reason to refuse a request.
            key = ((param_or_header / "in").read_str("header"), (param_or_header / "name").read_str(""))
            if key not in self.typed_values:
                raise
            schema = _schema_of(param_or_header)
            found = self.typed_values[key], schema
            if schema is not None:
                self._validate_schema(schema, found[0])
        return found


class _ResponseMixin(_OneOperation):
    may_be_empty: bool
    """Whether the method or status is one that never has a body (RFC 9110), whatever the document says."""

    def _find_operation_response(self, status_code: int, operation: SchemaPath) -> SchemaPath:
        if "responses" not in operation:
            raise ResponseNotFound(str(status_code), [])
        responses = operation / "responses"
        keys = [str(key) for key in responses.keys()]  # noqa: SIM118  - a path has no iteration of its keys
        found = {key.upper(): key for key in keys if not key.startswith("x-")}  # `4xx` is meant as `4XX`
        for wanted in (str(status_code), f"{str(status_code)[0]}XX", "DEFAULT"):
            if wanted in found:
                return _child(responses, found[wanted])
        raise ResponseNotFound(str(status_code), list(found.values()))

    def _get_data(self, data: bytes | None, mimetype: str, operation_response: SchemaPath) -> Any:
        if "content" not in operation_response or not len(operation_response / "content"):
            if data and self.operation_method != "head":
                raise InvalidData from UndocumentedBodyError()
            return None
        if not data and self.may_be_empty:
            return None
        return super()._get_data(data, mimetype, operation_response)  # type: ignore[misc]


class _V30Request(_RequestMixin, V30RequestValidator):
    spec_validator_cls = None  # type: ignore[assignment]


class _V31Request(_RequestMixin, V31RequestValidator):
    spec_validator_cls = None  # type: ignore[assignment]


class _V30Response(_ResponseMixin, V30ResponseValidator):
    spec_validator_cls = None  # type: ignore[assignment]


class _V31Response(_ResponseMixin, V31ResponseValidator):
    spec_validator_cls = None  # type: ignore[assignment]


class _RequestView:
    """A request as openapi-core's protocol has it."""

    host_url = ""
    path = ""

    def __init__(
        self,
        method: str,
        content_type: str,
        body: bytes | None,
        path: Mapping[str, str],
        query: list[tuple[str, str]],
        headers: Mapping[str, str],
        cookies: Mapping[str, str],
    ) -> None:
        self.method = method
        self.content_type = content_type
        self.body = body
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(query),
            header=Headers(dict(headers)),
            cookie=ImmutableMultiDict(dict(cookies)),
            path=dict(path),
        )


def request_validator(
    spec: SchemaPath,
    version: str,
    path: str,
    method: str,
    typed_values: Mapping[tuple[str, str], Any],
    session: Session,
) -> Callable[..., Iterator[Exception]]:
    """Return a function that yields what openapi-core finds wrong with a request."""
    validators = SchemaValidators(
        version, "request", session, (spec / "jsonSchemaDialect").read_str(default="")
    )
    validator: Any = (_V30Request if version == "3.0" else _V31Request)(
        spec, schema_validators_factory=validators
    )
    validator.schema_validators = validators
    validator.operation_path, validator.operation_method = path, method
    validator.typed_values, validator.body_schemas = typed_values, []

    def errors(**request: Any) -> Iterator[Exception]:
        with warnings.catch_warnings():
            # "this parameter is deprecated": the help says so
            warnings.simplefilter("ignore", DeprecationWarning)
            yield from list(validator.iter_errors(_RequestView(method, **request)))

    return errors


class _Lowered(dict[str, str]):
    """Headers, found in any case (RFC 9110, section 5.1)."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__({name.lower(): value for name, value in headers.items()})

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())


_NO_REQUEST: Any = None  # it would only be used to find the operation


class _ResponseView:
    def __init__(self, status_code: int, content_type: str, data: bytes, headers: Mapping[str, str]) -> None:
        self.status_code = status_code
        self.content_type = content_type
        self.data = data
        self.headers = _Lowered(headers)


def response_validator(
    spec: SchemaPath,
    version: str,
    path: str,
    method: str,
    body_schemas: list[tuple[Any, Any]],
    session: Session,
) -> Callable[..., Iterator[Exception]]:
    """Return a function that yields what openapi-core finds wrong with an answer.

    Args:
        body_schemas: Filled with (schema, value) of the body that was judged.
    """
    validators = SchemaValidators(
        version, "response", session, (spec / "jsonSchemaDialect").read_str(default="")
    )
    validator: Any = (_V30Response if version == "3.0" else _V31Response)(
        spec, schema_validators_factory=validators
    )
    validator.schema_validators = validators
    validator.operation_path, validator.operation_method = path, method
    validator.body_schemas = body_schemas

    def errors(**response: Any) -> Iterator[Exception]:
        validator.may_be_empty = method == "head" or response["status_code"] in {204, 205, 304}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            yield from list(validator.iter_errors(_NO_REQUEST, _ResponseView(**response)))

    return errors
