"""The open APIs of a test session, their calls, and the reports about these.

The reports are a file about the calls, lines at the end of the session, and the errors of failed tests.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from dynacli.client.api_client import Api, open_api
from dynacli.client.call import CallEvent, Findings, RowDone
from dynacli.client.responses.response import Response
from dynacli.errors import DocumentError, DynacliError, InternalError, MismatchError
from dynacli.files import write_named_file
from dynacli.openapi.model.operation import documented_status
from dynacli.output.finding_reports import ValidatedCall, finding_sentence, json_report, junit_report
from dynacli.secrets import with_masked_query
from dynacli.text.terminal import visible

if TYPE_CHECKING:
    import os

    from dynacli.client.call import RowResult
    from dynacli.client.open_document import OpenDocument
    from dynacli.features.check.check_records import CheckResults
    from dynacli.openapi.model.operation import Operation

_Opened = TypeVar("_Opened", bound="OpenDocument")
_HOOKS = "dynacli.features.pytest_plugin.plugin"


class Coverage(NamedTuple):
    """The share of an API that was called.

    Args:
        called: Number of operations that were called.
        operations: Number of all operations.
        seen: Number of documented responses that were received, compared by status alone.
        responses: Number of all documented responses.
    """

    called: int
    operations: int
    seen: int
    responses: int


class ApiCalls:
    """The calls of one API.

    Attributes:
        documented: Operation → its statuses in the document, such as `200`, `4XX` and `default`.
        statuses: Called operation → the received statuses.
        calls: The calls, each with the test that made it.
    """

    def __init__(self) -> None:
        self.documented: dict[str, list[str]] = {}
        self.statuses: dict[str, set[int]] = {}
        self.calls: list[tuple[str, ValidatedCall]] = []

    def note(self, test: str, call: ValidatedCall, redirects: Iterable[int] = ()) -> None:
        """Note a call.

        Args:
            test: The test that made the call.
            redirects: The statuses of the redirects that were followed.
        """
        self.calls.append((test, call))
        statuses = self.statuses.setdefault(call.operation, set())
        statuses.update(redirects)
        if call.status is not None:
            statuses.add(call.status)

    @property
    def coverage(self) -> Coverage:
        """The share of the API that was called."""
        seen = 0
        for name, statuses in self.statuses.items():
            documented = self.documented.get(name, [])
            seen += len({documented_status(status, documented) for status in statuses} & {*documented})
        responses = sum(len(documented) for documented in self.documented.values())
        return Coverage(len(self.statuses), len(self.documented), seen, responses)


class SessionCalls:
    """The calls of all APIs.

    Attributes:
        apis: Name of an API → its calls.
        lost_workers: Number of workers of pytest-xdist that ended without sending their calls.
    """

    def __init__(self) -> None:
        self.apis: dict[str, ApiCalls] = {}
        self.lost_workers = 0

    def of_api(self, name: str) -> ApiCalls:
        """Return the calls of one API."""
        return self.apis.setdefault(name, ApiCalls())

    def as_text(self) -> str:
        """Return all calls as text, for another process."""
        return json.dumps(
            {
                name: {
                    "documented": api.documented,
                    "statuses": {operation: [*statuses] for operation, statuses in api.statuses.items()},
                    "calls": [(test, vars(call)) for test, call in api.calls],
                }
                for name, api in self.apis.items()
            },
            default=str,
        )

    def merge(self, text: str) -> None:
        """Add the calls of another process.

        Args:
            text: The result of `as_text` in that process.
        """
        for name, sent in json.loads(text).items():
            api = self.of_api(name)
            api.documented |= sent["documented"]
            for operation, statuses in sent["statuses"].items():
                api.statuses.setdefault(operation, set()).update(statuses)
            api.calls += [(test, _call_of(fields)) for test, fields in sent["calls"]]


def _call_of(fields: Mapping[str, Any]) -> ValidatedCall:
    made: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()
    }
    return ValidatedCall(**made)


def summary_lines(session: SessionCalls) -> list[str]:
    """Return a line for each API that was called."""
    lines = []
    for name, api in sorted(session.apis.items()):
        found = api.coverage
        if found.called:
            lines.append(
                f"{visible(name, keep='')}: {found.called:,} of {found.operations:,} operations called, "
                f"{found.seen:,} of {found.responses:,} responses seen"
            )
    if session.lost_workers:
        lines.append(f"The calls of {session.lost_workers} workers that died are not counted")
    return lines


def report_of(form: str, session: SessionCalls) -> str:
    """Return a report of all calls.

    Args:
        form: `json` or `junit`.
    """
    noted = [pair for api in session.apis.values() for pair in api.calls]
    calls = [call for _, call in noted]
    if form == "junit":
        return junit_report(calls)
    report = json.loads(json_report(calls))
    for record, (test, _) in zip(report["calls"], noted, strict=True):
        record["test"] = test
    report["coverage"] = {name: api.coverage._asdict() for name, api in session.apis.items()}
    return json.dumps(report, indent=2) + "\n"


def write_report(form: str, file: str, session: SessionCalls) -> None:
    """Write a report of all calls into a file.

    Args:
        form: `json` or `junit`.

    Raises:
        FileError: The file cannot be written.
    """
    write_named_file(Path(file), report_of(form, session).encode("utf-8", "backslashreplace"))


def shown_text(error: DynacliError) -> str:
    """Return the message, the reason and the hint of an error."""
    return visible("\n".join(text for text in (error.message, error.reason, error.hint) if text))


def end_at_test(error: BaseException, *, has_full_trace: bool) -> None:
    """Remove the frames of dynacli from the traceback of one of its errors.

    Args:
        has_full_trace: Whether to keep the frames.
    """
    if not isinstance(error, DynacliError):
        return
    # https://docs.python.org/3/reference/datamodel.html#traceback-objects: `tb_next` may be set.
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None and not has_full_trace:
        name = str(trace.tb_next.tb_frame.f_globals.get("__name__"))
        # The hook around a test is a frame of dynacli, too, but comes before the test.
        if name.startswith("dynacli.") and name != _HOOKS and not isinstance(error, InternalError):
            trace.tb_next = None
        trace = trace.tb_next


class SessionApis:
    """The APIs of a session; each is opened once, and stays open until `close`.

    Attributes:
        calls: The calls that the tests made.
        test: The node id of the test that runs.
        called_operations: The names of the operations that the test has called.
    """

    def __init__(self) -> None:
        self.calls = SessionCalls()
        self.test = ""
        self.called_operations: set[str] = set()
        self._open = ExitStack()
        self._apis: dict[str, Api] = {}
        self._documents: dict[str, OpenDocument] = {}

    def begin_test(self, test: str) -> None:
        """Note that a test begins; a second call for the same test has no effect.

        Args:
            test: The node ID of the test.
        """
        if test != self.test:
            self.test, self.called_operations = test, set()

    def open(self, api: str | os.PathLike[str], **options: Any) -> Api:
        """Return an API, opened once for the same options.

        Args:
            api: The API, as for `dynacli.open_api`.
            options: The options, as for `dynacli.open_api`.

        Raises:
            DynacliError: The API cannot be opened.
        """
        key = repr((api, sorted(options.items(), key=lambda pair: pair[0])))
        if key not in self._apis:
            opened = self.keep(open_api(api, **options))
            opened.on_event = _Listener(self, opened)
            self._apis[key] = opened
        return self._apis[key]

    def keep(self, opened: _Opened) -> _Opened:
        """Keep an API open until `close`, count its operations in the coverage, and return it."""
        self._documents.setdefault(_shown_name(opened), opened)
        self._open.enter_context(opened)
        return opened

    def calls_of(self, api: OpenDocument) -> ApiCalls:
        """Return the calls of an API, with any options."""
        return self.calls.of_api(_shown_name(api))

    def note_check(self, api: OpenDocument, results: CheckResults) -> None:
        """Note the calls of a checked operation."""
        noted = self.calls_of(api)
        for call in results.calls():
            if not call.skipped:
                noted.note(self.test, call)

    def close(self) -> None:
        """Note the documented operations of the APIs for the coverage, and close the APIs."""
        for name, api in self._documents.items():
            if name in self.calls.apis:
                self.calls.of_api(name).documented = {
                    summary.name: [response.status for response in operation.responses]
                    for summary in api.operations
                    if (operation := _callable_operation(api, summary.name)) is not None
                }
        self._documents.clear()
        self._apis.clear()
        self._open.close()


def _shown_name(api: OpenDocument) -> str:
    return with_masked_query(api.name)


def _callable_operation(api: OpenDocument, name: str) -> Operation | None:
    try:
        return api.operation(name)
    except DocumentError:  # the document has this operation, but it cannot be called
        return None


def _validated_call(response: Response) -> ValidatedCall:
    from dynacli.client.responses.validation_text import validation_json

    described = response.described
    operation = described.operation
    validation: dict[str, list[Any]] = {
        "findings": [],
        "tolerated": [],
        "not_validated": [],
        "suppressed": [],
    }
    for item in response.validations:
        for key, values in response.masker.mask_value(validation_json(described.api, item)).items():
            validation[key] += values
    if not response.is_validated:
        validation["not_validated"].append("nothing was validated")
    return ValidatedCall(
        with_masked_query(described.api.name),
        *(operation.name, operation.method, operation.path),
        url=response.request.url,
        status=response.status,
        seconds=response.seconds,
        findings=tuple(validation["findings"]),
        tolerated=tuple(validation["tolerated"]),
        not_validated=tuple(dict.fromkeys(validation["not_validated"])),
        suppressed=tuple(validation["suppressed"]),
    )


class _Listener:
    """A listener that notes the calls of an API, and raises an error if a response does not match the document."""

    def __init__(self, apis: SessionApis, api: Api) -> None:
        self._apis, self._api = apis, api

    def __call__(self, event: CallEvent) -> None:
        """Handle an event of a call.

        Raises:
            MismatchError: A response does not match the document.
        """
        if isinstance(event, Findings):
            response = Response(event.call, event.response, event.validation, event.lock, ())
            self._note(_validated_call(response), response.redirects)
            response.raise_for_findings()
        elif isinstance(event, RowDone):
            self._note_row(event.operation, event.result)

    def _note_row(self, operation: str, result: RowResult) -> None:
        found = self._api.operation(operation)
        error = str((result.error or {}).get("message", ""))
        call = ValidatedCall(
            _shown_name(self._api),
            *(found.name, found.method, found.path),
            status=result.status,
            findings=result.findings,
            error=error,
        )
        self._note(call, ())
        if result.findings:
            reason = "\n".join(finding_sentence(finding) for finding in result.findings)
            raise MismatchError(
                f"The response to row {result.row} does not match the document",
                reason=reason,
                findings=result.findings,
            )

    def _note(self, call: ValidatedCall, redirects: tuple[int, ...]) -> None:
        self._apis.called_operations.add(call.operation)
        self._apis.calls_of(self._api).note(self._apis.test, call, redirects)
