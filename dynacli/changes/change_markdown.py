"""Changes as Markdown, for a changelog or a pull request."""

import re
from collections.abc import Iterable, Sequence

from dynacli.changes.change_records import Change, Changes, OperationKey
from dynacli.changes.change_report import RowOf, report, shown_name
from dynacli.changes.change_words import changes_summary, code, sentence
from dynacli.text.terminal import visible

__all__ = ["changes_markdown"]

_MOST_NAMES = 3
_SPECIAL = re.compile(r"[\\`*_{}\[\]<>#|&~!]")
"""What means something in Markdown or HTML; in a summary it is text."""


def changes_markdown(
    changes: Changes, old_row_of: RowOf, new_row_of: RowOf, *, has_texts: bool = False
) -> str:
    """Return the Markdown, without a line feed at its end; nothing is left out for its length.

    What breaks a client has a section of its own, before all else.

    Args:
        old_row_of: The rows of the old revision, for what is removed.
        new_row_of: Those of the new one.
        has_texts: Whether changes of words for people are told, too.
    """
    told = report(changes, has_texts=has_texts)
    breaking: list[str] = [f"- {_head(key, old_row_of)} is removed" for key in changes.removed]
    other: list[str] = []
    for lines, is_wanted in ((breaking, True), (other, False)):
        for operation, what in told.own:
            wanted = [one for one in what if bool(one.breaking) is is_wanted]
            if wanted:
                lines.append(f"- {_head(operation.new, new_row_of)}")
                lines.extend(f"  - {_sentence(one)}" for one in wanted)
        for change, operations in told.shared:
            if bool(change.breaking) is is_wanted:
                names = _names([one.new for one in operations], new_row_of)
                lines.append(f"- {_sentence(change)}; in {len(operations):,} operations: {names}")
        lines.extend(f"- {_sentence(one)}" for one in told.document if bool(one.breaking) is is_wanted)
    added = [f"- {_head(key, new_row_of)}{_summary(key, new_row_of)}" for key in changes.added]
    summary = changes_summary(changes)
    sections = [
        [f"{summary[:1].upper()}{summary[1:]}."],
        _section("Breaking changes", breaking),
        _section("Other changes", other),
        _section("New operations", added),
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def _section(title: str, lines: Iterable[str]) -> list[str]:
    found = list(lines)
    return [f"### {title}", "", *found] if found else []


def _head(key: OperationKey, row_of: RowOf) -> str:
    name, place = shown_name(key, row_of(key))
    place = code(visible(place, keep=""))
    return f"**{code(visible(name, keep=''))}** {place}" if name else f"**{place}**"


def _names(keys: Sequence[OperationKey], row_of: RowOf) -> str:
    named = [shown_name(key, row_of(key)) for key in keys[:_MOST_NAMES]]
    names = ", ".join(code(visible(name or place, keep="")) for name, place in named)
    more = len(keys) - len(named)
    return f"{names} and {more:,} more" if more else names


def _sentence(change: Change) -> str:
    subject, phrase, where = sentence(change)
    text = f"{code(subject)} {phrase}{f' ({where})' if where else ''}"
    return visible(text, keep="")


def _summary(key: OperationKey, row_of: RowOf) -> str:
    row = row_of(key)
    text = visible(" ".join(str(row["summary"]).split()), keep="") if row is not None else ""
    return f": {_SPECIAL.sub(_escaped, text)}" if text else ""


def _escaped(found: "re.Match[str]") -> str:
    return f"\\{found[0]}"
