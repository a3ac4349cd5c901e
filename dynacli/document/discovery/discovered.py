"""What a search for documents works with and what comes of it."""

from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from dynacli.document.fetched import Fetched

__all__ = ["Discovery", "Found", "Lead", "Role", "Tried", "Way"]


class Way(IntEnum):
    """How a URL came to be asked; the earlier ones are trusted more to be the document that is meant."""

    GIVEN = 0
    """It is the one that the person gave."""
    STATED = 1
    """The API says that it is its description: a link `service-desc`, an API catalog."""
    NAMED = 2
    """It stands in the page that the person gave, or in one that the API says is its documentation."""
    USUAL = 3
    """Many APIs have their document there."""
    PAGE = 4
    """It stands in a page that was found at a usual place."""


class Role(IntEnum):
    """What is expected at the other end of a reference; what comes is judged by its content all the same."""

    DOCUMENT = 0
    CATALOG = 1
    """A list of APIs (RFC 9727)."""
    API = 2
    """An API, whose answer may link to its document."""
    SETUP = 3
    """The script or the configuration that a page which shows an API is set up with."""
    PAGE = 4
    """Documentation for people, which may name a document."""


class Lead(NamedTuple):
    """A reference that may lead to a document.

    Args:
        reference: A URL, or relative to one.
        role: What is expected there.
        is_stated: Whether the API says so by a link relation, rather than a text that merely names it.
        base: What it is relative to, where that is not the URL of the text that it stands in.
    """

    reference: str
    role: Role = Role.DOCUMENT
    is_stated: bool = False
    base: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """One document.

    Args:
        url: Where it is.
        fetched: Its bytes and validators, so that nothing needs to be downloaded again.
        openapi: What it is written in, and which version of it: `OpenAPI 3.1.0`, `Swagger 2.0`.
        title: The title of the API, on one line; empty where it has none.
        version: The version of the API, on one line; empty where it has none.
        operations: How many it has.
        way: How it was found.
    """

    url: str
    fetched: Fetched
    openapi: str
    title: str
    version: str
    operations: int
    way: Way


class Tried(NamedTuple):
    """One place that was looked at.

    Args:
        url: Its URL with the values of its query masked.
        result: What came, in a few words on one line: `404`, `timed out`, `not a document: an HTML page`.
    """

    url: str
    result: str


@dataclass(frozen=True, slots=True)
class Discovery:
    """What was found.

    Args:
        documents: At least one, the best first. The same API in several forms is there once.
        tried: Every place that was looked at, in an order that does not depend on how fast which one answered.
    """

    documents: tuple[Found, ...]
    tried: tuple[Tried, ...]
