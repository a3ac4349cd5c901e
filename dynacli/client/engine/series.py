"""Calls in sequence: links are followed, and the last call may wait.

A wait repeats a call until an expression is true of its response.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.client.call import CallFailed, Retrying
from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine, MadeCall
from dynacli.client.inputs.call_inputs import CallInputs
from dynacli.client.links.follow_link import (
    FollowedLink,
    followed_inputs,
    link_of_response,
    missing_link,
    settings_for,
)
from dynacli.errors import (
    AuthError,
    DocumentError,
    DynacliError,
    FormatError,
    NetworkError,
    TimedOutError,
    UsageError,
)
from dynacli.http.exchange import may_pass, seconds_text
from dynacli.http.semantics import SAFE_METHODS
from dynacli.openapi.catalog.catalog_file import DamagedCatalogError
from dynacli.openapi.model.wording import counted
from dynacli.record import record, replace

if TYPE_CHECKING:
    from dynacli.client.responses.response import Response as LibraryResponse

_SLIP = 0.75
"""Minimum similarity (ratio of `difflib`) of two names if one is probably a typo of the other."""
WAIT_SECONDS = 300.0
"""Default time limit of a wait in seconds."""
_FIRST_PAUSE, _GROWTH, _LONGEST_PAUSE = 2.0, 1.5, 30.0
"""Default pauses between two calls: the first one in seconds, the growth factor, and the longest one in seconds."""
_MOST_SECONDS = 1e6
_LEAST_CALL = 1.0
"""Minimum time for the last call, in seconds."""

clock = time.monotonic


sleep = time.sleep


class NeverTrueError(TimedOutError):
    """The expression did not become true in time.

    Attributes:
        response: The last response, set for Python programs; None if there is none.
    """

    response: LibraryResponse | None = None


def wait_seconds_of(word: str, flag: str) -> float:
    """Return the number of seconds in an argument.

    Args:
        flag: The option with the argument, for messages.

    Raises:
        UsageError: The argument is not a number of seconds in the allowed range.
    """
    try:
        seconds = float(word)
    except ValueError:
        seconds = 0
    if not 0 < seconds <= _MOST_SECONDS:
        raise UsageError(
            f"Invalid value `{word}` for `{flag}`",
            reason="Expected a number of seconds above 0, at most 1,000,000",
            hint=f"For example: `{flag} 5`",
        )
    return seconds


@record
class Until:
    """The condition of a wait.

    Args:
        expression: JMESPath expression that must become true of the response.
        seconds: Time limit in seconds.
        interval: Seconds between two calls; None for pauses that grow from 2 to 30 s.
        name: Name of the expression in messages.
    """

    expression: str
    seconds: float = WAIT_SECONDS
    interval: float | None = None
    name: str = "`--wait`"


class WaitPause(NamedTuple):
    """The pause between two calls of a wait.

    Args:
        seconds: Duration in seconds.
        reason: Reason for another call.
        calls: Number of calls so far.
    """

    seconds: float
    reason: str
    calls: int

    def __str__(self) -> str:
        """Return the reason and the duration as a sentence."""
        return f"{self.reason} after {counted(self.calls, 'call')}; again in {seconds_text(self.seconds)}"


def check_wait(described: DescribedOperation, until: Until) -> None:
    """Check before sending that an operation may be repeated, and that the expression is valid.

    Raises:
        UsageError: The operation may change data, or the expression is invalid.
    """
    from dynacli.text.filter_value import check_filter

    operation = described.operation
    if operation.method not in SAFE_METHODS:
        raise UsageError(
            f"`{operation.name}` cannot be repeated",
            reason=f"{until.name} repeats the call, and each {operation.method} request may change data",
            hint="Wait with a read-only operation",
        )
    check_filter(until.expression, until.name)


def _wait_until(
    exchange: Callable[[float], MadeCall],
    until: Until,
    *,
    retries: int = 0,
    statuses: Sequence[int] = (),
    wait: Callable[[WaitPause], object],
) -> MadeCall:
    """Repeat a call until the expression is true or no repetition can help, and return the last call.

    A status that says that the server is temporarily unavailable leads to another call. So does a lost
    connection
    after the first response. Any other status except 2xx ends the wait. `Retry-After` sets the pause.

    Args:
        exchange: Makes the call, within the given number of seconds.
        retries: Number of retries after a lost connection, before the first response.
        statuses: Further statuses that say that the server is temporarily unavailable.
        wait: Waits for the next call. It may raise an exception to end the wait.

    Raises:
        NeverTrueError: The expression did not become true in time.
        FormatError: The response has no value, or the expression cannot be applied to it.
        DynacliError: A call failed.
    """
    from dynacli.http.retrying import is_lost_connection, seconds_asked

    end = clock() + until.seconds
    pause = until.interval or _FIRST_PAUSE
    calls, has_responded = 0, False
    while True:
        asked: float | None = None
        calls += 1
        try:
            made = exchange(max(end - clock(), _LEAST_CALL))
        except (NetworkError, TimedOutError) as error:
            is_passing = is_lost_connection(error) or clock() >= end
            if not is_passing or (not has_responded and calls > retries):
                raise
            reason = last = error.message
        else:
            has_responded, response = True, made.response
            status = f"{response.status} {response.reason}".rstrip()
            is_passing = may_pass(response, "GET", statuses)  # a wait calls only safe operations
            if is_passing:
                reason = last = status
            elif not response.is_success or _is_true(made, until):
                return made
            else:
                reason = f"`{until.expression}` is not true"
                last = status
            headers = response.headers
            if not is_passing:
                # Rate limit headers of a normal response do not ask for a pause.
                headers = tuple(pair for pair in headers if pair[0].lower() in {"retry-after", "date"})
            asked = seconds_asked(headers, time.time())
        seconds = pause
        if asked:
            seconds = asked if until.interval is None else max(asked, pause)
        left = end - clock()
        if left <= 0 or (asked or 0) > left:
            raise _never_true(until, last, calls, asked if left > 0 else None)
        seconds = min(seconds, left)
        wait(WaitPause(seconds, reason, calls))
        if until.interval is None:
            pause = min(pause * _GROWTH, _LONGEST_PAUSE)


def _is_true(made: MadeCall, until: Until) -> bool:
    from dynacli.text.filter_value import filtered, is_true

    value = _value_of_response(made, until)
    is_reached = is_true(filtered(value, until.expression, until.name))
    if not is_reached and made.call.settings.level != "off":
        _check_names(made, value, until)
    return is_reached


def _check_names(made: MadeCall, value: Any, until: Until) -> None:
    """Check that an expression that is not true yet can become true.

    A declared field may still appear. In parts that the document does not describe, any field may appear,
    unless the
    response has a field with a similar name.

    Raises:
        FormatError: The expression needs a field that neither the response nor the document has.
    """
    from difflib import get_close_matches

    from dynacli.openapi.model.wording import listed_near, near_names
    from dynacli.openapi.schema.read_schema import possible_names
    from dynacli.openapi.schema.response_fields import fields_of_value
    from dynacli.text.filter_value import stays_false, unknown_fields

    unknown, described = unknown_fields(value, until.expression), made.call.described
    if not unknown or not isinstance(value, dict | list):
        return
    top, below = possible_names(_schemas_of_success(described), described.resolve)
    fields = [*fields_of_value(value)]
    names = list(dict.fromkeys(name for field in fields for name in (*field.steps, *field.item_names)))
    slips = {name for name in unknown if get_close_matches(name, names, 1, _SLIP)} - below.names
    at_top = slips if top.is_open else {name for name in unknown if name not in top.names}
    missing = slips if below.is_open else {name for name in unknown if name not in below.names}
    if not stays_false(value, until.expression, at_top, missing):
        return
    name = next(name for name in unknown if name in at_top | missing)
    in_document = [] if near_names(name, names) else near_names(name, sorted(below.names))
    near = near_names(name, names) or in_document
    corrected = re.sub(rf"\b{re.escape(name)}\b", near[0], until.expression, count=1) if near else ""
    raise FormatError(
        f"{until.name} cannot become true: the response has no `{name}`",
        reason=f"It has {listed_near(name, names) or 'no fields'}, and "
        + (
            f"the document has {listed_near(name, in_document)}"
            if in_document
            else f"the document has no `{name}`"
        ),
        hint="The response is printed. To wait anyway: `--validate off`",
        **({"instead": {"wait": corrected}} if corrected else {}),
    )


def _schemas_of_success(described: DescribedOperation) -> list[Any]:
    """Return the schemas of all responses with which a wait can succeed."""
    from dynacli.openapi.model.media_types import success_schema

    raw = described.raw_responses
    responses = [described.follow(raw[status]) for status in raw if str(status)[:1] in ("2", "d")]
    schemas = [
        success_schema(response, described.follow) for response in responses if isinstance(response, Mapping)
    ]
    return [schema for schema in schemas if schema is not None]


def _value_of_response(made: MadeCall, until: Until) -> Any:
    """Return the value of a response; None if it has no body.

    Raises:
        FormatError: The body has no value to which an expression applies.
    """
    from dynacli.media.body_value import NoValueError, exact_value

    try:
        return exact_value(made.call.received(made.response))
    except NoValueError as error:
        raise FormatError(
            f"{until.name} cannot be evaluated for this response",
            reason=str(error),
            hint=f"The response is printed; {until.name} needs a response with a value",
        ) from error


def _never_true(until: Until, last: str, calls: int, asked: float | None) -> DynacliError:
    reason = f"{counted(calls, 'call')} made; the last response: {last}"
    if asked is not None:
        reason += f"; the server allows the next call in {asked:.0f} s, after the time limit"
    return NeverTrueError(
        f"`{until.expression}` was not true within {until.seconds:g} s",
        reason=reason,
        hint="Give it more time: `--wait-timeout SECONDS`" if until.name == "`--wait`" else "",
        calls=calls,
    )


class NextCall(NamedTuple):
    """The next call of a link."""

    described: DescribedOperation
    inputs: CallInputs
    settings: CallSettings


class Series:
    """Calls in sequence. The last one is the result.

    Attributes:
        last: The latest call with a response; None before the first one.
        pauses: The number of pauses of the wait so far.

    Args:
        follow: Names of the links to follow, in order.
        until: Condition for which the last call is repeated; None to make it once.
        wants_example: True to fill required inputs with examples if no link provides them.
        ends_with_findings: True to follow no link of a response that does not match the document.
        on_next: Called before each further call, with the response and the next operation.
        sleep: Waits for a number of seconds, and may raise to end the wait; None for `time.sleep`.
    """

    def __init__(
        self,
        engine: Engine,
        *,
        follow: Sequence[str] = (),
        until: Until | None = None,
        wants_example: bool = False,
        ends_with_findings: bool = False,
        on_next: Callable[[MadeCall, DescribedOperation], object] = lambda made, described: None,  # noqa: ARG005
        sleep: Callable[[float], object] | None = None,
    ) -> None:
        self._engine, self._follow, self._until, self._sleep = engine, follow, until, sleep
        self._on_next = on_next
        self._wants_example, self._ends_with_findings = wants_example, ends_with_findings
        self.last: MadeCall | None = None
        self.pauses = 0

    def make(self, described: DescribedOperation, inputs: CallInputs) -> MadeCall:
        """Make the calls, and return the last one.

        Raises:
            NeverTrueError: The condition did not become true in time.
            FormatError: A response lacks the link or a value that the link needs, or the next call is
                impossible.
            DynacliError: A call failed.
        """
        try:
            return self._make(described, inputs)
        except (UsageError, AuthError, DocumentError) as error:
            # These errors have the exit codes of runs that sent nothing, but a request was sent.
            if self.last is None:
                raise
            reason = ": ".join(text for text in (error.message, error.reason) if text)
            raise FormatError("The next call cannot be made", reason=reason, hint=error.hint) from error
        except DamagedCatalogError as damage:
            from dynacli.client.damaged_cache import explain_damage

            explain_damage(damage, has_sent=self.last is not None)

    def _make(self, described: DescribedOperation, inputs: CallInputs) -> MadeCall:
        settings = self._engine.settings
        for name in self._follow:
            self.last = made = self._engine.make(described, inputs, settings)
            link = followed_link(made, name)
            is_wrong = made.validation is not None and not made.validation.is_valid
            if link is None or (is_wrong and self._ends_with_findings):
                return made
            described, inputs, settings = next_call(made, link, wants_example=self._wants_example)
            self._on_next(made, described)
        if self._until is None:
            self.last = self._engine.make(described, inputs, settings)
            return self.last
        return self._wait(described, inputs, settings, self._until)

    def _wait(
        self, described: DescribedOperation, inputs: CallInputs, settings: CallSettings, until: Until
    ) -> MadeCall:
        # The wait itself repeats failed calls, and needs fresh responses.
        single = replace(settings, retries=0, cache=None)

        def exchange(seconds: float) -> MadeCall:
            self.last = self._engine.make(described, inputs, single, seconds=seconds)
            return self.last

        def pause(pause: WaitPause) -> None:
            self.pauses += 1
            call = self._engine.latest
            if call is not None:
                self._engine.announce(Retrying(call, pause))
            try:
                (self._sleep or sleep)(pause.seconds)
            except BaseException as error:
                if call is not None:
                    self._engine.announce(CallFailed(call, error))
                raise

        return _wait_until(
            exchange,
            until,
            retries=settings.retries,
            statuses=settings.retry_statuses,
            wait=pause,
        )


def followed_link(made: MadeCall, name: str) -> FollowedLink | None:
    """Return the named link of a response; None if an unsuccessful response does not have it.

    Raises:
        FormatError: A successful response does not have the link.
    """
    described, status = made.call.described, made.response.status
    link = link_of_response(described, name, status)
    if link is None and 200 <= status < 300:
        raise missing_link(described, name, status)
    return link


def next_call(made: MadeCall, link: FollowedLink, *, wants_example: bool = False) -> NextCall:
    """Return the next call of a link in a response.

    Args:
        wants_example: True to fill required inputs with examples if the link does not provide them.

    Raises:
        FormatError: The response lacks a value that the link needs.
    """
    if link.target is None:
        raise UsageError(f"The link `{link.name}` cannot be followed", reason=link.note)
    settings = settings_for(link, made.call.settings)
    inputs = followed_inputs(link, made.call, made.response, wants_example=wants_example)
    if settings.query or settings.default_query:
        from dynacli.client.inputs.query_pairs import for_further_calls, with_pairs

        inputs = with_pairs(link.target, inputs, for_further_calls(settings))
    return NextCall(link.target, inputs, settings)
