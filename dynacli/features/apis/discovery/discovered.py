"""The records of a search for documents: references to follow, tried URLs, and documents that were found."""

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from dynacli.openapi.document.fetched import Fetched


class Way(IntEnum):
    """Source of a URL; documents from earlier members are more likely right."""

    GIVEN = 0
    """You gave the URL."""
    STATED = 1
    """The API states that its description is there: by a link `service-desc`, or in an API catalog."""
    NAMED = 2
    """The page that you gave, or a page that the API states as its documentation, has the URL."""
    USUAL = 3
    """Many APIs have their document at that path."""
    PAGE = 4
    """A page at a usual path has the URL."""


class Role(IntEnum):
    """The expected target of a reference; a response is validated by its content anyway."""

    DOCUMENT = 0
    CATALOG = 1
    """A list of APIs (RFC 9727)."""
    API = 2
    """An API, whose response may link to its document."""
    SETUP = 3
    """The script or the configuration of a page that shows an API."""
    PAGE = 4
    """Documentation for people, which may name a document."""


class Lead(NamedTuple):
    """A reference that may lead to a document.

    Args:
        reference: A URL, or relative to one.
        role: The expected target.
        is_stated: Whether the API states it by a link relation, and not only mentions it in a text.
        base: The base of the reference, if that is not the URL of the text that contains it.
    """

    reference: str
    role: Role = Role.DOCUMENT
    is_stated: bool = False
    base: str = ""


@dataclass(frozen=True, slots=True)
class FoundDocument:
    """A document that a search found.

    Args:
        url: URL of the document.
        fetched: Its bytes and validators, so that it need not be downloaded again.
        openapi: The format and its version: `OpenAPI 3.1.0`, `Swagger 2.0`.
        title: The title of the API, on one line; empty if it has none.
        version: The version of the API, on one line; empty if it has none.
        operations: The number of its operations.
        way: Source of its URL.
        trial: Results of trial calls to some of its operations, on one line; empty if none was made.
        has_response: Whether the server may know one of its operations, as trial calls show.
    """

    url: str
    fetched: Fetched
    openapi: str
    title: str
    version: str
    operations: int
    way: Way
    trial: str = ""
    has_response: bool = True


class TriedUrl(NamedTuple):
    """A URL that the search requested.

    Args:
        url: The URL, with masked values in its query.
        result: Short result on one line: `404`, `timed out`, `not a document: an HTML page`.
    """

    url: str
    result: str


@dataclass(frozen=True, slots=True)
class Discovery:
    """The result of a search.

    Args:
        documents: At least one, the best first. Each API has only its best document.
        tried: All requested URLs, in an order that does not depend on the timing of responses.
    """

    documents: tuple[FoundDocument, ...]
    tried: tuple[TriedUrl, ...]


class FoundBase(NamedTuple):
    """The base URL of an API, found by trial calls.

    Args:
        url: The base URL, without a trailing slash; empty if it is unknown.
        path: The path of the operation whose trial call showed it; empty if none did.
    """

    url: str = ""
    path: str = ""
