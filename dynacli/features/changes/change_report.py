"""A comparison for a reader, as text, Markdown and JSON: breaking changes first, shared ones only once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

from dynacli.environment import invocation
from dynacli.features.changes.change_records import KINDS, Change, ChangedOperation, Changes, OperationKey
from dynacli.openapi.model.wording import enumerated
from dynacli.openapi.references import reference_of
from dynacli.text.terminal import Painter, cell_width, visible, visible_line
from dynacli.text.wrapping import quoted_within, wrapped

RowOf = Callable[[OperationKey], Mapping[str, Any] | None]
"""Function that returns the row of an operation in lists of operations; None for an operation without a command."""

_MANY = 4
"""A change in this many operations or more is reported once, with their names."""
_MOST_NAMES = 3
_MOST_VALUES = 6
_LONGEST = 120
_MAY_BE_REQUIRED = {"property-added", "parameter-added", "body-added"}
_CLEAR_SUBJECTS = (
    "body",
    "response ",
    "header ",
    "query",
    "path ",
    "cookie ",
    "link ",
    "callback ",
    "webhook ",
)
"""Beginnings of subjects that are clear without `request` or `response`."""
_MOST_OPERATIONS = 100
_MOST_CHANGES = 25
_MARKS = {True: "!", None: "?", False: " "}
_SPECIAL = re.compile(r"[\\`*_{}\[\]<>#|&~!@]")
"""Characters to escape in a summary: the special characters of Markdown and HTML, and `@` for mentions."""
_MOST_CHARACTERS = 60_000
"""Maximum length of Markdown: a comment on GitHub has at most 65,536 characters, and you may add lines."""


Sentence = tuple[str, str, str]
"""(subject, predicate, where): where is `request`, `response` or empty."""


@dataclass(frozen=True)
class _Report:
    """The changes to report, in order.

    Args:
        shared: Each change that many operations share, with these operations.
        operations: The operations with their other changes.
        document: The changes of the document as a whole.
        hidden_texts: Number of omitted changes of texts for people.
    """

    shared: tuple[tuple[Change, tuple[ChangedOperation, ...]], ...]
    operations: tuple[tuple[ChangedOperation, tuple[Change, ...]], ...]
    document: tuple[Change, ...]
    hidden_texts: int


def _arrange(changes: Changes, *, has_texts: bool = False) -> _Report:
    """Sort and group changes for a report.

    Args:
        has_texts: Whether to include changes of texts for people.
    """
    users: dict[int, list[ChangedOperation]] = {}
    by_id: dict[int, Change] = {}
    texts = set()
    for operation in changes.changed:
        for change in operation.changes:
            if change.is_text and not has_texts:
                texts.add(id(change))
                continue
            by_id[id(change)] = change
            users.setdefault(id(change), []).append(operation)
    many = {key for key, operations in users.items() if len(operations) >= _MANY}
    shared = [(by_id[key], tuple(users[key])) for key in by_id if key in many]
    others = []
    for operation in changes.changed:
        own = [change for change in operation.changes if id(change) in by_id and id(change) not in many]
        if own:
            others.append((operation, tuple(sorted(own, key=_severity))))
    document = [change for change in changes.document if has_texts or not change.is_text]
    return _Report(
        tuple(sorted(shared, key=lambda entry: (_severity(entry[0]), -len(entry[1])))),
        tuple(sorted(others, key=lambda entry: min(map(_severity, entry[1])))),
        tuple(sorted(document, key=_severity)),
        len(texts) + len(changes.document) - len(document),
    )


def _severity(change: Change) -> int:
    """Return 0 if a change breaks a client, 1 if no rule decides, and 2 if it is harmless."""
    return {True: 0, None: 1, False: 2}[change.breaking]


def _name_and_key(key: OperationKey, row: Mapping[str, Any] | None) -> tuple[str, str]:
    """Return the name of an operation, empty if it has no command, and its method and path."""
    return (str(row["name"]) if row is not None else "", f"{key.method} {key.path}")


def _names_in_short(operations: Sequence[ChangedOperation], row_of: RowOf, show: Callable[[str], str]) -> str:
    """Return the first names of operations and the number of others: `a, b, c and 4 more`.

    Args:
        show: Function that formats a name for the report.
    """
    keys = [operation.new for operation in operations[:_MOST_NAMES]]
    named = [_name_and_key(key, row_of(key)) for key in keys]
    names = ", ".join(show(name or method_and_path) for name, method_and_path in named)
    more = len(operations) - len(named)
    return f"{names} and {more:,} more" if more else names


def changes_summary(changes: Changes) -> str:
    """Return the changes in one line: `1 new operation, 2 changed, 1 removed`.

    Operations are not counted if only texts for people changed.
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


def changes_named(changes: Changes, old_row_of: RowOf, new_row_of: RowOf) -> str:
    """Return the changes in one line, with the first operations: `1 operation changed, 1 removed: get-pet, list-pets`.

    The names are not escaped for a terminal.

    Args:
        old_row_of: Rows of the old revision, for removed operations.
        new_row_of: Rows of the new revision.
    """
    rows = [(key, old_row_of(key)) for key in changes.removed]
    keys = (*(operation.new for operation in changes.noticed), *changes.added)
    rows += [(key, new_row_of(key)) for key in keys]
    named = [_name_and_key(key, row) for key, row in rows]
    names = enumerated([code(name or method_and_path) for name, method_and_path in named], most=_MOST_NAMES)
    return f"{changes_summary(changes)}: {names}" if names else changes_summary(changes)


def change_sentence(change: Change) -> Sentence:
    """Return a change as a sentence with values in backticks; the text is not escaped for a terminal."""
    phrase = KINDS[change.kind].phrase
    keyword = change.pointer.rpartition("/")[2]
    for placeholder, text in (
        ("{keyword}", code(keyword)),
        ("{from}", _in_words(change.from_)),
        ("{to}", _in_words(change.to)),
    ):
        phrase = phrase.replace(placeholder, text)
    if change.kind in _MAY_BE_REQUIRED and change.rule == "request-needs-more":
        phrase += " and required"
    where = {"request": "request", "response": "response"}.get(change.where, "")
    if where and change.subject.startswith(_CLEAR_SUBJECTS):
        where = ""
    return change.subject, phrase, where


def _in_words(value: Any) -> str:
    """Return a JSON value as a part of a sentence."""
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
    """Return a short description of an object: a schema by its name or type, any other object by its members."""
    if (ref := reference_of(value)) is not None:
        return code(ref.rpartition("/")[2])
    if "exclusive" in value:
        return f"{_in_words(value['exclusive'])} (exclusive)"
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
    """Return a text as a code span: in backticks, on one line, and cut if it is long."""
    line = " ".join(text.split()) or '""'
    if len(line) > _LONGEST:
        line = f"{line[: _LONGEST - 3].rstrip()}..."
    if "`" not in line:
        return f"`{line}`"

    # The fence must be longer than any run of backticks inside (CommonMark 0.31, "Code spans").
    fence = "`" * (max(map(len, re.findall("`+", line))) + 1)
    return f"{fence} {line} {fence}"


def changes_text(
    changes: Changes,
    old_row_of: RowOf,
    new_row_of: RowOf,
    paint: Painter,
    width: int,
    *,
    has_texts: bool = False,
) -> str:
    """Return changes as text without a final line feed.

    Args:
        old_row_of: Rows of the old revision, for removed operations.
        new_row_of: Rows of the new revision.
        has_texts: Whether to include changes of texts for people.
    """
    report = _arrange(changes, has_texts=has_texts)
    sections = [
        _operations("Removed", changes.removed, old_row_of, paint, width, mark=paint.red("!")),
        _changed_operations(report, new_row_of, paint, width),
        _shared_changes(report, new_row_of, paint, width),
        _titled_section("The document", _changes(report.document, paint, width, 2), paint),
        _operations("New", changes.added, new_row_of, paint, width),
        _end(changes, report, width),
    ]
    return "\n\n".join("\n".join(lines) for lines in sections if lines)


def _titled_section(title: str, lines: Iterable[str], paint: Painter) -> list[str]:
    found = list(lines)
    return [paint.heading(title), *found] if found else []


def _operations(
    title: str, keys: Sequence[OperationKey], row_of: RowOf, paint: Painter, width: int, mark: str = " "
) -> list[str]:
    lines = []
    for key in keys[:_MOST_OPERATIONS]:
        row = row_of(key)
        name, method_and_path = map(_visible, _name_and_key(key, row))
        summary = visible_line(str(row["summary"])) if row is not None else ""
        room = width - 4 - cell_width(name or method_and_path)
        about = (
            quoted_within(summary, room) if summary else _cut_to_room(method_and_path if name else "", room)
        )
        lines.append(f"{mark} {paint.command(name or method_and_path)}  {about}".rstrip())
    if len(keys) > _MOST_OPERATIONS:
        lines.append(f"  and {len(keys) - _MOST_OPERATIONS:,} more")
    return _titled_section(title, lines, paint)


def _heading(key: OperationKey, row_of: RowOf, paint: Painter) -> str:
    name, method_and_path = map(_visible, _name_and_key(key, row_of(key)))
    return f"{paint.command(name)}  {method_and_path}" if name else paint.command(method_and_path)


def _changed_operations(report: _Report, row_of: RowOf, paint: Painter, width: int) -> list[str]:
    lines: list[str] = []
    for operation, changes in report.operations[:_MOST_OPERATIONS]:
        lines.append(f"  {_heading(operation.new, row_of, paint)}")
        lines.extend(_changes(changes[:_MOST_CHANGES], paint, width, 4))
        if len(changes) > _MOST_CHANGES:
            lines.append(f"      and {len(changes) - _MOST_CHANGES:,} more")
    if len(report.operations) > _MOST_OPERATIONS:
        lines.append(f"  and {len(report.operations) - _MOST_OPERATIONS:,} more operations")
    return _titled_section("Changed", lines, paint)


def _shared_changes(report: _Report, row_of: RowOf, paint: Painter, width: int) -> list[str]:
    lines: list[str] = []
    for change, operations in report.shared[:_MOST_OPERATIONS]:
        lines.extend(_changes([change], paint, width, 2))
        text = f"in {len(operations):,} operations: {_names_in_short(operations, row_of, _visible)}"
        lines.extend(paint.dim(f"    {line}") for line in wrapped(text, width - 4))
    if len(report.shared) > _MOST_OPERATIONS:
        lines.append(f"  and {len(report.shared) - _MOST_OPERATIONS:,} more")
    return _titled_section("Changed in many operations", lines, paint)


def _changes(changes: Iterable[Change], paint: Painter, width: int, indent: int) -> list[str]:
    colours: dict[bool | None, Callable[[str], str]] = {True: paint.red, None: paint.yellow, False: str}
    lines = []
    for change in changes:
        subject, phrase, where = change_sentence(change)
        text = _visible(f"{subject} {phrase}{f' ({where})' if where else ''}")
        first, *rest = wrapped(text, width - indent - 2) or [""]
        mark = colours[change.breaking](_MARKS[change.breaking])
        lines.append(f"{' ' * indent}{mark} {first}")
        lines.extend(f"{' ' * (indent + 4)}{line}" for line in rest)
    return lines


def _visible(text: str) -> str:
    return visible(text, keep="")


def _end(changes: Changes, report: _Report, width: int) -> list[str]:
    """Return the last lines: the summary, the number of hidden texts, and the legend."""
    lines = [changes_summary(changes)]
    if report.hidden_texts:
        noun = "text" if report.hidden_texts == 1 else "texts"
        lines.append(f"and {report.hidden_texts:,} {noun} changed")
    noticed = [change for change in changes if not change.is_text]
    if changes.removed or any(change.breaking is not False for change in noticed):
        legend = "! breaks a client, ? may break one: the document does not tell"
        lines.extend(wrapped(f"{legend} ({invocation('help changes')})", width))
    return lines


def _cut_to_room(text: str, room: int) -> str:
    if cell_width(text) <= room:
        return text
    return f"{text[: max(room - 3, 12)].rstrip()}..."


def changes_markdown(
    changes: Changes, old_row_of: RowOf, new_row_of: RowOf, *, has_texts: bool = False
) -> str:
    """Return changes as Markdown for a comment on GitHub, without a final line feed.

    Breaking changes come first, in a separate section. If the text is too long, a count replaces its last lines.

    Args:
        old_row_of: Rows of the old revision, for removed operations.
        new_row_of: Rows of the new revision.
        has_texts: Whether to include changes of texts for people.
    """
    report = _arrange(changes, has_texts=has_texts)
    breaking: list[str] = [f"- {_markdown_heading(key, old_row_of)} is removed" for key in changes.removed]
    other: list[str] = []
    for lines, is_breaking in ((breaking, True), (other, False)):
        for operation, own in report.operations:
            reported = [change for change in own if bool(change.breaking) is is_breaking]
            if reported:
                lines.append(f"- {_markdown_heading(operation.new, new_row_of)}")
                lines.extend(f"  - {_sentence(change)}" for change in reported)
        for change, operations in report.shared:
            if bool(change.breaking) is is_breaking:
                names = _names_in_short(operations, new_row_of, _visible_code)
                lines.append(f"- {_sentence(change)}; in {len(operations):,} operations: {names}")
        lines.extend(
            f"- {_sentence(change)}" for change in report.document if bool(change.breaking) is is_breaking
        )
    added = [
        f"- {_markdown_heading(key, new_row_of)}{_summary_of_operation(key, new_row_of)}"
        for key in changes.added
    ]
    summary = changes_summary(changes)
    sections = [
        [f"{summary[:1].upper()}{summary[1:]}."],
        _markdown_section("Breaking changes", breaking),
        _markdown_section("Other changes", other),
        _markdown_section("New operations", added),
    ]
    return _within_comment("\n\n".join("\n".join(lines) for lines in sections if lines))


def _within_comment(markdown: str) -> str:
    """Return Markdown of at most `_MOST_CHARACTERS`, in which a count replaces the last lines if it was longer."""
    if len(markdown) <= _MOST_CHARACTERS:
        return markdown
    lines = markdown.split("\n")
    ends = accumulate(len(line) + 1 for line in lines)
    count = sum(end <= _MOST_CHARACTERS - _LONGEST for end in ends)
    while count and not lines[count - 1].lstrip().startswith("- "):
        count -= 1  # avoid an empty section at the end
    more = sum(line.lstrip().startswith("- ") for line in lines[count:])
    return "\n".join((*lines[:count], "", f"And {more:,} more lines; `-o json` has all of them."))


def _markdown_section(title: str, lines: Iterable[str]) -> list[str]:
    found = list(lines)
    return [f"### {title}", "", *found] if found else []


def _markdown_heading(key: OperationKey, row_of: RowOf) -> str:
    name, method_and_path = _name_and_key(key, row_of(key))
    method_and_path = _visible_code(method_and_path)
    return f"**{_visible_code(name)}** {method_and_path}" if name else f"**{method_and_path}**"


def _visible_code(text: str) -> str:
    return code(visible(text, keep=""))


def _sentence(change: Change) -> str:
    subject, phrase, where = change_sentence(change)
    text = f"{code(subject)} {phrase}{f' ({where})' if where else ''}"
    return visible(text, keep="")


def _summary_of_operation(key: OperationKey, row_of: RowOf) -> str:
    row = row_of(key)
    text = _cut_to_room(visible_line(str(row["summary"])), _LONGEST) if row is not None else ""
    return f": {_SPECIAL.sub(_escaped_match, text)}" if text else ""


def _escaped_match(found: re.Match[str]) -> str:
    # GitHub notifies people who are mentioned in a comment, even if the `@` is escaped. A zero-width space prevents it.
    return "@&#8203;" if found[0] == "@" else f"\\{found[0]}"


def changes_json(
    changes: Changes, from_: Any, to: Any, old_row_of: RowOf, new_row_of: RowOf
) -> dict[str, Any]:
    """Return changes for `-o json`.

    Args:
        from_: The name of the old revision.
        to: The name of the new revision.
        old_row_of: Rows of the old revision.
        new_row_of: Rows of the new revision.
    """
    return {
        "from": from_,
        "to": to,
        "added": [_operation_row(key, new_row_of) for key in changes.added],
        "removed": [_operation_row(key, old_row_of) for key in changes.removed],
        "changed": [
            {
                "operation": _operation_row(operation.new, new_row_of),
                "what": [change.as_json() for change in operation.changes],
            }
            for operation in changes.changed
        ],
        "document": [change.as_json() for change in changes.document],
    }


def _operation_row(key: OperationKey, row_of: RowOf) -> Mapping[str, Any]:
    row = row_of(key)
    if row is not None:
        return dict(row)
    # The operation has no command, because the document hides it or it is malformed.
    return {
        "api": None,
        "name": None,
        "operation_id": None,
        "method": key.method,
        "path": key.path,
        "tags": [],
        "summary": "",
        "deprecated": False,
    }
