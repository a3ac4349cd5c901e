"""Which operations a server may take a path for: servers differ in what they ignore in the spelling of a path.

Many ignore the case of letters, empty steps, a slash at the end, what follows a `;`, or dots and blanks at the end of a
step (IIS), decode `%2F` before they look for the route, or take a backslash for a slash. IIS decodes `%u0061`
(https://learn.microsoft.com/troubleshoot/developer/webapps/iis/iisadmin-service-inetinfo/httpsys-registry-windows),
and PHP runs the script in `/index.php/pets`.
"""

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit
from weakref import WeakKeyDictionary

from dynacli.catalog.store.catalog_file import Catalog
from dynacli.client.policy.method_overrides import body_fields
from dynacli.http.built_request import Request
from dynacli.model.operation import OperationSummary
from dynacli.model.path_templates import path_values
from dynacli.record import record

__all__ = [
    "Sent",
    "SentValues",
    "is_path_of",
    "methods_in",
    "operations_at",
    "operations_of",
    "readings_of",
    "steps_of",
]

_ROUTES = frozenset(("kohanauri", "r", "restroute", "url"))
"""Fields of the query by which front controllers take a request for one of another path, whatever its own is.

`kohana_uri`, `r` (Yii), `rest_route` (WordPress, which reads it in the body as well:
https://developer.wordpress.org/reference/classes/wp/parse_request/), and `_url` (Phalcon).
"""
_NO_LETTERS = re.compile(r"[^a-z0-9]+")
_ROUTE_OF_BODY = "restroute"


class SentValues:
    """What the query, the headers and the fields of a request say.

    Args:
        is_whole: Whether the body is there; false for one that is too large to be looked at.
    """

    def __init__(self, request: Request, *, is_whole: bool = True) -> None:
        self._request, self._is_whole = request, is_whole
        self._of_body: dict[str, list[str] | None] = {}

    def may_have(self, location: str, name: str, wanted: Iterable[Any]) -> bool:
        """Return whether a server may find one of some values.

        Args:
            location: `query` or `header`.
        """
        plain = {str(value).strip().casefold() for value in wanted}
        if location == "header":
            found = self._headers.get(_plain(name), [])
            return any(
                piece.strip().casefold() in plain for value in found for piece in (value, *value.split(","))
            )
        key = _plain(name)
        of_body = self._fields(key)
        values = [*self._query.get(key, []), *(of_body or [])]
        return of_body is None or any(value.strip().casefold() in plain for value in values)

    def routes(self) -> Iterator[str]:
        """Yield the paths that the query or the body names."""
        found = [value for name in _ROUTES for value in self._query.get(name, [])]
        found += self._fields(_ROUTE_OF_BODY) or []
        # `?url=page` is usually about something else.
        yield from dict.fromkeys(
            "/" + value.lstrip("/") for value in found if "/" in value and "://" not in value
        )

    @cached_property
    def _query(self) -> dict[str, list[str]]:
        query = urlsplit(self._request.url).query
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
        """Return the values of a field of the body; None if that is not clear."""
        if not self._request.body:
            return []
        if key not in self._of_body:
            found = body_fields(
                self._request,
                lambda name: _plain(name) == key,
                lambda text: key in _NO_LETTERS.sub("", text),
                is_whole=self._is_whole,
            )
            values = [value for _, value in found]
            self._of_body[key] = None if None in values else [value for value in values if value is not None]
        return self._of_body[key]


def _plain(name: str) -> str:
    return _NO_LETTERS.sub("", name.partition("[")[0].casefold()) or name


def _grouped(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(_plain(name), []).append(value)
    return found


_UNICODE = re.compile(r"%u([0-9A-Fa-f]{4})")
_SCRIPT = re.compile(r"(?i)^/[^/]*\.(?:php[0-9]?|cgi|fcgi|pl|dll|ashx|aspx|jsp|do)(?=/|%2f)")
_DOT_ABOVE = "\u0307"
"""What remains of a Turkish capital I with a dot; some servers take it, and the small one without, for an `i`."""


@record
class Sent:
    """What a request says of its operation besides its method.

    Args:
        paths: Its path below each base URL that it may belong to, as it is sent.
        values: Those that may tell operations of one path apart; None before it is built.
    """

    paths: tuple[str, ...]
    values: SentValues | None


class _Template(NamedTuple):
    """The path of an operation.

    Args:
        steps: As `steps_of` returns them.
        variables: How many of them have a parameter.
    """

    steps: tuple[str, ...]
    variables: int
    summary: OperationSummary


_templates: WeakKeyDictionary[Catalog, dict[str, list[_Template]]] = WeakKeyDictionary()
"""Catalog → method → its paths."""


def steps_of(path: str) -> tuple[str, ...] | None:
    """Return the steps of a path in the spelling that all spellings of it share; None if that is not clear."""
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
                return None  # a step back
            continue
        if plain := step.rstrip(". ").casefold():
            steps.append(plain)
    return tuple(steps)


def _unescaped(found: re.Match[str]) -> str:
    return chr(int(found[1], 16))


def _plain_letters(text: str) -> str:
    import unicodedata

    # Servers compare in capital or in small letters, and a wide letter may become a plain one (best fit of Windows).
    return unicodedata.normalize("NFKC", text).upper().casefold().replace(_DOT_ABOVE, "")


def readings_of(path: str) -> Iterator[str]:
    """Yield a path, and what a server may make of it that cuts it or runs a script in it."""
    yield path
    # Rules that rewrite paths may decode them first (CVE-2024-38474).
    if cut := re.match("(?i)(.*?)%(?:3f|23)", path):
        yield cut[1]
    if script := _SCRIPT.match(path):
        yield "/" + path[script.end() :]


def is_path_of(template: str, path: str) -> bool:
    """Return whether a server may take a path for one of a template."""
    fixed, steps = steps_of(template), steps_of(path)
    return fixed is not None and steps is not None and len(fixed) == len(steps) and _fits(fixed, steps)


def operations_of(catalog: Catalog, methods: Iterable[str]) -> list[OperationSummary]:
    """Return the operations of some methods, in upper case."""
    return [each.summary for method in methods for each in _templates_of(catalog).get(method, ())]


def methods_in(catalog: Catalog) -> list[str]:
    """Return the methods of all operations, in upper case."""
    return list(_templates_of(catalog))


def operations_at(
    catalog: Catalog, method: str, paths: Iterable[str], values: SentValues | None = None
) -> list[OperationSummary]:
    """Return the operations of a method that a server may take a path for: of those that fit, the most literal ones.

    Args:
        method: In upper case.
        values: As in `Sent`; None if they are not known yet.
    """
    found: list[OperationSummary] = []
    for path in paths:
        steps = steps_of(path)
        if steps is None:
            continue
        fitting = [
            each
            for each in _templates_of(catalog).get(method, ())
            if len(each.steps) == len(steps) and _fits(each.steps, steps)
        ]
        told_apart = [each for each in fitting if not {"?", "#"}.isdisjoint(each.summary.path)]
        if told_apart:
            agreeing = [each for each in told_apart if _agrees(catalog, each.summary, values)]
            # A request that agrees with none may mean any: servers differ in how they compare names and values.
            is_sent = values is not None and len(told_apart) == len(fitting)
            left = agreeing or (told_apart if is_sent else [])
            fitting = [each for each in fitting if each not in told_apart or each in left]
        fewest = min((each.variables for each in fitting), default=0)
        found += [each.summary for each in fitting if each.variables == fewest]
    return found


def _templates_of(catalog: Catalog) -> dict[str, list[_Template]]:
    if catalog not in _templates:
        found: dict[str, list[_Template]] = {}
        for summary in catalog.each_summary():
            steps = steps_of(summary.path) or ()
            variables = sum("{" in step for step in steps)
            found.setdefault(summary.method.upper(), []).append(_Template(steps, variables, summary))
        _templates[catalog] = found
    return _templates[catalog]


def _fits(template: tuple[str, ...], steps: tuple[str, ...]) -> bool:
    # Many servers ignore the ending of the last step: `/pets.json`.
    *first, last = zip(template, steps, strict=True) if template else [("", "")]
    return all(
        step == word or ("{" in step and path_values(step, word) is not None) for step, word in first
    ) and (
        last[0] == last[1]
        or last[1].startswith(f"{last[0]}.")
        or ("{" in last[0] and path_values(*last) is not None)
    )


def _agrees(catalog: Catalog, summary: OperationSummary, values: SentValues | None) -> bool:
    """Return whether the query, the headers and the fields of a request may be those of an operation.

    Documents have `/messages?action=send`, and `/#Action=A` beside `/#Action=B`, each with a parameter of one value.
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
