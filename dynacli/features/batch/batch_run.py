"""A run of a batch: it sends rows in parallel, and yields their results in the order of the rows.

The results of an earlier run show which rows succeeded and their responses, so that a batch can resume.

All calls are checked before the first is sent, so that one message names all errors. One thread builds, validates and
signs each call, and any thread sends it.
"""

from __future__ import annotations

import os
import threading
from array import array
from collections import Counter, deque
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from dynacli.client.call import Call, CallEvent, Findings, Retrying, RowDone, RowResult, Sending
from dynacli.client.damaged_cache import explain_damage
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.engine.call_engine import Engine
from dynacli.client.inputs.call_inputs import CallInputs, CallValues, TypedWords
from dynacli.client.inputs.collect_values import check_missing, collect_parameters, collect_values, input_name
from dynacli.client.inputs.read_plain_inputs import (
    input_key,
    is_whole_body,
    no_such_plain_input,
    read_given,
    unknown_input,
)
from dynacli.client.parallel_calls import Dispatcher
from dynacli.client.row_result import received_result
from dynacli.client.search_operations import unknown_operation
from dynacli.client.shards import Shard
from dynacli.environment import invocation
from dynacli.errors import (
    DocumentError,
    DynacliError,
    FailedRowsError,
    FileError,
    FormatError,
    RefusedError,
    UsageError,
)
from dynacli.features.batch.rows import Row, WrongRow, fill_placeholders, placeholders_in, row_place
from dynacli.openapi.catalog.catalog_file import DamagedCatalogError
from dynacli.record import record, replace
from dynacli.registry.opened_api import OpenedApi
from dynacli.text.exact_json import read_json

if TYPE_CHECKING:
    from dynacli.http.exchange import WireResponse

_MOST_SHOWN = 20
_TICK = 0.1
"""Interval in seconds at which the main thread wakes up and can notice Ctrl-C."""
_WINDOW = 16
"""Maximum number of rows in memory per parallel call: results that wait for an earlier row, and rows that wait for a
response."""


class RowCall(NamedTuple):
    """The call of a row.

    Args:
        call: The call, ready to be sent.
        engine: The engine that sends it.
        words: The arguments of the command line for the history; empty if the history does not record the row.
    """

    call: Call
    engine: Engine
    words: Sequence[str]


class RowCalls:
    """Makes the calls for the rows of one batch.

    Attributes:
        engine: Prepares, sends and validates the calls.

    Args:
        api: The opened API.
        words_of: Function from an operation and its inputs to the arguments of a command line that makes the call;
            None if the history does not record rows.
    """

    def __init__(
        self,
        engine: Engine,
        api: OpenedApi,
        words_of: Callable[[str, Mapping[str, Any]], list[str]] | None = None,
    ) -> None:
        self.engine, self._api, self._words_of = engine, api, words_of
        self._is_strict = engine.settings.level != "off"
        self._operations: dict[str, DescribedOperation] = {}

    def described(self, name: str) -> DescribedOperation:
        """Return an operation by its name or its operationId.

        Raises:
            UsageError: The API has no such operation.
            DocumentError: The document has the operation, but dynacli cannot call it.
        """
        if name not in self._operations:
            found = self._api.catalog.find(name)
            if found is None:
                raise unknown_operation(self._api, name)
            described = DescribedOperation(self._api, self._api.catalog.operation(found))
            self._operations[name] = described.sending("")
        return self._operations[name]

    def check_columns(self, operation: str, columns: Collection[str]) -> None:
        """Check that each column of a table names a different input of an operation.

        Raises:
            UsageError: A column names no input, or the same input as another column.
        """
        described = self.described(operation)
        known: dict[tuple[str, ...], str] = {}
        for column in columns:
            key = input_key(described, column, "")
            if key is None:
                raise unknown_input(described, column, f"The column `{column[:60]}`", "The header is line 1")
            if key in known:
                raise UsageError(f"The columns `{known[key]}` and `{column}` are the same input")
            known[key] = column

    def call(self, row: Row, inputs: Mapping[str, Any]) -> RowCall:
        """Return the call of a row, validated and signed.

        Args:
            inputs: The inputs of the row, with all placeholders replaced.

        Raises:
            DynacliError: The call cannot be made. The error contains no secret.
        """
        engine, words = self.engine, list[str]()
        if self._words_of is not None:
            words = self._words_of(row.operation, inputs)
            engine = engine.remembering(TypedWords(texts=words[-1:]))
        with engine.lock:
            described, given = self._read(row, inputs)
            if row.may_refer and "" not in row.inputs.values():
                _check_paths(given)
            return RowCall(engine.prepare(described, given), engine, words)

    def check(self, row: Row, unknown: Collection[str]) -> None:
        """Check a row as far as possible before all of its inputs are known.

        Args:
            unknown: The names of the inputs whose values are unknown.

        Raises:
            DynacliError: The call cannot be made with any value of these inputs.
        """
        with self.engine.lock:
            self._check(row, unknown)

    def _check(self, row: Row, unknown: Collection[str]) -> None:
        described, given = self._read(
            row, {name: value for name, value in row.inputs.items() if name not in unknown}
        )
        keys = {name: input_key(described, name, row.inputs[name]) for name in unknown}
        for name, key in keys.items():
            if key is None:
                raise no_such_plain_input(described, name)
        has_unknown_body = any(key[0] == "body" for key in keys.values() if key is not None)
        self._check_missing(described, given, unknown, is_body_known=not has_unknown_body)
        # Examples replace required inputs that are unknown, and are not validated.
        with_examples = replace(given, wants_example=True)
        parameters, left = collect_parameters(described, with_examples, is_strict=self._is_strict)
        if left:
            return
        open_keys = {key[:2] for key in keys.values() if key is not None}
        if has_unknown_body:
            unvalidated = replace(self.engine.settings, level="off")
            self.engine.prepare(described, CallValues(parameters), unvalidated)
            return
        self.engine.prepare(described, replace(given, parameters=parameters), unvalidated=open_keys)

    def _read(self, row: Row, inputs: Mapping[str, Any]) -> tuple[DescribedOperation, CallInputs]:
        described = self.described(row.operation)
        if (
            not is_whole_body(described, "body", row.inputs.get("body"))
            and "body" in inputs
            and row.may_refer
        ):
            # The row decides what `body` means; the type of the value from the response does not.
            inputs = {"body.body" if name == "body" else name: value for name, value in inputs.items()}
        return read_given(described, inputs, self.engine.settings, are_words=row.are_words)

    def _check_missing(
        self,
        described: DescribedOperation,
        given: CallInputs,
        unknown: Collection[str],
        *,
        is_body_known: bool,
    ) -> None:
        """Check that each required input has a value, or gets one from a placeholder."""
        try:
            collect_values(described, given, is_strict=self._is_strict)
        except UsageError as error:
            missing = error.details.get("missing")
            if missing is None and not is_body_known:
                return  # the rest of the body is unknown, so the error may not be final
            if missing is None:
                raise
            coming = _names_of(described, unknown)
            check_missing(described, [name for name in missing if not _is_coming(name, coming)])


def _check_paths(given: CallInputs) -> None:
    """Check that no response supplied an empty path parameter: the shorter path may be another operation.

    Raises:
        UsageError: A path parameter is empty.
    """
    for (location, name), value in given.parameters.items():
        if location == "path" and value == "":
            raise UsageError(
                f"The path parameter `{name}` cannot be sent",
                reason="It is empty in the response that it comes from",
            )


def _names_of(described: DescribedOperation, names: Collection[str]) -> set[str]:
    """Return the names that messages use for some inputs, and for the body if one of them belongs to it."""
    found = {f"--{name.replace('_', '-')}" for name in names}
    keys = {input_key(described, name) or () for name in names}
    for parameter in described.operation.parameters:
        if parameter.key in keys:
            found.add(input_name(parameter))
    if any(key[:1] == ("body",) for key in keys):
        found.add("a body")
    for field in described.media_type.fields if described.media_type is not None else ():
        if ("body", *map(str, field.path)) in keys:
            found.add(f"--{field.option}")
    return found


def _is_coming(name: str, coming: Collection[str]) -> bool:
    """Return whether a placeholder supplies an input, or a value that contains it."""
    return "--body" in coming or any(
        name == item or name.startswith((f"{item}.", f"{item}[")) for item in coming
    )


@record
class BatchPlan:
    """Facts about a batch whose rows are all valid.

    Args:
        count: Number of rows in this run, including those that succeeded before.
        done: Number of rows that succeeded before.
        asked_about: Operation that needs confirmation → number of rows that call it.
        names: Name → number of the row whose response later rows use by that name.
        last_uses: Number of such a row → number of the last row that uses its response.
    """

    count: int
    done: int
    asked_about: Mapping[str, int]
    names: Mapping[str, int]
    last_uses: Mapping[int, int]


class _Unknown(NamedTuple):
    """A row that uses a name of no earlier row."""

    row: Row
    name: str
    placeholder: str


def needed_names(row: Row) -> dict[str, set[str]]:
    """Return each input with placeholders → the names of the rows whose responses it uses.

    Raises:
        UsageError: A placeholder is malformed.
    """
    if not row.may_refer:
        return {}
    found = {
        name: {placeholder.name for placeholder in placeholders_in(value)}
        for name, value in row.inputs.items()
    }
    return {name: names for name, names in found.items() if names}


def check_rows(
    rows: Iterable[Row | WrongRow], calls: RowCalls, shard: Shard, done: Container[int]
) -> BatchPlan:
    """Build and validate the call of each row, and return the facts about the batch.

    Rows that use responses of earlier rows are checked as far as possible.

    Args:
        done: The rows that succeeded before.

    Raises:
        UsageError: Rows are invalid; the error describes the first ones and counts all.
        RefusedError: A policy or trust setting refuses one of the invalid rows.
        AuthError: A credential is missing.
    """
    import dynacli.http.import_httpx  # noqa: F401  - before openapi-core, which is imported to validate

    checker = _Checker(calls, shard, done)
    for row in rows:
        checker.add(row)
    return checker.plan()


class _Checker:
    def __init__(self, calls: RowCalls, shard: Shard, done: Container[int]) -> None:
        self._calls, self._shard, self._done = calls, shard, done
        self._names: dict[str, int] = {}
        self._last_uses: dict[int, int] = {}
        self._wrong: list[WrongRow | _Unknown] = []
        self._wrong_count = self._count = self._done_count = 0
        self._asked_about: Counter[str] = Counter()
        self._kinds: set[type[DynacliError]] = set()

    def add(self, row: Row | WrongRow) -> None:
        """Check a row, and record its error if it is invalid."""
        if isinstance(row, Row) and row.name and self._names.setdefault(row.name, row.number) != row.number:
            row = WrongRow(
                row.number, row.line, UsageError(f"Row {self._names[row.name]} is called `{row.name}`, too")
            )
        if not self._shard.has(row.number):
            return
        self._count += 1
        if row.number in self._done:
            self._done_count += 1
            return
        try:
            if isinstance(row, WrongRow):
                raise row.error
            self._check(row)
        except (UsageError, RefusedError, DocumentError) as error:
            self._add_wrong(WrongRow(row.number, row.line, error), type(error))

    def _check(self, row: Row) -> None:
        needed = needed_names(row)
        for name in sorted(set().union(*needed.values())):
            number = self._names.get(name, row.number)
            if number == row.number:
                placeholder = next(
                    str(placeholder)
                    for value in row.inputs.values()
                    for placeholder in placeholders_in(value)
                )
                self._add_wrong(_Unknown(row, name, placeholder), UsageError)
                return
            if not self._shard.has(number) and number not in self._done:
                raise UsageError(
                    f"The row uses the response of row {number} (`{name}`), which is of another shard",
                    hint="Call rows that belong together in one run, without `--shard`",
                )
            self._last_uses[number] = row.number
        if needed:
            self._calls.check(row, needed)
        else:
            self._calls.call(row, fill_placeholders(row.inputs, str) if row.may_refer else row.inputs)
        described = self._calls.described(row.operation)
        if self._calls.engine.settings.is_asked_about(described):
            self._asked_about[described.operation.name] += 1

    def _add_wrong(self, wrong: WrongRow | _Unknown, kind: type[DynacliError]) -> None:
        self._wrong_count += 1
        self._kinds.add(kind)
        if len(self._wrong) < _MOST_SHOWN:
            self._wrong.append(wrong)

    def plan(self) -> BatchPlan:
        """Return the facts about the batch.

        Raises:
            UsageError: Rows are invalid.
            RefusedError: A policy or trust setting refuses one of the invalid rows.
        """
        if self._wrong_count:
            raise self._error(
                [
                    unknown if isinstance(unknown, WrongRow) else self._shown(unknown)
                    for unknown in self._wrong
                ]
            )
        used = {name: number for name, number in self._names.items() if number in self._last_uses}
        return BatchPlan(self._count, self._done_count, self._asked_about, used, self._last_uses)

    def _shown(self, unknown: _Unknown) -> WrongRow:
        """Return the error for an unknown name, now that all names are known."""
        row, name, number = unknown.row, unknown.name, self._names.get(unknown.name)
        if number is None:
            from difflib import get_close_matches

            from dynacli.openapi.model.wording import did_you_mean

            near = get_close_matches(name, self._names, 1, 0.6)
            reason = "The member `as` gives a row its name"
            hint = did_you_mean(near, r"Write `\{{` for plain text")
            error = UsageError(
                f"No row is called `{name}`, which {unknown.placeholder} names", reason=reason, hint=hint
            )
        else:
            which = "the row itself" if number == row.number else f"row {number}, which comes later"
            error = UsageError(f"{unknown.placeholder} uses the response of {which}")
        return WrongRow(row.number, row.line, error)

    def _error(self, reported: list[WrongRow]) -> DynacliError:
        kind = next(
            (item for item in (RefusedError, UsageError) if item in self._kinds), type(reported[0].error)
        )
        count = self._wrong_count
        lines = [_wrong_row_line(wrong) for wrong in reported]
        if count > len(reported):
            lines.append(f"and {count - len(reported):,} more")
        hints = {wrong.error.hint for wrong in reported if wrong.error.hint}
        return kind(
            f"{count:,} of {self._count:,} rows {'is' if count == 1 else 'are'} wrong, and nothing was sent",
            reason="\n".join(lines),
            hint=hints.pop() if len(hints) == 1 else "Fix them; `--dry-run` checks all rows and sends none",
            rows=[
                {"row": wrong.number, "line": wrong.line or None, **wrong.error.as_json()["error"]}
                for wrong in reported
            ],
            wrong=count,
        )


def _wrong_row_line(wrong: WrongRow) -> str:
    error = wrong.error
    place = row_place(wrong)
    text = f"{place[0].upper()}{place[1:]}: {error.message}"
    if not error.reason:
        return text
    return (
        f"{text}: {error.reason}"
        if "\n" not in error.reason
        else "\n    ".join([text, *error.reason.split("\n")])
    )


def _failed_result(row: int, error: DynacliError) -> RowResult:
    """Return the result of a row that got no response.

    Args:
        error: The reason, without secrets.
    """
    return RowResult(row, None, error.exit_code, error=error.as_json()["error"])


def _read_result(line: str | bytes) -> RowResult | None:
    """Parse a line of a result file; return None if it is not a result."""
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
    """The rows that succeeded in an earlier run, from its result in NDJSON; only their offsets are in memory.

    Args:
        file: The file of the result.
        name: Name of the file, for messages.

    Raises:
        UsageError: A line is not a result. An incomplete last line is allowed.
        OSError: The file cannot be read.
    """

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file = file
        self._places = array("Q")  # row → offset of its line plus one; 0 for no line
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
        """Return whether a row succeeded."""
        return isinstance(row, int) and row < len(self._places) and self._places[row] > 0

    def __getitem__(self, row: int) -> RowResult:
        """Return the result of a row that succeeded."""
        self._file.seek(self._places[row] - 1)
        result = _read_result(self._file.readline())
        if result is None or result.row != row:
            raise FileError("The earlier result was changed while it was read", hint="Start again")
        return result


@contextmanager
def open_earlier_results(path: str) -> Iterator[EarlierResults]:
    """Open the result of an earlier run.

    Raises:
        FileError: The file cannot be read.
        UsageError: The file is not the result of a batch.
    """
    with ExitStack() as stack:
        try:
            results = EarlierResults(stack.enter_context(open(os.path.expanduser(path), "rb")), path)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is not a file name"
            raise FileError(f"The earlier result `{path}` cannot be read", reason=reason) from error
        yield results


@record
class RunSettings:
    """Settings of a run.

    Args:
        parallel: Number of parallel calls.
        shard: The rows to send.
        stops_on_error: Whether to start no further row after one has failed.
        passing_codes: Exit codes that count as success.
    """

    parallel: int = 1
    shard: Shard = Shard()
    stops_on_error: bool = False
    passing_codes: frozenset[int] = frozenset({0})


class _FinishedRow(NamedTuple):
    """A row that is done.

    Args:
        result: Its result.
        error: Its error, as a single call would raise it; None if it succeeded.
    """

    result: RowResult
    error: DynacliError | None = None


class _NotSentError(Exception):
    """The run ends before a waiting row or a repeated request is sent."""


class _Slot:
    """A row between its reading and its result."""

    def __init__(self, row: Row, needs: frozenset[int]) -> None:
        self.row, self.needs = row, needs
        self.is_running = self.is_dropped = self.was_begun = False
        self.finished: _FinishedRow | None = None
        self.call: RowCall | None = None


class _Sent(NamedTuple):
    """The end of a call: a response, an error, or neither if the call was not sent."""

    slot: _Slot
    response: WireResponse | None = None
    error: DynacliError | None = None


class BatchRun:
    """Sends the rows of a checked batch.

    Attributes:
        done: Number of rows with a result.
        failed: Number of failed rows.
        first_failure: The first failed row, in the order of the rows; None if none failed.
        is_ending: Whether the run starts no further row.
        has_sent: Whether a request may have been sent.

    Args:
        rows: The checked rows.
        plan: The facts about them.
        earlier: The rows that succeeded before; None without `--resume`.
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
        """Whether the run starts no further row."""
        return self._end.is_set()

    @property
    def running(self) -> int:
        """Number of rows in progress."""
        return self._dispatcher.running

    @property
    def untold(self) -> list[int]:
        """The rows that were sent, and whose results were not written."""
        slots = [*([] if self._given_slot is None else [self._given_slot]), *self._window]
        return [slot.row.number for slot in slots if slot.was_begun]

    def end(self) -> None:
        """Start no further row; rows in progress finish."""
        self._end.set()

    def __iter__(self) -> Iterator[RowResult]:
        """Yield the results in the order of the rows.

        Raises:
            FileError: The rows cannot be read or have changed, or the cache was damaged during the run.
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
                    raise FileError("The rows were changed while they were called", hint="Check the results")

    def abandoned(self) -> Iterator[RowResult]:
        """Give up the run; yield the results that were waiting for earlier rows.

        No request is repeated after a failure any more.
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
        """Start a row that is ready, or read the next one; return whether there was one."""
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
        """Add a row to the window; a row that succeeded in an earlier run is done at once."""
        if self._earlier is not None and row.number in self._earlier:
            slot = _Slot(Row(row.number, row.line, "", {}), frozenset())
            slot.finished = _FinishedRow(self._earlier[row.number])
            self.done += 1
            self._window.append(slot)
            return
        if isinstance(row, WrongRow):  # the file has changed since all rows were checked
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
                row, fill_placeholders(row.inputs, self._response_of) if row.may_refer else row.inputs
            )
        except DamagedCatalogError as damage:
            explain_damage(damage, has_sent=self.has_sent)
        except DynacliError as error:
            # The exit code of a usage error would mean that nothing was sent, but earlier rows were.
            reported = _after_responses(error) if slot.needs and isinstance(error, UsageError) else error
            self._finish(slot, _failed_result(row.number, reported), reported)
            return
        slot.call, slot.is_running, slot.was_begun, self.has_sent = call, True, True, True
        self._dispatcher.start(lambda: self._send(slot, call))

    def _response_of(self, name: str) -> Any:
        if name not in self._plan.names:
            raise UsageError(f"No row is called `{name}`", reason="The rows changed after they were checked")
        return self._responses[self._plan.names[name]]

    def _wait(self, seconds: float) -> None:
        """Wait for the rate limit, unless the run ends."""
        if self._end.wait(seconds):
            raise _NotSentError

    def _send(self, slot: _Slot, call: RowCall) -> _Sent:
        try:
            return _Sent(slot, response=call.engine.send(call.call))
        except DynacliError as error:
            return _Sent(slot, error=error)
        except _NotSentError:
            return _Sent(slot)

    def _take_event(self, event: CallEvent) -> None:
        """Prevent repeated requests after the run is given up, and pass on all events except findings.

        The result of a row has its findings.
        """
        is_again = isinstance(event, Retrying) or (isinstance(event, Sending) and event.tries > 1)
        if is_again and self._is_given_up:
            raise _NotSentError
        if self._listener is not None and not isinstance(event, Findings):
            self._listener(event)

    def _take(self) -> None:
        """Wait for the next call to end, and validate its response."""
        sent = self._dispatcher.take(_TICK)
        if sent is None:
            return
        slot, response = sent.slot, sent.response
        slot.is_running = False
        if response is not None and slot.call is not None:
            made = slot.call.engine.validate(slot.call.call, response)
            with self._engine.lock:
                try:
                    result, error = received_result(slot.row.number, made)
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
        response: WireResponse | None = None,
    ) -> None:
        call, slot.call, slot.finished = slot.call, None, _FinishedRow(result, error)
        if call is not None:
            call.engine.record_end(call.words, error, response)
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
        self._engine.announce(RowDone(call.call if call else None, slot.row.operation, result, response))


def _after_responses(error: UsageError) -> FormatError:
    """Return the error for a row that cannot be sent because of the content of an earlier response."""
    return FormatError(error.message, reason=error.reason, hint=error.hint, **error.details)
