"""Assembles a JSON body: applies options and `--set` to a given body or an example."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.errors import UsageError
from dynacli.http.semantics import is_json, is_json_lines, is_json_sequence, is_structured

if TYPE_CHECKING:
    from dynacli.media.text_values import BodySchema

_MAX_GAP = 1000
"""Maximum number of items that an index may skip, so that a typing error does not fill the memory."""

_MOST_DEEP = 200
"""Maximum number of levels of a field in a body, the same as for a document."""

# Made once, because `json.dumps` would make an encoder for each value.
_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


class Assignment(NamedTuple):
    """A value for a field of the body.

    Args:
        path: Names of properties, or `[0]` for an item of an array.
        value: The value.
        source: Name of the option that gave the value, for messages.
    """

    path: tuple[str, ...]
    value: Any
    source: str


def assemble(base: Any, assignments: Sequence[Assignment]) -> Any:
    """Return a copy of `base` with the assignments applied to it.

    Args:
        base: The body so far; None for an empty one.
        assignments: The values to assign.

    Raises:
        UsageError: A path does not fit a value on its way, or leaves a gap in an array.
    """
    for assignment in assignments:
        if len(assignment.path) > _MOST_DEEP:
            raise UsageError(
                f"An option gives a field {len(assignment.path):,} levels below the body",
                reason=f"At most {_MOST_DEEP} levels are possible",
                hint="Give the whole body: `--body @FILE`",
            )
    body = json.loads(json.dumps(base)) if assignments else base
    for assignment in sorted(assignments, key=lambda assignment: len(assignment.path)):
        body = _assign(body, assignment.path, assignment)
    _check_gaps(body)
    return body


class _Gap:
    """An item of an array that has no value yet."""


_GAP = _Gap()


def _assign(holder: Any, path: tuple[str, ...], assignment: Assignment) -> Any:
    if not path:
        return assignment.value
    source = assignment.source
    step = path[0]
    if step.startswith("[") and step.endswith("]"):
        if step == "[]":
            raise UsageError(
                f"{source} needs the index of an item",
                hint=f"Write `{source.replace('[]', '.0')}` for the first one",
            )
        if holder is None or isinstance(holder, _Gap):
            holder = []
        if not isinstance(holder, list):
            raise UsageError(f"{source} needs an array, but the value is {_type_with_article(holder)}")
        index = int(step[1:-1])
        if index > len(holder) + _MAX_GAP:
            raise UsageError(f"{source} skips more than {_MAX_GAP} items", hint="Indexes start at 0")
        holder.extend([_GAP] * (index + 1 - len(holder)))
        holder[index] = _assign(holder[index], path[1:], assignment)
        return holder
    if holder is None or isinstance(holder, _Gap):
        holder = {}
    if not isinstance(holder, dict):
        raise UsageError(f"{source} needs an object, but the value is {_type_with_article(holder)}")
    holder[step] = _assign(holder.get(step), path[1:], assignment)
    return holder


def _check_gaps(value: Any, path: str = "") -> None:
    if isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, _Gap):
                raise UsageError(
                    f"Item {index} of `{path or 'the body'}` is missing",
                    reason="You gave a later item",
                    hint="Indexes start at 0, without gaps",
                )
            _check_gaps(item, f"{path}[{index}]")
    elif isinstance(value, Mapping):
        for name, item in value.items():
            _check_gaps(item, f"{path}.{name}" if path else name)


def _type_with_article(value: Any) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean"}
    return names.get(type(value), "a number")


def encode(body: Any, media_type: str, schema: Callable[[], BodySchema] | None = None) -> bytes:
    """Return the bytes of a body. Other modules encode forms and multipart bodies.

    Args:
        body: The JSON value of the body.
        media_type: JSON, YAML, XML, CBOR, MessagePack, or a sequence of JSON texts with one text for each array item.
        schema: Returns the document's schema of the body, which XML needs; None if there is none.

    Raises:
        UsageError: A body of this media type cannot be assembled from options.
    """
    if is_json(media_type):
        return json_text(body).encode()
    if is_json_lines(media_type) or is_json_sequence(media_type):
        # RFC 7464, section 2.2: a record separator before each text, a line feed after it.
        separator = "" if is_json_lines(media_type) else "\x1e"
        items = body if isinstance(body, list) else [body]
        return "".join(f"{separator}{json_text(item)}\n" for item in items).encode()
    if is_structured(media_type):
        json_text(body)  # refuses files and infinite numbers
        return _structured(body, media_type, schema)
    raise UsageError(
        f"A body of `{media_type}` cannot be built from options",
        hint="Give it whole: `--body @FILE`, or `--body -` for standard input",
    )


def _structured(body: Any, media_type: str, schema: Callable[[], BodySchema] | None) -> bytes:
    from dynacli.media.body_value import NoValueError, written_value
    from dynacli.media.text_values import BodySchema

    try:
        return written_value(body, media_type, BodySchema() if schema is None else schema())
    except NoValueError as error:
        reason = str(error)
        raise UsageError(
            f"The body cannot be written as `{media_type}`",
            reason=f"{reason[:1].upper()}{reason[1:]}",
            hint=error.hint or "Give it whole: `--body @FILE`",
        ) from error


def json_text(value: Any) -> str:
    """Return a value as JSON without white space.

    Raises:
        UsageError: The value holds a file, or a number that JSON cannot write.
    """
    try:
        text = _encoder.encode(value)
    except ValueError:
        raise UsageError("The body holds a number that JSON cannot write", reason="It is infinite") from None
    except TypeError:
        raise UsageError(
            "A file cannot be a part of a JSON value",
            reason="JSON cannot hold the bytes of a file",
            hint="Only a whole property of a multipart body can be a file",
        ) from None
    # A lone surrogate can only be sent as an escape.
    return text if text.isascii() or _is_unicode(text) else json.dumps(value, separators=(",", ":"))


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
