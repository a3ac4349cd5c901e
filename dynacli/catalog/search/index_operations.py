"""The index of a catalog: how well which operation has which word, written by the compiler."""

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from dynacli.catalog.search.answer_names import AnswerNames
from dynacli.catalog.search.levels import LEVELS, level_of
from dynacli.catalog.search.rarity import rarity
from dynacli.catalog.search.read_operation import words_of_operation
from dynacli.catalog.search.search_words import stem, words_of
from dynacli.model.operation import Operation
from dynacli.record import replace

if TYPE_CHECKING:
    from dynacli.catalog.compiler.compile_document import Compiled, CompiledOperation

__all__ = ["write_search_index"]

_NAME, _PATH, _SUMMARY, _TAGS = 0.5, 0.45, 0.55, 0.25
_DESCRIPTION, _INPUTS, _CHOICES, _BODY, _ANSWER = 0.2, 0.12, 0.12, 0.12, 0.06
"""How much a word says about an operation by standing there. Choices are the values of enumerations."""

_HALF = 0.3
"""The sum of these with which an operation has a word by half."""

_MOST_CHOICES = 40
"""Values of an enumeration that are indexed: longer ones are catalogs of currencies, languages and the like."""

_WEAK = (_DESCRIPTION, _INPUTS, _CHOICES, _BODY, _ANSWER)
_MOST = (200, 200, 200, 100, 100)
"""Different words of each column from `description` on: in some documents each operation reaches nearly all schemas."""

_SAMPLE = 100
"""Operations of a larger document that tell which words are usual in it."""
_USUAL = 0.5
"""The part of the operations from which on a word says little about one that mentions it."""


def write_search_index(db: sqlite3.Connection, compiled: "Compiled") -> None:
    """Write the index of a document's operations; nothing where SQLite was built without FTS5.

    Raises:
        sqlite3.Error: It cannot be written.
    """
    columns = ", ".join(LEVELS)
    try:
        # A word stands in one column alone, which says how well the operation has it: reading where it stands in each
        # operation, and what that says, would take most of the time of a search. Neither texts nor places are kept.
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
    marks = ", ".join("?" * (len(LEVELS) + 1))
    db.executemany(f"INSERT INTO search (rowid, {columns}) VALUES ({marks})", _rows(compiled))  # noqa: S608
    db.execute("INSERT INTO search (search) VALUES ('optimize')")
    counts = dict(db.execute("SELECT term, doc FROM search_terms"))
    db.execute("CREATE TABLE search_operations (id INTEGER PRIMARY KEY, words TEXT NOT NULL)")
    db.executemany("INSERT INTO search_operations VALUES (?, ?)", _words(compiled, counts))


def _words(compiled: "Compiled", counts: Mapping[str, int]) -> Iterator[tuple[int, str]]:
    """Yield the number of each operation that is not hidden, and the words by which it is known.

    Args:
        counts: Stem → the number of operations that have it.
    """
    operations = len(compiled.operations)
    for number, entry in enumerate(compiled.operations):
        if not entry.operation.is_hidden:
            words = words_of_operation(entry.operation)
            told = (sum(rarity(counts.get(each), operations) for each in stems) for stems in words.stems)
            yield number, replace(words, told=tuple(told)).as_text()


def _rows(compiled: "Compiled") -> Iterator[tuple[Any, ...]]:
    """Yield number and columns of each operation.

    A word that stands in its name, path, summary or tags is not told again by its description, inputs, body and answer,
    and these do not tell what stands in many operations.
    """
    words, answers = _Words(), AnswerNames(compiled.components)
    operations = compiled.operations
    usual: Counter[str] = Counter()
    sample = operations[:: len(operations) // _SAMPLE + 1]
    for entry in sample:
        for column in _mentions(entry, words, answers):
            usual.update(iter(column))
    too_usual = {
        stem for stem, count in usual.items() if count > _USUAL * len(sample) and len(sample) > _SAMPLE // 2
    }
    for number, entry in enumerate(operations):
        operation = entry.operation
        strong = (
            words.stems([operation.name, operation.operation_id, *operation.aliases]),
            words.stems(_literals(operation.path)),
            words.stems([operation.summary]),
            words.stems(operation.tags),
        )
        told: dict[str, float] = {}
        for weight, stems in zip((_NAME, _PATH, _SUMMARY, _TAGS), strong, strict=True):
            told.update((each, told.get(each, 0.0) + weight) for each in stems)
        known = too_usual | told.keys()
        for weight, stems, most in zip(_WEAK, _mentions(entry, words, answers), _MOST, strict=True):
            mentioned = [each for each in stems if each not in known][:most]
            known.update(mentioned)
            told.update(dict.fromkeys(mentioned, weight))
        levels: dict[str, list[str]] = {level: [] for level in LEVELS}
        for each, weight in told.items():
            levels[level_of(weight / (weight + _HALF))].append(each)
        yield (number, *map(" ".join, levels.values()))


def _mentions(entry: "CompiledOperation", words: "_Words", answers: AnswerNames) -> Iterator[dict[str, None]]:
    """Yield the stems of the columns from `description` on."""
    operation = entry.operation
    yield words.stems(_texts(operation.description))
    yield words.stems(_input_texts(operation))
    yield words.stems(_choices(operation))
    yield words.stems(_body_texts(operation))
    yield words.stems(answers.of_operation(entry.part))


class _Words:
    """Finds the stems of texts; texts that many operations have are taken apart once."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[str, ...]] = {}

    def stems(self, texts: Iterable[str]) -> dict[str, None]:
        """Return the different stems of some texts, in their order."""
        found: dict[str, None] = {}
        for text in texts:
            stems = self._known.get(text)
            if stems is None:
                stems = self._known[text] = tuple(map(stem, words_of(text)))
            found.update(dict.fromkeys(stems))
        return found


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
