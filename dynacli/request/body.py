"""The body: given whole, by options, by `--set`, or as an example, each laid over the one before."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from dynacli.catalog.media import is_form, is_json
from dynacli.errors import UsageError
from dynacli.request.styles import Pair, serialize_query

__all__ = ["Assignment", "assemble", "encode", "is_form", "is_json"]

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


def encode(body: Any, media_type: str, encoding: Any = None) -> bytes:
    """Return the bytes of a body that was assembled.

    Args:
        encoding: The `encoding` of a form's Media Type Object: property name → Encoding Object.

    Raises:
        UsageError: A body of this media type cannot be assembled from options.
    """
    if is_json(media_type):
        try:
            return json.dumps(body, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
        except UnicodeEncodeError:  # a lone surrogate: only its escape can be sent
            return json.dumps(body, separators=(",", ":")).encode()
        except ValueError:
            raise UsageError("The body holds a number that JSON cannot write", why="It is infinite") from None
    if is_form(media_type):
        if not isinstance(body, Mapping):
            raise UsageError(f"A body of `{media_type}` is made of named values")
        pairs: list[Pair] = []
        for name, value in body.items():
            described = encoding.get(name) if isinstance(encoding, Mapping) else None
            pairs.extend(_form_pairs(name, value, described if isinstance(described, Mapping) else {}))
        return "&".join(pair.encoded for pair in pairs).encode()
    raise UsageError(
        f"A body of `{media_type}` cannot be built from options yet",
        hint="Give it whole: `--body @FILE`, or `--body -` for standard input",
    )


def _form_pairs(name: str, value: Any, encoding: Mapping[str, Any]) -> tuple[Pair, ...]:
    """Return the pairs of one property of a form (OpenAPI 3.0.4 and 3.1.1, "Encoding Object").

    `style`, `explode` and `allowReserved` make it look like a query parameter. Without any of them
    `contentType` decides, and that is JSON for an object unless the document says otherwise.
    """
    if any(key in encoding for key in ("style", "explode", "allowReserved")):
        style = str(encoding.get("style", "form"))
        explode = encoding.get("explode")
        return serialize_query(
            name,
            value,
            style=style,
            explode=explode if isinstance(explode, bool) else style == "form",
            allow_reserved=encoding.get("allowReserved") is True,
        )
    declared = encoding.get("contentType")
    if isinstance(declared, str) and not is_json(declared) and not declared.startswith("text/plain"):
        raise UsageError(
            f"The property `{name}` of the form cannot be sent",
            why=f"It is written as `{declared}`, which is not supported yet",
            hint="Give the form whole: `--body @FILE`",
        )
    if isinstance(declared, str) and is_json(declared):
        return serialize_query(name, encode(value, declared).decode())
    items = value if isinstance(value, list) else [value]
    return tuple(
        pair
        for one in items
        for pair in serialize_query(
            name, encode(one, "text/json").decode() if isinstance(one, Mapping | list) else one
        )
    )
