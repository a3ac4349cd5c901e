"""The calls that reports are made of, and the report in JSON."""

import json
from collections.abc import Sequence
from typing import Any

from dynacli.record import record

__all__ = ["JudgedCall", "json_report"]


@record
class JudgedCall:
    """A call with its verdict, as reports show it; its secrets are masked already.

    Args:
        api: The API's name, or its source where it has no name.
        operation: The name of the operation.
        method: The method in upper case.
        path: The path template of the operation.
        url: The URL of the request; empty where nothing was sent.
        status: The status of the answer; None where there is none.
        seconds: The time from sending to the last byte; None where there is no answer.
        findings: The findings in the form of the validation report.
        not_validated: The reasons why something was not validated.
        suppressed: The findings that the configuration switches off, each with a member `reason`.
        skipped: Why the operation was not called; empty where it was.
        error: Why the call got no answer; empty where it got one, or was not made.
        tolerated: Findings that count at the level `exact` alone, in the form of the validation report.
    """

    api: str
    operation: str
    method: str
    path: str
    url: str = ""
    status: int | None = None
    seconds: float | None = None
    findings: tuple[dict[str, Any], ...] = ()
    not_validated: tuple[str, ...] = ()
    suppressed: tuple[dict[str, Any], ...] = ()
    skipped: str = ""
    error: str = ""
    tolerated: tuple[dict[str, Any], ...] = ()

    @property
    def is_valid(self) -> bool:
        """Whether there are no findings; False where the call got no answer."""
        return not self.findings and not self.error


def json_report(calls: Sequence[JudgedCall], *, indent: int | None = 2) -> str:
    """Return the report: the findings of all calls, and a record for each call.

    The `call` of a finding is the index of its record. Where there is a single call, its record stands at the top
    of the report, too.

    Args:
        calls: The calls.
        indent: The indentation; None for a report on a single line.
    """
    report: dict[str, Any] = {
        "valid": all(call.is_valid for call in calls),
        "findings": [
            {**finding, "call": index} for index, call in enumerate(calls) for finding in call.findings
        ],
        "tolerated": [
            {**finding, "call": index} for index, call in enumerate(calls) for finding in call.tolerated
        ],
        "not_validated": list(dict.fromkeys(reason for call in calls for reason in call.not_validated)),
        "suppressed": [
            {**finding, "call": index} for index, call in enumerate(calls) for finding in call.suppressed
        ],
    }
    if len(calls) == 1:
        report |= {key: getattr(calls[0], key) for key in ("api", "operation", "method", "url", "status")}
    report["calls"] = [_record(call) for call in calls]
    # In ASCII, lone surrogates and control characters are escapes, so the report can be written anywhere.
    return json.dumps(report, indent=indent, default=str).replace("\x7f", "\\u007f") + "\n"


def _record(call: JudgedCall) -> dict[str, Any]:
    return {
        "api": call.api,
        "operation": call.operation,
        "method": call.method,
        "path": call.path,
        "url": call.url,
        "status": call.status,
        "seconds": call.seconds,
        "valid": call.is_valid,
        "not_validated": list(call.not_validated),
        "skipped": call.skipped,
        "error": call.error,
    }
