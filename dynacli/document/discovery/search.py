"""Searches an origin for the documents of its APIs."""

import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dynacli.document.discovery.addresses import Home
from dynacli.document.discovery.discovered import Discovery, Lead, Role, Tried, Way
from dynacli.document.discovery.discovery_report import FOREIGN, LATE, found_nothing, result_of
from dynacli.document.discovery.probe_answers import Document, Reading, read_answer
from dynacli.document.discovery.probes import Answer, Probes
from dynacli.document.discovery.well_known_places import CATALOG, FIRST, SECOND
from dynacli.document.fetched import Fetched
from dynacli.document.source import with_masked_query
from dynacli.errors import DocumentError, DynacliError, NetworkError, RefusedError, UsageError

__all__ = ["MAX_REQUESTS", "TOTAL_SECONDS", "discover"]

MAX_REQUESTS = 44
"""How many requests there are at most, the first one counted."""
_RESERVED = 4
"""How many of them the usual places leave for what pages name."""
TOTAL_SECONDS = 20.0
"""The time for everything after the first request."""
_READING_SECONDS = 5.0
"""How long after that another answer is read."""
_MAX_STEPS = 4
"""How many references are followed one after the other: page, script, configuration, document."""
_MAX_CATALOGS = 2
"""How many of those may be to catalogs: one may list others (RFC 9727, section 4.1)."""
_MAX_FOREIGN = 5
"""How many references to other origins are told of."""


class _Candidate(NamedTuple):
    """A URL to ask for.

    Args:
        url: An absolute URL.
        way: How it came to be one.
        role: What is expected there.
        base: What the references in a script or configuration there are relative to; empty for its own URL.
        steps: How many references led to it.
        catalogs: How many of those were to catalogs.
    """

    url: str
    way: Way
    role: Role = Role.DOCUMENT
    base: str = ""
    steps: int = 0
    catalogs: int = 0


def discover(url: str, *, timeout: float | None = None, seconds: float = TOTAL_SECONDS) -> Discovery:
    """Return the documents that an API has, given the URL of one or of the API itself.

    A URL that gives a document is the answer, after one request. Otherwise these ways are tried, each only where
    the ones before gave no document: what the answer states or names, the catalog of the origin, the usual places.
    All requests go to the origin of the URL; none has a credential or a cookie.

    Args:
        url: An `http` or `https` URL without userinfo.
        timeout: A budget in seconds for that URL, as for any download.
        seconds: A budget for everything after it.

    Raises:
        DocumentError: There is no document, or the one at the URL itself cannot be used.
        NetworkError: There is no connection.
        TimedOutError: There is no connection in time.
        RefusedError: There is no document, and the server redirects to another origin,
            or its name leads to a private address after a public one.
        UsageError: A proxy or certificate variable is malformed.
    """
    search = _Search(url, seconds)
    try:
        return search.run(timeout)
    finally:
        search.probes.close()


class _Search:
    def __init__(self, url: str, seconds: float) -> None:
        self.home = Home(url)
        self.url = url
        self.seconds = seconds
        self.deadline = time.monotonic()
        self.probes = Probes()
        self.documents: list[Document] = []
        self.tried: list[Tried] = []
        self.refused: RefusedError | None = None
        self.foreign: list[str] = []
        self.seen = {self.home.url}
        self.pages: set[bytes] = set()
        self.prefix = ""
        self.requests = 0
        self.is_stopped = False

    def run(self, timeout: float | None) -> Discovery:
        leads = self._ask_given(timeout)
        self.deadline = time.monotonic() + self.seconds
        if not self.documents:
            self._follow(leads)
        if not self.documents:
            self._follow([_Candidate(self.home.at(CATALOG), Way.USUAL, Role.CATALOG, catalogs=1)])
        for prefix, places, reserved in self._usual():
            if not self.documents and not self.is_stopped:
                usual = [_Candidate(self.home.at(prefix + place), Way.USUAL) for place in places]
                self._follow(usual, reserved)
        if not self.documents:
            refused = self.refused or self.probes.peers.refused
            raise found_nothing(self.url, self.tried, foreign=self.foreign, refused=refused)
        return Discovery(tuple(one.found for one in _ranked(self.documents)), tuple(self.tried))

    def _ask_given(self, timeout: float | None) -> list[_Candidate]:
        given = _Candidate(self.home.url, Way.GIVEN)
        self.requests += 1
        answer = self.probes.ask_first(self.home.url, timeout=timeout, patience=self.seconds)
        if answer.error is not None:
            self._check_first(answer.error, answer)
        reading, leads = self._take(given, answer)
        if reading.fault is not None:
            raise reading.fault
        self.prefix = self.home.prefix(is_page=reading.is_viewer)
        return leads

    def _check_first(self, error: DynacliError, answer: Answer) -> None:
        """Raise an error of the first request where it says all that there is to say."""
        head = answer.head
        is_silent = head is None and not self.probes.peers.is_connected
        if isinstance(error, UsageError) or is_silent or (isinstance(error, NetworkError) and head is None):
            raise error
        if head is None:
            return
        if isinstance(error, RefusedError):
            if self.home.is_upgrade(head.location):
                # Every place would be redirected in the same way.
                raise error
            self.refused = error
        if (
            isinstance(error, DocumentError)
            and head.status == 200
            and not head.media_type.startswith("text/html")
        ):
            # Too large, or compressed in a way that cannot be undone: it is a document that was meant.
            raise error

    def _usual(self) -> list[tuple[str, Sequence[str], int]]:
        """Return what the usual places are under, the places, and how many requests are left for what they name."""
        first = [(prefix, FIRST, 0) for prefix in dict.fromkeys((self.prefix, ""))]
        return [*first, ("", SECOND, _RESERVED)]

    def _follow(self, candidates: Iterable[_Candidate], reserved: int = 0) -> None:
        """Ask for candidates, then for what they lead to, until nothing is left.

        Those of one way are asked for side by side. Where the API states its documents, nothing else is asked for.
        """
        pending = list(candidates)
        while pending:
            best = min(one.way for one in pending)
            wave = self._admitted([one for one in pending if one.way is best], reserved)
            pending = [one for one in pending if one.way is not best]
            answers = self.probes.ask([one.url for one in wave], deadline=self.deadline)
            for candidate, answer in zip(wave, answers, strict=True):
                # Reading takes time, too: large answers that came in time are not all read.
                if answer is None or time.monotonic() > self.deadline + _READING_SECONDS:
                    self._note(candidate.url, LATE)
                else:
                    pending += self._take(candidate, answer)[1]
            if any(one.found.way is Way.STATED for one in self.documents):
                pending = [one for one in pending if one.way is Way.STATED]
            reserved = 0

    def _admitted(self, candidates: Iterable[_Candidate], reserved: int = 0) -> list[_Candidate]:
        """Return those that were not asked for yet, as many as may still be, the most promising ones first."""
        admitted = []
        for one in sorted(candidates, key=lambda one: one.role):
            if time.monotonic() >= self.deadline or self.requests >= MAX_REQUESTS - reserved:
                break
            if one.url not in self.seen:
                self.seen.add(one.url)
                self.requests += 1
                admitted.append(one)
        return admitted

    def _take(self, candidate: _Candidate, answer: Answer) -> tuple[Reading, list[_Candidate]]:
        """Note what an answer is, and return it and what it leads to."""
        head, fetched = answer.head, answer.fetched
        links = head.links if head is not None else ()
        if fetched is None:
            # What is not there, or wants a credential, may still say what describes it.
            fetched = Fetched(b"", uri=candidate.url)
        reading = read_answer(candidate.url, fetched, links, candidate.way)
        if answer.error is not None:
            # A server that wants to be left alone is, and one that changes its place is not asked any further.
            is_refused = self.probes.peers.refused is not None
            self.is_stopped |= is_refused or answer.error.details.get("status") == 429
            reading = reading._replace(result=result_of(answer.error, candidate.url))
        elif self._is_known_page(fetched, reading):
            # An application in the browser that answers every path with the same page.
            reading = reading._replace(leads=())
        self._note(candidate.url, reading.result)
        if reading.document is not None:
            self.documents.append(reading.document)
        return reading, self._candidates(candidate, reading, fetched.uri or candidate.url)

    def _is_known_page(self, fetched: Fetched, reading: Reading) -> bool:
        import hashlib

        if reading.document is not None:
            return False
        digest = hashlib.sha256(fetched.content).digest()
        if digest in self.pages:
            return True
        self.pages.add(digest)
        return False

    def _candidates(self, parent: _Candidate, reading: Reading, uri: str) -> list[_Candidate]:
        found = []
        for lead in reading.leads:
            base = uri if lead.is_stated else parent.base or uri
            if lead.base:
                own = self.home.find(lead.base, uri)
                base = own.url if own is not None else base
            address = self.home.find(lead.reference, base)
            if address is None:
                continue
            if not address.is_home:
                self._note_foreign(address.url)
                continue
            catalogs = parent.catalogs + (lead.role is Role.CATALOG)
            if parent.steps >= _MAX_STEPS or catalogs > _MAX_CATALOGS:
                continue
            found.append(
                _Candidate(
                    address.url,
                    _way(parent, lead),
                    lead.role,
                    base if lead.role is Role.SETUP else "",
                    parent.steps + 1,
                    catalogs,
                )
            )
        return found

    def _note(self, url: str, result: str) -> None:
        self.tried.append(Tried(with_masked_query(url), result))

    def _note_foreign(self, url: str) -> None:
        if url not in self.foreign and len(self.foreign) < _MAX_FOREIGN:
            self.foreign.append(url)
            self._note(url, FOREIGN)


def _way(parent: _Candidate, lead: Lead) -> Way:
    if lead.is_stated:
        return Way.STATED
    return Way.NAMED if parent.way in {Way.GIVEN, Way.STATED, Way.NAMED} else Way.PAGE


def _ranked(documents: Iterable[Document]) -> list[Document]:
    """Return the documents, the best first, and of those that describe the same API only the best.

    Within one way, OpenAPI 3 comes before Swagger 2.0, what has operations before what has none,
    JSON before YAML, and then what was found first.
    """
    ranked: list[Document] = []
    for one in sorted(documents, key=_rank):
        if not any(one.is_same_api(better) for better in ranked):
            ranked.append(one)
    return ranked


def _rank(document: Document) -> tuple[Way, bool, bool, bool]:
    found = document.found
    return found.way, not found.operations, found.openapi.startswith("Swagger"), not document.is_json
