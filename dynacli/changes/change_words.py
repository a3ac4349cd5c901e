"""Changes in words: a sentence for each, and a line for all of them."""

from typing import Any

from dynacli.changes.change_kinds import KINDS
from dynacli.changes.change_records import Change, Changes
from dynacli.model.wording import enumerated

__all__ = ["Sentence", "changes_summary", "sentence"]

Sentence = tuple[str, str, str]
"""What changed, what became of it, and where, the last perhaps empty."""

_MOST_VALUES = 6
_LONGEST = 120
_REQUIRED = {"property-added", "parameter-added", "body-added"}
_PLAIN = ("body", "answer ", "header ", "query", "path ", "cookie ", "link ", "callback ", "webhook ")
"""How subjects begin that say by themselves whether they are sent or come."""


def changes_summary(changes: Changes) -> str:
    """Return what changed in one line: `1 new operation, 2 changed, 1 removed`.

    Operations of which only words for people changed are not counted.
    """
    counts = [
        (len(changes.added), "new"),
        (len(changes.noticed), "changed"),
        (len(changes.removed), "removed"),
    ]
    told = [(count, word) for count, word in counts if count]
    if not told:
        if any(not one.is_text for one in changes.document):
            return "no operation changed, but what is common to all of them"
        return "only texts changed" if changes else "nothing changed"
    count, word = told[0]
    noun = "operation" if count == 1 else "operations"
    first = f"{count:,} new {noun}" if word == "new" else f"{count:,} {noun} {word}"
    return ", ".join([first, *(f"{count:,} {word}" for count, word in told[1:])])


def sentence(change: Change) -> Sentence:
    """Return a change in words; values are in backticks, and nothing is made safe for a terminal."""
    kind = KINDS[change.kind]
    word = change.pointer.rpartition("/")[2]
    phrase = kind.phrase
    for name, value in (
        ("{word}", f"`{word}`"),
        ("{from}", _shown(change.from_)),
        ("{to}", _shown(change.to)),
    ):
        phrase = phrase.replace(name, value)
    if change.kind in _REQUIRED and change.rule == "request-needs-more":
        phrase += " and required"
    where = {"request": "request", "response": "answer"}.get(change.where, "")
    if where and change.subject.startswith(_PLAIN):
        where = ""
    return change.subject, phrase, where


def _shown(value: Any) -> str:
    """Return a value as a sentence has it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str):
        return code(value)
    if isinstance(value, list):
        return enumerated([_shown(one) for one in value], most=_MOST_VALUES) or "nothing"
    if isinstance(value, dict):
        return _described(value)
    return f"`{value}`"


def _described(value: dict[str, Any]) -> str:
    """Return an object in a few words: a schema by its name or type, anything else by its members."""
    if isinstance(ref := value.get("$ref"), str):
        return code(ref.rpartition("/")[2])
    if "exclusive" in value:
        return f"`{value['exclusive']}` (exclusive)"
    for word in ("title", "type"):
        if isinstance(name := value.get(word), str):
            return code(name) if word == "title" else f"{'an' if name[0:1] in 'aio' else 'a'} {code(name)}"
    if isinstance(needed := value.get("required"), list) and needed:
        return f"one with {_shown(needed)}"
    plain = [f"{key}: {one}" for key, one in value.items() if isinstance(one, str | int | float)]
    if plain:
        return enumerated([code(one) for one in plain], most=_MOST_VALUES)
    return enumerated([_with(key, one) for key, one in value.items()], most=_MOST_VALUES) or "nothing"


def _with(key: str, value: Any) -> str:
    """Return a security scheme with its scopes."""
    scopes = [str(one) for one in value] if isinstance(value, list) else []
    return f"{code(key)} with {_shown(scopes)}" if scopes else code(key)


def code(text: str) -> str:
    """Return a text in backticks, in one line and not too long; its own backticks stay what they are."""
    line = " ".join(text.split()) or '""'
    if len(line) > _LONGEST:
        line = f"{line[: _LONGEST - 3].rstrip()}..."
    if "`" not in line:
        return f"`{line}`"
    longest = max(len(run) for run in _runs(line))
    fence = "`" * (longest + 1)
    return f"{fence} {line} {fence}"


def _runs(text: str) -> list[str]:
    """Return the runs of backticks in a text (CommonMark 0.31, "Code spans")."""
    import re

    return re.findall(r"`+", text)
