"""Comparing two responses as JSON values. Each difference has a JSON pointer.

Lists of objects are aligned by an identifying field, and lists of unique strings by value. Other lists are aligned by
position, between equal items. Numbers are equal if their values are, and `true` is not 1.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dynacli.errors import FormatError, UsageError
from dynacli.openapi.document.json_trees import MISSING, is_same_json, join, split
from dynacli.openapi.model.field_names import identifying_fields
from dynacli.openapi.model.wording import counted
from dynacli.record import record
from dynacli.secrets import MASK
from dynacli.text.exact_json import compact_json
from dynacli.text.json_text import reindent
from dynacli.text.terminal import Painter, visible
from dynacli.text.wrapping import shortened

Step = str | int
ValueSteps = tuple[Step, ...]
_Indexes = dict[str | int, int]
_PARTS = ("status", "headers", "body")
_ANY = "*"
_PLAIN = frozenset({str, int, float})
TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[-+]\d\d:?\d\d)?", re.ASCII)
"""A date with a time (RFC 3339, section 5.6). Servers often omit the offset."""
_ORIGIN = re.compile(r"https?://[^/?#\s\"]+")
_MOST_LISTS = 4
"""Maximum nesting of lists in which equal items are searched, because each level serializes everything inside."""
_MOST_LINES = 20
"""Maximum number of lines shown of a value."""
_LONGEST_ITEM = 100
"""Maximum length of the text that identifies an item, because it is repeated at each difference in the item."""
_MOST_STEPS = 64 * 1024 * 1024
"""Maximum total length of all pointers, because each pointer repeats the names above it."""


@record
class ComparedResponse:
    """A response to be compared.

    Args:
        status: Status code.
        headers: Name → value of the compared headers.
        body: JSON value of the body, or its text; `MISSING` if there is none.
    """

    status: int
    headers: Mapping[str, str]
    body: Any = MISSING


class Difference(NamedTuple):
    """A difference between two responses.

    Args:
        steps: Path to it: `status`, `headers` and a name, or `body` and the steps inside the body. The index of an
            aligned item is from the left list, or from the right one if only that has the item.
        kind: `added`, `removed` or `changed`.
        left: Value on the left; None if there is none.
        right: Value on the right; None if there is none.
        item: Text that identifies the innermost item around it, such as `id: 7`; empty for none.
    """

    steps: ValueSteps
    kind: str
    left: Any
    right: Any
    item: str = ""

    @property
    def pointer(self) -> str:
        """JSON pointer to the difference (RFC 6901)."""
        return join(self.steps)

    @property
    def place(self) -> str:
        """Pointer with `*` for each index: `/body/rows/*/id`."""
        return join("*" if isinstance(step, int) else step for step in self.steps)

    def as_json(self) -> dict[str, Any]:
        """Return the difference for `diff -o json`."""
        return {"pointer": self.pointer, "kind": self.kind, "left": self.left, "right": self.right}


class ResponseComparison(NamedTuple):
    """The result of a comparison.

    Args:
        differences: Differences in the order of the left response.
        left_out: Number of differences that do not count, because their values change with every call.
        masked: Number of values that could not be compared, because they have a masked secret.
    """

    differences: list[Difference]
    left_out: int = 0
    masked: int = 0


@record
class ComparisonRules:
    """The user's rules for a comparison.

    Args:
        ignored: Steps to parts that are not compared; `*` matches any step.
        all_values: True to compare also values that change with every response.
        order_counts: True if the order of items matters, even if they have ids.
        identity: The steps to the list of the response, and the field that identifies its items by the document.
    """

    ignored: tuple[tuple[str, ...], ...] = ()
    all_values: bool = False
    order_counts: bool = False
    identity: tuple[ValueSteps, str] = ((), "")

    def ignores(self, steps: ValueSteps) -> bool:
        """Return whether a part is not compared."""
        return any(_is_below(steps, part) for part in self.ignored)


def compare_responses(
    left: ComparedResponse,
    right: ComparedResponse,
    *,
    rules: ComparisonRules,
    is_changing: Callable[[Difference], bool],
    is_masked: bool = False,
) -> ResponseComparison:
    """Return the differences between two responses.

    Args:
        is_changing: Returns whether a difference is in a value that changes with every response.
        is_masked: True if secrets in the right response were masked when it was stored.

    Raises:
        FormatError: The pointers to the differences would need too much memory.
    """
    found: list[Difference] = []
    left_out = masked = size = 0
    sides = [
        {
            "status": compared_response.status,
            "headers": compared_response.headers,
            "body": compared_response.body,
        }
        for compared_response in (left, right)
    ]
    for difference in _differences(*sides, rules=rules):
        if rules.ignores(difference.steps):
            continue
        if is_masked and isinstance(difference.right, str) and MASK in difference.right:
            masked += 1
        elif not rules.all_values and is_changing(difference):
            left_out += 1
        else:
            found.append(difference)
            size += sum(len(step) for step in difference.steps if isinstance(step, str))
        if size > _MOST_STEPS:
            raise FormatError(
                "The responses cannot be compared",
                reason="The list of differences is too long",
                hint="Leave out a part of the responses: `--ignore POINTER`",
            )
    return ResponseComparison(found, left_out, masked)


def _is_below(steps: ValueSteps, part: tuple[str, ...]) -> bool:
    """Return whether steps lead to a location or into it. Names of headers ignore case."""
    if len(steps) < len(part):
        return False
    pairs = [(str(step), wanted) for step, wanted in zip(steps, part, strict=False)]
    if steps[0] == "headers":
        pairs = [(step.lower(), wanted.lower()) for step, wanted in pairs]
    return all(wanted in (_ANY, step) for step, wanted in pairs)


class _Pair(NamedTuple):
    """Two values at the same location."""

    steps: ValueSteps
    left: Any
    right: Any
    item: str


def _differences(left: Any, right: Any, *, rules: ComparisonRules) -> Iterator[Difference]:
    """Yield the differences between two JSON values, without recursion."""
    waiting = [_Pair((), left, right, "")]
    while waiting:
        pair = waiting.pop()
        steps, left, right, item = pair
        if isinstance(left, dict) and isinstance(right, dict):
            waiting += reversed(list(_member_pairs(pair)))
        elif isinstance(left, list) and isinstance(right, list):
            waiting += reversed(list(_item_pairs(pair, rules)))
        elif left is MISSING:
            if right is not MISSING:
                yield Difference(steps, "added", None, right, item)
        elif right is MISSING:
            yield Difference(steps, "removed", left, None, item)
        elif not is_same_json(left, right):
            yield Difference(steps, "changed", left, right, item)


def _member_pairs(pair: _Pair) -> Iterator[_Pair]:
    """Yield the pairs of members of two objects, without members that are clearly equal."""
    steps, left, right, item = pair
    for name, member in left.items():
        other = right.get(name, MISSING)
        # A shortcut for most members of long lists.
        if member is other or (type(member) in _PLAIN and type(member) is type(other) and member == other):
            continue
        yield _Pair((*steps, name), member, other, item)
    for name, other in right.items():
        if name not in left:
            yield _Pair((*steps, name), MISSING, other, item)


def _item_pairs(pair: _Pair, rules: ComparisonRules) -> Iterator[_Pair]:
    """Yield the pairs of items of two lists, aligned by an identifying field, by value or by position."""
    steps, left, right, item = pair
    listed, own = rules.identity
    identified = _identified(left, right, own if own and steps == listed else "")
    if identified is not None and rules.order_counts:
        _, indexes, other_indexes = identified
        if [value for value in indexes if value in other_indexes] != [
            value for value in other_indexes if value in indexes
        ]:
            identified = None
    if identified is None:
        if not rules.order_counts and _are_strings(left) and _are_strings(right):
            aligned = _by_value(left, right)
        else:
            is_shallow = sum(isinstance(step, int) for step in steps) < _MOST_LISTS
            aligned = _by_position(left, right, _anchors(_keys(left), _keys(right)) if is_shallow else [])
        for index, member, other in aligned:
            if not (type(member) in _PLAIN and type(member) is type(other) and member == other):
                yield _Pair((*steps, index), member, other, item)
        return
    field, indexes, other_indexes = identified
    for value, index in indexes.items():
        other_index = other_indexes.pop(value, None)
        other = MISSING if other_index is None else right[other_index]
        yield _Pair((*steps, index), left[index], other, _item_text(field, left[index]))
    for other_index in other_indexes.values():
        yield _Pair((*steps, other_index), MISSING, right[other_index], _item_text(field, right[other_index]))


def _item_text(field: str, item: Mapping[str, Any]) -> str:
    return shortened(f"{field}: {item[field]}"[: 10 * _LONGEST_ITEM], _LONGEST_ITEM)


def _identified(left: list[Any], right: list[Any], own: str) -> tuple[str, _Indexes, _Indexes] | None:
    """Return the identifying field of the items in two lists, and the indexes of its values; None if there is none.

    The field of the document is preferred, then a field with an identifying name. Otherwise it is the field with the
    most values in both lists, if these are more than half.

    Args:
        own: The field that identifies the items by the document; empty if unknown.
    """
    if not left or not right or not all(isinstance(item, dict) for item in (*left, *right)):
        return None
    named, best, most = [own, *identifying_fields(left[0])], None, min(len(left), len(right)) / 2
    for field in dict.fromkeys((*named, *left[0])):
        found = field, _indexes_by(field, left), _indexes_by(field, right)
        if not (found[1] and found[2]):
            continue
        if field in named:
            return found
        shared = len(found[1].keys() & found[2].keys())
        if shared > most and len(left[0]) > 1:
            best, most = found, shared
    return best


def _indexes_by(field: str, items: list[dict[str, Any]]) -> _Indexes:
    """Return value of a field → index of its item; empty if a value is repeated, or not a string or an integer.

    The origin of URLs is removed, because each server writes its own.
    """
    indexes: _Indexes = {}
    for index, item in enumerate(items):
        value = item.get(field)
        if type(value) is not int:
            if not isinstance(value, str):
                return {}
            value = _ORIGIN.sub("", value)
        indexes[value] = index
    return indexes if len(indexes) == len(items) else {}


def _are_strings(items: list[Any]) -> bool:
    """Return whether all items are strings without repetition."""
    return all(isinstance(item, str) for item in items) and len(set(items)) == len(items)


def _by_value(left: list[str], right: list[str]) -> Iterator[tuple[int, Any, Any]]:
    """Yield index, left and right string for those in only one of two lists; `MISSING` if one side has none."""
    only_left, only_right = ({*texts}.difference(others) for texts, others in ((left, right), (right, left)))
    for index in range(max(len(left), len(right))):
        text = left[index] if index < len(left) and left[index] in only_left else MISSING
        other = right[index] if index < len(right) and right[index] in only_right else MISSING
        if text is not other:
            yield index, text, other


def _by_position(
    left: list[Any], right: list[Any], anchors: list[tuple[int, int]]
) -> Iterator[tuple[int, Any, Any]]:
    """Yield index, left and right item for two lists; `MISSING` if one side has none.

    If most items of one list are also in the other, in the same order, they are kept together (a patience diff). Then
    a new item does not shift all later ones. Items between them are aligned by position.

    Args:
        anchors: Indexes of the items that can be kept together.
    """
    if 2 * len(anchors) <= min(len(left), len(right)):
        anchors = []
    begin = other_begin = 0
    for end, other_end in (*anchors, (len(left), len(right))):
        for offset in range(max(end - begin, other_end - other_begin)):
            index, other_index = begin + offset, other_begin + offset
            if index < end:
                yield index, left[index], right[other_index] if other_index < other_end else MISSING
            else:
                yield other_index, MISSING, right[other_index]
        if end < len(left):
            yield end, left[end], right[other_end]
        begin, other_begin = end + 1, other_end + 1


def _keys(items: list[Any]) -> Sequence[Hashable]:
    """Return a key for each item. Keys are equal if items differ only by times and by URLs of their server."""
    if all(type(item) in _PLAIN for item in items):
        return items
    try:
        return [_ORIGIN.sub("", TIME.sub("", compact_json(item))) for item in items]
    except (RecursionError, ValueError):
        return []  # nested too deeply, or a number that JSON cannot represent


def _anchors(left: Sequence[Hashable], right: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Return the indexes of the longest sequence of values that occur once in both lists, in the same order."""
    counts, other_counts = Counter(left), Counter(right)
    indexes = {value: index for index, value in enumerate(right) if other_counts[value] == 1}
    pairs = [
        (index, indexes[value]) for index, value in enumerate(left) if counts[value] == 1 and value in indexes
    ]
    # The last pair of the best sequence of each length, and the predecessor of each pair.
    lowest, ends, before = list[int](), list[int](), list[int]()
    for number, (_, other_index) in enumerate(pairs):
        length = bisect_left(lowest, other_index)
        lowest[length : length + 1] = [other_index]
        ends[length : length + 1] = [number]
        before.append(ends[length - 1] if length else -1)
    found, number = list[tuple[int, int]](), ends[-1] if ends else -1
    while number >= 0:
        found.append(pairs[number])
        number = before[number]
    return found[::-1]


def ignored_place(pointer: str) -> tuple[str, ...]:
    """Return the steps of a pointer to a part that is not compared.

    Args:
        pointer: A JSON pointer (RFC 6901), in which `*` matches any step.

    Raises:
        UsageError: The pointer does not start with a part of a response.
    """
    steps = split(pointer) if pointer.startswith("/") else ()
    if not steps or steps[0] not in _PARTS:
        raise UsageError(
            f"`{pointer}` is an invalid value for `--ignore`",
            reason="Expected a JSON pointer that starts with `/status`, `/headers/` or `/body`",
            hint="For example: `--ignore '/body/*/updated'`, where `*` matches any step",
        )
    return steps


def left_out_note(count: int) -> str:
    """Return the note on differences that do not count.

    Args:
        count: Number of these differences.
    """
    kinds = "dates, request ids, tokens, or URLs of each server"
    return f"Not compared: {counted(count, 'value')}: {kinds} (`--all-values` compares them)"


def difference_lines(
    left: str, right: str, differences: Iterable[Difference], paint: Painter, most: int = _MOST_LINES
) -> Iterator[str]:
    """Yield the lines of a text with the differences, in the style of a unified diff.

    Args:
        left: Name of the left response, for the first line.
        right: Name of the right response.
        most: Maximum number of lines of a value; 0 for no limit.
    """
    yield paint.bold(f"--- {visible(left, keep='')}")
    yield paint.bold(f"+++ {visible(right, keep='')}")
    for difference, count in _once(differences):
        item = f" {difference.item}" if difference.item else ""
        more = f" (and {count:,} more with the same values at {difference.place})" if count else ""
        yield paint.cyan(visible(f"@@ {difference.pointer} @@{item}{more}", keep=""))
        if difference.kind != "added":
            yield from (paint.red(f"-{line}") for line in _value_lines(difference.left, most))
        if difference.kind != "removed":
            yield from (paint.green(f"+{line}") for line in _value_lines(difference.right, most))


def _once(differences: Iterable[Difference]) -> Iterator[tuple[Difference, int]]:
    """Yield each difference with the number of further ones that have the same values in items of the same list."""
    found: dict[str, list[Difference]] = {}
    for difference in differences:
        key = compact_json([difference.place, difference.kind, difference.left, difference.right])
        found.setdefault(key, []).append(difference)
    for first, *others in found.values():
        yield first, len(others)


def _value_lines(value: Any, most: int) -> list[str]:
    """Return the lines of a value, shortened if there are many."""
    text = value if isinstance(value, str) and "\n" in value else reindent(compact_json(value))
    lines = [visible(line, keep="\t") for line in text.splitlines()]
    if most and len(lines) > most + 1:
        more = len(lines) - most
        lines[most:] = [f"... {more:,} more lines (`-o json` has them)"]
    return lines
