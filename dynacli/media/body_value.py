"""The value of a body, by its media type."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from dynacli.errors import DocumentError
from dynacli.http.semantics import (
    ReceivedBody,
    is_cbor,
    is_json_lines,
    is_json_sequence,
    is_msgpack,
    is_structured,
    is_xml,
    is_yaml,
    split_media_type,
)
from dynacli.openapi.model.find_items import Items, find_items, items_at
from dynacli.openapi.model.wording import counted, enumerated
from dynacli.openapi.schema.read_schema import json_type, property_names
from dynacli.record import replace
from dynacli.text.body_text import decoded, is_json_content
from dynacli.text.exact_json import exact_number, read_json
from dynacli.text.json_budget import MAX_VALUES, TooManyValuesError
from dynacli.text.terminal import visible

if TYPE_CHECKING:
    from dynacli.media._binary_values import BinaryError
    from dynacli.media._xml_value import XmlRoot
    from dynacli.media.text_values import BodySchema

    FindSchema = Callable[[], BodySchema]

_LARGEST_ERROR = 1024 * 1024
_MOST_KEYS = 12
_LONGEST_KEY = 40


class NoValueError(ValueError):
    """A body cannot be read as a value, or a value cannot be written as a body.

    For a body, the message is a reason that begins with "it".

    Attributes:
        hint: A hint for the user; empty for none.
    """

    hint = ""


class TooDeepBodyError(NoValueError):
    """A body is nested too deeply."""


def body_value(
    content: bytes,
    media_type: str,
    schema: FindSchema | None = None,
    parse: Callable[[str], Any] = read_json,
) -> Any:
    """Return the value of a body; None if it is empty.

    Args:
        content: The decoded content.
        media_type: The value of `Content-Type` (RFC 9110, section 8.3); empty if there is none.
        schema: Returns the schema of the value, which XML and forms need; None if there is none.
        parse: Parses JSON text. `read_json` keeps every digit of numbers.

    Raises:
        NoValueError: The body is unstructured text or bytes, has too many values, or does not match its media type.
    """
    if not content:
        return None
    if is_structured(media_type):
        from dynacli.media.text_values import BodySchema

        return structured_value(content, media_type, BodySchema() if schema is None else schema())
    text = decoded(content, media_type)
    if text is None:
        raise NoValueError(f"it is binary: {binary_name(content, media_type)}")
    try:
        if is_json_lines(media_type) or is_json_sequence(media_type):
            pieces = text.split("\x1e" if is_json_sequence(media_type) else "\n")
            return [parse(piece) for piece in pieces if piece.strip()]
        if is_json_content(media_type, text):
            return parse(text)
    except TooManyValuesError as error:
        raise NoValueError(str(error)) from error
    except ValueError as error:
        raise NoValueError("it is called JSON, and is not") from error
    except RecursionError as error:
        raise TooDeepBodyError("it is nested too deeply") from error
    named = f"it is `{visible(media_type, keep='')}`" if media_type else "it has no media type"
    raise NoValueError(f"{named}, and is not JSON")


def exact_value(body: ReceivedBody) -> Any:
    """Return the value of the body of a response, with every digit of its numbers; None if it is empty.

    Raises:
        NoValueError: The body has no value, as in `body_value`.
    """
    return body.value("exact", lambda content: body_value(content, body.media_type, body.schema))


def body_items(body: ReceivedBody) -> Items | tuple[Items, ...]:
    """Return the items of a body, found by `find_items` with the document's description. Their location is cached.

    The items are from the value in memory, or from the exact value if there is none.

    Raises:
        NoValueError: The body has no value, as in `body_value`.
    """
    value = body.value("plain", json.loads) if body.is_plain else exact_value(body)

    def find() -> Items | tuple[Items, ...]:
        found = find_items(value, None if body.known is None else body.known())
        if isinstance(found, tuple):
            return tuple(replace(array, values=[]) for array in found)
        return replace(found, values=[])

    return items_at(value, body.derived("items", find))


def own_value(body: ReceivedBody) -> Any:
    """Return the value of a body with Python's numbers, which the caller may change; None if it is empty.

    Raises:
        NoValueError: The body has no value, as in `body_value`.
    """
    # Only UTF-8: `json.loads` would also accept UTF-16, which `body_value` does not.
    if is_json_content(body.media_type, "") and json.detect_encoding(body.content).startswith("utf-8"):
        with suppress(ValueError, RecursionError):
            value = body.value("plain", json.loads)
            body.forget()
            return value
    return body_value(body.content, body.media_type, body.schema, json.loads)


def error_value(body: ReceivedBody) -> Any:
    """Return the JSON value of the body of an error, with Python's numbers; None if it is too large or not JSON."""
    text = decoded(body.content, body.media_type) if 0 < len(body.content) <= _LARGEST_ERROR else None
    if text is not None and is_json_content(body.media_type, text):
        with suppress(ValueError, RecursionError):
            return body.value("plain", lambda _: json.loads(text))
    return None


def structured_value(
    content: bytes, media_type: str, schema: BodySchema, *, is_text_first: bool = True
) -> Any:
    """Return the value of a body of YAML, XML, a form, CBOR or MessagePack.

    Args:
        is_text_first: Whether a text that may be a string or another type is read as a string.

    Raises:
        NoValueError: The body does not match its media type, exceeds a limit, or needs a package that is not installed.
    """
    charset = split_media_type(media_type)[1].get("charset")
    if is_cbor(media_type) or is_msgpack(media_type):
        from dynacli.media._binary_values import BinaryError, read_cbor, read_msgpack

        try:
            return (read_cbor if is_cbor(media_type) else read_msgpack)(content)
        except BinaryError as error:
            raise _as_no_value(error) from error
    if is_xml(media_type):
        from dynacli.media._xml_value import XmlError, xml_value

        encoded = (decoded(content, media_type) or "").encode() if charset else content
        try:
            return xml_value(
                encoded,
                schema.schema,
                schema.resolve,
                encoding="utf-8" if charset else None,
                is_text_first=is_text_first,
            )
        except XmlError as error:
            raise NoValueError(str(error)) from error
    text = decoded(content, media_type) or ""
    if is_yaml(media_type):
        return _yaml_value(text)
    from urllib.parse import parse_qsl

    from dynacli.media.text_values import form_value

    try:
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_VALUES)
    except ValueError as error:
        raise NoValueError(str(TooManyValuesError())) from error
    return form_value(pairs, schema.schema, schema.resolve, is_text_first=is_text_first)


def xml_root(content: bytes, schema: BodySchema) -> XmlRoot:
    """Return the root element of an XML body, and the root element in its schema."""
    from dynacli.media._xml_value import root_of

    return root_of(content, schema.schema, schema.resolve)


def written_value(value: Any, media_type: str, schema: BodySchema) -> bytes:
    """Return a JSON value as a body of YAML, XML, CBOR or MessagePack.

    Raises:
        NoValueError: The media type cannot express the value, or needs a package that is not installed.
    """
    if is_xml(media_type):
        from dynacli.media._xml_value import NoXmlError, xml_text

        try:
            return xml_text(value, schema.schema, schema.resolve).encode()
        except NoXmlError as error:
            raise NoValueError(str(error)) from error
    if is_yaml(media_type):
        from dynacli.text.yaml_text import yaml_of

        try:
            return yaml_of(value).encode()
        except UnicodeEncodeError as error:
            raise NoValueError("YAML cannot have a lone surrogate") from error
    from dynacli.media._binary_values import BinaryError, write_cbor, write_msgpack

    try:
        return (write_cbor if is_cbor(media_type) else write_msgpack)(value)
    except BinaryError as error:
        raise _as_no_value(error) from error


def _as_no_value(error: BinaryError) -> NoValueError:
    refused = NoValueError(str(error))
    refused.hint = error.hint
    return refused


def _yaml_value(text: str) -> Any:
    from dynacli.openapi.document.parse import read_exact_yaml

    try:
        return read_exact_yaml(text.encode(), "the response", exact_number)
    except DocumentError as error:
        if "line" not in error.details:
            raise NoValueError(f"it {error.message.partition('` ')[2]}") from error
        reason, details = error.reason.partition("\n")[0], error.details
        place = f"at line {details['line']}, column {details['column']}"
        raise NoValueError(f"it is not YAML: {reason[:1].lower()}{reason[1:]}, {place}") from error


def shown_value(body: ReceivedBody) -> Any:
    """Return a body as a JSON value: its value, else its text, else an object with the single member `base64`."""
    try:
        return exact_value(body)
    except NoValueError:
        text = decoded(body.content, body.media_type)
    if text is not None:
        return text
    from base64 import b64encode

    return {"base64": b64encode(body.content).decode()}


def filter_note(
    value: Any,
    expression: str,
    found: Any,
    subject: str = "the response",
    schema: FindSchema | None = None,
) -> str:
    """Return a note about a filter that finds nothing, or that names a field unknown to the value and to the document.

    The note lists existing fields and the closest working filter. It is empty if the filter needs no note.

    Args:
        value: The filtered value.
        expression: The filter.
        found: The result of the filter.
        subject: Name of the value in messages.
        schema: Returns the document's schema of the value; None to check only for an empty result.
    """
    from dynacli.text.filter_value import (
        JqProgram,
        SqlQuery,
        closest_filter,
        is_void,
        outermost_list,
        unknown_fields,
    )

    if isinstance(expression, JqProgram | SqlQuery):
        return ""
    has_nothing = is_void(found)
    if value is None or (schema is None and not has_nothing):
        return ""
    unknown = unknown_fields(value, expression)
    if unknown and not has_nothing and schema is not None:
        documented = schema()
        known = property_names(documented.schema, documented.resolve)
        unknown = [name for name in unknown if name not in known]
    if not unknown and found is not None:
        return ""
    named = enumerated([f"`{visible(name, keep='')[:_LONGEST_KEY]}`" for name in unknown], "or")
    if found is None:
        said = f"The filter gives `null`: {subject} {_said_of(value)}"
    elif has_nothing:
        said = f"The filter finds nothing: {subject} has no {named} there"
    else:
        said = f"Neither {subject} nor the document has {named} there"
    if closest := closest_filter(value, expression):
        return f"{said}; `{visible(closest, keep='')}` works"
    path, items = outermost_list(value)
    return f"{said}; an item of `{visible(path, keep='')}` {_said_of(items[0])}" if path else said


def _said_of(value: Any) -> str:
    if isinstance(value, dict):
        keys = [f"`{visible(key, keep='')[:_LONGEST_KEY]}`" for key in value]
        return f"has the keys {enumerated(keys, most=_MOST_KEYS)}" if keys else "is an empty object"
    if isinstance(value, list):
        return f"is a list of {counted(len(value), 'item')}"
    return f"is a {json_type(value)}"


def binary_name(content: bytes, media_type: str) -> str:
    """Return the description of binary content for messages."""
    name = f"`{visible(media_type, keep='')}`" if media_type else "of no declared type"
    return f"{name}, {len(content):,} bytes"
