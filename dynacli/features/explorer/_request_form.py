"""The form of an operation: its inputs, the body as text, the settings of the call, and the command line.

Its widgets are a text box, a choice box, and a line that does something.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.build_body import example_body
from dynacli.client.operation_description import DescribedInput, OperationDescription
from dynacli.environment import Environment
from dynacli.errors import DynacliError, UsageError
from dynacli.features.explorer._dialogs import AboutDialog, ChoiceDialog
from dynacli.features.explorer._styles import painted_method
from dynacli.features.explorer.drafts import (
    CONTENT_TYPE,
    PROFILE,
    QUERY,
    SERVER,
    CalledLine,
    Checked,
    Draft,
    typed_inputs,
)
from dynacli.features.explorer.form_rows import (
    BODY_LOCATION,
    FormRow,
    MoreItems,
    located,
    offered_further,
    row_of,
    rows_of_form,
)
from dynacli.openapi.document.json_trees import split
from dynacli.openapi.model.media_types import is_built
from dynacli.openapi.model.operation import EACH, Field, Parameter, ValueType
from dynacli.openapi.model.wording import MAY_BE_REPEATED, literal_word, notable_constraints, placeholder
from dynacli.openapi.schema.documented_values import walk_value
from dynacli.options.standard_options import Options
from dynacli.record import replace
from dynacli.registry.call_history import remembered_values
from dynacli.registry.record_call import api_key, history_mode
from dynacli.request.assemble_body import assemble
from dynacli.request.convert_words import convert_all
from dynacli.text.exact_json import compact_json, read_json
from dynacli.text.json_budget import read_limited
from dynacli.text.markdown import to_text
from dynacli.text.terminal import cell_width, visible

_EMPTY = "sent as an empty string"
_WIDTH = 72
"""Width of a description in columns."""
_ROWS_BELOW: Final[Mapping[str, tuple[str, ...]]] = {
    "wait": ("wait-timeout", "wait-interval"),
    "all": ("max-items",),
}
"""Setting → the settings that are shown below it if it is given."""
_FACTS: Final = {
    PROFILE: "a profile of the configuration",
    QUERY: "NAME=VALUE&..., added to the query, also undeclared names",
    "all": "all pages of the list as one response",
    "max-items": "N items, from as many pages as they need",
    "follow": "then the call that this link of the response leads to",
    "wait": "call again until this JMESPath is true of the response, such as status=='done'",
    "wait-timeout": "SECONDS at most [default 300]",
    "wait-interval": "SECONDS between two calls [2, growing to 30]",
}
_INDENT = "  "
_NARROWEST_COLUMN = 12
"""Minimum width of the column of names."""
_SHOWN_AT_FIRST = 40
"""Number of rows until the form offers more: making a widget takes time."""


def _facts_of(row: FormRow) -> str:
    """Return a description of the values that an input takes."""
    kind = "@FILE" if row.file == "only" else placeholder(row.value).replace(" ...", ", or a JSON array")
    facts = [fact for fact in notable_constraints(row.value) if fact != MAY_BE_REPEATED]
    if row.is_required and row.location == BODY_LOCATION and not row.is_needed:
        facts.insert(0, f"required in {row.option.rpartition('.')[0] or 'the body'}")
    if row.choices and facts:
        return "; ".join(facts)
    return f"{kind} [{'; '.join(facts)}]" if facts else kind


# Selectors of textual match a class by its name, but no name that begins with an underscore.
class ChoiceBox(Static, can_focus=True):
    """A value that is chosen from a list.

    Args:
        title: The title of the dialog.
        words: The values to choose from.
        value: The chosen value; empty for none.
        may_be_empty: Whether the value may be empty.
        hint: The text that is shown while the value is empty.
    """

    BINDINGS = [  # noqa: RUF012
        Binding("enter,space", "choose", "Choose", show=False),
        Binding("right", "step(1)", show=False),
        Binding("left", "step(-1)", show=False),
        Binding("delete,backspace", "clear", show=False),
    ]

    class Changed(Message):
        """Another value was chosen."""

        def __init__(self, box: ChoiceBox) -> None:
            super().__init__()
            self.box = box

    def __init__(
        self, title: str, words: Sequence[str], value: str = "", *, may_be_empty: bool = True, hint: str = ""
    ) -> None:
        super().__init__(markup=False, classes="choice")
        self._title, self._words, self._may_be_empty, self._hint = title, list(words), may_be_empty, hint
        self.value = value

    def render(self) -> Text:
        """Draw the value, or the hint."""
        shown = Text(visible(self.value or self._hint, keep=""), no_wrap=True, overflow="ellipsis")
        if not self.value:
            shown.stylize("dim")
        return Text.assemble("▾ ", shown, no_wrap=True, overflow="ellipsis")

    def show_hint(self, hint: str) -> None:
        """Show another hint."""
        self._hint = hint
        self.refresh()

    def choose(self, value: str) -> None:
        """Choose a value, and report it if it is another one."""
        if value != self.value:
            self.value = value
            self.refresh()
            self.post_message(self.Changed(self))

    def action_choose(self) -> None:
        """Open a dialog for the choice."""

        def take(word: str | None) -> None:
            if word is not None:
                self.choose(word)

        self.app.push_screen(
            ChoiceDialog(self._title, self._words, self.value, may_be_empty=self._may_be_empty), take
        )

    def action_step(self, step: int) -> None:
        """Choose the next or the previous value."""
        words = ["", *self._words] if self._may_be_empty else self._words
        if words:
            at = words.index(self.value) if self.value in words else -1
            self.choose(words[(at + step) % len(words)])

    def action_clear(self) -> None:
        """Make the value empty."""
        if self._may_be_empty:
            self.choose("")

    def on_click(self) -> None:
        """Open a dialog for the choice."""
        self.action_choose()


class ActionLine(Static, can_focus=True):
    """A line that does something when it is chosen.

    Args:
        text: The label.
        name: The name of the action.
    """

    BINDINGS = [Binding("enter,space", "press", show=False)]  # noqa: RUF012

    class Pressed(Message):
        """The line was chosen."""

        def __init__(self, line: ActionLine) -> None:
            super().__init__()
            self.line = line

    def __init__(self, text: str, *, name: str) -> None:
        super().__init__(visible(text, keep=""), markup=False, name=name, classes="action")

    def action_press(self) -> None:
        """Report that the line was chosen."""
        self.post_message(self.Pressed(self))

    def on_click(self) -> None:
        """Report that the line was chosen."""
        self.action_press()


class _TextBox(Input):
    """A box for one line of text. Its hint is cut to its width.

    Args:
        value: The first text.
        hint: The text that is shown while the box is empty.
        is_secret: Whether typed text is hidden.
    """

    def __init__(
        self,
        value: str,
        hint: str,
        *,
        is_secret: bool = False,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(value, password=is_secret, compact=True, select_on_focus=False, id=id)
        self._hint = hint

    def show_hint(self, hint: str) -> None:
        """Show another hint."""
        self._hint = hint
        self._fit()

    def on_resize(self) -> None:
        """Cut the hint to the new width: textual would fold it, and show only its first line."""
        self._fit()

    def _fit(self) -> None:
        hint = Text(self._hint)
        hint.truncate(max(self.content_size.width, 1), overflow="ellipsis")
        self.placeholder = hint.plain

    def on_paste(self, event: events.Paste) -> None:
        """Insert all pasted lines as one line, JSON in compact format. Textual takes only the first line."""
        lines = event.text.splitlines()
        if len(lines) < 2:
            return
        event.prevent_default()
        event.stop()
        try:
            text = compact_json(read_json(event.text))
        except (ValueError, RecursionError):
            text = " ".join(line.strip() for line in lines if line.strip())
            self.notify(
                "The pasted lines were joined into one; F6 takes a body of several lines", markup=False
            )
        self.replace(text, *self.selection)


class _BodyText(TextArea, inherit_bindings=False):
    """The body as text, without textual's F6 and F7, which the explorer uses."""

    BINDINGS = [  # noqa: RUF012
        binding
        for binding in TextArea.BINDINGS
        if not (isinstance(binding, Binding) and binding.key in {"f6", "f7"})
    ]


class FieldRow(Horizontal):
    """The row of an input.

    Args:
        row: The input.
        word: The text in its box.
        facts: A description of the values that it takes.
        name: Its name, indented below its group [default: its option].
        is_empty: Whether it is given as an empty string.
    """

    def __init__(
        self, row: FormRow, word: str, facts: str = "", name: str = "", *, is_empty: bool = False
    ) -> None:
        super().__init__(classes="field")
        self.row, self.facts = row, facts or _facts_of(row)
        self._label = f"{visible(name or row.option, keep='')}{'*' if row.is_needed else ''}"
        self._word, self._is_empty = word, is_empty
        self._error: Static | None = None

    def compose(self) -> ComposeResult:
        """Make the name and the box."""
        yield Static(self._label, markup=False, classes="name")
        if self.row.choices:
            yield ChoiceBox(self.row.option, self.row.choices, self._word, hint=self._hint)
        else:
            yield _TextBox(self._word, self._hint, is_secret=self.row.is_secret)

    @property
    def name_width(self) -> int:
        """The width of its name in columns."""
        return cell_width(self._label)

    def fit_name(self, column: int) -> None:
        """Give its name a column of this width, or a line above the box if the name is longer."""
        is_long = self.name_width >= column
        self.set_class(is_long, "long")
        self.children[0].styles.width = "100%" if is_long else column

    @property
    def _hint(self) -> str:
        return _EMPTY if self._is_empty else self.facts

    def show_empty(self, *, is_empty: bool) -> None:
        """Show whether the input is an empty string or not given."""
        self._is_empty = is_empty
        box = self.children[1]
        if isinstance(box, ChoiceBox | _TextBox):
            box.show_hint(self._hint)

    @property
    def word(self) -> str:
        """The text in its box."""
        box = self.children[1]
        return box.value if isinstance(box, Input | ChoiceBox) else ""

    def fill(self, word: str) -> None:
        """Put a text into its box."""
        box = self.children[1]
        if isinstance(box, ChoiceBox):
            box.choose(word)
        elif isinstance(box, Input):
            box.value, box.cursor_position = word, len(word)

    def focus_box(self) -> None:
        """Give the focus to its box."""
        self.children[1].focus()

    def mark(self, error: str) -> None:
        """Show an error in a line below, or hide that line if the error is empty."""
        self.set_class(bool(error), "wrong")
        text = f"  ^ {visible(error, keep='')}"
        if self._error is None and error and self.parent is not None:
            self._error = Static(text, markup=False, classes="error")
            self.screen.mount(self._error, after=self)
        elif self._error is not None:
            self._error.update(text)
            self._error.display = bool(error)

    def on_click(self, event: events.Click) -> None:
        """Give the focus to the box if its name was clicked."""
        if event.widget is self.children[0]:
            self.focus_box()


class SettingRow(FieldRow):
    """A setting of the call that is not an input of the operation: its server, profile or media type."""


class _AboutInput(NamedTuple):
    """Information about an input or an operation.

    Args:
        text: The explanation. Text from the document is not escaped in it.
        values: Known value → its label.
    """

    text: str
    values: Mapping[str, str]


def _about_operation(described: DescribedOperation) -> _AboutInput:
    """Return the description of an operation in the document."""
    operation = described.operation
    reported = to_text(OperationDescription(described).description, _WIDTH)
    parts = (f"{operation.method} {operation.path}", operation.summary, reported)
    return _AboutInput("\n\n".join(part for part in parts if part), {})


def _about_input(env: Environment, draft: Draft, row: FormRow, facts: str) -> _AboutInput:
    """Return the information about an input.

    Args:
        facts: A description of the values that it takes.
    """
    described, text = draft.described, [row.option, facts, row.description]
    (reported,) = OperationDescription(described).with_sources([row.input], [row.input])
    values, asked = dict.fromkeys(row.choices, ""), row.input.origin
    if isinstance(asked, Field):
        name = next((step for step in reversed(asked.path) if step != EACH), row.option)
        asked = Parameter(name, "body", row.option, asked.value)
    if reported.source:
        text.append(f"Its values come from {reported.source}")
    if not row.is_secret and history_mode(env) != "off":
        given = {
            parameter.name: draft.words[parameter.option]
            for parameter in described.operation.parameters
            if parameter.location == "path" and parameter.option in draft.words and parameter != asked
        }
        source = api_key(described.api.revisions.directory)
        found = remembered_values(env, source, described.operation, asked, given)
        values |= {row.literal(value): name for value, name in found.items()}
    return _AboutInput("\n\n".join(filter(None, text)), values)


class BodyRows(NamedTuple):
    """A body in the rows of a form.

    Args:
        words: Option → the text in its row.
        counts: Array of objects → number of its items that have rows.
    """

    words: Mapping[str, str]
    counts: Mapping[str, int]


def body_text(draft: Draft) -> str:
    """Return the body in the rows of a draft as text; if they are empty, an example of the body.

    Raises:
        UsageError: A row has an invalid value, or holds a file.
    """
    value = _value_of_body(draft)
    if value is None:
        try:
            value = example_body(draft.described, True)
        except UsageError:
            return ""
    media_type = draft.described.media_type
    if isinstance(value, str) and (media_type is None or not is_built(media_type.name)):
        return literal_word(value)
    try:
        return json.dumps(value, ensure_ascii=False, indent=2)
    except TypeError:
        raise UsageError("The body holds a file", reason="Text cannot hold its bytes") from None


def _value_of_body(draft: Draft) -> Any:
    """Return the value of the body in the rows; None if they are empty."""
    body = {row.option: word for row, word in draft.given if row.location == BODY_LOCATION}
    inputs = typed_inputs(replace(draft, words=body, text=None), is_strict=False)
    return assemble(None, inputs.assignments) if inputs.assignments else None


def body_rows(draft: Draft) -> BodyRows | None:
    """Return rows for the body that is written as text; None if no rows give exactly that body."""
    try:
        value = read_limited(draft.text or "null")
    except (ValueError, RecursionError):
        return None
    rows, counts = _rows_for(draft.described, value)
    words: dict[str, str] = {}
    # From the last row, so that a parent gets a value only if none of its fields has one.
    for row in reversed([row for row in rows if row.location == BODY_LOCATION]):
        inside = any(option.startswith(f"{row.option}.") for option in words)
        found = next(walk_value(value, split(row.pointer)), None)
        if found is not None and not inside:
            words[row.option] = _word_of(found, row)
    words = dict(reversed(words.items()))
    with suppress(DynacliError):
        made = replace(draft, rows=tuple(rows), words=words, text=None)
        if _value_of_body(made) == value:
            return BodyRows(words, counts)
    return None


def _rows_for(described: DescribedOperation, value: Any) -> tuple[list[FormRow], dict[str, int]]:
    """Return the rows of an operation, with one for each item of each array in the value."""
    counts: dict[str, int] = {}
    while True:
        rows = rows_of_form(described, counts)
        before = dict(counts)
        by_option = {row.option: row for row in rows if isinstance(row, FormRow)}
        for more in rows:
            if isinstance(more, MoreItems) and more.option in by_option:
                items = next(walk_value(value, split(by_option[more.option].pointer)), ())
                counts[more.option] = max(len(items), 1) if isinstance(items, list) else 1
        if counts == before:
            return list(by_option.values()), counts


def _word_of(value: Any, row: FormRow) -> str:
    """Return the text that gives a value in a row."""
    if isinstance(value, str):
        with suppress(UsageError):
            if convert_all([value], row.value, row.option) == value:
                return row.literal(value)
    return json.dumps(value, ensure_ascii=False)


def with_example_body(draft: Draft) -> Draft:
    """Return a draft with an example body, in rows or as text, if the body is required and missing."""
    body = draft.described.operation.body
    rows_there = rows_of_form(draft.described, {}, list(draft.words))
    filled = replace(draft, rows=tuple(row for row in rows_there if isinstance(row, FormRow)))
    has_body = draft.text is not None or any(row.location == BODY_LOCATION for row, _ in filled.given)
    if body is None or not body.is_required or has_body:
        return draft
    try:
        written = replace(draft, text=body_text(replace(draft, words={})))
    except UsageError:  # the body holds a file, which has no example
        return draft
    rows = body_rows(written)
    return replace(draft, words={**draft.words, **rows.words}) if rows is not None else written


def _setting_rows(
    described: DescribedOperation, given: Mapping[str, str], profiles: Sequence[str]
) -> Iterator[SettingRow]:
    """Yield the rows of the settings that leave a choice.

    Args:
        given: Setting → its typed or chosen value.
        profiles: The profiles of the API.
    """
    body = described.operation.body
    if body is not None and len(body.content) > 1 and described.media_type is not None:
        names = [media_type.name for media_type in body.content]
        facts = f"{described.media_type.name}, or another one"
        yield _setting_row(CONTENT_TYPE, names, visible(facts, keep=""), given)
    for name, words in offered_further(described).items():
        row = _setting_row(name, words, _FACTS[name], given)
        above = next((above for above, below in _ROWS_BELOW.items() if name in below), "")
        row.display = not above or bool(given.get(above) or given.get(name))
        yield row
    if QUERY in given:
        yield _setting_row(QUERY, (), _FACTS[QUERY], given)
    servers = OperationDescription(described).servers
    if len(servers) > 1 or given.get(SERVER):
        listed = ", ".join(f"{number}: {server['url']}" for number, server in enumerate(servers))
        yield _setting_row(SERVER, (), visible(f"a URL, or the number of one of {listed}", keep=""), given)
    if profiles:
        yield _setting_row(PROFILE, profiles, _FACTS[PROFILE], given)


def _setting_row(name: str, words: Sequence[str], facts: str, given: Mapping[str, str]) -> SettingRow:
    setting = Parameter(name, "call", name, ValueType("string", enum=tuple(words)))
    return SettingRow(FormRow(DescribedInput.of(setting), name, ""), given.get(name, ""), facts)


class _Groups:
    """The names of inputs, indented below the object or item that they are fields of."""

    def __init__(self) -> None:
        self._depths: dict[str, int] = {}

    def name_of(self, row: FormRow) -> tuple[str, str]:
        """Return the name of a row, and the heading of a new group; empty if the group is known."""
        group, _, name = row.option.rpartition(".") if row.input.path else ("", "", row.option)
        heading = ""
        if group and group not in self._depths:
            around = group
            while around and around not in self._depths:
                around = around.rpartition(".")[0]
            rest = group[len(around) :].lstrip(".")
            is_item = bool(around) and rest.isdecimal()
            self._depths[group] = self._depths[around] + (not is_item) if around else 0
            shown = f"{around.rpartition('.')[2]}.{rest}" if is_item else rest
            heading = f"{self.indented(group)}{shown}"
        self._depths[row.option] = self._depths[group] + 1 if group else 0
        return f"{self.indented(row.option)}{name}", heading

    def indented(self, option: str) -> str:
        """Return the spaces before the name of an option."""
        return _INDENT * self._depths.get(option, 0)


class RequestForm(Vertical):
    """The form of an operation."""

    BINDINGS = [  # noqa: RUF012
        Binding("up", "app.focus_previous", show=False),
        Binding("down", "app.focus_next", show=False),
    ]

    class Changed(Message):
        """Something in the form changed."""

    def __init__(self, *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._described: DescribedOperation | None = None
        self._words: dict[str, str] = {}
        self._counts: dict[str, int] = {}
        self._added: list[str] = []
        self._rows: list[FormRow | MoreItems] = []
        self._shown = _SHOWN_AT_FIRST
        self._text: str | None = None
        self._settings: dict[str, str] = {}
        self._profiles: list[str] = []
        self._focused: Widget | None = None
        self._made_of_rows = ""
        self._left: set[str] = set()
        self._are_all_left = False
        self._checked = Checked({}, "")

    def compose(self) -> ComposeResult:
        """Make the parts."""
        yield Static("Choose an operation on the left.", id="title", markup=False)
        yield VerticalScroll(id="rows", can_focus=False)
        yield _BodyText(id="body", compact=True, tab_behavior="focus", highlight_cursor_line=False)
        yield Static(id="hint", markup=False)
        yield Static(id="state", markup=False)
        yield Static(id="line", markup=False)

    def on_mount(self) -> None:
        """Hide the body at first."""
        self.query_one("#body").display = False

    @property
    def draft(self) -> Draft | None:
        """The contents of the form; None if no operation is chosen."""
        if self._described is None:
            return None
        rows = tuple(row for row in self._rows if isinstance(row, FormRow))
        return Draft(
            self._described,
            rows,
            dict(self._words),
            self._text,
            {name: word for name, word in self._settings.items() if word},
        )

    def set_up(self, options: Options, profiles: Sequence[str]) -> None:
        """Set the server and the profile that forms have at first.

        Args:
            profiles: The profiles of the API.
        """
        self._settings = {SERVER: options.server, PROFILE: options.profile}
        self._profiles = list(profiles)

    async def show(self, described: DescribedOperation) -> None:
        """Show the empty form of an operation."""
        kept = {name: self._settings.get(name, "") for name in (SERVER, PROFILE)}
        await self.recall(Draft(described.sending(""), (), {}, None, kept))

    async def recall(self, draft: Draft) -> None:
        """Show the form of an operation, filled in from a draft."""
        self._described, self._text = draft.described, draft.text
        self._settings = dict(draft.settings)
        self._words, self._counts, self._added = dict(draft.words), {}, []
        self._shown = _SHOWN_AT_FIRST
        self._left, self._are_all_left, self._checked = set(), False, Checked({}, "")
        operation = draft.described.operation
        lines = [f" {visible(operation.path, keep='')}", visible(operation.summary, keep="")]
        title = Content.assemble(painted_method(operation.method), "\n".join(filter(None, lines)))
        self.query_one("#title", Static).update(title)
        await self._lay_out()
        self._show_text()
        self.post_message(self.Changed())

    async def _lay_out(self) -> None:
        described = self._described
        if described is None:
            return
        missing = [option for option in self._words if option not in self._added]
        self._rows = rows_of_form(described, self._counts, [*self._added, *missing])
        container = self.query_one("#rows", VerticalScroll)
        await container.remove_children()
        await container.mount_all(self._widgets(described))
        self.on_resize()

    def on_resize(self) -> None:
        """Give the names a column for the longest one. A name that is too long has its own line."""
        fields = self.query(FieldRow)
        most = max(self.query_one("#rows").size.width * 9 // 20, _NARROWEST_COLUMN)
        column = max((field.name_width for field in fields if field.name_width < most), default=0) + 1
        for field in fields:
            field.fit_name(max(column, _NARROWEST_COLUMN))

    def _widgets(self, described: DescribedOperation) -> list[Widget]:
        widgets: list[Widget] = []
        location, groups = "", _Groups()
        rows = [row for row in self._rows if self._text is None or not _is_of_body(row)]
        for row in rows[: self._shown]:
            if isinstance(row, MoreItems):
                label = f"{groups.indented(row.option)}+ another item of {row.option.rpartition('.')[2]}"
                widgets.append(ActionLine(label, name=f"item {row.option}"))
                continue
            if row.location != location:
                location, groups = row.location, _Groups()
                widgets.append(Static(self._heading(location), markup=False, classes="heading"))
            word = self._words.get(row.option)
            name, heading = groups.name_of(row)
            if heading:
                widgets.append(Static(visible(heading, keep=""), markup=False, classes="group"))
            widgets.append(FieldRow(row, word or "", name=name, is_empty=word == ""))
        if len(rows) > self._shown:
            widgets.append(ActionLine(f"{len(rows) - self._shown} more inputs ...", name="more"))
        if rows or described.media_type is not None:
            widgets.append(_TextBox("", "another input by its name, such as a.b.0.c", id="add"))
        settings = list(_setting_rows(described, self._settings, self._profiles))
        return [*widgets, Static("Call", markup=False, classes="heading"), *settings] if settings else widgets

    def _heading(self, location: str) -> str:
        media_type = self._described.media_type if self._described is not None else None
        if location == BODY_LOCATION and media_type is not None:
            return f"Body ({visible(media_type.name, keep='')})"
        return location.capitalize()

    @property
    def _fields(self) -> list[FieldRow]:
        return [field for field in self.query(FieldRow) if not isinstance(field, SettingRow)]

    def focus_again(self) -> None:
        """Give the focus to the widget that had it last, or to the first box."""
        if self._focused is not None and self._focused.is_attached and self._focused.display:
            self.screen.set_focus(self._focused)
        else:
            self.focus_first()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Remember the widget that has the focus."""
        self._focused = event.widget

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """From now on, show that the input is missing if it is."""
        field = event.widget.parent
        if isinstance(field, FieldRow) and field.is_attached:
            self._left.add(field.row.option)
            self.mark(self._checked)

    def show_missing(self) -> None:
        """Show all missing inputs, not only those that lost the focus."""
        self._are_all_left = True
        self.mark(self._checked)

    def focus_first(self) -> None:
        """Give the focus to the first box."""
        boxes = self.query("#rows Input, #rows ChoiceBox, #rows ActionLine")
        if self._text is not None and not self._fields:
            self.screen.set_focus(self.query_one("#body"))
        elif boxes:
            self.screen.set_focus(boxes.first())

    @on(Input.Changed, "FieldRow Input")
    def _typed(self, event: Input.Changed) -> None:
        self._take(event.input.parent, event.value)

    @on(ChoiceBox.Changed)
    async def _chosen(self, event: ChoiceBox.Changed) -> None:
        self._take(event.box.parent, event.box.value)
        field = event.box.parent
        if isinstance(field, SettingRow) and field.row.option == CONTENT_TYPE and self._described is not None:
            self._described = self._described.sending(event.box.value)
            await self._lay_out()
            self._show_text()

    def _take(self, field: object, word: str) -> None:
        if not isinstance(field, FieldRow):
            return
        words = self._settings if isinstance(field, SettingRow) else self._words
        if words.get(field.row.option, "") == word:
            return
        if words.get(field.row.option) == "":
            field.show_empty(is_empty=False)
        if word:
            words[field.row.option] = word
        else:
            words.pop(field.row.option, None)
        if isinstance(field, SettingRow):
            for row in self.query(SettingRow):
                if row.row.option in _ROWS_BELOW.get(field.row.option, ()):
                    row.display = bool(word or row.word)
        self.post_message(self.Changed())

    def give_empty(self, widget: Widget | None) -> None:
        """Give an empty string for the input that has the focus, or take it back."""
        field = widget.parent if widget is not None else None
        if not isinstance(field, FieldRow) or isinstance(field, SettingRow) or field.word:
            self.app.notify("Choose an empty input", severity="warning")
            return
        option = field.row.option
        is_empty = option not in self._words
        if is_empty:
            self._words[option] = ""
        else:
            del self._words[option]
        field.show_empty(is_empty=is_empty)
        self.post_message(self.Changed())

    @on(Input.Submitted, "#add")
    async def _add(self, event: Input.Submitted) -> None:
        option = located(event.value.strip().removeprefix("--"))
        if not option or self._described is None:
            return
        if option == QUERY and row_of(self._described, option) is None:
            self._settings.setdefault(QUERY, "")
            await self._lay_out()
            next(row for row in self.query(SettingRow) if row.row.option == QUERY).focus_box()
            return
        if row_of(self._described, option) is None:
            self.app.notify(f"There is no input `{option}`", markup=False, severity="error")
            return
        self._added.append(option)
        self._shown = max(self._shown, len(self._rows) + 1)
        await self._lay_out()
        self._focus_field(option)

    @on(ActionLine.Pressed)
    async def _pressed(self, event: ActionLine.Pressed) -> None:
        name = event.line.name or ""
        if name == "more":
            number, self._shown = self._shown, self._shown + _SHOWN_AT_FIRST
            await self._lay_out()
            self._fields[min(number, len(self._fields) - 1)].focus_box()
        elif name.startswith("item "):
            array = name.removeprefix("item ")
            self._counts[array] = self._counts.get(array, 1) + 1
            await self._lay_out()
            self._focus_field(f"{array}.{self._counts[array] - 1}.")

    def _focus_field(self, beginning: str) -> None:
        """Give the focus to the first row whose option begins with a string."""
        found = [field for field in self._fields if field.row.option.startswith(beginning)]
        if found:
            found[0].focus_box()

    async def toggle_text(self) -> None:
        """Switch the body to text, or to rows if rows can give it."""
        draft = self.draft
        if draft is None or draft.described.media_type is None:
            self.app.notify("This operation takes no body", severity="warning")
            return
        if self._text is None:
            try:
                self._text = body_text(draft)
            except UsageError as error:
                self.app.notify(f"{error.message}: {error.reason}", severity="error", markup=False)
                return
            self._made_of_rows = self._text
        elif self._text.strip() in {"", self._made_of_rows.strip()}:
            self._text = None
        else:
            rows = body_rows(draft)
            if rows is None:
                self.app.notify("No rows give exactly this body: it stays a text", severity="warning")
                return
            self._text = None
            parameters = {row.option: word for row, word in draft.given if row.location != BODY_LOCATION}
            self._words = {**parameters, **rows.words}
            self._counts = dict(rows.counts)
        await self._lay_out()
        self._show_text()
        if self._text is not None:
            self.screen.set_focus(self.query_one("#body"))
        else:
            self.focus_first()
        self.post_message(self.Changed())

    def _show_text(self) -> None:
        body = self.query_one("#body", TextArea)
        body.display = self._text is not None
        if self._text is not None and body.text != self._text:
            body.load_text(self._text)

    @on(TextArea.Changed)
    def _written(self, event: TextArea.Changed) -> None:
        if self._text is not None and event.text_area.text != self._text:
            self._text = event.text_area.text
            self.post_message(self.Changed())

    async def fill_example(self, example: CalledLine) -> None:
        """Fill the empty boxes with an example."""
        draft = self.draft
        if draft is None:
            return
        filled = replace(draft, words={**example.words, **self._words}, text=draft.text or example.text)
        filled = with_example_body(filled)
        self._words, self._text = dict(filled.words), filled.text
        field = self._focused.parent if self._focused is not None else None
        await self._lay_out()
        self._show_text()
        if isinstance(field, FieldRow):
            self._focus_field(field.row.option)
        else:
            self.focus_first()
        self.post_message(self.Changed())

    def mark(self, checked: Checked) -> None:
        """Show the errors. An input is missing only after it lost the focus, or after the request was sent."""
        self._checked = checked
        awaited = () if self._are_all_left else [name for name in checked.missing if name not in self._left]
        errors = {option: text for option, text in checked.errors.items() if option not in awaited}
        shown = set()
        for field in self.query(FieldRow):
            of_field = checked.settings if isinstance(field, SettingRow) else errors
            field.mark(of_field.get(field.row.option, ""))
            shown.add(of_field.get(field.row.option, ""))
        wrong = {**errors, **checked.settings}
        hidden = [f"{option}: {text}" for option, text in wrong.items() if text not in shown]
        is_wrong = bool(wrong) or not (checked.is_right or awaited)
        summary = "" if awaited and not wrong else checked.summary
        summary = summary or (hidden[0].removeprefix(": ") if hidden else "")
        if not summary:
            needed = f"Still needed: {', '.join(awaited)}"
            summary = "Not valid yet" if is_wrong else needed if awaited else "Valid"
        state = self.query_one("#state", Static)
        state.set_class(is_wrong, "wrong")
        state.set_class(bool(awaited) and not is_wrong, "awaited")
        state.update(visible(summary, keep=""))

    def show_line(self, line: str) -> None:
        """Show the command line."""
        self.query_one("#line", Static).update(f"$ {visible(line, keep='')}" if line else "")

    def show_about(self, env: Environment) -> None:
        """Open a dialog about the input that has the focus, else the operation. A chosen value fills the input."""
        draft, focused = self.draft, self.screen.focused
        if draft is None:
            self.app.notify("Choose an operation first", severity="warning")
            return
        field = focused.parent if focused is not None else None
        if not isinstance(field, FieldRow) or isinstance(field, SettingRow):
            self.app.push_screen(AboutDialog(*_about_operation(draft.described)))
            return

        def take(word: str | None) -> None:
            if word is not None:
                field.fill(word)

        try:
            about = _about_input(env, draft, field.row, field.facts)
        except DynacliError as error:  # for example, the configuration cannot be read
            self.app.notify(f"{error.message}: {error.reason}", severity="error", markup=False)
        else:
            self.app.push_screen(AboutDialog(*about), take)

    def show_hint(self, widget: Widget | None) -> None:
        """Show a hint about the input that has the focus."""
        field = widget.parent if widget is not None else None
        hint = ""
        if isinstance(field, FieldRow):
            option = f"{visible(field.row.option, keep='')}: " if "." in field.row.option else ""
            hint = f"{option}{field.facts}\n{visible(field.row.description, keep='')}"
        self.query_one("#hint", Static).update(hint)


def _is_of_body(row: FormRow | MoreItems) -> bool:
    return isinstance(row, MoreItems) or row.location == BODY_LOCATION
