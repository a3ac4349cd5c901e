"""Changes YAML texts without touching the rest: comments, styles, and the order of keys stay.

The new value is compared with the text's value. Only members and items that differ are written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

from dynacli.text.yaml_text import yaml_of

_MAPPING = yaml.MappingNode
_SEQUENCE = yaml.SequenceNode


class YamlEditError(ValueError):
    """The text cannot be changed in this way; the message says why."""


def edited_yaml(text: str, old: Any, new: Any) -> str:
    """Return a YAML text with another value.

    Args:
        text: The text of an object.
        old: The value of the text.
        new: The value that the new text has.

    Raises:
        YamlEditError: The text is not an object, or has anchors at a location that changes.
    """
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, _MAPPING):
        raise YamlEditError("it is not an object")
    editor = _Editor(text)
    editor.change(root, old, new, -1)
    return editor.edited()


def with_line_comments(text: str, comments: Mapping[int, str]) -> str:
    """Return a text with comments at the ends of lines.

    Args:
        text: A YAML text.
        comments: Number of a line, from 1 → comment. Lines with a comment stay as they are.
    """
    lines = text.split("\n")
    for number, comment in comments.items():
        line = lines[number - 1]
        if "#" not in line:
            lines[number - 1] = f"{line}  # {comment}"
    return "\n".join(lines)


class _Editor:
    """Collects changes of a text.

    Args:
        text: The text.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._edits: list[tuple[int, int, str]] = []

    def edited(self) -> str:
        """Return the text with all changes."""
        pieces: list[str] = []
        at = 0
        for start, end, new in sorted(self._edits, key=lambda edit: edit[0]):  # stable: inner ones come first
            if start < at:
                raise YamlEditError("an anchor is used at a location that changes")
            pieces += [self._text[at:start], new]
            at = end
        return "".join([*pieces, self._text[at:]])

    def change(self, node: yaml.Node, old: Any, new: Any, indent: int) -> None:
        """Change a node.

        Args:
            node: The node.
            old: Its value.
            new: The value that it gets.
            indent: The column of the keys around the node; -1 for the root.
        """
        if isinstance(node, _MAPPING) and isinstance(new, Mapping) and (node.value or not new):
            self._change_mapping(node, old, new)
        elif isinstance(node, _SEQUENCE) and isinstance(new, list) and node.value and new:
            self._change_sequence(node, old, new)
        elif type(old) is not type(new) or old != new:
            self._replace(node, new, indent)

    def _change_mapping(self, node: yaml.MappingNode, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        pairs = {str(key.value): (key, member) for key, member in node.value}
        if not pairs:
            return  # both are empty
        removed = pairs.keys() - new.keys()
        if removed and (node.flow_style or len(removed) == len(pairs)):
            self._replace(node, new, 0)
            return
        column = node.value[0][0].start_mark.column
        for name, (key, member) in pairs.items():
            if name in new:
                self.change(member, old.get(name), new[name], column)
            else:
                self._edits.append((self._line_start(key.start_mark.index), self._after(member), ""))
        added = {name: member for name, member in new.items() if name not in pairs}
        if added and node.flow_style:
            end = node.end_mark.index - 1
            self._edits.append((end, end, f", {_flow(added)[1:-1]}"))
        elif added:
            self._insert(self._after(node.value[-1][1]), yaml_of(added), column)

    def _change_sequence(self, node: yaml.SequenceNode, old: list[Any], new: list[Any]) -> None:
        column = node.start_mark.column
        if len(new) >= len(old):
            for item, before, after in zip(node.value, old, new, strict=False):
                self.change(item, before, after, column)
            self._append(node, new[len(old) :])
            return
        kept = list(new)
        for item, before in zip(node.value, old, strict=True):
            if kept and before == kept[0]:
                kept.pop(0)
            elif node.flow_style:
                self._replace(node, new, column)
                return
            else:
                self._edits.append((self._line_start(item.start_mark.index), self._after(item), ""))
        self._append(node, kept)

    def _append(self, node: yaml.SequenceNode, items: list[Any]) -> None:
        if not items:
            return
        if node.flow_style:
            end = node.end_mark.index - 1
            self._edits.append((end, end, "".join(f", {_flow(item)}" for item in items)))
        else:
            self._insert(self._after(node.value[-1]), yaml_of(items), node.start_mark.column)

    def _insert(self, at: int, text: str, column: int) -> None:
        is_at_line_start = at == 0 or self._text[at - 1] == "\n"
        before = "" if is_at_line_start else "\n"
        lines = "".join(f"{' ' * column}{line}\n" for line in text.removesuffix("\n").split("\n"))
        self._edits.append((at, at, before + lines))

    def _replace(self, node: yaml.Node, value: Any, indent: int) -> None:
        start, end = node.start_mark.index, self._end(node)
        is_block = isinstance(node, _MAPPING | _SEQUENCE) and not node.flow_style
        if (
            isinstance(value, Mapping)
            and value
            and not is_block
            and indent >= 0
            and not self._is_in_flow(node)
        ):
            lines = yaml_of(value).removesuffix("\n").split("\n")
            new = "".join(f"\n{' ' * (indent + 2)}{line}" for line in lines)
            start = len(self._text[:start].rstrip(" "))
        else:
            new = _flow(value)
            if start and self._text[start - 1] not in " \n[{,":
                new = f" {new}"
        self._edits.append((start, end, new))

    def _is_in_flow(self, node: yaml.Node) -> bool:
        """Return whether a node may be inside of brackets, where a block is not allowed."""
        line = self._text[self._line_start(node.start_mark.index) : node.start_mark.index]
        return "{" in line or "[" in line

    def _end(self, node: yaml.Node) -> int:
        """Return the end of a node, without the comments after it."""
        if isinstance(node, _MAPPING | _SEQUENCE) and not node.flow_style and node.value:
            last = node.value[-1]
            return self._end(last[1] if isinstance(last, tuple) else last)
        end: int = node.end_mark.index
        return end

    def _after(self, node: yaml.Node) -> int:
        """Return the beginning of the line after a node."""
        end = self._end(node)
        if end and self._text[end - 1] == "\n":
            return end  # the content of a block scalar
        line_end = self._text.find("\n", end)
        return len(self._text) if line_end < 0 else line_end + 1

    def _line_start(self, at: int) -> int:
        return self._text.rfind("\n", 0, at) + 1


def _flow(value: Any) -> str:
    """Return a value on one line."""
    if isinstance(value, Mapping | list):
        return json.dumps(value, ensure_ascii=False)
    return yaml_of(value).strip()
