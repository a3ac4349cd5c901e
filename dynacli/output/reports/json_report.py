"""The validation report as JSON."""

import json
from collections.abc import Sequence
from typing import Any

from dynacli.output.reports.judged_calls import JudgedCall

__all__ = ["json_report"]


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
        "unchecked": list(dict.fromkeys(reason for call in calls for reason in call.unchecked)),
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
        "unchecked": list(call.unchecked),
        "skipped": call.skipped,
        "error": call.error,
    }
