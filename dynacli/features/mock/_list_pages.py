"""The page of a list that a request asks for: filtered, ordered, and cut as the document paginates the list."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.pages.decide_rule import configured_rule, document_pages, document_rule, with_ends
from dynacli.client.pages.next_page import number_in
from dynacli.client.pages.page_rule import (
    HOLDERS,
    NAMES,
    SIZES,
    InputPlace,
    input_of,
    paging_inputs,
)
from dynacli.features.mock._item_shapes import ItemShape
from dynacli.features.mock._kept_items import KeptItem
from dynacli.openapi.document.json_trees import MISSING, follow
from dynacli.openapi.model.field_names import plain_name
from dynacli.openapi.schema.read_schema import possible_schemas
from dynacli.record import record
from dynacli.traffic.recorded_request import RecordedExchange
from dynacli.urls import split_url

_SORTS = ("sort", "sortby", "orderby", "order", "ordering", "sortfield", "sortkey", "orderbyfield")
_DIRECTIONS = (
    "direction",
    "sortdirection",
    "sortorder",
    "orderdirection",
    "dir",
    "sortdir",
    "order",
    "ascending",
)
_DESCENDING = ("desc", "descending", "-1", "false")
_ASCENDING = ("asc", "ascending", "1", "true")
_CURSORS = (
    *(
        "cursor",
        "pagetoken",
        "nexttoken",
        "after",
        "startingafter",
        "continuationtoken",
        "marker",
        "pagecursor",
    ),
    *("token", "nextcursor", "afterid", "startcursor", "startat", "pagestart", "next"),
)
_ECHOED_SIZES = frozenset({"limit", "perpage", "pagesize", "size", "pagelimit", "itemsperpage"})
_NUMBER = ("integer", "number")


@record
class ItemPage:
    """A page of a list.

    Args:
        items: The items of the page.
        beside: Steps into the response → value of a member about pages.
        absent: Steps of a member that must be null, empty or absent, because no page follows; None for none.
        headers: Plain name of a documented header → its value; None to leave it out.
        added: Headers that are sent even if the document does not name them.
        ignored: Names of query parameters that change nothing.
    """

    items: list[Any]
    beside: dict[tuple[str, ...], Any]
    absent: tuple[str, ...] | None
    headers: dict[str, str | None]
    added: tuple[tuple[str, str], ...]
    ignored: tuple[str, ...]


class ListPages:
    """The pagination of one operation that lists a resource.

    Args:
        shape: The place of the items in its response.
    """

    def __init__(self, described: DescribedOperation, shape: ItemShape) -> None:
        self._shape = shape
        configured = configured_rule(described) if "pages" in described.api.entry else None
        pages = document_pages(described, configured)
        self._inputs = paging_inputs(described)
        self._rule = with_ends(document_rule(pages), pages.fields)
        self._fields = [
            (field.steps, plain_name(field.steps[-1]))
            for field in pages.fields
            if field.steps and field.types and field.types <= {*_NUMBER} and _is_about_pages(field.steps)
        ]
        self._position, self._kind = self._found_position()
        self._is_link = self._rule.kind == "link"
        self._most = _most_items(shape)

    def page(self, items: Sequence[KeptItem], received: RecordedExchange) -> ItemPage:
        """Return the page of some items that a request asks for."""
        asked = _Asked(received)
        places = (self._position, self._size_input(), self._rule.other)
        used = {_spelled(place) for place in places if place is not None and place.location == "query"}
        chosen = self._ordered(self._filtered(items, asked, used), asked, used)
        size, start = self._span(asked, chosen)
        end = len(chosen) if size is None else start + size
        page = chosen[start:end]
        follows = end < len(chosen) and bool(page)
        beside, absent = self._members(asked, len(chosen), start, size, page, follows=follows)
        url = self._next_url(asked, start, size, page) if follows else ""
        headers: dict[str, str | None] = {"link": f'<{url}>; rel="next"' if url else None}
        for name in NAMES["headers"]["totals"]:
            headers[name] = str(len(chosen))
        for name in NAMES["headers"]["last_pages"]:
            headers[name] = str(_page_count(len(chosen), size))
        added = (("Link", f'<{url}>; rel="next"'),) if url and self._is_link else ()
        ignored = [name for name in asked.query if name not in used]
        return ItemPage(
            [item.value for item in page], beside, absent, headers, added, tuple(dict.fromkeys(ignored))
        )

    def _found_position(self) -> tuple[InputPlace | None, str]:
        """Return the input that selects a page, and how: `page`, `offset`, `cursor`, `last-id`, or empty."""
        rule = self._rule
        if rule.kind in ("page", "offset", "last-id", "keyset"):
            return rule.input, "last-id" if rule.kind == "keyset" else rule.kind
        if rule.kind == "cursor" and rule.input is not None:
            name = rule.input.plain_name
            if rule.input.value.type in _NUMBER:
                if name in NAMES["inputs"]["pages"]:
                    return rule.input, "page"
                return rule.input, "offset"
            return rule.input, "cursor"
        for kind, names in (("page", NAMES["inputs"]["pages"]), ("offset", NAMES["inputs"]["offsets"])):
            place = input_of(self._inputs, names, _NUMBER)
            if place is not None:
                return place, kind
        place = input_of(self._inputs, _CURSORS, ("string",)) if rule.kind in ("url", "link") else None
        return place, "cursor" if place is not None else ""

    def _span(self, asked: _Asked, items: Sequence[KeptItem]) -> tuple[int | None, int]:
        """Return the size of the page, None for all items, and the number of items before it."""
        rule = self._rule
        size = number_in(asked.value(self._size_input()))
        if size is None and self._position is not None:
            size = rule.usual
        limits = [limit for limit in (size, rule.most if size else None, self._most) if limit is not None]
        size = max(0, min(limits)) if limits else None
        given = asked.value(self._position)
        if given is None:
            return size, 0
        number = number_in(given)
        if self._kind == "page":
            first = self._first(number)
            return size, max(0, (number or 0) - first) * (len(items) if size is None else size)
        if self._kind == "offset":
            return size, max(0, (number or 0) - (rule.first or 0))
        by_id = next((index for index, item in enumerate(items) if item.id == str(given)), None)
        if by_id is not None and (self._kind == "last-id" or number is None):
            return size, by_id + 1
        return size, len(items) if number is None else max(0, number)

    def _size_input(self) -> InputPlace | None:
        return self._rule.size or input_of(self._inputs, SIZES, _NUMBER)

    def _first(self, number: int | None) -> int:
        if self._rule.first is not None:
            return self._rule.first
        return 0 if number == 0 else 1

    def _cursor(self, start: int, size: int | None, page: Sequence[KeptItem]) -> Any:
        """Return the value of the input that selects the following page."""
        if self._kind == "page":
            first = 1 if self._rule.first is None else self._rule.first
            return first + (start + len(page)) // (size or 1)
        if self._kind == "last-id":
            return page[-1].id
        after = start + len(page)
        return after + (self._rule.first or 0) if self._kind == "offset" else str(after)

    def _next_url(self, asked: _Asked, start: int, size: int | None, page: Sequence[KeptItem]) -> str:
        place = self._position
        if place is None or place.location != "query":
            return ""
        return asked.url_with(_spelled(place), str(self._cursor(start, size, page)))

    def _members(
        self,
        asked: _Asked,
        total: int,
        start: int,
        size: int | None,
        page: Sequence[KeptItem],
        *,
        follows: bool,
    ) -> tuple[dict[tuple[str, ...], Any], tuple[str, ...] | None]:
        rule = self._rule
        beside: dict[tuple[str, ...], Any] = {}
        for steps, name in self._fields:
            if name in NAMES["response"]["numbers"] and size and self._kind == "page":
                beside[steps] = start // size + (1 if rule.first is None else rule.first)
            elif name in _ECHOED_SIZES:
                beside[steps] = total if size is None else size
            elif name in ("offset", "skip", "startindex"):
                beside[steps] = start
            elif name in NAMES["response"]["lengths"]:
                beside[steps] = len(page)
        for place, value in (
            (rule.total, total),
            (rule.last, _page_count(total, size)),
            (rule.more, follows),
        ):
            place_steps = _steps(place)
            if place_steps is not None:
                beside[place_steps] = value
        next_steps = _steps(rule.next)
        if next_steps is None:
            return beside, None
        if not follows:
            return beside, next_steps
        is_url = rule.kind == "url"
        following = self._next_url(asked, start, size, page) if is_url else self._cursor(start, size, page)
        if is_url and not following:
            return beside, next_steps
        beside[next_steps] = following
        return beside, None

    def _filtered(self, items: Sequence[KeptItem], asked: _Asked, used: set[str]) -> Sequence[KeptItem]:
        names = {plain_name(name): name for name in self._shape.properties}
        for key, texts in asked.query.items():
            name = key if key in self._shape.properties else names.get(plain_name(key), "")
            if not name or key in used or not self._may_be(name, texts):
                continue
            used.add(key)
            wanted = {part for text in texts for part in (text, *text.split(","))}
            items = [item for item in items if _matches(follow(item.value, (name,)), wanted)]
        return items

    def _may_be(self, name: str, texts: Sequence[str]) -> bool:
        """Return whether texts may be values of a property. `state=all` is none if its schema lists the states."""
        schemas = list(possible_schemas(self._shape.properties[name], self._shape.resolve))
        allowed = {_text(value) for schema in schemas for value in schema.get("enum") or ()}
        given = {part for text in texts for part in text.split(",")}
        return not allowed or given <= allowed

    def _ordered(self, items: Sequence[KeptItem], asked: _Asked, used: set[str]) -> Sequence[KeptItem]:
        keys = {plain_name(key): key for key in asked.query if key not in used}
        order, descends = "", False
        for plain in _SORTS:
            text = asked.query[keys[plain]][-1] if plain in keys else ""
            name, is_down = self._sort_field(text)
            if name:
                used.add(keys[plain])
                order, descends = name, is_down
                break
        if not order:
            return items
        for plain in _DIRECTIONS:
            key = keys.get(plain)
            text = asked.query[key][-1].lower() if key is not None and key not in used else ""
            if key is not None and text in (*_ASCENDING, *_DESCENDING):
                used.add(key)
                descends = text in _DESCENDING
        with_value = [item for item in items if _sort_key(item, order) is not None]
        without = [item for item in items if _sort_key(item, order) is None]
        return [
            *sorted(with_value, key=lambda item: _sort_key(item, order) or (0, 0, ""), reverse=descends),
            *without,
        ]

    def _sort_field(self, text: str) -> tuple[str, bool]:
        """Return the property of a value such as `-name`, `name:desc` or `name desc`; empty if it names none."""
        text, descends = text.split(",", maxsplit=1)[0].strip(), False
        if text[:1] in ("-", "+"):
            text, descends = text[1:], text[0] == "-"
        for separator in (":", " ", "."):
            field, found, direction = text.rpartition(separator)
            if found and direction.lower() in (*_ASCENDING, *_DESCENDING):
                text, descends = field, direction.lower() in _DESCENDING
        names = {plain_name(name): name for name in self._shape.properties}
        return (
            text if text in self._shape.properties else names.get(plain_name(text), "")
        ) if text else "", descends


class _Asked:
    """The inputs of a request."""

    def __init__(self, received: RecordedExchange) -> None:
        self._request, self._content = received.request, received.content
        self.query: dict[str, list[str]] = {}
        for name, text in parse_qsl(split_url(received.request.url).query, keep_blank_values=True):
            self.query.setdefault(name, []).append(text)

    def value(self, place: InputPlace | None) -> Any:
        """Return the value of an input; None if it is not given."""
        if place is None:
            return None
        if place.location == "query":
            return next(iter(self.query.get(_spelled(place), ())), None)
        if place.location == "header":
            return self._request.header(place.name) or None
        try:
            body = json.loads(self._content or b"null")
        except (ValueError, RecursionError):
            return None
        found = follow(body, place.path)
        return None if found is MISSING else found

    def url_with(self, name: str, text: str) -> str:
        """Return the URL of the request with another value of a query parameter."""
        parts = split_url(self._request.url)
        pairs = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != name]
        query = urlencode([*pairs, (name, text)], quote_via=quote)
        return f"{origin_of_request(self._request.header('host'))}{parts.path}?{query}"


def origin_of_request(host: str) -> str:
    """Return the origin by which a client reached the mock."""
    return f"http://{host}" if host else ""


def _spelled(place: InputPlace) -> str:
    return place.name + "".join(f"[{step}]" for step in place.path)


def _steps(place: Any) -> tuple[str, ...] | None:
    steps = place.steps if place is not None and not place.header else None
    if not steps or not all(isinstance(step, str) for step in steps):
        return None
    return tuple(map(str, steps))


def _is_about_pages(steps: tuple[str, ...]) -> bool:
    holders = {*HOLDERS, *NAMES["response"]["number_holders"]}
    return all(plain_name(step) in holders for step in steps[:-1])


def _page_count(total: int, size: int | None) -> int:
    return -(-total // size) if size else 1


def _most_items(shape: ItemShape) -> int | None:
    limits = [
        part["maxItems"]
        for part in possible_schemas(shape.schema_at(shape.steps), shape.resolve)
        if isinstance(part.get("maxItems"), int)
    ]
    return min(limits, default=None)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _matches(value: Any, wanted: set[str]) -> bool:
    if value is MISSING:
        return False
    if isinstance(value, list):
        return any(_text(member) in wanted for member in value)
    return _text(value) in wanted


def _sort_key(item: KeptItem, name: str) -> tuple[int, float, str] | None:
    value = follow(item.value, (name,))
    if value is MISSING or value is None:
        return None
    if isinstance(value, int | float):
        return 0, value, ""
    return 1, 0, _text(value)
