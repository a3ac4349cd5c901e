"""One pass over a feed: fetch its pages, store each with the position of the next one, and count what changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from dynacli.client.call import Call, Page, base_url_of
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine
from dynacli.client.inputs.call_inputs import CallInputs
from dynacli.client.inputs.read_plain_inputs import read_given
from dynacli.client.pages.merged_pages import MergedPages
from dynacli.client.pages.next_page import NextPage, given_value, with_input
from dynacli.client.pages.page_loop import PageLoop
from dynacli.client.pages.page_rule import InputPlace, ResponsePlace, paging_inputs
from dynacli.client.responses.response_errors import http_error, mismatch_error
from dynacli.errors import DynacliError, FormatError, HttpError, RefusedError
from dynacli.features.sql.feed import CHANGES, FULL, Feed, Pass
from dynacli.features.sql.mirror_file import MirrorFile, utc_text
from dynacli.features.sql.tables import documented_columns, item_columns, item_text, without_objects
from dynacli.http.caching import REVALIDATE, CacheSpec
from dynacli.openapi.model.wording import counted
from dynacli.record import record, replace
from dynacli.secrets import is_secret_name
from dynacli.urls import origin_of, split_url

_OVERLAP = timedelta(minutes=5)
"""The next pass asks for what changed this long before the latest change: clocks differ, and writes take time."""
_RESUMABLE = frozenset({"cursor", "last-id", "keyset"})
"""Rules whose input names a position in the list. Numbers of pages and items shift when items come or go."""
_LOST_POSITION = frozenset({400, 404, 409, 410, 412, 416, 422})
"""Statuses by which a server rejects a position. After others, such as 429 or 503, the position still counts."""


@record
class FeedResult:
    """The result of a run for a feed.

    Args:
        feed: The feed.
        current: The pass.
        is_complete: Whether the pass reached the last page, and nothing is known to be missing.
        warnings: What may be missing, in sentences.
    """

    feed: Feed
    current: Pass
    is_complete: bool
    warnings: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the result as `sync -o json` prints it."""
        current = self.current
        return {
            "feed": self.feed.name,
            "table": self.feed.table,
            "requests": current.requests,
            "new": current.added,
            "changed": current.changed,
            "deleted": current.deleted,
            "rule": self.rule,
            "complete": self.is_complete,
        }

    @property
    def rule(self) -> str:
        """The extent of the pass: all items, or only what changed since a time."""
        return f"since {self.current.since}" if self.current.kind == CHANGES else "all items"


class DocumentedColumns:
    """The columns that the document describes, by operation."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[str, ...]] = {}

    def of_page(
        self, described: DescribedOperation, page: Page, place: ResponsePlace | None
    ) -> tuple[str, ...]:
        """Return the columns of the items of a page."""
        name = described.operation.name
        if name not in self._found:
            steps = None if place is None else place.steps
            if steps is None or not described.is_documented:
                return ()
            schema = described.response_schema(page.response.status, page.response.headers)
            self._found[name] = documented_columns(schema, [str(step) for step in steps])
        return self._found[name]


class FeedRun:
    """Makes one pass over a feed.

    Args:
        engine: Makes the calls.
        described: The operation of the feed.
        is_full: Whether the pass fetches everything although less would do.
        max_items: The number of items to fetch; None for all.
        parent: The content of the parent, as `Parent` has it; empty for none.
        confirm_loss: Asks whether to delete rows: the name of the feed, their number, and the number of all rows.
        documented: Columns that the document describes, which all passes of an operation share.

    Attributes:
        current: The pass so far; None before it begins.
        warnings: What may be missing, in sentences.
    """

    def __init__(
        self,
        mirror: MirrorFile,
        feed: Feed,
        engine: Engine,
        described: DescribedOperation,
        *,
        is_full: bool = False,
        max_items: int | None = None,
        parent: str = "",
        confirm_loss: Callable[[str, int, int], bool],
        documented: DocumentedColumns,
    ) -> None:
        self._mirror, self._feed, self._engine, self._described = mirror, feed, engine, described
        self._is_full, self._max_items, self._confirm_loss = is_full, max_items, confirm_loss
        self._parent, self._documented = parent, documented
        self.warnings: list[str] = []
        self.current: Pass | None = None
        self.pages: MergedPages | None = None
        self.latest: Page | None = None

    def run(self) -> FeedResult:
        """Fetch and store the pages.

        Raises:
            DynacliError: A call failed, or a page cannot be stored. The pages before it are stored.
        """
        current = self._resumed()
        if current is not None:
            try:
                return self._run(current)
            except HttpError as error:
                if self.latest is not None or error.details.get("status") not in _LOST_POSITION:
                    raise
                # The server does not know the position any more, so the pass begins again. That loses no row.
                self.warnings.append(
                    "the server does not know the position any more, so the pass began again"
                )
        return self._run(self._begun())

    def result_so_far(self) -> FeedResult:
        """Return the result of a pass that failed."""
        return FeedResult(self._feed, self.current or Pass(0, FULL), False, tuple(self.warnings))

    def _resumed(self) -> Pass | None:
        """Return the pass to go on with; None if it must begin again."""
        if self._feed.appends:
            return None
        unfinished = self._mirror.unfinished_pass(self._feed)
        if unfinished is None or unfinished.position is None or (self._is_full and unfinished.kind != FULL):
            return None
        url = str(unfinished.position.get("url", ""))
        if url and origin_of(url) != origin_of(base_url_of(self._described, self._engine.settings)):
            # The API has moved, or another user made the file.
            self.warnings.append("the next page is on another server, so the pass began again")
            return None
        return unfinished

    def _begun(self) -> Pass:
        since = ""
        if self._feed.since and not self._is_full:
            since = _asked_since(self._mirror.latest_changes(self._feed))
        return self._mirror.begin_pass(self._feed, CHANGES if since else FULL, since, self._parent)

    def _run(self, current: Pass) -> FeedResult:
        self.current = current
        loop = self._loop(current)
        self.pages = MergedPages(loop)
        try:
            for page in loop:
                self._check(page)
                self.pages.validation.add(page, loop.items, loop.count - len(page.items or ()))
                self.current = current = self._store(loop, page, current)
                self.latest = page
        except DynacliError as error:
            self._mirror.fail_pass(current, error.message)
            raise
        except KeyboardInterrupt:
            self._mirror.fail_pass(current, "interrupted")
            raise
        return self._ended(loop, current)

    def _loop(self, current: Pass) -> PageLoop:
        described, feed = self._described, self._feed
        given = {**feed.inputs, **({feed.since: current.since} if current.since else {})}
        with self._engine.lock:
            described, inputs = read_given(described, given, self._engine.settings)
        engine = self._engine
        if feed.since and engine.settings.cache == CacheSpec(REVALIDATE):
            # Each pass sends other requests, so stored responses would never be used.
            engine = engine.with_settings(replace(engine.settings, cache=None))
        loop = PageLoop(engine, described, inputs, reading="exact", max_items=self._max_items)
        loop.check_list()
        if current.position is not None and loop.position is not None:
            loop.position = self._next_page(loop.position.inputs, current.position)
        return loop

    def _next_page(self, inputs: CallInputs, position: Mapping[str, Any]) -> NextPage:
        """Return the request for a stored position."""
        url = str(position.get("url", ""))
        if url:
            return NextPage(inputs, url, url)
        for place in paging_inputs(self._described):
            if [place.location, place.name, *place.path] == position.get("input"):
                return NextPage(with_input(inputs, place, position["value"]), "", str(position["value"]))
        return NextPage(inputs, "", "")

    def _check(self, page: Page) -> None:
        """Check a page before anything of it is stored.

        Raises:
            HttpError: The response is unsuccessful.
            MismatchError: The response does not match the document, at the level `strict` or `exact`.
            FormatError: The response is not a list of objects.
        """
        if not page.response.is_success:
            raise http_error(page.call, page.response)
        is_strict = self._engine.settings.is_strict
        if is_strict and page.validation is not None and not page.validation.is_valid:
            raise mismatch_error(page.call, page.response, page.validation)
        name = self._described.operation.name
        if page.items is None:
            is_read = page.value is not None or not page.response.body
            raise FormatError(
                f"The response of `{name}` has no list that can be stored",
                reason=f"Page {page.number} has no items where the first page or the document has them"
                if is_read
                else "It is not JSON, or is nested too deeply",
            )
        for number, item in enumerate(page.items, 1):
            if not isinstance(item, dict):
                raise FormatError(
                    f"The items of `{name}` cannot be rows",
                    reason=f"Item {number} of page {page.number} is not an object; nothing of this page is stored",
                )

    def _store(self, loop: PageLoop, page: Page, current: Pass) -> Pass:
        feed = self._feed
        items = page.items or []
        rows = [{**item_columns(item), **feed.columns} for item in items]
        greatest = current.greatest
        if feed.changed_at:
            limit = _date_of(page)
            times = (str(row.get(feed.changed_at) or "") for row in rows)
            greatest = max([greatest, *(_at_most(time, limit) for time in times)], key=_instant)
        documented: list[str] = []
        if self.latest is None:  # later pages have the same columns
            documented = without_objects(self._documented.of_page(self._described, page, loop.items), rows)
        return self._mirror.store_page(
            feed,
            current,
            rows,
            [item_text(item) for item in items],
            self._position(loop, page.call),
            greatest,
            documented,
        )

    def _position(self, loop: PageLoop, call: Call) -> dict[str, Any] | None:
        """Return the position of the next page, without secrets; None if the list would begin again."""
        following = loop.following
        if following is None:
            return None
        mask = call.signed.masker.mask
        if following.url:
            url = _without_own_keys(following.url, self._described)
            # Without another secret, the server would refuse the page, so the list begins again.
            names = [name for name, _ in parse_qsl(split_url(url).query)]
            return {"url": url} if mask(url) == url and not any(map(is_secret_name, names)) else None
        place: InputPlace | None = loop.rule.input
        if place is None or loop.rule.kind not in _RESUMABLE:
            return None
        value = given_value(place, following.inputs)
        if mask(str(value)) != str(value):
            return None
        return {"input": [place.location, place.name, *place.path], "value": value}

    def _ended(self, loop: PageLoop, current: Pass) -> FeedResult:
        """End a pass that reached its last page."""
        total = loop.total or 0
        is_short = current.received < total
        is_cut = self._max_items is not None and current.received >= self._max_items
        if is_short and self._max_items is None:
            self.warnings.append(
                f"{current.received:,} of {total:,} items were received, so nothing is deleted"
            )
        if current.conflicts:
            items = counted(current.conflicts, "item")
            self.warnings.append(f"{items} came twice with different content; the later one is stored")
        refused: RefusedError | None = None
        is_complete = not (is_cut or is_short)
        deletes = is_complete and current.kind == FULL and not self._feed.appends
        if deletes:
            gone, before = self._mirror.vanished(self._feed, current)
            if gone > 1 and gone * 2 > before and not self._confirm_loss(self._feed.name, gone, before):
                refused = RefusedError(
                    f"{gone:,} of {before:,} rows of `{self._feed.name}` are not in the list any more",
                    reason="More than half of the rows would be deleted, and you did not confirm; none is deleted",
                    hint="If the list is right, add `--yes`",
                )
                deletes = is_complete = False
        current = self._mirror.end_pass(self._feed, current, is_complete=is_complete, deletes=deletes)
        if refused is not None:
            raise refused
        return FeedResult(self._feed, current, is_complete, tuple(self.warnings))


def _without_own_keys(url: str, described: DescribedOperation) -> str:
    """Return a URL without the API's keys that the server repeats in it; signing adds them again."""
    names = {name for location, name in described.operation.api_keys if location == "query"}
    parts = split_url(url)
    pairs = [pair for pair in parts.query.split("&") if unquote_plus(pair.partition("=")[0]) not in names]
    return parts._replace(query="&".join(pairs)).geturl() if names else url


def _date_of(page: Page) -> datetime:
    """Return the time of a response on the clock of its server; the time here if it does not say."""
    try:
        return _in_a_zone(parsedate_to_datetime(page.response.header("date")))
    except ValueError:
        return datetime.now(UTC)


def _in_a_zone(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def _instant(text: str) -> datetime:
    """Return a time as a date; the earliest one if it cannot be read."""
    try:
        return _in_a_zone(datetime.fromisoformat(text))
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def _at_most(text: str, limit: datetime) -> str:
    """Return a time, or the limit if it is after that: a wrong time in the future must not hide later changes."""
    if _instant(text) <= limit:
        return text
    return utc_text(limit)


def _asked_since(latest: list[str]) -> str:
    """Return the time that the next pass asks for; empty if there is none.

    Args:
        latest: The greatest time of each earlier pass. Their offsets from UTC may differ.
    """
    try:
        return utc_text(max(map(_instant, latest)) - _OVERLAP) if latest else ""
    except OverflowError:  # the year 1 is how some servers write "never"
        return ""
