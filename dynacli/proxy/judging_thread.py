"""The thread that judges what has passed, behind a queue that the exchanges themselves never wait for."""

import queue
import threading
import time
from collections.abc import Callable

from dynacli.proxy.passed_exchange import CopyBudget, PassedExchange

__all__ = ["JudgingThread"]

_MOST_JUDGED = 5_000
"""Exchanges that wait to be judged; of those that come when there are more, only the heads are told."""
_MANY = 2_500
"""Exchanges that wait while others pass; where there are more, they are judged all the same."""
_WINDOW = 0.005
"""Seconds for which the judge looks how many exchanges begin."""
_FEW = 1
"""Exchanges of a window beside which it judges."""
_MOST_WINDOWS = 10
"""Windows that it waits at most."""
_MOST_WAITING = 20_000
"""Exchanges that wait at all; those that come when there are more are counted."""


class JudgingThread(threading.Thread):
    """Judges exchanges, one after the other, and rather while hardly anything passes.

    Both want the interpreter, and whoever waits for the kernel has to give it away: beside a judge that does not stop,
    an exchange takes ten times as long.

    Attributes:
        lost: How many exchanges were only counted.
        failure: The exception that ended the judging; None where there is none.

    Args:
        judge: Judges an exchange, and tells what it found.
        budget: That of the bodies that wait to be judged.
    """

    def __init__(self, judge: Callable[[PassedExchange], None], budget: CopyBudget) -> None:
        # A daemon: a person who presses Ctrl-C a second time does not wait for what is left.
        super().__init__(name="dynacli-judging", daemon=True)
        self._judge, self._budget = judge, budget
        self._on_failure: Callable[[], None] | None = None
        self._begun = self._seen = 0
        self._queue: queue.SimpleQueue[PassedExchange | None] = queue.SimpleQueue()
        self.lost = 0
        self.failure: BaseException | None = None

    def start_with(self, on_failure: Callable[[], None]) -> None:
        """Start judging.

        Args:
            on_failure: Called where it fails, from this thread.
        """
        self._on_failure = on_failure
        self.start()

    def begin(self) -> None:
        """Note that an exchange begins."""
        self._begun += 1

    def put(self, passed: PassedExchange) -> None:
        """Let an exchange be judged that is over; never waits."""
        waiting = self._queue.qsize()
        if waiting >= _MOST_WAITING or self.failure is not None:
            self.lost += 1
            passed.release()
            return
        if waiting >= _MOST_JUDGED and not passed.refusal:
            passed.skipped = "too many exchanges wait to be judged"
            passed.release()
        self._queue.put(passed)

    def run(self) -> None:
        """Judge until `finish` is called."""
        try:
            while (passed := self._queue.get()) is not None:
                self._wait_for_quiet()
                self._judge(passed)
                passed.release()
        except BaseException as error:  # noqa: BLE001  - raised again by `finish`, in the thread that waits
            self.failure = error
            if self._on_failure is not None:
                self._on_failure()

    def _wait_for_quiet(self) -> None:
        """Wait until few exchanges begin, but not for long."""
        for _ in range(_MOST_WINDOWS):
            if self._begun == self._seen or self._queue.qsize() >= _MANY or self._budget.is_tight:
                return
            self._seen = self._begun
            time.sleep(_WINDOW)
            if self._begun - self._seen <= _FEW:
                return

    def finish(self) -> None:
        """Wait until everything is judged.

        Raises:
            BaseException: What ended the judging.
        """
        self._queue.put(None)
        while self.is_alive():
            self.join(0.2)  # without a limit, the wait could not be interrupted everywhere
        if self.failure is not None:
            raise self.failure
