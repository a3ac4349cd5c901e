"""Changes as a person reads them on a terminal."""

from collections.abc import Iterable, Sequence

from dynacli.changes.change_records import Change, Changes, OperationKey
from dynacli.changes.change_report import Report, RowOf, report, shown_name
from dynacli.changes.change_words import changes_summary, sentence
from dynacli.text.terminal import Painter, cell_width, visible
from dynacli.text.wrapping import wrapped

__all__ = ["changes_text"]

_MOST_OPERATIONS = 100
_MOST_CHANGES = 25
_MOST_NAMES = 3
_MARKS = {True: "!", None: "?", False: " "}
_LEGEND = "! breaks a client, ? may break one: the document does not tell (dynacli help changes)"


def changes_text(
    changes: Changes,
    old_row_of: RowOf,
    new_row_of: RowOf,
    paint: Painter,
    width: int,
    *,
    has_texts: bool = False,
) -> str:
    """Return the text, without a line feed at its end.

    Args:
        old_row_of: The rows of the old revision, for what is removed.
        new_row_of: Those of the new one.
        has_texts: Whether changes of words for people are told, too.
    """
    told = report(changes, has_texts=has_texts)
    sections = [
        _operations("Removed", changes.removed, old_row_of, paint, width, mark=paint.red("!")),
        _own(told, new_row_of, paint, width),
        _shared(told, new_row_of, paint, width),
        _section("The document", _changes(told.document, paint, width, 2), paint),
        _operations("New", changes.added, new_row_of, paint, width),
        _end(changes, told, width),
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def _section(title: str, lines: Iterable[str], paint: Painter) -> list[str]:
    found = list(lines)
    return [paint.bold(title), *found] if found else []


def _operations(
    title: str,
    keys: Sequence[OperationKey],
    row_of: RowOf,
    paint: Painter,
    width: int,
    mark: str = " ",
) -> list[str]:
    lines = []
    for key in keys[:_MOST_OPERATIONS]:
        row = row_of(key)
        name, place = (visible(one, keep="") for one in shown_name(key, row))
        summary = visible(" ".join(str(row["summary"]).split()), keep="") if row is not None else ""
        told = summary or (place if name else "")
        room = width - 4 - cell_width(name or place)
        lines.append(f"{mark} {paint.cyan(name or place)}  {paint.dim(_cut(told, room))}".rstrip())
    if len(keys) > _MOST_OPERATIONS:
        lines.append(f"  and {len(keys) - _MOST_OPERATIONS:,} more")
    return _section(title, lines, paint)


def _head(key: OperationKey, row_of: RowOf, paint: Painter) -> str:
    name, place = shown_name(key, row_of(key))
    place = visible(place, keep="")
    return f"{paint.cyan(visible(name, keep=''))}  {place}" if name else paint.cyan(place)


def _own(told: Report, row_of: RowOf, paint: Painter, width: int) -> list[str]:
    lines: list[str] = []
    for operation, what in told.own[:_MOST_OPERATIONS]:
        lines.append(f"  {_head(operation.new, row_of, paint)}")
        lines.extend(_changes(what[:_MOST_CHANGES], paint, width, 4))
        if len(what) > _MOST_CHANGES:
            lines.append(f"      and {len(what) - _MOST_CHANGES:,} more")
    if len(told.own) > _MOST_OPERATIONS:
        lines.append(f"  and {len(told.own) - _MOST_OPERATIONS:,} more operations")
    return _section("Changed", lines, paint)


def _shared(told: Report, row_of: RowOf, paint: Painter, width: int) -> list[str]:
    lines: list[str] = []
    for change, operations in told.shared[:_MOST_OPERATIONS]:
        lines.extend(_changes([change], paint, width, 2))
        names = []
        for one in operations[:_MOST_NAMES]:
            name, place = shown_name(one.new, row_of(one.new))
            names.append(visible(name or place, keep=""))
        more = len(operations) - len(names)
        text = f"in {len(operations):,} operations: {', '.join(names)}{f' and {more:,} more' if more else ''}"
        lines.extend(paint.dim(f"    {line}") for line in wrapped(text, width - 4))
    if len(told.shared) > _MOST_OPERATIONS:
        lines.append(f"  and {len(told.shared) - _MOST_OPERATIONS:,} more")
    return _section("Changed in many operations", lines, paint)


def _changes(changes: Iterable[Change], paint: Painter, width: int, indent: int) -> list[str]:
    lines = []
    for one in changes:
        subject, phrase, where = sentence(one)
        text = visible(f"{subject} {phrase}{f' ({where})' if where else ''}", keep="")
        first, *rest = wrapped(text, width - indent - 2) or [""]
        colour = {True: paint.red, None: paint.yellow, False: _plain}[one.breaking]
        lines.append(f"{' ' * indent}{colour(_MARKS[one.breaking])} {first}")
        lines.extend(f"{' ' * (indent + 4)}{line}" for line in rest)
    return lines


def _plain(text: str) -> str:
    return text


def _end(changes: Changes, told: Report, width: int) -> list[str]:
    lines = [changes_summary(changes)]
    if told.texts:
        noun = "text" if told.texts == 1 else "texts"
        lines.append(f"and {told.texts:,} {noun} changed")
    every = [one for one in changes if not one.is_text]
    if changes.removed or any(one.breaking is not False for one in every):
        lines.extend(wrapped(_LEGEND, width))
    return lines


def _cut(text: str, room: int) -> str:
    if cell_width(text) <= room:
        return text
    return f"{text[: max(room - 3, 12)].rstrip()}..."
