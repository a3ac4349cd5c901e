"""The thread that judges what has passed, behind a queue that the exchanges themselves never wait for."""

import queue
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dynacli.proxy.passed_exchange import PassedExchange

__all__ = ["JudgingThread"]

_MOST_JUDGED = 5_000
"""Exchanges that wait to be judged; of those that come when there are more, only the heads are told."""
_MANY = 2_500
"""Exchanges that wait while others pass; where there are more, they are judged all the same."""
_PATIENCE = 0.05
"""Seconds that the judge waits at most until nothing passes."""
_MOST_WAITING = 20_000
"""Exchanges that wait at all; those that come when there are more are counted."""


class JudgingThread(threading.Thread):
    """Judges exchanges, one after the other, and rather while nothing passes: both want the processor.

    Attributes:
        lost: How many exchanges were only counted.
        failure: The exception that ended the judging; None where there is none.

    Args:
        judge: Judges an exchange, and tells what it found.
    """

    def __init__(self, judge: Callable[[PassedExchange], None]) -> None:
        # A daemon: a person who presses Ctrl-C a second time does not wait for what is left.
        super().__init__(name="dynacli-judging", daemon=True)
        self._judge = judge
        self._on_failure: Callable[[], None] | None = None
        self._is_quiet, self._passing = threading.Event(), 0
        self._is_quiet.set()
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

    @contextmanager
    def passing(self) -> Iterator[None]:
        """Let something pass for the duration of a block; for the one thread in which everything passes."""
        self._passing += 1
        if self._passing == 1:
            self._is_quiet.clear()
        try:
            yield
        finally:
            self._passing -= 1
            if not self._passing:
                self._is_quiet.set()

    def put(self, passed: PassedExchange) -> None:
        """Let an exchange be judged; never waits."""
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
                if self._queue.qsize() < _MANY:
                    self._is_quiet.wait(_PATIENCE)
                self._judge(passed)
                passed.release()
        except BaseException as error:  # noqa: BLE001  - raised again by `finish`, in the thread that waits
            self.failure = error
            if self._on_failure is not None:
                self._on_failure()

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
