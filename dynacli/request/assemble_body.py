"""The body: given whole, by options, by `--set`, or as an example, each laid over the one before."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dynacli.errors import UsageError
from dynacli.model.media_types import is_form, is_json, is_json_lines, is_json_sequence

__all__ = ["Assignment", "assemble", "encode", "is_form", "is_json", "json_text"]

MAX_GAP = 1000
"""Items that an index may run ahead; a typing error must not fill the memory."""


class Assignment(NamedTuple):
    """A value for one place in the body.

    Args:
        path: Property names; `[0]` steps into an array.
        source: How messages call it.
    """

    path: tuple[str, ...]
    value: Any
    source: str


def assemble(base: Any, assignments: Sequence[Assignment]) -> Any:
    """Return `base` with the assignments laid over it; neither is changed.

    Args:
        base: The body so far; None for an empty one.

    Raises:
        UsageError: A path goes through something that has no such place.
    """
    body = json.loads(json.dumps(base)) if assignments else base
    for one in sorted(assignments, key=lambda each: len(each.path)):
        body = _assign(body, one.path, one)
    _check_whole(body)
    return body


class _Gap:
    """An array's item that was skipped and not yet given."""


_GAP = _Gap()


def _assign(holder: Any, path: tuple[str, ...], one: Assignment) -> Any:
    if not path:
        return one.value
    step = path[0]
    if step.startswith("[") and step.endswith("]"):
        if step == "[]":
            raise UsageError(
                f"{one.source} needs the index of an item",
                hint=f"Write `{one.source.replace('[]', '[0]')}` for the first one",
            )
        if holder is None or isinstance(holder, _Gap):
            holder = []
        if not isinstance(holder, list):
            raise UsageError(f"{one.source} gives an item of an array where there is {_kind(holder)}")
        index = int(step[1:-1])
        if index > len(holder) + MAX_GAP:
            raise UsageError(f"{one.source} leaves out over {MAX_GAP} items", hint="Indexes start at 0")
        holder.extend([_GAP] * (index + 1 - len(holder)))
        holder[index] = _assign(holder[index], path[1:], one)
        return holder
    if holder is None or isinstance(holder, _Gap):
        holder = {}
    if not isinstance(holder, dict):
        raise UsageError(f"{one.source} gives a property of an object where there is {_kind(holder)}")
    holder[step] = _assign(holder.get(step), path[1:], one)
    return holder


def _check_whole(value: Any, path: str = "") -> None:
    if isinstance(value, list):
        for index, item in enumerate(value):
            if isinstance(item, _Gap):
                raise UsageError(
                    f"Item {index} of `{path or 'the body'}` is missing",
                    why="An item behind it was given",
                    hint="Indexes start at 0 and leave none out",
                )
            _check_whole(item, f"{path}[{index}]")
    elif isinstance(value, Mapping):
        for name, item in value.items():
            _check_whole(item, f"{path}.{name}" if path else name)


def _kind(value: Any) -> str:
    kinds = {dict: "an object", list: "an array", str: "a string", bool: "a boolean"}
    return kinds.get(type(value), "a number")


def encode(body: Any, media_type: str) -> bytes:
    """Return the bytes of a body that was assembled; forms and parts have modules of their own.

    Args:
        media_type: JSON, or a sequence of JSON texts; of an array each item is one of them.

    Raises:
        UsageError: A body of this media type cannot be assembled from options.
    """
    if is_json(media_type):
        return json_text(body).encode()
    if is_json_lines(media_type) or is_json_sequence(media_type):
        # RFC 7464, section 2.2: a record separator before each text, a line feed behind it.
        mark = "" if is_json_lines(media_type) else "\x1e"
        items = body if isinstance(body, list) else [body]
        return "".join(f"{mark}{json_text(one)}\n" for one in items).encode()
    raise UsageError(
        f"A body of `{media_type}` cannot be built from options",
        hint="Give it whole: `--body @FILE`, or `--body -` for standard input",
    )


def json_text(value: Any) -> str:
    """Return a value as JSON, in the shortest form.

    Raises:
        UsageError: It holds a number that JSON cannot write.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except ValueError:
        raise UsageError("The body holds a number that JSON cannot write", why="It is infinite") from None
    except TypeError:
        raise UsageError(
            "A file cannot be a part of a JSON value",
            why="JSON has no form for the bytes of a file",
            hint="Only a property of its own in a multipart body can be a file",
        ) from None
    # A lone surrogate: only its escape can be sent.
    return text if text.isascii() or _is_unicode(text) else json.dumps(value, separators=(",", ":"))


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
