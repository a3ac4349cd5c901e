"""What differs between two responses, as JSON values: each difference has its JSON pointer.

Lists of objects are aligned by the field that identifies their items, and lists of different texts by value. All other
lists are aligned by position, from one equal item to the next. Numbers are equal if their values are, and `true` does
not equal 1.
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
_Places = dict[str | int, int]
_PARTS = ("status", "headers", "body")
_ANY = "*"
_PLAIN = frozenset({str, int, float})
TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[-+]\d\d:?\d\d)?", re.ASCII)
"""A date with a time (RFC 3339, section 5.6); servers often leave out the offset."""
_ORIGIN = re.compile(r"https?://[^/?#\s\"]+")
_MOST_LISTS = 4
"""Lists around a list, up to which its equal items are looked for: each level means to write all that is below."""
_MOST_LINES = 20
"""Lines of a value that text shows."""
_LONGEST_ITEM = 100
"""Characters of what identifies an item: it stands at each difference in the item."""
_MOST_STEPS = 64 * 1024 * 1024
"""Characters of all pointers: a long name stands in the pointer to each difference below it."""


@record
class ComparedResponse:
    """A response, as it is compared.

    Args:
        status: The status code.
        headers: Name → value of the headers that count.
        body: The JSON value of the body, or its text; `MISSING` if there is none.
    """

    status: int
    headers: Mapping[str, str]
    body: Any = MISSING


class Difference(NamedTuple):
    """A place where two responses differ.

    Args:
        steps: The steps to it: `status`, `headers` and a name, or `body` and those within the body. Of an item that is
            aligned the index is that of the left list, or of the right one if the left one does not have it.
        kind: `added`, `removed` or `changed`.
        left: The value on the left; None if there is none.
        right: The value on the right; None if there is none.
        item: What identifies the innermost item that it belongs to, such as `id: 7`; empty for none.
    """

    steps: ValueSteps
    kind: str
    left: Any
    right: Any
    item: str = ""

    @property
    def pointer(self) -> str:
        """The JSON pointer to the place (RFC 6901)."""
        return join(self.steps)

    @property
    def place(self) -> str:
        """The pointer to the same place in all items of its lists: `/body/rows/*/id`."""
        return join("*" if isinstance(step, int) else step for step in self.steps)

    def as_json(self) -> dict[str, Any]:
        """Return the difference as `diff -o json` has it."""
        return {"pointer": self.pointer, "kind": self.kind, "left": self.left, "right": self.right}


class ResponseComparison(NamedTuple):
    """What a comparison found.

    Args:
        differences: In the order of the left response.
        left_out: How many differences are in values that change with every call, and do not count.
        masked: How many values could not be compared, because a secret is masked in them.
    """

    differences: list[Difference]
    left_out: int = 0
    masked: int = 0


@record
class ComparisonRules:
    """What a person says of comparing.

    Args:
        ignored: The steps to places that are not compared, with all below them; `*` stands for any step.
        all_values: Whether values are compared, too, that change with every response.
        order_counts: Whether items in another order are a difference, whatever identifies them.
    """

    ignored: tuple[tuple[str, ...], ...] = ()
    all_values: bool = False
    order_counts: bool = False

    def ignores(self, steps: ValueSteps) -> bool:
        """Return whether a place is not compared."""
        return any(_is_below(steps, place) for place in self.ignored)


def compare_responses(
    left: ComparedResponse,
    right: ComparedResponse,
    *,
    rules: ComparisonRules,
    is_changing: Callable[[Difference], bool],
    is_masked: bool = False,
) -> ResponseComparison:
    """Return what differs between two responses.

    Args:
        is_changing: Whether a difference is in a value that changes with every response.
        is_masked: Whether the right one had its secrets masked when it was stored.

    Raises:
        FormatError: The pointers to the differences take too much memory.
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
    for difference in _differences(*sides, order_counts=rules.order_counts):
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
                reason="There are too many differences below members with long names",
                hint="`--ignore POINTER` leaves out a place",
            )
    return ResponseComparison(found, left_out, masked)


def _is_below(steps: ValueSteps, place: tuple[str, ...]) -> bool:
    """Return whether steps lead to a place, or into it; the names of headers are equal in any case."""
    if len(steps) < len(place):
        return False
    pairs = [(str(step), wanted) for step, wanted in zip(steps, place, strict=False)]
    if steps[0] == "headers":
        pairs = [(step.lower(), wanted.lower()) for step, wanted in pairs]
    return all(wanted in (_ANY, step) for step, wanted in pairs)


class _Pair(NamedTuple):
    """Two values that stand in the same place."""

    steps: ValueSteps
    left: Any
    right: Any
    item: str


def _differences(left: Any, right: Any, *, order_counts: bool) -> Iterator[Difference]:
    """Yield the differences of two JSON values, whatever their depth is."""
    waiting = [_Pair((), left, right, "")]
    while waiting:
        pair = waiting.pop()
        steps, left, right, item = pair
        if isinstance(left, dict) and isinstance(right, dict):
            waiting += reversed(list(_member_pairs(pair)))
        elif isinstance(left, list) and isinstance(right, list):
            waiting += reversed(list(_item_pairs(pair, order_counts=order_counts)))
        elif left is MISSING:
            if right is not MISSING:
                yield Difference(steps, "added", None, right, item)
        elif right is MISSING:
            yield Difference(steps, "removed", left, None, item)
        elif not is_same_json(left, right):
            yield Difference(steps, "changed", left, right, item)


def _member_pairs(pair: _Pair) -> Iterator[_Pair]:
    """Yield the pairs of the members of two objects, without those that are surely equal."""
    steps, left, right, item = pair
    for name, member in left.items():
        other = right.get(name, MISSING)
        # Most members of long lists end here, so nothing is made for them.
        if member is other or (type(member) in _PLAIN and type(member) is type(other) and member == other):
            continue
        yield _Pair((*steps, name), member, other, item)
    for name, other in right.items():
        if name not in left:
            yield _Pair((*steps, name), MISSING, other, item)


def _item_pairs(pair: _Pair, *, order_counts: bool) -> Iterator[_Pair]:
    """Yield the pairs of the items of two lists, aligned by what identifies them, else by position."""
    steps, left, right, item = pair
    identified = _identified(left, right)
    if identified is not None and order_counts:
        _, places, others = identified
        if [value for value in places if value in others] != [value for value in others if value in places]:
            identified = None
    if identified is None:
        if not order_counts and _are_texts(left) and _are_texts(right):
            aligned = _by_value(left, right)
        else:
            is_shallow = sum(isinstance(step, int) for step in steps) < _MOST_LISTS
            aligned = _by_position(left, right, _anchors(_keys(left), _keys(right)) if is_shallow else [])
        for index, member, other in aligned:
            if not (type(member) in _PLAIN and type(member) is type(other) and member == other):
                yield _Pair((*steps, index), member, other, item)
        return
    field, places, other_places = identified
    for value, index in places.items():
        place = other_places.pop(value, None)
        other = MISSING if place is None else right[place]
        yield _Pair((*steps, index), left[index], other, _item_text(field, left[index]))
    for place in other_places.values():
        yield _Pair((*steps, place), MISSING, right[place], _item_text(field, right[place]))


def _item_text(field: str, item: Mapping[str, Any]) -> str:
    return shortened(f"{field}: {item[field]}"[: 10 * _LONGEST_ITEM], _LONGEST_ITEM)


def _identified(left: list[Any], right: list[Any]) -> tuple[str, _Places, _Places] | None:
    """Return the field that tells each item of two lists from the others of its list, and where its values are.

    It is one whose name says so, else the one of whose values the most are in both lists, if that is most of them.
    """
    if not left or not right or not all(isinstance(item, dict) for item in (*left, *right)):
        return None
    named, best, most = identifying_fields(left[0]), None, min(len(left), len(right)) / 2
    for field in dict.fromkeys((*named, *left[0])):
        found = field, _places_by(field, left), _places_by(field, right)
        if not (found[1] and found[2]):
            continue
        if field in named:
            return found
        shared = len(found[1].keys() & found[2].keys())
        if shared > most and len(left[0]) > 1:
            best, most = found, shared
    return best


def _places_by(field: str, items: list[dict[str, Any]]) -> _Places:
    """Return the value of a field → the index of its item; empty if one item has no text or integer, or has it twice.

    The origin of a URL does not count: each server writes its own.
    """
    places: _Places = {}
    for index, item in enumerate(items):
        value = item.get(field)
        if type(value) is not int:
            if not isinstance(value, str):
                return {}
            value = _ORIGIN.sub("", value)
        places[value] = index
    return places if len(places) == len(items) else {}


def _are_texts(items: list[Any]) -> bool:
    """Return whether all items are texts, and none of them is repeated."""
    return all(isinstance(item, str) for item in items) and len(set(items)) == len(items)


def _by_value(left: list[str], right: list[str]) -> Iterator[tuple[int, Any, Any]]:
    """Yield the index and the texts that only one of two lists has, `MISSING` for one without another in its place."""
    only_left, only_right = ({*texts}.difference(others) for texts, others in ((left, right), (right, left)))
    for index in range(max(len(left), len(right))):
        text = left[index] if index < len(left) and left[index] in only_left else MISSING
        other = right[index] if index < len(right) and right[index] in only_right else MISSING
        if text is not other:
            yield index, text, other


def _by_position(
    left: list[Any], right: list[Any], anchors: list[tuple[int, int]]
) -> Iterator[tuple[int, Any, Any]]:
    """Yield the index and the items of two lists that are compared with each other, `MISSING` for one without another.

    If most items of a list are in the other one, too, and in the same order, these stay together (a patience diff),
    so that a new item does not make those after it differ. Between them, items are aligned by position.

    Args:
        anchors: The indexes of the items that could stay together.
    """
    if 2 * len(anchors) <= min(len(left), len(right)):
        anchors = []
    begin = other_begin = 0
    for end, other_end in (*anchors, (len(left), len(right))):
        for offset in range(max(end - begin, other_end - other_begin)):
            index, place = begin + offset, other_begin + offset
            if index < end:
                yield index, left[index], right[place] if place < other_end else MISSING
            else:
                yield place, MISSING, right[place]
        if end < len(left):
            yield end, left[end], right[other_end]
        begin, other_begin = end + 1, other_end + 1


def _keys(items: list[Any]) -> Sequence[Hashable]:
    """Return for each item a value that equal items share, and those that differ only by times and by their server."""
    if all(type(item) in _PLAIN for item in items):
        return items
    try:
        return [_ORIGIN.sub("", TIME.sub("", compact_json(item))) for item in items]
    except (RecursionError, ValueError):
        return []  # they are nested too deeply, or have a number that JSON does not have


def _anchors(left: Sequence[Hashable], right: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Return the indexes of the longest series of values that both lists have once and in the same order."""
    counts, other_counts = Counter(left), Counter(right)
    places = {value: index for index, value in enumerate(right) if other_counts[value] == 1}
    pairs = [
        (index, places[value]) for index, value in enumerate(left) if counts[value] == 1 and value in places
    ]
    # The pair that ends the best series of each length, and the one before each pair.
    lowest, ends, before = list[int](), list[int](), list[int]()
    for number, (_, place) in enumerate(pairs):
        length = bisect_left(lowest, place)
        lowest[length : length + 1] = [place]
        ends[length : length + 1] = [number]
        before.append(ends[length - 1] if length else -1)
    found, number = list[tuple[int, int]](), ends[-1] if ends else -1
    while number >= 0:
        found.append(pairs[number])
        number = before[number]
    return found[::-1]


def ignored_place(pointer: str) -> tuple[str, ...]:
    """Return the steps of a pointer to a place that is not compared.

    Args:
        pointer: A JSON pointer (RFC 6901), in which `*` stands for any step.

    Raises:
        UsageError: It leads to no part of a response.
    """
    steps = split(pointer) if pointer.startswith("/") else ()
    if not steps or steps[0] not in _PARTS:
        raise UsageError(
            f"`{pointer}` is an invalid value for `--ignore`",
            reason="Expected a JSON pointer that begins with `/status`, `/headers/` or `/body`",
            hint="For example: `--ignore '/body/*/updated'`, where `*` stands for any step",
        )
    return steps


def left_out_note(count: int) -> str:
    """Return the sentence about differences that do not count.

    Args:
        count: How many there are.
    """
    kinds = "dates, request ids, tokens, or URLs of each server"
    return f"Not compared: {counted(count, 'value')}: {kinds} (`--all-values` compares them)"


def difference_lines(
    left: str, right: str, differences: Iterable[Difference], paint: Painter, most: int = _MOST_LINES
) -> Iterator[str]:
    """Yield the lines of a text that shows differences, which is laid out like a unified diff.

    Args:
        left: What is on the left, for the first line.
        right: What is on the right.
        most: Lines of a value that are shown; 0 for all.
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
    """Yield the differences, those with the same values in the items of one list once, and how many more there are."""
    found: dict[str, list[Difference]] = {}
    for difference in differences:
        key = compact_json([difference.place, difference.kind, difference.left, difference.right])
        found.setdefault(key, []).append(difference)
    for first, *others in found.values():
        yield first, len(others)


def _value_lines(value: Any, most: int) -> list[str]:
    """Return the lines of a value; those of a long one are cut."""
    text = value if isinstance(value, str) and "\n" in value else reindent(compact_json(value))
    lines = [visible(line, keep="\t") for line in text.splitlines()]
    if most and len(lines) > most + 1:
        more = len(lines) - most
        lines[most:] = [f"... {more:,} more lines (`-o json` has them)"]
    return lines
