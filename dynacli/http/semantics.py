"""Methods, media types, header values and content (RFC 9110, "HTTP Semantics")."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from dynacli.record import record

Reading = Literal["strict", "plain", "exact"]
"""The mode of reading a value from text.

`strict` and `plain` return Python's numbers. `strict` fails if the text is not JSON, and `plain` may accept more.
With `exact`, each number keeps its digits, as in `dynacli.text.exact_json`.
"""

JSON_LINES = "application/x-ndjson"
_NAMES = ("jsonl", "x-jsonl", "jsonlines", "x-jsonlines", "json-lines", "ndjson", "x-ndjson")
_JSON_LINES = frozenset([*map("application/".__add__, _NAMES), *map("text/".__add__, _NAMES)])
_JSON_SEQUENCES = ("/json-seq", "+json-seq")
_EVENTS = "text/event-stream"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "QUERY"})
METHODS_WITHOUT_BODY = frozenset({"GET", "HEAD", "TRACE"})
"""Methods for which the content of a request has no meaning (RFC 9110, section 9.3)."""


def essence(media_type: str) -> str:
    """Return a media type without its parameters, in lower case (RFC 9110, section 8.3.1)."""
    return media_type.partition(";")[0].strip().lower()


def is_json(media_type: str) -> bool:
    """Return whether a media type is JSON: `application/json`, `text/json` or a `+json` suffix (RFC 6839)."""
    return essence(media_type).endswith(("/json", "+json"))


def is_yaml(media_type: str) -> bool:
    """Return whether a media type is YAML, under any of its names (RFC 9512)."""
    return essence(media_type).endswith(("/yaml", "/x-yaml", "/yml", "/vnd.yaml", "+yaml"))


def is_xml(media_type: str) -> bool:
    """Return whether a media type is XML (RFC 7303)."""
    return essence(media_type).endswith(("/xml", "+xml"))


def is_cbor(media_type: str) -> bool:
    """Return whether a media type is CBOR (RFC 8949, section 9.5)."""
    return essence(media_type).endswith(("/cbor", "+cbor"))


def is_msgpack(media_type: str) -> bool:
    """Return whether a media type is MessagePack: `application/vnd.msgpack`, or an older name."""
    return essence(media_type).endswith(("/msgpack", "/x-msgpack", "/vnd.msgpack", "+msgpack"))


def is_structured(media_type: str) -> bool:
    """Return whether a media type besides JSON has a structured value: YAML, XML, a form, CBOR or MessagePack."""
    return any(kind(media_type) for kind in (is_yaml, is_xml, is_form, is_cbor, is_msgpack))


def is_form(media_type: str) -> bool:
    """Return whether a media type is `application/x-www-form-urlencoded`."""
    return essence(media_type) == "application/x-www-form-urlencoded"


def is_multipart(media_type: str) -> bool:
    """Return whether a media type has parts: `multipart/form-data`, `multipart/mixed`, ..."""
    return media_type.strip().lower().startswith("multipart/")


def is_json_lines(media_type: str) -> bool:
    """Return whether a media type is JSON Lines, a JSON value on each line, under any of its names."""
    return essence(media_type) in _JSON_LINES


def is_json_sequence(media_type: str) -> bool:
    """Return whether a media type is a JSON text sequence, with a separator before each text (RFC 7464, RFC 8091)."""
    return essence(media_type).endswith(_JSON_SEQUENCES)


def is_event_stream(media_type: str) -> bool:
    """Return whether a media type is `text/event-stream`, for server-sent events."""
    return essence(media_type) == _EVENTS


def is_sequence(media_type: str) -> bool:
    """Return whether a media type is a sequence of JSON values or events, which may arrive as a stream.

    `application/stream+json`, Spring's name for JSON Lines, counts although its suffix means a single JSON value.
    """
    name = essence(media_type)
    is_named = name in _JSON_LINES or name in {_EVENTS, "application/stream+json"}
    return is_named or name.endswith(_JSON_SEQUENCES)


def is_patch(method: str, media_type: str) -> bool:
    """Return whether a body is a patch, so that omitted fields keep their values (RFC 5789, RFC 7396)."""
    return method == "PATCH" or essence(media_type) == "application/merge-patch+json"


def is_text_type(media_type: str) -> bool:
    """Return whether content of a media type is text: `text/...`, or JSON."""
    return is_json(media_type) or media_type.strip().lower().startswith("text/")


def split_media_type(text: str) -> tuple[str, dict[str, str]]:
    """Return a media type's name in lower case, and its parameters."""
    name, *rest = text.split(";")
    parameters = {}
    for item in rest:
        key, has_value, value = item.partition("=")
        if has_value:
            parameters[key.strip().lower()] = value.strip().strip('"')
    return name.strip().lower(), parameters


def quoted_string(text: str) -> str:
    """Return a text as a quoted string of a header (RFC 9110, section 5.6.4)."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def header_text(value: str) -> str:
    """Return a header's value, read as UTF-8 if possible: some servers send that instead of Latin-1 (RFC 9110, 5.5)."""
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def is_media_type(text: str) -> bool:
    """Return whether a text is formatted as a media type or a media range."""
    main, slash, sub = split_media_type(text)[0].partition("/")
    return bool(main and slash and sub) or main == "*"


def best_match(text: str, keys: Iterable[str]) -> str | None:
    """Return the media range that matches a media type most closely; None if no range matches.

    Args:
        text: The value of `Content-Type`. If it is empty, only `*/*` matches.
        keys: The media types and ranges of the document.
    """
    name, parameters = split_media_type(text)
    whole = "".join(text.split()).lower()
    best, best_rank = None, 0
    for key in keys:
        if name and "".join(key.split()).lower() == whole:
            return key  # a key such as `application/json;simple`, if `simple` is not a parameter
        rank = _match_quality(name, parameters, key)
        if rank > best_rank:
            best, best_rank = key, rank
    return best


def _match_quality(name: str, parameters: Mapping[str, str], key: str) -> int:
    wanted, wanted_parameters = split_media_type(key)
    if wanted == name:
        return 10 + sum(
            1 if parameters.get(item, "").lower() == value.lower() else -1
            for item, value in wanted_parameters.items()
        )
    main, _, sub = name.partition("/")
    if wanted.startswith((f"{main}/*+", "*/*+")) and sub.rpartition("+")[2] == wanted.rpartition("+")[2]:
        return 3
    if name and wanted == f"{main}/*":
        return 2
    return 1 if wanted in {"*/*", "*"} else 0


"""Methods that change nothing on the server: RFC 9110, section 9.2.1; and QUERY:
https://datatracker.ietf.org/doc/draft-ietf-httpbis-safe-method-w-body/"""


def is_sent_as_bytes(name: str) -> bool:
    """Return whether OpenAPI treats bodies of a media type as bytes, because they are not text, JSON, XML or forms."""
    return not (
        is_json(name)
        or name.endswith(("/xml", "+xml", "/x-www-form-urlencoded"))
        or name.startswith(("text/", "multipart/"))
    )


@record
class ReceivedBody:
    """The body of a response with its value, which is read when it is first needed.

    Only the last value is in memory: reading it in another mode replaces it.

    Args:
        content: The decoded content.
        media_type: The value of `Content-Type` (RFC 9110, section 8.3); empty if there is none.
        schema: Returns the document's schema of the value, a `dynacli.media.text_values.BodySchema`; None if the
            document has none.
        known: Returns the document's description of the items of the value, `KnownItems` or None; None without a
            document.
    """

    content: bytes
    media_type: str
    schema: Callable[[], Any] | None = None
    known: Callable[[], Any] | None = None

    def value(self, reading: Reading, read: Callable[[bytes], Any]) -> Any:
        """Return the value of the body. A value that was read as `strict` also serves as `plain`.

        Args:
            reading: The mode of reading.
            read: Reads the value, if the value in memory does not serve. Its exceptions are raised here.
        """
        beside = self.__dict__
        if beside.get("reading") not in (("strict", "plain") if reading == "plain" else (reading,)):
            beside["reading"] = beside["found"] = None  # frees the old value before reading the new one
            beside["found"] = read(self.content)
            beside["reading"] = reading
        return beside["found"]

    @property
    def is_plain(self) -> bool:
        """Whether the plain value is in memory."""
        return self.__dict__.get("reading") in {"strict", "plain"}

    @property
    def is_exact(self) -> bool:
        """Whether the exact value is in memory."""
        return self.__dict__.get("reading") == "exact"

    def derived(self, name: str, derive: Callable[[], Any]) -> Any:
        """Return a fact about the content that is the same in every mode, such as the location of its items.

        Args:
            name: Name of the fact.
            derive: Finds the fact, if it is not known yet. It must not keep a part of the value.
        """
        known = self.__dict__.setdefault("derived_facts", {})
        if name not in known:
            known[name] = derive()
        return known[name]

    def forget(self) -> None:
        """Drop the value, for example because a caller may change it."""
        self.__dict__.update(reading=None, found=None)
