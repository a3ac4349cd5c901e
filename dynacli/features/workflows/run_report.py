"""The reports of a workflow for programs: its calls by step, and the steps that did not run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynacli.commands.call.call_report import CallReport, check_files, write_reports
from dynacli.commands.run import Run
from dynacli.errors import DynacliError, FileError
from dynacli.features.workflows.step_list import ReachedStep
from dynacli.output.finding_reports import ValidatedCall
from dynacli.output.har import HarCall, har_of, masked_har_call
from dynacli.record import replace

if TYPE_CHECKING:
    from dynacli.client.call import Call
    from dynacli.http.exchange import WireResponse
    from dynacli.validation.finding import ValidationResult

_NOT_RUN = "The workflow did not run this step"


class RunReport:
    """Collects the calls of a workflow for `--report`.

    Attributes:
        is_wanted: Whether a report is requested.

    Raises:
        UsageError: `--report` is invalid.
        FileError: The directory of a report does not exist.
    """

    def __init__(self, run: Run) -> None:
        self._run = run
        check_files(run.options, with_har=True)
        self.is_wanted = bool(run.options.report)
        self._calls: list[ValidatedCall] = []
        self._har: list[HarCall] = []

    def note_call(
        self,
        step: str,
        call: Call,
        started: float,
        seconds: float,
        response: WireResponse | None,
        validation: ValidationResult | None,
        error: DynacliError | None,
    ) -> None:
        """Note a call with its response or its error.

        Args:
            step: The id of its step.
            started: Time of sending, in seconds since 1970.
            seconds: Duration of the call.
        """
        if not self.is_wanted:
            return
        described, signed = call.described, call.signed
        headers = response.headers if response is not None else ()
        masker = signed.response_masker(headers)
        report = CallReport((), call.settings.level)
        if response is not None:
            report.note_response(masker.mask(signed.shown.url), response.status, response.seconds)
        if validation is not None:
            from dynacli.client.responses.validation_text import validation_json

            report.note_validation(masker.mask_value(validation_json(described.api, validation)))
        text = ""
        if error is not None and response is None:
            report.note_error(error)
            text = ": ".join(filter(None, (error.message, error.reason)))
        self._calls.append(replace(report.call(described), step=step))
        name = described.operation.name
        self._har.append(
            masked_har_call(
                f"{step}: {name}",
                signed.shown,
                masker,
                response,
                started=started,
                seconds=seconds,
                error=text,
            )
        )

    def write(self, steps: list[ReachedStep], error: DynacliError | None) -> None:
        """Write the reports at the end of the workflow.

        Args:
            steps: All steps that the workflow can reach.
            error: The error with which it ended; None if it ended well.

        Raises:
            FileError: A report cannot be written, and the workflow ended well.
        """
        if not self.is_wanted:
            return
        try:
            write_reports(
                self._run.env, self._run.options, self._all(steps, error), lambda: har_of(self._har)
            )
        except FileError as second:
            if error is None:
                raise
            self._run.warn(f"{second.message}: {second.reason}")  # the run ends with the first error

    def _all(self, steps: list[ReachedStep], error: DynacliError | None) -> list[ValidatedCall]:
        """Return the calls, the failed step with its error, and the steps that did not run."""
        calls = list(self._calls)
        failed = str(error.details.get("step", "")) if error is not None else ""
        text = ": ".join(filter(None, (error.message, error.reason))) if error is not None else ""
        done = {call.step for call in calls}
        for number in reversed(range(len(calls))):
            if calls[number].step == failed:
                calls[number] = replace(calls[number], error=text)
                break
        for step in steps:
            name = step.step["stepId"]
            if step.described is None or name in done:
                continue
            operation = step.described.operation
            left_out = ValidatedCall(
                step.described.api.name, operation.name, operation.method, operation.path, step=name
            )
            calls.append(replace(left_out, **({"error": text} if name == failed else {"skipped": _NOT_RUN})))
        return calls
