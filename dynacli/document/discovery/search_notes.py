"""What a search has tried, and with which result, as it is told at the end."""

from collections.abc import Callable, Iterator

from dynacli.document.discovery.candidates import Candidate
from dynacli.document.discovery.discovered import TriedUrl, Way
from dynacli.document.discovery.discovery_report import FOREIGN, TIMED_OUT
from dynacli.urls import with_masked_query

__all__ = ["SearchNotes"]

_MAX_FOREIGN = 5
"""How many references to other origins are reported."""


class SearchNotes:
    """The results of a search so far."""

    def __init__(self) -> None:
        self._entries: list[tuple[Candidate, TriedUrl]] = []

    def __bool__(self) -> bool:
        """Return whether there is any."""
        return bool(self._entries)

    @property
    def candidates(self) -> Iterator[Candidate]:
        """Those with a result."""
        return (candidate for candidate, _ in self._entries)

    def add(self, candidate: Candidate, url: str, result: str) -> None:
        """Note the result of a URL that a candidate is, or leads to."""
        self._entries.append((candidate, TriedUrl(url, result)))

    def promote(self, better: Candidate) -> None:
        """Let the result of a URL count as that of the better of two candidates that lead to it."""
        for index, (candidate, note) in enumerate(self._entries):
            if candidate.url == note.url == better.url and better.rank < candidate.rank:
                self._entries[index] = better, note

    def _told(self, best: float) -> list[TriedUrl]:
        """Return what was tried in a fixed order, without what was asked for ahead and turned out not to matter.

        Args:
            best: The earliest stage that has a document.
        """
        notes = [(candidate, note) for candidate, note in self._entries if candidate.stage <= best]
        notes.sort(key=lambda entry: entry[0].order)
        return list(dict.fromkeys(note for _, note in notes))

    def silent_places(self, is_named: Callable[[Candidate], bool]) -> tuple[list[str], list[str]]:
        """Return the places that did not answer in time: those that the server named, and the likeliest guesses."""
        silent = [
            each for each in self._entries if each[1].result == TIMED_OUT and each[0].way is not Way.GIVEN
        ]
        named = [note.url for candidate, note in silent if is_named(candidate)]
        return named, [note.url for candidate, note in silent if candidate.is_rival]

    def foreign(self, best: float) -> list[str]:
        """Return the first references to other origins."""
        return [note.url for note in self._told(best) if note.result == FOREIGN][:_MAX_FOREIGN]

    def tried(self, best: float) -> tuple[TriedUrl, ...]:
        """Return what was tried, the values of queries masked."""
        foreign = self.foreign(best)
        return tuple(
            TriedUrl(with_masked_query(note.url), note.result)
            for note in self._told(best)
            if note.result != FOREIGN or note.url in foreign
        )
