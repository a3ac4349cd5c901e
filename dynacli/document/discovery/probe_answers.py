"""What an answer is, judged by its content: a document, something that leads to one, or neither."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from dynacli.document.discovery.discovered import Found, Lead, Way
from dynacli.document.discovery.link_headers import leads_of, parse_links
from dynacli.document.discovery.linkset import is_linkset, read_linkset
from dynacli.document.discovery.page_references import (
    MAX_CHARACTERS,
    has_document_inside,
    is_viewer,
    read_config,
    read_neighbours,
    read_page,
    read_query,
)
from dynacli.document.fetched import Fetched
from dynacli.document.other_formats import check_is_openapi
from dynacli.document.path_items import operations_of
from dynacli.document.reading.parse import read_part
from dynacli.document.source import without_query
from dynacli.document.version import check_version
from dynacli.errors import DocumentError

__all__ = ["INSIDE", "Document", "Reading", "on_one_line", "read_answer"]

INSIDE = "a script that has the document in it"
_MAX_TITLE = 80
_SCRIPT_TYPES = frozenset({"application/javascript", "text/javascript", "application/x-javascript"})
_SIGNS = (b"openapi", b"swagger", b"linkset", b"url")
"""A document, a catalog or a configuration has one of these; reading anything else as YAML takes time for nothing."""


class Document(NamedTuple):
    """A document, and what tells whether another one describes the same API.

    Args:
        found: What is told of it.
        is_json: Whether it is JSON rather than YAML.
        shapes: Its operations as methods and paths; in the second one the paths have the base path in front.
    """

    found: Found
    is_json: bool
    shapes: tuple[frozenset[str], frozenset[str]]

    def is_same_api(self, other: "Document") -> bool:
        """Tell whether both describe one API, in two formats or two versions of OpenAPI."""
        one, two = self.found, other.found
        is_same_name = (one.title, one.version) == (two.title, two.version)
        return is_same_name and any(mine in other.shapes for mine in self.shapes)


class Reading(NamedTuple):
    """What an answer is.

    Args:
        result: It in a few words.
        document: The document, where it is one.
        leads: What it refers to, where it is none.
        fault: Why it cannot be used, where it is meant as a document.
        is_viewer: Whether it is a page that shows an API.
    """

    result: str
    document: Document | None = None
    leads: tuple[Lead, ...] = ()
    fault: DocumentError | None = None
    is_viewer: bool = False


def read_answer(url: str, fetched: Fetched, links: tuple[str, ...], way: Way) -> Reading:
    """Return what an answer is.

    Args:
        url: What was asked for.
        fetched: What came.
        links: Its `Link` headers.
        way: How its URL came to be asked.
    """
    reading = _read(url, fetched, way)
    if reading.document:
        return reading
    stated = leads_of(parse_links(links))
    if not stated:
        return reading
    return reading._replace(leads=(*stated, *reading.leads))


def _read(url: str, fetched: Fetched, way: Way) -> Reading:
    content = fetched.content
    start = content[:4000].lstrip(b"\xef\xbb\xbf \t\r\n")
    if fetched.media_type == "application/linkset":
        leads = leads_of(parse_links([_text(content).replace("\n", " ")]))
        return Reading(f"a catalog, {_count(len(leads), 'link')}", leads=tuple(leads))
    if start.startswith(b"<") or fetched.media_type in _SCRIPT_TYPES:
        return _read_page(fetched, is_script=not start.startswith(b"<"))
    # UTF-16 and UTF-32 have zeros between the letters.
    if b"\0" not in start and not any(sign in content for sign in _SIGNS):
        return Reading("empty" if not start else "not a document")
    return _read_tree(url, fetched, way)


def _read_page(fetched: Fetched, *, is_script: bool) -> Reading:
    text = _text(fetched.content)
    leads = read_query(fetched.uri) + read_page(text, is_script=is_script)
    if is_script:
        return Reading(INSIDE if has_document_inside(text) else "a script", leads=tuple(leads))
    if is_viewer(text):
        leads += read_neighbours(fetched.uri, text)
        return Reading("not a document: a page that shows an API", leads=tuple(leads), is_viewer=True)
    kind = "XML" if text[:100].lstrip().startswith("<?xml") else "an HTML page"
    return Reading(f"not a document: {kind}", leads=tuple(leads))


def _read_tree(url: str, fetched: Fetched, way: Way) -> Reading:
    name = without_query(url)
    tree: Any = None
    try:
        tree = read_part(fetched.content, name=name).tree
        check_is_openapi(tree, name)
        check_version(tree)
    except DocumentError as error:
        if is_linkset(tree):
            leads = read_linkset(tree)
            return Reading(f"a catalog, {_count(len(leads), 'link')}", leads=tuple(leads))
        named = _named(tree) or read_config(tree)
        if named:
            return Reading("not a document, but names some", leads=tuple(named))
        leads = read_page(_text(fetched.content))
        is_meant = _is_versioned(tree) or (tree is None and _looks_versioned(fetched.content))
        return Reading(_why(error, name), leads=tuple(leads), fault=error if is_meant else None)
    document = _document(url, fetched, tree, way)
    return Reading(_summary(document.found), document)


def _named(tree: Any) -> list[Lead]:
    """Return the document that an object names in place of a version: `{"openapi": "/openapi.json"}`."""
    if not isinstance(tree, dict):
        return []
    values = [tree.get(field) for field in ("openapi", "swagger")]
    return [
        Lead(value) for value in values if isinstance(value, str) and value.startswith(("http", "/", "./"))
    ]


def _is_versioned(tree: Any) -> bool:
    return isinstance(tree, dict) and any(
        isinstance(tree.get(field), (str, int, float)) for field in ("openapi", "swagger", "swaggerVersion")
    )


def _looks_versioned(content: bytes) -> bool:
    """Tell whether a text that cannot be read starts as a document does."""
    start = content[:500].lstrip(b"\xef\xbb\xbf \t\r\n{\"'#-").lower()
    return start.startswith((b"openapi", b"swagger"))


def _why(error: DocumentError, name: str) -> str:
    what = error.what.removeprefix(f"`{name}` ").removeprefix("is ")
    what = what.removesuffix("not an OpenAPI document").rstrip(" ,")
    return on_one_line(f"not a document: {what}" if what else "not a document")


def _document(url: str, fetched: Fetched, tree: dict[str, Any], way: Way) -> Document:
    info = tree.get("info")
    info = info if isinstance(info, dict) else {}
    shape = _shape(tree)
    base = _base_path(tree)
    found = Found(
        url,
        fetched,
        on_one_line(f"OpenAPI {tree['openapi']}" if "openapi" in tree else f"Swagger {tree['swagger']}"),
        on_one_line(info.get("title")),
        on_one_line(info.get("version")),
        len(shape),
        way,
    )
    is_json = fetched.content[:100].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")
    based = frozenset(f"{method} {base}{path}" for method, _, path in (one.partition(" ") for one in shape))
    return Document(found, is_json, (shape, based))


def _shape(tree: dict[str, Any]) -> frozenset[str]:
    paths = tree.get("paths")
    return frozenset(
        f"{entry.method} {path}"
        for path, item in (paths.items() if isinstance(paths, Mapping) else ())
        if isinstance(item, Mapping)
        for entry in operations_of(item)
    )


def _base_path(tree: dict[str, Any]) -> str:
    """Return the path that all paths of a document are under."""
    from urllib.parse import urlsplit

    base = tree.get("basePath")
    servers = tree.get("servers")
    if base is None and isinstance(servers, list) and servers and isinstance(servers[0], Mapping):
        try:
            base = urlsplit(str(servers[0].get("url"))).path
        except ValueError:
            base = ""
    return base.rstrip("/") if isinstance(base, str) else ""


def _summary(found: Found) -> str:
    name = f' "{found.title}"' if found.title else ""
    version = f" {found.version}" if found.version else ""
    return f"document, {found.openapi}{name}{version}, {_count(found.operations, 'operation')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def on_one_line(value: object) -> str:
    """Return a value from outside as a piece of one line: not too long, and nothing in it that is not shown."""
    text = " ".join(str("" if value is None else value)[: _MAX_TITLE * 4].split())
    text = "".join(character for character in text if character.isprintable())
    return text if len(text) <= _MAX_TITLE else f"{text[: _MAX_TITLE - 1]}…"


def _text(content: bytes) -> str:
    # Cut before it is decoded: a page of 50 MiB would be four times as large then.
    return content[:MAX_CHARACTERS].decode("utf-8", "replace")
