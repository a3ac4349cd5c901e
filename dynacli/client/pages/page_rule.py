"""Pagination rules: the input that changes from page to page, and the field of a response that sets it.

This module also finds inputs for pagination, and the largest allowed page.
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
"""Value of a field that a response does not have."""
NUMBERS = ("integer", "number")
"""Types of numeric inputs."""
_DATES = frozenset({"date", "date-time", "time"})
_MOST = (
    r"(?:\bmax(?:imum)?|\bup to|\bat most|\bno more than|\bnot exceed|\blimited to|\bcapped at|\bbetween \d+ and"
    r"|\bfrom \d+ to|\bless than or equal to|<=|\b\d+ ?-)(?!\w)[^0-9.;\n]{0,40}?(\d[\d,_]{0,8})\b"
)
"""Pattern that finds the largest allowed number in a description."""
_LARGEST = 10_000
"""Maximum page size that dynacli requests, even if the document allows more."""


@record
class ResponsePlace:
    """The location of a value in a response.

    Args:
        text: The location as messages name it; in a body a JMESPath expression.
        steps: Names and array indexes from the root of the body; None for an expression that is not a plain path.
        header: Name of a header; empty for a location in the body.
    """

    text: str
    steps: tuple[str | int, ...] | None = None
    header: str = ""

    def value_in(self, value: Any) -> Any:
        """Return the value at this location of a body; `ABSENT` if there is none."""
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
    """Return the location in a body with the given steps."""
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
    """An input that controls pagination.

    Args:
        location: `path`, `query`, `header`, `cookie` or `body`.
        name: Name of the parameter; empty for the body.
        path: Property names inside the parameter or the body.
        option: Its option on the command line, without dashes.
        value: Type of its value.
        description: Its description in the document.
    """

    location: str
    name: str
    path: tuple[str, ...]
    option: str
    value: ValueType
    description: str = ""

    @property
    def plain_name(self) -> str:
        """Plain name: `pagenumber` for `page[number]`, and for `number` inside `page`."""
        return plain_name("".join((self.name, *self.path)))


@record
class PageRule:
    """A rule for requesting the next page.

    Args:
        kind: Source of the next page: `link` (the header `Link`), `url` (a URL in the body), `cursor` (a value of the
            response for an input), `last-id` (id of the last item), `page` (a page number), `offset` (number of items
            before the page), `keyset` (an id of the page, in a bare array); `none` if there is no rule.
        reason: Evidence for the rule in the document, the configuration or a response.
        is_declared: True if the rule is written down. Then dynacli looks for no other rule.
        is_configured: True if the rule is from the user's configuration.
        input: Input that selects the next page; None for `link`, `url` and `none`.
        size: Input that sets the page size.
        most: Largest page that the document allows.
        usual: Default page size.
        next: Location of the URL or the cursor in a response.
        items: Location of the items in a response; None if the response decides.
        more: Location of the value that says whether there is another page.
        total: Location of the number of items on all pages.
        last: Location of the number of pages.
        first: Number of the first page or item; None if the first response decides.
        other: Input for the opposite direction, in a key set.
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
        """Return the rule for `describe -o json`."""
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
"""Plain names of objects with data about pages."""
_INPUT_HOLDERS = {*HOLDERS, *NAMES["objects"]["inputs"]}
"""Plain names of inputs that contain inputs for pagination."""
SIZES = NAMES["inputs"]["sizes"]
"""Plain names of inputs for the page size, the most reliable first."""


def is_listing(described: DescribedOperation) -> bool:
    """Return whether an operation may be paged: a GET or QUERY, or a POST whose name says that it searches."""
    operation = described.operation
    if operation.method != "POST":
        return operation.method in ("GET", "QUERY")
    words = words_of_name(f"{operation.operation_id} {operation.name} {operation.path}")
    return any(word in NAMES["operations"]["searches"] for word in words)


def paging_inputs(described: DescribedOperation) -> list[InputPlace]:
    """Return the inputs that may be for pagination: in the query, in headers, and in the body."""
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
    # The query comes first, because a header with such a name is rarely for pagination.
    order = {"query": 0, "body": 1, "header": 2}
    return sorted(found, key=lambda place: order[place.location])


def input_of(
    inputs: Sequence[InputPlace], names: Sequence[str], types: tuple[str, ...] = ()
) -> InputPlace | None:
    """Return the input for the first of the names that any input has."""
    for name in names:
        for place in inputs:
            is_fitting = not types or place.value.type in (*types, ANY)
            if name in names_of(place) and is_fitting and place.value.format not in _DATES:
                return place
    return None


def names_of(place: InputPlace) -> tuple[str, ...]:
    """Return the plain names of an input: with its parents, and alone if these are for pagination."""
    if place.path and (place.location == "body" or plain_name(place.name) in _INPUT_HOLDERS):
        return (place.plain_name, plain_name(place.path[-1]))
    return (place.plain_name,)


def with_size(rule: PageRule, inputs: Sequence[InputPlace]) -> PageRule:
    """Return a rule with the input for the page size, and the largest page."""
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
        # Lower case, because a pattern that ignores case takes much longer to compile.
        numbers = re.findall(_MOST, size.description.lower())
        reported = [int(number.replace(",", "").replace("_", "")) for number in numbers]
        most = max(reported, default=None)
    if not isinstance(most, int | float) or not 1 <= most <= _LARGEST:
        return None
    return int(most)
