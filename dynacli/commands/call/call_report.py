"""`--report`: the results on a call for machines, written into files or to standard error."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.commands.run import Run
from dynacli.environment import Environment
from dynacli.errors import DynacliError, FileError, HttpError, MismatchError, UsageError
from dynacli.options.standard_options import Options
from dynacli.output.finding_reports import (
    ValidatedCall,
    github_report,
    json_report,
    junit_report,
    sarif_report,
)

_FORMATS = ("json", "junit", "sarif", "github")


class WantedReport(NamedTuple):
    """A report that is asked for.

    Args:
        format: One of `_FORMATS`.
        file: The file that it is written into; empty for standard error.
    """

    format: str
    file: str


def wanted_reports(options: Options) -> list[WantedReport]:
    """Return the reports that are asked for.

    Raises:
        UsageError: A format is unknown, a file has no name, or two things would go to one file.
    """
    reports = []
    files = {os.path.abspath(options.output_file)} if options.output_file else set()
    for word in options.report:
        name, equals, file = word.partition("=")
        if name not in _FORMATS:
            known = ", ".join(f"`{format_}`" for format_ in _FORMATS)
            raise UsageError(
                f"`{name}` is not a format of reports",
                hint=f"Use one of {known}, with `=FILE` for a file",
            )
        if equals and not file:
            raise UsageError(
                f"`--report {word}` names no file", hint=f"Write `--report {name}=FILE`, or `--report {name}`"
            )
        if file and os.path.abspath(file) in files:
            raise UsageError(
                f"`{file}` is named twice",
                hint="Give each `--report FORMAT=FILE` its own file",
            )
        if file:
            files.add(os.path.abspath(file))
        reports.append(WantedReport(name, file))
    return reports


def write_reports(env: Environment, options: Options, calls: Sequence[ValidatedCall]) -> None:
    """Write the reports that are asked for.

    Args:
        calls: The calls to report, without secrets.

    Raises:
        FileError: A file cannot be written.
    """
    for report in wanted_reports(options):
        if not report.file:
            from dynacli.output.standard_error import write_stderr

            write_stderr(env, _report_text(report.format, calls, is_file=False))
            continue
        from pathlib import Path

        from dynacli.files import write_named_file

        content = _report_text(report.format, calls, is_file=True).encode("utf-8", "backslashreplace")
        write_named_file(Path(report.file), content)


def _report_text(name: str, calls: Sequence[ValidatedCall], *, is_file: bool) -> str:
    if name == "json":
        # Between other lines of standard error a program finds the report if it is a line by itself.
        return json_report(calls, indent=2 if is_file else None)
    if name == "junit":
        return junit_report(calls)
    if name == "sarif":
        from dynacli.validation.finding_rules import DIFFERS, FINDING_RULES

        return sarif_report(calls, {**FINDING_RULES, DIFFERS: "Two servers respond alike"})

    return github_report(calls)


class CallReport:
    """The contents of the report on one call, collected while the call is made.

    Attributes:
        is_on_stderr: Whether a report goes to standard error, where a person would read the findings.

    Args:
        level: The level at which the call is validated.
    """

    def __init__(self, reports: Sequence[WantedReport], level: str) -> None:
        self.is_on_stderr = any(not report.file for report in reports)
        self._level = level
        self._earlier: list[ValidatedCall] = []
        self._described: DescribedOperation | None = None
        self._begin()

    def _begin(self) -> None:
        self._facts: dict[str, Any] = {}
        self._lists: dict[str, list[Any]] = {
            "findings": [],
            "tolerated": [],
            "not_validated": [],
            "suppressed": [],
        }
        if self._level == "off":
            self._lists["not_validated"].append("nothing is validated at the level `off`")

    def begin_next(self, before: DescribedOperation, described: DescribedOperation) -> None:
        """Begin the report on the call of another operation, which follows.

        Args:
            before: The operation of the call that is reported so far.
        """
        self._earlier.append(self.call(before))
        self._described = described
        self._begin()

    def calls(self, described: DescribedOperation) -> list[ValidatedCall]:
        """Return all calls in the form that reports are made of.

        Args:
            described: The operation, if only one was called.
        """
        return [*self._earlier, self.call(self._described or described)]

    def note_response(self, url: str, status: int, seconds: float) -> None:
        """Note the response."""
        self._facts.update(url=url, status=status, seconds=seconds)

    def note_validation(self, validation: Mapping[str, Any]) -> None:
        """Note a result in its JSON form, without secrets."""
        for key, values in self._lists.items():
            values.extend(validation.get(key, ()))

    def note_error(self, error: DynacliError) -> None:
        """Note the error that ended the call; one about the status or the findings of a response adds nothing."""
        if isinstance(error, UsageError) and "findings" in error.details:
            self.note_validation(error.details)
        elif not isinstance(error, HttpError | MismatchError):
            self._facts["error"] = ": ".join(text for text in (error.message, error.reason) if text)

    def call(self, described: DescribedOperation) -> ValidatedCall:
        """Return the call in the form that reports are made of."""
        from dynacli.secrets import with_masked_query

        operation = described.operation
        return ValidatedCall(
            with_masked_query(described.api.name),
            operation.name,
            operation.method,
            operation.path,
            findings=tuple(self._lists["findings"]),
            tolerated=tuple(self._lists["tolerated"]),
            not_validated=tuple(dict.fromkeys(self._lists["not_validated"])),
            suppressed=tuple(self._lists["suppressed"]),
            **self._facts,
        )


@contextmanager
def reporting(run: Run, described: DescribedOperation, settings: CallSettings) -> Iterator[CallReport]:
    """Write the reports on a call at the end of the block, however it ends.

    Yields:
        The report, in which responses and results are noted.

    Raises:
        UsageError: The reports that are asked for cannot be written; the block is not entered.
        FileError: A report cannot be written, and nothing else went wrong.
    """
    report = CallReport(wanted_reports(run.options), settings.level)
    try:
        yield report
    except DynacliError as error:
        report.note_error(error)
        try:
            write_reports(run.env, run.options, report.calls(described))
        except FileError as second:
            run.warn(f"{second.message}: {second.reason}")  # the run ends with the first error
        raise
    write_reports(run.env, run.options, report.calls(described))
