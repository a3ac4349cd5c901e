"""The index of a catalog: how well which operation has which word."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING, Any

from dynacli.catalog.search.answer_names import AnswerNames
from dynacli.catalog.search.postings import Postings, count_postings
from dynacli.catalog.search.rarity import rarity
from dynacli.catalog.search.read_operation import words_of_operation
from dynacli.catalog.search.search_words import stem, words_of
from dynacli.model.operation import Operation
from dynacli.record import replace

if TYPE_CHECKING:
    from dynacli.catalog.compiler.compile_document import Compiled, CompiledOperation

__all__ = ["search_index"]

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


def search_index(compiled: "Compiled") -> tuple[dict[str, Postings], list[str | None]]:
    """Return the index of a document's operations.

    Returns:
        Stem → the operations that have it; and for each operation the text of the words by which it is known,
        `OperationWords.as_text`, None where it is hidden.
    """
    postings: dict[str, Postings] = defaultdict(Postings)
    for number, matches in enumerate(_matches(compiled)):
        for each, match in matches.items():
            postings[each].add(number, match)
    counts = {each: count_postings(found.packed) for each, found in postings.items()}
    operations = len(compiled.operations)
    texts: list[str | None] = []
    for entry in compiled.operations:
        words = words_of_operation(entry.operation)
        told = (sum(rarity(counts.get(each), operations) for each in stems) for stems in words.stems)
        is_hidden = entry.operation.is_hidden
        texts.append(None if is_hidden else replace(words, told=tuple(told)).as_text())
    return postings, texts


def _matches(compiled: "Compiled") -> Iterator[dict[str, float]]:
    """Yield the stems of each operation → how well it has them.

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
    for entry in operations:
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
        yield {each: weight / (weight + _HALF) for each, weight in told.items()}


def _mentions(entry: "CompiledOperation", words: "_Words", answers: AnswerNames) -> Iterator[dict[str, None]]:
    """Yield the stems of the columns from `description` on."""
    operation = entry.operation
    yield words.stems(_texts(operation.description))
    yield words.stems(_input_texts(operation))
    yield words.stems(_choices(operation))
    yield words.stems(_body_texts(operation))
    yield words.stems(answers.of_operation(entry.part))


class _Words(dict[str, tuple[str, ...]]):
    """Text → its stems; a text that many operations have is taken apart once."""

    def __missing__(self, text: str) -> tuple[str, ...]:
        stems = self[text] = tuple(map(stem, words_of(text)))
        return stems

    def stems(self, texts: Iterable[str]) -> dict[str, None]:
        """Return the different stems of some texts, in their order."""
        return dict.fromkeys(chain.from_iterable(map(self.__getitem__, texts)))


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
