"""What differs between two responses to the same call: status, headers and body, each difference by its JSON pointer.

Lists of objects are aligned by the field that identifies their items, and lists of different texts by value. All other
lists are aligned by position, from one equal item to the next. Numbers are equal if their values are, and `true` does
not equal 1.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dynacli.auth.secret import MASK, Masker
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.secret_names import is_secret_header, mask_fields
from dynacli.errors import UsageError
from dynacli.http.exchange import Response
from dynacli.http.semantics import essence
from dynacli.media.body_value import NoValueError, body_value
from dynacli.media.text_values import BodySchema
from dynacli.openapi.document.json_trees import MISSING, is_same_json, join, split
from dynacli.openapi.model.field_names import identifying_fields, plain_name, words_of
from dynacli.openapi.model.operation import documented_status
from dynacli.openapi.model.wording import counted
from dynacli.openapi.schema.read_schema import list_of, mapping_of, other_properties, possible_schemas
from dynacli.record import record
from dynacli.text.body_text import decoded
from dynacli.text.exact_json import compact_json
from dynacli.text.json_text import reindent
from dynacli.text.terminal import Painter, visible
from dynacli.urls import origin_of, split_url

__all__ = [
    "ComparedResponse",
    "Comparison",
    "ComparisonRules",
    "Difference",
    "ReceivedResponse",
    "compare_calls",
    "compare_responses",
    "compared_body",
    "difference_lines",
    "ignored_place",
    "is_changing_header",
    "left_out_note",
    "schemas_by_place",
    "time_places",
    "without_secrets",
]

Step = str | int
_Steps = tuple[Step, ...]
_Places = dict[str | int, int]
_PARTS = ("status", "headers", "body")
_ANY = "*"
_PLAIN = frozenset({str, int, float})
_TIMES = re.compile(
    r"date|expires|lastmodified|age|retryafter|x?ratelimitreset|x?(?:runtime|responsetime|processtime)|servertiming"
)
"""Plain names of headers whose values are times (RFC 9110, sections 6.6.1, 8.8.2 and 10.2.3; RFC 9111, section 5)."""
_ENTITY_TAG = "etag"
"""Plain name of the header whose value each server makes in its own way (RFC 9110, section 8.8.3)."""
_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[-+]\d\d:?\d\d)?", re.ASCII)
"""A date with a time (RFC 3339, section 5.6); servers often leave out the offset."""
_TIME_WORDS = frozenset(
    (
        "at",
        "time",
        "timestamp",
        "date",
        "created",
        "updated",
        "modified",
        "started",
        "ended",
        "expires",
        "seen",
    )
)
"""The last words in the names of fields whose large numbers are times: `last_modified`, `createdAt`."""
_FIRST_TIME = 1_000_000_000
"""Seconds, or smaller units, since 1970: the least number that is taken for a time; it is in 2001."""
_ORIGIN = re.compile(r"https?://[^/?#\s\"]+")
_REQUEST_ID = re.compile(r".*(?:requestid|correlationid|traceid)|traceparent|cfray")
"""Plain names of headers that tell one request from all others (W3C Trace Context, section 3.2)."""
_MOST_LISTS = 4
"""Lists around a list, up to which its equal items are looked for: each level means to write all that is below."""
_MOST_LINES = 20
"""Lines of a value that text shows."""
_DEEPEST = 100
"""Steps to a value below which no schema is looked for, and levels of a value that are shown."""


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

    steps: _Steps
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


class Comparison(NamedTuple):
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

    def ignores(self, steps: _Steps) -> bool:
        """Return whether a place is not compared."""
        return any(_is_below(steps, place) for place in self.ignored)


def compare_responses(
    left: ComparedResponse,
    right: ComparedResponse,
    *,
    rules: ComparisonRules,
    is_changing: Callable[[Difference], bool],
    is_masked: bool = False,
) -> Comparison:
    """Return what differs between two responses.

    Args:
        is_changing: Whether a difference is in a value that changes with every response.
        is_masked: Whether the right one had its secrets masked when it was stored.
    """
    found: list[Difference] = []
    left_out = masked = 0
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
    return Comparison(found, left_out, masked)


def _is_below(steps: _Steps, place: tuple[str, ...]) -> bool:
    """Return whether steps lead to a place, or into it; the names of headers are equal in any case."""
    if len(steps) < len(place):
        return False
    pairs = [(str(step), wanted) for step, wanted in zip(steps, place, strict=False)]
    if steps[0] == "headers":
        pairs = [(step.lower(), wanted.lower()) for step, wanted in pairs]
    return all(wanted in (_ANY, step) for step, wanted in pairs)


class _Pair(NamedTuple):
    """Two values that stand in the same place."""

    steps: _Steps
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
            waiting += reversed(list(_members(pair)))
        elif isinstance(left, list) and isinstance(right, list):
            waiting += reversed(list(_items(pair, order_counts=order_counts)))
        elif left is MISSING:
            if right is not MISSING:
                yield Difference(steps, "added", None, right, item)
        elif right is MISSING:
            yield Difference(steps, "removed", left, None, item)
        elif not is_same_json(left, right):
            yield Difference(steps, "changed", left, right, item)


def _members(pair: _Pair) -> Iterator[_Pair]:
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


def _items(pair: _Pair, *, order_counts: bool) -> Iterator[_Pair]:
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
        for index, *values in aligned:
            yield _Pair((*steps, index), values[0], values[1], item)
        return
    field, places, other_places = identified
    for value, index in places.items():
        place = other_places.pop(value, None)
        other = MISSING if place is None else right[place]
        yield _Pair((*steps, index), left[index], other, f"{field}: {left[index][field]}")
    for place in other_places.values():
        yield _Pair((*steps, place), MISSING, right[place], f"{field}: {right[place][field]}")


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


def _keys(items: list[Any]) -> list[str]:
    """Return for each item a text that equal items share, and those that differ only by times and by their server."""
    try:
        return [_ORIGIN.sub("", _TIME.sub("", compact_json(item))) for item in items]
    except (RecursionError, ValueError):
        return []  # they are nested too deeply, or have a number that JSON does not have


def _anchors(left: Sequence[str], right: Sequence[str]) -> list[tuple[int, int]]:
    """Return the indexes of the longest series of texts that both lists have once and in the same order."""
    counts, other_counts = Counter(left), Counter(right)
    places = {text: index for index, text in enumerate(right) if other_counts[text] == 1}
    pairs = [(index, places[text]) for index, text in enumerate(left) if counts[text] == 1 and text in places]
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


def is_changing_header(name: str, schema: Any = None) -> bool:
    """Return whether the value of a header is another one in every response, or of every server.

    It is a time, the id of a request, a token, or the tag of an entity.

    Args:
        schema: The schema that the document has of it.
    """
    plain = plain_name(name)
    is_time = isinstance(schema, Mapping) and schema.get("format") == "date-time"
    return (
        is_time
        or _TIMES.fullmatch(plain) is not None
        or _REQUEST_ID.fullmatch(plain) is not None
        or plain == _ENTITY_TAG
        or is_secret_header(name)
    )


def time_places(body: BodySchema) -> Callable[[_Steps], bool]:
    """Return what tells whether the document gives a place in a body the format `date-time`.

    Args:
        body: What the document says of the body; the steps begin within the body.
    """
    schemas_at = schemas_by_place(body)
    return lambda steps: any(schema.get("format") == "date-time" for schema in schemas_at(steps))


def schemas_by_place(body: BodySchema) -> Callable[[_Steps], list[Mapping[str, Any]]]:
    """Return what finds the schemas that the document may mean for a place in a body; none for one that is too deep.

    Args:
        body: As in `time_places`.
    """
    known: dict[_Steps, list[Mapping[str, Any]]] = {}

    def schemas_at(place: _Steps) -> list[Mapping[str, Any]]:
        if place not in known:
            parts = [body.schema]
            if place:
                parts = [part for schema in schemas_at(place[:-1]) for part in _below(schema, place[-1])]
            known[place] = [found for part in parts for found in possible_schemas(part, body.resolve)]
        return known[place]

    def found_at(steps: _Steps) -> list[Mapping[str, Any]]:
        # The items of a list have one place for all.
        place = tuple(0 if isinstance(step, int) else step for step in steps)
        return schemas_at(place) if len(steps) <= _DEEPEST else []

    return found_at


def _below(schema: Mapping[str, Any], step: Step) -> list[Any]:
    """Return the schemas that one schema has for a member, or for any item."""
    if isinstance(step, int):
        return [*list_of(schema, "prefixItems"), *([schema["items"]] if "items" in schema else [])]
    properties = mapping_of(schema, "properties")
    return [properties[step]] if step in properties else other_properties(schema)


class ReceivedResponse(NamedTuple):
    """The response of one side.

    Args:
        label: What messages call it, such as its URL, without secrets.
        response: The response; of a stored one what was stored, of several pages the first one.
        masker: Takes the secrets of the call out of what is reported.
        value: The value of the body of several pages; `MISSING` for that of the response.
    """

    label: str
    response: Response
    masker: Masker
    value: Any = MISSING


def compare_calls(
    described: DescribedOperation,
    left: ReceivedResponse,
    right: ReceivedResponse,
    rules: ComparisonRules,
    *,
    is_masked: bool = False,
) -> Comparison:
    """Return what differs between the responses to two calls of an operation, without their secrets.

    Args:
        is_masked: As in `compare_responses`.
    """
    responses = left.response, right.response
    declared = _declared_headers(described, {response.status for response in responses})
    is_same = left.value is right.value and left.response.body == right.response.body
    compared = [
        ComparedResponse(
            side.response.status,
            _headers(side.response, declared),
            MISSING
            if is_same
            else compared_body(described, side.response)
            if side.value is MISSING
            else side.value,
        )
        for side in (left, right)
    ]
    times = [time_places(described.schema_of(response)()) for response in responses]
    changing = {name for name, schema in declared.items() if is_changing_header(name, schema)}

    is_own_url = _own_urls(left.response.url, right.response.url)

    def is_changing(difference: Difference) -> bool:
        (part, *steps), values = difference.steps, (difference.left, difference.right)
        if part == "headers" and steps[0] in changing:
            return True
        if not (isinstance(difference.left, str) and isinstance(difference.right, str)):
            return _are_time_numbers(steps, values)
        return is_own_url(*values) or (
            part == "body"
            and (all(map(_TIME.fullmatch, values)) or any(is_time(tuple(steps)) for is_time in times))
        )

    found = compare_responses(*compared, rules=rules, is_changing=is_changing, is_masked=is_masked)
    masker = left.masker.joined(right.masker)
    return found._replace(
        differences=[without_secrets(difference, masker) for difference in found.differences]
    )


def _own_urls(left_url: str, right_url: str) -> Callable[[str, str], bool]:
    """Return what tells whether two texts differ only by the URL of the server that each comes from.

    Args:
        left_url: The URL that the left server was called at.
        right_url: The same of the right one.
    """
    (left, left_path), (right, right_path) = (
        (origin_of(url), split_url(url).path.split("/")) for url in (left_url, right_url)
    )
    # What both paths end with is the operation; before it is the base path of each server.
    while left_path and right_path and left_path[-1] == right_path[-1]:
        del left_path[-1], right_path[-1]
    bases = {
        ("/".join((left, *left_path[1:])), "/".join((right, *right_path[1:]))),
        (left, right),
        (left.rpartition("//")[2], right.rpartition("//")[2]),
    }

    def is_same(text: str, other: str) -> bool:
        return any(_with_base(text, base, other_base) == other for base, other_base in bases)

    return is_same


def _are_time_numbers(steps: Sequence[Step], values: tuple[Any, Any]) -> bool:
    """Return whether two values are numbers of seconds, or of smaller units, by the name of their field."""
    name = next((step for step in reversed(steps) if isinstance(step, str)), "")
    return not _TIME_WORDS.isdisjoint(words_of(name)[-1:]) and all(
        isinstance(value, int | float) and value >= _FIRST_TIME for value in values
    )


def _with_base(text: str, base: str, other: str) -> str:
    """Return a text with another URL instead of one, which is a whole origin or ends with a segment of a path."""
    return (
        re.sub(rf"(?<![\w.@%-]){re.escape(base)}(?![\w.:~%-])", lambda _: other, text)
        if base in text
        else text
    )


def _declared_headers(described: DescribedOperation, statuses: set[int]) -> dict[str, Any]:
    """Return the name of each header that the document declares for one of some statuses → its schema."""
    responses, declared = described.raw_responses, dict[str, Any]()
    for status in sorted(statuses):
        response = described.follow(responses.get(documented_status(status, responses)))
        headers = response.get("headers") if isinstance(response, Mapping) else None
        for name, reference in headers.items() if isinstance(headers, Mapping) else ():
            header = described.follow(reference)
            schema = header.get("schema") if isinstance(header, Mapping) else None
            declared.setdefault(str(name), described.follow(schema))
    return declared


def _headers(response: Response, declared: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers of a response that are compared: those declared, and the media type."""
    came = {name.lower() for name, _ in response.headers}
    found = {name: response.header(name) for name in declared if name.lower() in came}
    media_type = essence(response.header("content-type"))
    return {"Content-Type": media_type, **found} if media_type else found


def compared_body(described: DescribedOperation, response: Response) -> Any:
    """Return the value of a body; of text that has none the text, of bytes their number and their digest."""
    content, media_type = response.body, response.header("content-type")
    if not content:
        return MISSING
    try:
        return body_value(content, media_type, described.schema_of(response))
    except NoValueError:
        text = decoded(content, media_type)
    if text is not None:
        return text
    from hashlib import sha256

    return {"bytes": len(content), "sha256": sha256(content).hexdigest()}


def left_out_note(count: int) -> str:
    """Return the sentence about differences that do not count.

    Args:
        count: How many there are.
    """
    kinds = "dates, request ids, tokens, or URLs of each server"
    return f"Not compared: {counted(count, 'value')}: {kinds} (`--all-values` compares them)"


def without_secrets(difference: Difference, masker: Masker) -> Difference:
    """Return a difference without secrets: those of the calls, and those that the names of fields tell.

    Args:
        masker: Takes the secrets of both calls out of a text.
    """
    name = str(difference.steps[-1])

    def masked(value: Any) -> Any:
        if _is_deep(value):
            return f"(nested more than {_DEEPEST} levels deep)"
        return masker.mask_value(mask_fields({name: value})[name])

    return difference._replace(
        left=masked(difference.left), right=masked(difference.right), item=masker.mask(difference.item)
    )


def _is_deep(value: Any) -> bool:
    """Return whether a value has too many levels for the functions that mask and write it, which call themselves."""
    level = [value]
    for _ in range(_DEEPEST):
        below = [
            item.values() if isinstance(item, dict) else item
            for item in level
            if isinstance(item, dict | list)
        ]
        level = [child for children in below for child in children]
        if not level:
            return False
    return True


def difference_lines(
    left: str, right: str, differences: Iterable[Difference], paint: Painter
) -> Iterator[str]:
    """Yield the lines of a text that shows differences, which is laid out like a unified diff.

    Args:
        left: What is on the left, for the first line.
        right: What is on the right.
    """
    yield paint.bold(f"--- {visible(left, keep='')}")
    yield paint.bold(f"+++ {visible(right, keep='')}")
    for difference, count in _once(differences):
        item = f" {difference.item}" if difference.item else ""
        more = f" (and {count:,} more with the same values at {difference.place})" if count else ""
        yield paint.cyan(visible(f"@@ {difference.pointer} @@{item}{more}", keep=""))
        if difference.kind != "added":
            yield from (paint.red(f"-{line}") for line in _value_lines(difference.left))
        if difference.kind != "removed":
            yield from (paint.green(f"+{line}") for line in _value_lines(difference.right))


def _once(differences: Iterable[Difference]) -> Iterator[tuple[Difference, int]]:
    """Yield the differences, those with the same values in the items of one list once, and how many more there are."""
    found: dict[str, list[Difference]] = {}
    for difference in differences:
        key = compact_json([difference.place, difference.kind, difference.left, difference.right])
        found.setdefault(key, []).append(difference)
    for first, *others in found.values():
        yield first, len(others)


def _value_lines(value: Any) -> list[str]:
    """Return the lines of a value; those of a long one are cut."""
    text = value if isinstance(value, str) and "\n" in value else reindent(compact_json(value))
    lines = [visible(line, keep="\t") for line in text.splitlines()]
    if len(lines) > _MOST_LINES + 1:
        more = len(lines) - _MOST_LINES
        lines[_MOST_LINES:] = [f"... {more:,} more lines (`-o json` has them)"]
    return lines
