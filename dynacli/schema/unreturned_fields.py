"""The fields that an operation sorts or filters by, and that its answer does not have."""

import re
from collections.abc import Iterable, Iterator, Sequence

from dynacli.model.field_names import GENERAL_NAMES, plain_name, words_of
from dynacli.model.operation import Field, Parameter
from dynacli.record import record
from dynacli.schema.answer_outline import ANY_NAME, AnswerOutline
from dynacli.text.terminal import visible
from dynacli.text.text_blocks import short_sentence

__all__ = ["UnreturnedFields", "unreturned_fields"]

_SORTS = frozenset(
    ("sort", "sortby", "sortfield", "sortkey", "sortcolumn", "sorton", "orderby", "order", "ordering")
)
_NO_KEYS = frozenset(
    ("asc", "ascending", "desc", "descending", "true", "false", "relevance", "bestmatch", "random", "score")
)
"""What inputs that sort take beside the names of fields, as plain names."""
_BY = r"(?i:\bfilter(?:s|ed|ing)?\b[^.]{0,40}\bby\b)"
_NO_FIELDS = frozenset(
    (
        *(
            "before",
            "after",
            "since",
            "until",
            "from",
            "to",
            "min",
            "max",
            "where",
            "not",
            "only",
            "include",
            "q",
        ),
        *("expression", "filter", "filters", "query"),
    )
)
"""Words of the names of inputs that filter by a range, or by an expression."""
_FEWEST_KEYS = 2
_MOST_CHARACTERS = 100
# Compiled where they are needed: few operations sort or filter, and every help page imports this.
_KEY = r"(?i:[-+]?([a-z_][\w.]*)(?:[ :,]+(?:asc|desc)\w*)?)"
_LITERAL = r"`([^`\s]+)`"


@record
class UnreturnedFields:
    """Fields that an input names, and that the answer does not have.

    Args:
        option: The option of the input, without dashes.
        names: The fields, as the document spells them there.
        verb: What the input does by them: `sorts` or `filters`.
    """

    option: str
    names: tuple[str, ...]
    verb: str = "sorts"

    @property
    def text(self) -> str:
        """The fields in words, cleaned for a terminal."""
        names = short_sentence(", ".join(self.names), _MOST_CHARACTERS)
        return f"not in it, though --{visible(self.option, keep='')} {self.verb} by it: {names}"


def unreturned_fields(
    inputs: Iterable[Parameter | Field], outline: AnswerOutline
) -> tuple[UnreturnedFields, ...]:
    """Return what an operation sorts or filters by, as far as the document says it, and its answer does not have.

    Nothing is returned where the answer may have fields that the outline does not list.
    """
    known = {plain_name(word) for line in outline.lines for word in (*line.place.split("."), *line.names)}
    if not outline.lines or any(ANY_NAME in line.names for line in outline.lines):
        return ()
    found = []
    for each in inputs:
        name = plain_name(each.option.rpartition(".")[2])
        if isinstance(each, Parameter) and _filters(each) and not _is_among(each.name, known):
            found.append(UnreturnedFields(each.option, (each.name,), "filters"))
        if name not in _SORTS:
            continue
        keys = list(_keys(each))
        unknown = tuple(key for key in keys if not _is_among(key, known))
        # Words of which the answer has none are hardly names of fields.
        if unknown and len(keys) >= _FEWEST_KEYS and len(unknown) < len(keys):
            found.append(UnreturnedFields(each.option, unknown))
    return tuple(found)


def _filters(parameter: Parameter) -> bool:
    """Return whether an input keeps what has a value in a field of its own name, as its description says."""
    words = words_of(parameter.name)
    is_field = plain_name(parameter.name) not in GENERAL_NAMES and _NO_FIELDS.isdisjoint(words)
    is_one_value = parameter.value.type in ("string", "integer", "number") and parameter.location == "query"
    is_told = "filter" in parameter.description.lower()  # a quick look before the exact one
    return is_field and is_one_value and is_told and re.search(_BY, parameter.description) is not None


def _keys(each: Parameter | Field) -> Iterator[str]:
    """Yield the names of fields that an input that sorts takes: its enumeration, else what stands in backticks."""
    value = each.value.items if each.value.items is not None else each.value
    words: Sequence[object] = value.enum or re.findall(_LITERAL, each.description)
    matches = (re.fullmatch(_KEY, word) for word in words if isinstance(word, str))
    keys = dict.fromkeys(match[1] for match in matches if match)
    yield from (key for key in keys if plain_name(key) not in {*_NO_KEYS, *_SORTS})


def _is_among(key: str, known: set[str]) -> bool:
    """Return whether an answer has a field of a name, or one that it may stand for: `created` for `created_at`."""
    plain = plain_name(key.rpartition(".")[2])
    return (
        any(plain in name or (name and name in plain) for name in known)
        or plain_name(key.partition(".")[0]) in known
    )
