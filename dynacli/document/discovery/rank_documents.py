"""The order of the documents that a search found: by where and how they were found, then by what their servers know."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace

from dynacli.document.discovery.candidates import SearchedOrigin
from dynacli.document.discovery.discovered import FoundDocument, Way
from dynacli.document.discovery.probe_answers import DocumentAnswer, on_one_line
from dynacli.document.discovery.probes import Probes
from dynacli.document.discovery.trials import TrialCall, is_unknown_there
from dynacli.document.fetched import DocumentLogin
from dynacli.document.fetching.download import Head
from dynacli.http.peers import Peers

__all__ = ["MAX_TRIED", "TrialAnswers", "rank_documents", "try_documents"]

MAX_TRIED = 4
"""How many documents that disagree are tried at most."""


def rank_documents(documents: Iterable[DocumentAnswer]) -> list[DocumentAnswer]:
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


def try_documents(
    ranked: list[DocumentAnswer],
    origin: SearchedOrigin,
    answers: "TrialAnswers",
    ends: tuple[float, float],
    *,
    tries_one: bool = False,
) -> list[FoundDocument]:
    """Return documents in their order, but last those whose operations the server does not know, as calls show.

    Nothing is called where the documents agree about the operations and their paths. Where the server knows none of
    the operations of any document, and where it does not answer, the order stays.

    Args:
        ranked: At least one document, the best first.
        origin: Only its URLs are called.
        answers: Answers to calls of earlier trials, and what makes further ones.
        ends: When the calls end that the server answers, and when they end that it answers none of.
        tries_one: Whether calls are made, too, where no document disagrees with another.
    """
    by_shape: dict[frozenset[str], DocumentAnswer] = {}
    for document in ranked:
        by_shape.setdefault(document.shape, document)
    if len(by_shape) < 2 and not tries_one:
        return [document.found for document in ranked]
    calls = {
        shape: [call for call in document.trial_calls if origin.has(call.url)]
        for shape, document in list(by_shape.items())[:MAX_TRIED]
    }
    heads = answers.ask((call.url for own in calls.values() for call in own), *ends)
    is_unknown = {
        shape: all(is_unknown_there(call, heads.get(call.url)) for call in own)
        for shape, own in calls.items()
        if own
    }
    found = [
        replace(
            document.found,
            trial=", ".join(_trial_text(call, heads.get(call.url)) for call in calls.get(document.shape, ())),
            is_answered=not is_unknown.get(document.shape),
        )
        for document in ranked
    ]
    return found if all(is_unknown.values()) else sorted(found, key=lambda document: not document.is_answered)


class TrialAnswers:
    """The heads of the answers to calls that try documents; what has answered is not asked again.

    Args:
        peers: The addresses that were connected to before.
        login: Has the certificates of the connections.
    """

    def __init__(self, peers: Peers, login: DocumentLogin) -> None:
        self.peers = peers
        self.login = login
        self.heads: dict[str, Head] = {}

    def ask(self, urls: Iterable[str], end: float, last_end: float) -> Mapping[str, Head]:
        """Return URL → the head of its answer, for the URLs that answer in time, those of earlier trials included.

        Args:
            urls: What to call.
            end: When to stop waiting, by the monotonic clock.
            last_end: When to stop where nothing has answered until then: a server is not wrong by being slow.
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
                answer = probes.next_answer(end - now)
                is_silent = not self.heads and time.monotonic() >= end and end < last_end
                end = last_end if is_silent else end
                if answer is None and is_silent:
                    continue
                if answer is None:
                    break
                url = asked.pop(answer[0])
                if answer[1].head is not None:
                    self.heads[url] = answer[1].head
        finally:
            probes.close()
        return self.heads


def _trial_text(call: TrialCall, head: Head | None) -> str:
    """Return a call that tried a document and its answer: `GET /health answers 404`."""
    answer = f"answers {head.status}" if head is not None else "has no answer"
    is_page = is_unknown_there(call, head) and head is not None and head.status < 300
    return f"GET {on_one_line(call.path)} {answer}{' with a page' if is_page else ''}"
