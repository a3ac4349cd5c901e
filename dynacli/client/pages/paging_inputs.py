"""The inputs of an operation that may be about pages, and the largest page that may be asked for."""

import re
from collections.abc import Sequence

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.pages.page_rule import NAMES, InputPlace, PageRule
from dynacli.model.field_names import plain_name, words_of
from dynacli.model.operation import ANY
from dynacli.record import replace

__all__ = ["HOLDERS", "NUMBERS", "SIZES", "input_of", "is_listing", "names_of", "paging_inputs", "with_size"]

HOLDERS = NAMES["objects"]["about_pages"]
"""Plain names of objects about pages."""
_INPUT_HOLDERS = {*HOLDERS, *NAMES["objects"]["inputs"]}
"""Plain names of inputs that have those about pages inside."""
SIZES = NAMES["inputs"]["sizes"]
"""Plain names of inputs that say how many items a page has, the surest first."""
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


def is_listing(described: DescribedOperation) -> bool:
    """Return whether an operation only reads: a safe method, or a POST that is called a search."""
    operation = described.operation
    if operation.method != "POST":
        return operation.method in ("GET", "QUERY")
    words = words_of(f"{operation.operation_id} {operation.name} {operation.path}")
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
    """Return the plain names of an input: with those that it stands in, and its own where those are about pages."""
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
    elif size.value.enum and all(isinstance(each, int) for each in size.value.enum):
        most = max(size.value.enum)
    if most is None:
        # A pattern that ignores the case takes much longer to compile.
        numbers = re.findall(_MOST, size.description.lower())
        told = [int(number.replace(",", "").replace("_", "")) for number in numbers]
        most = max(told, default=None)
    if not isinstance(most, int | float) or not 1 <= most <= _LARGEST:
        return None
    return int(most)
