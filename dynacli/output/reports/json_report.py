"""The validation report as JSON."""

import json
from collections.abc import Sequence
from typing import Any

from dynacli.output.reports.judged_calls import JudgedCall

__all__ = ["json_report"]


def json_report(calls: Sequence[JudgedCall], *, indent: int | None = 2) -> str:
    """Return the report: what was found in all calls, and a record for each.

    A finding says by `call` which record it belongs to. The one call that there is after a single
    call stands at the top, too.

    Args:
        indent: None for one line.
    """
    report: dict[str, Any] = {
        "valid": all(one.is_valid for one in calls),
        "findings": [
            {**finding, "call": number} for number, one in enumerate(calls) for finding in one.findings
        ],
        "unchecked": list(dict.fromkeys(reason for one in calls for reason in one.unchecked)),
        "suppressed": [
            {**finding, "call": number} for number, one in enumerate(calls) for finding in one.suppressed
        ],
    }
    if len(calls) == 1:
        report |= {key: getattr(calls[0], key) for key in ("api", "operation", "method", "url", "status")}
    report["calls"] = [_record(one) for one in calls]
    # ASCII alone, so that lone surrogates and control characters are escapes wherever the report goes.
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
