"""The results of a search for documents, and the URLs that it tried, as text."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from dynacli.environment import invocation
from dynacli.errors import DocumentError, DynacliError, RefusedError, TimedOutError
from dynacli.features.apis.discovery._leads import Candidate
from dynacli.features.apis.discovery._probes import INSIDE_SCRIPT, SIGN_IN_PAGE, on_one_line
from dynacli.features.apis.discovery.discovered import FoundDocument, TriedUrl, Way
from dynacli.openapi.document.plain_json import sign_in_hint
from dynacli.secrets import with_masked_query
from dynacli.urls import without_query

FOREIGN = "another origin: give it yourself if you trust it"
LATE = "not tried, the time was over"
TIMED_OUT = "timed out"
_WIDEST = 70
_MOST_SIGN_INS = 4
"""Maximum number of URLs that redirect to a sign-in page for separate reasons. With more, every path does."""
_MANUAL = re.compile(r"\.(html?|md|pdf)$", re.IGNORECASE)
"""End of the path of a manual page."""
_MOST_ODD = 2
"""Maximum number of unanswered requests that are worth naming if the server responds to most others."""
_MAX_FOREIGN = 5
"""Maximum number of references to other origins in the report."""


def lines_of_tried(tried: Iterable[TriedUrl]) -> list[str]:
    """Return a line for each URL that was tried: the URL, then its result."""
    return _in_columns([(entry.url, entry.result) for entry in tried])


def most_useful(tried: Sequence[TriedUrl], count: int) -> list[TriedUrl]:
    """Return the most useful results in their order: the first URL, the documents, then all but 404."""

    def dullness(number: int) -> tuple[int, int]:
        result = tried[number].result
        if number == 0 or result.startswith("document"):
            return 0, number
        return (1 if result not in {"404", LATE} else 2), number

    chosen = sorted(range(len(tried)), key=dullness)[:count]
    return [tried[number] for number in sorted(chosen)]


def lines_of_found(documents: Iterable[FoundDocument]) -> list[str]:
    """Return a line for each document: URL, format, title, version, size and results of trial calls."""
    return _in_columns([(with_masked_query(document.url), _summary_of(document)) for document in documents])


def _summary_of(document: FoundDocument) -> str:
    """Return a short description of a document: `OpenAPI 3.1.0, "Pets" 1.2, 23 operations`."""
    name = f'"{document.title}" {document.version}'.strip() if document.title else document.version
    count = f"{document.operations} operation{'' if document.operations == 1 else 's'}"
    summary = ", ".join(part for part in (document.openapi, name, count) if part)
    return f"{summary}; {document.trial}" if document.trial else summary


def _in_columns(rows: Sequence[tuple[str, str]]) -> list[str]:
    width = min(max((len(left) for left, _ in rows), default=0), _WIDEST)
    return [f"{left:{width}}  {right}" for left, right in rows]


def result_of(error: DynacliError, url: str) -> str:
    """Return a short reason why a request failed."""
    status = error.details.get("status")
    if isinstance(error, DocumentError) and isinstance(status, int):
        return str(status)
    if isinstance(error, TimedOutError):
        return TIMED_OUT
    shown = without_query(url)
    message = error.message.removeprefix(f"`{shown}` ").replace(f" of `{shown}` ", " ").removeprefix("is ")
    return on_one_line(message[:1].lower() + message[1:])


def found_nothing(
    url: str,
    tried: Sequence[TriedUrl],
    seconds: float,
    *,
    foreign: Sequence[str] = (),
    refused: RefusedError | None = None,
    named: Sequence[str] = (),
    silent: Sequence[str] = (),
) -> DynacliError:
    """Return the error for a search that found no document, with the tried URLs in its details.

    Args:
        url: The URL that you gave.
        tried: All requested URLs; the first is `url`.
        seconds: The time limit of the search.
        foreign: References to other origins.
        refused: The error of a redirect to another origin, if there was one.
        named: URLs that the server named and that did not respond in time.
        silent: The likeliest URLs that did not respond in time.
    """
    details: dict[str, Any] = {"tried": [entry._asdict() for entry in tried]}
    if refused is not None:
        return RefusedError(refused.message, reason=refused.reason, hint=refused.hint, **details)
    asked = sum(entry.result not in {LATE, FOREIGN} for entry in tried)
    places = f"{asked} place{'s were' if asked != 1 else ' was'}"
    reasons = [f"{places} looked at, from its links to the usual ones"]
    hint = "Give the URL of the document itself, or a file"
    if silent:
        details["silent"] = list(silent)
        hint = f"If the document is at `{with_masked_query(silent[0])}`, give that URL, which may take longer"
    inside = [entry for entry in tried if entry.result == INSIDE_SCRIPT]
    if inside:
        reasons.append(f"`{inside[0].url}` has it in a script, and no URL gives it alone")
        hint = "Serve the document at a separate URL, such as `/openapi.json`"
    locked = _locked(tried)
    pages = [entry for entry in tried if entry.result == SIGN_IN_PAGE]
    if pages:
        # Some servers redirect every unknown path to it.
        page = pages[-1] if len(pages) <= _MOST_SIGN_INS else pages[0]
        reasons.append(f"`{page.url}` is a sign-in page")
        hint = sign_in_hint(page.url)
    elif foreign and not _MANUAL.search(urlsplit(foreign[0]).path):
        hint = f"If you trust it, give the document that it names: `{with_masked_query(foreign[0])}`"
    results = [entry.result for entry in tried]
    if named:
        place = with_masked_query(named[0])
        reasons.append(f"the server names `{place}`, which did not respond in time")
    unanswered, late = results.count(TIMED_OUT), results.count(LATE)
    if unanswered:
        reasons.append(f"{unanswered} did not respond in time")
    if late:
        reasons.append(f"{late} more were not tried, because the {seconds:g} s of a search were over")
    if any(entry.result == "429" for entry in tried):
        reasons.append("the server limits how often it is asked, so the others were left out")
        hint = "Try again later, or give the URL of the document itself"
    if locked:
        reasons.append(f"`{locked[0].url}` responds with {locked[0].result}: it wants a credential")
        details["status"] = int(locked[0].result)
        details["locked"] = [entry.url for entry in locked]
        if not silent:
            hint = (
                f"If the document needs signing in, give its own URL; `{invocation('help document')}` says "
                "how to sign in"
            )
    if named:
        hint = f"Try again when the server is ready; it may still be making the document at `{place}`"
    message = f"No OpenAPI document was found at `{without_query(url)}`"
    return DocumentError(message, reason="; ".join(reasons), hint=hint, **details)


def _locked(tried: Sequence[TriedUrl]) -> list[TriedUrl]:
    """Return the URLs that require a credential, the likeliest document first.

    Many servers respond with 403 at their root because they have nothing to list. That alone requires no credential.
    """
    asked = [entry for entry in tried if entry.result in {"401", "403"}]
    given = [entry for entry in tried[:1] if entry in asked]
    if given and given[0].result == "403" and urlsplit(given[0].url).path in {"", "/"}:
        given = []
    others = [entry for entry in asked if entry is not tried[0]]
    return [*sorted(others, key=lambda entry: entry.result), *given]


class SearchNotes:
    """The results of a search so far."""

    def __init__(self) -> None:
        self._entries: list[tuple[Candidate, TriedUrl]] = []

    def __bool__(self) -> bool:
        """Return whether there is a result."""
        return bool(self._entries)

    @property
    def candidates(self) -> Iterator[Candidate]:
        """The candidates that have a result."""
        return (candidate for candidate, _ in self._entries)

    def add(self, candidate: Candidate, url: str, result: str) -> None:
        """Add the result of a candidate's URL, or of a URL that its response refers to."""
        self._entries.append((candidate, TriedUrl(url, result)))

    def promote(self, better: Candidate) -> None:
        """Assign the result of a URL to the better of two candidates with that URL."""
        for index, (candidate, note) in enumerate(self._entries):
            if candidate.url == note.url == better.url and better.rank < candidate.rank:
                self._entries[index] = better, note

    def _shown(self, best: float) -> list[TriedUrl]:
        """Return the results in a fixed order, without the stages after the best one.

        Args:
            best: The earliest stage that has a document.
        """
        notes = [(candidate, note) for candidate, note in self._entries if candidate.stage <= best]
        notes.sort(key=lambda entry: entry[0].order)
        return list(dict.fromkeys(note for _, note in notes))

    def silent_places(self, is_named: Callable[[Candidate], bool]) -> tuple[list[str], list[str]]:
        """Return the URLs that did not respond in time: those that the server named, and the likeliest guesses."""
        silent = [
            entry for entry in self._entries if entry[1].result == TIMED_OUT and entry[0].way is not Way.GIVEN
        ]
        named = [note.url for candidate, note in silent if is_named(candidate)]
        # If the server responds to all other requests, it may still be generating the document for this one.
        is_odd = len(silent) <= _MOST_ODD and len(silent) < len(self._entries) / 2
        guesses = sorted(silent, key=lambda entry: not entry[0].is_rival)
        return named, [note.url for candidate, note in guesses if candidate.is_rival or is_odd]

    def foreign(self, best: float) -> list[str]:
        """Return the first references to other origins."""
        return [note.url for note in self._shown(best) if note.result == FOREIGN][:_MAX_FOREIGN]

    def tried(self, best: float) -> tuple[TriedUrl, ...]:
        """Return the tried URLs and their results, with masked values in queries."""
        foreign = self.foreign(best)
        return tuple(
            TriedUrl(with_masked_query(note.url), note.result)
            for note in self._shown(best)
            if note.result != FOREIGN or note.url in foreign
        )
