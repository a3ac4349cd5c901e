"""Writes parameter values as text for the request.

OpenAPI gives a parameter a `style` and an `explode`
(OpenAPI 3.2.0, 3.1.1 and 3.0.4, "Style Values" and "Style Examples"); the forms come from RFC 6570.
There is a pure function per location: a JSON value goes in, text comes out.

Rules for all of them:

- `True` and `False` become `true` and `false`, integers their digits, numbers the shortest digits
  that read back as the same number, never with an exponent.
- `None`, an empty array and an empty object are *undefined* (RFC 6570, section 2.3). An undefined value is left out,
  also as a member of an array or object. An empty string is a value.
  The column `undefined` of "Style Examples" shows `color=`, which RFC 6570 reserves for the empty string.
- Combinations that "Style Examples" marks n/a are undefined, but documents have them, and operations need
  their inputs: if all servers that support a combination read the same form, that form is written, and each
  function says which. A style that is not for the location ("Style Values") is refused.
- `ssv`, `tsv` and `pipes` are Swagger 2.0's, if no style of OpenAPI 3 says the same at that location.
- A member that holds the delimiter would be read as two. It is refused, and written anyway if nothing
  is validated (`is_strict=False`).
- Neither RFC 6570 nor OpenAPI says how an array or object within another is written. `deepObject` has a
  form that servers agree on; in all other styles the inner value is JSON text, as in Swagger UI. What Swagger 2.0
  says of lists within lists, `join_inner_lists` does before.
- Every refusal is a `UsageError`. It names the parameter, and never shows the value, which may be a secret.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NoReturn
from urllib.parse import quote, unquote, unquote_plus

from dynacli.errors import UsageError
from dynacli.http.built_request import Pair
from dynacli.record import record

# RFC 3986's reserved characters without those that mean something else in a query:
# `#` ends it, `[` and `]` are not in its grammar, `&` ends a pair and `+` is read as a space.
_RESERVED = "/?:@!$'()*,;="
# The same for a path, which `?` and `#` end (OpenAPI 3.1.1, "Path Templating").
_RESERVED_IN_PATH = "/:@!$&'()*+,;="

# The patterns are compiled at first use, because compiling them takes a noticeable part of the start-up.
_CONTROL = r"[\x00-\x1f\x7f-\x9f]"
_FIELD_NAME = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"  # RFC 9110, section 5.6.2
_COOKIE_SAFE = "!#$&'()*+-./:<=>?@[]^_`{|}~"  # RFC 6265, cookie-octet, without `%`
_COOKIE_VALUE = r'(?P<quote>"?)[!#-+\--:<-\[\]-~]*(?P=quote)'  # RFC 6265, section 4.1.1, cookie-value
# Wider than a token, because names such as `filter[id]` are common and every server reads them.
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
"""Style → what stands between the members of an array or object, and what messages call it."""

_MOST_DECODINGS = 8  # no chain of proxies and servers decodes a path more often


class _InnerList(str):
    """A list within a list as text: its members with a delimiter between them."""

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
        """Raise the error for a style that is not for the location."""
        self.refuse(f"OpenAPI does not have `style: {self.style}` for a {self.location}")

    def refuse_misread(self, reason: str) -> None:
        """Refuse a value that servers read as another one, unless nothing is validated."""
        if self.is_strict:
            self.refuse(reason, hint="`--validate off` sends it anyway")

    def joined(self, texts: Sequence[str], encoded: Sequence[str]) -> str:
        """Return encoded members with the delimiter of the style between them, as it is written in a URL."""
        delimiter, word = DELIMITERS[self.style]
        self.check_inner_lists(texts, self.style)
        if any(delimiter in text for text in texts):
            self.refuse_misread(f"A member contains {word}, which `{self.style}` uses to separate members")
        return quote(delimiter).join(encoded)

    def check_inner_lists(self, texts: Sequence[str], style: str) -> None:
        """Refuse lists within a list that hold what separates them from each other."""
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

    Commas between members stay literal, commas inside them are encoded, so that a server can tell them
    apart. With `spaceDelimited` and `pipeDelimited` the delimiter itself is encoded
    (`%20`, `%7C`: neither may stand in a URI), and a member that contains it is refused.

    Where OpenAPI defines no form:

    - `spaceDelimited` and `pipeDelimited` with `explode: true` are written like `form`, a pair for each
      member: that is what `explode` says in words, and nothing is left to delimit.
    - A scalar in these two styles, or in `deepObject`, is the pair `name=value`.
    - `deepObject` ignores `explode`, as OpenAPI 3.2 says, and writes nested values
      with a bracket for each step, array items by their index: `filter[tags][0]=a&filter[by][id]=1`, and a
      whole array as `expand[0]=a`. `qs`, PHP and ASP.NET read this form, Stripe's own clients send it, and
      no other form keeps items that are objects apart. Only Rack wants `filter[tags][]`;
      documents of such servers usually name the parameter `tags[]`, with `style: form`.

    An undefined value gives no pair at all: `name=` would say "the empty string" or,
    for an array, "one empty member".

    Args:
        name: The parameter's name, not encoded.
        value: A JSON value.
        style: `form`, `spaceDelimited`, `pipeDelimited` or `deepObject`; `csv`, `ssv`, `tsv` or `pipes`.
        explode: Whether each member of an array or object is a pair of its own.
        allow_reserved: Whether reserved characters (RFC 3986, section 2.2) and existing
            percent-encoded triplets stay as they are (RFC 6570, section 3.2.3), except `#`, `[`, `]`, `&`
            and `+`, which mean something else, or nothing, in a query.
        is_strict: Whether a member that holds the delimiter is refused.

    Returns:
        The pairs in order, none for an undefined value.

    Raises:
        UsageError: The style is not for a query, a member holds the delimiter, or a text is not Unicode.
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

    Everything but the unreserved characters (RFC 3986, section 2.3) is percent-encoded, so a value
    never adds a segment, a query or a fragment. Values that a client or server might resolve away
    or decode into something else are refused: the segments `.` and `..`, backslashes and control
    characters, also in percent-encoded form; and, unless nothing is validated, the empty value.

    Args:
        name: The parameter's name, not encoded.
        value: A JSON value.
        style: `simple`, `label` (a `.` before) or `matrix` (`;name=` before); `ssv`, `tsv` or `pipes`.
        explode: Whether each member of an array or object is written like a single value.
        allow_reserved: Whether reserved characters but `?`, `#`, `[` and `]`, and percent-encoded triplets,
            stay as they are. Documents say so for a parameter that holds a path, such as that of
            a file, whose slashes stay slashes.
        is_strict: Whether an empty value, an empty member, or one that holds the delimiter, is refused.

    Returns:
        The percent-encoded text, with the prefix of the style.

    Raises:
        UsageError: The style is not for a path, or the value is undefined or not allowed in a path.
    """
    text = str(value) if type(value) is int else value
    if style == "simple" and type(text) is str and text.isascii() and text.replace("-", "0").isalnum():
        return text  # nothing in it is encoded, and nothing could be refused
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

    Nothing is percent-encoded and nothing is quoted (OpenAPI 3.1.1, "Appendix D: Serializing Headers and
    Cookies"). So a member of an array or object should not contain a comma, which would split it.
    Text outside Latin-1 is refused: a field value is a sequence of bytes (RFC 9110, section 5.5), and no rule says
    which encoding a server assumes.

    Args:
        name: The name of the header field.
        value: A JSON value.
        style: `simple`; `ssv`, `tsv` or `pipes`.
        explode: Whether an object is written `key=value,...` instead of `key,value,...`.
        is_strict: Whether a member that holds the delimiter is refused.

    Returns:
        The field value, all of it Latin-1; empty for an undefined value, for which a caller sends no field.

    Raises:
        UsageError: The style is not for a header, the name is not a token, or the value has characters that a
            field value cannot have.
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

    With `explode: true` each member is a cookie of its own. OpenAPI's table joins the members of `form` by `&`, but
    its "Appendix D: Serializing Headers and Cookies" says that `&` does not separate cookies.

    `form` means percent-encoding, yet many servers do not decode cookies:
    only characters that a cookie cannot hold (RFC 6265, section 4.1.1: white space, control characters, `"`,
    `,`, `;`, `\`, everything outside ASCII) and `%` itself are encoded. A server that decodes
    reads the value exactly; one that does not still reads the usual tokens exactly.
    `cookie` (OpenAPI 3.2) encodes nothing, so that what a cookie cannot hold is refused.

    Args:
        name: The name of the cookie.
        value: A JSON value.
        style: `form` or `cookie`.
        explode: Whether each member of an array or object is a cookie of its own; otherwise they are a single
            cookie with literal commas (OpenAPI 3.2.0, "Style Examples"), which servers read though RFC 6265 does
            not allow it.
        allow_reserved: Whether percent-encoded triplets stay as they are.

    Returns:
        The pairs, ready to be joined by `; `; none for an undefined value.

    Raises:
        UsageError: The style is not for a cookie, a text is not Unicode, or a cookie cannot have the name or,
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
    """Return whether a value is undefined, and so not written at all (RFC 6570, sections 2.3 and 3.2.1)."""
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
    """Yield the defined scalars inside a value, each with its name in brackets."""
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
    """Return the texts of an array's defined items, of an object's keys and values in turn, or of a scalar."""
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
        # A header is Latin-1, and JSON can escape all other characters.
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
    # Python turns bytes of the command line that are not UTF-8 into lone surrogates.
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
            parameter.refuse("The segments `.` and `..` would lead to another path")


def _decodings(text: str) -> list[str]:
    """Return the text, and its form after each further percent-decoding on the way."""
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
    """Return a text percent-encoded, except its unreserved characters and the reserved ones that are allowed.

    Args:
        safe: The reserved characters that stay as they are if `allow_reserved`; percent-encoded triplets stay, too.
        always: The characters that stay as they are if not.
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
    """Return a list whose lists are joined; any other value as it is.

    Args:
        formats: The `collectionFormat` of each list within the list, the outer first.

    Raises:
        UsageError: A member holds the delimiter, and would be read as two.
    """
    if not isinstance(value, list) or not formats:
        return value
    return [_joined_list(parameter, item, formats) if isinstance(item, list) else item for item in value]


def _joined_list(
    parameter: WrittenParameter, value: list[Any], formats: tuple[str, ...]
) -> _InnerList | None:
    """Return a list as text; None if it is empty, which is not written."""
    delimiter, word = DELIMITERS[formats[0]]
    members = _member_texts(parameter, join_inner_lists(parameter, value, formats[1:]))
    if any(delimiter in member for member in members):
        parameter.refuse_misread(
            f"A member of a list within the list contains {word}, which `{formats[0]}` uses to separate members"
        )
    joined = _InnerList(delimiter.join(members))
    joined.delimiter, joined.members = delimiter, members
    return joined if members else None
