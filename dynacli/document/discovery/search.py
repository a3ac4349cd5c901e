"""The search of an origin for the documents of its APIs."""

import math
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from dynacli.document.discovery.addresses import SearchedOrigin
from dynacli.document.discovery.discovered import Discovery, Lead, Role, TriedUrl, Way
from dynacli.document.discovery.discovery_report import FOREIGN, LATE, TIMED_OUT, found_nothing, result_of
from dynacli.document.discovery.probe_answers import DocumentAnswer, ReadAnswer, read_answer
from dynacli.document.discovery.probes import ProbeAnswer, Probes
from dynacli.document.discovery.rank_documents import rank_documents, try_documents
from dynacli.document.discovery.well_known_places import BELOW, CATALOG, FIRST, SECOND, places_of_host
from dynacli.document.fetched import Authorize, Fetched
from dynacli.errors import DocumentError, DynacliError, NetworkError, RefusedError, UsageError
from dynacli.urls import with_masked_query

__all__ = ["MAX_REQUESTS", "TOTAL_SECONDS", "discover"]

MAX_REQUESTS = 56
"""How many requests a search makes at most, the first included and without the trial of what was found."""
_RESERVED = 4
"""How many of those requests the last usual places leave for URLs that pages name."""
TOTAL_SECONDS = 5.0
"""The time limit of the whole, unless the given URL is that of a document, which may be large and slow."""
_FIRST_PART = 0.5
"""The part of that time after which the given URL is left, so that the other places get theirs."""
PLACE_SECONDS = 4.0
"""The time limit of a request; some frameworks generate their document when it is first asked for."""
RIVAL_SECONDS = 10.0
"""The time limit of a request to one of the places whose documents may contradict each other; where the time of the
search is over and the server has answered others meanwhile, such a request is waited for, so that a document that is
slow is not beaten by one that is not."""
_AHEAD_SECONDS = 0.5
"""How long a server may be silent before what comes next is asked for besides."""
_READING_SECONDS = 3.0
"""How long after the time limit answers are still read."""
_MAX_STEPS = 4
"""How many references in a row are followed: page, script, configuration, document."""
_MAX_CATALOGS = 2
"""How many of those may lead to catalogs, which may list catalogs (RFC 9727, section 4.1)."""
_MAX_FOREIGN = 5
"""How many references to other origins are reported."""

_GIVEN, _CATALOG, _USUAL = range(3)
"""The first stages of a search: what the given URL leads to, the catalog of the origin, the first usual places."""


class _Candidate(NamedTuple):
    """A URL to ask for.

    Args:
        url: An absolute URL.
        stage: The number of the stage of the search; what is found in an earlier one is better.
        place: The position among the URLs of the stage: that of the candidate that leads to it, then its own there.
        way: How the URL was found.
        role: What the URL is expected to lead to.
        base: What references in a script or configuration there are relative to; empty where that is its own URL.
        catalogs: How many catalogs led to it.
        is_last_resort: Whether it leaves some of the requests for URLs that pages name.
        is_rival: Whether it is one of the likeliest places of a document, of which none may be missed for being slow.
    """

    url: str
    stage: int
    place: tuple[int, ...]
    way: Way
    role: Role = Role.DOCUMENT
    base: str = ""
    catalogs: int = 0
    is_last_resort: bool = False
    is_rival: bool = False

    @property
    def level(self) -> tuple[int, Way]:
        """What decides when it is asked for: candidates of the same level are asked for side by side."""
        return self.stage, self.way

    @property
    def rank(self) -> tuple[Any, ...]:
        """The order of candidates; it does not depend on which server answers first."""
        return self.stage, self.way, self.role, len(self.place), self.place

    @property
    def order(self) -> tuple[Any, ...]:
        """The order in which candidates are reported: what leads to another comes before it."""
        return self.stage, len(self.place), self.way, self.role, self.place


def discover(
    url: str,
    *,
    timeout: float | None = None,
    seconds: float = TOTAL_SECONDS,
    authorize: Authorize | None = None,
) -> Discovery:
    """Return the documents of an API, given the URL of the API or of a document.

    Where the URL is that of a document, the search ends after that request. Otherwise it tries, until there is a
    document: what the answer states or names, the catalog of the origin, the usual places. While an earlier one of
    these is slow, later ones are asked for as well; what is found there counts only where the earlier one has nothing.
    All requests go to the origin of the URL; none has a cookie.

    Where the documents that were found disagree about the operations of the API or its servers, up to two safe
    operations of each are called, and documents whose operations the server does not know come last.

    Args:
        url: An `http` or `https` URL without userinfo.
        timeout: A time limit in seconds for that URL, as for any download.
        seconds: A time limit for the whole, unless the URL is that of a document.
        authorize: Signs in at the URL, as for any download; of its headers, those that go along unasked are sent with
            each request of the search.

    Raises:
        DocumentError: There is no document, or the document at the URL itself cannot be used.
        NetworkError: There is no connection.
        TimedOutError: There is no connection in time.
        RefusedError: There is no document, and the server redirects to another origin,
            or its host name leads to a private address after a public one.
        UsageError: A proxy or certificate variable is malformed.
    """
    given = authorize(None) if authorize is not None else {}
    search = _Search(url, seconds, given)
    try:
        return search.run(timeout, authorize)
    finally:
        search.probes.close()


class _Search:
    """A search while it runs."""

    def __init__(self, url: str, seconds: float, headers: Mapping[str, str]) -> None:
        self.origin = SearchedOrigin(url)
        self.headers = headers
        self.url = url
        self.seconds = seconds
        self.deadline = time.monotonic() + seconds
        self.probes = Probes()
        self.documents: list[tuple[_Candidate, DocumentAnswer]] = []
        self.notes: list[tuple[_Candidate, TriedUrl]] = []
        self.refused: RefusedError | None = None
        self.seen = {self.origin.url}
        self.pages: dict[bytes, _Candidate] = {}
        self.prefix = ""
        self.requests = 0
        self.is_stopped = False
        self.waiting: list[_Candidate] = []
        self.asked: dict[int, _Candidate] = {}
        self.unopened: list[list[_Candidate]] = []
        self.furthest: tuple[int, Way] = (_GIVEN, Way.GIVEN)

    def run(self, timeout: float | None, authorize: Authorize | None) -> Discovery:
        self.waiting = self._ask_given(timeout, authorize)
        self.deadline = max(self.deadline, time.monotonic() + self.seconds * (1 - _FIRST_PART))
        if not self.documents:
            self.unopened = self._later_stages()
            self._ask_all()
        if not self.documents:
            refused = self.refused or self.probes.peers.refused
            raise found_nothing(
                self.url, self._tried(), self.seconds, foreign=self._foreign(), refused=refused
            )
        best = self._best_stage()
        found = sorted(self.documents, key=lambda entry: entry[0].rank)
        ranked = rank_documents(document for candidate, document in found if candidate.stage == best)
        if self.is_stopped:
            return Discovery(tuple(document.found for document in ranked), self._tried())
        self.probes.close()  # what is still asked for does not count any more
        self.probes = Probes(self.probes.peers)
        return Discovery(tuple(try_documents(ranked, self.origin, self.probes, PLACE_SECONDS)), self._tried())

    def _ask_given(self, timeout: float | None, authorize: Authorize | None) -> list[_Candidate]:
        first = _Candidate(self.origin.url, _GIVEN, (), Way.GIVEN)
        self.requests += 1
        patience = self.seconds * _FIRST_PART
        answer = self.probes.ask_first(
            self.origin.url, timeout=timeout, patience=patience, authorize=authorize
        )
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

    def _later_stages(self) -> list[list[_Candidate]]:
        """Return the catalog of the origin and the groups of usual places, each a stage."""
        catalog = _Candidate(self.origin.at(CATALOG), _CATALOG, (0,), Way.USUAL, Role.CATALOG, catalogs=1)
        groups = [[prefix + place for place in FIRST] for prefix in dict.fromkeys((self.prefix, ""))]
        # Those that may disagree with the first are asked for with it; the root itself may name what is nowhere else.
        groups[-1] = [FIRST[0], *BELOW, *FIRST[1:], ""]
        groups.append([*places_of_host(self.origin.host), *SECOND])
        usual = [
            [
                _Candidate(
                    self.origin.at(path),
                    stage,
                    (index,),
                    Way.USUAL,
                    is_last_resort=group is groups[-1],
                    is_rival=path.removeprefix(self.prefix) == FIRST[0] or path in BELOW,
                )
                for index, path in enumerate(group)
            ]
            for stage, group in enumerate(groups, _USUAL)
        ]
        return [[catalog], *usual]

    def _ask_all(self) -> None:
        """Ask for candidates, then for what they lead to, until nothing better can be found or the time is over."""
        quiet_since = time.monotonic()
        while self._start_next():
            now = time.monotonic()
            answer = self.probes.next_answer(min(self.deadline, quiet_since + _AHEAD_SECONDS) - now)
            if answer is not None:
                number, probe_answer = answer
                self.waiting += self._take(self.asked.pop(number), probe_answer)[1]
                quiet_since = time.monotonic()
            elif time.monotonic() >= self.deadline:
                break
            else:
                self._go_ahead()
                quiet_since = time.monotonic()
            # Reading takes time, too: many large answers that came in time would take far too long.
            if time.monotonic() > self.deadline + _READING_SECONDS:
                break
        if time.monotonic() >= self.deadline:
            self._wait_for_rivals()
            self._note_late()

    def _wait_for_rivals(self) -> None:
        """Wait for the likeliest places among those that were asked for, where the server does answer others."""
        end = time.monotonic() + RIVAL_SECONDS
        answered = (
            candidate.stage for candidate, note in self.notes if note.result not in {TIMED_OUT, FOREIGN}
        )
        if max(answered, default=0) < _USUAL:
            return
        while any(
            candidate.is_rival and candidate.stage <= self._best_stage() for candidate in self.asked.values()
        ):
            answer = self.probes.next_answer(end - time.monotonic())
            if answer is None:
                return
            number, probe_answer = answer
            self._take(self.asked.pop(number), probe_answer)

    def _start_next(self) -> bool:
        """Send what may be sent now; return whether there is anything left to wait for."""
        while True:
            unsettled = self._unsettled()
            if not unsettled:
                if self.documents or not self._open_next_stage():
                    return False
                continue
            self.furthest = max(self.furthest, min(candidate.level for candidate in unsettled))
            for candidate in sorted(unsettled, key=lambda candidate: candidate.rank):
                if time.monotonic() >= self.deadline or not self.probes.is_free:
                    return True
                if candidate in self.waiting and candidate.level <= self.furthest:
                    self.waiting.remove(candidate)
                    self._start(candidate)
            # Those that were dropped, because they were asked for before or are too many, leave nothing to wait for.
            if self._unsettled():
                return True

    def _unsettled(self) -> list[_Candidate]:
        """Return the candidates that may still change what is found: those not answered yet, up to the best stage."""
        best = self._best_stage()
        is_stated = any(
            candidate.stage == best and document.found.way is Way.STATED
            for candidate, document in self.documents
        )
        return [
            candidate
            for candidate in (*self.asked.values(), *self.waiting)
            # Where the API states its documents, no others of that stage count.
            if candidate.stage < best
            or (candidate.stage == best and (not is_stated or candidate.way is Way.STATED))
        ]

    def _best_stage(self) -> float:
        """Return the earliest stage that has a document; infinite where none has."""
        return min((candidate.stage for candidate, _ in self.documents), default=math.inf)

    def _open_next_stage(self) -> bool:
        """Let the candidates of the next stage wait for their turn; return whether there is one."""
        if not self.unopened or (self.is_stopped and self.unopened[0][0].stage >= _USUAL):
            return False
        self.waiting += self.unopened.pop(0)
        return True

    def _go_ahead(self) -> None:
        """Let the next level be asked for besides the one that is slow, unless there is a document already."""
        if any(candidate.level <= self.furthest for candidate in self.waiting):
            return  # all connections are busy
        if not self.waiting and not self.documents:
            self._open_next_stage()
        self.furthest = min((candidate.level for candidate in self.waiting), default=self.furthest)

    def _start(self, candidate: _Candidate) -> None:
        """Send the request of a candidate, unless it was sent before or the limits do not allow it."""
        reserved = _RESERVED if candidate.is_last_resort else 0
        is_guess_too_many = self.is_stopped and candidate.stage >= _USUAL and len(candidate.place) == 1
        if candidate.url in self.seen:
            self._promote(candidate)
        elif self.requests < MAX_REQUESTS - reserved and not is_guess_too_many:
            self.seen.add(candidate.url)
            self.requests += 1
            self.asked[self.requests] = candidate
            seconds = min(PLACE_SECONDS, self.deadline - time.monotonic())
            if candidate.is_rival:
                seconds = max(RIVAL_SECONDS, seconds)
            self.probes.start(self.requests, candidate.url, max(seconds, 0.001), lambda _: self.headers)

    def _promote(self, better: _Candidate) -> None:
        """Let a URL that was asked for count as the better of two candidates that lead to it."""
        for number, candidate in self.asked.items():
            if candidate.url == better.url and better.rank < candidate.rank:
                self.asked[number] = better
        for index, (candidate, note) in enumerate(self.notes):
            if candidate.url == note.url == better.url and better.rank < candidate.rank:
                self.notes[index] = better, note
        for index, (candidate, document) in enumerate(self.documents):
            if candidate.url == better.url and better.rank < candidate.rank:
                found = replace(document.found, way=better.way)
                self.documents[index] = better, document._replace(found=found)

    def _take(self, candidate: _Candidate, answer: ProbeAnswer) -> tuple[ReadAnswer, list[_Candidate]]:
        """Note the result of an answer, and return the answer as read and the candidates that it leads to."""
        head, fetched = answer.head, answer.fetched
        links = head.links if head is not None else ()
        if fetched is None:
            # An answer with an error, such as 401, may still link to the document.
            fetched = Fetched(b"", uri=candidate.url)
        is_index = candidate.url in {self.origin.url, self.origin.at("")}
        read = read_answer(candidate.url, fetched, links, candidate.way, is_index=is_index)
        if answer.error is not None:
            # The search stops where the server limits requests (429), or its host name changes its address.
            is_refused = self.probes.peers.refused is not None
            self.is_stopped |= is_refused or answer.error.details.get("status") == 429
            read = read._replace(result=result_of(answer.error, candidate.url))
        elif self._is_known_page(candidate, fetched, read):
            # A single-page application, which answers every path with the same page.
            read = read._replace(leads=())
        self._note(candidate, candidate.url, read.result)
        if read.document is not None:
            self.documents.append((candidate, read.document))
        return read, self._candidates(candidate, read, fetched.uri or candidate.url)

    def _is_known_page(self, candidate: _Candidate, fetched: Fetched, read: ReadAnswer) -> bool:
        """Return whether a better candidate had the same page."""
        import hashlib

        if read.document is not None:
            return False
        digest = hashlib.sha256(fetched.content).digest()
        best = self.pages.setdefault(digest, candidate)
        if candidate.rank < best.rank:
            self.pages[digest] = candidate
        return best.rank < candidate.rank

    def _candidates(self, parent: _Candidate, read: ReadAnswer, uri: str) -> list[_Candidate]:
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
                self._note(parent, address.url, FOREIGN)
                continue
            catalogs = parent.catalogs + (lead.role is Role.CATALOG)
            place = (*parent.place, index)
            if len(place) - (parent.stage != _GIVEN) > _MAX_STEPS or catalogs > _MAX_CATALOGS:
                continue
            way, own_base = _way(parent, lead), base if lead.role is Role.SETUP else ""
            candidates.append(
                _Candidate(address.url, parent.stage, place, way, lead.role, own_base, catalogs)
            )
        return candidates

    def _note(self, candidate: _Candidate, url: str, result: str) -> None:
        self.notes.append((candidate, TriedUrl(url, result)))

    def _note_late(self) -> None:
        """Note what did not answer in time, and what was not asked for."""
        best = self._best_stage()
        for candidate in self.asked.values():
            self._note(candidate, candidate.url, TIMED_OUT)
        asked = self.requests
        for candidate in (*self.waiting, *(each for stage in self.unopened for each in stage)):
            if candidate.url not in self.seen and candidate.stage <= best and asked < MAX_REQUESTS:
                self.seen.add(candidate.url)
                asked += 1
                self._note(candidate, candidate.url, LATE)

    def _told(self) -> list[TriedUrl]:
        """Return what was tried in a fixed order, without what was asked for ahead and turned out not to matter."""
        best = self._best_stage()
        notes = [(candidate, note) for candidate, note in self.notes if candidate.stage <= best]
        notes.sort(key=lambda entry: entry[0].order)
        return list(dict.fromkeys(note for _, note in notes))

    def _foreign(self) -> list[str]:
        """Return the first references to other origins."""
        return [note.url for note in self._told() if note.result == FOREIGN][:_MAX_FOREIGN]

    def _tried(self) -> tuple[TriedUrl, ...]:
        foreign = self._foreign()
        return tuple(
            TriedUrl(with_masked_query(note.url), note.result)
            for note in self._told()
            if note.result != FOREIGN or note.url in foreign
        )


def _way(parent: _Candidate, lead: Lead) -> Way:
    if lead.is_stated:
        return Way.STATED
    return Way.NAMED if parent.way in {Way.GIVEN, Way.STATED, Way.NAMED} else Way.PAGE
