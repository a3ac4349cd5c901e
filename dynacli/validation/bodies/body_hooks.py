"""Reading and judging bodies, and the values of parameters that have a media type: openapi-core's hooks for them.

Only `dynacli.validation.openapi_core_setup` imports this module.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from jsonschema_path import SchemaPath
from openapi_core.exceptions import OpenAPIError
from openapi_core.templating.media_types.datatypes import MediaType
from openapi_core.templating.media_types.exceptions import MediaTypeNotFound
from openapi_core.validation.schemas.exceptions import InvalidSchemaValue

from dynacli.validation import binary, streamed_body
from dynacli.validation.bodies import (
    item_schemas,
    media_type_match,
    read_body,
    read_forms,
    sequences,
)
from dynacli.validation.bodies.text_fields import child, form_of, kinds_of, plain_value, typed
from dynacli.validation.findings.finding import shortened
from dynacli.validation.judging_session import Session
from dynacli.validation.schemas.dialects import SchemaValidators

if TYPE_CHECKING:
    from dynacli.validation.judge_stream import Place

__all__ = ["FORM", "Bodies", "UncheckedError", "UnreadableError", "child", "kinds_of", "typed"]


class UncheckedError(read_body.UncheckedError, OpenAPIError):
    """The same, as one of openapi-core's, which it wraps and goes on behind."""


class UnreadableError(read_body.UnreadableError, OpenAPIError):
    """The same, as one of openapi-core's."""


@contextmanager
def _as_openapi_errors() -> Iterator[None]:
    try:
        yield
    except read_body.UncheckedError as error:
        raise UncheckedError(str(error)) from None
    except read_body.UnreadableError as error:
        raise UnreadableError(str(error)) from None


FORM = "application/x-www-form-urlencoded"
_FORM_DATA = "multipart/form-data"


class Bodies:
    """The part of a validator that reads and judges bodies."""

    schema_validators: SchemaValidators
    session: Session
    version: str
    operation_steps: tuple[str, ...]
    body_schemas: list[tuple[Any, Any, str]]
    """(schema, value, where in the body the value stands) of what was judged of a body."""

    def _find_media_type(self, content: SchemaPath, mimetype: str | None = None) -> MediaType:
        # openapi-core compares as it stands: parameters and case on the document's side,
        # and `*/*`, are not matched there.
        keys = list(content.str_keys())
        if mimetype is None:  # of a parameter: it has one only
            mimetype = keys[0] if keys else ""
        best = media_type_match.best_match(mimetype, keys)
        if best is None:
            unclear = [key for key in keys if not media_type_match.is_media_type(key)]
            if unclear:
                shown = f"`{unclear[0]}`" if unclear[0] else "an empty text"
                raise UncheckedError(f"the document has {shown} where a media type belongs")
            raise MediaTypeNotFound(mimetype, keys)
        name, parameters = media_type_match.split(mimetype)
        return MediaType(name, parameters, child(content, best))

    def _deserialise_media_type(
        self, media_type: SchemaPath, mimetype: str, parameters: Mapping[str, str], value: Any
    ) -> Any:
        if "schema" not in media_type and not media_type_match.is_json(mimetype):
            shown = f"`{mimetype}`" if mimetype else "a body without a media type"
            raise UncheckedError(f"the document gives no schema for {shown}")
        with _as_openapi_errors():
            if not mimetype and not _says_text(media_type / "schema"):
                return _assumed_json(value)
            if media_type_match.is_json(mimetype):
                if "schema" not in media_type:
                    self.session.note(f"the document gives no schema for `{mimetype}`")
                # openapi-core knows two JSON media types by name and takes all others for binary data.
                return read_body.read_json(value.encode() if isinstance(value, str) else value, parameters)
            is_other = mimetype.endswith(("xml", "yaml", "yml")) and not _is_text(media_type)
            is_written_form = mimetype == FORM and _says_text(media_type / "schema")
            if (mimetype.startswith("text/") and not is_other) or is_written_form:
                text = read_body.read_text(value.encode() if isinstance(value, str) else value, parameters)
                return text if _is_text(media_type) else plain_value(text)
        if mimetype == _FORM_DATA:
            with _as_openapi_errors():
                fields = list(read_forms.read_fields(value, parameters))
            return self._form(media_type / "schema", fields)
        if mimetype == FORM:
            fields = parse_qsl(value.decode("utf-8", "replace"), keep_blank_values=True)
            read: list[Any] = []
            if "encoding" in media_type:
                # Only openapi-core minds it. It stops at the first field that is not of its type, without saying
                # which one that is, and of alternatives it leaves out what is not of its type.
                with suppress(OpenAPIError):
                    read.append(
                        super()._deserialise_media_type(media_type, mimetype, parameters, value)  # type: ignore[misc]
                    )
            return self._form(media_type / "schema", fields, read)
        if not mimetype:
            raise UncheckedError("there is no media type, so nothing tells how to read the body")
        raise UncheckedError(f"a body of `{mimetype}` cannot be judged yet")

    def _form(self, schema: SchemaPath, fields: list[tuple[str, Any]], read: Sequence[Any] = ()) -> Any:
        """Return a form as it fits, if it does: nothing says whether `5` is a number or a text."""
        readings = [*read, *(form_of(schema, fields, is_text_first=one) for one in (True, False))]
        fitting = (one for one in readings if not self._errors(schema, one, None))
        return next(fitting, readings[0])

    def _get_content_and_schema(
        self, raw: Any, content: SchemaPath, mimetype: str | None = None
    ) -> tuple[Any, SchemaPath | None]:
        name, parameters, media_type = self._find_media_type(content, mimetype)
        has_schema = "schema" in media_type
        if has_schema:
            with media_type.resolve() as resolved:
                found: Any = resolved.contents
            if not isinstance(schema := found["schema"], Mapping | bool):
                shown = json.dumps(shortened(schema), ensure_ascii=False)
                raise UncheckedError(f"the document has `{shown}` where a schema belongs")
        if isinstance(raw, read_forms.UnreadBody):
            self._judge_size(media_type, name, raw)
            return None, None
        if "itemSchema" in media_type and (
            sequences.is_sequence(name) or sequences.is_sequence_of_parts(name)
        ):
            return self._judge_items(media_type, name, parameters, raw), None
        if has_schema and sequences.is_sequence(name) and not _says_text(media_type / "schema"):
            return self._judge_items(media_type, name, parameters, raw), None
        if isinstance(raw, streamed_body.Streamed):
            from dynacli.validation import judge_stream

            if has_schema and judge_stream.is_any_text((media_type / "schema").read_value()):
                return None, None
            with _as_openapi_errors():
                raw = raw.whole()
        if has_schema and media_type_match.is_binary(name) and _says_bytes(media_type / "schema"):
            schema = media_type / "schema"
            _raise_errors(raw, binary.errors(schema.read_value(), raw), schema)
            return raw, None
        judged: Any = super()._get_content_and_schema  # type: ignore[misc]
        if isinstance(raw, read_forms.FormValue) and has_schema:
            self._validate_schema(media_type / "schema", raw.value)
            return raw.value, None
        result: tuple[Any, SchemaPath | None] = judged(raw, content, mimetype)
        return result

    def _read_alone(self, raw: Any, content: SchemaPath, mimetype: str) -> None:
        """Read a body of which the document has the media types alone."""
        name, parameters, _ = self._find_media_type(content, mimetype)
        if media_type_match.is_json(name):
            with _as_openapi_errors():
                if isinstance(raw, read_forms.UnreadBody):
                    raise read_body.UncheckedError(raw.reason)
                read_body.read_json(
                    raw.whole() if isinstance(raw, streamed_body.Streamed) else raw, parameters
                )

    def _judge_size(self, media_type: SchemaPath, name: str, raw: read_forms.UnreadBody) -> None:
        """Judge what is known of a body that is read only while it is sent."""
        if not media_type_match.is_binary(name):
            raise UncheckedError(raw.reason)
        if "schema" in media_type:
            schema = media_type / "schema"
            found = binary.errors(schema.read_value(), raw)
            if found and raw.size is None:
                raise UncheckedError("the size of the body is not known before it is sent")
            _raise_errors(raw, found, schema)

    def _judge_items(self, media_type: SchemaPath, name: str, parameters: Mapping[str, str], raw: Any) -> Any:
        """Judge a sequence: each item by the schema of items, since 3.2 all by `schema` as if they were an array."""
        from dynacli.validation import judge_stream

        steps = item_schemas.item_schema(media_type, name, self.version)
        is_array = self.version >= "3.2" and "schema" in media_type
        of_all = self._place(media_type, ("schema",)) if is_array else None
        if steps is None and of_all is None:
            raise UncheckedError(_nothing_about_items(name, self.version))
        of_items = [] if steps is None else [self._place(media_type, steps)]
        if steps == ("itemSchema",) and of_all is not None and item_schemas.has_one_for_each(of_all.target):
            of_items.append(self._place(media_type, ("schema", "items")))
        is_stream = isinstance(raw, streamed_body.Streamed)
        with _as_openapi_errors():
            found: Any
            if isinstance(raw, read_forms.FormValue):
                found = [sequences.Item(value, 0) for value in raw.value]
            elif sequences.is_sequence_of_parts(name):
                found = [sequences.Item(value, 0) for value in sequences.read_items(name, parameters, raw)]
            else:
                found = sequences.items_of(name, parameters, raw if is_stream else (raw,))
            errors = judge_stream.sequence_errors(
                found, of_items, of_all, self.session, self.body_schemas, is_stream=is_stream
            )
        _raise_errors(None, errors, media_type)
        return None

    def _place(self, media_type: SchemaPath, steps: tuple[str, ...]) -> "Place":
        schema = media_type
        for step in steps:
            schema = schema / step
        from dynacli.validation.judge_stream import Place

        raw, errors = self._judge_of(schema)
        return Place(steps, raw, schema.read_value(), errors)

    def _validate_schema(self, schema: SchemaPath, value: Any) -> None:
        errors = self._errors(schema, value, "" if self._is_of_body(schema.parts) else None)
        _raise_errors(value, errors, schema)

    def _is_of_body(self, parts: tuple[Any, ...]) -> bool:
        """Return whether a place in the document is below a body; a parameter or header may have a media type, too."""
        below = parts[len(self.operation_steps) :]
        return below[:1] == ("requestBody",) or (below[:1] == ("responses",) and below[2:3] == ("content",))

    def _errors(self, schema: SchemaPath, value: Any, place: str | None) -> list[Any]:
        """Return what breaks a schema.

        Args:
            place: Where in the body the value stands; None where nobody asks what else it holds.
        """
        raw, errors = self._judge_of(schema)
        if place is not None:
            self.body_schemas.append((raw, value, place))
        return [one for one in errors(value) if not read_forms.is_about_bytes(one)]

    def _judge_of(self, schema: SchemaPath) -> tuple[Any, Callable[[Any], list[Any]]]:
        """Return a schema, and what tells how a value breaks it, which can be asked many times."""
        last = schema.parts[-1]
        with schema.parent.resolve() as resolved:
            # As it is written: openapi-core follows its `$ref` first and loses what stands beside it.
            contents: Any = resolved.contents
            validator = self.schema_validators.validator(contents[last], resolved.resolver)
        return contents[last], partial(self.schema_validators.errors, validator)


def _nothing_about_items(name: str, version: str) -> str:
    if name == "text/event-stream":
        return f"OpenAPI {version} does not say what the schema of `{name}` is about"
    return f"the document gives no schema for the items of `{name}`"


def _raise_errors(value: Any, errors: list[Any], place: SchemaPath) -> None:
    if errors:
        error = InvalidSchemaValue(value, "any", errors)
        # Where the schema stands, which the error does not say.
        error.schema_steps = list(place.parts)  # type: ignore[attr-defined]
        raise error


def _is_text(media_type: SchemaPath) -> bool:
    return "string" in kinds_of(media_type / "schema")


def _says_text(schema: SchemaPath) -> bool:
    return "type" in schema and "string" in kinds_of(schema)


def _assumed_json(value: Any) -> Any:
    """Return the value of a body without a media type, whose recipient may look at it (RFC 9110, section 8.3).

    Raises:
        UncheckedError: It is not JSON.
    """
    try:
        return read_body.read_json(value.encode() if isinstance(value, str) else value)
    except read_body.UnreadableError:
        raise read_body.UncheckedError(
            "there is no media type, and the body does not look like JSON"
        ) from None


def _says_bytes(schema: SchemaPath) -> bool:
    return _says_text(schema) or binary.is_of_bytes(schema.read_value())
