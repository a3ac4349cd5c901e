"""`--report`: verdicts for machines, in files or on standard error."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.commands.run import Run
from dynacli.errors import DynacliError, FileError, HttpError, MismatchError, UsageError
from dynacli.output.reports.judged_calls import JudgedCall

__all__ = ["FORMATS", "CallReport", "Report", "reported", "wanted_reports", "write_reports"]

FORMATS = ("json", "junit", "sarif", "github")


class Report(NamedTuple):
    """A report that is asked for.

    Args:
        format: One of `FORMATS`.
        file: Where it goes; empty for standard error.
    """

    format: str
    file: str


def wanted_reports(run: Run) -> list[Report]:
    """Return the reports that are asked for.

    Raises:
        UsageError: A format is unknown, a file has no name, or two things would go to one file.
    """
    found = []
    files = {os.path.abspath(run.options.output[1:])} if run.options.output.startswith("@") else set()
    for word in run.options.report:
        name, equals, file = word.partition("=")
        if name not in FORMATS:
            raise UsageError(
                f"`{name}` is not a format of reports",
                hint=f"Use one of {', '.join(f'`{one}`' for one in FORMATS)}, each with `=FILE` behind it for a file",
            )
        if equals and not file:
            raise UsageError(
                f"`--report {word}` names no file", hint=f"Write `--report {name}=FILE`, or `--report {name}`"
            )
        if file and os.path.abspath(file) in files:
            raise UsageError(f"`{file}` cannot hold two things at once", hint="Give each a file of its own")
        if file:
            files.add(os.path.abspath(file))
        found.append(Report(name, file))
    return found


def write_reports(run: Run, calls: Sequence[JudgedCall]) -> None:
    """Write the reports that are asked for.

    Args:
        calls: Everything in them may be shown.

    Raises:
        FileError: A file cannot be written.
    """
    for report in wanted_reports(run):
        if not report.file:
            from dynacli.output.standard_error import write_stderr

            write_stderr(run.env, _made(report.format, calls, is_file=False))
            continue
        from pathlib import Path

        from dynacli.files import write_named_file

        content = _made(report.format, calls, is_file=True).encode("utf-8", "backslashreplace")
        write_named_file(Path(report.file), content)


def _made(name: str, calls: Sequence[JudgedCall], *, is_file: bool) -> str:
    if name == "json":
        from dynacli.output.reports.json_report import json_report

        # Among other lines, one line can be told apart.
        return json_report(calls, indent=2 if is_file else None)
    if name == "junit":
        from dynacli.output.reports.junit import junit_report

        return junit_report(calls)
    if name == "sarif":
        from dynacli.output.reports.sarif import sarif_report
        from dynacli.validation.findings.finding_rules import RULES

        return sarif_report(calls, RULES)
    from dynacli.output.reports.github import github_report

    return github_report(calls)


class CallReport:
    """What the report of one call will hold, noted on the way.

    Attributes:
        is_on_stderr: Whether a report goes where a person would read the findings.

    Args:
        level: At which the call is judged.
    """

    def __init__(self, reports: Sequence[Report], level: str) -> None:
        self.is_on_stderr = any(not one.file for one in reports)
        self._facts: dict[str, Any] = {}
        self._lists: dict[str, list[Any]] = {"findings": [], "unchecked": [], "suppressed": []}
        if level == "off":
            self._lists["unchecked"].append("nothing is judged at the level `off`")

    def answered(self, url: str, status: int, seconds: float) -> None:
        """Note that there is an answer."""
        self._facts.update(url=url, status=status, seconds=seconds)

    def judged(self, verdict: dict[str, Any]) -> None:
        """Note a verdict in the shape of the validation report, without secrets."""
        for key, values in self._lists.items():
            values.extend(verdict.get(key, ()))

    def failed(self, error: DynacliError) -> None:
        """Note what ended the call: a request that was refused has findings, an answer of any status is no failure."""
        if isinstance(error, UsageError) and "findings" in error.details:
            self.judged(error.details)
        elif not isinstance(error, HttpError | MismatchError):
            self._facts["error"] = ": ".join(one for one in (error.what, error.why) if one)

    def call(self, described: DescribedOperation) -> JudgedCall:
        """Return the call as it is reported."""
        from dynacli.urls import with_masked_query

        operation = described.operation
        return JudgedCall(
            with_masked_query(described.api.name),
            operation.name,
            operation.method,
            operation.path,
            findings=tuple(self._lists["findings"]),
            unchecked=tuple(dict.fromkeys(self._lists["unchecked"])),
            suppressed=tuple(self._lists["suppressed"]),
            **self._facts,
        )


@contextmanager
def reported(run: Run, described: DescribedOperation, settings: CallSettings) -> Iterator[CallReport]:
    """Write the reports of a call at the end of the block, however it ends.

    Yields:
        The report, to note in it what happens.

    Raises:
        UsageError: What is asked for is no report; the block is not entered.
        FileError: A report cannot be written, and nothing else went wrong.
    """
    report = CallReport(wanted_reports(run), settings.level)
    try:
        yield report
    except DynacliError as error:
        report.failed(error)
        try:
            write_reports(run, [report.call(described)])
        except FileError as second:
            run.warn(f"{second.what}: {second.why}")  # the first cause wins
        raise
    write_reports(run, [report.call(described)])
