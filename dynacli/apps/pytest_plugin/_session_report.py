"""What a session tells: the report of its calls, the lines at the end, and errors of dynacli in failed tests."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dynacli.errors import DynacliError, InternalError
from dynacli.files import write_named_file
from dynacli.openapi.model.operation import documented_status
from dynacli.output.finding_reports import ValidatedCall, json_report
from dynacli.text.terminal import visible

__all__ = [
    "ApiCalls",
    "SessionCalls",
    "end_at_test",
    "report_of",
    "summary_lines",
    "told_text",
    "write_report",
]


class Coverage(NamedTuple):
    """How much of an API was called.

    Args:
        called: The operations that were called.
        operations: All operations.
        seen: The documented responses that came, by their status alone.
        responses: All documented responses.
    """

    called: int
    operations: int
    seen: int
    responses: int


class ApiCalls:
    """The calls of one API.

    Attributes:
        documented: Operation → the statuses that the document has: `200`, `4XX`, `default`.
        statuses: Operation → the statuses that came, for each operation that was called.
        calls: The calls, each with the test that made it.
    """

    def __init__(self) -> None:
        self.documented: dict[str, list[str]] = {}
        self.statuses: dict[str, set[int]] = {}
        self.calls: list[tuple[str, ValidatedCall]] = []

    def note(self, test: str, call: ValidatedCall, redirects: Iterable[int] = ()) -> None:
        """Note a call.

        Args:
            test: The test that made it.
            redirects: The statuses that were followed on the way to its response.
        """
        self.calls.append((test, call))
        statuses = self.statuses.setdefault(call.operation, set())
        statuses.update(redirects)
        if call.status is not None:
            statuses.add(call.status)

    @property
    def coverage(self) -> Coverage:
        """How much of the API was called."""
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
        lost_workers: How many workers of pytest-xdist ended without telling what their tests had seen.
    """

    def __init__(self) -> None:
        self.apis: dict[str, ApiCalls] = {}
        self.lost_workers = 0

    def of_api(self, name: str) -> ApiCalls:
        """Return the calls of one API."""
        return self.apis.setdefault(name, ApiCalls())

    def as_text(self) -> str:
        """Return all of it as text, for another process."""
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
        """Add what another process has seen.

        Args:
            text: What its `as_text` returned.
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
    """Return the results on all calls.

    Args:
        form: `json` or `junit`.
    """
    noted = [pair for api in session.apis.values() for pair in api.calls]
    calls = [call for _, call in noted]
    if form == "junit":
        from dynacli.output.finding_reports import junit_report

        return junit_report(calls)
    report = json.loads(json_report(calls))
    for record, (test, _) in zip(report["calls"], noted, strict=True):
        record["test"] = test
    report["coverage"] = {name: api.coverage._asdict() for name, api in session.apis.items()}
    return json.dumps(report, indent=2) + "\n"


def write_report(form: str, file: str, session: SessionCalls) -> None:
    """Write the results on all calls into a file.

    Args:
        form: `json` or `junit`.

    Raises:
        FileError: It cannot be written.
    """
    write_named_file(Path(file), report_of(form, session).encode("utf-8", "backslashreplace"))


_HOOKS = "dynacli.apps.pytest_plugin.plugin"


def told_text(error: DynacliError) -> str:
    """Return an error with its reason and what to do about it."""
    return visible("\n".join(text for text in (error.message, error.reason, error.hint) if text))


def end_at_test(error: BaseException, *, has_full_trace: bool) -> None:
    """Take dynacli's own frames away from the traceback of an error of its own.

    Args:
        has_full_trace: Whether the frames stay.
    """
    if not isinstance(error, DynacliError):
        return
    # https://docs.python.org/3/reference/datamodel.html#traceback-objects: `tb_next` may be set.
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None and not has_full_trace:
        name = str(trace.tb_next.tb_frame.f_globals.get("__name__"))
        # The hook that surrounds a test stands before it.
        if name.startswith("dynacli.") and name != _HOOKS and not isinstance(error, InternalError):
            trace.tb_next = None
        trace = trace.tb_next
