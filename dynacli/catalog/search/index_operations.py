"""The index of a catalog: which word stands where in which operation, written by the compiler."""

import sqlite3
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from dynacli.catalog.search.answer_names import AnswerNames
from dynacli.catalog.search.search_words import stem, words_of
from dynacli.model.operation import Operation

if TYPE_CHECKING:
    from dynacli.catalog.compiler.compile_document import Compiled

__all__ = ["COLUMNS", "write_search_index"]

COLUMNS = ("name", "path", "summary", "tags", "description", "inputs", "choices", "body", "answer")
"""Where the words of an operation stand. `choices` are the values of enumerations."""

_MOST_CHOICES = 40
"""Values of an enumeration that are indexed: longer ones are catalogs of currencies, languages and the like."""

_MOST_WORDS = 200
"""Different words of a description that are indexed."""

_MOST_NAMES = 100
"""Different words of the fields of a body, or of an answer, that are indexed: in some documents each operation
reaches nearly all schemas."""


def write_search_index(db: sqlite3.Connection, compiled: "Compiled") -> None:
    """Write the index of a document's operations; nothing where SQLite was built without FTS5.

    Raises:
        sqlite3.Error: It cannot be written.
    """
    columns = ", ".join(COLUMNS)
    try:
        # Only whether a word stands in a column is of interest, so neither texts nor places are kept.
        # https://www.sqlite.org/fts5.html, "Contentless Tables", "The Detail Option", "The fts5vocab Virtual Table"
        db.execute(
            f"CREATE VIRTUAL TABLE search USING fts5({columns}, content='', detail=column, columnsize=0,"
            " tokenize=\"unicode61 remove_diacritics 0 categories 'L* N* M* Co'\")"
        )
    except sqlite3.OperationalError as error:
        if "no such module" in str(error):
            return
        raise
    db.execute("CREATE VIRTUAL TABLE search_places USING fts5vocab(search, instance)")
    db.execute("CREATE VIRTUAL TABLE search_terms USING fts5vocab(search, row)")
    marks = ", ".join("?" * (len(COLUMNS) + 1))
    db.executemany(f"INSERT INTO search (rowid, {columns}) VALUES ({marks})", _rows(compiled))  # noqa: S608
    db.execute("INSERT INTO search (search) VALUES ('optimize')")


def _rows(compiled: "Compiled") -> Iterator[tuple[Any, ...]]:
    answers = AnswerNames(compiled.components)
    words = _Words()
    for number, entry in enumerate(compiled.operations):
        operation = entry.operation
        yield (
            number,
            words.text([operation.name, operation.operation_id, *operation.aliases]),
            words.text(_literals(operation.path)),
            words.text([operation.summary]),
            words.text(operation.tags),
            words.text(_texts(operation.description), _MOST_WORDS),
            words.text(_input_texts(operation)),
            words.text(_choices(operation)),
            words.text(_body_texts(operation), _MOST_NAMES),
            words.text(answers.of_operation(entry.part), _MOST_NAMES),
        )


class _Words:
    """Makes texts of words; names that stand in many operations are split once."""

    def __init__(self) -> None:
        self._known: dict[str, list[str]] = {}

    def text(self, texts: Iterable[str], most: int | None = None) -> str:
        """Return the different stems of some texts, joined by spaces."""
        found: dict[str, None] = {}
        for text in texts:
            stems = self._known.get(text)
            if stems is None:
                stems = self._known[text] = list(dict.fromkeys(map(stem, words_of(text))))
            found.update(dict.fromkeys(stems))
        return " ".join(list(found)[:most])


def _literals(path: str) -> Iterator[str]:
    """Yield the steps of a path that are no parameters."""
    return (step for step in path.split("/") if not step.startswith("{"))


def _texts(blocks: Any) -> Iterator[str]:
    """Yield the texts of a description, whose lists, quotes and tables are lists within it."""
    for block in blocks:
        if isinstance(block, str):
            yield block
        elif isinstance(block, list | tuple):
            yield from _texts(block)


def _input_texts(operation: Operation) -> Iterator[str]:
    for parameter in operation.parameters:
        yield parameter.name
        yield parameter.description
        for field in parameter.fields:
            yield field.path[-1]


def _body_texts(operation: Operation) -> Iterator[str]:
    for media_type in operation.body.content if operation.body else ():
        for field in media_type.fields:
            yield from field.path
            yield field.description


def _choices(operation: Operation) -> Iterator[str]:
    for parameter in operation.parameters:
        yield from _enumerated(parameter.value)
    for media_type in operation.body.content if operation.body else ():
        for field in media_type.fields:
            yield from _enumerated(field.value)


def _enumerated(value: Any) -> Iterator[str]:
    for holder in (value, value.items):
        if holder is not None and len(holder.enum) <= _MOST_CHOICES:
            yield from (choice for choice in holder.enum if isinstance(choice, str))
