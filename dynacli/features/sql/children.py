"""Feeds with a call for each row of another table: the comments of each issue."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial

from dynacli.client.parallel_calls import Dispatcher
from dynacli.errors import DynacliError, FailedRowsError
from dynacli.features.sql.feed import FULL, Feed, Pass
from dynacli.features.sql.make_feed import columns_of_inputs
from dynacli.features.sql.mirror_file import MirrorFile
from dynacli.features.sql.run_feed import FeedResult
from dynacli.openapi.model.operation import Operation
from dynacli.openapi.model.wording import counted
from dynacli.record import record, replace

_PATIENCE = 0.2
"""Seconds between two looks at the calls under way, so that Ctrl-C is noticed."""
_COUNTS = ("requests", "received", "added", "changed", "deleted")


@record
class ChildCall:
    """The call of a feed for one parent.

    Args:
        feed: The feed of the call.
        parent: The content of the parent, as `Parent` has it.
    """

    feed: Feed
    parent: str


def calls_to_make(
    mirror: MirrorFile, feed: Feed, operation: Operation, *, is_full: bool
) -> Iterator[tuple[int, ChildCall]]:
    """Yield the number of each parent, from 1, and its call. Parents that did not change since are left out.

    Raises:
        UsageError: The table of the parents lacks a column.
    """
    for number, parent in enumerate(mirror.parents(feed), 1):
        inputs = {**feed.inputs, **parent.inputs}
        own = replace(
            feed, inputs=inputs, columns=columns_of_inputs(operation, inputs), parents="", filled={}
        )
        call = mirror.keep(own, of=feed)
        if is_full or mirror.parent_of_last_pass(call) != parent.content:
            yield number, ChildCall(call, parent.content)


class ChildrenRun:
    """Makes the calls of a feed for its parents, and goes on after a failure.

    Args:
        feed: The feed.
        run_call: Makes the pass of one call.
        parallel: The number of calls at a time.
    """

    def __init__(self, feed: Feed, run_call: Callable[[ChildCall], FeedResult], parallel: int) -> None:
        self._feed, self._run_call = feed, run_call
        self._dispatcher: Dispatcher[FeedResult | DynacliError] = Dispatcher(parallel)
        self._total = Pass(0, FULL)
        self._warnings: list[str] = []
        self._failures: list[tuple[int, DynacliError]] = []
        self._done = 0

    def run(self, calls: Iterable[tuple[int, ChildCall]]) -> FeedResult:
        """Make the calls, and return their sum. `failure` has the error of the first one that failed."""
        for number, call in calls:
            while not self._dispatcher.is_free:
                self._take()
            self._dispatcher.start(partial(self._make, number, call))
        while self._dispatcher.running:
            self._take()
        return FeedResult(self._feed, self._total, not self._failures, tuple(self._warnings))

    def _make(self, number: int, call: ChildCall) -> FeedResult | DynacliError:
        try:
            return self._run_call(call)
        except DynacliError as error:
            # The pass has stored the reason. Others go on: a parent may be gone, or closed to this user.
            self._failures.append((number, error))
            return error

    def _take(self) -> None:
        result = self._dispatcher.take(_PATIENCE)
        if result is None:
            return
        self._done += 1
        if isinstance(result, FeedResult):
            self._warnings += result.warnings
            self._total = replace(
                self._total,
                **{name: getattr(self._total, name) + getattr(result.current, name) for name in _COUNTS},
            )

    @property
    def failure(self) -> FailedRowsError | None:
        """The error of the run, with the exit code of the first call that failed; None if none failed."""
        if not self._failures:
            return None
        number, error = min(self._failures, key=lambda failure: failure[0])
        return FailedRowsError(
            error.exit_code,
            f"{len(self._failures):,} of {counted(self._done, 'call')} for `{self._feed.parents}` failed",
            reason=f"Parent {number}: {error.message}" + (f"\n{error.reason}" if error.reason else ""),
            hint="The same command makes the failed calls again",
            row=number,
            failed=len(self._failures),
        )
