"""Overrides private methods of openapi-core, each with a comment on the behaviour that requires it.

All are methods of `openapi_core.validation` that have no public alternative. A test runs openapi-core without each
override, and fails if an override has become unnecessary.
https://github.com/python-openapi/openapi-core/tree/0.23.1/openapi_core/validation

Only `dynacli.validation._openapi_core_setup` imports this module.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import unquote_to_bytes

from jsonschema_path import SchemaPath
from openapi_core.exceptions import OpenAPIError
from openapi_core.templating.media_types.datatypes import MediaType
from openapi_core.templating.media_types.exceptions import MediaTypeNotFound
from openapi_core.templating.responses.exceptions import ResponseNotFound
from openapi_core.validation.request.exceptions import InvalidParameter, InvalidRequestBody, MissingParameter
from openapi_core.validation.response.exceptions import InvalidData

from dynacli.http.semantics import best_match, is_media_type, split_media_type
from dynacli.openapi.catalog.catalog_file import DamagedCatalogError
from dynacli.openapi.model.operation import IGNORED_HEADERS, documented_status, explodes, style_of
from dynacli.openapi.schema.evaluation.compiled_schema import TOO_DEEP
from dynacli.validation._body_hooks import FORM, BodyHooks, CoreNotValidatedError
from dynacli.validation._header_hooks import HeaderHooks, note_place
from dynacli.validation.finding import reason_of
from dynacli.validation.operation_document import child_path

_LIMITS = frozenset(
    {"pattern", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}
    | {"minLength", "maxLength", "minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"}
)


class NotedError(OpenAPIError):
    """A part could not be validated, and the notes have the reason."""


class UndocumentedBodyError(OpenAPIError):
    """The response has a body, but the document describes none."""


class _Overrides(BodyHooks):
    """The overrides for requests and responses."""

    spec: SchemaPath
    spec_validator_cls = None  # the compiler has already validated the document
    operation_steps: tuple[str, ...]
    style_deserializers_factory: Any

    def _deserialise_style(
        self, param_or_header: SchemaPath, location: Mapping[str, Any], name: str | None = None
    ) -> Any:
        # openapi-core warns about an unknown style, and uses the text as the value.
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
        """Turn an exception in a part of a message into a note, so that the other parts are validated.

        Args:
            part: Name of the part in the note.
            place: Location of the part in the document, for errors without a more exact one.
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
            raise wrapper() from CoreNotValidatedError(TOO_DEEP)
        except Exception as error:  # noqa: BLE001  - as in `Validator`: the document is to blame, and the rest can be validated
            self.notes.add_failure(f"{part}: {reason_of(error)}")
            raise wrapper() from NotedError()

    def _find_media_type(self, content: SchemaPath, mimetype: str | None = None) -> MediaType:
        # openapi-core compares media types literally, so it does not match `*/*` or keys with parameters or capital
        # letters.
        keys = list(content.str_keys())
        if mimetype is None:  # the `content` of a parameter has one media type
            mimetype = keys[0] if keys else ""
        best = best_match(mimetype, keys)
        if best is None:
            unclear = [key for key in keys if not is_media_type(key)]
            if unclear:
                shown = f"`{unclear[0]}`" if unclear[0] else "an empty text"
                raise CoreNotValidatedError(f"the document has {shown} instead of a media type")
            raise MediaTypeNotFound(mimetype, keys)
        name, parameters = split_media_type(mimetype)
        return MediaType(name, parameters, child_path(content, best))

    def _deserialise_media_type(
        self, media_type: SchemaPath, mimetype: str, parameters: Mapping[str, str], value: Any
    ) -> Any:
        # openapi-core knows two JSON media types, and treats all others as binary data.
        inherited: Any = super()._deserialise_media_type  # type: ignore[misc]
        read_by_encoding = partial(inherited, media_type, mimetype, parameters, value)
        return self._read_content(media_type, mimetype, parameters, value, read_by_encoding)

    def _get_content_and_schema(
        self, raw: Any, content: SchemaPath, mimetype: str | None = None
    ) -> tuple[Any, SchemaPath | None]:
        # openapi-core reads each body as one value, including sequences, files and streams.
        return self._validate_content(raw, content, mimetype, super()._get_content_and_schema)  # type: ignore[misc]

    def _validate_schema(self, schema: SchemaPath, value: Any) -> None:
        # openapi-core follows a `$ref` before it evaluates, and loses the schema's location and the keywords beside it.
        self._validate_value(schema, value)


def _schema_of(parameter: SchemaPath) -> SchemaPath | None:
    if "schema" in parameter:
        return parameter / "schema"
    for _, media_type in (parameter / "content").str_items() if "content" in parameter else ():
        if "schema" in media_type:
            return media_type / "schema"
    return None


def _is_sent(name: str, location: Mapping[str, Any]) -> bool:
    return name in location or any(key.startswith(f"{name}[") for key in location)


class RequestOverrides(_Overrides):
    """The overrides for requests."""

    typed_values: Mapping[tuple[str, str], Any]
    """As in `ValidatedRequest.values`."""

    def _get_parameter(self, parameters: Any, param: SchemaPath) -> Any:
        # openapi-core requires `Accept`, `Content-Type` and `Authorization`, which must be ignored (OpenAPI 3.1.1,
        # "Parameter Object"). An exception in one parameter ends the validation of all.
        inherited: Any = super()._get_parameter  # type: ignore[misc]
        name, location = (param / "name").read_str(""), (param / "in").read_str("")
        if location == "header" and name.lower() in IGNORED_HEADERS:
            raise MissingParameter(name, location)
        with self._guarded(f"{location} `{name}`", param, lambda: InvalidParameter(name, location)):
            value = inherited(parameters, param)
        if location == "querystring":
            # The value was validated, but openapi-core cannot store it, so it continues without the value.
            raise MissingParameter(name, location)
        return value

    def _errors(self, schema: SchemaPath, value: Any, pointer: str | None) -> list[Any]:
        errors = super()._errors(schema, value, pointer)
        if errors:
            _forgive_examples(errors, schema, self.schema_validators.resolve)
        return errors

    def _get_body(self, body: Any, mimetype: str, operation: SchemaPath) -> Any:
        # An exception in the body would end the validation by openapi-core.
        with self._guarded("the body", operation / "requestBody", InvalidRequestBody):
            return super()._get_body(body, mimetype, operation)  # type: ignore[misc]

    def _get_media_type_value(
        self, param_or_header: SchemaPath, location: Mapping[str, Any], name: str | None = None
    ) -> Any:
        # openapi-core passes text of the query, which deserialisers of media types do not accept.
        inherited: Any = super()._get_media_type_value  # type: ignore[misc]
        value = inherited(param_or_header, location, name=name)
        if (param_or_header / "in").read_str("header") != "querystring":
            return value
        media_type = next(iter((param_or_header / "content").str_keys()), "")
        # A form is percent-encoded like a query, so it is read from the undecoded query.
        is_form = split_media_type(media_type)[0] == FORM
        return value.encode() if is_form else unquote_to_bytes(value)

    def _get_param_or_header_and_schema(
        self, param_or_header: SchemaPath, location: Mapping[str, Any], name: str | None = None
    ) -> tuple[Any, SchemaPath | None]:
        inherited: Any = super()._get_param_or_header_and_schema  # type: ignore[misc]
        found: tuple[Any, SchemaPath | None]
        try:
            found = inherited(param_or_header, location, name=name)
        except (RecursionError, DamagedCatalogError, CoreNotValidatedError):
            raise
        except Exception:
            # openapi-core cannot read every style and every union of types, and raises various exceptions. Then the
            # original value of the text is validated instead.
            key = ((param_or_header / "in").read_str("header"), (param_or_header / "name").read_str(""))
            schema = _schema_of(param_or_header)
            if key not in self.typed_values:
                has_default = schema is not None and "default" in schema
                is_deep = (param_or_header / "style").read_str("") == "deepObject"
                if not _is_sent(key[1], location) and (has_default or is_deep):
                    # The parameter was not sent. Before it checks for a value, openapi-core reports errors of the
                    # document's default, or of a `deepObject` that is not an object.
                    raise KeyError(key[1]) from None
                raise
            if self.typed_values[key] == "" and (param_or_header / "allowEmptyValue").read_bool(
                default=False
            ):
                # An empty value means that the parameter is unused, for any type (OpenAPI 3.0.4).
                return "", None
            found = self.typed_values[key], schema
            if schema is not None:
                self._validate_schema(schema, found[0])
        return found


class ResponseOverrides(HeaderHooks, _Overrides):
    """The overrides for responses."""

    may_be_empty: bool
    """Whether the method or status forbids a body (RFC 9110), even if the document describes one."""
    is_swagger: bool
    """Whether the document is Swagger 2.0, in which a response without a schema has no content."""

    def _find_operation_response(self, status_code: int, operation: SchemaPath) -> SchemaPath:
        # openapi-core does not know lower-case `2xx`, and fails without `responses`.
        if "responses" not in operation:
            raise ResponseNotFound(str(status_code), [])
        responses = operation / "responses"
        keys = [str(key) for key in responses.keys()]  # noqa: SIM118  - a SchemaPath cannot be iterated
        key = documented_status(status_code, keys)
        if not key:
            raise ResponseNotFound(str(status_code), [key for key in keys if not key.startswith("x-")])
        self.responses = responses, key
        return child_path(responses, key)

    def _get_data(self, data: bytes | None, mimetype: str, operation_response: SchemaPath) -> Any:
        # openapi-core expects a body for 204 and HEAD, and accepts an undocumented body.
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

    def _get_headers(self, headers: Any, operation_response: SchemaPath) -> dict[str, Any]:
        # openapi-core validates the default of a missing header, cannot read a header with several types, and stops at
        # the first exception.
        self._validate_headers(headers, operation_response)
        return {}

    def _has_no_schema_of_swagger(self, content: SchemaPath) -> bool:
        """Return whether a Swagger 2.0 document lists media types for the body (`produces`), but has no schema."""
        return self.is_swagger and not any("schema" in media_type for _, media_type in content.str_items())


def _forgive_examples(errors: Iterable[Any], schema: SchemaPath, resolve: Callable[[str], Any]) -> None:
    """Mark errors as minor if an example in the document violates the same limit.

    The document contradicts itself, so the real limit of the server is unknown.

    Args:
        errors: Errors by the schema.
        schema: The schema of a parameter, or of a body with a media type.
        resolve: Returns the target of a reference, or raises `LookupError`.
    """
    from dynacli.openapi.document.json_trees import is_same_json

    for error in errors:
        if error.validator in _LIMITS and not error.is_minor:
            examples = _examples_of_place(error, schema, resolve)
            error.is_minor = error.is_example = any(
                is_same_json(error.instance, example) for example in examples
            )


def _examples_of_place(error: Any, schema: SchemaPath, resolve: Callable[[str], Any]) -> Iterator[Any]:
    """Yield the examples for the location of an error: first from its schema, then from the parameter or media type."""
    from dynacli.openapi.schema.documented_values import example_values_of, walk_value

    own = error.schema if isinstance(error.schema, Mapping) else {}
    yield from (own[keyword] for keyword in ("example", "default") if keyword in own)
    if isinstance(own.get("examples"), list):
        yield from own["examples"]
    holder: Any = schema.parent.read_value()
    for example in example_values_of(holder, resolve):
        yield from walk_value(example, tuple(map(str, error.absolute_path)))
