"""What a session tells of its calls: the report in a file, and the lines at the end."""

import json
from pathlib import Path

from dynacli.files import write_named_file
from dynacli.output.reports.json_report import json_report
from dynacli.pytest_plugin.session_calls import SessionCalls
from dynacli.text.terminal import visible

__all__ = ["summary_lines", "write_report"]


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


def write_report(file: str, session: SessionCalls) -> None:
    """Write the verdicts on all calls, as JSON, or as JUnit XML where the file's name ends in `.xml`.

    Raises:
        FileError: It cannot be written.
    """
    noted = [pair for api in session.apis.values() for pair in api.calls]
    calls = [call for _, call in noted]
    if file.lower().endswith(".xml"):
        from dynacli.output.reports.junit import junit_report

        text = junit_report(calls)
    else:
        report = json.loads(json_report(calls))
        for record, (test, _) in zip(report["calls"], noted, strict=True):
            record["test"] = test
        report["coverage"] = {name: api.coverage._asdict() for name, api in session.apis.items()}
        text = json.dumps(report, indent=2) + "\n"
    write_named_file(Path(file), text.encode("utf-8", "backslashreplace"))
