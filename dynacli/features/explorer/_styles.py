"""The style sheet of the explorer, its theme without colours, and the colours of methods and statuses."""

import dataclasses
from typing import Final

from textual.content import Content
from textual.theme import BUILTIN_THEMES

from dynacli.text.terminal import method_colour, status_colour, visible

_VARIABLES: Final = {
    "green": "$text-success",
    "cyan": "$text-primary",
    "yellow": "$text-warning",
    "red": "$text-error",
}
"""Colour → its variable in a theme."""
STYLE_SHEET: Final = """
Screen { layout: vertical; }
#title-bar { height: 1; padding: 0 1; }
#api { width: 1fr; text-style: bold; text-wrap: nowrap; text-overflow: ellipsis; }
#target { width: auto; max-width: 60%; margin-left: 2; text-wrap: nowrap; text-overflow: ellipsis; }
#panes { height: 1fr; }
.pane { border: round $foreground 40%; height: 100%; }
.pane:ansi { border: round ansi_bright_black; }
.pane:focus-within { border: heavy $border; }
#request, #response { width: 1fr; }
.wide #response { width: 50%; }
.pane.away { display: none; }
OperationList { height: 1fr; }
OperationList .list--group { text-style: bold; color: $foreground; }
OperationList .list--green { color: $text-success; }
OperationList .list--yellow { color: $text-warning; }
OperationList .list--red { color: $text-error; }
OperationList .list--deprecated { text-style: strike; }
OperationList .list--cursor { text-style: reverse; }
#title { height: auto; max-height: 2; text-style: bold; text-wrap: nowrap; text-overflow: ellipsis; }
#rows { height: 1fr; }
#body { height: 1fr; min-height: 6; border: none; }
#hint { height: auto; max-height: 3; color: $text-muted; }
#state { height: auto; max-height: 2; color: $text-success; }
#state.awaited { color: $text-muted; }
#state.wrong { color: $text-error; }
#line { height: auto; max-height: 2; text-style: bold; }
.heading { color: $text-primary; text-style: bold; height: 1; }
.field { height: 1; }
.field .name { height: 1; padding-right: 1; }
.field.long { layout: vertical; height: auto; }
.field.long .name { height: auto; }
.field.long Input, .field.long ChoiceBox { width: 100%; padding-left: 4; }
.group { height: 1; color: $text-muted; text-wrap: nowrap; text-overflow: ellipsis; }
.field Input, .field ChoiceBox { width: 1fr; }
.field:focus-within .name { text-style: reverse; }
.error { height: auto; color: $text-error; }
.wrong .name { color: $text-error; }
ChoiceBox { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
ChoiceBox:focus, ActionLine:focus { text-style: reverse; }
ActionLine { height: 1; text-wrap: nowrap; color: $text-primary; }
#tabs { layout: horizontal; height: 1; }
.tab { width: auto; padding-right: 1; }
.tab.chosen { text-style: reverse; }
#status { height: auto; max-height: 3; }
#made { text-wrap: nowrap; text-overflow: ellipsis; }
#made > .option-list--option-highlighted { color: $foreground; background: $background; text-style: reverse; }
#text, #made { height: 1fr; border: none; padding: 0; scrollbar-gutter: stable; }
#footer { layout: horizontal; padding: 0 1; }
.key { width: auto; padding-right: 2; }
ModalScreen { align: center middle; }
.dialog { width: 76; max-width: 96%; height: auto; max-height: 90%; border: round $border; padding: 0 1;
    background: $surface; }
.dialog OptionList { height: auto; max-height: 14; border: none; }
#about { height: auto; max-height: 14; }
#plan { height: auto; max-height: 66vh; }
.dialog .buttons { height: 1; margin-top: 1; }
.dialog Button { margin-right: 2; }
.dialog Button:focus { text-style: reverse; }
"""
PLAIN: Final = dataclasses.replace(
    BUILTIN_THEMES["ansi-dark"],
    name="plain",
    variables={
        **BUILTIN_THEMES["ansi-dark"].variables,
        "block-cursor-text-style": "reverse",
        "input-cursor-text-style": "reverse",
        "button-focus-text-style": "reverse",
    },
)
"""The theme without colours (no-color.org): the focus is in reverse video."""
ANSI_LIGHT: Final = dataclasses.replace(BUILTIN_THEMES["ansi-light"], warning="ansi_yellow")
"""The theme of textual, whose warnings have the colour of errors."""


def painted_method(method: str) -> Content:
    """Return a method in its colour."""
    return Content.styled(visible(method, keep=""), f"bold {_VARIABLES[method_colour(method)]}")


def painted_status(text: str) -> Content:
    """Return a text that begins with the status of a response in its colour."""
    return Content.styled(text, f"bold {_VARIABLES.get(status_colour(text), '')}")
