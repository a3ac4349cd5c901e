"""Changes as Markdown, for a changelog or a pull request."""

import re
from collections.abc import Iterable

from dynacli.changes.change_records import Change, Changes, OperationKey
from dynacli.changes.change_report import RowOf, arrange, name_and_key, names_in_short
from dynacli.changes.change_words import changes_summary, code, sentence
from dynacli.text.terminal import visible

__all__ = ["changes_markdown"]

_SPECIAL = re.compile(r"[\\`*_{}\[\]<>#|&~!]")
"""The special characters of Markdown and HTML, which are escaped in a summary."""


def changes_markdown(
    changes: Changes, old_row_of: RowOf, new_row_of: RowOf, *, has_texts: bool = False
) -> str:
    """Return changes as Markdown of any length, without a line feed at its end.

    Breaking changes have a section of their own, before all others.

    Args:
        old_row_of: Returns the rows of the old revision, for removed operations.
        new_row_of: Returns the rows of the new revision.
        has_texts: Whether changes of texts for people are reported, too.
    """
    report = arrange(changes, has_texts=has_texts)
    breaking: list[str] = [f"- {_heading(key, old_row_of)} is removed" for key in changes.removed]
    other: list[str] = []
    for lines, is_breaking in ((breaking, True), (other, False)):
        for operation, own in report.operations:
            reported = [change for change in own if bool(change.breaking) is is_breaking]
            if reported:
                lines.append(f"- {_heading(operation.new, new_row_of)}")
                lines.extend(f"  - {_sentence(change)}" for change in reported)
        for change, operations in report.shared:
            if bool(change.breaking) is is_breaking:
                names = names_in_short(operations, new_row_of, _code)
                lines.append(f"- {_sentence(change)}; in {len(operations):,} operations: {names}")
        lines.extend(
            f"- {_sentence(change)}" for change in report.document if bool(change.breaking) is is_breaking
        )
    added = [f"- {_heading(key, new_row_of)}{_summary(key, new_row_of)}" for key in changes.added]
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


def _heading(key: OperationKey, row_of: RowOf) -> str:
    name, method_and_path = name_and_key(key, row_of(key))
    method_and_path = _code(method_and_path)
    return f"**{_code(name)}** {method_and_path}" if name else f"**{method_and_path}**"


def _code(text: str) -> str:
    return code(visible(text, keep=""))


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
