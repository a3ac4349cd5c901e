"""The bodies of a mock's responses: the media type that the client wants, and an example as its text."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.errors import UsageError
from dynacli.http.semantics import (
    is_event_stream,
    is_form,
    is_json,
    is_media_type,
    is_multipart,
    is_sequence,
    split_media_type,
)
from dynacli.openapi.document.json_trees import dict_or_empty
from dynacli.openapi.model.media_types import body_schema, is_as_good_as_json
from dynacli.openapi.schema.example_call import option_text
from dynacli.openapi.schema.example_value import NoExampleError, example_value
from dynacli.openapi.schema.form_encoding import Encodings
from dynacli.record import record
from dynacli.request.assemble_body import encode, json_text
from dynacli.request.form_body import PREVIEW_BOUNDARY, Multipart, encode_form, make_parts
from dynacli.request.text_body import text_body

__all__ = ["NoNamedExampleError", "ResponseBodies", "ResponseBody", "accepted_offer", "static_value"]

_EVENT_FIELDS = ("event", "id", "retry", "data")
_JSON_LINES = "application/x-ndjson"
_LARGEST = 1 << 26


def _written_value(
    value: Any, media_type: str, media: Mapping[str, Any], schema: Any, described: DescribedOperation
) -> tuple[bytes, str]:
    """Return the bytes of a value, and their `Content-Type`.

    Args:
        media: The Media Type Object.
        schema: The schema of the body; None if it has none.

    Raises:
        UsageError: The value has no form in the media type.
    """
    if is_event_stream(media_type):
        items = value if isinstance(value, list) else [value]
        return "".join(map(_event, items)).encode(), media_type
    if is_sequence(media_type):
        is_single_json = is_json(media_type)  # `application/stream+json`
        return encode(value, _JSON_LINES if is_single_json else media_type), media_type
    if is_json(media_type):
        return json_text(value).encode(), media_type
    is_parts = is_multipart(media_type)
    if isinstance(value, Mapping | list) and (is_parts or is_form(media_type)):
        encodings = Encodings(
            media, described.resolve, described.version, is_multipart=is_parts, has_examples=True
        )
        if not is_parts:
            return encode_form(value, media_type, encodings.of, json_text, is_strict=False), media_type
        parts = make_parts(value, encodings, {}, is_strict=False)
        made = Multipart(parts, media_type.partition(";")[0].strip(), PREVIEW_BOUNDARY)
        return made.whole(_LARGEST) or b"", made.media_type
    try:
        content = text_body(value, media_type, schema, described.resolve)
    except UsageError:
        content = option_text(value).encode("utf-8", "replace")
    is_text = media_type.lower().startswith("text/") and "charset" not in media_type.lower()
    return content, f"{media_type}; charset=utf-8" if is_text else media_type


def _event(item: Any) -> str:
    """Return an event (HTML standard, "Server-sent events"): an item with the fields of one, or its data."""
    is_event = isinstance(item, Mapping) and "data" in item and item.keys() <= set(_EVENT_FIELDS)
    fields: Iterable[tuple[str, Any]] = (
        ((name, item[name]) for name in _EVENT_FIELDS if name in item) if is_event else [("data", item)]
    )
    return "".join(f"{line}\n" for name, value in fields for line in _lines(name, value)) + "\n"


def _lines(name: str, value: Any) -> Iterator[str]:
    for line in option_text(value).splitlines() or [""]:
        yield f"{name}: {line}"


_EXAMPLES = {
    "text": "text/plain",
    "image": "image/png",
    "audio": "audio/mpeg",
    "video": "video/mp4",
    "multipart": "multipart/form-data",
}
"""Main type → a type that stands for a range of them."""
_AS_MEANT = {"": "*/*", "*": "*/*", "json": "application/json"}
"""What documents write → the media type or range that they mean."""


def accepted_offer(accept: Sequence[str], offers: Sequence[str]) -> tuple[str, str] | None:
    """Return the offered media type or range that fits best, and the type that the client names within a range.

    Without a wish of the client JSON comes first, then what the document has first.

    Args:
        accept: The values of `Accept`; none stands for anything.
        offers: The keys of a `content` of the document.

    Returns:
        The type is empty if the client names none. None if nothing offered is accepted.
    """
    ranges = [each for text in accept for each in _ranges(text)] or [("*/*", {}, 1.0)]
    best: tuple[float, bool, str, str] | None = None
    for offer in offers:
        quality, named = _quality(offer, ranges)
        prefers_json = is_json(offer) or is_as_good_as_json(offer)
        if quality > 0 and (best is None or (quality, prefers_json) > best[:2]):
            best = quality, prefers_json, offer, named
    return None if best is None else best[2:]


def _ranges(text: str) -> Iterable[tuple[str, dict[str, str], float]]:
    """Yield name, parameters and quality of each range (RFC 9110, section 12.5.1)."""
    for part in text.split(","):
        name, parameters = split_media_type(part)
        try:
            quality = float(parameters.pop("q", "1"))
        except ValueError:
            quality = 1.0
        if name:
            yield ("*/*" if name == "*" else name), parameters, quality


def _quality(offer: str, ranges: Iterable[tuple[str, dict[str, str], float]]) -> tuple[float, str]:
    """Return the quality of an offer, and the media type that the client names within it, by the closest range."""
    name, own = split_media_type(offer)
    name = _AS_MEANT.get(name, name)
    best: tuple[int, float, str] = (0, 0.0, "")
    for wanted, parameters, quality in ranges:
        if wanted == name:
            rank, named = 3 + sum(own.get(key) == value for key, value in parameters.items()), ""
        elif wanted == "*/*":
            rank, named = 1, ""
        elif wanted.endswith("/*") and (name == "*/*" or name.startswith(wanted[:-1])):
            rank, named = 2, ""
        elif name == "*/*" or (name.endswith("/*") and wanted.startswith(name[:-1])):
            rank, named = 3, wanted
        else:
            continue
        # Of two ranges that are as specific, the client likes the better one.
        if (rank, quality) > best[:2]:
            best = rank, quality, named
    return best[1], best[2]


def _sent_name(offer: str, named: str, *, is_text: bool) -> str:
    """Return the media type that is sent for an offer, which may be a range or no media type at all.

    Args:
        named: The type that the client names within a range; empty if it names none.
        is_text: Whether the value is a text.
    """
    if named:
        return named
    if is_as_good_as_json(offer):
        return "text/plain" if is_text else "application/json"
    main, _, sub = split_media_type(offer)[0].partition("/")
    if sub == "*":
        return _EXAMPLES.get(main, "application/octet-stream")
    if sub.startswith("*+"):
        return f"{main}/{sub[2:]}"
    return offer if is_media_type(offer) and offer.isascii() and offer.isprintable() else "text/plain"


_ValueMaker = Callable[[Any, Callable[[str], Any], bool], Any]
"""Makes a value of a schema; is given what resolves its references, and whether only what is required is wanted."""


class NoNamedExampleError(LookupError):
    """The document has no example of a name, or none with a value in the document; the text says which."""


@record
class ResponseBody:
    """A body.

    Args:
        media_type: Its `Content-Type`.
        source: What it was made of, as people read it: `example`, `example NAME` or `schema`.
    """

    content: bytes
    media_type: str
    source: str


def static_value(schema: Any, resolve: Callable[[str], Any], is_short: bool) -> Any:
    """Return the value of a schema that is the same every time.

    Raises:
        NoExampleError: None can be made.
    """
    return example_value(schema, resolve, direction="response", required_only=is_short)


class ResponseBodies:
    """The bodies of a response under one media type of the document.

    Args:
        offer: The media type or range, a key of the document.
        named: The media type that the client names within a range; empty if it names none.
        raw: The Media Type Object.
    """

    def __init__(self, described: DescribedOperation, offer: str, named: str, raw: Any) -> None:
        self._described, self._offer, self._named = described, offer, named
        self._media = dict_or_empty(described.follow(raw))
        self._schema = body_schema(self._media)

    def named(self, name: str) -> Iterator[ResponseBody]:
        """Yield the bodies that the example of a name stands for, the likeliest first.

        Raises:
            NoNamedExampleError: There is none.
        """
        examples = dict_or_empty(self._media.get("examples"))
        if name not in examples:
            listed = ", ".join(f"`{each}`" for each in examples)
            raise NoNamedExampleError(
                f"The response has no example `{name}` as `{self._offer}`; "
                + (f"it has {listed}" if listed else "it has none with a name")
            )
        found = list(self._of_example(name, examples[name]))
        if not found:
            raise NoNamedExampleError(f"The example `{name}` has no value in the document")
        yield from found

    def documented(self) -> Iterator[ResponseBody]:
        """Yield the bodies that the examples of the document stand for."""
        if "example" in self._media:
            yield from self._of_value(self._media["example"], "example")
        for name, raw in dict_or_empty(self._media.get("examples")).items():
            yield from self._of_example(name, raw)

    def made(self, make_value: _ValueMaker) -> Iterator[ResponseBody]:
        """Yield bodies made of the schema: with all properties, then with those that are required."""
        schema = self._schema
        if schema in (None, {}, True):
            if schema is None and str(self._described.api.catalog.meta["openapi"]).strip().startswith("2"):
                return  # "no content is returned" (Swagger 2.0, "Response Object")
            name = _sent_name(self._offer, self._named, is_text=False)
            empty: Any = {} if is_json(name) or is_sequence(name) else "string"
            yield from self._of_value(empty, "schema")
            return
        for is_short in (False, True):
            with suppress(NoExampleError):
                yield from self._of_value(make_value(schema, self._described.resolve, is_short), "schema")

    def _of_example(self, name: str, raw: Any) -> Iterator[ResponseBody]:
        example = dict_or_empty(self._described.follow(raw))
        source = f"example `{name}`"
        # OpenAPI 3.2.0, "Example Object".
        if isinstance(example.get("serializedValue"), str):
            yield self._body(example["serializedValue"].encode("utf-8", "replace"), source)
        for key in ("dataValue", "value"):
            if key in example:
                yield from self._of_value(example[key], source)

    def _of_value(self, value: Any, source: str) -> Iterator[ResponseBody]:
        """Yield the body of a value; a text may be the body itself, written as it is sent."""
        is_text = isinstance(value, str)
        name = _sent_name(self._offer, self._named, is_text=is_text)
        if is_text and is_sequence(name):
            yield self._body(value.encode("utf-8", "replace"), source, name)
        with suppress(UsageError):  # such as a number that JSON cannot write
            content, media_type = _written_value(value, name, self._media, self._schema, self._described)
            yield ResponseBody(content, media_type, source)
        if is_text and is_json(name) and not is_sequence(name) and _is_json_text(value):
            yield self._body(value.encode(), source, name)

    def _body(self, content: bytes, source: str, media_type: str = "") -> ResponseBody:
        name = media_type or _sent_name(self._offer, self._named, is_text=False)
        return ResponseBody(content, name, source)


def _is_json_text(text: str) -> bool:
    try:
        return isinstance(json.loads(text), Mapping | list)
    except (ValueError, RecursionError):
        return False
