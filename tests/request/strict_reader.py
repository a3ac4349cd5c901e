"""Reads parameters and bodies as the specifications write them, and as nothing else.

An independent reading of OpenAPI 3.0.4, 3.1.1 and 3.2.0 ("Style Values", "Style Examples", "Encoding Object" and their
appendices), RFC 6570, RFC 3986, RFC 6265, RFC 7578 and RFC 2046; it shares nothing with the code that writes requests.
If a text has more or fewer characters encoded than it must have, another delimiter, a pair too many, it is broken.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

_UNRESERVED = frozenset(
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
)  # RFC 3986, 2.3
_RESERVED = frozenset(b":/?#[]@!$&'()*+,;=")  # RFC 3986, 2.2
_COOKIE_OCTETS = frozenset(b"!#$%&'()*+-./:<=>?@[]^_`{|}~") | frozenset(  # RFC 6265, 4.1.1
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)
_UNSAFE_IN_QUERY = frozenset(b"#[]&+")
"""What `allowReserved` cannot leave: it ends the query or a pair, is not in a query's grammar, or means a space."""


class BrokenError(Exception):
    """A text is not as the specification writes it; the message says why."""


class Described(NamedTuple):
    """A parameter, header or property as the document describes it.

    Args:
        kind: `string`, `integer`, `number`, `boolean`, `array` (of strings), `integers`, or `object` (of integers and
            strings, under the keys R, G and B).
        media_type: The media type of `content`, or of an encoding's `contentType`; empty if a style holds.
    """

    name: str
    kind: str
    style: str
    explode: bool
    is_reserved_allowed: bool = False
    media_type: str = ""


KEYS = ("R", "G", "B")


def _decoded(text: str, literal: frozenset[int] = frozenset()) -> str:
    """Return a text without its percent-encoding.

    Args:
        literal: The bytes that stand for themselves, beside the unreserved ones; none of these may be encoded.
    """
    octets, position = bytearray(), 0
    raw = text.encode("ascii", "replace") if text.isascii() else b""
    if not text.isascii():
        raise BrokenError(f"{text!r} is not ASCII")
    while position < len(raw):
        octet = raw[position]
        if octet == ord("%"):
            found = re.match(rb"%([0-9A-F]{2})", raw[position:])
            if not found:
                raise BrokenError(f"{text!r} has a `%` that begins no triplet in capitals")
            octet = int(found[1], 16)
            if octet in _UNRESERVED or octet in literal:
                raise BrokenError(f"{text!r} has {chr(octet)!r} encoded, which stands for itself")
            position += 3
        elif octet in _UNRESERVED or octet in literal:
            position += 1
        else:
            raise BrokenError(f"{text!r} has {chr(octet)!r}, which must be encoded")
        octets.append(octet)
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        raise BrokenError(f"{text!r} is not UTF-8") from None


def _typed(text: str, kind: str) -> Any:
    """Return the value of a primitive, from the one text that it has."""
    match kind:
        case "string":
            return text
        case "boolean" if text in {"true", "false"}:
            return text == "true"
        case "integer" if re.fullmatch(r"-?(0|[1-9][0-9]*)", text):
            return int(text)
        case "number" if re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", text):
            return float(text) if "." in text else int(text)
    raise BrokenError(f"{text!r} is not how a value of type {kind} is written")


def _item_kind(kind: str) -> str:
    return "integer" if kind == "integers" else "string"


def _member(key: str, text: str) -> Any:
    if key not in KEYS:
        raise BrokenError(f"{key!r} is no key of the object")
    return _typed(text, "string" if key == "B" else "integer")


def _object(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    if len(keys) != len(set(keys)):
        raise BrokenError(f"a key comes twice: {keys}")
    return {key: _member(key, text) for key, text in pairs}


def _value(described: Described, texts: list[str]) -> Any:
    """Return a value from the decoded texts of its flat form: keys and values of an object alternate."""
    if described.kind == "object":
        if len(texts) % 2:
            raise BrokenError(f"a key without a value: {texts}")
        return _object(list(zip(texts[::2], texts[1::2], strict=True)))
    if described.kind in {"array", "integers"}:
        return [_typed(text, _item_kind(described.kind)) for text in texts]
    if len(texts) != 1:
        raise BrokenError(f"{len(texts)} values where one belongs")
    return _typed(texts[0], described.kind)


def _key_and_text(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign:
        raise BrokenError(f"{text!r} has no `=`")
    return key, value


def _is_single(described: Described) -> bool:
    return described.kind in {"string", "integer", "number", "boolean"}


def read_path(text: str, described: Described) -> Any:
    """Return the value of a path parameter from its raw text ("Style Examples"; RFC 6570, 3.2.2, 3.2.5 and 3.2.7)."""
    separator = ","
    if described.media_type:
        return read_json(_decoded(text).encode())
    if described.style in {"label", "matrix"}:
        sign = "." if described.style == "label" else ";"
        if not text.startswith(sign):
            raise BrokenError(f"{text!r} does not begin with `{sign}`")
        text = text[1:]
        separator = sign if described.explode else ","
    if _is_single(described):
        separator = ""
    pieces = text.split(separator) if separator else [text]
    if described.style == "matrix" and (described.kind != "object" or not described.explode):
        named = pieces if described.explode or not separator else [text]
        values = []
        for piece in named:
            key, value = _key_and_text(piece)
            if _decoded(key) != described.name:
                raise BrokenError(f"{piece!r} does not name the parameter")
            values.append(value)
        pieces = values if described.explode or not separator else values[0].split(",")
    if described.kind == "object" and described.explode:
        return _object([(_decoded(key), _decoded(value)) for key, value in map(_key_and_text, pieces)])
    return _value(described, [_decoded(piece) for piece in pieces])


def read_query(query: str, described: Described) -> Any:
    """Return the value of the only parameter of a raw query; None if it is not there.

    A form's body is read in the same way (RFC 6570, 3.2.8; "Encoding the `x-www-form-urlencoded` Media Type").
    """
    if not query:
        return None
    if described.media_type:
        return read_json(read_query(query, described._replace(kind="string", media_type="")).encode())
    literal = _RESERVED - _UNSAFE_IN_QUERY if described.is_reserved_allowed else frozenset[int]()
    pairs = [_key_and_text(pair) for pair in query.split("&")]
    if described.style == "deepObject":
        return _deep_object(pairs, described, literal)
    if described.explode and described.kind == "object":
        return _object([(_decoded(key), _decoded(value, literal)) for key, value in pairs])
    for key, _ in pairs:
        if _decoded(key) != described.name:
            raise BrokenError(f"{key!r} does not name the parameter")
    if described.explode or _is_single(described):
        return _value(described, [_decoded(value, literal) for _, value in pairs])
    if len(pairs) != 1:
        raise BrokenError("several pairs where one belongs")
    delimiter = {"form": ",", "spaceDelimited": "%20", "pipeDelimited": "%7C"}[described.style]
    inside = literal - frozenset(delimiter.encode()) if described.style == "form" else literal
    return _value(described, [_decoded(text, inside) for text in pairs[0][1].split(delimiter)])


def _deep_object(pairs: list[tuple[str, str]], described: Described, literal: frozenset[int]) -> Any:
    members = []
    for key, value in pairs:
        found = re.fullmatch(r"(.*)%5B(.*)%5D", key)
        if not found or _decoded(found[1]) != described.name:
            raise BrokenError(f"{key!r} is not the name with a key in encoded brackets")
        members.append((_decoded(found[2]), _decoded(value, literal)))
    return _object(members)


def read_header(values: Sequence[str], described: Described) -> Any:
    """Return the value of a header parameter; None if it is not there.

    Nothing in it is encoded ("Appendix D: Serializing Headers and Cookies").
    """
    if not values:
        return None
    if len(values) != 1:
        raise BrokenError(f"{len(values)} fields where one belongs")
    text = values[0]
    if described.media_type:
        return read_json(text.encode("latin-1"))
    pieces = [text] if _is_single(described) else text.split(",")
    if described.kind == "object" and described.explode:
        return _object([_key_and_text(piece) for piece in pieces])
    return _value(described, pieces)


def read_cookies(fields: Sequence[str], described: Described) -> Any:
    """Return the value of a cookie parameter; None if it is not there.

    With `explode` each member is a cookie of its own, because `&` does not separate cookies (Appendix D). A cookie has
    characters of RFC 6265, 4.1.1, and the commas of the style; `form` has all others encoded, `cookie` has none.
    """
    if not fields:
        return None
    if len(fields) != 1:
        raise BrokenError("several fields `Cookie`, which RFC 6265 (5.4) forbids")
    if described.media_type:
        return read_json(read_cookies(fields, described._replace(kind="string", media_type="")).encode())
    pairs = [_key_and_text(pair) for pair in fields[0].split("; ")]

    def read(text: str) -> str:
        for octet in text.encode():
            if octet not in _COOKIE_OCTETS:
                raise BrokenError(f"{text!r} has {chr(octet)!r}, which a cookie cannot have")
        if described.style == "cookie":
            return text
        octets = re.sub(rb"%([0-9A-F]{2})", lambda found: bytes([int(found[1], 16)]), text.encode())
        return octets.decode("utf-8")

    if described.explode and described.kind == "object":
        return _object([(key, read(value)) for key, value in pairs])
    if any(key != described.name for key, _ in pairs):
        raise BrokenError("a cookie of another name")
    if described.explode or _is_single(described):
        return _value(described, [read(value) for _, value in pairs])
    if len(pairs) != 1:
        raise BrokenError("several cookies where one belongs")
    return _value(described, [read(text) for text in pairs[0][1].split(",")])


def read_json(content: bytes) -> Any:
    """Return the value of a JSON text (RFC 8259): UTF-8 without a byte order mark, each key once, no NaN."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        if len({key for key, _ in pairs}) != len(pairs):
            raise BrokenError("a key comes twice")
        return dict(pairs)

    def refuse(word: str) -> None:
        raise BrokenError(f"{word} is not JSON")

    try:
        return json.loads(content.decode("utf-8"), object_pairs_hook=unique, parse_constant=refuse)
    except ValueError as error:
        raise BrokenError(f"{content!r} is not JSON: {error}") from None


def read_form(content: bytes, properties: Mapping[str, Described]) -> dict[str, Any]:
    """Return the values of a form, each read by the description of its property.

    Args:
        content: The body, `application/x-www-form-urlencoded`.
        properties: Property → description; one with a media type is JSON text.
    """
    pairs: dict[str, list[str]] = {}
    try:
        text = content.decode("ascii")
    except UnicodeDecodeError:
        raise BrokenError("a form is ASCII") from None
    for pair in text.split("&") if text else ():
        key, _ = _key_and_text(pair)
        pairs.setdefault(_owner(key, properties), []).append(pair)
    values = {}
    for name, own in pairs.items():
        described = properties[name]
        if described.media_type:
            if len(own) != 1:
                raise BrokenError(f"several pairs for `{name}`")
            values[name] = read_json(_decoded(_key_and_text(own[0])[1]).encode())
        else:
            values[name] = read_query("&".join(own), described)
    return values


def _owner(key: str, properties: Mapping[str, Described]) -> str:
    """Return the property that a key of a form belongs to."""
    name = _decoded(key)
    for owner, described in properties.items():
        is_below = described.style == "deepObject" and name.startswith(f"{owner}[")
        is_exploded = described.kind == "object" and described.explode and described.style != "deepObject"
        if name == owner or is_below or (is_exploded and not described.media_type and name in KEYS):
            return owner
    raise BrokenError(f"`{name}` is no property")


class FilePart(NamedTuple):
    """A part of a multipart body that has no value of JSON: its name, media type and bytes."""

    file_name: str
    media_type: str
    content: bytes


def read_multipart(
    media_type: str, content: bytes, properties: Mapping[str, str]
) -> Iterator[tuple[str, dict[str, str], Any]]:
    """Yield (name, further headers, value) of each part of `multipart/form-data` (RFC 7578, RFC 2046, 5.1.1).

    Args:
        media_type: The field `Content-Type` of the request.
        properties: Property → the media type that its parts have: of a primitive none, or `text/plain`.
    """
    found = re.fullmatch(r"multipart/form-data; boundary=([0-9A-Za-z'()+_,./:=?-]{1,70})", media_type)
    if not found:
        raise BrokenError(f"{media_type!r} has no boundary")
    delimiter = b"\r\n--" + found[1].encode()
    pieces = (b"\r\n" + content).split(delimiter)
    if pieces[0] or pieces[-1] != b"--\r\n":
        raise BrokenError("the body does not begin and end with its boundary")
    for piece in pieces[1:-1]:
        head, blank, inside = piece.partition(b"\r\n\r\n")
        if not blank or not head.startswith(b"\r\n"):
            raise BrokenError("a part has no head")
        fields = dict(_fields(head.decode("utf-8")))
        disposition = fields.pop("content-disposition", "")
        named = re.fullmatch(r'form-data; name="([^"]*)"(?:; filename="([^"]*)")?', disposition)
        if not named or named[1] not in properties:
            raise BrokenError(f"{disposition!r} names no property")
        wanted, came = properties[named[1]], fields.pop("content-type", "")
        if came != wanted and not (came == "" and wanted == "text/plain"):
            raise BrokenError(f"the part `{named[1]}` is {came!r} and not {wanted!r}")
        if named[2] is not None:
            yield named[1], fields, FilePart(named[2], came, inside)
        elif wanted == "application/json":
            yield named[1], fields, read_json(inside)
        else:
            yield named[1], fields, inside.decode("utf-8")


def _fields(head: str) -> Iterator[tuple[str, str]]:
    for line in head.removeprefix("\r\n").split("\r\n"):
        name, colon, value = line.partition(": ")
        if not colon:
            raise BrokenError(f"{line!r} is no field")
        yield name.lower(), value
