"""Reports as SARIF 2.1.0, the format of static analysis, by which code hosts show findings beside the document.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import json
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from dynacli import __version__
from dynacli.environment import invocation
from dynacli.output.reports.finding_text import file_position_of, sentence, subject
from dynacli.output.reports.judged_calls import JudgedCall

__all__ = ["sarif_report"]

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def sarif_report(calls: Sequence[JudgedCall], rules: Mapping[str, str] | None = None) -> str:
    """Return a log with one run, in which each finding is a result.

    Args:
        calls: The calls.
        rules: Rule → the sentence that is true where the rule is kept.
    """
    rules = rules or {}
    found = [(call, finding) for call in calls for finding in (*call.findings, *call.suppressed)]
    names = list(dict.fromkeys(str(finding.get("rule", "")) for _, finding in found))
    run = {
        "tool": {
            "driver": {
                "name": "dynacli",
                "version": __version__,
                "rules": [
                    _rule(name, rules.get(name) or f"`{name}` of the document is kept") for name in names
                ],
            }
        },
        "invocations": [
            {
                "executionSuccessful": not any(call.error for call in calls),
                "toolExecutionNotifications": [note for call in calls for note in _notifications(call)],
            }
        ],
        "columnKind": "unicodeCodePoints",
        "results": [_result(call, finding, names) for call, finding in found],
    }
    log = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, default=str).replace("\x7f", "\\u007f") + "\n"


def _rule(name: str, text: str) -> dict[str, Any]:
    return {
        "id": name,
        "shortDescription": {"text": text},
        "help": {"text": f"{text}. `{invocation('help validation')}` tells more."},
        "defaultConfiguration": {"level": "error"},
    }


def _notifications(call: JudgedCall) -> list[dict[str, Any]]:
    name = f"{call.api} {call.operation}".strip()
    notes = [("note", f"{name}: {sentence(finding)}") for finding in call.tolerated]
    notes += [("note", f"{name}: not judged: {reason}") for reason in call.unchecked]
    notes += [("note", f"{name}: not called: {call.skipped}")] * bool(call.skipped)
    notes += [("error", f"{name}: {call.error}")] * bool(call.error)
    return [{"level": level, "message": {"text": text}} for level, text in notes]


def _result(call: JudgedCall, finding: dict[str, Any], names: list[str]) -> dict[str, Any]:
    rule = str(finding.get("rule", ""))
    result: dict[str, Any] = {
        "ruleId": rule,
        "ruleIndex": names.index(rule),
        "level": "error",
        "message": {"text": f"{subject(call)}: {sentence(finding)}"},
        "locations": [_location(call, finding)],
        "partialFingerprints": {"dynacli/v1": _fingerprint(call, finding)},
        "properties": {
            key: finding.get(key) for key in ("where", "pointer", "expected", "got", "schema_pointer")
        },
    }
    if "reason" in finding:
        result["suppressions"] = [{"kind": "external", "justification": str(finding["reason"])}]
    return result


def _location(call: JudgedCall, finding: dict[str, Any]) -> dict[str, Any]:
    name = "/".join(filter(None, (call.api, call.operation)))
    location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": name, "kind": "function"}]}
    position = file_position_of(finding)
    if position.file:
        physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(position.file)}}
        if position.line is not None:
            physical["region"] = {"startLine": position.line} | (
                {"startColumn": position.column} if position.column is not None else {}
            )
        location["physicalLocation"] = physical
    return location


def _uri(file: str) -> str:
    if "://" in file:
        return file
    path = PurePath(file)
    name = path.as_posix()
    if not path.is_absolute():
        return quote(name, errors="backslashreplace")
    # Not `as_uri`, which cannot write all file names.
    return f"file://{'' if name.startswith('/') else '/'}{quote(name, safe='/:', errors='backslashreplace')}"


def _fingerprint(call: JudgedCall, finding: dict[str, Any]) -> str:
    """Return an identity that stays the same from run to run, without lines, values and indexes of items."""
    steps = ["*" if step.isdecimal() else step for step in str(finding.get("pointer", "")).split("/")]
    parts = [call.method, call.path, finding.get("where"), finding.get("rule"), "/".join(steps)]
    parts += [finding.get("schema_pointer"), finding.get("expected")]
    return sha256(json.dumps(parts, default=str).encode()).hexdigest()
