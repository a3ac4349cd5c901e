"""Items as a table: on a terminal as wide as it is, elsewhere whole."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from dynacli.environment import Environment
from dynacli.output.formats.item_rows import Columns, cell_text
from dynacli.output.standard_error import write_stderr
from dynacli.text.table_lines import GAP, table_lines
from dynacli.text.terminal import Painter, cell_width, terminal_width, visible
from dynacli.text.wrapping import shortened, wrapped

__all__ = ["object_lines", "table_pieces"]

_USUAL_CELL = 40
"""How many columns of a terminal a cell has where there is no room for all of its text."""
_WIDEST = 1000
_ESCAPES = str.maketrans({"\t": "\\t", "\n": "\\n", "\r": "\\r"})

_KINDS = (
    re.compile(r"id|uid|uuid|guid|key|number|sha"),
    re.compile(r"(?:display|full|user|first|last)?name|title|label|login|slug|subject|summary|email"),
    re.compile(r"status|state|phase|result|conclusion|kind|type|severity|level"),
    re.compile(
        r".*(?:date|time|timestamp)|(?:created|updated|started|finished|modified|published|due)(?:at|on)?"
    ),
)
"""Patterns of the names of columns, without separators and in lower case: what identifies an item comes first."""
_URL = re.compile(r".*(?:url|uri|href|links?)")
_PLAIN, _ADDRESS, _NESTED, _EMPTY = range(len(_KINDS), len(_KINDS) + 4)


def table_pieces(
    env: Environment, items: Iterable[Any], columns: Columns, *, is_shown: bool
) -> Iterator[str]:
    """Yield the lines of a table; columns that do not fit on a terminal are named on standard error.

    Args:
        is_shown: Whether the table is for a terminal.

    Raises:
        FormError: The items make no table.
    """
    names = columns.names()
    values = list(columns.rows(items))
    if not names:
        return
    order = range(len(names)) if columns.is_chosen else _by_use(names, values)
    rows = [names, *([cell_text(value) for value in row] for row in values)]
    right = {
        place
        for place, column in enumerate(order)
        if any(_is_number(row[column]) for row in values)
        and all(row[column] is None or _is_number(row[column]) for row in values)
    }
    if not is_shown:
        cells = [[row[column].translate(_ESCAPES) for column in order] for row in rows]
        lines = table_lines(cells, None, _one_line, right=right)
    else:
        width = terminal_width(env, env.stdout, widest=_WIDEST)
        # A cell that is cut to the whole width is cut once more to its column.
        cells = [[shortened(visible(row[column], keep=""), width) for column in order] for row in rows]
        count = len(order) if columns.is_chosen else _fitting(cells, width)
        if count < len(order):
            hidden = ", ".join(cells[0][count:])
            write_stderr(env, f"Not shown: {hidden} (`--columns` chooses, `-o csv` has all)")
        lines = table_lines(
            [row[:count] for row in cells],
            width,
            _one_line,
            right=right,
            paint_header=Painter.for_stdout(env).bold,
        )
    for line in lines:
        yield f"{line}\n"


def object_lines(env: Environment, value: dict[str, Any], *, is_shown: bool) -> Iterator[str]:
    """Yield the lines of one object, as a table with its keys and their values."""
    if not is_shown:
        cells = [
            [key.translate(_ESCAPES), cell_text(child).translate(_ESCAPES)] for key, child in value.items()
        ]
        lines = table_lines(cells, None, _one_line, has_header=False) if cells else []
    else:
        width = terminal_width(env, env.stdout, widest=_WIDEST)
        painter = Painter.for_stdout(env)
        lines = []
        keys = {key: shortened(visible(key, keep=""), _USUAL_CELL) for key in value}
        column = max(map(cell_width, keys.values()), default=0)
        for key, child in value.items():
            text = visible(cell_text(child), keep="\n")
            room = max(width - column - len(GAP), _USUAL_CELL // 2)
            first, *others = (wrapped(text, room) if isinstance(child, str) else [shortened(text, room)]) or [
                ""
            ]
            label = painter.bold(keys[key]) + " " * (column - cell_width(keys[key]))
            lines.append(f"{label}{GAP}{first}".rstrip())
            lines.extend(f"{' ' * column}{GAP}{line}".rstrip() for line in others)
    for line in lines:
        yield f"{line}\n"


def _one_line(text: str, width: int) -> list[str]:
    return [shortened(text, width)]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _by_use(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[int]:
    """Return the numbers of the columns, what identifies an item first; else they stay in their order."""
    ranks = [_rank(name, [row[column] for row in rows]) for column, name in enumerate(names)]
    if 0 not in ranks:
        # Where nothing is called `id`, the first that ends so is the item's own: `runId` of a run.
        own = next(
            (i for i, name in enumerate(names) if re.search(r"[a-z0-9](?:_id|-id|Id|ID)$", name)), None
        )
        if own is not None and ranks[own] == _PLAIN:
            ranks[own] = 0
    return sorted(range(len(names)), key=ranks.__getitem__)


def _rank(name: str, values: Sequence[Any]) -> int:
    present = [value for value in values if value not in (None, "", [], {})]
    if values and not present:
        return _EMPTY
    if any(isinstance(value, dict | list) for value in present):
        return _NESTED
    word = re.sub(r"[-_. ]", "", name).lower()
    for rank, pattern in enumerate(_KINDS):
        if pattern.fullmatch(word):
            return rank
    return _ADDRESS if _URL.fullmatch(word) else _PLAIN


def _fitting(cells: Sequence[Sequence[str]], width: int) -> int:
    """Return how many of the first columns fit into a width, at least one."""
    used = -len(GAP)
    for column in range(len(cells[0])):
        size = max(cell_width(row[column]) for row in cells)
        used += len(GAP) + min(size, _USUAL_CELL)
        if used > width:
            return max(column, 1)
    return len(cells[0])
