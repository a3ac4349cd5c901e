"""Tables on a terminal: the columns that fit, in reading order, coloured by meaning."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import TYPE_CHECKING, Any

from dynacli.output._columns import (
    DATE,
    EMPTY,
    ID,
    NAME,
    PLAIN,
    REFERENCE,
    STATE,
    Columns,
    cell_text,
    column_key,
    fitting,
    ranks_of,
    show_names,
)
from dynacli.text.terminal import Painter, cell_width, terminal_width, visible
from dynacli.text.wrapping import COLUMN_GAP, ellipsis_for, shortened, table_lines

if TYPE_CHECKING:
    from dynacli.environment import Environment

_UNCUT = 40
"""Maximum length of a cell that is shown whole. If it does not fit, its column is hidden."""
_LEAST_NAME = 20
"""Minimum width of a column with longer names, beside an id."""
_STATE_NAME = re.compile(r"status|state|phase|result|conclusion")
"""Pattern of the names of columns that are useful even if all rows have the same value."""
_WORD = re.compile(r"[A-Za-z][\w-]{0,19}")
_MOST_NAMED = 8
"""Maximum number of hidden columns that the note names."""
_WIDEST = 1000
_SUCCESS = re.compile(
    "active|approved|available|completed?|done|enabled|healthy|ok|online|pass|passed|ready|resolved|succeeded"
    "|success|successful|up"
)
_FAILURE = re.compile(
    "broken|cancell?ed|crashed|critical|dead|denied|down|error|errored|expired|fail|failed|failure|rejected"
    "|timed_out|timeout|unhealthy"
)
_WAITING = re.compile(
    "blocked|degraded|in_progress|paused|pending|processing|queued|retrying|running|scheduled|starting|waiting"
    "|warning"
)
"""Patterns of the values of states, in lower case and with `_` between words."""


class TerminalTable:
    """Rows as a table on a terminal.

    The name of an item comes first, then states, dates and other columns, then the uncut id. Columns that are the same
    or empty in all rows follow if they fit.

    Args:
        env: The environment of the run.
        columns: The columns that were collected from the items.
        names: Names of the columns.
        rows: Values of each row, one for each name.
        right: Numbers of the right-aligned columns.
    """

    def __init__(
        self,
        env: Environment,
        columns: Columns,
        names: list[str],
        rows: list[list[Any]],
        right: Collection[int],
    ) -> None:
        self._paint = Painter.for_stdout(env)
        self._width = terminal_width(env, env.stdout, widest=_WIDEST)
        self._cut = ellipsis_for(env.stdout.encoding)
        self._states = {column for column, name in enumerate(names) if name in columns.states}
        self._right = right
        self._hidden: list[str] = []
        if not columns.is_chosen:
            show_names(names, rows)
        self._names, self._rows = names, rows
        self._ranks = ranks_of(names, rows, columns.identity)
        # A cell that is cut to the whole width is cut again to its column.
        self._cells = [
            [self._shortened(visible(text, keep=""), self._width) for text in row]
            for row in (names, *(map(cell_text, row) for row in rows))
        ]
        self._columns = range(len(names)) if columns.is_chosen else self._fitted()

    def _shortened(self, text: str, width: int) -> str:
        return shortened(text, width, self._cut)

    @property
    def note(self) -> str:
        """The note that names the hidden columns; empty if there are none."""
        if not self._hidden:
            return ""
        more = len(self._hidden) - _MOST_NAMED
        named = ", ".join(self._hidden[:_MOST_NAMED]) + (f" and {more} more" if more > 0 else "")
        return f"Not shown: {named} (`--columns` chooses, `-o csv` has all)"

    def lines(self) -> Iterator[str]:
        """Yield the lines of the table."""
        if not self._cells[0]:
            return
        cells = [[row[column] for column in self._columns] for row in self._cells]
        right = {position for position, column in enumerate(self._columns) if column in self._right}
        for line in table_lines(
            cells,
            self._width,
            lambda cell, width: [self._shortened(cell, width)],
            right=right,
            paint_header=self._paint.bold,
            paint_cell=self._painted,
        ):
            yield f"{line}\n"

    def _painted(self, row: int, position: int, text: str) -> str:
        column = self._columns[position]
        if not row or not self._paint.enabled:
            return text
        if column in self._states and not column_key(self._names[column]).endswith(("type", "kind")):
            return _painted_state(self._cells[row][column], text, self._paint)
        return self._paint.dim(text) if self._ranks[column] in {ID, REFERENCE} else text

    def _reading_order(self, column: int) -> tuple[int, int, int]:
        """Return the sort key of a column for the reading order."""
        rank, texts = self._ranks[column], {row[column] for row in self._cells[1:]}
        is_same = len(texts) == 1 and len(self._rows) > 1
        is_state = rank == STATE or column in self._states or (rank == PLAIN and self._is_kind(texts))
        if rank == EMPTY or (is_same and not _STATE_NAME.fullmatch(column_key(self._names[column]))):
            return 5, rank, column
        if is_state:
            return 1, is_same, column
        return {NAME: 0, DATE: 2, ID: 4}.get(rank, 3), rank, column

    def _is_kind(self, texts: Collection[str]) -> bool:
        """Return whether a column has only a few different short words, like a state."""
        return 2 * len(texts) <= len(self._rows) and all(_WORD.fullmatch(text) for text in texts)

    def _fitted(self) -> list[int]:
        """Return the columns that fit, in reading order, and cut their cells to the width."""
        order = sorted(range(len(self._names)), key=self._reading_order)
        natural = [max(map(cell_width, cells)) for cells in zip(*self._cells, strict=True)]
        is_id = [rank in {ID, REFERENCE} for rank in self._ranks]
        sizes = [size if is_id[column] else min(size, _UNCUT) for column, size in enumerate(natural)]
        name = next((column for column in order if self._ranks[column] == NAME), None)
        if name is not None and natural[name] > _UNCUT:
            room = self._width - sum(
                sizes[column] + len(COLUMN_GAP) for column in order if self._ranks[column] == ID
            )
            sizes[name] = max(min(sizes[name], room), _LEAST_NAME)
        preferred = sorted(order, key=lambda column: (self._ranks[column] != ID, column != name))
        kept = {preferred[at] for at in fitting([sizes[column] for column in preferred], self._width)}
        shown = [column for column in order if column in kept]
        self._hidden = [self._names[column] for column in preferred if column not in kept]
        room = self._width - sum(sizes[column] for column in shown) - len(COLUMN_GAP) * (len(shown) - 1)
        for column in shown:
            more = max(min(natural[column] - sizes[column], room), 0)
            sizes[column] += more
            room -= more
        for row in self._cells:
            for column in shown:
                if not is_id[column]:
                    row[column] = self._shortened(row[column], sizes[column])
        return shown


def _painted_state(value: str, text: str, paint: Painter) -> str:
    """Return the text of a cell in the colour of its meaning, unchanged if the meaning is unknown.

    Args:
        value: The whole value.
        text: The text of the cell, which may be cut.
        paint: The painter.
    """
    word = re.sub(r"[- ]", "_", value.lower())
    if _SUCCESS.fullmatch(word):
        return paint.green(text)
    if _FAILURE.fullmatch(word):
        return paint.red(text)
    return paint.yellow(text) if _WAITING.fullmatch(word) else text
