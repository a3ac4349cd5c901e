"""Questions as people ask them find the operations of real documents that response them, and better than plain BM25.

`questions/tuned.txt` has those that the ranking was fitted to, `questions/held_out.txt` those of documents that no one
looked at meanwhile. A line is a question, `=`, and the names of the operations that are right; if several are,
they do the same, or the question leaves open which. `python -m tests.openapi.catalog.test_search_questions` prints the
table.
"""

import re
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from dynacli.errors import DocumentError
from dynacli.openapi.catalog.catalog_file import Catalog
from dynacli.openapi.catalog.catalog_writer import catalog_in_memory
from dynacli.openapi.catalog.compiler.compile_document import compile_document
from dynacli.openapi.catalog.rank_operations import rank_operations
from dynacli.text.wrapping import block_text
from tests.documents import load_file
from tests.real_documents import FOLDER, documents

_QUESTIONS = Path(__file__).with_name("questions")
_RANKS = (1, 3, 5)
LEAST = {"tuned": (0.83, 0.93, 0.94), "held_out": (0.81, 0.92, 0.92)}
"""File of questions → the least part of them whose operation is the first, among the first 3, and the first 5."""

Search = Callable[[str], list[str]]


class Recall(NamedTuple):
    """How many questions got a response.

    Args:
        asked: All.
        found: Those whose operation was among the first 1, 3 and 5.
    """

    asked: int = 0
    found: tuple[int, ...] = (0,) * len(_RANKS)

    def with_response(self, names: list[str], right: set[str]) -> "Recall":
        """Return the recall with one question more."""
        found = tuple(
            count + (not right.isdisjoint(names[:rank]))
            for count, rank in zip(self.found, _RANKS, strict=True)
        )
        return Recall(self.asked + 1, found)

    def __add__(self, other: "Recall") -> "Recall":  # type: ignore[override]
        """Return the recall of both."""
        found = (left + right for left, right in zip(self.found, other.found, strict=True))
        return Recall(self.asked + other.asked, tuple(found))

    @property
    def parts(self) -> tuple[float, ...]:
        """The same as parts of 1."""
        return tuple(count / self.asked for count in self.found)


def _documents(name: str) -> Iterator[tuple[str, list[tuple[str, set[str]]]]]:
    """Yield the documents of a file of questions, each with its questions and the names that are right."""
    text = (_QUESTIONS / f"{name}.txt").read_text(encoding="utf-8")
    for document, lines in re.findall(r"^\[(.+)\]\n((?:(?!\[).+\n)*)", text, re.MULTILINE):
        pairs = (line.split(" = ") for line in lines.splitlines() if line)
        yield document, [(question, set(names.split())) for question, names in pairs]


def _ranking(catalog: Catalog) -> Search:
    return lambda question: [ranked.operation.name for ranked in rank_operations(catalog, question)]


def _plain_bm25(catalog: Catalog) -> Search:
    """Return a search by SQLite's own ranking, over name, path, summary, description and tags."""
    db = sqlite3.connect(":memory:")
    db.execute("CREATE VIRTUAL TABLE texts USING fts5(name, path, summary, description, tags)")
    names = []
    for summary in catalog.summaries():
        description = block_text(catalog.operation(summary.name).description, 100)
        words = summary.name.replace("-", " "), summary.path, summary.summary, description
        db.execute("INSERT INTO texts VALUES (?, ?, ?, ?, ?)", (*words, " ".join(summary.tags)))
        names.append(summary.name)

    def search(question: str) -> list[str]:
        query = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", question))
        rows = db.execute(
            "SELECT rowid FROM texts WHERE texts MATCH ? ORDER BY bm25(texts), rowid LIMIT 5", (query,)
        )
        return [names[number - 1] for (number,) in rows]

    return search


def measured(name: str) -> dict[str, tuple[Recall, Recall]]:
    """Return document → the recall of the ranking, and of plain BM25."""
    table = {}
    for document, questions in _documents(name):
        catalog = catalog_in_memory(compile_document(load_file(FOLDER / document)), [])
        known = {summary.name for summary in catalog.summaries()}
        ranking, plain = Recall(), Recall()
        search, search_plainly = _ranking(catalog), _plain_bm25(catalog)
        for question, right in questions:
            assert right <= known, f"{document} has no {right - known}"
            ranking = ranking.with_response(search(question), right)
            plain = plain.with_response(search_plainly(question), right)
        catalog.close()
        table[document] = ranking, plain
    return table


@pytest.mark.long
@pytest.mark.corpus
@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"there are no real documents in {FOLDER}")
@pytest.mark.parametrize("name", LEAST)
def test_questions_find_their_operations(name: str) -> None:
    """The operation that a question means comes first, or nearly so, and more often than by plain BM25."""
    table = measured(name).values()
    ranking = sum((row[0] for row in table), Recall()).parts
    plain = sum((row[1] for row in table), Recall()).parts
    assert list(ranking) == [max(pair) for pair in zip(ranking, LEAST[name], strict=True)]
    assert [rank + 0.2 < part for rank, part in zip(plain, ranking, strict=True)] == [True] * 3


@pytest.mark.sampled(0)
@pytest.mark.corpus
@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"there are no real documents in {FOLDER}")
@pytest.mark.parametrize("path", list(documents(FOLDER)), ids=lambda path: path.name)
def test_what_is_named_comes_first(path: Path) -> None:
    """Thirty operations of each real document are found first by name, operationId, and method and path."""
    try:
        catalog = catalog_in_memory(compile_document(load_file(path)), [])
    except DocumentError:
        return  # for such documents there are other tests
    search = _ranking(catalog)
    operations = [summary for summary in catalog.summaries() if not summary.is_hidden]
    wrong = []
    for operation in operations[:: max(len(operations) // 30, 1)]:
        by_id = catalog.find(operation.operation_id) or operation.name
        place = f"{operation.method} {operation.path}"
        for question, name in (
            (operation.name, operation.name),
            (operation.operation_id or operation.name, by_id),
            (place, operation.name),
        ):
            wrong += [(question, name)] if [name] != search(question)[:1] else []
    catalog.close()
    assert [] == wrong


def test_there_are_enough_questions() -> None:
    """A fifth of the questions is of documents that the ranking was not fitted to."""
    counts = {name: sum(len(asked) for _, asked in _documents(name)) for name in LEAST}
    assert sum(counts.values()) >= 150
    assert counts["held_out"] * 5 >= sum(counts.values())


def _main() -> None:
    line = "{:44} {:>5} {:>7} {:>5} {:>5} {:>8} {:>5} {:>5}\n".format
    sys.stdout.write(line("", "asked", "first", "in 3", "in 5", "BM25", "in 3", "in 5"))
    for name in LEAST:
        table = measured(name)
        rows = [
            *table.items(),
            (name, tuple(sum(column, Recall()) for column in zip(*table.values(), strict=True))),
        ]
        for title, (ranking, plain) in rows:
            cells = (f"{part:.2f}" for part in (*ranking.parts, *plain.parts))
            sys.stdout.write(line(title, ranking.asked, *cells))


if __name__ == "__main__":
    _main()
