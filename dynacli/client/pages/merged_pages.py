"""The pages of a list, merged into one response.

The response has the items of all pages, the other members of the first page, and one validation result.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from os import urandom
from typing import TYPE_CHECKING, Any

from dynacli.client.call import Page
from dynacli.client.engine.call_engine import MadeCall
from dynacli.client.pages.page_loop import PageLoop
from dynacli.client.pages.page_rule import ResponsePlace
from dynacli.openapi.document.json_trees import join
from dynacli.openapi.model.field_names import plain_name
from dynacli.record import replace
from dynacli.text.exact_json import compact_json
from dynacli.validation.finding import ValidationResult

if TYPE_CHECKING:
    from dynacli.http.exchange import WireResponse
    from dynacli.validation.finding import Finding

_OF_THE_LAST = re.compile(
    r"next.*|has(?:more|next).*|more|moreitems|.*cursors?|links?|odatanextlink|after|marker|continuationtoken"
)
"""Plain names of members that tell which page is next, or whether there is one. The last page sets them."""
_MOST_FINDINGS = 2_000
"""Maximum number of findings to store. Further ones are only counted."""


class MergedPages:
    """Collects the pages of a list, and merges them into one response.

    Pages between the first and the last one are not stored, only the JSON of their items.

    Attributes:
        first: The first page without its items; None before it is received.
        last: The latest successful page without its items; None if there is none.
        validation: Validation result of all pages.
        size: Number of characters in the stored JSON of items.

    Args:
        loop: Fetches the pages.
    """

    def __init__(self, loop: PageLoop) -> None:
        self._loop = loop
        self.first: Page | None = None
        self.last: Page | None = None
        self.validation = _MergedValidation()
        self.size = 0
        self._texts: list[str] = []

    def add(self, page: Page) -> None:
        """Add a page without its items, which `keep` stores.

        Raises:
            HttpError: The page is unsuccessful and not the first one.
        """
        before = self._loop.count - len(page.items or ())
        self.validation.add(page, self._loop.items, before)
        self.first = self.first or page._replace(items=None if page.items is None else [])
        if page.response.is_success:
            self.last = page._replace(items=None)
        elif page.number > 1:
            from dynacli.client.responses.response_errors import http_error

            raise http_error(page.call, page.response)

    def keep(self, items: Iterable[Any]) -> None:
        """Store the items of an added page."""
        texts = [compact_json(item) for item in items]
        self._texts += texts
        self.size += sum(map(len, texts))

    def taken_texts(self) -> list[str]:
        """Return the JSON of the stored items, and forget them."""
        texts, self._texts, self.size = self._texts, [], 0
        return texts

    @property
    def is_list(self) -> bool:
        """True if the pages have items that can be merged."""
        return self.first is not None and self.first.items is not None and self._loop.items is not None

    @property
    def depth(self) -> int:
        """Number of objects around the list of items."""
        place = self._loop.items
        return len(place.steps or ()) if place is not None else 0

    def around(self, lay_out: Callable[[str], str] = str) -> tuple[str, str]:
        """Return the JSON before and after the items of the received pages, as `text_around` does."""
        first, last, place = self.first, self.last, self._loop.items
        if first is None or last is None or place is None:
            raise ValueError("There is no list")
        return text_around(first.value, last.value, place, lay_out)

    @property
    def made(self) -> MadeCall | None:
        """Call of the first page with the response of all pages; None before the first page."""
        first = self.first
        if first is None:
            return None
        validation = None if first.validation is None else self.validation
        return MadeCall(first.call, self.response(first), validation)

    def response(self, first: Page, end: str = "") -> WireResponse:
        """Return the response of all received pages; the first response if the pages cannot be merged.

        Args:
            first: The first page.
            end: Text after the JSON of the body.
        """
        if not self.is_list or self.last is None:
            return first.response
        before, after = self.around()
        text = "".join((before, "[", ",".join(self._texts), "]", after, end))
        body = text.encode("utf-8", "surrogatepass")
        response = replace(first.response, body=body, size=len(body))
        first.call.receive_json(response)
        return response


def text_around(
    first: Any, last: Any, place: ResponsePlace, lay_out: Callable[[str], str] = str
) -> tuple[str, str]:
    """Return the JSON of the merged pages in two parts: before the list of items, and after it.

    Members that the last page sets come after the items, so that the first part does not depend on the last page.

    Args:
        first: As in `merged_value`.
        last: As in `merged_value`.
        place: As in `merged_value`.
        lay_out: Formats the JSON of a value.
    """
    # A random value, which occurs in no response.
    mark = f"items {urandom(16).hex()}"
    value = merged_value(first, last, place, mark)
    before, _, after = lay_out(compact_json(value)).partition(compact_json(mark))
    return before, after


def merged_value(first: Any, last: Any, place: ResponsePlace, items: Any) -> Any:
    """Return the value of all pages: the first page with all items, and with the links and cursors of the last page.

    Args:
        first: Value of the first page.
        last: Value of the last page.
        place: Location of the items in both. If it is not a plain path, the items alone are the value.
        items: Items of all pages.
    """
    return items if place.steps is None else _merged(first, last, list(place.steps), items)


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
    for changing in [item for item in before if _is_of_the_last(item, first[item])]:
        if changing in merged:
            merged[changing] = merged.pop(changing)
    return merged


def _is_of_the_last(name: str, value: Any) -> bool:
    """Return whether the last page sets a member, or a member inside it."""
    if _OF_THE_LAST.fullmatch(plain_name(name)):
        return True
    return isinstance(value, dict) and any(_is_of_the_last(str(key), child) for key, child in value.items())


def _with_ends(first: dict[str, Any], last: dict[str, Any], keep: str = "") -> dict[str, Any]:
    """Return the members of an object, with members about the next page taken from the last page."""
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


class _MergedValidation(ValidationResult):
    """Validation result of all pages. Findings have the index of their item among the items of all pages.

    Attributes:
        dropped: Number of findings that were not stored, because there are too many.
    """

    def __init__(self) -> None:
        super().__init__(is_accepted=True)
        self.dropped = 0

    def add(self, page: Page, place: ResponsePlace | None, before: int) -> None:
        """Add the result of a page.

        Args:
            place: Location of its items.
            before: Number of items on earlier pages.
        """
        validation = page.validation
        if validation is None:
            return
        self.is_accepted = self.is_accepted and validation.is_accepted
        shift = _shift(place, before)
        left = max(_MOST_FINDINGS - len(self.findings), 0)
        self.extend(shift(finding) for finding in validation.findings[:left])
        self.dropped += max(len(validation.findings) - left, 0)
        for finding in validation.tolerated if len(self.tolerated) < _MOST_FINDINGS else ():
            self.tolerate(shift(finding))
        self.not_validated = list(dict.fromkeys((*self.not_validated, *validation.not_validated)))
        self.failures = list(dict.fromkeys((*self.failures, *validation.failures)))
        if len(self.suppressed) < _MOST_FINDINGS:
            self.suppressed += [(shift(finding), reason) for finding, reason in validation.suppressed]


def _shift(place: ResponsePlace | None, before: int) -> Any:
    """Return a function that changes the index in a finding to the index among the items of all pages."""
    if place is None or place.steps is None:
        return lambda finding: finding
    prefix = join(place.steps) + "/"

    def shifted(finding: Finding) -> Finding:
        if not finding.pointer.startswith(prefix):
            return finding
        index, slash, rest = finding.pointer[len(prefix) :].partition("/")
        if not index.isdecimal():
            return finding
        return replace(finding, pointer=f"{prefix}{int(index) + before}{slash}{rest}")

    return shifted
