"""Waiting: a call is made again and again until an expression is true of its answer."""

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.client.described_operation import DescribedOperation
from dynacli.errors import DynacliError, FormError, NetworkError, TimedOutError, UsageError
from dynacli.http.retrying import seconds_text
from dynacli.methods import SAFE_METHODS
from dynacli.model.wording import counted
from dynacli.record import record

if TYPE_CHECKING:
    from dynacli.client.answers.answer import Answer as LibraryAnswer
    from dynacli.client.engine.call_engine import MadeCall
    from dynacli.http.send import Answer

__all__ = [
    "WAIT_SECONDS",
    "NeverTrueError",
    "Until",
    "WaitPause",
    "check_wait",
    "wait_seconds_of",
    "wait_until",
]

WAIT_SECONDS = 300.0
"""Seconds after which nothing is waited for any more, where nobody says otherwise."""
_FIRST_PAUSE, _GROWTH, _LONGEST_PAUSE = 2.0, 1.5, 30.0
"""The pauses between two calls, in seconds, where nobody says how long they are: the first, how each further one
grows, and the longest."""
_MOST_SECONDS = 1e6
_LEAST_CALL = 1.0
"""Seconds that the last call has at least."""

clock = time.monotonic


class NeverTrueError(TimedOutError):
    """The expression was not true in the time that there was.

    Attributes:
        answer: The last answer, in a Python program; None where none came.
    """

    answer: "LibraryAnswer | None" = None


def wait_seconds_of(word: str, flag: str) -> float:
    """Return the seconds that a word means.

    Args:
        flag: The option that it was given to, for messages.

    Raises:
        UsageError: It means none.
    """
    try:
        seconds = float(word)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= _MOST_SECONDS:
        raise UsageError(
            f"`{word}` is no number of seconds for `{flag}`",
            why="It takes a number above 0, up to a million",
            hint=f"For example: `{flag} 5`",
        )
    return seconds


@record
class Until:
    """What is waited for.

    Args:
        expression: The JMESPath expression that is to be true of the answer.
        seconds: How long that may take.
        interval: The seconds between two calls; None for pauses that grow from 2 to 30 s.
        name: What messages call the expression.
    """

    expression: str
    seconds: float = WAIT_SECONDS
    interval: float | None = None
    name: str = "`--wait`"


class WaitPause(NamedTuple):
    """The time between two calls of a wait.

    Args:
        seconds: How long it is.
        reason: Why there is another call.
        calls: How many calls were made.
    """

    seconds: float
    reason: str
    calls: int

    def __str__(self) -> str:
        """Return the sentence that says what is waited for."""
        return f"{self.reason} after {counted(self.calls, 'call')}; again in {seconds_text(self.seconds)}"


def check_wait(described: DescribedOperation, until: Until) -> None:
    """Check before anything is sent that an operation can be called again, and that the expression is one.

    Raises:
        UsageError: The operation may change something, or the expression is wrong.
    """
    from dynacli.text.filter_value import check_filter

    operation = described.operation
    if operation.method not in SAFE_METHODS:
        raise UsageError(
            f"`{operation.name}` is not called again and again",
            why=f"{until.name} makes the call each time, and {operation.method} may change something",
            hint="Wait with an operation that reads",
        )
    check_filter(until.expression, until.name)


def wait_until(
    exchange: "Callable[[float], MadeCall]",
    until: Until,
    *,
    retries: int = 0,
    statuses: Sequence[int] = (),
    wait: Callable[[WaitPause], object],
) -> "MadeCall":
    """Return the first call of whose answer the expression is true, or which no other will follow.

    A status that says that the server cannot answer now is waited over, as is a connection that is lost once an
    answer came; any other that is no 2xx is the last answer. `Retry-After` is obeyed.

    Args:
        exchange: Makes the call; it may take so many seconds.
        retries: How often the first call is made again whose connection is lost.
        statuses: Further statuses that say that the server cannot answer now.
        wait: Waits until the next call may be made, and may raise what ends it all.

    Raises:
        NeverTrueError: The expression was not true in the time that there was.
        FormError: The answer is no JSON, or the expression cannot be applied to it.
        DynacliError: A call fails.
    """
    from dynacli.http.retrying import is_lost_connection, seconds_asked
    from dynacli.http.send import may_pass

    end = clock() + until.seconds
    pause = until.interval or _FIRST_PAUSE
    calls, has_answered = 0, False
    while True:
        asked: float | None = None
        calls += 1
        try:
            made = exchange(max(end - clock(), _LEAST_CALL))
        except (NetworkError, TimedOutError) as error:
            is_passing = is_lost_connection(error) or clock() >= end
            if not is_passing or (not has_answered and calls > retries):
                raise
            reason = error.message
        else:
            has_answered, answer = True, made.answer
            is_passing = may_pass(answer, "GET", statuses)  # as those that wait only read
            if is_passing:
                reason = f"{answer.status} {answer.reason}".rstrip()
            elif not 200 <= answer.status < 300 or _is_true(answer, until):
                return made
            else:
                reason = f"`{until.expression}` is not true"
            headers = answer.headers
            if not is_passing:
                # A limit that a server tells with each answer is no wish of when to be asked again.
                headers = tuple(pair for pair in headers if pair[0].lower() in {"retry-after", "date"})
            asked = seconds_asked(headers, time.time())
        seconds = pause
        if asked:
            seconds = asked if until.interval is None else max(asked, pause)
        left = end - clock()
        if left <= 0 or (asked or 0) > left:
            raise _never_true(until, reason, calls, asked if left > 0 else None)
        seconds = min(seconds, left)
        wait(WaitPause(seconds, reason, calls))
        if until.interval is None:
            pause = min(pause * _GROWTH, _LONGEST_PAUSE)


def _is_true(answer: "Answer", until: Until) -> bool:
    from dynacli.text.filter_value import filtered, is_true

    return is_true(filtered(_value_of(answer, until), until.expression, until.name))


def _value_of(answer: "Answer", until: Until) -> Any:
    """Return the value of an answer; null where it has no body.

    Raises:
        FormError: It is no JSON.
    """
    from dynacli.text.content_kind import decoded, is_json
    from dynacli.text.exact_json import read_json

    if not answer.body:
        return None
    media_type = answer.header("content-type")
    text = decoded(answer.body, media_type)
    try:
        if text is not None and is_json(media_type, text):
            return read_json(text)
        why = f"its media type is `{media_type}`" if media_type else "it has no media type"
    except (ValueError, RecursionError):
        why = "it is called JSON, and cannot be read as such"
    raise FormError(
        f"{until.name} cannot be looked up in this answer",
        why=f"It is no JSON: {why}",
        hint="It is printed as it came; only JSON can be waited for",
    )


def _never_true(until: Until, reason: str, calls: int, asked: float | None) -> DynacliError:
    why = f"{counted(calls, 'call')} came to nothing"
    if not reason.startswith("`"):
        why += f"; the last one: {reason}"
    if asked is not None:
        why += f", and the server wants to be asked again in {asked:.0f} s, which is later"
    return NeverTrueError(
        f"`{until.expression}` was not true within {until.seconds:g} s",
        why=why,
        hint="Give it more time: `--wait-timeout SECONDS`" if until.name == "`--wait`" else "",
        calls=calls,
    )
