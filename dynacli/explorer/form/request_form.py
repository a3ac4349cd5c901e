"""The form of an operation: its inputs, the body as text, how it is called, and the command line of all that."""

from collections.abc import Sequence

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static, TextArea

from dynacli.client.call_settings import CallOptions
from dynacli.client.described_operation import DescribedOperation
from dynacli.environment import Environment
from dynacli.errors import DynacliError, UsageError
from dynacli.explorer.dialogs import AboutDialog
from dynacli.explorer.form.about_input import about_input, about_operation
from dynacli.explorer.form.body_text import body_rows, body_text, example_words, with_example_body
from dynacli.explorer.form.draft import CONTENT_TYPE, PROFILE, SERVER, Checked, Draft
from dynacli.explorer.form.form_rows import BODY, FormRow, MoreItems, located, row_of, rows_of
from dynacli.explorer.form.form_widgets import ActionLine, BodyText, ChoiceBox, FieldRow, SettingRow, TextBox
from dynacli.explorer.form.setting_rows import ROWS_BELOW, setting_rows
from dynacli.record import replace
from dynacli.text.terminal import visible

__all__ = ["RequestForm"]

_SHOWN_AT_FIRST = 40
"""How many rows a form has before the person asks for more: making a widget takes time."""


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

    def compose(self) -> ComposeResult:
        """Make the parts."""
        yield Static("Choose an operation on the left.", id="title", markup=False)
        yield VerticalScroll(id="rows", can_focus=False)
        yield BodyText(id="body", compact=True, tab_behavior="focus", highlight_cursor_line=False)
        yield Static(id="hint", markup=False)
        yield Static(id="state", markup=False)
        yield Static(id="line", markup=False)

    def on_mount(self) -> None:
        """Begin without a body."""
        self.query_one("#body").display = False

    @property
    def draft(self) -> Draft | None:
        """What stands in the form; None where no operation was chosen."""
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

    def set_up(self, options: CallOptions, profiles: Sequence[str]) -> None:
        """Take over how calls are made until the person says something else.

        Args:
            profiles: The profiles that the API has.
        """
        self._settings = {SERVER: options.server, PROFILE: options.profile}
        self._profiles = list(profiles)

    async def show(self, described: DescribedOperation) -> None:
        """Show the empty form of an operation."""
        kept = {name: self._settings.get(name, "") for name in (SERVER, PROFILE)}
        await self.recall(Draft(described.sending(""), (), {}, None, kept))

    async def recall(self, draft: Draft) -> None:
        """Show the form of an operation as it was filled in."""
        self._described, self._text = draft.described, draft.text
        self._settings = dict(draft.settings)
        self._words, self._counts, self._added = dict(draft.words), {}, []
        self._shown = _SHOWN_AT_FIRST
        operation = draft.described.operation
        summary = visible(operation.summary, keep="")
        path = visible(f"{operation.method} {operation.path}", keep="")
        self.query_one("#title", Static).update("\n".join(filter(None, (path, summary))))
        await self._lay_out()
        self._show_text()
        self.post_message(self.Changed())

    async def _lay_out(self) -> None:
        described = self._described
        if described is None:
            return
        missing = [option for option in self._words if option not in self._added]
        self._rows = rows_of(described, self._counts, [*self._added, *missing])
        container = self.query_one("#rows", VerticalScroll)
        await container.remove_children()
        await container.mount_all(self._widgets(described))

    def _widgets(self, described: DescribedOperation) -> list[Widget]:
        widgets: list[Widget] = []
        location = ""
        rows = [row for row in self._rows if self._text is None or not _is_of_body(row)]
        for row in rows[: self._shown]:
            if isinstance(row, MoreItems):
                widgets.append(ActionLine(f"+ another item of {row.option}", name=f"item {row.option}"))
                continue
            if row.location != location:
                location = row.location
                widgets.append(Static(self._heading(location), markup=False, classes="heading"))
            word = self._words.get(row.option)
            widgets.append(FieldRow(row, word or "", is_empty=word == ""))
        if len(rows) > self._shown:
            widgets.append(ActionLine(f"{len(rows) - self._shown} more inputs ...", name="more"))
        if rows or described.media_type is not None:
            widgets.append(TextBox("", "another input by its name, such as a.b.0.c", id="add"))
        settings = list(setting_rows(described, self._settings, self._profiles))
        return [*widgets, Static("Call", markup=False, classes="heading"), *settings] if settings else widgets

    def _heading(self, location: str) -> str:
        media_type = self._described.media_type if self._described is not None else None
        if location == BODY and media_type is not None:
            return f"Body ({visible(media_type.name, keep='')})"
        return location.capitalize()

    @property
    def _fields(self) -> list[FieldRow]:
        return [field for field in self.query(FieldRow) if not isinstance(field, SettingRow)]

    def focus_again(self) -> None:
        """Give the focus to what had it last, or to the first box."""
        if self._focused is not None and self._focused.is_attached and self._focused.display:
            self.screen.set_focus(self._focused)
        else:
            self.focus_first()

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Remember what has the focus."""
        self._focused = event.widget

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
                if row.row.option in ROWS_BELOW.get(field.row.option, ()):
                    row.display = bool(word or row.word)
        self.post_message(self.Changed())

    def give_empty(self, widget: Widget | None) -> None:
        """Give an empty text for the input that has the focus, or none where that is given."""
        field = widget.parent if widget is not None else None
        if not isinstance(field, FieldRow) or isinstance(field, SettingRow) or field.word:
            self.app.notify("Choose an input in which nothing stands", severity="warning")
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
        """Give the focus to the first row whose option begins so."""
        found = [field for field in self._fields if field.row.option.startswith(beginning)]
        if found:
            found[0].focus_box()

    async def toggle_text(self) -> None:
        """Show the body as text, or as rows where rows can give it."""
        draft = self.draft
        if draft is None or draft.described.media_type is None:
            self.app.notify("This operation takes no body", severity="warning")
            return
        if self._text is None:
            try:
                self._text = body_text(draft)
            except UsageError as error:
                self.app.notify(f"{error.message}: {error.why}", severity="error", markup=False)
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
            parameters = {row.option: word for row, word in draft.given if row.location != BODY}
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

    async def fill_example(self) -> None:
        """Put an example into the boxes that are empty."""
        draft = self.draft
        if draft is None or self._described is None:
            return
        words, body = example_words(self._described)
        filled = replace(draft, words={**words, **self._words}, text=draft.text or body)
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
        """Show what is wrong."""
        shown = set()
        for field in self.query(FieldRow):
            errors = checked.settings if isinstance(field, SettingRow) else checked.errors
            field.mark(errors.get(field.row.option, ""))
            shown.add(errors.get(field.row.option, ""))
        wrong = {**checked.errors, **checked.settings}
        hidden = [f"{option}: {text}" for option, text in wrong.items() if text not in shown]
        summary = checked.summary or (hidden[0].removeprefix(": ") if hidden else "")
        state = self.query_one("#state", Static)
        state.set_class(not checked.is_right, "wrong")
        state.update(visible(summary, keep="") or ("Valid" if checked.is_right else "Not valid yet"))

    def show_line(self, line: str) -> None:
        """Show the command line."""
        self.query_one("#line", Static).update(f"$ {visible(line, keep='')}" if line else "")

    def show_about(self, env: Environment) -> None:
        """Show all that is known of the input that has the focus, else of the operation, and take a value for it."""
        draft, focused = self.draft, self.screen.focused
        if draft is None:
            self.app.notify("Choose an operation first", severity="warning")
            return
        field = focused.parent if focused is not None else None
        if not isinstance(field, FieldRow) or isinstance(field, SettingRow):
            self.app.push_screen(AboutDialog(*about_operation(draft.described)))
            return

        def take(word: str | None) -> None:
            if word is not None:
                field.fill(word)

        try:
            about = about_input(env, draft, field.row, field.facts)
        except DynacliError as error:  # such as a configuration that cannot be read
            self.app.notify(f"{error.message}: {error.why}", severity="error", markup=False)
        else:
            self.app.push_screen(AboutDialog(*about), take)

    def show_hint(self, widget: Widget | None) -> None:
        """Show what is known of the input that has the focus."""
        field = widget.parent if widget is not None else None
        hint = ""
        if isinstance(field, FieldRow):
            hint = f"{field.facts}\n{visible(field.row.description, keep='')}"
        self.query_one("#hint", Static).update(hint)


def _is_of_body(row: FormRow | MoreItems) -> bool:
    return isinstance(row, MoreItems) or row.location == BODY
