"""The loop over the pages of a list: one call for each, until the rule says that there are no more.

It can also examine a single response as a page: its number of items, and the inputs of the next page.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from shlex import quote
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from dynacli.client.call import Call, Page, PageCame
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine, MadeCall, read_whole
from dynacli.client.inputs.call_inputs import CallInputs
from dynacli.client.pages.decide_rule import (
    NO_RULE,
    configured_rule,
    document_pages,
    document_rule,
    inferred_rules,
    with_ends,
)
from dynacli.client.pages.next_page import (
    End,
    NextPage,
    ReceivedPage,
    given_value,
    next_page,
    total_of,
    with_input,
)
from dynacli.client.pages.page_rule import ABSENT, PageRule, ResponsePlace, place_at
from dynacli.environment import invocation, program
from dynacli.errors import DynacliError, NetworkError, UsageError
from dynacli.http.item_reader import ItemReader
from dynacli.http.semantics import Reading, ReceivedBody, is_json, is_sequence, is_structured
from dynacli.openapi.catalog.catalog_file import DamagedCatalogError
from dynacli.openapi.model.find_items import Items, find_items
from dynacli.openapi.model.wording import enumerated
from dynacli.openapi.schema.response_fields import fields_of_value
from dynacli.record import record, replace
from dynacli.text.exact_json import read_json
from dynacli.urls import origin_of, split_url, without_query

if TYPE_CHECKING:
    from dynacli.http.exchange import WireResponse
    from dynacli.http.send import Pieces

_NO_CONTENT = 204
_NOT_FOUND = 404
_MOST_PAGES = 10_000
"""Maximum number of pages that are fetched."""


class PageLoop:
    """The pages of a list, fetched as needed.

    Attributes:
        rule: The pagination rule. Before the first response, it is the document's.
        items: Location of the items; None if the response is not a list, or has several.
        is_keyed: True if the response is an object whose members are the items. Such pages are not merged.
        candidates: Arrays of the first response that may be the items.
        count: Number of items received so far.
        total: Number of items on all pages, if a response states it.
        following: Request for the page after the latest one; None if that is the last one.
        end: Reason why there is no further page; None before the end, and after an error.
        position: Request for the current or next page; None at the end.

    Args:
        engine: Makes the call of each page; None to examine a received response without calls.
        reading: Way of parsing JSON, `plain` or `exact`.
        max_items: Number of items to fetch; None for all.
        make_first: Makes the call of the first page. It returns None if it has processed the response as a stream.
            None to read the items of a stream, up to `max_items`, as one page.
    """

    def __init__(
        self,
        engine: Engine | None,
        described: DescribedOperation,
        inputs: CallInputs,
        *,
        reading: Reading = "plain",
        max_items: int | None = None,
        is_keyset_asked: bool = False,
        make_first: Callable[[Call], MadeCall | None] | None = None,
    ) -> None:
        with nullcontext() if engine is None else engine.lock:
            configured = configured_rule(described)
            pages = document_pages(described, configured, is_keyset_asked=is_keyset_asked)
        self._described, self._pages, self._engine = described, pages, engine
        self._reading, self._max_items = reading, max_items
        self._parse: Callable[[str | bytes], Any] = read_json if reading == "exact" else json.loads
        self._is_keyset_asked, self._make_first = is_keyset_asked, make_first
        self.rule: PageRule = document_rule(pages)
        self.items: ResponsePlace | None = pages.items
        self.is_keyed = False
        self.candidates: tuple[str, ...] = ()
        self.count = 0
        self.total: int | None = None
        self.following: NextPage | None = None
        self.end: End | None = None
        self.position: NextPage | None = NextPage(self._sized(inputs), "", "")
        self._begins_at_first = all(given_value(rule.input, inputs) is None for rule in pages.rules)
        self._seen: set[int] = set()
        self._origin = ""
        self._number = 0
        self._failure: DynacliError | None = None

    @property
    def left_out(self) -> int:
        """Number of items that the server counts but did not return, although all pages were fetched."""
        is_ended = self.end is not None and (self._max_items is None or self.count < self._max_items)
        return max((self.total or 0) - self.count, 0) if is_ended and self._begins_at_first else 0

    @property
    def note(self) -> str:
        """Note on a list: why it is only one page, or that the server returned fewer items than it counts."""
        if self.items is None:
            error = no_list(self._described, self.candidates, is_keyed=self.is_keyed)
            return f"This is one page: {error.reason[:1].lower()}{error.reason[1:]}"
        if self.rule.kind == "none":
            return f"This is one page: {self.rule.reason}"
        if self.left_out and self.end is not None:
            came = f"{self.count:,} of {self.total:,} items were received"
            return f"{came}; the server returns no more: {self.end.reason}"
        return ""

    def _sized(self, inputs: CallInputs) -> CallInputs:
        """Return the inputs with the largest allowed page size, unless a size is given."""
        rule = self.rule
        if rule.size is None or rule.most is None or given_value(rule.size, inputs) is not None:
            return inputs
        most = rule.most if self._max_items is None else max(min(rule.most, self._max_items), 1)
        return with_input(inputs, rule.size, most)

    def __iter__(self) -> Iterator[Page]:
        """Yield the pages. An unsuccessful response is the last one.

        If only a page number suggests a further page, it is tried, and a 404 ends the list.

        Raises:
            NetworkError: A call failed, or the pages repeat.
            RefusedError: The next page is on another server, or the policy refuses its call.
            DynacliError: A call failed.
        """
        first: Call | None = None
        while self._engine is not None and self.position is not None:
            if self._number == _MOST_PAGES:
                raise NetworkError(
                    f"Not all pages of `{self._described.operation.name}` were fetched",
                    reason=f"{program().name} stops after {_MOST_PAGES:,} pages",
                )
            asked = self.position
            try:
                made = self._call_of_page(self._engine, asked, first)
                page = None if made is None else self.take(made)
            except DamagedCatalogError as damage:
                from dynacli.client.damaged_cache import explain_damage

                explain_damage(damage, has_sent=first is not None)
            if made is None or page is None:
                self.position = None
                return
            first = first or made.call
            self._engine.announce(PageCame(page.call, page, self.count, self.total))
            # An interruption from here on does not lose this page.
            yield page
            if not page.response.is_success:
                return
            if self._failure is not None:
                raise made.call.signed.masker.mask_error(self._failure) from self._failure.__cause__
            if self.following is not None:
                self._note(self.following.mark, self.following)

    def _call_of_page(self, engine: Engine, asked: NextPage, first: Call | None) -> MadeCall | None:
        if first is None and self._make_first is not None:
            return self._make_first(engine.prepare(self._described, asked.inputs, url=asked.url))
        return engine.make(self._described, asked.inputs, url=asked.url, after=first, receive=self._received)

    def _received(self, response: WireResponse, pieces: Pieces) -> bytes:
        """Return the body of a page. A stream is read up to the wanted items, and an error after them is noted."""
        media_type = response.header("content-type")
        if self._max_items is None or not (response.is_success and is_sequence(media_type)):
            return read_whole(response, pieces)
        from dynacli.http.event_stream import WholeItems, pieces_of_items
        from dynacli.http.exchange import RENDER_LIMIT

        wanted = WholeItems(pieces_of_items(pieces, media_type, self._max_items), media_type)
        body = bytearray()
        try:
            for piece in pieces.up_to(RENDER_LIMIT, "Ask for fewer items", wanted):
                body += piece
        except DynacliError as error:
            if error is not wanted.ended_by or not wanted.count:
                raise
            self._failure = error
        return bytes(body)

    def take(self, made: MadeCall) -> Page | None:
        """Process the response for the page at `position`; return None if that page does not exist.

        Raises:
            NetworkError: The page cannot be read, or repeats an earlier one.
        """
        call, response, validation = made
        asked = self.position
        if asked is None:
            return None
        self._number = number = self._number + 1
        if response.status == _NOT_FOUND and not asked.is_proven:
            self.position = self.following = None
            self.end = End(f"the server has no page {number} (404)")
            return None
        if not response.is_success:
            if number == 1:
                self.position = None
            return Page(number, call, response, validation, None, None)
        if is_sequence(response.header("content-type")):
            return self._take_stream(made)
        value = self._value(call.received(response), response, number)
        self._origin = self._origin or origin_of(call.signed.request.url)
        items = self._items(value, number)
        value = None if value is ABSENT else value
        page = ReceivedPage(
            asked.inputs, response.url, self._origin, response.headers, value, items, number, self.count
        )
        self._check_is_new(page, number)
        following: NextPage | End
        try:
            following = self._following(page)
        except DynacliError as error:
            # This page is complete, so it is returned before the error is raised.
            self._failure, following = error, End(error.message)
        items = None if page.items is None else list(page.items)
        if items is not None and self._max_items is not None:
            left = self._max_items - self.count
            if len(items) >= left:
                items, self._failure = items[:left], None
                following = End("the requested number of items was received")
        self.count += len(items or ())
        self.position = self.following = following if isinstance(following, NextPage) else None
        self.end = following if isinstance(following, End) else None
        return Page(number, call, response, validation, value, items)

    def _take_stream(self, made: MadeCall) -> Page:
        """Process a streamed response of items, which has no further page."""
        call, response, validation = made
        reader = ItemReader(response.header("content-type"), self._parse)
        items = [*reader.feed(response.body), *reader.end()][: self._max_items]
        self.items, self.count = place_at(), self.count + len(items)
        self.rule, self.end = replace(NO_RULE, reason="the response is a stream"), End("the stream has ended")
        self.position = self.following = None
        return Page(self._number, call, response, validation, items, items)

    def check_list(self) -> None:
        """Check before sending that the document describes at most one list.

        Raises:
            UsageError: The response may have several lists.
        """
        if self._pages.items is None and len(self._pages.candidates) > 1:
            raise no_list(self._described, self._pages.candidates)

    def _value(self, body: ReceivedBody, response: WireResponse, number: int) -> Any:
        """Return the value of a page; None if it is empty, `ABSENT` if the first page cannot be read."""
        if not response.body and (number == 1 or response.status == _NO_CONTENT):
            return None
        try:
            is_of_json = bool(body.content) and is_json(body.media_type)
            if is_structured(body.media_type) or (is_of_json and self._reading == "exact"):
                from dynacli.media.body_value import exact_value

                return exact_value(body)
            if is_of_json:
                return body.value("plain", json.loads)
            return self._parse(body.content)
        except (ValueError, RecursionError):
            if number == 1:
                return ABSENT
        media_type = response.header("content-type").partition(";")[0].strip() or "no declared type"
        reason = f"Its media type is JSON, but its {response.size:,} bytes are not valid JSON"
        if not response.body:
            reason = "It is empty"
        elif "json" not in media_type:
            reason = f"It is not JSON but `{media_type}`, {response.size:,} bytes"
        raise NetworkError(
            f"Page {number} of `{self._described.operation.name}` cannot be read",
            reason=reason,
            hint="Try again; if it happens again, report it to the operator of the server",
        )

    def _items(self, value: Any, number: int) -> list[Any] | None:
        """Return the items of a page. The first page determines their location, unless the document does."""
        if self.items is not None:
            found = self.items.value_in(value)
            if isinstance(found, list):
                return found
            if found is None:
                return []  # some servers write null for an empty list
            if number > 1:
                return None
            self.items = None
        if number > 1:
            return None
        known = self._described.known_items
        if known is not None and known.holder == "array":
            known = None  # pagination rules locate items in an array more precisely
        chosen = find_items(value, known, path=self._described.operation.path, is_list=True)
        if isinstance(chosen, Items) and chosen.is_keyed:
            self.is_keyed = True
            return None
        if not isinstance(chosen, Items):
            self.candidates = tuple(place_at(*array.steps).text for array in chosen)
            return None
        self.items = place_at(*chosen.steps)
        return chosen.values

    def _check_is_new(self, page: ReceivedPage, number: int) -> None:
        """Check that a page does not start like an earlier one."""
        if not page.items:
            return
        first = page.items[0]
        # Numbers and strings may repeat in different pages, so the whole page is compared.
        seen = first if isinstance(first, dict) else page.items
        text = json.dumps(seen, sort_keys=True, default=str)
        if not self._is_new(f"items {text}"):
            self.position = None
            by = f"`--{self.rule.input.option}` had no effect" if self.rule.input else "its URL had no effect"
            raise NetworkError(
                f"The pages of `{self._described.operation.name}` repeat",
                reason=f"Page {number} begins with the same item as an earlier page: {by}",
                hint=f"Configure its pagination rule: `{invocation('help pages')}`",
            )

    def _note(self, mark: str, following: NextPage) -> None:
        """Check that the request for the next page is new."""
        if self._is_new(f"mark {mark}"):
            return
        self.position = None
        named = f"the URL `{without_query(following.url)}`" if following.url else "a cursor"
        raise NetworkError(
            f"The pages of `{self._described.operation.name}` repeat",
            reason=f"A response repeats {named} of an earlier response",
            hint="Report it to the operator of the server, or configure its pagination rule: "
            f"`{invocation('help pages')}`",
        )

    def _is_new(self, text: str) -> bool:
        digest = hash(text)
        is_new = digest not in self._seen
        self._seen.add(digest)
        return is_new

    def _following(self, page: ReceivedPage) -> NextPage | End:
        """Return the next page or the end. The first page determines the rule."""
        if page.number == 1:
            self.rule, step = self._rule_and_step(page)
        else:
            step = next_page(self.rule, page)
        if self.total is None:
            self.total = total_of(self.rule, page)
        return step

    def _rule_and_step(self, page: ReceivedPage) -> tuple[PageRule, NextPage | End]:
        """Return the rule for the list, from the document and the first response, and its next step.

        If the response lacks what the most reliable rule needs, another rule applies if it proves that a next page
        exists.
        """
        rules = self._pages.rules
        fields = [*self._pages.fields, *fields_of_value(page.value)]
        if rules and rules[0].is_declared:
            rules = tuple(with_ends(rule, fields) for rule in rules)
        else:
            headers = {**self._pages.headers, **dict(page.headers)}
            rules = inferred_rules(self._described, fields, headers, is_keyset_asked=self._is_keyset_asked)
        decided: tuple[PageRule, NextPage | End] | None = None
        for rule in rules:
            step = next_page(rule, page)
            if isinstance(step, End):
                if step.is_said and decided is None:
                    return rule, step
                decided = decided or (rule, step)
            elif decided is None or step.is_proven:
                return rule, step
        none = next((rule for rule in self._pages.rules if rule.kind == "none"), NO_RULE)
        return decided or (replace(none, items=self.items), End(none.reason))


def no_list(
    described: DescribedOperation, candidates: Sequence[str], *, is_keyed: bool = False
) -> UsageError:
    """Return the error for an operation whose response has no unambiguous list of items.

    Args:
        candidates: Arrays that may be the list.
        is_keyed: True if the response is an object whose members are the items.
    """
    name = described.operation.name
    message = f"Cannot fetch all items of `{name}`"
    if is_keyed:
        return UsageError(message, reason="Its items are keyed by id, so dynacli cannot merge the pages")
    if not candidates:
        hint = "Call it without `--all` and `--max-items`"
        return UsageError(message, reason="Its response is not a list", hint=hint)
    listed = enumerated([f"`{candidate}`" for candidate in candidates], "and")
    api = described.api
    return UsageError(
        message,
        reason=f"Its response has several lists: {listed}",
        hint=f"Name one: `{invocation('api set', api.name)} pages.{name}.items={quote(candidates[0])}`"
        if api.is_registered
        else f"Register the API to name one of them: `{invocation('api add')} NAME {quote(api.name)}`",
    )


@record
class RespondedPage:
    """A received page that is not the last one.

    Args:
        items: Number of its items.
        total: Number of items on all pages; None if the response does not state it.
        number: Number of the page; None if the inputs do not determine it.
        next_inputs: Option → value of the inputs that change for the next page; None if they cannot be derived from
            the URL of the next page.
        place: Location of the items; None if they are the members of an object.
    """

    items: int
    total: int | None
    number: int | None
    next_inputs: dict[str, Any] | None
    place: ResponsePlace | None


def received_page(call: Call, response: WireResponse) -> RespondedPage | None:
    """Return the page of a response if another page follows; else None."""
    described, values = call.described, call.values
    body = values.body if isinstance(values.body, bytes) else None
    inputs = CallInputs(values.parameters, body=body, query=values.query)
    if is_sequence(response.header("content-type")):
        return None
    reading: Reading = "exact" if call.received(response).is_exact else "plain"
    try:
        loop = PageLoop(None, described, inputs, reading=reading)
        page = loop.take(MadeCall(call, response, None))
    except DynacliError:
        return None  # `--all` reports this problem
    following = loop.following
    if page is None or not page.items or following is None or not following.is_proven:
        return None
    begun = given_value(loop.rule.input, inputs)
    number = begun if loop.rule.kind == "page" and isinstance(begun, int) else 1 if begun is None else None
    return RespondedPage(len(page.items), loop.total, number, _next_inputs(call, loop, following), loop.items)


def _next_inputs(call: Call, loop: PageLoop, following: NextPage) -> dict[str, Any] | None:
    if not following.url:
        place = loop.rule.input
        return None if place is None else {place.option: given_value(place, following.inputs)}
    here, there = split_url(call.signed.request.url), split_url(following.url)
    if here.path != there.path:
        return None
    before = dict(parse_qsl(here.query, keep_blank_values=True))
    changed = {
        name: value
        for name, value in parse_qsl(there.query, keep_blank_values=True)
        if before.get(name) != value
    }
    options = {
        parameter.name: parameter.option
        for parameter in call.described.operation.parameters
        if parameter.location == "query"
    }
    if not changed or not changed.keys() <= options.keys():
        return None
    return {options[name]: value for name, value in changed.items()}
