"""The files that one document is made of, each read once."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urljoin, urlsplit

from dynacli.document.fetched import Fetched
from dynacli.document.file_names import file_name
from dynacli.document.objects import DOCUMENT, SCHEMA
from dynacli.document.reading.parse import Parsed, parse_file
from dynacli.document.reading.source_text import to_utf8
from dynacli.document.references.scan import Steps, sites_of, steps_of, without_fragment
from dynacli.errors import DocumentError, DynacliError, RefusedError

__all__ = ["File", "Files", "OpenFile", "Opener", "UnreadableError", "absolute", "base_of"]

Opener = Callable[[str], Fetched]
"""Returns what is at an absolute URI without fragment; a `DynacliError` says why not.

The policy of references is in it: what it does not refuse with a `RefusedError` may be read.
"""

_TEXT_ENDINGS = (".md", ".markdown", ".txt", ".html", ".htm", ".adoc", ".rst")
_PLAIN_URI = re.compile(r"[A-Za-z0-9/:.?=&_~-]*")
_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")
_MARKS = (b"$id", b"$anchor", b"$dynamicAnchor", b"\\u0024", b"\\x24")
"""What a text has that names places of its own; the last two are other spellings of `$`, in JSON and YAML."""


class File(NamedTuple):
    """One of the files that a document is made of.

    Args:
        uri: Where it is; empty for standard input.
        content: Its text in UTF-8, without a byte order mark.
        fetched: The bytes as they came, and what the server said of them.
    """

    uri: str
    content: bytes
    fetched: Fetched


class UnreadableError(Exception):
    """A reference cannot be followed; the text says why, for a person."""


@dataclass(slots=True, eq=False)
class OpenFile:
    """A file whose references are being followed.

    Args:
        number: Its place among the files of the document; 0 is the one that was named.
        uri: Where it is; empty for standard input.
        base: What its references are relative to (RFC 3986, section 5.1).
        tree: Its value.
        resources: The steps to each schema with an `$id` → its absolute URI.
        anchors: Name → the resource's steps and the anchor's own, for each place that has it.
        dynamic: The same for dynamic anchors.
    """

    number: int
    uri: str
    base: str
    tree: Any
    resources: dict[Steps, str] = field(default_factory=dict)
    anchors: dict[str, list[tuple[Steps, Steps]]] = field(default_factory=dict)
    dynamic: dict[str, list[tuple[Steps, Steps]]] = field(default_factory=dict)

    def resource_at(self, steps: Steps) -> Steps:
        """Return the steps to the schema resource that a place belongs to; those of the file are none."""
        if self.resources:
            for length in range(len(steps), 0, -1):
                if steps[:length] in self.resources:
                    return steps[:length]
        return ()


class Files:
    """All that is read of one document, in the order that it was met in.

    Args:
        parsed: The file that was named.
        fetched: The same as it came.
        uri: Where that is.
        opener: Reads the others.
        overlays: What the first one was changed by; they follow it in `found`.
    """

    def __init__(
        self,
        parsed: Parsed,
        fetched: Fetched,
        uri: str,
        opener: Opener | None,
        overlays: Sequence[File] = (),
    ) -> None:
        self.found: list[File] = []
        self.opened: list[OpenFile] = []
        self.missing: list[str] = []
        self.warnings: list[tuple[str, int, str]] = []
        self.ids: dict[str, tuple[OpenFile, Steps]] = {}
        self._opener = opener
        self._by_uri: dict[str, OpenFile] = {}
        self._failures: dict[str, str] = {}
        self._add(parsed, fetched, uri, overlays)

    def known(self, uri: str) -> OpenFile | None:
        """Return the file at an absolute URI where it was read already."""
        return self._by_uri.get(uri)

    def open(self, uri: str) -> OpenFile:
        """Return the file at a URI.

        Args:
            uri: Absolute, as `absolute` returns it.

        Raises:
            UnreadableError: It cannot be had.
        """
        known = self._by_uri.get(uri)
        if known is not None:
            return known
        if not _is_well_formed(uri):
            raise UnreadableError("it is malformed")
        if uri not in self._failures:
            try:
                return self._read(uri)
            except RefusedError as error:
                self._failures[uri] = _told(error)
            except DynacliError as error:
                self._failures[uri] = _told(error)
                self.missing.append(uri)
        raise UnreadableError(self._failures[uri])

    def _read(self, uri: str) -> OpenFile:
        if self._opener is None:
            raise RefusedError(f"`{file_name(uri)}` is not read", why="Other files are not followed here")
        fetched = self._opener(uri)
        where = absolute(uri, fetched.uri) if fetched.uri else uri
        known = self._by_uri.get(where)
        if known is None:
            known = self._add(self._parse(fetched, where), fetched, where)
        self._by_uri[uri] = known
        return known

    def _parse(self, fetched: Fetched, uri: str) -> Parsed:
        name = file_name(uri)
        if urlsplit(uri).path.lower().endswith(_TEXT_ENDINGS):
            text = to_utf8(fetched.content, name)
            return Parsed(text.decode(), text)
        try:
            return parse_file(fetched.content, name=name)
        except DocumentError:
            # It is known, so that a change of it is noticed.
            self.found.append(File(uri, fetched.content, fetched))
            raise

    def _add(self, parsed: Parsed, fetched: Fetched, uri: str, overlays: Sequence[File] = ()) -> OpenFile:
        number = len(self.found)
        self.found.append(File(uri, parsed.content, fetched))
        self.found.extend(overlays)
        self.warnings.extend((message, number, pointer) for message, pointer in parsed.warnings)
        file = OpenFile(number, uri, base_of(parsed.tree, uri), parsed.tree)
        self.opened.append(file)
        for known_as in dict.fromkeys((uri, file.base)):
            self._by_uri.setdefault(absolute(known_as, ""), file)
        if any(mark in one.content for one in self.found[number:] for mark in _MARKS):
            self._index(file)
        return file

    def _index(self, file: OpenFile) -> None:
        """Find the places that a file names itself (JSON Schema 2020-12, section 8.2)."""
        is_document = isinstance(file.tree, dict) and ("openapi" in file.tree or "swagger" in file.tree)
        sites = [
            (steps_of(site.link), site.keyword, site.ref)
            for site in sites_of(file.tree, DOCUMENT if is_document else SCHEMA)
            if site.keyword in {"$id", "$anchor", "$dynamicAnchor"}
        ]
        for steps, keyword, ref in sites:
            if keyword == "$id" and not ref.startswith("#"):
                around = file.resource_at(steps[:-1])
                uri = absolute(file.resources[around] if around else file.base, ref)
                file.resources[steps] = uri
                self.ids.setdefault(uri, (file, steps))
        for steps, keyword, ref in sites:
            if keyword == "$id" and ref.startswith("#"):  # draft 4's and 6's way to write an anchor
                file.anchors.setdefault(ref[1:], []).append((file.resource_at(steps), steps))
            elif keyword != "$id":
                file.anchors.setdefault(ref, []).append((file.resource_at(steps), steps))
                if keyword == "$dynamicAnchor":
                    file.dynamic.setdefault(ref, []).append((file.resource_at(steps), steps))


def base_of(tree: Any, uri: str) -> str:
    """Return the base URI of a document: its `$self`, else where it is (OpenAPI 3.2.0, "OpenAPI Object")."""
    own = tree.get("$self") if isinstance(tree, dict) and "openapi" in tree else None
    return absolute(uri, own) if isinstance(own, str) else uri


def absolute(base: str, ref: str) -> str:
    """Return the URI that a reference means, without its fragment, in one spelling (RFC 3986, section 6.2.2)."""
    ref = without_fragment(ref)
    try:
        uri = urljoin(base, ref) if ref else without_fragment(base)
    except ValueError:  # for instance an unclosed `[` in the host
        return ref
    if _PLAIN_URI.fullmatch(uri):
        return uri
    return quote(_ENCODED.sub(_decoded, uri), safe="/:?#[]@!$&'()*+,;=%~")


def _decoded(found: re.Match[str]) -> str:
    char = unquote(found[0], "latin-1")
    return char if char.isascii() and (char.isalnum() or char in "-._~") else found[0].upper()


def _is_well_formed(uri: str) -> bool:
    try:
        urlsplit(uri)
    except ValueError:
        return False
    return True


def _told(error: DynacliError) -> str:
    why = error.why.partition("\n")[0]
    told = f"{error.what} ({why})" if why else error.what
    return f"{told}. {error.hint}" if error.hint else told
