"""The call card of an operation as text of at most 1,400 bytes.

What the document says stands in quotes, so that nobody takes it for the tool's own words.
"""

from collections.abc import Iterator

from dynacli.client.cards.operation_card import OperationCard
from dynacli.client.description.described_input import DescribedInput
from dynacli.client.pages.document_rule import KINDS
from dynacli.model.value_words import (
    MAY_BE_NULL,
    MAY_BE_REPEATED,
    NOT_EMPTY,
    constraints,
)
from dynacli.record import record
from dynacli.text.terminal import visible
from dynacli.text.wrapping import closed, quoted, short_sentence, word_or_quoted

__all__ = ["MOST_BYTES", "card_text"]

MOST_BYTES = 1_400


@record
class _Detail:
    """How much of everything a card has, as numbers of characters, names, lines and inputs.

    Args:
        names: The most names of fields on a line.
        others: The most options that are named without more.
    """

    summary: int
    sentence: int
    facts: int
    names: int
    lines: int
    optional: int
    others: int
    required: int


_DETAILS = (
    _Detail(160, 120, 120, 20, 4, 5, 8, 40),
    _Detail(160, 80, 120, 20, 4, 5, 8, 40),
    _Detail(160, 50, 80, 12, 3, 5, 6, 40),
    _Detail(120, 0, 60, 10, 2, 5, 4, 20),
    _Detail(80, 0, 40, 6, 1, 3, 0, 12),
    _Detail(60, 0, 0, 4, 1, 0, 0, 8),
)


def card_text(card: OperationCard) -> str:
    """Return the card as text without a line feed at its end; what does not fit is left out and counted."""
    text = ""
    for detail in _DETAILS:
        text = "\n".join(_lines(card, detail))
        if len(text.encode()) <= MOST_BYTES:
            return text
    return text


def _lines(card: OperationCard, detail: _Detail) -> Iterator[str]:
    mark = "  deprecated" if card.is_deprecated else ""
    yield f"{card.name}  {visible(card.method, keep='')} {word_or_quoted(card.path)}{mark}"
    if card.summary:
        yield quoted(short_sentence(card.summary, detail.summary))
    required = [each for each in card.inputs if each.is_required]
    optional = [each for each in card.inputs if not each.is_required]
    if required:
        yield "Needs"
        yield from (f"  {_input(each, detail)}" for each in required[: detail.required])
        if len(required) > detail.required:
            yield f"  and {len(required) - detail.required} more"
    if optional and detail.optional:
        yield "Takes"
        yield from (f"  {_input(each, detail)}" for each in optional[: detail.optional])
    more = [*(each.option for each in optional[detail.optional :]), *card.more_inputs]
    if more:
        named = ", ".join(f"--{visible(name, keep='')}" for name in more[: detail.others])
        rest = ", ..." if named and len(more) > detail.others else ""
        yield f"  and {len(more)} more" + (f": {named}{rest}" if named else "")
    yield from _labelled("Gives", card.returns.text_lines(detail.names, detail.lines))
    if card.credential is not None:
        scheme = word_or_quoted(card.credential["scheme"])
        hint = f" ({card.credential['hint']})" if card.credential["hint"] else ""
        yield f"Credential  {scheme}: {card.credential['state']}{visible(hint, keep='')}"
    if card.pages is not None and card.pages["kind"] != "none":
        yield f"Pages  --all, by {KINDS[card.pages['kind']]}"
    yield f"Run  {visible(card.example, keep='')}"


def _labelled(label: str, lines: list[str]) -> Iterator[str]:
    for number, line in enumerate(lines):
        yield f"{label if not number else ' ' * len(label)}  {line}"


def _input(each: DescribedInput, detail: _Detail) -> str:
    left = each.usage
    facts = "; ".join(fact for fact in constraints(each.value) if not _is_obvious(fact))
    if facts and detail.facts:
        left += f" [{closed(short_sentence(facts, detail.facts))}]"
    if each.source and detail.facts:
        left += f"  from {visible(each.source, keep='')}"
    if each.description and detail.sentence:
        left += f"  {quoted(short_sentence(each.description, detail.sentence))}"
    return left


def _is_obvious(fact: str) -> bool:
    """Return whether a first call hardly ever breaks a rule, or its placeholder tells it already."""
    is_length = fact.startswith("at most ") and fact.endswith((" characters", " items"))
    return is_length or fact in (NOT_EMPTY, MAY_BE_NULL, MAY_BE_REPEATED)
