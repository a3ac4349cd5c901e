"""How the explorer looks: textual's style sheet, and the theme without colours."""

from dataclasses import replace
from typing import Final

from textual.theme import BUILTIN_THEMES

__all__ = ["PLAIN", "STYLE"]

STYLE: Final = """
Screen { layout: vertical; }
#head { height: 1; text-style: bold; padding: 0 1; }
#panes { height: 1fr; }
.pane { border: round $foreground 40%; height: 100%; }
.pane:ansi { border: round ansi_bright_black; }
.pane:focus-within { border: heavy $border; }
#operations { width: 34; }
#operations:focus-within { width: 46; }
#request { width: 1fr; }
#answer { width: 1fr; }
.narrow #operations { width: 30; }
.narrow #operations:focus-within { width: 46; }
.narrow #answer { display: none; }
.narrow.at-answer #operations, .narrow.at-answer #request { display: none; }
.narrow.at-answer #answer { display: block; }
.tiny #operations, .tiny #operations:focus-within { width: 100%; }
.tiny #request, .tiny.at-request #operations { display: none; }
.tiny.at-request #request { display: block; }
#search { margin-bottom: 0; }
OperationList { height: 1fr; }
OperationList .list--group { text-style: bold; color: $foreground; }
OperationList .list--method { color: $text-primary; }
OperationList .list--deprecated { text-style: strike; }
OperationList .list--cursor { text-style: reverse; }
#title { height: auto; max-height: 2; text-style: bold; text-wrap: nowrap; text-overflow: ellipsis; }
#rows { height: 1fr; }
#body { height: 1fr; min-height: 6; border: none; }
#hint { height: auto; max-height: 3; color: $text-muted; }
#state { height: auto; max-height: 2; color: $success; }
#state.wrong { color: $error; }
#line { height: auto; max-height: 2; text-style: bold; }
.heading { color: $text-primary; text-style: bold; height: 1; }
.field { height: 1; }
.field .name { width: 40%; max-width: 30; height: 1; padding-right: 1; text-wrap: nowrap; text-overflow: ellipsis; }
.field Input, .field ChoiceBox { width: 1fr; }
.field:focus-within .name { text-style: reverse; }
.error { height: auto; color: $error; }
.wrong .name { color: $error; }
ChoiceBox { height: 1; text-wrap: nowrap; text-overflow: ellipsis; }
ChoiceBox:focus, ActionLine:focus { text-style: reverse; }
ActionLine { height: 1; text-wrap: nowrap; color: $text-primary; }
#tabs { layout: horizontal; height: 1; }
.tab { width: auto; padding-right: 1; }
.tab.chosen { text-style: reverse; }
#status { height: auto; max-height: 3; text-style: bold; }
#text, #made { height: 1fr; border: none; padding: 0; scrollbar-gutter: stable; }
ModalScreen { align: center middle; }
.dialog { width: 76; max-width: 96%; height: auto; max-height: 90%; border: round $border; padding: 0 1;
    background: $surface; }
.dialog OptionList { height: auto; max-height: 14; border: none; }
#about { height: auto; max-height: 14; }
.dialog .buttons { height: 1; margin-top: 1; }
.dialog Button { margin-right: 2; }
.dialog Button:focus { text-style: reverse; }
"""

PLAIN: Final = replace(
    BUILTIN_THEMES["ansi-dark"],
    name="plain",
    variables={
        **BUILTIN_THEMES["ansi-dark"].variables,
        "block-cursor-text-style": "reverse",
        "input-cursor-text-style": "reverse",
        "button-focus-text-style": "reverse",
    },
)
"""The theme without colours (no-color.org): what has the focus is reversed."""
