"""The inputs on a card: those that a call needs, and the most useful of the others."""

from typing import Any

from dynacli.client.cards.input_sources import input_sources
from dynacli.client.described_operation import DescribedOperation
from dynacli.model.field_names import plain_name, singular, words_of
from dynacli.model.media_types import is_multipart
from dynacli.model.operation import Field, Parameter, ValueType, of_first_items
from dynacli.record import record

__all__ = ["CardInput", "card_inputs"]

_MOST_OPTIONAL = 5
_MOST_VALUES = 20
"""Values of an enumeration that a card as JSON has; `describe -o json` has all."""
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


@record
class CardInput:
    """An input of an operation on its card.

    Args:
        name: Its option without dashes.
        location: `path`, `query`, `querystring`, `header`, `cookie` or `body`.
        is_required: Whether a call needs it.
        value: What it takes.
        description: The first sentence of its description, as plain text.
        source: Where its values come from, such as `list-runs rows[].id`; empty where that is not known.
        is_part: Whether it is a part of a multipart body, which may be a file.
    """

    name: str
    location: str
    is_required: bool
    value: ValueType
    description: str = ""
    source: str = ""
    is_part: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the input as `-o json` has it."""
        value = self.value
        enumeration = value.enum or (value.items.enum if value.items is not None else ())
        is_list = value.type == "array" and value.items is not None
        return {
            "name": self.name,
            "in": self.location,
            "required": self.is_required,
            "type": f"array of {value.items.type}" if is_list and value.items else value.type,
            "enum": list(enumeration[:_MOST_VALUES]) or None,
            **({"more_values": len(enumeration) - _MOST_VALUES} if len(enumeration) > _MOST_VALUES else {}),
            "description": self.description,
            "from": self.source or None,
        }


def card_inputs(
    described: DescribedOperation, question: str = ""
) -> tuple[tuple[CardInput, ...], tuple[str, ...]]:
    """Return the required inputs with the most useful of the others, and the options of those that are left out.

    Args:
        question: What somebody wants to do, in plain words: inputs that it names are the most useful ones.
    """
    operation = described.operation
    has_body = operation.body is not None and operation.body.is_required
    media_type = described.media_type
    fields = media_type.fields if media_type is not None else ()
    needed: list[Parameter | Field] = []
    others: list[Parameter | Field] = []
    for parameter in operation.parameters:
        # A required parameter that is not given is sent with its default.
        is_needed = parameter.is_required and not parameter.value.has_known_default
        if is_needed or not parameter.is_hidden:
            (needed if is_needed else others).append(parameter)
    for field in fields:
        is_needed = has_body and field.is_needed and not field.value.has_known_default
        (needed if is_needed else others).append(field)
    asked = _words(question) - _words(f"{operation.name} {operation.summary}")
    # `wrong_answer` and `costUsd` are words of programs, which a description gives as examples of values.
    said = (word.strip(".,;:?!\"'`()") for word in question.split())
    literals = [
        word for word in said if len(word) > _LONGEST_FILLER and not (word.isalpha() and word[1:].islower())
    ]
    others.sort(key=lambda each: (not _is_asked(each, asked, literals), _rank(each)))
    shown = [*needed, *others[:_MOST_OPTIONAL]]
    is_of_parts = media_type is not None and is_multipart(media_type.name)
    sources = input_sources(described.api, operation, shown)
    inputs = tuple(
        CardInput(
            name=of_first_items(each.option),
            location=each.location if isinstance(each, Parameter) else "body",
            is_required=number < len(needed),
            value=each.value,
            description=each.description,
            source=sources.get(each.option, ""),
            is_part=is_of_parts and isinstance(each, Field),
        )
        for number, each in enumerate(shown)
    )
    return inputs, tuple(of_first_items(each.option) for each in others[_MOST_OPTIONAL:])


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
