"""A run of a batch: rows are sent side by side, and their results are given in the order of the rows.

An earlier run is resumed from its results: they say which rows went well, and what got a response.
"""

import os
import threading
from array import array
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from dynacli.client.batch.row_calls import BatchPlan, RowCalls, needed_names
from dynacli.client.batch.rows import Row, RowResult, WrongRow, filled
from dynacli.client.call import Call, CallEvent, Findings, Retrying, RowDone, Sending
from dynacli.client.damaged_cache import explain_damage
from dynacli.client.engine.call_engine import MadeCall
from dynacli.client.parallel_calls import Dispatcher, Shard
from dynacli.client.responses.response_errors import http_error, mismatch_error, response_masker
from dynacli.environment import invocation
from dynacli.errors import DynacliError, FailedRowsError, FileError, FormatError, UsageError
from dynacli.media.body_value import shown_value
from dynacli.openapi.catalog.catalog_file import DamagedCatalogError
from dynacli.record import record, replace
from dynacli.text.exact_json import read_json

if TYPE_CHECKING:
    from dynacli.http.exchange import Response

__all__ = ["BatchRun", "RunSettings", "open_earlier_results"]


def _failed_result(row: int, error: DynacliError) -> RowResult:
    """Return the result of a row that got no response.

    Args:
        error: Why; no secret is in it.
    """
    return RowResult(row, None, error.exit_code, error=error.as_json()["error"])


def _answered_result(row: int, made: MadeCall) -> tuple[RowResult, DynacliError | None]:
    """Return the result of a row that got a response, and the error that it means as a call by itself."""
    call, response, validation = made
    request_validation = call.validating.validation if call.validating is not None else None
    validations = [validated for validated in (request_validation, validation) if validated is not None]
    found = [finding for validated in validations for finding in validated.findings]
    masker = response_masker(call.signed, response.headers)
    findings: list[Any] = []
    if found:
        from dynacli.client.responses.validation_text import findings_json

        findings = masker.mask_value(findings_json(call.described.api, found))
    error: DynacliError | None = None
    if not 200 <= response.status < 300:
        error = http_error(call, response)
    elif validation is not None and not validation.is_valid and call.settings.is_strict:
        error = mismatch_error(call, response, validation, detail="short", has_json=False)
    data = masker.mask_value(shown_value(response.body, response.header("content-type")))
    result = RowResult(
        row,
        response.status,
        error.exit_code if error else 0,
        data,
        tuple(findings),
        headers=call.signed.headers_by_name(response.headers),
    )
    return result, error


def _read_result(line: str | bytes) -> RowResult | None:
    """Return the result that a line has; None if it has none."""
    try:
        value = read_json(line)
    except (ValueError, RecursionError):
        return None
    row, code = (value.get("row"), value.get("exit_code")) if isinstance(value, dict) else (None, None)
    if type(row) is not int or row < 1 or type(code) is not int:
        return None
    findings, error, headers = value.get("findings"), value.get("error"), value.get("headers")
    return RowResult(
        row,
        value.get("status"),
        code,
        value.get("data"),
        tuple(findings) if isinstance(findings, list) else (),
        error if isinstance(error, dict) else None,
        headers if isinstance(headers, dict) else None,
    )


class EarlierResults:
    """The rows that went well, of a result in NDJSON; of each it keeps the place in the file alone.

    Args:
        file: The result.
        name: Of the file, for messages.

    Raises:
        UsageError: A line of it is not a result; the last one may be cut.
        OSError: It cannot be read.
    """

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file = file
        self._places = array("Q")  # row → the place of its line, plus one
        number = place = 0
        while line := file.readline():
            number += 1
            result = _read_result(line) if line.strip() else None
            if result is None and line.strip() and line.endswith(b"\n"):
                raise UsageError(
                    f"Line {number} of `{name}` is not a result of a batch",
                    hint=f"Give `--resume` what `{invocation('batch')}` wrote as NDJSON",
                )
            if result is not None and result.exit_code == 0:
                if result.row > 100_000_000:
                    raise UsageError(
                        f"Line {number} of `{name}` is about row {result.row}, which does not exist"
                    )
                self._places.extend([0] * (result.row + 1 - len(self._places)))
                self._places[result.row] = place + 1
            place += len(line)

    def __contains__(self, row: object) -> bool:
        """Return whether a row went well."""
        return isinstance(row, int) and row < len(self._places) and self._places[row] > 0

    def __getitem__(self, row: int) -> RowResult:
        """Return the result of a row that went well."""
        self._file.seek(self._places[row] - 1)
        result = _read_result(self._file.readline())
        if result is None or result.row != row:
            raise FileError("The earlier result was changed while it was read", hint="Start again")
        return result


@contextmanager
def open_earlier_results(path: str) -> Iterator[EarlierResults]:
    """Open the result of an earlier run.

    Raises:
        FileError: It cannot be read.
        UsageError: It is not a result.
    """
    with ExitStack() as stack:
        try:
            results = EarlierResults(stack.enter_context(open(os.path.expanduser(path), "rb")), path)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is not a file name"
            raise FileError(f"The earlier result `{path}` cannot be read", reason=reason) from error
        yield results


_TICK = 0.1
"""Seconds between two looks at what is going on; Ctrl-C is noticed at each."""
_WINDOW = 16
"""How many rows are kept at most for each that is under way: results that wait for an earlier one, and rows that wait
for the response of one."""


@record
class RunSettings:
    """How the rows of a batch are sent.

    Args:
        parallel: How many at once.
        shard: The rows that are sent.
        stops_on_error: Whether no row is begun after one has failed.
        passing_codes: Exit codes that are no failure.
    """

    parallel: int = 1
    shard: Shard = Shard()
    stops_on_error: bool = False
    passing_codes: frozenset[int] = frozenset({0})


class _FinishedRow(NamedTuple):
    """A row that was sent, or could not be.

    Args:
        result: What came of it.
        error: Why it failed, as a call by itself would say it; None if it went well.
    """

    result: RowResult
    error: DynacliError | None = None


class _NotSentError(Exception):
    """The run ends, and a row that waited for its turn is not sent."""


class _Slot:
    """A row between its reading and its result."""

    def __init__(self, row: Row, needs: frozenset[int]) -> None:
        self.row, self.needs = row, needs
        self.is_running = self.is_dropped = self.was_begun = False
        self.finished: _FinishedRow | None = None
        self.call: Call | None = None


class _Sent(NamedTuple):
    """The end of a call: a response, an error, or neither, if it was not sent."""

    slot: _Slot
    response: "Response | None" = None
    error: DynacliError | None = None


class BatchRun:
    """Sends the rows of a batch that was checked.

    Attributes:
        done: How many rows have a result.
        failed: How many of those failed.
        first_failure: The first row that failed, in the order of the rows; None if none did.
        is_ending: Whether no further row is begun.
        has_sent: Whether a request may be on its way.

    Args:
        rows: The rows, as they were checked.
        plan: What is known of them.
        earlier: The rows that went well before; None if nothing is known of an earlier run.
    """

    def __init__(
        self,
        rows: Iterable[Row | WrongRow],
        plan: BatchPlan,
        calls: RowCalls,
        settings: RunSettings,
        *,
        earlier: EarlierResults | None = None,
    ) -> None:
        self._rows, self._plan, self._calls = iter(rows), plan, calls
        self._settings, self._earlier = settings, earlier
        self._listener = calls.engine.on_event
        self._engine = calls.engine = calls.engine.listened_by(self._take_event)
        self._dispatcher: Dispatcher[_Sent] = Dispatcher(settings.parallel)
        self._window: deque[_Slot] = deque()
        self._most = settings.parallel * _WINDOW
        self._is_read = False
        self._responses: dict[int, Any] = {}
        self._failed_codes: dict[int, int] = {}
        self._expiring: dict[int, list[int]] = {}
        for number, last in plan.last_uses.items():
            self._expiring.setdefault(last, []).append(number)
        self._end = threading.Event()
        rate = self._engine.settings.rate
        if rate is not None:
            self._engine.settings = replace(self._engine.settings, rate=rate.sleeping_by(self._wait))
        self._is_given_up = False
        self._given_slot: _Slot | None = None
        self.done = self.failed = 0
        self.first_failure: _FinishedRow | None = None
        self.has_sent = False

    @property
    def is_ending(self) -> bool:
        """Whether no further row is begun."""
        return self._end.is_set()

    @property
    def running(self) -> int:
        """How many rows are under way."""
        return self._dispatcher.running

    @property
    def untold(self) -> list[int]:
        """The rows that were sent, and whose results were not taken to the end: that of the last one was given."""
        slots = [*([] if self._given_slot is None else [self._given_slot]), *self._window]
        return [slot.row.number for slot in slots if slot.was_begun]

    def end(self) -> None:
        """Begin no further row; those under way are finished."""
        self._end.set()

    def __iter__(self) -> Iterator[RowResult]:
        """Yield the results in the order of the rows.

        Raises:
            FileError: The rows cannot be read, or the cache was damaged meanwhile.
        """
        while True:
            while self._window and (
                self._window[0].finished is not None or self._is_left_out(self._window[0])
            ):
                slot = self._given_slot = self._window.popleft()
                if slot.finished is not None:
                    yield self._given(slot.finished)
                self._given_slot = None
            if not self._begin_next():
                if self._dispatcher.running:
                    self._take()
                elif not self._window:
                    return
                elif not self.is_ending and self._window[0].finished is None:
                    raise FileError("The rows were changed while they were called", hint="Look at the result")

    def abandoned(self) -> Iterator[RowResult]:
        """Yield the results that were waiting for earlier rows, for a run that is not gone on with.

        Of the rows under way, none is sent again after a failure.
        """
        self.end()
        self._is_given_up = True
        for slot in self._window:
            if slot.finished is not None:
                yield self._given(slot.finished)

    def _is_left_out(self, slot: _Slot) -> bool:
        return slot.is_dropped or (self.is_ending and not slot.is_running)

    def _given(self, finished: _FinishedRow) -> RowResult:
        result = finished.result
        for number in self._expiring.pop(result.row, ()):
            self._responses.pop(number, None)
        if result.exit_code not in self._settings.passing_codes and self.first_failure is None:
            self.first_failure = finished
        return result

    def _begin_next(self) -> bool:
        """Begin a row that may begin, or take the next one; return whether there was one."""
        if self.is_ending or not self._dispatcher.is_free:
            return False
        for slot in self._window:
            is_waiting = slot.finished is None and not slot.is_running
            if is_waiting and all(self._is_known(number) for number in slot.needs):
                self._begin(slot)
                return True
        if self._is_read or len(self._window) >= self._most:
            return False
        for row in self._rows:
            if self._settings.shard.has(row.number):
                self._add(row)
                return True
        self._is_read = True
        return False

    def _is_known(self, number: int) -> bool:
        if number not in self._responses and self._earlier is not None and number in self._earlier:
            self._responses[number] = self._earlier[number].data
        return number in self._responses or number in self._failed_codes

    def _add(self, row: Row | WrongRow) -> None:
        """Take a row; if the result of an earlier run has it, it is over at once."""
        if self._earlier is not None and row.number in self._earlier:
            slot = _Slot(Row(row.number, row.line, "", {}), frozenset())
            slot.finished = _FinishedRow(self._earlier[row.number])
            self.done += 1
            self._window.append(slot)
            return
        if isinstance(row, WrongRow):  # it was right when all rows were checked
            slot = _Slot(Row(row.number, row.line, "", {}), frozenset())
            self._window.append(slot)
            self._finish(slot, _failed_result(row.number, row.error), row.error)
            return
        names = set().union(*needed_names(row).values())
        slot = _Slot(row, frozenset(self._plan.names[name] for name in names if name in self._plan.names))
        self._window.append(slot)

    def _begin(self, slot: _Slot) -> None:
        row = slot.row
        try:
            for number in slot.needs & self._failed_codes.keys():
                raise FailedRowsError(
                    self._failed_codes[number],
                    f"The row uses the response of row {number}, which failed",
                    reason="The row was not sent",
                )
            call = self._calls.call(
                row, filled(row.inputs, self._response_of) if row.may_refer else row.inputs
            )
        except DamagedCatalogError as damage:
            explain_damage(damage, has_sent=self.has_sent)
        except DynacliError as error:
            # The codes of errors before sending say that nothing was sent at all, and rows before this one were.
            told = _after_responses(error) if slot.needs and isinstance(error, UsageError) else error
            self._finish(slot, _failed_result(row.number, told), told)
            return
        slot.call, slot.is_running, slot.was_begun, self.has_sent = call, True, True, True
        self._dispatcher.start(lambda: self._send(slot, call))

    def _response_of(self, name: str) -> Any:
        if name not in self._plan.names:
            raise UsageError(f"No row is called `{name}`", reason="It was another row that was checked")
        return self._responses[self._plan.names[name]]

    def _wait(self, seconds: float) -> None:
        """Wait for the turn of a row, which does not come any more once the run ends."""
        if self._end.wait(seconds):
            raise _NotSentError

    def _send(self, slot: _Slot, call: Call) -> _Sent:
        try:
            return _Sent(slot, response=self._engine.send(call))
        except DynacliError as error:
            return _Sent(slot, error=error)
        except _NotSentError:
            return _Sent(slot)

    def _take_event(self, event: CallEvent) -> None:
        """Let no request be sent again once the run is given up, and tell findings with the result of their row."""
        is_again = isinstance(event, Retrying) or (isinstance(event, Sending) and event.tries > 1)
        if is_again and self._is_given_up:
            raise _NotSentError
        if self._listener is not None and not isinstance(event, Findings):
            self._listener(event)

    def _take(self) -> None:
        """Wait for the end of a row, and validate its response."""
        sent = self._dispatcher.take(_TICK)
        if sent is None:
            return
        slot, response = sent.slot, sent.response
        slot.is_running = False
        if response is not None and slot.call is not None:
            made = self._engine.validate(slot.call, response)
            with self._engine.lock:
                try:
                    result, error = _answered_result(slot.row.number, made)
                except DamagedCatalogError as damage:
                    explain_damage(damage, has_sent=True)
            self._finish(slot, result, error, response)
        elif sent.error is not None:
            self._finish(slot, _failed_result(slot.row.number, sent.error), sent.error)
        else:
            slot.is_dropped = True

    def _finish(
        self,
        slot: _Slot,
        result: RowResult,
        error: DynacliError | None,
        response: "Response | None" = None,
    ) -> None:
        call, slot.call, slot.finished = slot.call, None, _FinishedRow(result, error)
        self.done += 1
        if result.exit_code not in self._settings.passing_codes:
            self.failed += 1
            if self._settings.stops_on_error:
                self.end()
        if slot.row.number in self._plan.last_uses:
            if result.exit_code == 0:
                self._responses[slot.row.number] = result.data
            else:
                self._failed_codes[slot.row.number] = result.exit_code
        self._engine.tell(RowDone(call, slot.row.operation, result, response))


def _after_responses(error: UsageError) -> FormatError:
    """Return the error for a row that cannot be sent because of what an earlier response has, or has not."""
    return FormatError(error.message, reason=error.reason, hint=error.hint, **error.details)
