"""The files of a document, each read once."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple
from urllib.parse import quote, unquote, urlsplit

from dynacli.errors import DocumentError, DynacliError, RefusedError
from dynacli.openapi.document.fetched import Fetched
from dynacli.openapi.document.objects import DOCUMENT, SCHEMA
from dynacli.openapi.document.parse import Parsed, parse_file
from dynacli.openapi.document.references.scan import Steps, sites_of, steps_of, without_fragment
from dynacli.openapi.document.source import file_name
from dynacli.urls import join_url

Opener = Callable[[str], Fetched]
"""Returns the content at an absolute URI without fragment, or raises a `DynacliError`.

It decides which files dynacli may read, and raises a `RefusedError` for the others.
"""

_PLAIN_URI = re.compile(r"[A-Za-z0-9/:.?=&_~-]*")
_ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")
_SIGNS_OF_IDENTIFIERS = (b"$id", b"$anchor", b"$dynamicAnchor", b"\\u0024", b"\\x24")
"""A file with identifiers contains at least one of these texts; the last two escape `$` in JSON and YAML."""


class File(NamedTuple):
    """A file of a document.

    Args:
        uri: The URI of the file; empty for standard input.
        content: The text of the file in UTF-8, without a byte order mark.
        fetched: The bytes as received, with the response headers about them.
    """

    uri: str
    content: bytes
    fetched: Fetched


class UnreadableFileError(Exception):
    """A reference cannot be followed; the text is the reason in the warning."""


@dataclass(slots=True, eq=False)
class OpenFile:
    """A file whose references are followed.

    Args:
        number: The index among the files of the document; 0 is the file that the user named.
        uri: The URI of the file; empty for standard input.
        base: The base URI of its references (RFC 3986, section 5.1).
        tree: The parsed value of the file.
        resources: The steps to each schema with an `$id` → its absolute URI.
        anchors: Name of an anchor → the steps to the schema resource and to the anchor, for each anchor of this name.
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
        """Return the steps to the schema resource around a location; no steps if it is the whole file."""
        if self.resources:
            for length in range(len(steps), 0, -1):
                if steps[:length] in self.resources:
                    return steps[:length]
        return ()


class Files:
    """The files of a document, in the order in which references name them.

    Attributes:
        all: All files, including those that could not be parsed.
        opened: The files whose references are followed.
        missing: The URIs of the files that could not be read, although dynacli is allowed to read them.
        warnings: For each warning its message, the number of the file, and the JSON pointer in it.
        ids: The `$id` of each schema as an absolute URI → the file and the steps to the schema.

    Args:
        parsed: The file that the user named, parsed.
        fetched: Its bytes as received.
        uri: Its URI.
        opener: Reads the other files; None to read no other file.
        overlays: The overlays that changed the named file; they come after it in `all`.
    """

    def __init__(
        self,
        parsed: Parsed,
        fetched: Fetched,
        uri: str,
        opener: Opener | None,
        overlays: Sequence[File] = (),
    ) -> None:
        self.all: list[File] = []
        self.opened: list[OpenFile] = []
        self.missing: list[str] = []
        self.warnings: list[tuple[str, int, str]] = []
        self.ids: dict[str, tuple[OpenFile, Steps]] = {}
        self._opener = opener
        self._by_uri: dict[str, OpenFile] = {}
        self._failures: dict[str, str] = {}
        self._add(parsed, fetched, uri, overlays)

    def known(self, uri: str) -> OpenFile | None:
        """Return the file at an absolute URI; None if it is not read yet."""
        return self._by_uri.get(uri)

    def open(self, uri: str) -> OpenFile:
        """Return the file at a URI.

        Args:
            uri: The URI as `absolute` returns it.

        Raises:
            UnreadableFileError: The file cannot be read.
        """
        known = self._by_uri.get(uri)
        if known is not None:
            return known
        if not _is_well_formed(uri):
            raise UnreadableFileError("it is malformed")
        if uri not in self._failures:
            try:
                return self._read(uri)
            except DynacliError as error:
                self._failures[uri] = _error_text(error)
                if not isinstance(error, RefusedError):
                    self.missing.append(uri)
        raise UnreadableFileError(self._failures[uri])

    def _read(self, uri: str) -> OpenFile:
        if self._opener is None:
            reason = "Other files are not followed here"
            raise RefusedError(f"Refused to read `{file_name(uri)}`", reason=reason)
        fetched = self._opener(uri)
        own_uri = absolute(uri, fetched.uri) if fetched.uri else uri
        known = self._by_uri.get(own_uri)
        if known is None:
            known = self._add(self._parse(fetched, own_uri), fetched, own_uri)
        self._by_uri[uri] = known
        return known

    def _parse(self, fetched: Fetched, uri: str) -> Parsed:
        name = file_name(uri)
        try:
            parsed = parse_file(fetched.content, name=name)
            if isinstance(parsed.tree, dict):
                return parsed
            message = f"`{name}` is not a JSON or YAML object"
        except DocumentError as error:
            message = error.message  # the reason quotes the file, which may not be part of the document
        # A malformed file is still a file of the document, so that a refresh notices its correction.
        self.all.append(File(uri, fetched.content, fetched))
        raise DocumentError(message)

    def _add(self, parsed: Parsed, fetched: Fetched, uri: str, overlays: Sequence[File] = ()) -> OpenFile:
        number = len(self.all)
        self.all.append(File(uri, parsed.content, fetched))
        self.all.extend(overlays)
        self.warnings.extend((message, number, pointer) for message, pointer in parsed.warnings)
        file = OpenFile(number, uri, _base_of(parsed.tree, uri), parsed.tree)
        self.opened.append(file)
        for known_as in dict.fromkeys((uri, file.base)):
            self._by_uri.setdefault(absolute(known_as, ""), file)
        if any(sign in added.content for added in self.all[number:] for sign in _SIGNS_OF_IDENTIFIERS):
            self._index(file)
        return file

    def _index(self, file: OpenFile) -> None:
        """Record the identifiers and anchors of a file (JSON Schema Core 2020-12, section 8.2)."""
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
            if keyword == "$id" and not ref.startswith("#"):
                continue
            # Drafts 4 and 6 write an anchor as `"$id": "#name"`.
            name = ref[1:] if keyword == "$id" else ref
            file.anchors.setdefault(name, []).append((file.resource_at(steps), steps))
            if keyword == "$dynamicAnchor":
                file.dynamic.setdefault(name, []).append((file.resource_at(steps), steps))


def _base_of(tree: Any, uri: str) -> str:
    """Return the base URI of a document: its `$self` if it has one, or its URI (OpenAPI 3.2.0, "OpenAPI Object")."""
    own = tree.get("$self") if isinstance(tree, dict) and "openapi" in tree else None
    return absolute(uri, own) if isinstance(own, str) else uri


def absolute(base: str, ref: str) -> str:
    """Return the absolute URI of a reference, normalised and without fragment (RFC 3986, section 6.2.2)."""
    ref = without_fragment(ref)
    try:
        uri = join_url(base, ref) if ref else without_fragment(base)
    except ValueError:  # for instance an unclosed `[` in the host
        return ref
    if _PLAIN_URI.fullmatch(uri):
        return uri
    return quote(_ENCODED.sub(_unreserved, uri), safe="/:?#[]@!$&'()*+,;=%~")


def _unreserved(encoded: re.Match[str]) -> str:
    char = unquote(encoded[0], "latin-1")
    return char if char.isascii() and (char.isalnum() or char in "-._~") else encoded[0].upper()


def _is_well_formed(uri: str) -> bool:
    try:
        urlsplit(uri)
    except ValueError:
        return False
    return True


def _error_text(error: DynacliError) -> str:
    reason = error.reason.partition("\n")[0]
    text = f"{error.message} ({reason})" if reason else error.message
    return f"{text}. {error.hint}" if error.hint else text
