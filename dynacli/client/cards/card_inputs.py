"""The inputs on a card: those that a call needs, and the most useful of the others."""

from dynacli.client.description.described_input import DescribedInput
from dynacli.client.description.operation_description import OperationDescription
from dynacli.model.field_names import plain_name, singular, words_of
from dynacli.model.operation import Field, Parameter

__all__ = ["card_inputs"]

_MOST_OPTIONAL = 5
_LONGEST_FILLER = 3
"""Characters of the longest words of a question that name no input: `the`, `of`."""
_SEARCHES = frozenset(
    ("q", "query", "search", "filter", "name", "status", "state", "type", "since", "sort", "title")
)
_SIZES = frozenset(("limit", "pagesize", "perpage", "size", "maxresults"))
_PLACES = frozenset(
    (
        *("page", "pagenumber", "pagetoken", "nexttoken", "cursor", "offset", "skip", "marker", "after"),
        *("before", "startingafter", "endingbefore", "continuationtoken"),
    )
)
"""Plain names of inputs that `--all` fills in."""


def card_inputs(
    description: OperationDescription, question: str = ""
) -> tuple[tuple[DescribedInput, ...], tuple[str, ...]]:
    """Return the required inputs with the most useful of the others, and the options of those that are left out.

    Args:
        question: What somebody wants to do, in plain words: inputs that it names are the most useful ones.
    """
    operation = description.operation
    inputs = description.inputs
    needed = [each for each in inputs if each.is_required]
    others = [
        each
        for each in inputs
        if not (each.is_required or (isinstance(each.origin, Parameter) and each.origin.is_hidden))
    ]
    asked = _words(question) - _words(f"{operation.name} {operation.summary}")
    # `wrong_answer` and `costUsd` are words of programs, which a description gives as examples of values.
    said = (word.strip(".,;:?!\"'`()") for word in question.split())
    literals = [
        word for word in said if len(word) > _LONGEST_FILLER and not (word.isalpha() and word[1:].islower())
    ]
    others.sort(key=lambda each: (not _is_asked(each.origin, asked, literals), _rank(each.origin)))
    shown = [*needed, *others[:_MOST_OPTIONAL]]
    return description.with_sources(shown, shown), tuple(each.option for each in others[_MOST_OPTIONAL:])


def _words(text: str) -> set[str]:
    return {singular(word) for word in words_of(text) if len(word) > _LONGEST_FILLER}


def _is_asked(each: Parameter | Field, asked: set[str], literals: list[str]) -> bool:
    """Return whether words of a question name an input, or one of the values that it takes."""
    if any(literal in each.description for literal in literals):
        return True
    values = (each.value.items or each.value).enum
    named = _words(" ".join([each.option, *(value for value in values if isinstance(value, str))]))
    # `failed` and `fail`, `classified` and `classification`
    return any(left.startswith(right[:6]) or right.startswith(left[:6]) for left in asked for right in named)


def _rank(each: Parameter | Field) -> int:
    """Return how useful an optional input is; the least number is the most useful."""
    is_parameter = isinstance(each, Parameter)
    name = plain_name(each.option.rpartition(".")[2])
    if each.is_deprecated:
        return 9
    if is_parameter and name in _PLACES:
        return 8
    if isinstance(each, Parameter) and each.location in ("header", "cookie"):
        return 7
    if isinstance(each, Field) and len(each.path) > 1:
        return 4 + min(len(each.path), 3) - each.is_required
    if is_parameter and name in _SIZES:
        return 2
    if name in _SEARCHES or (isinstance(each, Field) and each.is_needed):
        return 0
    return 1 if each.value.enum else 3
