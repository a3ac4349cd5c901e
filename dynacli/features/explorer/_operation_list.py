"""The pane on the left: the search, and the list of operations in groups that open and close."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widgets import Input

from dynacli.client.search_operations import search_operations
from dynacli.errors import UsageError
from dynacli.openapi.model.operation import OperationSummary
from dynacli.openapi.model.tag_tree import TagTree
from dynacli.registry.opened_api import OpenedApi
from dynacli.text.terminal import method_colour, visible

_NEAR = 0.5
"""Minimum score of a hit in relation to the best one. Weaker hits are noise while you type."""
_METHOD_WIDTH = 6
_BEFORE_NAME = _METHOD_WIDTH + 3
"""Columns before the name of an operation."""
_FEW = 25
"""Maximum number of operations that are listed with all groups open."""
_MOST_MEANT = 30
"""Maximum number of hits from the search, besides operations that contain the typed keywords."""


class SearchBox(Input):
    """The box of the search. While you type, the arrows move in the list."""

    BINDINGS = [  # noqa: RUF012
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(placeholder="type to search", id="search", compact=True)

    @property
    def _list(self) -> OperationList:
        return self.screen.query_one(OperationList)

    def action_move(self, step: int) -> None:
        """Move the cursor of the list."""
        self._list.action_move(step)

    def action_page(self, step: int) -> None:
        """Move the cursor of the list by a page."""
        self._list.action_page(step)

    def leave(self) -> None:
        """Empty the box; if it is empty, go to the list."""
        if self.value:
            self.value = ""
        else:
            self._list.focus()

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Return whether a key writes a letter. A question mark in an empty box shows the keys instead."""
        return not self._is_help(key) and super().check_consume_key(key, character)

    def on_key(self, event: events.Key) -> None:
        """Leave the question mark to the explorer."""
        if self._is_help(event.key):
            event.prevent_default()

    def _is_help(self, key: str) -> bool:
        return key in {"question_mark", "?"} and not self.value


class OperationGroup(NamedTuple):
    """A group of operations.

    Args:
        name: The tag, or the first step of the paths; empty for a single group.
    """

    name: str
    operations: list[OperationSummary]


def grouped(operations: Iterable[OperationSummary], tree: TagTree) -> list[OperationGroup]:
    """Return operations by tag, in the order of the document; those without a tag by the first step of their path.

    Tags below others have their names before their own, in the order of the tree.

    If each group has a single operation, all form one group without a name.
    """
    operations, groups = list(operations), dict[str, list[OperationSummary]]()
    for operation in operations:
        for name in tree.grouping(operation.tags) or (f"/{operation.path.lstrip('/').partition('/')[0]}",):
            groups.setdefault(name, []).append(operation)
    if all(len(listed) == 1 for listed in groups.values()):
        return [OperationGroup("", operations)]
    return [OperationGroup(tree.title(name), groups[name]) for name in tree.sorted(groups)]


class _Row(NamedTuple):
    group: OperationGroup
    operation: OperationSummary | None


class OperationList(ScrollView, can_focus=True):
    """The list of operations, in groups that open and close."""

    COMPONENT_CLASSES = {  # noqa: RUF012
        "list--group",
        "list--cursor",
        "list--deprecated",
        "list--green",
        "list--yellow",
        "list--red",
    }
    BINDINGS = [  # noqa: RUF012
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("home", "first", show=False),
        Binding("end", "last", show=False),
        Binding("enter,space", "choose", "Open", show=False),
        Binding("right", "open(True)", show=False),
        Binding("left", "open(False)", show=False),
    ]

    class Chosen(Message):
        """An operation was chosen."""

        def __init__(self, operation: OperationSummary) -> None:
            super().__init__()
            self.operation = operation

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._groups: Sequence[OperationGroup] = ()
        self._opened: set[str] = set()
        self._rows: list[_Row] = []
        self._longest = 0
        self.cursor = 0

    def show(self, groups: Sequence[OperationGroup], *, is_open: bool = False) -> None:
        """Show other groups.

        Args:
            is_open: Whether all groups are open, as in the results of a search.
        """
        self._groups = groups
        names = (len(operation.name) for group in groups for operation in group.operations)
        self._longest = max((self._longest, *names))
        total = sum(len(group.operations) for group in groups)
        self._opened = {group.name for group in groups} if is_open or total <= _FEW else set()
        self.cursor = 0
        self._lay_out()
        if is_open and self._rows and self._rows[0].operation is None:
            self.cursor = min(1, len(self._rows) - 1)
        self.scroll_to(0, 0, animate=False)

    @property
    def longest(self) -> int:
        """The width in columns of a pane for the longest name that was shown so far."""
        return self._longest + _BEFORE_NAME + 2

    @property
    def current(self) -> OperationSummary | None:
        """The operation under the cursor."""
        return self._rows[self.cursor].operation if self._rows else None

    def _lay_out(self) -> None:
        rows = []
        for group in self._groups:
            if group.name:
                rows.append(_Row(group, None))
            if not group.name or group.name in self._opened:
                rows.extend(_Row(group, operation) for operation in group.operations)
        self._rows = rows
        self.cursor = min(self.cursor, max(len(rows) - 1, 0))
        self.virtual_size = Size(0, len(rows))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw a row."""
        number, width = self.scroll_offset.y + y, self.size.width
        base, is_active = self.rich_style, self.has_focus or isinstance(self.screen.focused, SearchBox)
        if not self._rows and number == 0:
            return Strip([Segment("No operation found", base)]).crop_extend(0, width, base)
        if number >= len(self._rows):
            return Strip.blank(width, base)
        group, operation = self._rows[number]
        style = base
        if number == self.cursor and (is_active or operation is not None):
            style = self.get_component_rich_style("list--cursor" if is_active else "list--group")
            style = base + style
        if operation is None:
            mark = "▼" if group.name in self._opened else "▶"
            text = f"{mark} {visible(group.name, keep='')} ({len(group.operations):,})"
            bold = style + Style(bold=True) if number == self.cursor else base + self._style("list--group")
            segments = [Segment(text, bold)]
        else:
            method = (
                style
                if number == self.cursor
                else base + self._style(f"list--{method_colour(operation.method)}")
            )
            struck = self._style("list--deprecated") if operation.is_deprecated else Style()
            room = max(width - _BEFORE_NAME, 1)
            name = visible(operation.name, keep="")
            name = name if len(name) <= room else f"{name[: room - 1]}…"
            segments = [
                Segment(f"  {operation.method[:_METHOD_WIDTH]:<{_METHOD_WIDTH}} ", method),
                Segment(name, style + struck),
                Segment(f"  {visible(operation.summary, keep='')}", style + Style(dim=number != self.cursor)),
            ]
        return Strip(segments).crop_extend(0, width, style)

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(name, partial=True)

    def _move_to(self, row: int) -> None:
        self.cursor = max(0, min(row, len(self._rows) - 1))
        self.scroll_to_region(Region(0, self.cursor, 1, 1), animate=False, force=True)
        self.refresh()

    def action_move(self, step: int) -> None:
        """Move the cursor."""
        self._move_to(self.cursor + step)

    def action_page(self, step: int) -> None:
        """Move the cursor by a page."""
        self._move_to(self.cursor + step * max(self.size.height - 1, 1))

    def action_first(self) -> None:
        """Move the cursor to the first row."""
        self._move_to(0)

    def action_last(self) -> None:
        """Move the cursor to the last row."""
        self._move_to(len(self._rows) - 1)

    def action_open(self, is_open: bool) -> None:
        """Open or close the group of the row."""
        if not self._rows:
            return
        group = self._rows[self.cursor].group
        if not is_open:
            self.cursor = next((n for n, row in enumerate(self._rows) if row.group is group), 0)
        (self._opened.add if is_open else self._opened.discard)(group.name)
        self._lay_out()
        self._move_to(self.cursor)

    def action_choose(self) -> None:
        """Choose the operation, or open or close the group."""
        if not self._rows:
            return
        row = self._rows[self.cursor]
        if row.operation is None:
            self.action_open(row.group.name not in self._opened)
        else:
            self.post_message(self.Chosen(row.operation))

    def on_click(self, event: events.Click) -> None:
        """Choose the row that was clicked."""
        row = self.scroll_offset.y + event.y
        if row < len(self._rows):
            self._move_to(row)
            self.action_choose()


def find_operations(
    api: OpenedApi, operations: Sequence[OperationSummary], text: str
) -> list[OperationSummary]:
    """Return the operations that match a text, the best first.

    First comes the operation of that name, then the hits of the search, then operations that contain all keywords.

    Args:
        operations: The operations to search in.

    Raises:
        DamagedCatalogError: The catalog is damaged.
    """
    by_name = {operation.name: operation for operation in operations}
    found = {name: operation for name, operation in by_name.items() if name == text.strip()}
    with suppress(UsageError):  # the last keyword is incomplete, or the SQLite of this Python cannot search
        hits = search_operations([api], text, _MOST_MEANT)
        for hit in hits:
            if hit.name in by_name and hit.score >= hits[0].score * _NEAR:
                found[hit.name] = by_name[hit.name]
    words = text.lower().split()
    for operation in operations:
        reported = f"{operation.name} {operation.method} {operation.path} {operation.summary}".lower()
        if all(word in reported for word in words):
            found[operation.name] = operation
    return list(found.values())
