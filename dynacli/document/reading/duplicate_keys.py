"""Finds keys that are given twice in one object; of these the last one counts, as in most parsers.

RFC 8259, section 4: software differs in what it makes of them, so a person should know.
"""

import json
import re
from collections.abc import Iterable
from typing import Any

from dynacli.document.pointer import join

__all__ = ["Told", "in_json", "in_yaml"]

Told = tuple[str, str]
"""A sentence, and the JSON pointer of the place that it is about."""

_MOST = 1000

# A string and the colon behind it, which is a key; a colon in a string after an escaped quote is none.
_KEY = re.compile(rb'(?<!\\)"[ \t\r\n]*+:')
_SPACED = re.compile(rb'"[ \t\r\n]++:')
_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)


def in_json(content: bytes, keys: int) -> tuple[Told, ...]:
    """Return the keys that are given twice in a JSON text that could be read.

    orjson does not say. To find out that there are none, which is the rule, the keys in the text are counted.

    Args:
        keys: How many the objects have that were read from it.
    """
    # An escaped backslash can stand before the quote that ends a key. Strings can start with a colon.
    if b'\\\\"' not in content and _most_keys(content) == keys:
        return ()
    if _STRING.sub(b"", content).count(b":") == keys:
        return ()
    return _told(_pointers(json.loads(content, object_pairs_hook=_Pairs, parse_int=float)))


def _most_keys(content: bytes) -> int:
    """Return how many keys a JSON text may have, in which no quote comes after an escaped backslash."""
    if _SPACED.search(content):
        return sum(1 for _ in _KEY.finditer(content))
    return content.count(b'":') - content.count(b'\\":')  # the same, and many times as fast


class _Pairs(dict[str, Any]):
    """An object with the keys that it was given twice."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        seen: set[str] = set()
        self.twice: list[str] = []
        if len(self) == len(pairs):
            return
        for key, _ in pairs:
            if key in seen:
                self.twice.append(key)
            seen.add(key)


def _pointers(tree: Any) -> Iterable[tuple[str | int, ...]]:
    stack: list[tuple[Any, tuple[str | int, ...]]] = [(tree, ())]
    while stack:
        node, steps = stack.pop()
        if isinstance(node, _Pairs):
            yield from ((*steps, key) for key in dict.fromkeys(node.twice))
            stack.extend((value, (*steps, key)) for key, value in reversed(node.items()))
        elif isinstance(node, list):
            stack.extend((node[index], (*steps, index)) for index in reversed(range(len(node))))


def in_yaml(text: str) -> tuple[Told, ...]:
    """Return the keys that are given twice in a YAML text that could be read; it takes its time."""
    import yaml

    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        root = yaml.compose(text, Loader=loader)
    except yaml.YAMLError:  # yaml-rs read what PyYAML refuses
        return ()
    return _told(_node_pointers(root))


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


def _told(found: Iterable[tuple[str | int, ...]]) -> tuple[Told, ...]:
    told: dict[Told, None] = {}
    for steps in found:
        key = str(steps[-1])[:80]
        told[f"The key `{key}` is given twice in one place; the last one counts", join(steps)] = None
        if len(told) == _MOST:
            break
    return tuple(told)
