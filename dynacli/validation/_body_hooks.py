"""Validates bodies with compiled schemas, and chooses the schema for the items of a sequence or stream.

openapi-core gets the compiled schemas through its hook `schema_validators_factory`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from jsonschema_path import SchemaPath
from openapi_core.exceptions import OpenAPIError
from openapi_core.validation.schemas.exceptions import InvalidSchemaValue
from openapi_core.validation.schemas.factories import SchemaValidatorsFactory
from openapi_core.validation.schemas.validators import SchemaValidator

from dynacli.http.semantics import is_form, is_json, is_sent_as_bytes, is_sequence, is_structured, is_xml
from dynacli.openapi.model.media_types import is_binary, is_object_of_bytes
from dynacli.openapi.schema.evaluation.compiled_schema import TOO_DEEP, CompiledSchemas, ValidationNotes
from dynacli.openapi.schema.evaluation.schema_error import BinaryText, SchemaError, shortened_value
from dynacli.openapi.schema.evaluation.translation import SchemaSource, TooDeepError
from dynacli.openapi.schema.read_schema import Direction, Follow
from dynacli.validation import read_body, streamed_body
from dynacli.validation._text_fields import plain_value, types_or_string
from dynacli.validation.read_body import ValidatedValue

if TYPE_CHECKING:
    from dynacli.http.semantics import ReceivedBody
    from dynacli.validation._validate_items import PlacedSchema

_MAX_IN_ALL = 30_000
"""Maximum number of compiled schemas, because at `exact` nested branches are compiled at each level."""
_EVENT_FIELDS = frozenset({"data", "event", "id", "retry"})
FORM = "application/x-www-form-urlencoded"
_FORM_DATA = "multipart/form-data"
_ABOUT_BYTES = frozenset(
    {"minLength", "maxLength", "format", "contentMediaType", "contentEncoding", "title", "description"}
    | {"default", "example", "examples", "deprecated", "readOnly", "writeOnly", "externalDocs", "$comment"}
)
"""Keywords that may apply to bytes."""


class SchemaValidators(SchemaValidatorsFactory):
    """Evaluates the schemas for the messages of one direction of an operation.

    Args:
        version: The version of OpenAPI.
        direction: The direction of the messages.
        resolve: Returns the target of a reference, or raises `LookupError`.
        notes: Collects the reasons for parts that were not evaluated.
        dialect: The document's `jsonSchemaDialect`; empty if it has none.
    """

    def __init__(
        self,
        version: Any,
        direction: Direction,
        resolve: Callable[[str], Any],
        notes: ValidationNotes,
        dialect: str = "",
    ) -> None:
        self.version, self.direction, self.resolve, self.notes = version, direction, resolve, notes
        source = SchemaSource(version, direction, self._follow, dialect, notes.undefined_formats)
        self.schemas = CompiledSchemas(source, notes, _MAX_IN_ALL)

    def _follow(self, reference: str) -> tuple[Any, Follow]:
        return self.resolve(reference), self._follow

    def errors(self, schema: Any, value: Any) -> list[SchemaError]:
        """Return the errors of a value by a schema, and note a schema that cannot be evaluated."""
        compiled = self.schemas.compiled(schema)
        try:
            if compiled is not None:
                return compiled.errors(value)
        except (TooDeepError, RecursionError):
            pass
        self.notes.add_not_validated(TOO_DEEP)
        return []

    def create(self, spec: SchemaPath, schema: SchemaPath, *_: Any, **__: Any) -> SchemaValidator:  # noqa: ARG002
        """Return openapi-core's validator for a schema, which uses the compiled schema."""
        return SchemaValidator(schema, _Validator(self, schema.read_value()))


class _Validator:
    """A schema with the methods of jsonschema's protocol `Validator` that openapi-core uses."""

    def __init__(self, validators: SchemaValidators, schema: Any) -> None:
        self._validators, self._schema = validators, schema

    def iter_errors(self, value: Any) -> Iterator[SchemaError]:
        """Yield the errors of a value."""
        yield from self._validators.errors(self._schema, value)

    def evolve(self, *, schema: Any, **_: Any) -> _Validator:
        """Return the validator for another schema of the same document."""
        return _Validator(self._validators, schema)


class _Place(Protocol):
    """A location in the document with references followed, such as a `SchemaPath` of jsonschema-path."""

    def __contains__(self, key: str) -> bool: ...

    def __truediv__(self, key: Any) -> Any: ...

    def read_value(self) -> Any: ...


def _item_schema(media_type: _Place, name: str, version: str) -> tuple[str, ...] | None:
    """Return the steps from a Media Type Object to the schema for each item of the sequence.

    | the Media Type Object has | 3.0 and 3.1 | 3.2 |
    |---|---|---|
    | `itemSchema` | `itemSchema` | `itemSchema` |
    | `schema` of an array, with `items` | `schema/items` | `schema/items` |
    | `schema` of an array, without `items` | None | None |
    | `schema` that chooses between arrays | None | None |
    | `schema` that excludes arrays, such as an object | `schema` | `schema` |
    | any other `schema` | `schema` | None |

    If some alternatives of that other `schema` are arrays, it may also describe all items together, so a sequence is
    valid in either interpretation.
    OpenAPI 3.2.0, "Sequential Media Types": `schema` describes the whole sequence as if it were an array.
    A schema that excludes arrays can only describe each item.
    Older versions do not define its meaning: some documents mean the array of all items, others a single item.
    Both are supported.
    For events (`text/event-stream`) it may also describe the content of an event's `data`. So before 3.2, and if the
    schema excludes arrays, it counts only if it describes `data` and has no fields that events lack.

    Args:
        media_type: The Media Type Object.
        name: The media type's name in lower case.
        version: The version of OpenAPI: `3.0`, `3.1` or `3.2`.

    Returns:
        The steps; None if no schema describes a single item. Then `schema` may still describe all items together: in
            3.2, and if it chooses between arrays.
    """
    if "itemSchema" in media_type:
        return ("itemSchema",)
    if "schema" not in media_type:
        return None
    schema = (media_type / "schema").read_value()
    steps: tuple[str, ...] | None
    if _chooses_between_arrays(media_type / "schema"):
        steps = None
    elif _is_of_array(schema):
        steps = ("schema", "items") if _has_schema_for_each_item(schema) else None
    else:
        steps = ("schema",) if version < "3.2" or _excludes_arrays(media_type / "schema") else None
    if steps is not None and (version < "3.2" or steps == ("schema",)) and name == "text/event-stream":
        for step in steps:
            media_type = media_type / step
        return steps if _is_of_event(media_type.read_value()) else None
    return steps


def _chooses_between_arrays(schema: _Place) -> bool:
    """Return whether all alternatives of a schema are arrays, so that it describes all items of a sequence together."""
    alternatives = _are_arrays(schema)
    return bool(alternatives) and all(alternatives)


def _may_be_of_array(schema: _Place) -> bool:
    """Return whether some alternatives of a schema are arrays, so that it may describe all items or each item."""
    return any(_are_arrays(schema))


def _excludes_arrays(schema: _Place) -> bool:
    """Return whether a schema, or each of its alternatives, names a type other than array."""
    value = schema.read_value()
    kind = value.get("type") if isinstance(value, Mapping) else None
    if kind is not None:
        return not _is_of_array(value)
    for keyword in ("oneOf", "anyOf"):
        if keyword in schema:
            branches = schema / keyword
            count = len(branches.read_value())
            return count > 0 and all(_excludes_arrays(branches / index) for index in range(count))
    return False


def _are_arrays(schema: _Place) -> list[bool]:
    """Return for each alternative of a schema whether it is an array."""
    for keyword in ("oneOf", "anyOf"):
        branches = schema / keyword if keyword in schema else None
        count = len(branches.read_value()) if branches is not None else 0
        if branches is not None and count:
            return [_is_of_array((branches / index).read_value()) for index in range(count)]
    return []


def _has_schema_for_each_item(schema: Any) -> bool:
    """Return whether a schema of an array describes all items by the same `items`."""
    is_uniform = isinstance(schema, Mapping) and "prefixItems" not in schema
    return is_uniform and isinstance(schema.get("items"), Mapping | bool)


def _is_of_event(schema: Any) -> bool:
    """Return whether a Schema Object without `$ref` describes a server-sent event by its fields."""
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    return isinstance(properties, Mapping) and "data" in properties and properties.keys() <= _EVENT_FIELDS


def _is_of_array(schema: Any) -> bool:
    """Return whether a Schema Object without `$ref` describes an array."""
    if not isinstance(schema, Mapping):
        return False
    kind = schema.get("type")
    kinds = kind if isinstance(kind, list) else [kind]
    if kind is None:
        return "items" in schema or "prefixItems" in schema
    return "array" in kinds


class CoreNotValidatedError(read_body.NotValidatedError, OpenAPIError):
    """`read_body.NotValidatedError` as an error of openapi-core, which then continues with the next part."""


class CoreUnreadableError(read_body.UnreadableError, OpenAPIError):
    """`read_body.UnreadableError` as an error of openapi-core."""


@contextmanager
def _as_openapi_errors() -> Iterator[None]:
    try:
        yield
    except read_body.NotValidatedError as error:
        raise CoreNotValidatedError(str(error)) from None
    except read_body.UnreadableError as error:
        raise CoreUnreadableError(str(error)) from None


class BodyHooks:
    """The part of a validator that reads and validates bodies."""

    schema_validators: SchemaValidators
    notes: ValidationNotes
    version: str
    operation_steps: tuple[str, ...]
    body_values: list[ValidatedValue]
    """The validated values of the body."""
    received: ReceivedBody | None = None
    """The body of the response with its cached value."""
    _find_media_type: Any

    def _read_content(
        self,
        media_type: SchemaPath,
        mimetype: str,
        parameters: Mapping[str, str],
        value: Any,
        read_by_encoding: Callable[[], Any],
    ) -> Any:
        """Return the value of a body, or of a parameter with a media type."""
        if "schema" not in media_type and not is_json(mimetype):
            shown = f"`{mimetype}`" if mimetype else "a body without a media type"
            raise CoreNotValidatedError(f"the document gives no schema for {shown}")
        with _as_openapi_errors():
            if not mimetype and not _says_text(media_type / "schema"):
                return _assumed_json(value)
            if is_json(mimetype):
                if "schema" not in media_type:
                    self.notes.add_not_validated(f"the document gives no schema for `{mimetype}`")
                return self._read_json(value, parameters)
            is_value = is_structured(mimetype) and not _says_text(media_type / "schema")
            if not is_value and (mimetype.startswith("text/") or is_structured(mimetype)):
                text = read_body.read_text(value.encode() if isinstance(value, str) else value, parameters)
                return text if _is_of_strings(media_type) else plain_value(text)
        if mimetype == _FORM_DATA:
            with _as_openapi_errors():
                fields = list(read_body.read_fields(value, parameters))
            return self._form(media_type / "schema", fields)
        if is_value:
            read: list[Any] = []
            if mimetype == FORM and "encoding" in media_type:
                # Only openapi-core uses `encoding`. It fails at the first field with a wrong type without naming the
                # field, and drops alternatives with another type. Then the other readings are used.
                with suppress(OpenAPIError):
                    read.append(read_by_encoding())
            content = value.encode() if isinstance(value, str) else value
            return self._structured(media_type / "schema", mimetype, parameters, content, read)
        if not mimetype:
            raise CoreNotValidatedError("there is no media type, so nothing tells how to read the body")
        raise CoreNotValidatedError(f"a body of `{mimetype}` cannot be validated yet")

    def _form(self, schema: SchemaPath, fields: list[tuple[str, Any]]) -> Any:
        """Return the values of a multipart form."""
        from dynacli.media.text_values import form_value

        written, resolve = self._schema_and_errors(schema)[0], self.schema_validators.resolve
        readings = [form_value(fields, written, resolve, is_text_first=first) for first in (True, False)]
        return self._fitting(schema, readings)

    def _structured(
        self,
        schema: SchemaPath,
        mimetype: str,
        parameters: Mapping[str, str],
        content: bytes,
        read: Sequence[Any],
    ) -> Any:
        """Return the value of a body of YAML, XML, a form, CBOR or MessagePack.

        Args:
            content: The body.
            read: Values of the body to try before the usual ones.
        """
        from dynacli.media.body_value import NoValueError, structured_value
        from dynacli.media.text_values import BodySchema

        charset = f"; charset={parameters['charset']}" if "charset" in parameters else ""
        described = BodySchema(self._schema_and_errors(schema)[0], self.schema_validators.resolve)

        def reading(*, is_text_first: bool) -> Any:
            try:
                return structured_value(content, mimetype + charset, described, is_text_first=is_text_first)
            except NoValueError as error:
                kind = CoreNotValidatedError if error.hint else CoreUnreadableError
                raise kind(f"the body{str(error).removeprefix('it')}") from None

        is_typed = is_form(mimetype) or is_xml(mimetype)
        usual = [reading(is_text_first=is_text_first) for is_text_first in (True, False)[: 1 + is_typed]]
        return self._fitting(schema, [*read, *usual])

    def _fitting(self, schema: SchemaPath, readings: Sequence[Any]) -> Any:
        """Return the first value that matches the schema, else the first one: `5` may be a number or a string."""
        if len(readings) == 1:
            return readings[0]
        fitting = (value for value in readings if not self._errors(schema, value, None))
        return next(fitting, readings[0])

    def _validate_content(
        self, raw: Any, content: SchemaPath, mimetype: str | None, inherited: Callable[..., Any]
    ) -> tuple[Any, SchemaPath | None]:
        """Validate a body, or a parameter with a media type. The result is the same as for openapi-core's method."""
        name, parameters, media_type = self._find_media_type(content, mimetype)
        has_schema = "schema" in media_type
        if isinstance(raw, streamed_body.StreamedBody) and raw.media_type:
            if not has_schema:
                raise CoreNotValidatedError(_nothing_about_items(name, self.version))
            name = raw.media_type
        if has_schema:
            found: Any = media_type.read_value()
            if not isinstance(schema := found["schema"], Mapping | bool):
                shown = json.dumps(shortened_value(schema), ensure_ascii=False)
                raise CoreNotValidatedError(f"the document has `{shown}` instead of a schema")
        if isinstance(raw, read_body.UnreadBody):
            self._validate_size(media_type, name, raw)
            return None, None
        if "itemSchema" in media_type and (is_sequence(name) or streamed_body.is_sequence_of_parts(name)):
            return self._validate_items(media_type, name, parameters, raw), None
        if has_schema and is_sequence(name) and not _says_text(media_type / "schema"):
            return self._validate_items(media_type, name, parameters, raw), None
        if isinstance(raw, streamed_body.StreamedBody):
            from dynacli.validation import _validate_items as validate_items

            if has_schema and validate_items.is_any_text((media_type / "schema").read_value()):
                return None, None
            with _as_openapi_errors():
                raw = raw.whole()
        if has_schema and _is_sent_as_bytes(name, media_type / "schema"):
            schema = media_type / "schema"
            _raise_errors(raw, self._length_errors(schema, raw), schema)
            return raw, None
        if isinstance(raw, read_body.FormValue) and has_schema:
            for value in _as_described(raw.value, media_type / "schema"):
                self._validate_value(media_type / "schema", value)
            return raw.value, None
        try:
            result: tuple[Any, SchemaPath | None] = inherited(raw, content, mimetype)
        except InvalidSchemaValue as error:
            if is_json(name) and _describes_bytes(media_type / "schema"):
                return raw, None  # the document has no schema for this JSON
            if has_schema and is_xml(name):
                error.schema_errors = [*self._root_errors(media_type / "schema", raw), *error.schema_errors]
            raise
        if has_schema and is_xml(name):
            _raise_errors(raw, self._root_errors(media_type / "schema", raw), media_type / "schema")
        return result

    def _root_errors(self, schema: SchemaPath, raw: bytes) -> list[Any]:
        """Return the error for the root element of a response, if its name differs from the document.

        If the name in the document is only the name of a component, the finding is tolerated: before version 3.2,
        OpenAPI does not require it.
        """
        if self.schema_validators.direction == "request" or _says_text(schema):
            return []
        from dynacli.media.body_value import xml_root
        from dynacli.media.text_values import BodySchema

        written = self._schema_and_errors(schema)[0]
        root = xml_root(raw, BodySchema(written, self.schema_validators.resolve))
        if root.found == root.expected:
            return []
        return [
            SchemaError(
                "xml",
                root.expected,
                root.found,
                schema=written,
                schema_path=root.steps,
                is_minor=root.is_inferred,
            )
        ]

    def _read_alone(self, raw: Any, content: SchemaPath, mimetype: str) -> None:
        """Check that a body can be read as its media type, if the document has no schema for it."""
        name, parameters, _ = self._find_media_type(content, mimetype)
        is_lines = isinstance(raw, streamed_body.StreamedBody) and bool(raw.media_type)
        if is_json(name) and not is_lines:
            with _as_openapi_errors():
                if isinstance(raw, read_body.UnreadBody):
                    raise read_body.NotValidatedError(raw.reason)
                self._read_json(
                    raw.whole() if isinstance(raw, streamed_body.StreamedBody) else raw, parameters
                )

    def _read_json(self, value: str | bytes, parameters: Mapping[str, str]) -> Any:
        """Return the value of JSON, which may be the whole body, with the errors of `read_body.read_json_body`."""
        if self.received is not None and value is self.received.content:
            return self.received.value("strict", partial(read_body.read_json_body, parameters=parameters))
        return read_body.read_json_body(value.encode() if isinstance(value, str) else value, parameters)

    def _validate_size(self, media_type: SchemaPath, name: str, raw: read_body.UnreadBody) -> None:
        """Validate the size of a body that is not in memory."""
        has_value = is_structured(name) and "schema" in media_type
        if not is_sent_as_bytes(name) or (has_value and not _is_sent_as_bytes(name, media_type / "schema")):
            raise CoreNotValidatedError(raw.reason)
        if "schema" in media_type:
            schema = media_type / "schema"
            found = self._length_errors(schema, raw)
            if found and raw.size is None:
                raise CoreNotValidatedError("the size of the body is not known before it is sent")
            _raise_errors(raw, found, schema)

    def _length_errors(self, schema: SchemaPath, value: Sized) -> list[Any]:
        """Return the errors in the length of a body of bytes. All other keywords apply to text.

        OpenAPI 3.1.1, "Working With Binary Data": raw bytes have no JSON Schema type, but `maxLength` may limit their
        number.
        """
        return self._errors(schema, BinaryText(len(value)), None)

    def _validate_items(
        self, media_type: SchemaPath, name: str, parameters: Mapping[str, str], raw: Any
    ) -> Any:
        """Validate each item of a sequence by the schema of items, and since 3.2 all items as an array by `schema`.

        In every version, a `schema` that excludes arrays describes the items.
        """
        from dynacli.validation import _validate_items as validate_items

        steps = _item_schema(media_type, name, self.version)
        is_of_item = steps == ("schema",)
        is_array = "schema" in media_type and (
            (self.version >= "3.2" and not is_of_item) or _chooses_between_arrays(media_type / "schema")
        )
        is_either = not is_array and is_of_item and _may_be_of_array(media_type / "schema")
        of_all = self._placed_schema(media_type, ("schema",)) if is_array or is_either else None
        if steps is None and of_all is None:
            raise CoreNotValidatedError(_nothing_about_items(name, self.version))
        of_items = [] if steps is None else [self._placed_schema(media_type, steps)]
        if steps == ("itemSchema",) and of_all is not None and _has_schema_for_each_item(of_all.target):
            of_items.append(self._placed_schema(media_type, ("schema", "items")))
        is_stream = isinstance(raw, streamed_body.StreamedBody)
        with _as_openapi_errors():
            found: Any
            if isinstance(raw, read_body.FormValue):
                found = [streamed_body.Item(value, 0) for value in raw.value]
            elif streamed_body.is_sequence_of_parts(name):
                found = [
                    streamed_body.Item(value, 0) for value in streamed_body.read_items(name, parameters, raw)
                ]
            else:
                found = streamed_body.streamed_items(name, parameters, raw if is_stream else (raw,))
            errors = validate_items.sequence_errors(
                found,
                of_items,
                of_all,
                self.notes,
                self.body_values,
                is_stream=is_stream,
                is_either=is_either,
            )
        _raise_errors(None, errors, media_type)
        return None

    def _placed_schema(self, media_type: SchemaPath, steps: tuple[str, ...]) -> PlacedSchema:
        from dynacli.validation._validate_items import PlacedSchema

        schema = media_type
        for step in steps:
            schema = schema / step
        written, errors = self._schema_and_errors(schema)
        return PlacedSchema(steps, written, schema.read_value(), errors)

    def _validate_value(self, schema: SchemaPath, value: Any) -> None:
        errors = self._errors(schema, value, "" if self._is_of_body(schema.parts) else None)
        _raise_errors(value, errors, schema)

    def _is_of_body(self, parts: tuple[Any, ...]) -> bool:
        """Return whether a location in the document is in a body, not in the `content` of a parameter or header."""
        below = parts[len(self.operation_steps) :]
        return below[:1] == ("requestBody",) or (below[:1] == ("responses",) and below[2:3] == ("content",))

    def _errors(self, schema: SchemaPath, value: Any, pointer: str | None) -> list[Any]:
        """Return the errors of a value.

        Args:
            schema: The schema.
            value: The value.
            pointer: JSON pointer to the value in the body; None if the value is not a part of a body.
        """
        written, errors = self._schema_and_errors(schema)
        if pointer is not None:
            self.body_values.append(ValidatedValue(written, value, pointer))
        return [error for error in errors(value) if not read_body.is_about_bytes(error)]

    def _schema_and_errors(self, schema: SchemaPath) -> tuple[Any, Callable[[Any], list[Any]]]:
        """Return the unresolved schema, and a function that returns the errors of a value."""
        # Read from the parent, because openapi-core follows a `$ref` at once and loses the keywords beside it.
        parent: Any = schema.parent.read_value()
        written = parent[schema.parts[-1]]
        return written, partial(self.schema_validators.errors, written)


def _nothing_about_items(name: str, version: str) -> str:
    if name == "text/event-stream":
        return f"OpenAPI {version} does not say what the schema of `{name}` is about"
    return f"the document gives no schema for the items of `{name}`"


def _raise_errors(value: Any, errors: list[Any], place: SchemaPath) -> None:
    if errors:
        error = InvalidSchemaValue(value, "any", errors)
        # The error itself does not know the location of its schema.
        error.schema_steps = list(place.parts)  # type: ignore[attr-defined]
        raise error


def _is_of_strings(media_type: SchemaPath) -> bool:
    return "string" in types_or_string(media_type / "schema")


def _says_text(schema: SchemaPath) -> bool:
    return "type" in schema and "string" in types_or_string(schema)


def _assumed_json(value: Any) -> Any:
    """Return the value of a body without a media type, which may be guessed (RFC 9110, section 8.3).

    Raises:
        NotValidatedError: The body is not JSON.
    """
    try:
        return read_body.read_json_body(value.encode() if isinstance(value, str) else value)
    except read_body.UnreadableError:
        raise read_body.NotValidatedError(
            "there is no media type, and the body does not look like JSON"
        ) from None


def _is_sent_as_bytes(name: str, schema: SchemaPath) -> bool:
    """Return whether a body is bytes, so that only its length is validated."""
    if not is_sent_as_bytes(name) and not name.startswith("text/"):
        return False
    value = schema.read_value()
    if isinstance(value, Mapping) and is_object_of_bytes(value):
        return True
    # OpenAPI 3.1.1, "Working With Binary Data": the schema of bytes has no `type`.
    is_about_bytes = value is True or (isinstance(value, Mapping) and _ABOUT_BYTES.issuperset(value))
    says_bytes = _says_text(schema) or is_about_bytes
    return says_bytes and is_sent_as_bytes(name)


def _describes_bytes(schema: SchemaPath) -> bool:
    value = schema.read_value()
    return isinstance(value, Mapping) and is_binary(value)


def _as_described(form: Any, schema: SchemaPath) -> Iterator[Any]:
    """Yield the value of named parts in the type of its schema; nothing if the schema is bytes.

    If the schema is an array, each item is a part.
    """
    types = types_or_string(schema) if "type" in schema else []
    if not isinstance(form, dict) or not {"string", "array"}.intersection(types):
        yield form
    elif "array" in types:
        values = form.values()
        yield [item for value in values for item in (value if isinstance(value, list) else [value])]
