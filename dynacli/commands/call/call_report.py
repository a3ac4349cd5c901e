"""`--report`: validation results of a call for programs, written to files or to standard error."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
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
_HAR = "har"


class WantedReport(NamedTuple):
    """A requested report.

    Args:
        format: One of `_FORMATS`, or `har` for a command that writes it.
        file: The output file; empty for standard error.
    """

    format: str
    file: str


def _wanted_reports(options: Options, *, with_har: bool = False) -> list[WantedReport]:
    """Return the requested reports.

    Args:
        with_har: Whether the command also writes its calls as `har=FILE`.

    Raises:
        UsageError: A format is unknown, a file has no name, or a file is named twice.
    """
    formats = (*_FORMATS, _HAR) if with_har else _FORMATS
    reports = []
    files = {os.path.abspath(options.output_file)} if options.output_file else set()
    for word in options.report:
        name, equals, file = word.partition("=")
        if name not in formats:
            known = ", ".join(f"`{format_}`" for format_ in formats)
            raise UsageError(
                f"`{name}` is not a format of reports",
                hint=f"Use one of {known}, with `=FILE` for a file",
            )
        if name == _HAR and not equals:
            raise UsageError("`--report har` names no file", hint="Write `--report har=FILE`")
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


def check_files(options: Options, *, with_har: bool = False, **files: str | None) -> None:
    """Check, before anything is sent, that no file is named twice and that its directory exists.

    Args:
        with_har: As in `_wanted_reports`.
        files: Option → the file that it names.

    Raises:
        UsageError: An option names no file, or two options name the same file.
        FileError: The directory of a file does not exist.
    """
    named = [
        (f"--report ...={report.file}", report.file)
        for report in _wanted_reports(options, with_har=with_har)
        if report.file
    ]
    if options.output_file:
        named.append((f"-o {options.output}", options.output_file))
    named.extend((f"--{option}", file) for option, file in files.items() if file is not None)
    taken: set[str] = set()
    for option, file in named:
        if not file:
            raise UsageError(f"`{option}` names no file")
        path = os.path.abspath(file)
        if path in taken:
            raise UsageError(f"`{file}` is named twice", hint="Give each its own file")
        taken.add(path)
        folder = os.path.dirname(path)
        if not os.path.isdir(folder):
            from shlex import quote

            raise FileError(
                f"`{file}` cannot be written",
                reason=f"`{folder}` is not a directory",
                hint=f"Create the directory first: `mkdir -p {quote(folder)}`",
            )


def write_reports(
    env: Environment,
    options: Options,
    calls: Sequence[ValidatedCall],
    har: Callable[[], str] | None = None,
) -> None:
    """Write the requested reports.

    Args:
        calls: The calls to report, without secrets.
        har: Returns the calls as an HTTP Archive; None if the command does not write it.

    Raises:
        FileError: A file cannot be written.
    """
    for report in _wanted_reports(options, with_har=har is not None):
        if not report.file:
            from dynacli.output.standard_error import write_stderr

            write_stderr(env, _report_text(report.format, calls, is_file=False))
            continue
        from pathlib import Path

        from dynacli.files import write_named_file

        if report.format == _HAR and har is not None:
            # Private, because bodies of responses may contain private data that is not masked.
            content = har().encode("utf-8", "backslashreplace")
            write_named_file(Path(report.file), content, is_private=True)
            continue
        content = _report_text(report.format, calls, is_file=True).encode("utf-8", "backslashreplace")
        write_named_file(Path(report.file), content)


def _report_text(name: str, calls: Sequence[ValidatedCall], *, is_file: bool) -> str:
    if name == "json":
        # On standard error the report is one line, so that a program can find it between other lines.
        return json_report(calls, indent=2 if is_file else None)
    if name == "junit":
        return junit_report(calls)
    if name == "sarif":
        from dynacli.validation.finding_rules import DIFFERS, FINDING_RULES

        return sarif_report(calls, {**FINDING_RULES, DIFFERS: "Two servers respond alike"})

    return github_report(calls)


class CallReport:
    """The content of the report on one call, collected during the call.

    Attributes:
        is_on_stderr: Whether a report goes to standard error, so that other output must not repeat the findings.

    Args:
        level: Validation level of the call.
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
        """Begin the report on the next call, of another operation.

        Args:
            before: The operation of the call that is complete.
        """
        self._earlier.append(self.call(before))
        self._described = described
        self._begin()

    def calls(self, described: DescribedOperation) -> list[ValidatedCall]:
        """Return all calls as reports need them.

        Args:
            described: The operation, if only one was called.
        """
        return [*self._earlier, self.call(self._described or described)]

    def note_response(self, url: str, status: int, seconds: float) -> None:
        """Note the response."""
        self._facts.update(url=url, status=status, seconds=seconds)

    def note_validation(self, validation: Mapping[str, Any]) -> None:
        """Note a validation result as JSON without secrets."""
        for key, values in self._lists.items():
            values.extend(validation.get(key, ()))

    def note_error(self, error: DynacliError) -> None:
        """Note the error that ended the call. An HTTP status or a mismatch is in the report already."""
        if isinstance(error, UsageError) and "findings" in error.details:
            self.note_validation(error.details)
        elif not isinstance(error, HttpError | MismatchError):
            self._facts["error"] = ": ".join(text for text in (error.message, error.reason) if text)

    def call(self, described: DescribedOperation) -> ValidatedCall:
        """Return the call as reports need it."""
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
    """Write the reports on a call at the end of the block, even after an error.

    Yields:
        The report that collects responses and results.

    Raises:
        UsageError: `--report` is invalid; raised before the block.
        FileError: A report cannot be written, and the block raised no error.
    """
    report = CallReport(_wanted_reports(run.options), settings.level)
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
