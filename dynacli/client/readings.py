"""Possible interpretations of a request by a server: other operations for its path, and other methods.

Servers differ in the spellings of a path that they accept. Many ignore case, empty segments, a trailing slash, or text
after a `;`. Some decode `%2F` before routing, or treat a backslash as a slash. IIS ignores dots and blanks at the end
of a segment, and decodes `%u0061`
(https://learn.microsoft.com/troubleshoot/developer/webapps/iis/iisadmin-service-inetinfo/httpsys-registry-windows).
PHP runs the script in `/index.php/pets`.

A header, or a field of the query or the body, can override the method. Each framework has its own names for it, and
accepts variants of them. This module covers all of them. If a value cannot be read, any method is possible.

| server | override |
|---|---|
| Rack and Rails, Laravel and Symfony, Spring, CakePHP, CodeIgniter, Yii, Express, WordPress | `_method` |
| Slim | `_METHOD` |
| Salesforce | `_HttpMethod` |
| ASP.NET | the header's name as a field |
| Restlet, Confluence and others | `method`, `httpMethod`, `verb` in the query |
| PHP | a blank, a dot or `[` for `_`, blanks before a name, and nothing after a NUL |
| Rack | brackets before a name, `;` between pairs |
| WSGI, CGI and PHP | `_` for `-` in the names of headers |
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from itertools import chain
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, unquote_plus
from weakref import WeakKeyDictionary

from dynacli.http.built_request import Request
from dynacli.http.semantics import essence, is_form, is_json, is_multipart
from dynacli.openapi.catalog.catalog_file import Catalog
from dynacli.openapi.model.operation import OperationSummary
from dynacli.openapi.model.path_templates import path_values
from dynacli.record import record
from dynacli.urls import split_url

ANY_METHOD = ("DELETE", "GET", "PATCH", "POST", "PUT")
"""Methods that a field with an unknown value may set, besides the methods of the document."""

_KNOWN = frozenset((*ANY_METHOD, *("CONNECT", "COPY", "HEAD", "LINK", "LOCK", "MERGE", "MOVE", "OPTIONS")))
_KNOWN |= frozenset(("PURGE", "QUERY", "REPORT", "SEARCH", "TRACE", "UNLINK", "UNLOCK", "VIEW"))
_WORD = re.compile(r"[A-Za-z][A-Za-z-]{1,30}")
_NOT_IN_NAMES = re.compile(r"[^a-z0-9]+")
_NAMES = frozenset(
    ("httpmethodoverride", "methodoverride", "xhttpmethod", "xhttpmethodoverride", "xhttpoverride")
) | {"xmethodoverride"}
_FIELD = re.compile(r"[^a-z0-9]+(?:http[^a-z0-9]*)?method(?:[^a-z0-9]*|[\[\0].*)", re.DOTALL)
_MENTION = re.compile(r"[^a-z0-9](?:http)?[^a-z0-9]?method[^a-z0-9]|method.?override|httpmethod")
_ESCAPED = re.compile(r"[\\%]u([0-9A-Fa-f]{4})")
"""Escapes in JSON, and in forms for IIS."""
_PARTS_NAME = re.compile(r"""\bname\*?\s*=\s*("(?:[^"\\]|\\.)*"?|'[^']*'?|[^;]*)""", re.IGNORECASE)
_ENCODED_NAME = re.compile(r"\bname\*[0-9]|=\?")
_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+ *(?:;[^,]*)?")
_PLAIN_CHARSETS = re.compile(r"utf-?8|(?:us-)?ascii|iso-?8859-?[0-9]+|latin-?1|windows-125[0-9]|cp125[0-9]")
_BLANKS = "\xef\xbb\xbf\xff\xfe \t\r\n"
"""Characters that may precede a JSON value, including byte order marks."""
_MOST_FIELDS = 10_000
"""Maximum number of fields of one name that are read. Servers accept fewer fields in total.

PHP 1,000, Django 1,000, Rack 4,096, Express 1,000.
"""
_MOST_READ = 64 * 1024 * 1024
"""Maximum size in bytes of a file that is searched for fields before it is sent."""
_UNSEEN = "a body that is too large, encoded or unclear possibly"
_ROUTES = frozenset(("kohanauri", "r", "restroute", "url"))
"""Query fields with which front controllers replace the path of the request.

`kohana_uri`, `r` (Yii), `rest_route` (WordPress, which also reads it from the body:
https://developer.wordpress.org/reference/classes/wp/parse_request/), and `_url` (Phalcon).
"""
_NO_LETTERS = re.compile(r"[^a-z0-9]+")
_ROUTE_OF_BODY = "restroute"
_UNICODE = re.compile(r"%u([0-9A-Fa-f]{4})")
_SCRIPT = re.compile(r"(?i)^/[^/]*\.(?:php[0-9]?|cgi|fcgi|pl|dll|ashx|aspx|jsp|do)(?=/|%2f)")
_DOT_ABOVE = "\u0307"
"""The rest of a Turkish capital I with a dot after conversion. Some servers treat the Turkish letters as `i`."""


class Overrides(NamedTuple):
    """Methods that a request may be executed with, besides its own.

    Args:
        asked: Upper-case method → its source in the request.
        doubt: The reason if any method is possible; empty if all values are clear.
    """

    asked: dict[str, str]
    doubt: str = ""


def asked_by_headers(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return method → its source, for the headers of a request."""
    asked: dict[str, str] = {}
    for name, value in headers:
        plain = _NOT_IN_NAMES.sub("", name.lower())
        if not any(part in plain for part in ("method", "override", "verb")):
            continue
        words = [word.upper() for word in _WORD.findall(value)]
        if plain not in _NAMES and not ("method" in plain and "override" in plain):
            # For example `X-Original-Method: DELETE`. A preflight request asks about another request.
            words = [word for word in words if word in _KNOWN and "accesscontrol" not in plain]
        asked |= dict.fromkeys(words, "a header")
    return asked


def overrides_of(request: Request, *, is_whole: bool = True, is_strict: bool = True) -> Overrides:
    """Return the methods that override the method of a request.

    Args:
        is_whole: False if the body is too large to be searched.
        is_strict: True to include `method` and similar query parameters, which may also be filters.
    """
    asked, doubts = asked_by_headers(request.headers), list[str]()
    if any(method not in _KNOWN for method in asked):
        doubts.append("a header with an unclear value possibly")

    def take(name: str, value: str) -> None:
        words = [word.upper() for word in _WORD.findall(value)]
        asked.update(dict.fromkeys(words, f"`{name.strip(chr(0))}`"))
        # An encoded value could be any method.
        if not _KNOWN.issuperset(words) or not words:
            doubts.append(f"`{name}` with an unclear value possibly")

    parts = split_url(request.url)
    query = "&".join([parts.query, *parts.path.split(";")[1:]])
    for name, value in _form_pairs(query, _may_name_method) if _may_have(query, _may_name_method) else ():
        is_override = is_strict or request.method.upper() == "POST"
        if _is_field(name) or (is_override and value.strip().upper() in _KNOWN):
            take(name, value.strip())
    for field, read in _body_fields(request, _is_field, _mentions, is_whole=is_whole):
        if read is None:
            doubts.append(_UNSEEN)
        elif _is_field(field):
            take(field, read)
    return Overrides(asked, doubts[0] if doubts else "")


def _may_name_method(text: str) -> bool:
    """Return whether a query parameter may set the method: `method`, `http_method`, `X-Verb`, `_method`."""
    plain = text.casefold()
    return "method" in plain or "verb" in plain or _is_field(text) or _mentions(plain)


def _body_fields(
    request: Request,
    is_wanted: Callable[[str], bool],
    mentions: Callable[[str], bool],
    *,
    is_whole: bool = True,
) -> Iterator[tuple[str, str | None]]:
    """Yield names and values of the body's fields, as any server may read them; None for an unclear value.

    Args:
        is_wanted: Selects fields by name. Others may be left out.
        mentions: Returns whether a decoded lower-case text may have the name of such a field.
        is_whole: False if the body is too large to be searched.
    """
    media_type = _clear_media_type(request)
    body, is_seen = _known_body(request, is_whole=is_whole)
    if not is_seen and _has_fields(media_type):
        yield "", None
    if body:
        yield from _fields(body, media_type, is_wanted, mentions)


def _is_field(name: str) -> bool:
    plain = name.casefold()
    return _FIELD.fullmatch(plain) is not None or _NOT_IN_NAMES.sub("", plain.partition("[")[0]) in _NAMES


def _header_values(request: Request, plain: str) -> list[str]:
    return [value for name, value in request.headers if _NOT_IN_NAMES.sub("", name.lower()) == plain]


def _clear_media_type(request: Request) -> str:
    """Return the media type that all servers agree on, with its parameters; empty if it is unclear."""
    media_types = [value.strip().lower() for value in _header_values(request, "contenttype")]
    dropped = ",".join(_header_values(request, "connection")).lower()
    is_clear = len(media_types) == 1 and _MEDIA_TYPE.fullmatch(media_types[0]) and "content" not in dropped
    return media_types[0] if is_clear else ""


def _has_fields(media_type: str) -> bool:
    """Return whether servers may read fields from a body of this media type."""
    kind = essence(media_type)
    is_one_of = (is_form, is_json, is_multipart)
    return (
        not kind
        or "form" in media_type
        or kind.startswith("text/")
        or any(check(kind) for check in is_one_of)
    )


def _known_body(request: Request, *, is_whole: bool) -> tuple[bytes, bool]:
    """Return the known part of the body, and whether all fields must be in it."""
    body = request.body
    if any(value.strip().lower() != "identity" for value in _header_values(request, "contentencoding")):
        return b"", not body
    if body is None or isinstance(body, bytes):
        return body or b"", is_whole
    media_type = _clear_media_type(request)
    # In a form built by dynacli, files are separate parts. Any other file is the body itself.
    is_of_parts = is_multipart(media_type) and isinstance(body.pieces[0], bytes)
    if not is_of_parts and _has_fields(media_type) and (body.length or _MOST_READ + 1) <= _MOST_READ:
        whole = b"".join(body)
        return (whole, True) if body.rewind() else (b"", False)
    pieces = [piece for piece in body.pieces if isinstance(piece, bytes)]
    return b"".join(pieces), is_of_parts or len(pieces) == len(body.pieces)


def _fields(
    body: bytes, media_type: str, is_wanted: Callable[[str], bool], mentions: Callable[[str], bool]
) -> Iterator[tuple[str, str | None]]:
    kind = essence(media_type)
    charset = re.search(r"charset\s*=\s*[\"']?([^\s\"';]*)", media_type)
    if charset is not None and not _PLAIN_CHARSETS.fullmatch(charset[1]) and _has_fields(kind):
        yield "", None
    text = body.decode("latin-1").replace("\0", "")  # this also makes the ASCII part of UTF-16 readable
    if not _may_have(text, mentions):
        is_split = "content-disposition" in text.lower() and _ENCODED_NAME.search(text)
        yield from [("", None)] if is_split else []
        return
    members = None
    if text.lstrip(_BLANKS)[:1] in ("{", "["):
        with suppress(ValueError, RecursionError):
            members = _members_at_any_depth(body, is_wanted)
    yield from members or ()
    is_read = members is not None and is_json(kind)
    if members is None and (text.lstrip(_BLANKS)[:1] in ("{", "[") or is_json(kind)):
        yield "", None
    fields: list[Iterator[tuple[str, str | None]]] = []
    if "content-disposition" in text.lower():
        fields.append(_parts(text, is_wanted))
    if not is_read and not is_multipart(kind):
        fields.append(_form_pairs(text, is_wanted))
    for number, (name, value) in enumerate(chain.from_iterable(fields)):
        if number == _MOST_FIELDS:
            yield "", None
            return
        yield name, value


def _members_at_any_depth(body: bytes, is_wanted: Callable[[str], bool]) -> list[tuple[str, str | None]]:
    """Return the members of all objects in a JSON value, including repeated ones; None for an array or null.

    Raises:
        ValueError: The body is not JSON.
        RecursionError: The value is nested too deeply.
    """
    members: list[tuple[str, str | None]] = []

    def note(pairs: list[tuple[str, Any]]) -> None:
        members.extend(
            (key, None if isinstance(value, list) or value is None else str(value))
            for key, value in pairs
            if is_wanted(key)
        )

    json.loads(body, object_pairs_hook=note)
    return members


def _may_have(text: str, mentions: Callable[[str], bool]) -> bool:
    """Return whether a text may contain the name of a wanted field, even if it is escaped."""
    plain = f" {unquote_plus(_ESCAPED.sub(_unescaped, text))} "
    return mentions(plain.casefold()) or ("%" in plain and mentions(unquote_plus(plain).casefold()))


def _mentions(plain: str) -> bool:
    return _MENTION.search(plain) is not None


def _form_pairs(text: str, is_wanted: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """Yield names and values of a form or a query, in every way that servers decode them."""
    for pair in re.split("[&;]", text):
        name, _, value = pair.partition("=")
        if "%" in name or "+" in name:
            once = unquote_plus(_ESCAPED.sub(_unescaped, name))
            names = dict.fromkeys((once, unquote_plus(once)))
        else:
            names = dict.fromkeys((name,))
        for plain in names:
            if is_wanted(plain):
                yield plain, unquote_plus(_ESCAPED.sub(_unescaped, value))


def _parts(text: str, is_wanted: Callable[[str], bool]) -> Iterator[tuple[str, str | None]]:
    """Yield names and values of the parts of a multipart body, with any kind of line ends."""
    name, is_value, is_plain = "", False, True
    header = ""
    for line in [*re.split("\r\n|\r|\n", text), "", "--"]:
        if is_value:
            yield name, line.strip() if line.strip() and not line.startswith("--") else ""
            if not is_plain:
                yield name, None
            name, is_value, is_plain = "", False, True
            continue
        if line[:1] in (" ", "\t") and header:
            header += line  # a folded line
            continue
        lowered = header.lower()
        if lowered.lstrip().startswith("content-disposition"):
            if _ENCODED_NAME.search(lowered):
                yield "", None
            for found in _PARTS_NAME.findall(header):
                plain = unquote_plus(found.strip("\"' ").rpartition("''")[2])
                name = plain if is_wanted(plain) else name
        elif name and ":" in lowered:
            is_plain = False  # its value may be encoded
        header = line
        if not line.strip() and name:
            is_value, header = True, ""


class SentValues:
    """Values in the query, the headers and the body of a request, as servers may read them.

    Args:
        is_whole: False if the body is too large to be searched.
    """

    def __init__(self, request: Request, *, is_whole: bool = True) -> None:
        self._request, self._is_whole = request, is_whole
        self._of_body: dict[str, list[str] | None] = {}

    def may_have(self, location: str, name: str, wanted: Iterable[Any]) -> bool:
        """Return whether a server may read one of the wanted values under a name.

        Args:
            location: `query` or `header`.
        """
        plain = {str(value).strip().casefold() for value in wanted}
        if location == "header":
            values = self._headers.get(_letters_of(name), [])
            return any(
                piece.strip().casefold() in plain for value in values for piece in (value, *value.split(","))
            )
        key = _letters_of(name)
        of_body = self._fields(key)
        values = [*self._query.get(key, []), *(of_body or [])]
        return of_body is None or any(value.strip().casefold() in plain for value in values)

    def routes(self) -> Iterator[str]:
        """Yield the paths in fields of the query or the body."""
        values = [value for name in _ROUTES for value in self._query.get(name, [])]
        values += self._fields(_ROUTE_OF_BODY) or []
        # A value without `/` is rarely a path: `?url=page`.
        yield from dict.fromkeys(
            "/" + value.lstrip("/") for value in values if "/" in value and "://" not in value
        )

    @cached_property
    def _query(self) -> dict[str, list[str]]:
        query = split_url(self._request.url).query
        pairs = [
            pair
            for text in (query, query.replace(";", "&"))
            for pair in parse_qsl(text, keep_blank_values=True)
        ]
        return _grouped(pairs)

    @cached_property
    def _headers(self) -> dict[str, list[str]]:
        return _grouped(self._request.headers)

    def _fields(self, key: str) -> list[str] | None:
        """Return the values of a field of the body; None if the body is unclear."""
        if not self._request.body:
            return []
        if key not in self._of_body:
            fields = _body_fields(
                self._request,
                lambda name: _letters_of(name) == key,
                lambda text: key in _NO_LETTERS.sub("", text),
                is_whole=self._is_whole,
            )
            values = [value for _, value in fields]
            self._of_body[key] = None if None in values else [value for value in values if value is not None]
        return self._of_body[key]


def _letters_of(name: str) -> str:
    return _NO_LETTERS.sub("", name.partition("[")[0].casefold()) or name


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    values_by_name: dict[str, list[str]] = {}
    for name, value in pairs:
        values_by_name.setdefault(_letters_of(name), []).append(value)
    return values_by_name


@record
class Sent:
    """Paths and values with which a request selects an operation.

    Args:
        paths: The sent path, relative to each possible base URL.
        values: Values that can distinguish operations of one path; None before the request is built.
    """

    paths: tuple[str, ...]
    values: SentValues | None


class _Template(NamedTuple):
    """The path of an operation.

    Args:
        steps: Segments from `path_steps_of`.
        variables: Number of segments with a parameter.
    """

    steps: tuple[str, ...]
    variables: int
    summary: OperationSummary


_templates: WeakKeyDictionary[Catalog, dict[str, list[_Template]]] = WeakKeyDictionary()
"""Catalog → method → templates of its paths."""


def path_steps_of(path: str) -> tuple[str, ...] | None:
    """Return the normalized segments of a path, equal for all of its spellings; None if they are unclear."""
    plain = _UNICODE.sub(_unescaped, path.partition("#")[0].partition("?")[0])
    try:
        text = unquote(plain, errors="strict")
    except UnicodeDecodeError:
        return None
    if unquote(text) != text or _UNICODE.search(text) or not text.isprintable():
        return None
    if not text.isascii():
        text = _plain_letters(text)
    steps = []
    for word in text.replace("\\", "/").split("/"):
        step = word.partition(";")[0].rstrip(" ")
        if step.startswith(".") and not step.strip(". "):
            if step != ".":
                return None  # `..` or similar
            continue
        if plain := step.rstrip(". ").casefold():
            steps.append(plain)
    return tuple(steps)


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match[1], 16))


def _plain_letters(text: str) -> str:
    import unicodedata

    # Servers may compare upper or lower case, and Windows may turn a wide letter into a plain one (best fit).
    return unicodedata.normalize("NFKC", text).upper().casefold().replace(_DOT_ABOVE, "")


def readings_of(path: str) -> Iterator[str]:
    """Yield a path, and the paths that a server gets if it truncates it or runs a script in it."""
    yield path
    # Rewrite rules may decode the path first (CVE-2024-38474).
    if cut := re.match("(?i)(.*?)%(?:3f|23)", path):
        yield cut[1]
    if script := _SCRIPT.match(path):
        yield "/" + path[script.end() :]


def is_path_of(template: str, path: str) -> bool:
    """Return whether a server may match a path with a template."""
    fixed, steps = path_steps_of(template), path_steps_of(path)
    return (
        fixed is not None and steps is not None and len(fixed) == len(steps) and _fits_template(fixed, steps)
    )


def operations_with_methods(catalog: Catalog, methods: Iterable[str]) -> list[OperationSummary]:
    """Return the operations with one of the upper-case methods."""
    return [template.summary for method in methods for template in _templates_of(catalog).get(method, ())]


def methods_in(catalog: Catalog) -> list[str]:
    """Return the upper-case methods of all operations."""
    return list(_templates_of(catalog))


def possible_operations_at(
    catalog: Catalog, method: str, paths: Iterable[str], values: SentValues | None = None
) -> list[OperationSummary]:
    """Return the operations for which a server may take a path: the most literal of the matching ones.

    Args:
        method: The upper-case method.
        values: As in `Sent`; None if they are unknown.
    """
    operations: list[OperationSummary] = []
    for path in paths:
        steps = path_steps_of(path)
        if steps is None:
            continue
        fitting = [
            template
            for template in _templates_of(catalog).get(method, ())
            if len(template.steps) == len(steps) and _fits_template(template.steps, steps)
        ]
        distinct = [template for template in fitting if not {"?", "#"}.isdisjoint(template.summary.path)]
        if distinct:
            agreeing = [template for template in distinct if _agrees(catalog, template.summary, values)]
            # If no operation agrees, all are possible: servers differ in how they compare names and values.
            is_sent = values is not None and len(distinct) == len(fitting)
            left = agreeing or (distinct if is_sent else [])
            fitting = [template for template in fitting if template not in distinct or template in left]
        fewest = min((template.variables for template in fitting), default=0)
        operations += [template.summary for template in fitting if template.variables == fewest]
    return operations


def _templates_of(catalog: Catalog) -> dict[str, list[_Template]]:
    if catalog not in _templates:
        templates: dict[str, list[_Template]] = {}
        for summary in catalog.each_summary():
            steps = path_steps_of(summary.path) or ()
            variables = sum("{" in step for step in steps)
            templates.setdefault(summary.method.upper(), []).append(_Template(steps, variables, summary))
        _templates[catalog] = templates
    return _templates[catalog]


def _fits_template(template: tuple[str, ...], steps: tuple[str, ...]) -> bool:
    # Many servers ignore an extension of the last segment: `/pets.json`.
    *first, last = zip(template, steps, strict=True) if template else [("", "")]
    return all(
        step == word or ("{" in step and path_values(step, word) is not None) for step, word in first
    ) and (
        last[0] == last[1]
        or last[1].startswith(f"{last[0]}.")
        or ("{" in last[0] and path_values(*last) is not None)
    )


def _agrees(catalog: Catalog, summary: OperationSummary, values: SentValues | None) -> bool:
    """Return whether query, headers and fields of a request may select an operation.

    Some documents have `/messages?action=send`, or `/#Action=A` and `/#Action=B` with a parameter of one value each.
    """
    if values is None:
        return False
    path, mark, _ = summary.path.partition("#")
    fixed = parse_qsl(path.partition("?")[2], keep_blank_values=True)
    if not all(values.may_have("query", name, [value]) for name, value in fixed):
        return False
    return not mark or all(
        values.may_have(parameter.location, parameter.name, parameter.value.enum)
        for parameter in catalog.operation(summary.name).parameters
        if parameter.is_required and parameter.location in {"query", "header"} and parameter.value.enum
    )
