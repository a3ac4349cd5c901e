"""Parameter values, as the text that goes on the wire.

OpenAPI gives a parameter a `style` and an `explode`
(OpenAPI 3.1.1 and 3.0.4, "Style Values" and "Style Examples"); the forms come from RFC 6570.
One function per location, each pure: a JSON value goes in, text comes out.

What holds for all of them:

- `True` and `False` become `true` and `false`, integers their digits, numbers the shortest digits
  that read back as the same number, never with an exponent.
- `None`, an empty array and an empty object are *undefined* (RFC 6570, section 2.3), and an undefined
  value, or an undefined member of an array or object, is left out. An empty string is a value.
- Neither RFC 6570 nor OpenAPI says how an array or object within another is written,
  so it is refused, as is every combination that "Style Examples" marks n/a.
- Every refusal is a `UsageError`. It names the parameter, and never shows the value, which may be a secret.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, NoReturn
from urllib.parse import quote, unquote, unquote_plus

from dynacli.errors import UsageError
from dynacli.record import record

__all__ = ["Pair", "serialize_cookie", "serialize_header", "serialize_path", "serialize_query"]

# RFC 3986's reserved characters without those that cannot stand for themselves in a query:
# `#` ends it, `[` and `]` are not in its grammar, `&` ends a pair and `+` is read as a space.
_RESERVED = "/?:@!$'()*,;="

# Patterns are compiled when first used: together they are a noticeable part of a start.
_CONTROL = r"[\x00-\x1f\x7f-\x9f]"
_FIELD_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 9110, section 5.6.2
_COOKIE_SAFE = "!#$&'()*+-./:<=>?@[]^_`{|}~"  # RFC 6265, cookie-octet, without `%`
# Wider than a token, because names such as `filter[id]` are common and every server reads them.
_COOKIE_NAME = r"[!#$%&'()*+./:<>?@\[\]^_`{|}~0-9A-Za-z-]+"

# More often than anything on the way to a handler decodes a path.
_MOST_DECODINGS = 8


class Pair(NamedTuple):
    """One `name=value` of a query.

    Attributes:
        name: The name, decoded.
        value: The value, as the server's query parser sees it.
        encoded: `name=value`, percent-encoded, ready to be joined to others by `&`.
    """

    name: str
    value: str
    encoded: str


@record
class _Parameter:
    """Where a value goes and how, which is what messages speak of."""

    place: str
    name: str
    style: str
    explode: bool

    def refuse(self, reason: str, hint: str = "") -> NoReturn:
        raise UsageError(f"The {self.place} parameter `{self.name}` cannot be sent", why=reason, hint=hint)

    def refuse_combination(self, kind: str) -> NoReturn:
        explode = "true" if self.explode else "false"
        self.refuse(
            f"OpenAPI does not define how {kind} is written with `style: {self.style}` and "
            f"`explode: {explode}` in a {self.place}",
        )


def serialize_query(
    name: str,
    value: Any,
    *,
    style: str = "form",
    explode: bool = True,
    allow_reserved: bool = False,
) -> tuple[Pair, ...]:
    """Write a query parameter as the pairs of a query.

    Commas between members stay literal, commas inside them are encoded, so that a server can tell them
    apart. With `spaceDelimited` and `pipeDelimited` the delimiter itself is encoded
    (`%20`, `%7C`: neither may stand in a URI), and a member that contains it is refused.
    For `deepObject`, `explode` means nothing and is ignored: documents leave it at its default of false,
    for which OpenAPI defines no form, and mean the only one there is.

    An undefined value gives no pair at all: `name=` would say "the empty string" or,
    for an array, "one empty member".

    Args:
        name: The parameter's name, not encoded.
        value: A JSON value.
        style: `form`, `spaceDelimited`, `pipeDelimited` or `deepObject`.
        explode: Whether members of an array or object get pairs of their own.
        allow_reserved: Whether reserved characters (RFC 3986, section 2.2) and existing
            percent-encoded triplets stay as they are (RFC 6570, section 3.2.3), except `#`, `[`, `]`, `&`
            and `+`, which mean something else, or nothing, in a query.

    Returns:
        The pairs in order, none for an undefined value.

    Raises:
        UsageError: The combination is not defined, a member is nested, or a text is not Unicode.
    """
    parameter = _Parameter("query", name, style, explode)
    if style not in {"form", "spaceDelimited", "pipeDelimited", "deepObject"}:
        parameter.refuse_combination("a value")
    safe = _RESERVED if allow_reserved else ""

    def written(text: str, without: str = "") -> str:
        kept = safe.translate({ord(character): None for character in without})
        return _encode_keeping_triplets(text, kept) if allow_reserved else quote(text, safe="")

    def pair(key: str, encoded: str) -> Pair:
        return Pair(key, unquote_plus(encoded), f"{quote(key, safe='')}={encoded}")

    _check_text(parameter, name)
    if value is None:
        return ()
    if style == "deepObject":
        if not isinstance(value, Mapping):
            parameter.refuse_combination(_kind(value))
        return tuple(pair(f"{name}[{key}]", written(text)) for key, text in _properties(parameter, value))
    if style == "form" and explode:
        if isinstance(value, Mapping):
            return tuple(pair(key, written(text)) for key, text in _properties(parameter, value))
        return tuple(pair(name, written(text)) for text in _texts(parameter, value))
    is_single = not isinstance(value, Mapping | list | tuple)
    if style != "form" and (explode or is_single):
        parameter.refuse_combination(_kind(value))
    flat = _texts(parameter, value)
    if not flat:
        return ()
    if is_single:
        return (pair(name, written(flat[0])),)
    if style == "form":
        return (pair(name, ",".join(written(text, without=",") for text in flat)),)
    delimiter, word = (" ", "a space") if style == "spaceDelimited" else ("|", "a `|`")
    if any(delimiter in text for text in flat):
        parameter.refuse(f"A member contains {word}, which `style: {style}` uses to separate members")
    return (pair(name, quote(delimiter).join(written(text) for text in flat)),)


def serialize_path(name: str, value: Any, *, style: str = "simple", explode: bool = False) -> str:
    """Write a path parameter as the text that replaces `{name}` in the path.

    Everything but the unreserved characters (RFC 3986, section 2.3) is percent-encoded, so a value
    never adds a segment, a query or a fragment. What a client or server might resolve away
    or decode into something else is refused: nothing at all, the segments `.` and `..`,
    backslashes and control characters, also when the value has them percent-encoded.

    Args:
        name: The parameter's name, not encoded.
        value: A JSON value.
        style: `simple`, `label` (a `.` before) or `matrix` (`;name=` before).
        explode: Whether members of an array or object are written each as the style writes one value.

    Returns:
        The percent-encoded text, with the prefix of the style.

    Raises:
        UsageError: The combination is not defined, or the value is undefined, nested
            or not allowed in a path.
    """
    parameter = _Parameter("path", name, style, explode)
    if style not in {"simple", "label", "matrix"}:
        parameter.refuse_combination("a value")
    texts = _texts(parameter, value)
    if not texts or "" in texts:
        parameter.refuse("A path parameter always needs a value that is not empty")
    for text in texts:
        _check_path_text(parameter, text)

    encoded = [quote(text, safe="") for text in texts]
    if explode and isinstance(value, Mapping):
        encoded = [f"{key}={text}" for key, text in zip(encoded[::2], encoded[1::2], strict=True)]
    if style == "matrix":
        _check_text(parameter, name)
        key = quote(name, safe="")
        if not explode:
            return f";{key}={','.join(encoded)}"
        named = encoded if isinstance(value, Mapping) else [f"{key}={text}" for text in encoded]
        return "".join(f";{text}" for text in named)
    if style == "label":
        return "." + ("." if explode else ",").join(encoded)
    return ",".join(encoded)


def serialize_header(name: str, value: Any, *, style: str = "simple", explode: bool = False) -> str:
    """Write a header parameter as the text of the header field.

    Nothing is percent-encoded and nothing is quoted (OpenAPI 3.1.1, "Appendix D: Serializing Headers and
    Cookies"). So a member of an array or object must not contain a comma, which would make two of it.
    Text outside Latin-1 is refused: a field value is a row of bytes (RFC 9110, section 5.5), and no rule says
    which encoding a server takes them to be in.

    Args:
        name: The name of the header field.
        value: A JSON value.
        style: `simple` is the only one for headers.
        explode: Whether an object is written `key=value,...` instead of `key,value,...`.

    Returns:
        The field value, all of it Latin-1; empty for an undefined value, for which a caller sends no field.

    Raises:
        UsageError: The combination is not defined, the name is not a token, or the value is nested
            or has characters that a field value cannot have.
    """
    parameter = _Parameter("header", name, style, explode)
    if style != "simple":
        parameter.refuse_combination("a value")
    if not re.fullmatch(_FIELD_NAME, name):
        parameter.refuse("The name of a header field is made of letters, digits and a few signs (RFC 9110)")
    texts = _texts(parameter, value)
    for text in texts:
        _check_header_text(parameter, text)
    if isinstance(value, Mapping | list | tuple) and any("," in text for text in texts):
        parameter.refuse("A member contains a comma, which separates the members of a header")
    if explode and isinstance(value, Mapping):
        if any("=" in key for key in texts[::2]):
            parameter.refuse("A key contains `=`, which separates keys from values")
        texts = [f"{key}={text}" for key, text in zip(texts[::2], texts[1::2], strict=True)]
    return ",".join(texts)


def serialize_cookie(
    name: str,
    value: Any,
    *,
    style: str = "form",
    explode: bool = True,
) -> tuple[tuple[str, str], ...]:
    r"""Write a cookie parameter as pairs of name and value.

    `form` with `explode: true` joins the members of an array or object by `&`, which is no separator
    of cookies (OpenAPI 3.1.1, "Appendix D: Serializing Headers and Cookies"), so only single values are
    sent that way. `form` means percent-encoding, yet many servers do not decode cookies:
    only characters that a cookie cannot hold (RFC 6265, section 4.1.1: white space, control characters, `"`,
    `,`, `;`, `\`, everything outside ASCII) and `%` itself are encoded. A server that decodes
    reads the value exactly; one that does not still reads the usual tokens exactly.

    Args:
        name: The name of the cookie.
        value: A JSON value.
        style: `form` is the only one for cookies in OpenAPI 3.0 and 3.1.
        explode: False allows arrays and objects, their members separated by literal commas.

    Returns:
        The pairs, ready to be written `name=value` and joined by `; `; none for an undefined value.

    Raises:
        UsageError: The combination is not defined, a member is nested, a text is not Unicode,
            or the name cannot be the name of a cookie.
    """
    parameter = _Parameter("cookie", name, style, explode)
    if style != "form":
        parameter.refuse_combination("a value")
    if explode and isinstance(value, Mapping | list | tuple):
        parameter.refuse_combination(_kind(value))
    if not re.fullmatch(_COOKIE_NAME, name):
        parameter.refuse("The name has characters that the name of a cookie cannot have")
    texts = _texts(parameter, value)
    return ((name, ",".join(quote(text, safe=_COOKIE_SAFE) for text in texts)),) if texts else ()


def _kind(value: Any) -> str:
    if isinstance(value, Mapping):
        return "an object"
    if isinstance(value, list | tuple):
        return "an array"
    return "null" if value is None else "a single value"


def _properties(parameter: _Parameter, value: Mapping[Any, Any]) -> list[tuple[str, str]]:
    """Return the defined properties of an object, each key beside its text."""
    texts = [(_checked(parameter, str(key)), _scalar(parameter, item)) for key, item in value.items()]
    return [(key, text) for key, text in texts if text is not None]


def _texts(parameter: _Parameter, value: Any) -> list[str]:
    """Return the defined members of an array, `key, text, key, text` of an object, or the one of a value."""
    if isinstance(value, Mapping):
        return [text for member in _properties(parameter, value) for text in member]
    items: Sequence[Any] = value if isinstance(value, list | tuple) else [value]
    return [text for item in items if (text := _scalar(parameter, item)) is not None]


def _scalar(parameter: _Parameter, value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number(parameter, value)
    if isinstance(value, str):
        return _checked(parameter, value)
    return parameter.refuse(
        f"It has {_kind(value)} inside, which `style: {parameter.style}` has no form for",
    )


def _number(parameter: _Parameter, value: float) -> str:
    text = repr(value)
    if text in {"nan", "inf", "-inf"}:
        parameter.refuse("A number must be finite")
    if "e" not in text:
        return text
    from decimal import Decimal

    return f"{Decimal(text):f}"


def _checked(parameter: _Parameter, text: str) -> str:
    _check_text(parameter, text)
    return text


def _check_text(parameter: _Parameter, text: str) -> None:
    # Python keeps bytes of the command line that are not UTF-8 as lone surrogates.
    if any("\ud800" <= character <= "\udfff" for character in text):
        parameter.refuse("The text is not valid Unicode", hint="Pass it as UTF-8")


def _check_path_text(parameter: _Parameter, text: str) -> None:
    for decoded in _decodings(text):
        if re.search(_CONTROL, decoded):
            parameter.refuse("A path cannot have control characters, percent-encoded or not")
        if "\\" in decoded:
            parameter.refuse("A path cannot have a backslash, which some servers take for a slash")
        if {".", ".."}.intersection(decoded.split("/")):
            parameter.refuse("The segments `.` and `..` would lead to another path")


def _decodings(text: str) -> list[str]:
    """Return the text and what it becomes each time that something on the way decodes it."""
    found = [text]
    while len(found) <= _MOST_DECODINGS and (decoded := unquote(found[-1])) != found[-1]:
        found.append(decoded)
    return found


def _check_header_text(parameter: _Parameter, text: str) -> None:
    # Tab is the one control character that a field value may have inside it.
    if re.search(_CONTROL, text.replace("\t", "")):
        parameter.refuse("A header cannot have line breaks or other control characters")
    if not text.isascii() and max(text) > "\xff":
        parameter.refuse("A header can only have characters of Latin-1 (RFC 9110, section 5.5)")
    if text != text.strip(" \t"):
        parameter.refuse("A header cannot begin or end with white space, which servers remove")


def _encode_keeping_triplets(text: str, safe: str) -> str:
    pieces = re.split(r"(%[0-9A-Fa-f]{2})", text)
    return "".join(piece if index % 2 else quote(piece, safe=safe) for index, piece in enumerate(pieces))
