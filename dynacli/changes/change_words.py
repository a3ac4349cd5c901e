"""Changes in words: a sentence for each change, and a line that sums them up."""

from typing import Any

from dynacli.changes.change_kinds import KINDS
from dynacli.changes.change_records import Change, Changes
from dynacli.model.wording import enumerated

__all__ = ["Sentence", "changes_summary", "sentence"]

Sentence = tuple[str, str, str]
"""(subject, phrase, where): what changed, how, and `request` or `answer`, which may be empty."""

_MOST_VALUES = 6
_LONGEST = 120
_MAY_BE_REQUIRED = {"property-added", "parameter-added", "body-added"}
_CLEAR_SUBJECTS = (
    "body",
    "answer ",
    "header ",
    "query",
    "path ",
    "cookie ",
    "link ",
    "callback ",
    "webhook ",
)
"""Beginnings of subjects that need no `request` or `answer` behind them."""


def changes_summary(changes: Changes) -> str:
    """Return the changes in one line: `1 new operation, 2 changed, 1 removed`.

    Operations of which only texts for people changed are not counted.
    """
    counts = [
        (len(changes.added), "new"),
        (len(changes.noticed), "changed"),
        (len(changes.removed), "removed"),
    ]
    nonzero = [(count, word) for count, word in counts if count]
    if not nonzero:
        if any(not change.is_text for change in changes.document):
            return "no operation changed, but what is common to all of them"
        return "only texts changed" if changes else "nothing changed"
    count, word = nonzero[0]
    noun = "operation" if count == 1 else "operations"
    first = f"{count:,} new {noun}" if word == "new" else f"{count:,} {noun} {word}"
    return ", ".join([first, *(f"{count:,} {word}" for count, word in nonzero[1:])])


def sentence(change: Change) -> Sentence:
    """Return a change in words, with values in backticks; the text is not yet safe for a terminal."""
    phrase = KINDS[change.kind].phrase
    keyword = change.pointer.rpartition("/")[2]
    for placeholder, text in (
        ("{word}", f"`{keyword}`"),
        ("{from}", _in_words(change.from_)),
        ("{to}", _in_words(change.to)),
    ):
        phrase = phrase.replace(placeholder, text)
    if change.kind in _MAY_BE_REQUIRED and change.rule == "request-needs-more":
        phrase += " and required"
    where = {"request": "request", "response": "answer"}.get(change.where, "")
    if where and change.subject.startswith(_CLEAR_SUBJECTS):
        where = ""
    return change.subject, phrase, where


def _in_words(value: Any) -> str:
    """Return a JSON value as a sentence writes it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str):
        return code(value)
    if isinstance(value, list):
        return enumerated([_in_words(item) for item in value], most=_MOST_VALUES) or "nothing"
    if isinstance(value, dict):
        return _object_in_words(value)
    return f"`{value}`"


def _object_in_words(value: dict[str, Any]) -> str:
    """Return an object in a few words: a schema by its name or type, any other object by its members."""
    if isinstance(ref := value.get("$ref"), str):
        return code(ref.rpartition("/")[2])
    if "exclusive" in value:
        return f"`{value['exclusive']}` (exclusive)"
    if isinstance(title := value.get("title"), str):
        return code(title)
    if isinstance(type_name := value.get("type"), str):
        return f"{'an' if type_name[0:1] in 'aio' else 'a'} {code(type_name)}"
    if isinstance(required := value.get("required"), list) and required:
        return f"one with {_in_words(required)}"
    scalars = [f"{key}: {member}" for key, member in value.items() if isinstance(member, str | int | float)]
    if scalars:
        return enumerated([code(scalar) for scalar in scalars], most=_MOST_VALUES)
    schemes = [_scheme_in_words(key, scopes) for key, scopes in value.items()]
    return enumerated(schemes, most=_MOST_VALUES) or "nothing"


def _scheme_in_words(name: str, scopes: Any) -> str:
    """Return a security scheme with its scopes."""
    names = [str(scope) for scope in scopes] if isinstance(scopes, list) else []
    return f"{code(name)} with {_in_words(names)}" if names else code(name)


def code(text: str) -> str:
    """Return a text as a code span: in backticks, on one line, cut where it is long."""
    line = " ".join(text.split()) or '""'
    if len(line) > _LONGEST:
        line = f"{line[: _LONGEST - 3].rstrip()}..."
    if "`" not in line:
        return f"`{line}`"
    import re

    # A fence longer than any run of backticks inside (CommonMark 0.31, "Code spans").
    fence = "`" * (max(map(len, re.findall("`+", line))) + 1)
    return f"{fence} {line} {fence}"
