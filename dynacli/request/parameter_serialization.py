"""Writes parameter values as text for the request.

A parameter has a `style` and an `explode` (OpenAPI 3.2.0, 3.1.1 and 3.0.4, "Style Values" and "Style Examples"). The
formats come from RFC 6570. Each location has a pure function from a JSON value to text.

Rules for all functions:

- `True` and `False` become `true` and `false`, integers their digits, numbers the shortest digits
  that read back as the same number, never with an exponent.
- `None`, an empty array and an empty object are *undefined* (RFC 6570, section 2.3). An undefined value is left out,
  also as a member of an array or object. An empty string is a value.
  The column `undefined` of "Style Examples" shows `color=`, which RFC 6570 reserves for the empty string.
- Combinations that "Style Examples" marks n/a are undefined, but documents use them. If all servers that support a
  combination read the same format, dynacli writes it, and the function's docstring describes it. A style of another
  location ("Style Values") is refused.
- `ssv`, `tsv` and `pipes` are formats of Swagger 2.0 for which OpenAPI 3 has no style at that location.
- A member that contains the delimiter would be read as two members. It is refused, unless validation is off
  (`is_strict=False`).
- RFC 6570 and OpenAPI do not define nested arrays and objects. `deepObject` has a format that servers agree on. In all
  other styles the nested value is JSON text, as in Swagger UI. `join_inner_lists` handles nested lists of Swagger 2.0
  first.
- Every refusal is a `UsageError`. It names the parameter, but not the value, which may be a secret.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn
from urllib.parse import quote, unquote, unquote_plus

from dynacli.errors import UsageError
from dynacli.http.built_request import Pair
from dynacli.record import record

# RFC 3986's reserved characters without the ones with a special meaning in a query: `#` ends it, `[` and `]` are not
# allowed in it, `&` ends a pair, and `+` means a space.
_RESERVED = "/?:@!$'()*,;="
# The same for a path, which `?` and `#` end (OpenAPI 3.1.1, "Path Templating").
_RESERVED_IN_PATH = "/:@!$&'()*+,;="

# The patterns are compiled on first use, because compiling them would slow down the start.
_CONTROL = r"[\x00-\x1f\x7f-\x9f]"
_FIELD_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 9110, section 5.6.2
_COOKIE_SAFE = "!#$&'()*+-./:<=>?@[]^_`{|}~"  # RFC 6265, cookie-octet, without `%`
_COOKIE_VALUE = r'(?P<quote>"?)[!#-+\--:<-\[\]-~]*(?P=quote)'  # RFC 6265, section 4.1.1, cookie-value
# Wider than a token, because names such as `filter[id]` are common and all servers accept them.
_COOKIE_NAME = r"[!#$%&'()*+./:<>?@\[\]^_`{|}~0-9A-Za-z-]+"

DELIMITERS = {
    "simple": (",", "a comma"),
    "csv": (",", "a comma"),
    "spaceDelimited": (" ", "a space"),
    "ssv": (" ", "a space"),
    "tsv": ("\t", "a tab"),
    "pipeDelimited": ("|", "a `|`"),
    "pipes": ("|", "a `|`"),
}
"""Style → the delimiter between members of an array or object, and its name in messages."""

_MOST_DECODINGS = 8  # no chain of proxies and servers decodes a path more often


class _InnerList(str):
    """A nested list as text, with a delimiter between its members."""

    __slots__ = ("delimiter", "members")
    delimiter: str
    members: list[str]


@record
class WrittenParameter:
    """The parameter that a value belongs to, for messages."""

    location: str
    name: str
    style: str
    explode: bool
    is_strict: bool = True

    def refuse(self, reason: str, hint: str = "") -> NoReturn:
        """Raise the error for a value that cannot be sent."""
        raise UsageError(
            f"The {self.location} parameter `{self.name}` cannot be sent", reason=reason, hint=hint
        )

    def refuse_style(self) -> NoReturn:
        """Raise the error for a style that the location does not allow."""
        self.refuse(f"OpenAPI does not have `style: {self.style}` for a {self.location}")

    def refuse_misread(self, reason: str) -> None:
        """Refuse a value that servers would misread, unless validation is off."""
        if self.is_strict:
            self.refuse(reason, hint="`--validate off` sends it anyway")

    def joined(self, texts: Sequence[str], encoded: Sequence[str]) -> str:
        """Return encoded members, joined with the encoded delimiter of the style."""
        delimiter, word = DELIMITERS[self.style]
        self.check_inner_lists(texts, self.style)
        if any(delimiter in text for text in texts):
            self.refuse_misread(f"A member contains {word}, which `{self.style}` uses to separate members")
        return quote(delimiter).join(encoded)

    def check_inner_lists(self, texts: Sequence[str], style: str) -> None:
        """Refuse nested lists that contain the delimiter of the outer list."""
        delimiter, word = DELIMITERS[style]
        if any(delimiter in text for text in texts if isinstance(text, _InnerList)):
            self.refuse_misread(f"A list within the list contains {word}, which separates these lists, too")


def serialize_query(
    name: str,
    value: Any,
    *,
    style: str = "form",
    explode: bool = True,
    allow_reserved: bool = False,
    is_strict: bool = True,
) -> tuple[Pair, ...]:
    """Write a query parameter as the pairs of a query.

    Commas between members stay literal, and commas inside members are encoded, so that a server can distinguish them.
    With `spaceDelimited` and `pipeDelimited` the delimiter is encoded (`%20`, `%7C`), because a URI must not contain
    it. A member that contains it is refused.

    If OpenAPI defines no format:

    - `spaceDelimited` and `pipeDelimited` with `explode: true` are written like `form`, with a pair for each member,
      which is the meaning of `explode`.
    - A scalar in these two styles, or in `deepObject`, is the pair `name=value`.
    - `deepObject` ignores `explode`, as OpenAPI 3.2 says. It writes nested values with a bracket for each step, and
      array items by their index: `filter[tags][0]=a&filter[by][id]=1`. A whole array is `expand[0]=a`. `qs`, PHP and
      ASP.NET read this format, Stripe's clients send it, and no other format separates items that are objects.
      Only Rack expects `filter[tags][]`. Documents of such servers usually name the parameter `tags[]`, with
      `style: form`.

    An undefined value has no pair: `name=` would mean an empty string or, for an array, one empty member.

    Args:
        name: Name of the parameter, not encoded.
        value: A JSON value.
        style: `form`, `spaceDelimited`, `pipeDelimited` or `deepObject`; `csv`, `ssv`, `tsv` or `pipes`.
        explode: Whether each member of an array or object has its own pair.
        allow_reserved: Whether reserved characters (RFC 3986, section 2.2) and percent-encoded triplets stay (RFC 6570,
            section 3.2.3), except `#`, `[`, `]`, `&` and `+`, which have a special meaning or none in a query.
        is_strict: Whether to refuse a member that contains the delimiter.

    Returns:
        The pairs in order; empty for an undefined value.

    Raises:
        UsageError: The style is not allowed in a query, a member contains the delimiter, or a text is not Unicode.
    """
    parameter = WrittenParameter("query", name, style, explode, is_strict)
    if style not in {"form", "deepObject"} and (style not in DELIMITERS or style == "simple"):
        parameter.refuse_style()

    def written(text: str, without: str = "") -> str:
        return _percent_encoded(
            text, _RESERVED.replace(without, "") if without else _RESERVED, allow_reserved
        )

    def pair(key: str, encoded: str) -> Pair:
        return Pair(key, unquote_plus(encoded), f"{quote(key, safe='')}={encoded}")

    _checked(parameter, name)
    if style == "deepObject":
        return tuple(pair(key, written(text)) for key, text in _deep_members(parameter, name, value))
    if isinstance(value, Mapping) and explode:
        return tuple(pair(key, written(text)) for key, text in _defined_properties(parameter, value))
    flat = _member_texts(parameter, value)
    if explode or not isinstance(value, Mapping | list | tuple):
        return tuple(pair(name, written(text)) for text in flat)
    if not flat:
        return ()
    if style == "form":
        parameter.check_inner_lists(flat, "csv")
        return (pair(name, ",".join(written(text, without=",") for text in flat)),)
    return (pair(name, parameter.joined(flat, [written(text) for text in flat])),)


def serialize_path(
    name: str,
    value: Any,
    *,
    style: str = "simple",
    explode: bool = False,
    allow_reserved: bool = False,
    is_strict: bool = True,
) -> str:
    """Write a path parameter as the text that replaces `{name}` in the path.

    All characters except unreserved ones (RFC 3986, section 2.3) are percent-encoded, so that a value cannot add a
    segment, a query or a fragment. Values that a client or server might change are refused: the segments `.` and `..`,
    backslashes and control characters, also if they are percent-encoded. An empty value is refused, too, unless
    validation is off.

    Args:
        name: Name of the parameter, not encoded.
        value: A JSON value.
        style: `simple`, `label` (a `.` before) or `matrix` (`;name=` before); `ssv`, `tsv` or `pipes`.
        explode: Whether each member of an array or object is written like a single value.
        allow_reserved: Whether percent-encoded triplets and reserved characters except `?`, `#`, `[` and `]` stay.
            Documents use this for parameters with slashes, such as the path of a file.
        is_strict: Whether to refuse an empty value, an empty member, or a member that contains the delimiter.

    Returns:
        The percent-encoded text, with the prefix of the style.

    Raises:
        UsageError: The style is not allowed in a path, or the value is undefined or not allowed in a path.
    """
    text = str(value) if type(value) is int else value
    if style == "simple" and type(text) is str and text.isascii() and text.replace("-", "0").isalnum():
        return text  # a value without special characters
    parameter = WrittenParameter("path", name, style, explode, is_strict)
    if style not in {"simple", "label", "matrix", "ssv", "tsv", "pipes"}:
        parameter.refuse_style()
    texts = _member_texts(parameter, value)
    needs = "A path parameter always needs a value that is not empty"
    if not texts or ("" in texts and style == "label"):  # empty labels would make the segment `.` or `..`
        parameter.refuse(needs)
    if "" in texts:
        no_member = "A member is empty, and many servers read that as no member"
        parameter.refuse_misread(no_member if any(texts) else needs)
    for text in texts:
        _check_path_text(parameter, text)
        if allow_reserved and text and "" in text.split("/"):
            parameter.refuse("An empty segment makes it another path")
    is_single = not isinstance(value, Mapping | list | tuple)
    safe = _RESERVED_IN_PATH
    if not is_single or style != "simple":
        safe = safe.translate({ord(delimiter): None for delimiter in ",;="})
    encoded = [_percent_encoded(text, safe, allow_reserved) for text in texts]
    if explode and isinstance(value, Mapping):
        encoded = [f"{key}={text}" for key, text in zip(encoded[::2], encoded[1::2], strict=True)]
    if style == "matrix":
        _checked(parameter, name)
        key = quote(name, safe="")
        if not explode or texts == [""]:  # RFC 6570, section 3.2.7: an empty value has no equals sign
            return f";{key}={','.join(encoded)}".removesuffix("=")
        named = encoded if isinstance(value, Mapping) else [f"{key}={text}" for text in encoded]
        return "".join(f";{text}" for text in named)
    if style == "label":
        if explode and not is_single and any("." in text for text in texts):
            parameter.refuse_misread("A member contains a `.`, which `style: label` uses to separate members")
        return "." + ("." if explode else ",").join(encoded)
    if style in {"ssv", "tsv", "pipes"}:
        return encoded[0] if is_single else parameter.joined(texts, encoded)
    parameter.check_inner_lists(texts, "csv")
    return ",".join(encoded)


def serialize_header(
    name: str, value: Any, *, style: str = "simple", explode: bool = False, is_strict: bool = True
) -> str:
    """Write a header parameter as the text of the header field.

    The text is neither percent-encoded nor quoted (OpenAPI 3.1.1, "Appendix D: Serializing Headers and Cookies"). So a
    member of an array or object should not contain a comma, which would split it.
    Text outside Latin-1 is refused: a field value is a sequence of bytes (RFC 9110, section 5.5), and the encoding that
    a server assumes is unknown.

    Args:
        name: Name of the header field.
        value: A JSON value.
        style: `simple`; `ssv`, `tsv` or `pipes`.
        explode: Whether an object is written `key=value,...` instead of `key,value,...`.
        is_strict: Whether to refuse a member that contains the delimiter.

    Returns:
        The field value in Latin-1; empty for an undefined value, for which the caller sends no field.

    Raises:
        UsageError: The style is not allowed in a header, the name is not a token, or the value has characters that are
            not allowed in a field value.
    """
    parameter = WrittenParameter("header", name, style, explode, is_strict)
    if style not in {"simple", "ssv", "tsv", "pipes"}:
        parameter.refuse_style()
    if not re.fullmatch(_FIELD_NAME, name):
        parameter.refuse("The name of a header field is made of letters, digits and a few signs (RFC 9110)")
    texts = _member_texts(parameter, value)
    for text in texts:
        _check_header_text(parameter, text)
    delimiter, word = DELIMITERS[style]
    parameter.check_inner_lists(texts, style)
    if isinstance(value, Mapping | list | tuple) and any(delimiter in text for text in texts):
        parameter.refuse_misread(f"A member contains {word}, which separates the members of this header")
    if explode and isinstance(value, Mapping):
        if any("=" in key for key in texts[::2]):
            parameter.refuse_misread("A key contains `=`, which separates keys from values")
        texts = [f"{key}={text}" for key, text in zip(texts[::2], texts[1::2], strict=True)]
    return delimiter.join(texts)


def serialize_cookie(
    name: str, value: Any, *, style: str = "form", explode: bool = True, allow_reserved: bool = False
) -> tuple[Pair, ...]:
    r"""Write a cookie parameter as pairs of name and value.

    With `explode: true` each member is a separate cookie. OpenAPI's table joins the members of `form` by `&`, but its
    "Appendix D: Serializing Headers and Cookies" says that `&` does not separate cookies.

    `form` means percent-encoding, but many servers do not decode cookies. So only `%` is encoded, and characters that
    a cookie cannot contain (RFC 6265, section 4.1.1: white space, control characters, `"`, `,`, `;`, `\`, and
    characters outside ASCII). A server that decodes gets the exact value. Other servers still get usual tokens exactly.
    `cookie` (OpenAPI 3.2) has no encoding, so it refuses these characters.

    Args:
        name: The name of the cookie.
        value: A JSON value.
        style: `form` or `cookie`.
        explode: Whether each member of an array or object is a separate cookie. If not, they are a single cookie with
            literal commas (OpenAPI 3.2.0, "Style Examples"), which servers accept although RFC 6265 forbids it.
        allow_reserved: Whether percent-encoded triplets stay.

    Returns:
        The pairs, to be joined by `; `; empty for an undefined value.

    Raises:
        UsageError: The style is not allowed in a cookie, a text is not Unicode, or a cookie cannot have the name or,
            with `style: cookie`, the value.
    """
    parameter = WrittenParameter("cookie", name, style, explode)
    if style not in {"form", "cookie"}:
        parameter.refuse_style()

    def written(text: str) -> str:
        if style == "form":
            return _percent_encoded(text, _COOKIE_SAFE, allow_reserved, always=_COOKIE_SAFE)
        if not re.fullmatch(_COOKIE_VALUE, text):
            parameter.refuse(
                "The value has characters that a cookie cannot have, and this one is not encoded",
                hint="Encode them the way the server expects, for example `%20` for a space",
            )
        return text

    def pair(key: str, text: str) -> Pair:
        if not re.fullmatch(_COOKIE_NAME, key):
            parameter.refuse("The name has characters that the name of a cookie cannot have")
        return Pair(key, unquote(text) if style == "form" else text, f"{key}={text}")

    if explode and isinstance(value, Mapping):
        return tuple(pair(key, written(text)) for key, text in _defined_properties(parameter, value))
    texts = [written(text) for text in _member_texts(parameter, value)]
    if not explode and texts:
        texts = [",".join(texts)]
    return tuple(pair(name, text) for text in texts)


def is_undefined(value: Any) -> bool:
    """Return whether a value is undefined, so that it is left out (RFC 6570, sections 2.3 and 3.2.1)."""
    if isinstance(value, Mapping):
        return all(item is None for item in value.values())
    return value is None or (isinstance(value, list | tuple) and all(item is None for item in value))


def _defined_properties(parameter: WrittenParameter, value: Mapping[Any, Any]) -> list[tuple[str, str]]:
    """Return the defined properties of an object as (key, text)."""
    texts = [
        (_checked(parameter, str(key)), _serialized_scalar(parameter, item)) for key, item in value.items()
    ]
    return [(key, text) for key, text in texts if text is not None]


def _deep_members(parameter: WrittenParameter, key: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield the defined scalars in a value, each with its key in brackets."""
    steps: Iterator[tuple[Any, Any]]
    if isinstance(value, Mapping):
        steps = iter(value.items())
    elif isinstance(value, list | tuple):
        steps = iter(enumerate(value))
    else:
        text = _serialized_scalar(parameter, value)
        if text is not None:
            yield key, text
        return
    for step, item in steps:
        yield from _deep_members(parameter, f"{key}[{_checked(parameter, str(step))}]", item)


def _member_texts(parameter: WrittenParameter, value: Any) -> list[str]:
    """Return the texts of a scalar, of the defined items of an array, or of the keys and values of an object."""
    if isinstance(value, Mapping):
        return [text for member in _defined_properties(parameter, value) for text in member]
    items: Sequence[Any] = value if isinstance(value, list | tuple) else [value]
    return [text for item in items if (text := _serialized_scalar(parameter, item)) is not None]


def _serialized_scalar(parameter: WrittenParameter, value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return _number_text(parameter, value)
    if isinstance(value, str):
        return _checked(parameter, value)
    try:
        # Headers are Latin-1, and JSON can escape all other characters.
        text = json.dumps(
            value, ensure_ascii=parameter.location == "header", allow_nan=False, separators=(",", ":")
        )
    except ValueError:
        parameter.refuse("A number must be finite")
    return _checked(parameter, text)


def _number_text(parameter: WrittenParameter, value: float) -> str:
    text = repr(value)
    if text in {"nan", "inf", "-inf"}:
        parameter.refuse("A number must be finite")
    if "e" not in text:
        return text
    from decimal import Decimal

    return f"{Decimal(text):f}"


def _checked(parameter: WrittenParameter, text: str) -> str:
    # Python reads bytes of the command line that are not UTF-8 as lone surrogates.
    if not text.isascii() and any("\ud800" <= character <= "\udfff" for character in text):
        parameter.refuse("The text is not valid Unicode", hint="Pass it as UTF-8")
    return text


def _check_path_text(parameter: WrittenParameter, text: str) -> None:
    for decoded in _decodings(text):
        if not decoded.isprintable() and re.search(_CONTROL, decoded):
            parameter.refuse("A path cannot have control characters, percent-encoded or not")
        if "\\" in decoded:
            parameter.refuse("A path cannot have a backslash, which some servers take for a slash")
        if {".", ".."}.intersection(decoded.split("/")):
            parameter.refuse("The segments `.` and `..` would change the path")


def _decodings(text: str) -> list[str]:
    """Return the text, and the results of decoding it repeatedly, as proxies and servers may do."""
    found = [text]
    while len(found) <= _MOST_DECODINGS and (decoded := unquote(found[-1])) != found[-1]:
        found.append(decoded)
    return found


def _check_header_text(parameter: WrittenParameter, text: str) -> None:
    # A tab is the only control character that a field value may contain.
    if re.search(_CONTROL, text.replace("\t", "")):
        parameter.refuse("A header cannot have line breaks or other control characters")
    if not text.isascii() and max(text) > "\xff":
        parameter.refuse("A header can only have characters of Latin-1 (RFC 9110, section 5.5)")
    if text != text.strip(" \t"):
        parameter.refuse("A header cannot begin or end with white space, which servers remove")


def _percent_encoded(text: str, safe: str, allow_reserved: bool, always: str = "") -> str:
    """Return a text percent-encoded, except for unreserved characters and allowed reserved ones.

    Args:
        text: The text.
        safe: The reserved characters that stay with `allow_reserved`. Percent-encoded triplets stay, too.
        allow_reserved: Whether the characters in `safe` stay.
        always: The characters that stay without `allow_reserved`.
    """
    if isinstance(text, _InnerList):
        delimiter = "," if text.delimiter == "," else quote(text.delimiter)
        safe = safe.replace(",", "")
        return delimiter.join(_percent_encoded(member, safe, allow_reserved) for member in text.members)
    if not allow_reserved:
        return quote(text, safe=always)
    pieces = re.split(r"(%[0-9A-Fa-f]{2})", text)
    return "".join(piece if index % 2 else quote(piece, safe=safe) for index, piece in enumerate(pieces))


def join_inner_lists(parameter: WrittenParameter, value: Any, formats: tuple[str, ...]) -> Any:
    """Return a list with its nested lists joined to texts; return other values unchanged.

    Args:
        parameter: The parameter, for messages.
        value: The value.
        formats: The `collectionFormat` of each nested list, the outer first.

    Raises:
        UsageError: A member contains the delimiter, and would be read as two members.
    """
    if not isinstance(value, list) or not formats:
        return value
    return [_joined_list(parameter, item, formats) if isinstance(item, list) else item for item in value]


def _joined_list(
    parameter: WrittenParameter, value: list[Any], formats: tuple[str, ...]
) -> _InnerList | None:
    """Return a list as text; None if it is empty, so that it is left out."""
    delimiter, word = DELIMITERS[formats[0]]
    members = _member_texts(parameter, join_inner_lists(parameter, value, formats[1:]))
    if any(delimiter in member for member in members):
        parameter.refuse_misread(
            f"A member of a list within the list contains {word}, which `{formats[0]}` uses to separate members"
        )
    joined = _InnerList(delimiter.join(members))
    joined.delimiter, joined.members = delimiter, members
    return joined if members else None
