"""The response of a mock: a preferred one, a documented example, made values, or an error.

Its body has a media type that the client accepts.
"""

import datetime as dt
import json
import re
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus
from math import inf
from random import Random
from typing import Any
from urllib.parse import unquote_plus, urlunsplit

from dynacli.client.described_operation import DescribedOperation
from dynacli.errors import UsageError
from dynacli.http.semantics import (
    JSON_LINES,
    is_event_stream,
    is_form,
    is_json,
    is_media_type,
    is_multipart,
    is_sequence,
    is_structured,
    split_media_type,
)
from dynacli.media.text_values import BodySchema
from dynacli.openapi.document.json_trees import dict_or_empty, list_or_empty
from dynacli.openapi.model.field_names import plain_name
from dynacli.openapi.model.media_types import body_schema, documented_success, is_as_good_as_json
from dynacli.openapi.model.operation import WITHOUT_BODY, documented_status, explodes, style_of
from dynacli.openapi.schema.document_schemas import DocumentSchemas, NoExampleError
from dynacli.openapi.schema.example_call import option_text, text_body
from dynacli.openapi.schema.example_value import (
    ExampleMaker,
    ExampleSchema,
    example_value,
    example_value_for_parameter,
    made_value,
)
from dynacli.openapi.schema.form_encoding import Encodings
from dynacli.openapi.schema.read_schema import possible_schemas, value_types_of
from dynacli.record import record, replace
from dynacli.registry.opened_api import OpenedApi
from dynacli.request.assemble_body import encode, json_text
from dynacli.request.form_body import PREVIEW_BOUNDARY, Multipart, encode_form, make_parts
from dynacli.request.parameter_serialization import serialize_header
from dynacli.text.json_budget import is_json_tree
from dynacli.traffic.recorded_request import MatchedOperation, RecordedRequest, RecordedResponse
from dynacli.traffic.validate_exchange import ExchangeValidator
from dynacli.urls import split_url
from dynacli.validation.finding import Finding

_EVENT_FIELDS = ("event", "id", "retry", "data")
_LARGEST = 1 << 26
_EXAMPLES = {
    "text": "text/plain",
    "image": "image/png",
    "audio": "audio/mpeg",
    "video": "video/mp4",
    "multipart": "multipart/form-data",
}
"""Main type → the media type that is sent for a range of it."""
_AS_MEANT = {"": "*/*", "*": "*/*", "json": "application/json"}
"""Key in a document → the media type or range that it means."""
_DEPTHS = (inf, 1, -1)
"""Depths to try: all properties, then those of the outermost resources, then only the required ones."""
_MEDIA_TYPE = "application/problem+json"
_NAMES = frozenset({"code", "example", "dynamic"})
# RFC 7240, section 2: a preference and its parameters are separated by `;`, preferences by `,`.
_PREFERENCE = re.compile(r'\s*([^\s=;,"]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^;,]*))?\s*(?:[;,]|$)')
_LOWEST, _HIGHEST = 200, 599
_OF_THE_CONNECTION = frozenset(
    {"content-type", "content-length", "content-encoding", "transfer-encoding", "connection", "keep-alive"}
    | {"date", "trailer", "upgrade", "te"}
)
"""Headers about the transfer of the body, which the document cannot know. OpenAPI ignores a `Content-Type`, too."""
_FINAL = range(200, 600)
_REDIRECTS = range(300, 400)
_WORDS = (
    *("amber", "birch", "canyon", "dawn", "ember", "fjord", "grove", "harbor", "island", "jade", "kelp"),
    *("lagoon", "meadow", "north", "orchid", "prairie", "quartz", "river", "summit", "tundra", "umber"),
)
_MOST_ITEMS = 4
_MOST_WORDS = 4
_WIDEST = 10_000
_FIRST_DAY = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
_DAYS = 3_650
_MOST_KEPT = 1_000
_DEEPEST_EXAMPLE = 2
_NO_HEADERS: Mapping[str, str | None] = {}


_ValueMaker = Callable[[Any, Callable[[str], Any], float], Any]
"""Makes a value from a schema, the function that resolves references, and the depth with all properties."""


def _written_value(
    value: Any, media_type: str, media: Mapping[str, Any], schema: Any, described: DescribedOperation
) -> tuple[bytes, str]:
    """Return the bytes of a value, and their `Content-Type`.

    Args:
        media: The Media Type Object.
        schema: The schema of the body; None if it has none.

    Raises:
        UsageError: The value cannot be written in the media type.
    """
    if is_event_stream(media_type):
        items = value if isinstance(value, list) else [value]
        return "".join(map(_event, items)).encode(), media_type
    if is_sequence(media_type):
        is_single_json = is_json(media_type)  # `application/stream+json`
        return encode(value, JSON_LINES if is_single_json else media_type), media_type
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
        if is_structured(media_type) and not isinstance(value, str):
            return encode(value, media_type, lambda: BodySchema(schema, described.resolve)), media_type
        content = text_body(value, media_type, schema)
    except UsageError:
        content = option_text(value).encode("utf-8", "replace")
    is_text = media_type.lower().startswith("text/") and "charset" not in media_type.lower()
    return content, f"{media_type}; charset=utf-8" if is_text else media_type


def _event(item: Any) -> str:
    """Return an event (HTML standard, "Server-sent events"). An item without the fields of an event is its data."""
    is_event = isinstance(item, Mapping) and "data" in item and item.keys() <= set(_EVENT_FIELDS)
    fields: Iterable[tuple[str, Any]] = (
        ((name, item[name]) for name in _EVENT_FIELDS if name in item) if is_event else [("data", item)]
    )
    return "".join(f"{line}\n" for name, value in fields for line in _header_lines(name, value)) + "\n"


def _header_lines(name: str, value: Any) -> Iterator[str]:
    for line in option_text(value).splitlines() or [""]:
        yield f"{name}: {line}"


def _accepted_offer(accept: Sequence[str], offers: Sequence[str]) -> tuple[str, str] | None:
    """Return the best accepted media type or range, and the type that the client names within a range.

    If the client has no preference, JSON comes first, then the order of the document.

    Args:
        accept: The values of `Accept`; if there are none, everything is accepted.
        offers: The keys of a `content` of the document.

    Returns:
        The key and the named type, which is empty if the client names none. None if nothing is accepted.
    """
    ranges = [range_ for text in accept for range_ in _ranges(text)] or [("*/*", {}, 1.0)]
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
    """Return the quality of an offer by the closest range, and the media type that the client names within it."""
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
        # Of two equally specific ranges, the one with the higher quality counts.
        if (rank, quality) > best[:2]:
            best = rank, quality, named
    return best[1], best[2]


def _sent_name(offer: str, named: str, *, is_text: bool) -> str:
    """Return the media type to send for an offer, which may be a range or an invalid media type.

    Args:
        named: The type that the client names within a range; empty if it names none.
        is_text: Whether the value is a string.
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


class _NoNamedExampleError(LookupError):
    """The document has no example of a name, or none with a value; the message says which."""


@record
class _ResponseBody:
    """A body of a response.

    Args:
        media_type: Its `Content-Type`.
        source: The origin of its value, for people: `example`, `example NAME` or `schema`.
    """

    content: bytes
    media_type: str
    source: str


def _static_value(schema: Any, resolve: Callable[[str], Any], depth: float) -> Any:
    """Return the value of a schema, which is the same every time.

    Raises:
        NoExampleError: No value can be made.
    """
    return example_value(schema, resolve, direction="response", required_only=False, depth=depth)


class _ResponseBodies:
    """The possible bodies of a response in one media type of the document.

    Args:
        offer: The media type or range, a key of the document.
        named: The media type that the client names within a range; empty if it names none.
        raw: The Media Type Object.
    """

    def __init__(self, described: DescribedOperation, offer: str, named: str, raw: Any) -> None:
        self._described, self._offer, self._named = described, offer, named
        self._media = dict_or_empty(described.follow(raw))
        self._schema = body_schema(self._media)

    def named(self, name: str) -> Iterator[_ResponseBody]:
        """Yield the bodies for a named example, the likeliest first.

        Raises:
            NoNamedExampleError: The example does not exist, or has no value.
        """
        examples = dict_or_empty(self._media.get("examples"))
        if name not in examples:
            listed = ", ".join(f"`{example}`" for example in examples)
            raise _NoNamedExampleError(
                f"The response has no example `{name}` as `{self._offer}`; "
                + (f"it has {listed}" if listed else "it has none with a name")
            )
        found = list(self._of_example(name, examples[name]))
        if not found:
            raise _NoNamedExampleError(f"The example `{name}` has no value in the document")
        yield from found

    def documented(self) -> Iterator[_ResponseBody]:
        """Yield the bodies for the examples of the document."""
        if "example" in self._media:
            yield from self._of_value(self._media["example"], "example")
        for name, raw in dict_or_empty(self._media.get("examples")).items():
            yield from self._of_example(name, raw)

    def of(self, value: Any, source: str) -> Iterator[_ResponseBody]:
        """Yield the bodies for a value from elsewhere."""
        yield from self._of_value(value, source)

    def made(self, make_value: _ValueMaker) -> Iterator[_ResponseBody]:
        """Yield bodies made of the schema: with all properties, then with fewer."""
        schema = self._schema
        if schema in (None, {}, True):
            if schema is None and str(self._described.api.catalog.meta["openapi"]).strip().startswith("2"):
                return  # "no content is returned" (Swagger 2.0, "Response Object")
            name = _sent_name(self._offer, self._named, is_text=False)
            empty: Any = {} if is_json(name) or is_sequence(name) else "string"
            yield from self._of_value(empty, "schema")
            return
        for depth in _DEPTHS:
            with suppress(NoExampleError):
                yield from self._of_value(make_value(schema, self._described.resolve, depth), "schema")

    def _of_example(self, name: str, raw: Any) -> Iterator[_ResponseBody]:
        example = dict_or_empty(self._described.follow(raw))
        source = f"example `{name}`"
        # OpenAPI 3.2.0, "Example Object".
        if isinstance(example.get("serializedValue"), str):
            yield self._body(example["serializedValue"].encode("utf-8", "replace"), source)
        for key in ("dataValue", "value"):
            if key in example:
                yield from self._of_value(example[key], source)

    def _of_value(self, value: Any, source: str) -> Iterator[_ResponseBody]:
        """Yield the bodies for a value. A string may also be the body itself, already written in the media type."""
        is_text = isinstance(value, str)
        name = _sent_name(self._offer, self._named, is_text=is_text)
        if is_text and is_sequence(name):
            yield self._body(value.encode("utf-8", "replace"), source, name)
        with suppress(UsageError):  # such as a number that JSON cannot write
            content, media_type = _written_value(value, name, self._media, self._schema, self._described)
            yield _ResponseBody(content, media_type, source)
        if is_text and is_json(name) and not is_sequence(name) and is_json_tree(value):
            yield self._body(value.encode(), source, name)

    def _body(self, content: bytes, source: str, media_type: str = "") -> _ResponseBody:
        name = media_type or _sent_name(self._offer, self._named, is_text=False)
        return _ResponseBody(content, name, source)


def _holds_values(offer: str) -> bool:
    """Return whether a media type of the document holds a single JSON value."""
    return (is_json(offer) or is_as_good_as_json(offer) or is_structured(offer)) and not is_sequence(offer)


def _has_example(schema: Any, resolve: Callable[[str], Any]) -> bool:
    """Return whether the schema of a list, or of its items, has an example of its own."""
    waiting = [(schema, 0)]
    while waiting:
        part, depth = waiting.pop()
        for found in possible_schemas(part, resolve):
            if "example" in found or list_or_empty(found.get("examples")):
                return True
            if "items" in found and depth < _DEEPEST_EXAMPLE:
                waiting.append((found["items"], _DEEPEST_EXAMPLE))
            if depth < 1:
                below = dict_or_empty(found.get("properties")).values()
                arrays = (
                    inner for inner in below if "array" in value_types_of(possible_schemas(inner, resolve))
                )
                waiting += [(inner, depth + 1) for inner in arrays]
    return False


class ProblemError(Exception):
    """A request gets an error that is not in the document.

    Attributes:
        status: The status of the response.
        detail: The reason, as a sentence.
        headers: Further headers of the response.
        members: Further members of the problem.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        headers: Sequence[tuple[str, str]] = (),
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail
        self.headers = tuple(headers)
        self.members = members

    @property
    def response(self) -> RecordedResponse:
        """The response with the problem."""
        problem = {
            # RFC 9457, section 4.2.1: a problem that has no more meaning than its status.
            "type": "about:blank",
            "title": _phrase(self.status),
            "status": self.status,
            "detail": self.detail,
            **self.members,
        }
        content = json.dumps(problem, ensure_ascii=False, indent=2, default=str).encode("utf-8", "replace")
        return response_of(self.status, [("Content-Type", _MEDIA_TYPE), *self.headers], content + b"\n")


def response_of(status: int, headers: Sequence[tuple[str, str]], content: bytes) -> RecordedResponse:
    """Return a response of the mock."""
    return RecordedResponse(status, _phrase(status), "HTTP/1.1", tuple(headers), content, len(content))


def _phrase(status: int) -> str:
    """Return the reason phrase of a status; empty for an unknown one."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


class PreferenceError(ValueError):
    """A preference has an invalid value; the message says which."""


@record
class Preferences:
    """The preferences of a client.

    Args:
        code: The status; 0 for none.
        example: The name of an example in the document; empty for none.
        is_dynamic: Whether each response has new random values; None if the client does not say.
    """

    code: int = 0
    example: str = ""
    is_dynamic: bool | None = None


def preferences_of(request: RecordedRequest) -> tuple[Preferences, RecordedRequest]:
    """Return the preferences of the client, and the request without the query parameters that express them.

    Raises:
        PreferenceError: The status is invalid, or `dynamic` is neither true nor false.
    """
    found: dict[str, str] = {}
    parts = split_url(request.url)
    kept = []
    for pair in parts.query.split("&") if parts.query else ():
        name, _, value = pair.partition("=")
        if name.startswith("__") and name[2:] in _NAMES:
            found[name[2:]] = unquote_plus(value)
        else:
            kept.append(pair)
    if found:
        request = replace(request, url=urlunsplit(parts._replace(query="&".join(kept))))
    for name, value in request.headers:
        if name.lower() == "prefer":
            found.update(_preferences(value))
    return Preferences(
        _status_code(found.get("code", "")), found.get("example", ""), _dynamic(found)
    ), request


def _preferences(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for match in _PREFERENCE.finditer(text):
        name, value = match[1].lower(), (match[2] or "").strip()
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        if name in _NAMES:
            found.setdefault(name, value)  # "the first one counts"
    return found


def _status_code(text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdecimal() and _LOWEST <= int(text[:4]) <= _HIGHEST):
        raise PreferenceError(f"`code={text}` names no status from {_LOWEST} to {_HIGHEST}")
    return int(text)


def _dynamic(found: dict[str, str]) -> bool | None:
    if "dynamic" not in found:
        return None
    text = found["dynamic"].lower()
    if text not in {"", "true", "false"}:
        raise PreferenceError(f"`dynamic={text}` is neither `true` nor `false`")
    return text != "false"


def _documented_headers(
    described: DescribedOperation, response: Mapping[str, Any]
) -> Iterator[tuple[str, str]]:
    """Yield the documented headers of a response, each with its example or a value made from its schema.

    Args:
        response: The Response Object.
    """
    for name, raw in dict_or_empty(response.get("headers")).items():
        header = dict_or_empty(described.follow(raw))
        if str(name).lower() in _OF_THE_CONNECTION:
            continue
        with suppress(NoExampleError, UsageError):  # no value, or none that a header can hold
            value = example_value_for_parameter(header, described.resolve)
            if header.get("content"):
                value = value if isinstance(value, str) else json_text(value)
            style = style_of("header", header.get("style"))
            text = serialize_header(
                str(name), value, style=style, explode=explodes(style, header.get("explode")), is_strict=False
            )
            if text:
                yield str(name), text


@record
class ChosenResponse:
    """A documented response.

    Args:
        status: The status that is sent.
        key: The key of the response in the document: a status, a range or `default`; empty if the document has no
            success.
        raw: Its Response Object.
    """

    status: int
    key: str
    raw: Mapping[str, Any]


def _plain_response(described: DescribedOperation) -> ChosenResponse:
    """Return the response to a valid request: a plain success, else a redirect, else a success without a body.

    A document that lists only errors still means that a valid request succeeds. OpenAPI requires no more: "not
    necessarily expected to cover all possible HTTP response codes" (3.1.1, "Responses Object").
    """
    responses = _responses(described)
    key, _ = documented_success(responses, described.follow)
    others = sorted(response for response in responses if _status_of(response, responses, 0) in _REDIRECTS)
    for found in (key, *others[:1]):
        if _status_of(found, responses, 200) in _FINAL:
            return _documented(described, _status_of(found, responses, 200), found)
    return ChosenResponse(200, "", {})


def _response_for(described: DescribedOperation, statuses: Sequence[int]) -> ChosenResponse | None:
    """Return the response with the first documented status. A range or `default` counts only for the first one."""
    responses = _responses(described)
    for status in statuses:
        if str(status) in responses:
            return _documented(described, status, str(status))
    key = documented_status(statuses[0], map(str, responses))
    return _documented(described, statuses[0], key) if key else None


def _responses(described: DescribedOperation) -> Mapping[str, Any]:
    return {str(key): value for key, value in described.raw_responses.items()}


def _documented(described: DescribedOperation, status: int, key: str) -> ChosenResponse:
    raw = described.follow(_responses(described).get(key))
    return ChosenResponse(status, key, raw if isinstance(raw, Mapping) else {})


def _status_of(key: str, responses: Mapping[str, Any], by_default: int) -> int:
    """Return a status that a key describes; 0 if it describes none."""
    if key.isascii() and key.isdecimal():
        return int(key)
    if key.lower() == "default":
        return by_default
    if len(key) == 3 and key[0].isdecimal() and key[1:].upper() == "XX":
        first = int(key[0]) * 100
        # A status with its own key does not belong to the range.
        return next(status for status in range(first, first + 100) if str(status) not in responses)
    return 0


def random_value(schema: Any, resolve: Callable[[str], Any], random: Random) -> Any:
    """Return a random JSON value for the schema of a response. Only `writeOnly` properties are missing.

    Args:
        schema: A Schema Object in the normal form, whose `$ref`s are not resolved, or a boolean.
        resolve: Returns the target of an internal `$ref`.
        random: The source of the values; the same seed gives the same values.

    Raises:
        NoExampleError: The schema allows no value, or none that can be made by simple rules.
    """
    return made_value(
        schema, DocumentSchemas(resolve, "response"), lambda schemas: _RandomMaker(schemas, random)
    )


class _RandomMaker(ExampleMaker):
    """Makes random values."""

    def __init__(self, schemas: DocumentSchemas, random: Random) -> None:
        super().__init__(schemas, required_only=False)
        self._random = random

    def offers(self, merged: ExampleSchema) -> list[Any]:
        """Return the values that the schema prescribes, in random order. Examples are left out: they never change."""
        if "const" in merged.keywords:
            return [merged.keywords["const"]]
        choices = merged.keywords.get("enum")
        return self._random.sample(choices, len(choices)) if isinstance(choices, list) else []

    def branches(self, branches: list[Any]) -> list[Any]:
        """Return the alternatives in random order."""
        return self._random.sample(branches, len(branches))

    def values(self, type_name: str, merged: ExampleSchema, below: frozenset[str]) -> Iterator[Any]:
        """Yield values of a type, the random one first."""
        keywords = merged.keywords
        match type_name:
            case "string":
                yield self._text(keywords)
            case "integer" | "number":
                yield self._number(keywords, is_integer=type_name == "integer")
            case "boolean":
                yield self._random.random() < 0.5
            case "array" if "items" in keywords and "prefixItems" not in keywords:
                yield from self._items(keywords, below)
        yield from super().values(type_name, merged, below)

    def _text(self, keywords: Mapping[str, Any]) -> str:
        random = self._random
        moment = _FIRST_DAY + dt.timedelta(seconds=random.randrange(_DAYS * 86_400))
        word = random.choice(_WORDS)
        match keywords.get("format"):
            case "date":
                return moment.date().isoformat()
            case "date-time":
                return moment.isoformat().replace("+00:00", "Z")
            case "time":
                return moment.time().isoformat() + "Z"
            case "uuid":
                return str(uuid.UUID(int=random.getrandbits(128), version=4))
            case "email" | "idn-email":
                return f"{word}@example.com"
            case "uri" | "url" | "iri":
                return f"https://example.com/{word}/{random.randrange(_WIDEST)}"
            case "hostname" | "idn-hostname":
                return f"{word}.example.com"
            case "ipv4":
                return f"192.0.2.{random.randrange(1, 255)}"
        words = " ".join(random.choices(_WORDS, k=random.randint(1, _MOST_WORDS)))
        longest = keywords.get("maxLength")
        return words[:longest].strip() if isinstance(longest, int) and longest >= 0 else words

    def _number(self, keywords: Mapping[str, Any], *, is_integer: bool) -> float:
        lowest, highest = keywords.get("minimum"), keywords.get("maximum")
        if not isinstance(lowest, int | float):
            lowest = keywords.get("exclusiveMinimum")
        if not isinstance(highest, int | float):
            highest = keywords.get("exclusiveMaximum")
        if not isinstance(lowest, int | float):
            lowest = highest - _WIDEST if isinstance(highest, int | float) else 0
        if not isinstance(highest, int | float):
            highest = lowest + _WIDEST
        share = self._random.random()
        try:
            number = lowest * (1 - share) + highest * share
        except OverflowError:  # an integer beyond the numbers of floats
            return 0
        step = keywords.get("multipleOf")
        if isinstance(step, int) and step > 0:
            return int(number // step) * step
        return int(number) if is_integer else round(number, 2)

    def _items(self, keywords: Mapping[str, Any], below: frozenset[str]) -> Iterator[list[Any]]:
        fewest, most = keywords.get("minItems", 0), keywords.get("maxItems", _MOST_ITEMS)
        if not isinstance(fewest, int) or not isinstance(most, int):
            return
        most = min(most, fewest + _MOST_ITEMS)
        count = self._random.randint(fewest, max(fewest, most)) if fewest <= _WIDEST else 0
        try:
            yield [self.make(keywords["items"], below) for _ in range(count)]
        except NoExampleError:
            return  # an empty array, which the plain maker yields, ends a recursion


@record
class MadeResponse:
    """A response, and how it was made.

    Args:
        source: The origin of its body; empty if it has no body.
        findings: Its mismatches with the document, if nothing that the mock could make matches the document.
    """

    response: RecordedResponse
    source: str
    findings: tuple[Finding, ...] = ()


class MockResponses:
    """Makes the responses of an API.

    Args:
        validator: Validates the responses.
        is_dynamic: Whether each response has new random values, if the client does not say.
        has_examples: Whether to send documented examples, if the client names none.
    """

    def __init__(
        self,
        api: OpenedApi,
        validator: ExchangeValidator,
        *,
        is_dynamic: bool = False,
        has_examples: bool = True,
    ) -> None:
        self._api, self._validator = api, validator
        self._is_dynamic, self._has_examples = is_dynamic, has_examples
        self._described: dict[str, DescribedOperation] = {}
        self._kept: dict[tuple[object, ...], MadeResponse] = {}
        self._count = 0

    def success(
        self, match: MatchedOperation, preferences: Preferences, accept: Sequence[str]
    ) -> MadeResponse:
        """Return the response to a valid request.

        Args:
            accept: The values of `Accept`.

        Raises:
            ProblemError: The document has no response that the client prefers and accepts.
        """
        described = self.description(match)
        if preferences.code:
            documented = _response_for(described, [preferences.code])
            if documented is None:
                raise ProblemError(404, f"The document has no response {preferences.code} of this operation")
        else:
            documented = _plain_response(described)
        return self._response(match, documented, preferences, accept)

    def documented_success(self, match: MatchedOperation, preferred: Sequence[int] = ()) -> ChosenResponse:
        """Return the documented success of an operation.

        Args:
            preferred: The statuses that come first, if the document has them.
        """
        described = self.description(match)
        responses = _responses(described)
        for status in preferred:
            if str(status) in responses:
                return _documented(described, status, str(status))
        return _plain_response(described)

    def schema_of(self, match: MatchedOperation, documented: ChosenResponse) -> Any:
        """Return the schema of a response as JSON; None if it has none."""
        content = dict_or_empty(documented.raw.get("content"))
        chosen = _accepted_offer((), list(content))
        if chosen is None or documented.status in WITHOUT_BODY or not _holds_values(chosen[0]):
            return None
        return body_schema(dict_or_empty(self.description(match).follow(content[chosen[0]])))

    def values(self, match: MatchedOperation, *, only_examples: bool = False) -> Iterator[Any]:
        """Yield JSON values of an operation's response without state, the likeliest first.

        If no example of the document matches its schema, a value made from the schema follows.

        Args:
            only_examples: Whether to yield nothing if the document has no example.
        """
        documented = self.documented_success(match)
        content = dict_or_empty(documented.raw.get("content"))
        chosen = _accepted_offer((), list(content))
        if chosen is None or documented.status in WITHOUT_BODY or not _holds_values(chosen[0]):
            return
        described = self.description(match)
        bodies = _ResponseBodies(described, chosen[0], chosen[1], content[chosen[0]])
        examples = list(bodies.documented()) if self._has_examples else []
        schema = body_schema(dict_or_empty(described.follow(content[chosen[0]])))
        if only_examples and not examples and not _has_example(schema, described.resolve):
            return
        for body in (*examples, *bodies.made(_static_value)):
            response = response_of(documented.status, [("Content-Type", body.media_type)], body.content)
            if not documented.key or not self._validator.response(response, match).findings:
                with suppress(ValueError):
                    yield json.loads(body.content)

    def with_value(
        self,
        match: MatchedOperation,
        documented: ChosenResponse,
        accept: Sequence[str],
        make_value: Callable[[], Any],
        source: str,
        headers: Mapping[str, str | None] = _NO_HEADERS,
    ) -> MadeResponse | None:
        """Return a response with a given value; None if its media type holds no JSON value.

        Args:
            make_value: Returns the value. It is called only if the response has a body.
            headers: Plain name of a documented header → its value; None to leave it out.

        Raises:
            ProblemError: The client does not accept the media types of the response.
        """
        chosen = self._chosen(documented, accept)
        if chosen is None or documented.status in WITHOUT_BODY:
            return replace(self._made(match, documented, iter((None,)), headers), source=source)
        if not _holds_values(chosen[0]):
            return None
        described = self.description(match)
        bodies = _ResponseBodies(described, chosen[0], chosen[1], documented.raw["content"][chosen[0]])
        return self._made(match, documented, bodies.of(make_value(), source), headers)

    def failure(
        self, match: MatchedOperation, statuses: Sequence[int], accept: Sequence[str]
    ) -> MadeResponse | None:
        """Return the documented response to an invalid request; None if the document has none.

        Args:
            statuses: The suitable statuses, the best first.
        """
        documented = _response_for(self.description(match), statuses)
        if documented is None:
            return None
        try:
            return self._response(match, documented, Preferences(), accept)
        except ProblemError:
            # A client that does not accept the error's media type gets it anyway (RFC 9110, section 12.5.1).
            return self._response(match, documented, Preferences(), ())

    def description(self, match: MatchedOperation) -> DescribedOperation:
        """Return the operation of a request with its part of the document."""
        name = match.operation.name
        if name not in self._described:
            self._described[name] = DescribedOperation(self._api, match.operation)
        return self._described[name]

    def _response(
        self,
        match: MatchedOperation,
        documented: ChosenResponse,
        preferences: Preferences,
        accept: Sequence[str],
    ) -> MadeResponse:
        chosen = self._chosen(documented, accept)
        is_dynamic = self._is_dynamic if preferences.is_dynamic is None else preferences.is_dynamic
        is_made_anew = is_dynamic and not preferences.example
        key = match.operation.name, documented.status, chosen, preferences.example
        if not is_made_anew and key in self._kept:
            return self._kept[key]
        described = self.description(match)
        bodies = self._bodies(described, documented, chosen, preferences.example, is_random=is_made_anew)
        made = self._made(match, documented, bodies)
        if not is_made_anew:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[key] = made
        return made

    @staticmethod
    def _chosen(documented: ChosenResponse, accept: Sequence[str]) -> tuple[str, str] | None:
        """Return the media type of a response, as `_accepted_offer`; None if it has no body.

        Raises:
            ProblemError: The client accepts none of its media types.
        """
        content = dict_or_empty(documented.raw.get("content"))
        chosen = _accepted_offer(accept, list(content))
        if content and chosen is None and documented.status not in WITHOUT_BODY:
            listed = ", ".join(f"`{name}`" for name in content)
            raise ProblemError(406, f"The response {documented.status} can be had as {listed}")
        return chosen

    def _made(
        self,
        match: MatchedOperation,
        documented: ChosenResponse,
        bodies: Iterator[_ResponseBody | None],
        given: Mapping[str, str | None] = _NO_HEADERS,
    ) -> MadeResponse:
        """Return the first response that matches the document; if none does, the first of all.

        Args:
            given: As in `with_value`.
        """
        described = self.description(match)
        headers = [
            (name, value)
            for name, made in _documented_headers(described, documented.raw)
            if (value := given.get(plain_name(name), made)) is not None
        ]
        if match.operation.is_deprecated:
            headers.append(("Deprecation", "true"))
        made = []
        for body in bodies:
            typed = [("Content-Type", body.media_type)] if body else []
            response = response_of(documented.status, [*typed, *headers], body.content if body else b"")
            # The mock adds a success that the document leaves out, so there is nothing to validate it by.
            findings = tuple(self._validator.response(response, match).findings) if documented.key else ()
            made.append(MadeResponse(response, body.source if body else "", findings))
            if not findings:
                return made[-1]
        return made[0]

    def _bodies(
        self,
        described: DescribedOperation,
        documented: ChosenResponse,
        chosen: tuple[str, str] | None,
        example: str,
        *,
        is_random: bool,
    ) -> Iterator[_ResponseBody | None]:
        if chosen is None or documented.status in WITHOUT_BODY:
            if example:
                raise ProblemError(404, f"The response {documented.status} has no body, and so no examples")
            yield None
            return
        offer, named = chosen
        bodies = _ResponseBodies(described, offer, named, documented.raw["content"][offer])
        if example:
            try:
                yield from bodies.named(example)
            except _NoNamedExampleError as error:
                raise ProblemError(404, str(error)) from error
            return
        if is_random:
            # The n-th response of a server is the same in each run.
            self._count += 1
            random = Random(self._count)  # noqa: S311  - no secret
            yield from bodies.made(lambda schema, resolve, _: random_value(schema, resolve, random))
        elif self._has_examples:
            yield from bodies.documented()
        yield from bodies.made(_static_value)
        yield None
