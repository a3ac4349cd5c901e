"""Assembles a JSON body: given whole or as an example, then options and `--set` applied to it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.errors import UsageError
from dynacli.http.semantics import is_json, is_json_lines, is_json_sequence, is_structured

if TYPE_CHECKING:
    from dynacli.media.text_values import BodySchema

_MAX_GAP = 1000
"""How many items an index may skip; a typing error must not fill the memory."""

_MOST_DEEP = 200
"""Levels of a place in a body, as many as a document may have."""

# Made once: `json.dumps` would make an encoder for each value.
_encoder = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False)


class Assignment(NamedTuple):
    """A value for a place in the body.

    Args:
        path: Property names; `[0]` steps into an array.
        source: The name in messages of the option that gave the value.
    """

    path: tuple[str, ...]
    value: Any
    source: str


def assemble(base: Any, assignments: Sequence[Assignment]) -> Any:
    """Return `base` with the assignments applied to it; neither is changed.

    Args:
        base: The body so far; None for an empty one.

    Raises:
        UsageError: A path leads through a value that has no such place, or leaves out items of an array.
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
    """An item of an array that was skipped and not yet given."""


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
    """Return the bytes of a body; forms and multipart bodies have modules of their own.

    Args:
        media_type: JSON; a sequence of JSON texts, for which each item of an array is a text; YAML, XML, CBOR or
            MessagePack.
        schema: Returns the document's schema of the body, by which XML is written; None if there is none.

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
        json_text(body)  # refuses files, and numbers that no format can write
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
    """Return a value as JSON, in the shortest form.

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
