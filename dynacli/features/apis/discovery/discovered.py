"""The records of a search for documents: what may lead to a document, what was tried, and what was found."""

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from dynacli.openapi.document.fetched import Fetched


class Way(IntEnum):
    """How a URL was found; earlier ways are likelier to lead to the right document."""

    GIVEN = 0
    """The person gave the URL."""
    STATED = 1
    """The API states that its description is there: by a link `service-desc`, or in an API catalog."""
    NAMED = 2
    """The URL stands in the page that the person gave, or in one that the API states to be its documentation."""
    USUAL = 3
    """Many APIs have their document at that path."""
    PAGE = 4
    """The URL stands in a page that was found at a usual place."""


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
        is_stated: Whether the API states it by a link relation, rather than a text merely mentioning it.
        base: The base of the reference, if that is not the URL of the text around it.
    """

    reference: str
    role: Role = Role.DOCUMENT
    is_stated: bool = False
    base: str = ""


@dataclass(frozen=True, slots=True)
class FoundDocument:
    """A document that a search found.

    Args:
        url: Where it is.
        fetched: Its bytes and validators, so that it need not be downloaded again.
        openapi: The format and its version: `OpenAPI 3.1.0`, `Swagger 2.0`.
        title: The title of the API, on one line; empty if it has none.
        version: The version of the API, on one line; empty if it has none.
        operations: The number of its operations.
        way: How its URL was found.
        trial: What the calls of some of its operations gave, on one line; empty if none was made.
        has_response: Whether they do not show that the server knows none of its operations.
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
    """A URL that was asked for.

    Args:
        url: The URL, the values of its query masked.
        result: The response in a few words on one line: `404`, `timed out`, `not a document: an HTML page`.
    """

    url: str
    result: str


@dataclass(frozen=True, slots=True)
class Discovery:
    """The result of a search.

    Args:
        documents: At least one, the best first. An API that has several documents is there once.
        tried: Every URL that was asked for, in an order that does not depend on which server responded first.
    """

    documents: tuple[FoundDocument, ...]
    tried: tuple[TriedUrl, ...]


class FoundBase(NamedTuple):
    """The base URL that trials have shown.

    Args:
        url: The URL that the paths start from, without a slash at its end; empty if no trial shows it.
        path: The path of the operation that showed it; empty for none.
    """

    url: str = ""
    path: str = ""
