"""The order of the documents that a search found: by where and how they were found, then by what their servers know."""

import time
from collections.abc import Iterable
from dataclasses import replace

from dynacli.document.discovery.addresses import SearchedOrigin
from dynacli.document.discovery.discovered import FoundDocument, Way
from dynacli.document.discovery.probe_answers import DocumentAnswer, on_one_line
from dynacli.document.discovery.probes import Probes
from dynacli.document.discovery.trials import TrialCall, is_unknown_there
from dynacli.document.fetching.download import Head

__all__ = ["MAX_TRIED", "rank_documents", "try_documents"]

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
    probes: Probes,
    seconds: float,
    *,
    tries_one: bool = False,
) -> list[FoundDocument]:
    """Return documents in their order, but last those whose operations the server does not know, as calls show.

    Nothing is called where the documents agree about the operations and their paths. Where the server knows none of
    the operations of any document, and where it does not answer, the order stays.

    Args:
        ranked: At least one document, the best first.
        origin: Only its URLs are called.
        probes: What sends the calls.
        seconds: A time limit for all calls together.
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
    heads = _heads_of((call.url for own in calls.values() for call in own), probes, seconds)
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


def _heads_of(urls: Iterable[str], probes: Probes, seconds: float) -> dict[str, Head]:
    """Return URL → the head of its answer, for the URLs that answer in time."""
    heads: dict[str, Head] = {}
    end = time.monotonic() + seconds
    waiting = list(dict.fromkeys(urls))
    asked: dict[int, str] = {}
    while waiting or asked:
        while waiting and probes.is_free:
            asked[len(waiting)] = waiting[0]
            probes.start(len(waiting), waiting.pop(0), seconds)
        answer = probes.next_answer(end - time.monotonic())
        if answer is None:
            break
        url = asked.pop(answer[0])
        if answer[1].head is not None:
            heads[url] = answer[1].head
    return heads


def _trial_text(call: TrialCall, head: Head | None) -> str:
    """Return a call that tried a document and its answer: `GET /health answers 404`."""
    answer = f"answers {head.status}" if head is not None else "has no answer"
    is_page = is_unknown_there(call, head) and head is not None and head.status < 300
    return f"GET {on_one_line(call.path)} {answer}{' with a page' if is_page else ''}"
