"""Keys that an object has twice: the last counts, as in most parsers, and a person is warned.

RFC 8259, section 4: programs differ in what they make of such keys.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from dynacli.document.pointer import join
from dynacli.document.reading.yaml_nodes import compose_nodes

__all__ = ["KeyWarning", "json_duplicates", "yaml_duplicates"]

KeyWarning = tuple[str, str]
"""A sentence, and the JSON pointer of the key that it is about."""

_MAX_WARNINGS = 1000

# The end of a key: a quote and the colon after it. After an escaped quote within a string, a colon ends no key.
_KEY = re.compile(rb'(?<!\\)"[ \t\r\n]*+:')
_SPACED = re.compile(rb'"[ \t\r\n]++:')
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)


def json_duplicates(content: bytes, keys: int) -> tuple[KeyWarning, ...]:
    """Return a warning for each key that an object of a valid JSON text has twice.

    orjson does not report them. Counting the keys of the text shows quickly that there are none, as is the rule.

    Args:
        keys: How many keys the objects have that were parsed from it.
    """
    # The quick count is wrong where an escaped backslash ends a key, or a string starts with a colon.
    if b'\\\\"' not in content and _most_keys(content) == keys:
        return ()
    if _STRING.sub(b"", content).count(b":") == keys:
        return ()
    return _warnings(_pointers(json.loads(content, object_pairs_hook=_ParsedObject, parse_int=float)))


def _most_keys(content: bytes) -> int:
    """Return the most keys that a JSON text can have, given that no escaped backslash is before a quote."""
    if _SPACED.search(content):
        return sum(1 for _ in _KEY.finditer(content))
    return content.count(b'":') - content.count(b'\\":')  # the same count, many times as fast


class _ParsedObject(dict[str, Any]):
    """An object that knows which of its keys were given twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        self.twice: list[str] = []
        seen: set[str] = set()
        for key, _ in pairs if len(self) < len(pairs) else ():
            if key in seen:
                self.twice.append(key)
            seen.add(key)


def _pointers(tree: Any) -> Iterable[tuple[str | int, ...]]:
    stack: list[tuple[Any, tuple[str | int, ...]]] = [(tree, ())]
    while stack:
        node, steps = stack.pop()
        if isinstance(node, _ParsedObject):
            yield from ((*steps, key) for key in dict.fromkeys(node.twice))
            stack.extend((value, (*steps, key)) for key, value in reversed(node.items()))
        elif isinstance(node, list):
            stack.extend((node[index], (*steps, index)) for index in reversed(range(len(node))))


def yaml_duplicates(text: str) -> tuple[KeyWarning, ...]:
    """Return a warning for each key that an object of a valid YAML text has twice.

    This parses the text again with PyYAML, which is slow.
    """
    return _warnings(_node_pointers(compose_nodes(text)))


def _node_pointers(root: Any) -> Iterable[tuple[str | int, ...]]:
    import yaml

    stack: list[tuple[Any, tuple[str | int, ...]]] = [(root, ())]
    seen: set[int] = set()
    while stack:
        node, steps = stack.pop()
        if id(node) in seen:  # an alias
            continue
        seen.add(id(node))
        below: list[tuple[Any, tuple[str | int, ...]]] = []
        if isinstance(node, yaml.MappingNode):
            keys: set[str] = set()
            for key, value in node.value:
                word = str(key.value)
                if word in keys:
                    yield (*steps, word)
                keys.add(word)
                below.append((value, (*steps, word)))
        elif isinstance(node, yaml.SequenceNode):
            below.extend((item, (*steps, index)) for index, item in enumerate(node.value))
        stack.extend(reversed(below))


def _warnings(keys: Iterable[tuple[str | int, ...]]) -> tuple[KeyWarning, ...]:
    warnings: dict[KeyWarning, None] = {}
    for steps in keys:
        key = str(steps[-1])[:80]
        warnings[f"The key `{key}` is given twice in one place; the last one counts", join(steps)] = None
        if len(warnings) == _MAX_WARNINGS:
            break
    return tuple(warnings)
