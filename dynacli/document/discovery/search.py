"""The search of an origin for the documents of its APIs."""

import time
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from dynacli.document.discovery.addresses import SearchedOrigin
from dynacli.document.discovery.discovered import Discovery, Lead, Role, TriedUrl, Way
from dynacli.document.discovery.discovery_report import FOREIGN, LATE, found_nothing, result_of
from dynacli.document.discovery.probe_answers import DocumentAnswer, ReadAnswer, read_answer
from dynacli.document.discovery.probes import ProbeAnswer, Probes
from dynacli.document.discovery.well_known_places import CATALOG, FIRST, SECOND, places_of_host
from dynacli.document.fetched import Fetched
from dynacli.errors import DocumentError, DynacliError, NetworkError, RefusedError, UsageError
from dynacli.urls import with_masked_query

__all__ = ["MAX_REQUESTS", "TOTAL_SECONDS", "discover"]

MAX_REQUESTS = 44
"""How many requests a search makes at most, the first included."""
_RESERVED = 4
"""How many of those requests the usual places leave for URLs that pages name."""
TOTAL_SECONDS = 20.0
"""The time limit of everything after the first request."""
_READING_SECONDS = 5.0
"""How long after that limit answers are still read."""
_MAX_STEPS = 4
"""How many references in a row are followed: page, script, configuration, document."""
_MAX_CATALOGS = 2
"""How many of those may lead to catalogs, which may list catalogs (RFC 9727, section 4.1)."""
_MAX_FOREIGN = 5
"""How many references to other origins are reported."""


class _Candidate(NamedTuple):
    """A URL to ask for.

    Args:
        url: An absolute URL.
        way: How the URL was found.
        role: What the URL is expected to lead to.
        base: What references in a script or configuration there are relative to; empty where that is its own URL.
        steps: How many references in a row led to it.
        catalogs: How many of those led to catalogs.
    """

    url: str
    way: Way
    role: Role = Role.DOCUMENT
    base: str = ""
    steps: int = 0
    catalogs: int = 0


def discover(url: str, *, timeout: float | None = None, seconds: float = TOTAL_SECONDS) -> Discovery:
    """Return the documents of an API, given the URL of the API or of a document.

    Where the URL is that of a document, the search ends after that request. Otherwise it tries, until there is a
    document: what the answer states or names, the catalog of the origin, the usual places.
    All requests go to the origin of the URL; none has a credential or a cookie.

    Args:
        url: An `http` or `https` URL without userinfo.
        timeout: A time limit in seconds for that URL, as for any download.
        seconds: A time limit for everything after it.

    Raises:
        DocumentError: There is no document, or the document at the URL itself cannot be used.
        NetworkError: There is no connection.
        TimedOutError: There is no connection in time.
        RefusedError: There is no document, and the server redirects to another origin,
            or its host name leads to a private address after a public one.
        UsageError: A proxy or certificate variable is malformed.
    """
    search = _Search(url, seconds)
    try:
        return search.run(timeout)
    finally:
        search.probes.close()


class _Search:
    """A search while it runs."""

    def __init__(self, url: str, seconds: float) -> None:
        self.origin = SearchedOrigin(url)
        self.url = url
        self.seconds = seconds
        self.deadline = time.monotonic()
        self.probes = Probes()
        self.documents: list[DocumentAnswer] = []
        self.tried: list[TriedUrl] = []
        self.refused: RefusedError | None = None
        self.foreign: list[str] = []
        self.seen = {self.origin.url}
        self.pages: set[bytes] = set()
        self.prefix = ""
        self.requests = 0
        self.is_stopped = False

    def run(self, timeout: float | None) -> Discovery:
        candidates = self._ask_given(timeout)
        self.deadline = time.monotonic() + self.seconds
        if not self.documents:
            self._follow(candidates)
        if not self.documents:
            self._follow([_Candidate(self.origin.at(CATALOG), Way.USUAL, Role.CATALOG, catalogs=1)])
        for prefix, places, reserved in self._usual_places():
            if not self.documents and not self.is_stopped:
                usual = [_Candidate(self.origin.at(prefix + place), Way.USUAL) for place in places]
                self._follow(usual, reserved)
        if not self.documents:
            refused = self.refused or self.probes.peers.refused
            raise found_nothing(self.url, self.tried, foreign=self.foreign, refused=refused)
        return Discovery(tuple(document.found for document in _ranked(self.documents)), tuple(self.tried))

    def _ask_given(self, timeout: float | None) -> list[_Candidate]:
        first = _Candidate(self.origin.url, Way.GIVEN)
        self.requests += 1
        answer = self.probes.ask_first(self.origin.url, timeout=timeout, patience=self.seconds)
        if answer.error is not None:
            self._check_first(answer.error, answer)
        read, candidates = self._take(first, answer)
        if read.fault is not None:
            raise read.fault
        self.prefix = self.origin.prefix(is_page=read.is_viewer)
        return candidates

    def _check_first(self, error: DynacliError, answer: ProbeAnswer) -> None:
        """Raise the error of the first request where a search would only run into the same."""
        head = answer.head
        is_silent = head is None and not self.probes.peers.is_connected
        if isinstance(error, UsageError) or is_silent or (isinstance(error, NetworkError) and head is None):
            raise error
        if head is None:
            return
        if isinstance(error, RefusedError):
            if self.origin.is_upgrade(head.location):
                # Every URL would be redirected in the same way.
                raise error
            self.refused = error
        is_content = head.status == 200 and not head.media_type.startswith("text/html")
        if is_content and isinstance(error, DocumentError):
            # Too large, or its encoding cannot be undone: the person meant this document.
            raise error

    def _usual_places(self) -> list[tuple[str, Sequence[str], int]]:
        """Return groups of usual places: the path before them, the places, the requests kept for URLs they name."""
        first = [(prefix, FIRST, 0) for prefix in dict.fromkeys((self.prefix, ""))]
        return [*first, ("", (*places_of_host(self.origin.host), *SECOND), _RESERVED)]

    def _follow(self, candidates: Iterable[_Candidate], reserved: int = 0) -> None:
        """Ask for candidates, then for what they lead to, until none is left.

        Candidates of the same way are asked for side by side. Where the API states its documents, no others are.
        """
        pending = list(candidates)
        while pending:
            best = min(candidate.way for candidate in pending)
            wave = self._admitted([candidate for candidate in pending if candidate.way is best], reserved)
            pending = [candidate for candidate in pending if candidate.way is not best]
            answers = self.probes.ask([candidate.url for candidate in wave], deadline=self.deadline)
            for candidate, answer in zip(wave, answers, strict=True):
                # Reading takes time, too: many large answers that came in time would take far too long.
                if answer is None or time.monotonic() > self.deadline + _READING_SECONDS:
                    self._note(candidate.url, LATE)
                else:
                    pending += self._take(candidate, answer)[1]
            if any(document.found.way is Way.STATED for document in self.documents):
                pending = [candidate for candidate in pending if candidate.way is Way.STATED]
            reserved = 0

    def _admitted(self, candidates: Iterable[_Candidate], reserved: int = 0) -> list[_Candidate]:
        """Return the candidates to ask for now: none a second time, no more than the limits allow, the best first."""
        admitted = []
        for candidate in sorted(candidates, key=lambda candidate: candidate.role):
            if time.monotonic() >= self.deadline or self.requests >= MAX_REQUESTS - reserved:
                break
            if candidate.url not in self.seen:
                self.seen.add(candidate.url)
                self.requests += 1
                admitted.append(candidate)
        return admitted

    def _take(self, candidate: _Candidate, answer: ProbeAnswer) -> tuple[ReadAnswer, list[_Candidate]]:
        """Note the result of an answer, and return the answer as read and the candidates that it leads to."""
        head, fetched = answer.head, answer.fetched
        links = head.links if head is not None else ()
        if fetched is None:
            # An answer with an error, such as 401, may still link to the document.
            fetched = Fetched(b"", uri=candidate.url)
        read = read_answer(candidate.url, fetched, links, candidate.way)
        if answer.error is not None:
            # The search stops where the server limits requests (429), or its host name changes its address.
            is_refused = self.probes.peers.refused is not None
            self.is_stopped |= is_refused or answer.error.details.get("status") == 429
            read = read._replace(result=result_of(answer.error, candidate.url))
        elif self._is_known_page(fetched, read):
            # A single-page application, which answers every path with the same page.
            read = read._replace(leads=())
        self._note(candidate.url, read.result)
        if read.document is not None:
            self.documents.append(read.document)
        return read, self._candidates(candidate, read, fetched.uri or candidate.url)

    def _is_known_page(self, fetched: Fetched, read: ReadAnswer) -> bool:
        import hashlib

        if read.document is not None:
            return False
        digest = hashlib.sha256(fetched.content).digest()
        if digest in self.pages:
            return True
        self.pages.add(digest)
        return False

    def _candidates(self, parent: _Candidate, read: ReadAnswer, uri: str) -> list[_Candidate]:
        candidates = []
        for lead in read.leads:
            base = uri if lead.is_stated else parent.base or uri
            if lead.base:
                address = self.origin.find(lead.base, uri)
                base = address.url if address is not None else base
            address = self.origin.find(lead.reference, base)
            if address is None:
                continue
            if not address.is_same_origin:
                self._note_foreign(address.url)
                continue
            catalogs = parent.catalogs + (lead.role is Role.CATALOG)
            if parent.steps >= _MAX_STEPS or catalogs > _MAX_CATALOGS:
                continue
            way, own_base = _way(parent, lead), base if lead.role is Role.SETUP else ""
            steps = parent.steps + 1
            candidates.append(_Candidate(address.url, way, lead.role, own_base, steps, catalogs))
        return candidates

    def _note(self, url: str, result: str) -> None:
        self.tried.append(TriedUrl(with_masked_query(url), result))

    def _note_foreign(self, url: str) -> None:
        if url not in self.foreign and len(self.foreign) < _MAX_FOREIGN:
            self.foreign.append(url)
            self._note(url, FOREIGN)


def _way(parent: _Candidate, lead: Lead) -> Way:
    if lead.is_stated:
        return Way.STATED
    return Way.NAMED if parent.way in {Way.GIVEN, Way.STATED, Way.NAMED} else Way.PAGE


def _ranked(documents: Iterable[DocumentAnswer]) -> list[DocumentAnswer]:
    """Return the documents, the best first; of documents that describe the same API only the best.

    Among those found in the same way, documents with operations come before those without, OpenAPI 3 before
    Swagger 2.0, JSON before YAML, and then the one that was found first.
    """
    ranked: list[DocumentAnswer] = []
    for document in sorted(documents, key=_rank):
        if not any(document.is_same_api(better) for better in ranked):
            ranked.append(document)
    return ranked


def _rank(document: DocumentAnswer) -> tuple[Way, bool, bool, bool]:
    found = document.found
    return found.way, not found.operations, found.openapi.startswith("Swagger"), not document.is_json
