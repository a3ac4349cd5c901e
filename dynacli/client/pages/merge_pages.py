"""One response of many pages: their items in the wrapper of the first page, and one verdict on all of them."""

import re
from collections.abc import Callable, Iterable
from os import urandom
from typing import TYPE_CHECKING, Any

from dynacli.client.call import Page
from dynacli.client.pages.page_rule import ResponsePlace
from dynacli.openapi.document.pointer import join
from dynacli.openapi.model.field_names import plain_name
from dynacli.record import replace
from dynacli.text.exact_json import compact_json
from dynacli.validation.finding import Verdict

if TYPE_CHECKING:
    from dynacli.validation.finding import Finding

__all__ = ["MergedVerdict", "merged_text", "text_around"]

_OF_THE_LAST = re.compile(
    r"next.*|has(?:more|next).*|more|moreitems|.*cursors?|links?|odatanextlink|after|marker|continuationtoken"
)
"""Plain names of what the last page says of the pages: which one is next, and whether there is one."""
_MOST_FINDINGS = 2_000
"""Findings that are kept; further ones are counted."""


def merged_text(first: Any, last: Any, place: ResponsePlace, items: Iterable[str]) -> str:
    """Return the JSON of all pages: the first one's, with all items, and the links and cursors of the last one.

    Args:
        first: The value of the first page.
        last: The value of the last page.
        place: Where both have their items.
        items: The JSON of those of all pages; they alone are the value where the place is no plain path.
    """
    before, after = text_around(first, last, place)
    return "".join((before, "[", ",".join(items), "]", after))


def text_around(
    first: Any, last: Any, place: ResponsePlace, lay_out: Callable[[str], str] = str
) -> tuple[str, str]:
    """Return the JSON of all pages that stands before the items, and that behind them.

    What the last page decides stands behind the items, so that the rest is the same whichever page is the last.

    Args:
        lay_out: Returns the JSON of a value in the form in which it is written.
    """
    # A value that no response has, as it is made here.
    mark = f"items {urandom(16).hex()}"
    value = mark if place.steps is None else _merged(first, last, list(place.steps), mark)
    before, _, after = lay_out(compact_json(value)).partition(compact_json(mark))
    return before, after


def _merged(first: Any, last: Any, steps: list[str | int], items: Any) -> Any:
    if not steps:
        return items
    name = str(steps[0])
    if not isinstance(first, dict) or name not in first:
        return first
    merged = _with_ends(first, last if isinstance(last, dict) else first, keep=name)
    below = last.get(name) if isinstance(last, dict) else None
    merged[name] = _merged(first[name], below, steps[1:], items)
    before = list(first)[: list(first).index(name)]
    for changing in [each for each in before if _is_of_the_last(each, first[each])]:
        if changing in merged:
            merged[changing] = merged.pop(changing)
    return merged


def _is_of_the_last(name: str, value: Any) -> bool:
    """Return whether the last page decides about a member, or about some member of it."""
    if _OF_THE_LAST.fullmatch(plain_name(name)):
        return True
    return isinstance(value, dict) and any(_is_of_the_last(str(key), child) for key, child in value.items())


def _with_ends(first: dict[str, Any], last: dict[str, Any], keep: str = "") -> dict[str, Any]:
    """Return the members of an object, those about the next page as the last page has them."""
    merged: dict[str, Any] = {}
    for name, value in first.items():
        if name == keep:
            merged[name] = value
        elif _OF_THE_LAST.fullmatch(plain_name(name)):
            if name in last:
                merged[name] = last[name]
        elif isinstance(value, dict) and isinstance(last.get(name), dict):
            merged[name] = _with_ends(value, last[name])
        else:
            merged[name] = value
    return merged


class MergedVerdict(Verdict):
    """The verdict on all pages, in which a finding about an item names its place among the items of all pages.

    Attributes:
        dropped: How many findings were not kept, because there are very many.

    Args:
        place: Where the pages have their items.
    """

    def __init__(self) -> None:
        super().__init__(is_accepted=True)
        self.dropped = 0

    def add(self, page: Page, place: ResponsePlace | None, before: int) -> None:
        """Add the verdict on a page.

        Args:
            place: Where it has its items.
            before: How many items the pages before it have had.
        """
        verdict = page.verdict
        if verdict is None:
            return
        self.is_accepted = self.is_accepted and verdict.is_accepted
        shift = _shift(place, before)
        left = max(_MOST_FINDINGS - len(self.findings), 0)
        self.extend(shift(finding) for finding in verdict.findings[:left])
        self.dropped += max(len(verdict.findings) - left, 0)
        for finding in verdict.tolerated if len(self.tolerated) < _MOST_FINDINGS else ():
            self.tolerate(shift(finding))
        self.not_validated = list(dict.fromkeys((*self.not_validated, *verdict.not_validated)))
        self.failures = list(dict.fromkeys((*self.failures, *verdict.failures)))
        if len(self.suppressed) < _MOST_FINDINGS:
            self.suppressed += [(shift(finding), reason) for finding, reason in verdict.suppressed]


def _shift(place: ResponsePlace | None, before: int) -> "Any":
    """Return what gives a finding its place among the items of all pages."""
    if place is None or place.steps is None:
        return lambda finding: finding
    prefix = join(place.steps) + "/"

    def shifted(finding: "Finding") -> "Finding":
        if not finding.pointer.startswith(prefix):
            return finding
        index, slash, rest = finding.pointer[len(prefix) :].partition("/")
        if not index.isdecimal():
            return finding
        return replace(finding, pointer=f"{prefix}{int(index) + before}{slash}{rest}")

    return shifted
