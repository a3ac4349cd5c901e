"""The search of an origin for the documents of its APIs."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from operator import attrgetter

from dynacli.errors import DocumentError, DynacliError, NetworkError, RefusedError, UsageError
from dynacli.features.apis.discovery._leads import (
    GIVEN,
    USUAL,
    Candidate,
    SearchedOrigin,
    later_stages,
    way_of,
)
from dynacli.features.apis.discovery._probes import (
    SLOW_CONNECTIONS,
    DocumentResponse,
    ProbeResponse,
    Probes,
    ReadResponse,
    TrialCall,
    UnaskedLogin,
    is_unknown_there,
    on_one_line,
    read_response,
)
from dynacli.features.apis.discovery.discovered import Discovery, FoundDocument, Role, Way
from dynacli.features.apis.discovery.discovery_report import (
    FOREIGN,
    LATE,
    TIMED_OUT,
    SearchNotes,
    found_nothing,
    result_of,
)
from dynacli.http.connections import Peers
from dynacli.openapi.document.download import Head
from dynacli.openapi.document.fetched import DocumentLogin, Fetched

_MAX_TRIED = 4
"""Maximum number of disagreeing documents to try."""
MAX_REQUESTS = 62
"""Maximum number of requests of a search, including the first and without trial calls."""
_RESERVED = 4
"""Number of these requests that the last usual paths leave for URLs that pages name."""
SEARCH_SECONDS = 5.0
"""The time limit of a search if the server responds. It does not apply to a given URL that is a document: a document
may be large and slow."""
_TRIAL_PART = 0.2
"""Fraction of that time for trial calls."""
_FIRST_PART = 0.5
"""Fraction of that time after which one document is enough. dynacli then stops guessing paths and waiting for the
given URL."""
NAMED_SECONDS = 30.0
"""The time limit of a URL that the server has named. It is long, because many frameworks generate their document at the
first request. Guesses end with the search."""
_WAKING_SECONDS = 1.0
"""Extra time for the likeliest paths after a silent server has begun to respond."""
RIVAL_SECONDS = 10.0
"""The time limit of a search in three cases. A document has begun to arrive when the time is over. The server
knows no operation of the documents that came first, so the search waits for others. The server is silent about all of
the likeliest paths, or about all trial calls."""
_AHEAD_SECONDS = 0.5
"""Silence of a server, in seconds, after which the search sends the next requests in parallel over more connections."""
_SETTLING_SECONDS = 0.5
"""Silence of a server, in seconds, after which a document that has arrived is enough, and guesses are dropped."""
_READING_SECONDS = 3.0
"""Time after the limit in which responses are still read."""
_FURTHER_CONNECTIONS = 6
"""Number of connections for URLs that the server named, when the time for guesses is over."""
_MAX_STEPS = 4
"""Maximum number of references to follow in a row: page, script, configuration, document."""
_MAX_CATALOGS = 2
"""Maximum number of catalogs among them: a catalog may list catalogs (RFC 9727, section 4.1)."""
_FIRST_NUMBER = 0
"""The number of the request to the given URL."""


def _rank_documents(documents: Iterable[DocumentResponse]) -> list[DocumentResponse]:
    """Return the best document of each API, the best first.

    The source of the URL counts first. Then documents with operations come before documents without, OpenAPI 3 before
    Swagger 2.0, JSON before YAML, and documents that were found earlier before later ones.
    """
    ranked: list[DocumentResponse] = []
    for document in sorted(documents, key=_preference):
        if not any(document.is_same_api(better) for better in ranked):
            ranked.append(document)
    return ranked


def _preference(document: DocumentResponse) -> tuple[Way, bool, bool, bool]:
    found = document.found
    return found.way, not found.operations, found.openapi.startswith("Swagger"), not document.is_json


def _try_documents(
    ranked: list[DocumentResponse],
    origin: SearchedOrigin,
    responses: TrialResponses,
    ends: tuple[float, float],
    *,
    tries_one: bool = False,
) -> list[FoundDocument]:
    """Return the documents, the best first; put those last whose operations the server does not know.

    Make no trial calls if the documents agree about the operations and their paths. Keep the order if the server does
    not respond, or knows no operation of any document.

    Args:
        ranked: At least one document, the best first.
        origin: The origin of trial calls; other URLs are not called.
        responses: The responses to earlier trial calls; it makes the further ones.
        ends: End of the trials, and their end if the server responds to none.
        tries_one: Whether to make trial calls even if the documents agree.
    """
    by_shape: dict[frozenset[str], DocumentResponse] = {}
    for document in ranked:
        by_shape.setdefault(document.shape, document)
    if len(by_shape) < 2 and not tries_one:
        return [document.found for document in ranked]
    calls = {
        shape: [call for call in document.trial_calls if origin.has(call.url)]
        for shape, document in list(by_shape.items())[:_MAX_TRIED]
    }
    heads = responses.ask((call.url for own in calls.values() for call in own), *ends)
    is_unknown = {
        shape: all(is_unknown_there(call, heads.get(call.url)) for call in own)
        for shape, own in calls.items()
        if own
    }
    found = [
        replace(
            document.found,
            trial=", ".join(_trial_text(call, heads.get(call.url)) for call in calls.get(document.shape, ())),
            has_response=not is_unknown.get(document.shape),
        )
        for document in ranked
    ]
    return (
        found if all(is_unknown.values()) else sorted(found, key=lambda document: not document.has_response)
    )


class TrialResponses:
    """Status and headers of the responses to trial calls; a URL that has responded is not called again.

    Args:
        peers: Addresses of earlier connections.
        login: Certificates for the connections.
    """

    def __init__(self, peers: Peers, login: DocumentLogin) -> None:
        self.peers = peers
        self.login = login
        self.heads: dict[str, Head] = {}

    def ask(self, urls: Iterable[str], end: float, last_end: float) -> Mapping[str, Head]:
        """Return URL → status and headers, for all URLs that have responded in time, including earlier trials.

        Args:
            urls: URLs to call.
            end: End of the wait, by the monotonic clock.
            last_end: End of the wait if nothing has responded by `end`: the server may only be slow.
        """
        waiting = [url for url in dict.fromkeys(urls) if url not in self.heads]
        asked: dict[int, str] = {}
        probes = Probes(self.peers)
        try:
            while waiting or asked:
                now = time.monotonic()
                while waiting and probes.is_free and now < end:
                    asked[len(waiting)] = waiting[0]
                    probes.start(len(waiting), waiting.pop(0), last_end - now, self.login)
                response = probes.next_response(end - now)
                is_silent = not self.heads and time.monotonic() >= end and end < last_end
                end = last_end if is_silent else end
                if response is None and is_silent:
                    continue
                if response is None:
                    break
                url = asked.pop(response[0])
                if response[1].head is not None:
                    self.heads[url] = response[1].head
        finally:
            probes.close()
        return self.heads


def _trial_text(call: TrialCall, head: Head | None) -> str:
    """Return a trial call and its result as text: `GET /health responses 404`."""
    response = f"responses {head.status}" if head is not None else "has no response"
    is_page = is_unknown_there(call, head) and head is not None and head.status < 300
    return f"GET {on_one_line(call.path)} {response}{' with a page' if is_page else ''}"


def discover(
    url: str,
    *,
    seconds: float = SEARCH_SECONDS,
    login: DocumentLogin | None = None,
) -> Discovery:
    """Return the documents of an API, given the URL of the API or of a document.

    If the URL is a document, the search ends after that request. Otherwise it tries these until it finds a document:

    1. the URLs that the response states or names,
    2. the catalog of the origin,
    3. the usual paths.

    If an earlier step is slow, the search sends requests of later steps in parallel, the likeliest first. Their
    results count only if the earlier step finds nothing. All requests go to the origin of the URL, without cookies.

    If the documents disagree about the operations of the API or its servers, the search calls up to two safe
    operations of each. Documents whose operations the server does not know come last. The time limit includes these
    calls.

    Args:
        url: An `http` or `https` URL without userinfo.
        seconds: The time limit of the search, unless the URL is a document.
        login: Signs in at the URL, as for any download. Each request of the search has the headers that it sends
            without a challenge.

    Raises:
        DocumentError: No document was found, or dynacli cannot use the document at the URL itself.
        NetworkError: The connection failed.
        TimedOutError: The server did not accept a connection in time.
        RefusedError: No document was found, and the server redirects to another origin, or its host name resolved to
            a private address after a public one.
        UsageError: A proxy or certificate variable is malformed.
    """
    search = _Search(url, seconds, login or DocumentLogin())
    try:
        return search.run()
    finally:
        search.probes.close()


class _Search:
    """A search while it runs."""

    def __init__(self, url: str, seconds: float, login: DocumentLogin) -> None:
        self.origin = SearchedOrigin(url)
        self.login = login
        self.unasked = UnaskedLogin(login, login.headers(url))
        self.url = url
        self.seconds = self.limit_seconds = seconds
        started = time.monotonic()
        self.deadline = started + seconds
        self.last_deadline = started + max(seconds, RIVAL_SECONDS)
        self.end_of_first = started + seconds * _FIRST_PART
        self.probes = Probes()
        self.trials = TrialResponses(self.probes.peers, UnaskedLogin(login, {}))
        self.documents: list[tuple[Candidate, DocumentResponse]] = []
        self.notes = SearchNotes()
        self.refused: RefusedError | None = None
        self.seen = {self.origin.url}
        self.pages: dict[bytes, Candidate] = {}
        self.prefix = ""
        self.requests = 0
        self.is_stopped = False
        self.is_slow = self.is_quiet = False
        self.received_at = started
        self.waiting: list[Candidate] = []
        self.asked: dict[int, Candidate] = {}
        self.asked_at: dict[int, float] = {}
        self.named: set[str] = set()
        self.known: dict[int, bool] = {}
        self.unopened: list[list[Candidate]] = []
        self.furthest: tuple[int, Way] = (GIVEN, Way.GIVEN)

    def run(self) -> Discovery:
        self.waiting = self._ask_given()
        self.deadline = max(self.deadline, time.monotonic() + self.seconds * (1 - _FIRST_PART))
        self.last_deadline = max(self.last_deadline, self.deadline)
        if not self.documents:
            self.unopened = later_stages(self.origin, self.prefix)
            self._ask_all()
        tried = self.notes.tried(self._best_stage())
        if not self.documents:
            refused = self.refused or self.probes.peers.refused
            named, silent = self.notes.silent_places(self._is_named)
            raise found_nothing(
                self.url,
                tried,
                self.limit_seconds,
                foreign=self.notes.foreign(self._best_stage()),
                refused=refused,
                named=named,
                silent=silent,
            )
        ranked = self._ranked()
        if self.is_stopped:
            return Discovery(tuple(document.found for document in ranked), tried)
        self.probes.close()  # the remaining responses no longer matter
        ends = self.deadline, self.last_deadline
        return Discovery(tuple(_try_documents(ranked, self.origin, self.trials, ends)), tried)

    @property
    def end(self) -> float:
        """End of the search, by the monotonic clock. If it found documents, it leaves time for trial calls."""
        return self.deadline - self.seconds * _TRIAL_PART * bool(self.documents)

    def _ask_given(self) -> list[Candidate]:
        first = Candidate(self.origin.url, GIVEN, (), Way.GIVEN)
        self.requests += 1
        self.asked_at[_FIRST_NUMBER] = time.monotonic()
        patience = self.seconds * _FIRST_PART
        response = self.probes.ask_first(
            self.origin.url, silence=_AHEAD_SECONDS, patience=patience, login=self.login
        )
        if response is None:
            self.asked[_FIRST_NUMBER] = first
            self.prefix = self.origin.prefix(is_page=False)
            return []
        read, candidates = self._take_first(first, response)
        self.prefix = self.origin.prefix(is_page=read.is_viewer)
        return candidates

    def _take_first(self, first: Candidate, response: ProbeResponse) -> tuple[ReadResponse, list[Candidate]]:
        """Add the result of the given URL.

        Raises:
            DynacliError: A search would fail with the same error, or the response is an unusable document.
        """
        if response.error is not None:
            self._check_first(response.error, response)
        read, candidates = self._take(first, response)
        if read.fault is not None:
            raise read.fault
        return read, candidates

    def _check_first(self, error: DynacliError, response: ProbeResponse) -> None:
        """Raise the error of the first request if a search would fail with the same error."""
        head = response.head
        is_silent = head is None and not self.probes.peers.is_connected
        is_broken = head is None and isinstance(error, NetworkError) and not self.notes
        if isinstance(error, UsageError) or is_silent or is_broken:
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
            # The document is too large or badly encoded. Searching for another one would not be what you meant.
            raise error

    def _ask_all(self) -> None:
        """Request candidates and the URLs that they refer to, until no better document is possible or time is over."""
        quiet_since = time.monotonic()
        if _FIRST_NUMBER in self.asked:
            self._go_ahead()
        while self._start_next():
            now = time.monotonic()
            ends = [self.end, quiet_since + _AHEAD_SECONDS]
            if self.documents and _FIRST_NUMBER in self.asked:
                ends.append(self.end_of_first)
            response = self.probes.next_response(min(ends) - now)
            if response is not None:
                self._take_response(*response)
                self.received_at = quiet_since = time.monotonic()
                self.is_quiet = False
            elif time.monotonic() >= self.end:
                break
            else:
                self._go_ahead()
                quiet_since, self.is_quiet = time.monotonic(), True
            # Parsing takes time, too: many large responses could exceed the limit by far.
            if time.monotonic() > self.end + _READING_SECONDS:
                break
        if time.monotonic() >= self.end:
            self._wait_for_documents()
            self._note_late()
            # Late documents get time for trial calls, too.
            self.deadline = max(self.deadline, time.monotonic() + self.seconds * _TRIAL_PART)
            self.last_deadline = max(self.last_deadline, self.deadline)
        elif self.is_quiet:
            self._note_late()

    def _take_response(self, number: int, response: ProbeResponse) -> None:
        candidate = self.asked.pop(number, None)
        if candidate is None:
            return  # the search no longer waits for it
        take = self._take_first if number == _FIRST_NUMBER else self._take
        self.waiting += take(candidate, response)[1]

    def _wait_for_documents(self) -> None:
        """Wait beyond the time limit for documents that are arriving, and for URLs that the server named.

        Also wait for the likeliest paths if none of them has responded, or if the server knows no operation of the
        documents that were found.
        """
        is_silent = not any(candidate.is_rival for candidate in self.notes.candidates)
        awake_until = 0.0
        while True:
            self._start_named()
            best = self._best_stage()
            asked = {number: candidate for number, candidate in self.asked.items() if candidate.stage <= best}
            coming = {number for number in asked if self.probes.is_sending(number)}
            named = {number: self.asked_at[number] + NAMED_SECONDS for number in self._awaited()}
            now = time.monotonic()
            ends = [end for number, end in named.items() if end > now]
            if coming.intersection((_FIRST_NUMBER, *named)):
                ends.append(math.inf)
            is_for_named = bool(ends)
            if not coming and not ends:
                if not any(candidate.is_rival for candidate in asked.values()):
                    return
                if self._is_any_known() if self.documents else not is_silent:
                    return
            if coming or not ends:
                self.deadline, self.limit_seconds = self.last_deadline, max(self.seconds, RIVAL_SECONDS)
                ends += [self.end, awake_until]
            response = self.probes.next_response(max(ends) - now)
            if response is not None:
                self._take_response(*response)
                awake_until = time.monotonic() + _WAKING_SECONDS
            elif not is_for_named:
                return

    def _awaited(self) -> list[int]:
        """Return the numbers of the requests to named URLs that may still find a better document."""
        best = min((candidate.level for candidate, _ in self.documents), default=(math.inf,))
        return [
            number
            for number, candidate in self.asked.items()
            if self._is_named(candidate) and candidate.level < best
        ]

    def _is_named(self, candidate: Candidate) -> bool:
        return candidate.is_named or candidate.url in self.named

    def _start_named(self) -> None:
        """Request the URLs that late responses name."""
        best = self._best_stage()
        self.probes.widen(SLOW_CONNECTIONS + _FURTHER_CONNECTIONS)  # guesses may occupy all others
        for candidate in sorted(self.waiting, key=attrgetter("rank")):
            if self._is_named(candidate) and candidate.stage < best and self.probes.is_free:
                self.waiting.remove(candidate)
                self._start(candidate)

    def _is_any_known(self) -> bool:
        """Return whether the server may know an operation of a document that was found, as trial calls show."""
        count = len(self.documents)
        if count not in self.known:
            ends = self.deadline, self.deadline
            tried = _try_documents(self._ranked(), self.origin, self.trials, ends, tries_one=True)
            self.known[count] = any(document.has_response for document in tried)
        return self.known[count]

    def _ranked(self) -> list[DocumentResponse]:
        """Return the documents of the earliest stage that has documents, the best first."""
        best = self._best_stage()
        found = sorted(self.documents, key=lambda entry: entry[0].rank)
        return _rank_documents(document for candidate, document in found if candidate.stage == best)

    def _start_next(self) -> bool:
        """Send the requests that may be sent now; return whether there is anything left to wait for."""
        while True:
            unsettled = self._unsettled()
            if not unsettled:
                if self.documents or not self._open_next_stage():
                    return False
                continue
            self.furthest = max(self.furthest, min(candidate.level for candidate in unsettled))
            order = attrgetter("likelihood" if self.is_slow else "rank")
            for candidate in sorted(unsettled, key=order):
                if time.monotonic() >= self.end or not self.probes.is_free:
                    return True
                if candidate in self.waiting and candidate.level <= self.furthest:
                    self.waiting.remove(candidate)
                    self._start(candidate)
            # `_start` drops candidates that were requested before or are too many: then there is nothing to wait for.
            if self._unsettled():
                return True

    def _unsettled(self) -> list[Candidate]:
        """Return the candidates without a response that may still change the result of the search."""
        best = self._best_stage()
        asked, waiting = [*self.asked.values()], self.waiting
        now = time.monotonic()
        is_late, is_settled = now >= self.end_of_first, now >= self.received_at + _SETTLING_SECONDS
        if self.documents and (is_settled or is_late):
            # The server is slow: do not wait for guesses, unless the document that has arrived is of another API.
            waiting = [candidate for candidate in waiting if candidate.way < Way.USUAL]
            if is_settled:
                is_wrong = any(candidate.is_rival for candidate in asked) and not self._is_any_known()
                asked = [
                    candidate
                    for candidate in asked
                    if candidate.way < Way.USUAL or (candidate.is_rival and is_wrong)
                ]
            if is_late and _FIRST_NUMBER in self.asked and not self.probes.is_sending(_FIRST_NUMBER):
                first = self.asked.pop(_FIRST_NUMBER)
                asked.remove(first)
                self.notes.add(first, first.url, TIMED_OUT)
        is_stated = any(
            candidate.stage == best and document.found.way is Way.STATED
            for candidate, document in self.documents
        )
        return [
            candidate
            for candidate in (*asked, *waiting)
            # If the API states its documents, other documents of that stage do not count.
            if candidate.stage < best
            or (candidate.stage == best and (not is_stated or candidate.way is Way.STATED))
        ]

    def _best_stage(self) -> float:
        """Return the earliest stage that has a document; infinity if none has."""
        return min((candidate.stage for candidate, _ in self.documents), default=math.inf)

    def _open_next_stage(self) -> bool:
        """Queue the candidates of the next stage; return whether there was one."""
        if not self.unopened or (self.is_stopped and self.unopened[0][0].stage >= USUAL):
            return False
        self.waiting += self.unopened.pop(0)
        return True

    def _go_ahead(self) -> None:
        """Allow requests of the next level in parallel, because the current one is slow."""
        self.is_slow = True
        self.probes.widen()
        if any(candidate.level <= self.furthest for candidate in self.waiting):
            return  # all connections are busy
        if not self.waiting and not self.documents:
            # The last stage waits until all likelier candidates are done.
            while self._open_next_stage() and len(self.unopened) > 1:
                pass
        self.furthest = max((candidate.level for candidate in self.waiting), default=self.furthest)

    def _start(self, candidate: Candidate) -> None:
        """Request a candidate, unless its URL was requested before or a limit is reached."""
        reserved = _RESERVED if candidate.is_last_resort else 0
        is_guess_too_many = self.is_stopped and candidate.stage >= USUAL and len(candidate.place) == 1
        if candidate.url in self.seen:
            self._promote(candidate)
        elif self.requests < MAX_REQUESTS - reserved and not is_guess_too_many:
            self.seen.add(candidate.url)
            self.requests += 1
            self.asked[self.requests] = candidate
            self.asked_at[self.requests] = time.monotonic()
            # Without a time limit, because another response may still name this guess.
            self.probes.start(
                self.requests,
                candidate.url,
                None,
                self.unasked,
                keeps_error_page=candidate.url == self.origin.at(""),
            )

    def _promote(self, better: Candidate) -> None:
        """Assign a requested URL to the better of two candidates with that URL."""
        for number, candidate in self.asked.items():
            if candidate.url == better.url and better.rank < candidate.rank:
                self.asked[number] = better
        self.notes.promote(better)
        for index, (candidate, document) in enumerate(self.documents):
            if candidate.url == better.url and better.rank < candidate.rank:
                found = replace(document.found, way=better.way)
                self.documents[index] = better, document._replace(found=found)

    def _take(self, candidate: Candidate, response: ProbeResponse) -> tuple[ReadResponse, list[Candidate]]:
        """Add the result of a response; return the parsed response and the candidates that it refers to."""
        head, fetched = response.head, response.fetched
        links = head.links if head is not None else ()
        if fetched is None:
            # An error response, such as 401, may still link to the document.
            fetched = response.error_page or Fetched(b"", uri=candidate.url)
        is_index = candidate.url in {self.origin.url, self.origin.at("")}
        read = read_response(candidate.url, fetched, links, candidate.way, is_index=is_index)
        if response.error is not None:
            # The search stops if the server limits requests (429), or the address of its host name changes.
            is_refused = self.probes.peers.refused is not None
            self.is_stopped |= is_refused or response.error.details.get("status") == 429
            read = ReadResponse(result_of(response.error, candidate.url), leads=read.leads)
        elif self._is_known_page(candidate, fetched, read):
            # A single-page application responds to every path with the same page.
            read = read._replace(leads=())
        self.notes.add(candidate, candidate.url, read.result)
        if read.document is not None:
            self.documents.append((candidate, read.document))
        return read, self._candidates(candidate, read, fetched.uri or candidate.url)

    def _is_known_page(self, candidate: Candidate, fetched: Fetched, read: ReadResponse) -> bool:
        """Return whether a better candidate had the same page."""
        import hashlib

        if read.document is not None:
            return False
        digest = hashlib.sha256(fetched.content).digest()
        best = self.pages.setdefault(digest, candidate)
        if candidate.rank < best.rank:
            self.pages[digest] = candidate
        return best.rank < candidate.rank

    def _candidates(self, parent: Candidate, read: ReadResponse, uri: str) -> list[Candidate]:
        candidates = []
        for index, lead in enumerate(read.leads):
            base = uri if lead.is_stated else parent.base or uri
            if lead.base:
                address = self.origin.find(lead.base, uri)
                base = address.url if address is not None else base
            address = self.origin.find(lead.reference, base)
            if address is None:
                continue
            if not address.is_same_origin:
                self.notes.add(parent, address.url, FOREIGN)
                continue
            catalogs = parent.catalogs + (lead.role is Role.CATALOG)
            place = (*parent.place, index)
            if len(place) - (parent.stage != GIVEN) > _MAX_STEPS or catalogs > _MAX_CATALOGS:
                continue
            way, own_base = way_of(parent, lead), base if lead.role is Role.SETUP else ""
            candidate = Candidate(address.url, parent.stage, place, way, lead.role, own_base, catalogs)
            candidates.append(candidate)
            if candidate.is_named:
                self.named.add(candidate.url)
        return candidates

    def _note_late(self) -> None:
        """Add a result for each candidate that was too late or was never requested."""
        best = self._best_stage()
        for candidate in self.asked.values():
            self.notes.add(candidate, candidate.url, TIMED_OUT)
        asked = self.requests
        for candidate in (*self.waiting, *(candidate for stage in self.unopened for candidate in stage)):
            if candidate.url not in self.seen and candidate.stage <= best and asked < MAX_REQUESTS:
                self.seen.add(candidate.url)
                asked += 1
                self.notes.add(candidate, candidate.url, LATE)
