"""What a session tells of its calls: the report in a file, and the lines at the end."""

import json
from pathlib import Path

from dynacli.files import write_named_file
from dynacli.output.reports.judged_calls import json_report
from dynacli.pytest_plugin.session_calls import SessionCalls
from dynacli.text.terminal import visible

__all__ = ["report_of", "summary_lines", "write_report"]


def summary_lines(session: SessionCalls) -> list[str]:
    """Return a line for each API of which something was called."""
    lines = []
    for name, api in sorted(session.apis.items()):
        found = api.coverage
        if found.called:
            lines.append(
                f"{visible(name, keep='')}: {found.called:,} of {found.operations:,} operations called, "
                f"{found.seen:,} of {found.answers:,} answers seen"
            )
    if session.lost_workers:
        lines.append(f"The calls of {session.lost_workers} workers that died are not counted")
    return lines


def report_of(form: str, session: SessionCalls) -> str:
    """Return the verdicts on all calls.

    Args:
        form: `json` or `junit`.
    """
    noted = [pair for api in session.apis.values() for pair in api.calls]
    calls = [call for _, call in noted]
    if form == "junit":
        from dynacli.output.reports.finding_reports import junit_report

        return junit_report(calls)
    report = json.loads(json_report(calls))
    for record, (test, _) in zip(report["calls"], noted, strict=True):
        record["test"] = test
    report["coverage"] = {name: api.coverage._asdict() for name, api in session.apis.items()}
    return json.dumps(report, indent=2) + "\n"


def write_report(form: str, file: str, session: SessionCalls) -> None:
    """Write the verdicts on all calls into a file.

    Args:
        form: `json` or `junit`.

    Raises:
        FileError: It cannot be written.
    """
    write_named_file(Path(file), report_of(form, session).encode("utf-8", "backslashreplace"))
