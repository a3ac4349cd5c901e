"""openapi-core, set up for one operation.

Only `dynacli.validation.engine` imports this module; it makes the import fast.
The validators are openapi-core's own. What is changed goes through their hooks, each for a reason given there.
"""

import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from jsonschema_path import SchemaPath
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from openapi_core.templating.media_types.datatypes import MediaType
from openapi_core.templating.media_types.exceptions import MediaTypeNotFound
from openapi_core.templating.paths.datatypes import PathOperationServer
from openapi_core.templating.responses.exceptions import ResponseNotFound
from openapi_core.validation.request.validators import V30RequestValidator, V31RequestValidator
from openapi_core.validation.response.validators import V30ResponseValidator, V31ResponseValidator
from openapi_core.validation.schemas.exceptions import InvalidSchemaValue
from werkzeug.datastructures import Headers, ImmutableMultiDict

__all__ = [
    "MediaTypeNotFound",
    "OpenAPIError",
    "ResponseNotFound",
    "UncheckedError",
    "UnreadableError",
    "make_path",
    "request_validator",
    "response_validator",
]


class UncheckedError(OpenAPIError):
    """A value cannot be judged; the text says why."""


class UnreadableError(OpenAPIError):
    """A body is not what its media type says; the text says why."""


def _deny(uri: str) -> Any:
    raise LookupError(f"references to {uri.partition(':')[0]}: are never followed here")


# The compiler has refused every reference that leaves the document; this stands behind it.
# Without it jsonschema-path fetches `$dynamicRef` URLs while an answer is validated.
_DENY_ALL = {"<all_urls>": _deny, "http": _deny, "https": _deny, "file": _deny, "": _deny}


def make_path(document: dict[str, Any]) -> SchemaPath:
    """Return openapi-core's view of a document, which fetches nothing."""
    return SchemaPath.from_dict(document, handlers=_DENY_ALL)


class _NoTemplate:
    """What a match of the URL against a template would have found: nothing; the values are known."""

    variables: Mapping[str, str] = {}


class _OneOperation:
    """What both validators do differently: there is one operation, and it is known."""

    spec: SchemaPath
    operation_path: str
    operation_method: str
    body_schemas: list[tuple[Any, Any]]
    """(schema, value) of the bodies that were judged."""

    def _find_path(self, request: Any) -> PathOperationServer:  # noqa: ARG002
        # Not found by matching the URL: real documents have paths that differ only in a fragment,
        # templates inside a segment, servers that were overridden.
        path = self.spec / "paths" / self.operation_path
        return PathOperationServer(path, path / self.operation_method, None, _NoTemplate, None)

    def _find_media_type(self, content: SchemaPath, mimetype: str | None = None) -> MediaType:
        # openapi-core compares as it stands: parameters and case on the document's side,
        # and `*/*`, are not matched there as RFC 9110 (section 8.3 and 12.5.1) has it.
        if not mimetype:
            raise MediaTypeNotFound(mimetype or "", list(content.str_keys()))
        name, parameters = _split_media_type(mimetype)
        best: tuple[int, str, SchemaPath] | None = None
        for key, value in content.str_items():
            rank = _match_rank(name, parameters, key)
            if rank and (best is None or rank > best[0]):
                best = (rank, key, value)
        if best is None:
            raise MediaTypeNotFound(mimetype, list(content.str_keys()))
        return MediaType(name, parameters, best[2])

    def _deserialise_media_type(
        self, media_type: SchemaPath, mimetype: str, parameters: Mapping[str, str], value: bytes
    ) -> Any:
        if mimetype.endswith(("/json", "+json")):
            # openapi-core knows two JSON media types by name and takes all others for binary data.
            return read_json(value, parameters)
        if "schema" not in media_type:
            raise UncheckedError(f"the document gives no schema for `{mimetype}`")
        if mimetype.startswith("text/"):
            return value.decode(parameters.get("charset", "utf-8"), errors="replace")
        if mimetype == "application/x-www-form-urlencoded":
            return super()._deserialise_media_type(media_type, mimetype, parameters, value)  # type: ignore[misc]
        raise UncheckedError(f"a body of `{mimetype}` cannot be judged yet")

    def _validate_schema(self, schema: SchemaPath, value: Any) -> None:
        if "content" in schema.parts:
            with schema.resolve() as resolved:
                self.body_schemas.append((resolved.contents, value))
        try:
            super()._validate_schema(schema, value)  # type: ignore[misc]
        except InvalidSchemaValue as error:
            error.schema_steps = list(schema.parts)  # type: ignore[attr-defined]  # where the schema stands, which the error does not say
            raise


def read_json(value: bytes, parameters: Mapping[str, str] | None = None) -> Any:
    """Return a JSON body.

    Raises:
        UnreadableError: It is not JSON.
    """
    charset = (parameters or {}).get("charset", "utf-8")
    try:
        text = value.decode("utf-8-sig" if charset.lower() in {"utf-8", "utf8"} else charset)
    except (UnicodeDecodeError, LookupError):
        raise UnreadableError(f"the body is not text in {charset}") from None
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise UnreadableError(
            f"the body is not JSON: {error.msg[0].lower()}{error.msg[1:]} at {place}"
        ) from None
    except ValueError as error:
        raise UnreadableError(f"the body is not JSON: {error}") from None
    except RecursionError:
        raise UnreadableError("the body is nested too deeply to be read") from None


def _refuse_constant(constant: str) -> Any:
    raise ValueError(f"`{constant}` is no JSON value")


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
        except OpenAPIError:
            # openapi-core cannot read back every style and every union of types.
            # A value that fits as it was given is no reason to refuse a request.
            key = ((param_or_header / "in").read_str("header"), (param_or_header / "name").read_str(""))
            if key not in self.typed_values or "schema" not in param_or_header:
                raise
            found = self.typed_values[key], param_or_header / "schema"
            self._validate_schema(param_or_header / "schema", found[0])
        return found


class _ResponseMixin(_OneOperation):
    def _find_operation_response(self, status_code: int, operation: SchemaPath) -> SchemaPath:
        if "responses" not in operation:
            raise ResponseNotFound(str(status_code), [])
        responses = operation / "responses"
        found = {key.upper(): key for key in map(str, responses.keys())}  # `4xx` is meant as `4XX`
        for wanted in (str(status_code), f"{str(status_code)[0]}XX", "DEFAULT"):
            if wanted in found:
                return responses / found[wanted]
        raise ResponseNotFound(str(status_code), list(found.values()))


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
    spec: SchemaPath, dialect: str, path: str, method: str, typed_values: Mapping[tuple[str, str], Any]
) -> Callable[..., Iterator[Exception]]:
    """Return a function that yields what openapi-core finds wrong with a request."""
    validator = (_V30Request if dialect == "3.0" else _V31Request)(spec)
    validator.operation_path, validator.operation_method = path, method
    validator.typed_values, validator.body_schemas = typed_values, []

    def errors(**request: Any) -> Iterator[Exception]:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", DeprecationWarning
            )  # "this parameter is deprecated": the help says so
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
    spec: SchemaPath, dialect: str, path: str, method: str, body_schemas: list[tuple[Any, Any]]
) -> Callable[..., Iterator[Exception]]:
    """Return a function that yields what openapi-core finds wrong with an answer.

    Args:
        body_schemas: Filled with (schema, value) of the body that was judged.
    """
    validator = (_V30Response if dialect == "3.0" else _V31Response)(spec)
    validator.operation_path, validator.operation_method = path, method
    validator.body_schemas = body_schemas

    def errors(**response: Any) -> Iterator[Exception]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            yield from list(validator.iter_errors(_NO_REQUEST, _ResponseView(**response)))

    return errors


def _split_media_type(text: str) -> tuple[str, dict[str, str]]:
    name, *rest = text.split(";")
    parameters = {}
    for item in rest:
        key, has_value, value = item.partition("=")
        if has_value:
            parameters[key.strip().lower()] = value.strip().strip('"')
    return name.strip().lower(), parameters


def _match_rank(name: str, parameters: Mapping[str, str], key: str) -> int:
    """Return how closely a media type or range of the document matches; 0 when it does not."""
    wanted, wanted_parameters = _split_media_type(key)
    if wanted == name:
        same = sum(
            1
            for item, value in wanted_parameters.items()
            if parameters.get(item, "").lower() == value.lower()
        )
        return 10 + same
    main = name.partition("/")[0]
    if wanted == f"{main}/*":
        return 2
    return 1 if wanted in {"*/*", "*"} else 0
