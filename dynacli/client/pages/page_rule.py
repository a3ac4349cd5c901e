"""The rule by which an operation is paged: which input changes from page to page, and what in a response says so.

Also which inputs may be about pages, and the largest page that may be asked for.
"""

import os
import re
import tomllib
from collections.abc import Sequence
from typing import Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.openapi.model.field_names import plain_name, words_of_name
from dynacli.openapi.model.operation import ANY, ValueType
from dynacli.record import record, replace

ABSENT = object()
"""What a response has at a place that it does not have."""
NUMBERS = ("integer", "number")
"""The types of inputs that take a number."""
_DATES = frozenset({"date", "date-time", "time"})
_MOST = (
    r"(?:\bmax(?:imum)?|\bup to|\bat most|\bno more than|\bnot exceed|\blimited to|\bcapped at|\bbetween \d+ and"
    r"|\bfrom \d+ to|\bless than or equal to|<=|\b\d+ ?-)(?!\w)[^0-9.;\n]{0,40}?(\d[\d,_]{0,8})\b"
)
"""The pattern of the largest number that a description allows."""
_LARGEST = 10_000
"""A larger page than this is never asked for, whatever the document allows."""


@record
class ResponsePlace:
    """A place in a response.

    Args:
        text: As messages call it; in a body a JMESPath expression.
        steps: The names, and indexes of arrays, that lead there from the root of the body; None if an expression
            that is not a plain path says it.
        header: The name of a header; empty for a place in the body.
    """

    text: str
    steps: tuple[str | int, ...] | None = None
    header: str = ""

    def value_in(self, value: Any) -> Any:
        """Return what the body of a response has there; `ABSENT` if it has nothing."""
        if self.steps is None:
            import jmespath

            found = jmespath.search(self.text, value)
            return ABSENT if found is None else found
        for step in self.steps:
            if isinstance(step, str):
                value = value.get(step, ABSENT) if isinstance(value, dict) else ABSENT
            else:
                is_there = isinstance(value, list) and -len(value) <= step < len(value)
                value = value[step] if is_there else ABSENT
        return value


def place_at(*steps: str | int) -> ResponsePlace:
    """Return the place in a body that steps lead to."""
    pieces: list[str] = []
    for step in steps:
        if isinstance(step, int):
            pieces.append(f"[{step}]")
        else:
            name = step if step.isascii() and step.isidentifier() else '"' + step.replace('"', '\\"') + '"'
            pieces.append(f".{name}" if pieces else name)
    return ResponsePlace("".join(pieces) or "@", steps)


@record
class InputPlace:
    """An input that pages are asked for by.

    Args:
        location: `path`, `query`, `header`, `cookie` or `body`.
        name: The name of the parameter; empty for the body.
        path: The property names that lead to the place inside of the parameter or the body.
        option: Its option on the command line, without dashes.
        value: What it takes.
        description: In the document.
    """

    location: str
    name: str
    path: tuple[str, ...]
    option: str
    value: ValueType
    description: str = ""

    @property
    def plain_name(self) -> str:
        """The plain name: `pagenumber` for `page[number]` and for `number` inside of `page`."""
        return plain_name("".join((self.name, *self.path)))


@record
class PageRule:
    """How the next page is asked for.

    Args:
        kind: What says it: `link` (the header `Link`), `url` (a URL in the body), `cursor` (a response value that
            an input takes), `last-id` (the id of the last item), `page` (a number that grows by one), `offset` (the
            number of items before the page), `keyset` (an id of the page, over a bare array); `none`: nothing does.
        reason: What in the document, in the configuration or in a response the rule rests on.
        is_declared: Whether someone has written the rule down; other rules are then not looked for.
        is_configured: Whether it is that of the person's configuration.
        input: The input that the next page is asked for by; None for `link`, `url` and `none`.
        size: The input that says how many items a page has.
        most: The largest page that the document allows.
        usual: How many items a page has if no one asks for a number.
        next: Where a response has the URL or the cursor.
        items: Where a response has its items; None if the response decides.
        more: Where a response says whether there is another page.
        total: Where a response says how many items there are on all pages.
        last: Where a response says how many pages there are.
        first: The number of the first page, or of the first item; None if the first response decides.
        other: Of a key set, the input that leads the other way.
    """

    kind: str
    reason: str
    is_declared: bool = False
    is_configured: bool = False
    input: InputPlace | None = None
    size: InputPlace | None = None
    most: int | None = None
    usual: int | None = None
    next: ResponsePlace | None = None
    items: ResponsePlace | None = None
    more: ResponsePlace | None = None
    total: ResponsePlace | None = None
    last: ResponsePlace | None = None
    first: int | None = None
    other: InputPlace | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the rule as `describe -o json` has it."""
        return {
            "kind": self.kind,
            "reason": self.reason,
            "option": f"--{self.input.option}" if self.input else None,
            "next": self.next.text if self.next else None,
            "items": self.items.text if self.items else None,
            "size_option": f"--{self.size.option}" if self.size else None,
            "largest": self.most,
            "total": self.total.text if self.total else None,
        }


def _read_tables() -> dict[str, Any]:
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "page_names.toml")
    with open(path, "rb") as file:
        return tomllib.load(file)


_TABLES = _read_tables()

EXTENSIONS: dict[str, dict[str, Any]] = _TABLES.pop("extensions")
"""Extension → how it declares pages."""
NAMES: dict[str, dict[str, list[str]]] = {
    title: {key: names.split() for key, names in table.items()} for title, table in _TABLES.items()
}
"""Title of a table → its keys → plain names."""


HOLDERS = NAMES["objects"]["about_pages"]
"""Plain names of objects about pages."""
_INPUT_HOLDERS = {*HOLDERS, *NAMES["objects"]["inputs"]}
"""Plain names of inputs that have those about pages inside."""
SIZES = NAMES["inputs"]["sizes"]
"""Plain names of inputs that say how many items a page has, the surest first."""


def is_listing(described: DescribedOperation) -> bool:
    """Return whether an operation only reads: a safe method, or a POST that is called a search."""
    operation = described.operation
    if operation.method != "POST":
        return operation.method in ("GET", "QUERY")
    words = words_of_name(f"{operation.operation_id} {operation.name} {operation.path}")
    return any(word in NAMES["operations"]["searches"] for word in words)


def paging_inputs(described: DescribedOperation) -> list[InputPlace]:
    """Return the inputs that may be about pages: of the query, of headers, and of the body of a search."""
    raw = described.raw_parameters
    found: list[InputPlace] = []
    for parameter in described.operation.parameters:
        if parameter.location not in ("query", "header"):
            continue
        text = str(raw.get(parameter.key, {}).get("description") or parameter.description)
        if parameter.value.type not in ("array", "object"):
            found.append(
                InputPlace(parameter.location, parameter.name, (), parameter.option, parameter.value, text)
            )
        found += [
            InputPlace(
                parameter.location, parameter.name, field.path, field.option, field.value, field.description
            )
            for field in parameter.fields
            if "[]" not in field.path
        ]
    if described.media_type is not None:
        found += [
            InputPlace("body", "", field.path, field.option, field.value, field.description)
            for field in described.media_type.fields
            if "[]" not in field.path
            and field.value.type not in ("array", "object")
            and (
                len(field.path) == 1 or (len(field.path) == 2 and plain_name(field.path[0]) in _INPUT_HOLDERS)
            )
        ]
    # In the query first: a header that is called so is seldom about pages.
    order = {"query": 0, "body": 1, "header": 2}
    return sorted(found, key=lambda place: order[place.location])


def input_of(
    inputs: Sequence[InputPlace], names: Sequence[str], types: tuple[str, ...] = ()
) -> InputPlace | None:
    """Return the input that has one of the names, the first name that any has."""
    for name in names:
        for place in inputs:
            is_fitting = not types or place.value.type in (*types, ANY)
            if name in names_of(place) and is_fitting and place.value.format not in _DATES:
                return place
    return None


def names_of(place: InputPlace) -> tuple[str, ...]:
    """Return the plain names of an input: with those that it stands in, and its own if those are about pages."""
    if place.path and (place.location == "body" or plain_name(place.name) in _INPUT_HOLDERS):
        return (place.plain_name, plain_name(place.path[-1]))
    return (place.plain_name,)


def with_size(rule: PageRule, inputs: Sequence[InputPlace]) -> PageRule:
    """Return a rule with the input that says how many items a page has, and the largest number for it."""
    size = rule.size
    if size is None:
        names: Sequence[str] = SIZES
        if rule.kind == "offset":
            names = ("limit", "pagelimit", *SIZES)
        near = [place for place in inputs if rule.input is None or place.location == rule.input.location]
        others = [place for place in near if place != rule.input]
        size = input_of(others, names, NUMBERS)
    if size is None:
        return rule
    default = size.value.default
    usual = default if isinstance(default, int) and not isinstance(default, bool) and default > 0 else None
    return replace(rule, size=size, most=_most(size), usual=usual)


def _most(size: InputPlace) -> int | None:
    limits = size.value.limits or {}
    most = limits.get("maximum")
    if isinstance(limits.get("exclusiveMaximum"), int | float) and limits["exclusiveMaximum"] is not True:
        most = int(limits["exclusiveMaximum"]) - 1
    elif size.value.enum and all(isinstance(item, int) for item in size.value.enum):
        most = max(size.value.enum)
    if most is None:
        # A pattern that ignores the case takes much longer to compile.
        numbers = re.findall(_MOST, size.description.lower())
        reported = [int(number.replace(",", "").replace("_", "")) for number in numbers]
        most = max(reported, default=None)
    if not isinstance(most, int | float) or not 1 <= most <= _LARGEST:
        return None
    return int(most)
