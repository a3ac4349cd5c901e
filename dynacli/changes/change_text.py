"""Changes as text for a person at a terminal."""

from collections.abc import Callable, Iterable, Sequence

from dynacli.changes.change_records import Change, Changes, OperationKey
from dynacli.changes.change_report import Report, RowOf, arrange, name_and_key, names_in_short
from dynacli.changes.change_words import changes_summary, sentence
from dynacli.environment import invocation
from dynacli.text.quoting import quoted_within
from dynacli.text.terminal import Painter, cell_width, visible
from dynacli.text.wrapping import wrapped

__all__ = ["changes_text"]

_MOST_OPERATIONS = 100
_MOST_CHANGES = 25
_MARKS = {True: "!", None: "?", False: " "}


def changes_text(
    changes: Changes,
    old_row_of: RowOf,
    new_row_of: RowOf,
    paint: Painter,
    width: int,
    *,
    has_texts: bool = False,
) -> str:
    """Return changes as text, without a line feed at its end.

    Args:
        old_row_of: Returns the rows of the old revision, for removed operations.
        new_row_of: Returns the rows of the new revision.
        has_texts: Whether changes of texts for people are reported, too.
    """
    report = arrange(changes, has_texts=has_texts)
    sections = [
        _operations("Removed", changes.removed, old_row_of, paint, width, mark=paint.red("!")),
        _changed_operations(report, new_row_of, paint, width),
        _shared(report, new_row_of, paint, width),
        _section("The document", _changes(report.document, paint, width, 2), paint),
        _operations("New", changes.added, new_row_of, paint, width),
        _end(changes, report, width),
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def _section(title: str, lines: Iterable[str], paint: Painter) -> list[str]:
    found = list(lines)
    return [paint.bold(title), *found] if found else []


def _operations(
    title: str, keys: Sequence[OperationKey], row_of: RowOf, paint: Painter, width: int, mark: str = " "
) -> list[str]:
    lines = []
    for key in keys[:_MOST_OPERATIONS]:
        row = row_of(key)
        name, method_and_path = map(_visible, name_and_key(key, row))
        summary = _visible(" ".join(str(row["summary"]).split())) if row is not None else ""
        room = width - 4 - cell_width(name or method_and_path)
        about = quoted_within(summary, room) if summary else _cut(method_and_path if name else "", room)
        lines.append(f"{mark} {paint.cyan(name or method_and_path)}  {paint.dim(about)}".rstrip())
    if len(keys) > _MOST_OPERATIONS:
        lines.append(f"  and {len(keys) - _MOST_OPERATIONS:,} more")
    return _section(title, lines, paint)


def _heading(key: OperationKey, row_of: RowOf, paint: Painter) -> str:
    name, method_and_path = map(_visible, name_and_key(key, row_of(key)))
    return f"{paint.cyan(name)}  {method_and_path}" if name else paint.cyan(method_and_path)


def _changed_operations(report: Report, row_of: RowOf, paint: Painter, width: int) -> list[str]:
    lines: list[str] = []
    for operation, changes in report.operations[:_MOST_OPERATIONS]:
        lines.append(f"  {_heading(operation.new, row_of, paint)}")
        lines.extend(_changes(changes[:_MOST_CHANGES], paint, width, 4))
        if len(changes) > _MOST_CHANGES:
            lines.append(f"      and {len(changes) - _MOST_CHANGES:,} more")
    if len(report.operations) > _MOST_OPERATIONS:
        lines.append(f"  and {len(report.operations) - _MOST_OPERATIONS:,} more operations")
    return _section("Changed", lines, paint)


def _shared(report: Report, row_of: RowOf, paint: Painter, width: int) -> list[str]:
    lines: list[str] = []
    for change, operations in report.shared[:_MOST_OPERATIONS]:
        lines.extend(_changes([change], paint, width, 2))
        text = f"in {len(operations):,} operations: {names_in_short(operations, row_of, _visible)}"
        lines.extend(paint.dim(f"    {line}") for line in wrapped(text, width - 4))
    if len(report.shared) > _MOST_OPERATIONS:
        lines.append(f"  and {len(report.shared) - _MOST_OPERATIONS:,} more")
    return _section("Changed in many operations", lines, paint)


def _changes(changes: Iterable[Change], paint: Painter, width: int, indent: int) -> list[str]:
    colours: dict[bool | None, Callable[[str], str]] = {True: paint.red, None: paint.yellow, False: str}
    lines = []
    for change in changes:
        subject, phrase, where = sentence(change)
        text = _visible(f"{subject} {phrase}{f' ({where})' if where else ''}")
        first, *rest = wrapped(text, width - indent - 2) or [""]
        mark = colours[change.breaking](_MARKS[change.breaking])
        lines.append(f"{' ' * indent}{mark} {first}")
        lines.extend(f"{' ' * (indent + 4)}{line}" for line in rest)
    return lines


def _visible(text: str) -> str:
    return visible(text, keep="")


def _end(changes: Changes, report: Report, width: int) -> list[str]:
    """Return the last lines: the summary, the number of hidden texts, and what the marks mean."""
    lines = [changes_summary(changes)]
    if report.hidden_texts:
        noun = "text" if report.hidden_texts == 1 else "texts"
        lines.append(f"and {report.hidden_texts:,} {noun} changed")
    noticed = [change for change in changes if not change.is_text]
    if changes.removed or any(change.breaking is not False for change in noticed):
        legend = "! breaks a client, ? may break one: the document does not tell"
        lines.extend(wrapped(f"{legend} ({invocation('help changes')})", width))
    return lines


def _cut(text: str, room: int) -> str:
    if cell_width(text) <= room:
        return text
    return f"{text[: max(room - 3, 12)].rstrip()}..."
