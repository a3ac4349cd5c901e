"""Reading the inputs of a call from plain Python values by name."""

from __future__ import annotations

import datetime as dt
import decimal
import enum
import io
import os
import uuid
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import CallInputs, ParameterKey
from dynacli.client.inputs.collect_values import input_name
from dynacli.client.inputs.find_input import find_input, no_such_input
from dynacli.client.inputs.query_pairs import given_twice, input_in_query, with_pairs
from dynacli.environment import invocation
from dynacli.errors import UsageError
from dynacli.http.semantics import is_form, is_json, is_multipart
from dynacli.openapi.document.json_trees import MISSING
from dynacli.openapi.model.media_types import is_built
from dynacli.openapi.model.operation import ANY, ANY_BODY, Field, Parameter, ValueType
from dynacli.request.assemble_body import Assignment, assemble, json_text
from dynacli.request.convert_words import convert, convert_all, is_given_as_text, is_single_item

if TYPE_CHECKING:
    from dynacli.http.payload import ByteSource, Payload
    from dynacli.openapi.schema.form_encoding import Encodings

_Input = tuple[Parameter | None, Field | None]


def is_whole_body(described: DescribedOperation, name: str, value: Any) -> bool:
    """Return whether an input is the whole body: it is named `body`, and is not a string for a field of that name."""
    if name != "body" or described.media_type is None:
        return False
    return not (value is None or isinstance(value, str)) or body_field(described, "body") is None


def takes_content_type(described: DescribedOperation, name: str) -> bool:
    """Return whether a name sets the media type of the body. It does not if an input has the same name."""
    if name != "content_type" or described.operation.body is None:
        return False
    return _find_input(described, name, _inputs_by_flag(described)) is None


def input_key(described: DescribedOperation, name: str, value: Any = MISSING) -> tuple[str, ...] | None:
    """Return a key that all names of an input share; None if there is no such input.

    The key has the location of a parameter or `body`, and then the path of the field. The key of other query pairs is
    `query` alone.

    Args:
        described: The operation, with the media type of its body.
        value: Value of the input, which determines whether `body` is the whole body or a field of it.
    """
    if is_whole_body(described, name, value):
        return (name,)
    found = _find_input(described, name, _inputs_by_flag(described))
    if found is None:
        return (name,) if name == "query" or takes_content_type(described, name) else None
    parameter, field = found
    steps = tuple(map(str, field.path)) if field is not None else ()
    return ("body", *steps) if parameter is None else (parameter.location, parameter.name, *steps)


def body_field(described: DescribedOperation, name: str) -> Field | None:
    """Return the field of the body for a name; None if the name is unknown or another input."""
    found = _find_input(described, name, _inputs_by_flag(described))
    return found[1] if found is not None and found[0] is None else None


def unknown_input(described: DescribedOperation, name: str, what: str, reason: str = "") -> UsageError:
    """Return the error for an unknown input in data.

    Args:
        what: Beginning of the message, which names the input.
        reason: Location of the name in the data.
    """
    error = no_such_plain_input(described, name)
    return UsageError(
        f"{what} is not an input of `{described.operation.name}`",
        reason=reason,
        hint=error.hint.replace("`--", "`"),
        near=[near.removeprefix("--") for near in error.details.get("near", ())],
    )


def no_such_plain_input(described: DescribedOperation, name: str) -> UsageError:
    """Return the error for an unknown input."""
    page = f"{invocation(api=described.api.name)} {described.operation.name} --help"
    return no_such_input(described, f"--{name.replace('_', '-')}", set(_inputs_by_flag(described)), page)


def read_given(
    described: DescribedOperation,
    values: Mapping[str, Any],
    settings: CallSettings | None = None,
    *,
    content_type: str = "",
    are_words: bool = False,
) -> tuple[DescribedOperation, CallInputs]:
    """Return an operation with the media type of its body, and the inputs of its call.

    Args:
        values: As in `read_plain_inputs`. `content_type` sets the media type and `query` adds query pairs, if no input
            has this name.
        settings: Settings with the pairs of all calls. At level `off`, values need not match the document. None for
            default settings.
        content_type: Requested media type of the body, which overrides the one in `values`.
        are_words: As in `read_plain_inputs`.

    Raises:
        UsageError: An input or the media type is unknown, or a value is invalid.
        FileError: A file cannot be read.
    """
    settings = settings or CallSettings()
    described = with_given_body(described, values).sending(content_type)
    if "content_type" in values and takes_content_type(described, "content_type"):
        content_type = content_type or str(values["content_type"])
        described = described.sending(content_type)
        values = {name: value for name, value in values.items() if name != "content_type"}
    if not content_type and described.operation.body is ANY_BODY and _is_file(values.get("body")):
        content_type = _media_type_of(values["body"])
        described = described.sending(content_type)
    values, pairs = _split_query(described, values)
    inputs = read_plain_inputs(
        described,
        values,
        content_type=content_type,
        is_strict=settings.level != "off",
        are_words=are_words,
    )
    if pairs or settings.query or settings.default_query:
        inputs = with_pairs(described, inputs, settings, pairs)
    return described, inputs


def with_given_body(described: DescribedOperation, values: Mapping[str, Any]) -> DescribedOperation:
    """Return the operation with any body allowed, if `body` is given and the operation has no such input."""
    if "body" not in values or described.operation.body is not None:
        return described
    is_input = _find_input(described, "body", _inputs_by_flag(described)) is not None
    return described if is_input else described.with_any_body()


def _media_type_of(file: Any) -> str:
    """Return the media type for a file, if the document does not declare the body."""
    from dynacli.request.form_body import media_type_of_file

    name = os.fspath(file) if isinstance(file, os.PathLike) else getattr(file, "name", "")
    return media_type_of_file(str(name)) or "application/octet-stream"


def _is_query(described: DescribedOperation, name: str, value: Any) -> bool:
    """Return whether an input is an object of query pairs: it is named `query`, and no input accepts an object."""
    if name != "query" or not isinstance(value, Mapping):
        return False
    found = _find_input(described, name, _inputs_by_flag(described))
    taken = found and (found[1] or found[0])
    return taken is None or taken.value.type not in {ANY, "object"}


def _split_query(
    described: DescribedOperation, values: Mapping[str, Any]
) -> tuple[Mapping[str, Any], list[tuple[str, Any]]]:
    """Return the inputs, including those given by their names in the query, and the other query pairs.

    Raises:
        UsageError: An input is given twice.
    """
    pairs = values.get("query")
    if not _is_query(described, "query", pairs):
        return values, []
    inputs = {name: value for name, value in values.items() if name != "query"}
    others: list[tuple[str, Any]] = []
    given = {input_key(described, name) for name in inputs}
    for name, value in pairs.items() if isinstance(pairs, Mapping) else ():
        found = input_in_query(described, str(name))
        if found is None:
            others.append((str(name), _in_json_types(value, f"`{name}` in the query")))
            continue
        parameter, field = found
        option = field.option if field is not None else parameter.option
        if input_key(described, option) in given:
            raise given_twice(str(name), option)
        inputs[option] = value
    return inputs, others


def read_plain_inputs(
    described: DescribedOperation,
    values: Mapping[str, Any],
    *,
    content_type: str = "",
    is_strict: bool = True,
    are_words: bool = False,
) -> CallInputs:
    """Return the inputs of a call.

    Args:
        described: The operation, with the media type of its body.
        values: Name of an input → its value. A name is an option with `_` for `-`, the name in the document,
            `query.NAME`, `body.NAME`, or a deeper field such as `schedule.cron`. `body` is the whole body; if there is
            a field `body`, a string or None is for that field. None omits a parameter, and is null in a body. A file
            is an `os.PathLike`, or an object whose `read` returns bytes.
        content_type: Requested media type of the body.
        is_strict: True if values must match the document.
        are_words: True if all values are strings, to be parsed as on the command line.

    Raises:
        UsageError: An input is unknown, or a value is invalid.
        FileError: A file cannot be read.
    """
    parameters: dict[ParameterKey, Any] = {}
    inside: dict[ParameterKey, list[Assignment]] = {}
    assignments: list[Assignment] = []
    body: bytes | Payload | None = None
    encodings = encodings_of_body(described)
    listed = _inputs_by_flag(described)
    of_body = described.media_type.fields if described.media_type is not None else ()
    reading: _Reading = _of_word if are_words else _json_value
    for name, value in values.items():
        if described.media_type is not None and is_whole_body(described, name, value):
            body = value.encode() if are_words else whole_body(value, described.media_type.name)
            continue
        found = _find_input(described, name, listed)
        if found is None and _is_free_part(described, value):
            assignments.append(Assignment((name,), _source(value, name), f"--file {name}"))
            continue
        if found is None:
            raise no_such_plain_input(described, name)
        match found:
            case (Parameter() as parameter, None):
                if value is not None:
                    key = parameter.key
                    parameters[key] = _parameter_value(parameter, value, reading, is_strict=is_strict)
            case (Parameter() as parameter, Field() as field):
                option, key = f"--{field.option}", parameter.key
                read = reading(value, field.value, option, is_strict=is_strict, fields=parameter.fields)
                inside.setdefault(key, []).append(Assignment(field.path, read, option))
            case (None, Field() as field):
                read = _field_value(value, field, encodings, reading, is_strict=is_strict, fields=of_body)
                assignments.append(Assignment(field.path, read, f"--{field.option}"))
    for key, fields in inside.items():
        parameters[key] = assemble(parameters.get(key), fields)
    return CallInputs(parameters, tuple(assignments), body, content_type=content_type)


def _is_free_part(described: DescribedOperation, value: Any) -> bool:
    """Return whether a value is a file for a part of any name, because the document names no parts."""
    media_type = described.media_type
    is_nameless = media_type is not None and is_multipart(media_type.name) and not media_type.fields
    return is_nameless and _is_file(value)


def _find_input(described: DescribedOperation, name: str, listed: Mapping[str, _Input]) -> _Input | None:
    """Return the input for a name; None if there is none.

    Args:
        listed: Option → input, for inputs with their own options.
    """
    for spelled in dict.fromkeys((name, name.replace("_", "-"))):
        found = listed.get(f"--{spelled}") or find_input(described, spelled)
        if found != (None, None):
            return found
    return None


def _inputs_by_flag(described: DescribedOperation) -> dict[str, _Input]:
    """Return option → input, for inputs with their own options."""
    listed: dict[str, _Input] = {}
    for parameter in described.operation.parameters:
        for name in (parameter.option, *parameter.aliases):
            listed.setdefault(f"--{name}", (parameter, None))
        for field in parameter.fields:
            listed.setdefault(f"--{field.option}", (parameter, field))
    for field in described.media_type.fields if described.media_type is not None else ():
        listed.setdefault(f"--{field.option}", (None, field))
    return listed


def encodings_of_body(described: DescribedOperation) -> Encodings | None:
    """Return the encodings of a form or a multipart body; None for other bodies."""
    name = described.media_type.name if described.media_type is not None else ""
    if not is_form(name) and not is_multipart(name):
        return None
    from dynacli.client.inputs.build_body import encodings_of

    return encodings_of(described, has_examples=False)


class _Reading(Protocol):
    """Converts a given value to a JSON value."""

    def __call__(
        self, value: Any, value_type: ValueType, option: str, *, is_strict: bool, fields: Sequence[Field]
    ) -> Any: ...


def _of_word(
    value: Any, value_type: ValueType, option: str, *, is_strict: bool, fields: Sequence[Field]
) -> Any:
    return convert_all([value], value_type, option, is_strict=is_strict, fields=fields)


def _parameter_value(parameter: Parameter, value: Any, reading: _Reading, *, is_strict: bool) -> Any:
    if isinstance(value, str) and is_given_as_text(parameter, [value]):
        return value
    return reading(
        value, parameter.value, input_name(parameter), is_strict=is_strict, fields=parameter.fields
    )


def _field_value(
    value: Any,
    field: Field,
    encodings: Encodings | None,
    reading: _Reading,
    *,
    is_strict: bool,
    fields: Sequence[Field],
) -> Any:
    """Return the value of a field of the body. In a form it may be a file, or several files."""
    option = f"--{field.option}"
    if encodings is not None and len(field.path) == 1 and encodings.of(field.path[0]).takes_file:
        if isinstance(value, list | tuple) and any(_is_file(item) for item in value):
            return [_source(item, option) for item in value]
        if _is_file(value):
            return _source(value, option)
    return reading(value, field.value, option, is_strict=is_strict, fields=fields)


def _json_value(
    value: Any, value_type: ValueType, option: str, *, is_strict: bool, fields: Sequence[Field]
) -> Any:
    """Return the JSON value of a plain value. Strings are parsed as on the command line.

    Raises:
        UsageError: The value does not match the document, and `is_strict` is True.
    """
    plain = _in_json_types(value, option)
    if value_type.type == "array" and plain is not None:
        items = plain if isinstance(plain, list) and not is_single_item(plain, value_type) else [plain]
        return [
            _json_value(item, value_type.items or ValueType(), option, is_strict=is_strict, fields=fields)
            for item in items
        ]
    if isinstance(plain, str):
        if value_type.type == ANY and not value_type.enum:
            return plain
        return convert(plain, value_type, option, is_strict=is_strict, fields=fields)
    if plain is None or isinstance(plain, dict | list):
        if is_strict and plain is not None and value_type.type not in {ANY, "object", "array"}:
            article = "an" if value_type.type == "integer" else "a"
            raise UsageError(
                f"`{json_text(plain)[:60]}` is not a value for {option}",
                reason=f"it takes {article} {value_type.type}",
            )
        return plain
    return convert(json_text(plain), value_type, option, is_strict=is_strict, fields=fields)


def _in_json_types(value: Any, option: str) -> Any:
    """Return a value that consists of JSON types only.

    Raises:
        UsageError: JSON has no equivalent type.
    """
    match value:
        case enum.Enum():
            return _in_json_types(value.value, option)
        case None | bool() | int() | float() | str():
            return value
        case Mapping():
            return {str(key): _in_json_types(item, option) for key, item in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_in_json_types(item, option) for item in value]
        case dt.date() | dt.time():
            return value.isoformat()
        case uuid.UUID() | os.PathLike():
            return str(value)
        case decimal.Decimal():
            return int(value) if value == value.to_integral_value() else float(value)
    raise UsageError(
        f"{option} cannot take a value of the type `{type(value).__name__}`",
        reason="JSON has no such type",
        hint="Give strings, numbers, booleans, None, lists or mappings, and a path for a file",
    )


def whole_body(value: Any, media_type: str) -> bytes | Payload:
    """Return the content of a body that is given as a whole."""
    if isinstance(value, bytes):
        return value
    if _is_file(value):
        from dynacli.http.payload import Payload

        source = _source(value, "body")
        return b"".join(source.chunks()) if is_json(media_type) or is_form(media_type) else Payload([source])
    is_finished = isinstance(value, str) and (is_form(media_type) or is_multipart(media_type))
    if is_built(media_type) and not is_finished:
        return json_text(_in_json_types(value, "body")).encode()
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    raise UsageError(
        f"A body of `{media_type}` cannot be built from this value", hint="Give a string, bytes or a file"
    )


def _is_file(value: Any) -> bool:
    return isinstance(value, bytes | os.PathLike) or hasattr(value, "read")


def _source(value: Any, option: str) -> ByteSource:
    """Return a source of bytes that is read while it is sent.

    Raises:
        FileError: The file cannot be read.
        UsageError: The value is not a file.
    """
    from dynacli.http.payload import StreamUpload, open_upload

    if isinstance(value, os.PathLike):
        path = os.fspath(value)
        name = path.decode(errors="replace") if isinstance(path, bytes) else str(path)
        return open_upload(name, name)
    if isinstance(value, bytes):
        return StreamUpload(io.BytesIO(value), option.removeprefix("--"))
    if hasattr(value, "read"):
        return StreamUpload(
            value, os.path.basename(str(getattr(value, "name", "") or option.removeprefix("--")))
        )
    raise UsageError(
        f"{option} must be a file",
        reason=f"It is a value of the type `{type(value).__name__}`",
        hint="Give a path, bytes, or a file object",
    )
