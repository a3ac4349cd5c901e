"""`-o agent`: a response in a limited number of bytes, for an agent.

The first line has counts. Then come as many whole items as fit, in TOON and with their most useful columns. The last
lines are commands that show more. Lines of data are indented or begin with the header of TOON, so that a response
cannot imitate the other lines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from dynacli.environment import Environment
from dynacli.errors import FormatError
from dynacli.http.semantics import ReceivedBody
from dynacli.openapi.model.find_items import Items, find_items, rows_of_columns
from dynacli.openapi.model.wording import counted
from dynacli.output._columns import EMPTY, NESTED, Columns, cell_text, fitting, ranks_of, show_names
from dynacli.output.output_format import OutputFormat
from dynacli.output.standard_error import write_filter_note
from dynacli.output.standard_output import written_text
from dynacli.record import record, replace
from dynacli.text.exact_json import compact_json
from dynacli.text.terminal import visible
from dynacli.text.toon_text import toon_of

MOST_AROUND = 700
"""Maximum size of the line with counts and the commands, in bytes."""
_MOST_COMMANDS = 3
_MOST_NAMED = 200
"""Maximum size of the names of fields in the line with counts, in bytes."""
_WIDTH = 100
"""Average number of characters of a row, for choosing columns."""
_LONGEST_NAME = 40
_SHORTEST_FIELD = 6
"""Minimum size of a field in bytes: indentation, one letter, a colon and a line feed."""
_INDENT = "  "


@record
class AgentView:
    """The shown part of a response.

    Args:
        counts: The parts of the first line.
        lines: The data, each line indented or a header of TOON.
        shown: Number of shown items; None if the response is not a list.
        items: All items of the response.
        steps: The keys of the path to the items.
        is_keyed: Whether the items are the members of an object.
        is_of_columns: Whether the items are made of columns, so that the response has no separate items.
        size: Approximate size of all items in bytes, or the size of a text that is cut.
        hidden: The columns or fields that are not shown.
        value: The response, if it is one object.
        is_binary: Whether the response is binary, so that no part is shown.
    """

    counts: tuple[str, ...]
    lines: tuple[str, ...] = ()
    shown: int | None = None
    items: Sequence[Any] = ()
    steps: tuple[str, ...] = ()
    is_keyed: bool = False
    is_of_columns: bool = False
    size: int = 0
    hidden: tuple[str, ...] = ()
    value: Any = None
    is_binary: bool = False


@record
class Around:
    """The text before and after the data.

    Args:
        total: Number of items that the server has; None if unknown.
        came: Phrase for the items of this response, if there may be more.
        notes: Further parts of the first line.
        commands: Commands that show more, the most useful first.
    """

    total: int | None = None
    came: str = ""
    notes: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()


DescribeAround = Callable[[AgentView], Around]
"""Returns the text around the data of a view."""
_NOTHING = Around()


def rounded_up(size: int) -> int:
    """Return a number of bytes plus a tenth, rounded up to thousands."""
    return (size * 11 // 10 // 1000 + 1) * 1000


def _size_of_lines(lines: Iterable[str]) -> int:
    return sum(len(line.encode("utf-8", "backslashreplace")) + 1 for line in lines)


def _lines_of(value: Any) -> list[str]:
    """Return the lines of a value in TOON, without characters that look like a line break.

    Raises:
        RecursionError: The value is nested too deeply.
    """
    return [visible(line, keep="") for line in toon_of(value).removesuffix("\n").split("\n")]


def view_of_value(
    value: Any,
    most: int,
    columns: Sequence[str] = (),
    found: Items | tuple[Items, ...] | None = None,
    names: Sequence[str] = (),
) -> AgentView:
    """Return the view of a JSON value.

    Args:
        value: The JSON value.
        most: Maximum size of the data in bytes.
        columns: The requested columns; empty for the most useful ones.
        found: The items of the value, or the candidates for them; None to search for them.
        names: Names of their fields, in the order of the document.

    Raises:
        FormatError: The items lack a requested column.
    """
    rows = rows_of_columns(value)
    if rows is not None:
        view = _view_of_items(Items((), rows), most, columns, ())
        beside = [name for name in value if name not in rows[0]]
        return replace(
            view, counts=(*view.counts, *_listed_names("other fields", beside)), is_of_columns=True
        )
    found = find_items(value) if found is None else found
    if isinstance(found, Items):
        view = _view_of_items(found, most, columns, names)
        beside = [name for name in value if name != found.steps[0]] if found.steps else []
        return replace(view, counts=(*view.counts, *_listed_names("other fields", beside)))
    if isinstance(value, list):
        return _view_of_items(Items((), value), most, columns, ())
    if isinstance(value, dict) and columns:  # one row, as in a table
        return _view_of_items(Items((), [value]), most, columns, ())
    if isinstance(value, dict):
        return _view_of_object(value, most)
    if isinstance(value, str):
        return _view_of_text(value, most)
    return AgentView((f"value: {compact_json(value)}"[:_MOST_NAMED],))


def _view_of_text(text: str, most: int) -> AgentView:
    """Return the view of a text: its beginning, in at most `most` bytes."""
    whole = text.replace("\r\n", "\n")
    kept = whole[:most]
    lines = _text_lines(kept)
    while _size_of_lines(lines) > most:
        kept = kept[: len(kept) * 9 // 10]
        lines = _text_lines(kept)
    is_cut = len(kept) < len(whole)
    shown = f"{len(kept):,} of {len(whole):,}" if is_cut else f"{len(whole):,}"
    size = len(whole.encode("utf-8", "backslashreplace")) if is_cut else 0
    return AgentView((f"text: {shown} characters",), tuple(lines), size=size)


def _text_lines(text: str) -> list[str]:
    return [_INDENT + visible(line, keep="") for line in text.removesuffix("\n").split("\n")] if text else []


def _view_of_bytes(named: str) -> AgentView:
    """Return the view of binary content.

    Args:
        named: Description of the content.
    """
    return AgentView((f"not shown: the response is binary ({named[:_MOST_NAMED]})",), is_binary=True)


def _listed_names(label: str, names: Sequence[str], added: Callable[[str], str] = lambda _: "") -> list[str]:
    """Return the part of the first line that lists fields, quoted if necessary; empty without fields.

    Args:
        label: The label of the list.
        names: Names of the fields.
        added: Returns the text to add to a name.
    """
    if not names:
        return []
    listed: list[str] = []
    for name in names:
        word = _lines_of({name[:_LONGEST_NAME]: None})[0].removesuffix(": null") + added(name)
        if _size_of_lines([*listed, word]) > _MOST_NAMED:
            break
        listed.append(word)
    more = len(names) - len(listed)
    return [f"{label}: {', '.join(listed)}" + (f" and {more:,} more" if more else "")]


def _view_of_items(found: Items, most: int, wanted: Sequence[str], known: Sequence[str]) -> AgentView:
    if found.is_keyed and found.values:
        known = tuple(dict.fromkeys((next(iter(found.values[0])), *known)))
    # Each item takes at least two bytes, so no more of them can fit.
    rows, hidden, count = _rows_of_items(found.values[: most // 2 + 1], wanted, known)
    counts = []
    if count and rows:
        counts = [f"columns {count - len(hidden)} of {count}" if hidden else f"columns {count}"]
    try:
        header, items = _items_of(rows)
    except RecursionError:
        return AgentView(
            ("the items are nested too deeply",), (), 0, found.values, found.steps, found.is_keyed
        )
    room = most - _size_of_lines([header])
    shown = 0
    for item in items:
        room -= _size_of_lines([item])
        if room < 0:
            break
        shown += 1
    size = _size_of_lines([header, *items])
    if len(rows) < len(found.values):
        size = size * len(found.values) // len(rows)
    lines = _lines_of(rows[:shown]) if shown else []
    return AgentView(
        tuple(counts),
        tuple(lines),
        shown,
        found.values,
        found.steps,
        found.is_keyed,
        size=size,
        hidden=tuple(hidden),
    )


def _rows_of_items(
    items: Sequence[Any], wanted: Sequence[str], known: Sequence[str]
) -> tuple[list[Any], list[str], int]:
    """Return items with their shown columns, the names of the hidden columns, and the number of columns.

    If not all items are objects, they have no columns.

    Raises:
        FormatError: The items lack a requested column.
    """
    columns = Columns(wanted, known)
    for item in items:
        columns.note(item)
    if not wanted and not all(isinstance(item, dict) for item in items):
        return list(items), [], 0
    try:
        names, values = columns.names(), list(columns.rows(items))
    except FormatError:
        if wanted:
            raise
        return list(items), [], 0
    kept = list(range(len(names)))
    if not wanted:
        show_names(names, values)
        kept = _telling(names, values)
    rows = [{names[column]: row[column] for column in kept} for row in values]
    shown = set(kept)
    return rows, [name for column, name in enumerate(names) if column not in shown], len(names)


def _telling(names: Sequence[str], values: Sequence[Sequence[Any]]) -> list[int]:
    """Return the numbers of the most useful columns that fit into a row, the most useful first."""
    ranks = ranks_of(names, values)
    order = sorted(range(len(names)), key=ranks.__getitem__)
    order = [column for column in order if ranks[column] not in {NESTED, EMPTY}] or order
    cells = {column: [len(cell_text(row[column])) for row in values] for column in order}
    sizes = [sum(cells[column]) // max(len(values), 1) for column in order]
    return [order[place] for place in fitting(sizes, _WIDTH)]


def _items_of(rows: list[Any]) -> tuple[str, list[str]]:
    """Return the header of items in TOON, and the text of each item, which has several lines if it is nested.

    Raises:
        RecursionError: The items are nested too deeply.
    """
    header, *lines = _lines_of(rows)
    if not lines:  # plain values follow on the line of the header
        return header.partition(" ")[0], [_lines_of([row])[0].partition(" ")[2] for row in rows]
    items: list[list[str]] = []
    for line in lines:
        if line.startswith(_INDENT * 2):
            items[-1].append(line)
        else:
            items.append([line])
    return header, ["\n".join(item) for item in items]


def _view_of_object(members: Mapping[str, Any], most: int) -> AgentView:
    names = list(members)
    ranks = ranks_of(names, [list(members.values())])
    kept: dict[str, list[str]] = {}
    room = most
    for column in sorted(range(len(names)), key=ranks.__getitem__):
        if room < _SHORTEST_FIELD:
            break
        name = names[column]
        try:
            lines = [_INDENT + line for line in _lines_of({name: members[name]})]
        except RecursionError:
            continue
        if _size_of_lines(lines) <= room:
            kept[name] = lines
            room -= _size_of_lines(lines)
    hidden = [name for name in names if name not in kept]
    counts = [f"fields: {len(kept)} of {len(names)}" if hidden else f"fields: {len(names)}"]
    shown = [line for name in names for line in kept.get(name, ())]
    counts += _listed_names("left out", hidden, lambda name: _extent(members[name]))
    return AgentView(tuple(counts), tuple(shown), hidden=tuple(hidden), value=members)


def _extent(value: Any) -> str:
    """Return the size of an omitted field as text."""
    if isinstance(value, str):
        return f" ({counted(len(value), 'character')})"
    if isinstance(value, dict | list):
        return f" ({counted(len(value), 'item' if isinstance(value, list) else 'field')})"
    return ""


def write_view(env: Environment, view: AgentView, form: OutputFormat, around: Around = _NOTHING) -> None:
    """Write the view of a response, with the text around it.

    Raises:
        FileError: Standard output cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    counts = [*view.counts, *around.notes]
    if view.shown is not None:
        total = len(view.items) if around.total is None else around.total
        of_all = f" of {total:,}" if total != view.shown else ""
        counts.insert(0, f"rows: {view.shown:,}{of_all}" + (f" ({around.came})" if around.came else ""))
    first = "; ".join(counts)
    while _size_of_lines([first]) > MOST_AROUND:  # a name or an input is long
        first = first[: len(first) * 9 // 10]
    room = MOST_AROUND - _size_of_lines([first])
    last: list[str] = []
    for command in around.commands:
        line = f"next: {command}"
        if _size_of_lines([line]) <= room and len(last) < _MOST_COMMANDS:
            room -= _size_of_lines([line])
            last.append(line)
    with written_text(env, form) as write:
        write("".join(f"{line}\n" for line in (first, *view.lines, *last)))


def write_body_for_agent(
    env: Environment,
    body: ReceivedBody,
    form: OutputFormat,
    *,
    head: Mapping[str, Any] | None = None,
    around: DescribeAround | None = None,
) -> None:
    """Write the body of a response. The arguments are the same as for `write_body`.

    Raises:
        FormatError: The filter failed, or a column is missing. The response was written without them.
        FileError: Standard output cannot be written.
        BrokenPipeError: The reader of standard output is gone.
    """
    from dynacli.media.body_value import NoValueError, binary_name, body_items, exact_value, shown_value
    from dynacli.text.body_text import decoded

    failure: FormatError | None = None
    ahead = () if head is None or form.filter else tuple(_text_of_head(head, form.max_bytes // 2))
    room = form.max_bytes - _size_of_lines(ahead)
    try:
        known = None if body.known is None else body.known()
        if head is not None and form.filter:
            value: Any = {**head, "body": shown_value(body)}
            found = find_items(value, known)
        else:
            value, found = exact_value(body), body_items(body)
        names = () if known is None else known.names
        try:
            if form.filter:
                view = _filtered_view(env, value, form, room, body)
            else:
                view = view_of_value(value, room, form.columns, found, names)
        except FormatError as error:
            failure, view = error, view_of_value(value, room, (), found, names)
    except NoValueError as error:
        text = decoded(body.content, body.media_type)
        named = binary_name(body.content, body.media_type)
        view = _view_of_text(text, room) if text is not None else _view_of_bytes(named)
        if form.filter:
            failure = FormatError("The response cannot be filtered", reason=str(error))
    if not body.content:
        view = AgentView(("the response has no body",))
    view = replace(view, lines=(*ahead, *view.lines))
    write_view(env, view, form, _NOTHING if around is None else around(view))
    if failure is not None:
        failure.hint = "It is printed as without the option"
        raise failure


def _filtered_view(
    env: Environment, value: Any, form: OutputFormat, room: int, body: ReceivedBody
) -> AgentView:
    from dynacli.text.filter_value import filtered

    found = filtered(value, form.filter, body=body)
    write_filter_note(env, value, form.filter, found, schema=body.schema)
    return view_of_value(found, room, form.columns)


def _text_of_head(head: Mapping[str, Any], most: int) -> Iterator[str]:
    """Yield lines of the status and the headers of a response, as many as fit."""
    for line in _lines_of(head):
        most -= _size_of_lines([_INDENT + line])
        if most < 0:
            return
        yield _INDENT + line
