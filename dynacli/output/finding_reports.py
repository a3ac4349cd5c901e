"""Validated calls and their findings for other programs: SARIF, JUnit XML, JSON, GitHub."""

import json
import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import PurePath
from typing import Any, NamedTuple
from urllib.parse import quote
from xml.etree import ElementTree as ET

from dynacli import __version__
from dynacli.environment import invocation
from dynacli.files import is_url
from dynacli.openapi.document.source import shown_file
from dynacli.record import record
from dynacli.text.terminal import visible

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
# Characters that XML 1.0 forbids even as escapes (section 2.2, "Char"), and that `visible` may keep.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@record
class ValidatedCall:
    """A call with its validation result for reports, with secrets masked.

    Args:
        api: Name of the API, or its source if it has no name.
        operation: Name of the operation.
        method: The method in upper case.
        path: Path template of the operation.
        url: URL of the request; empty if nothing was sent.
        status: Status of the response; None if there is none.
        seconds: Time from sending to the last byte; None if there is no response.
        findings: The findings, as in the validation report.
        not_validated: The reasons for parts that were not validated.
        suppressed: The findings that the configuration suppresses, each with a member `reason`.
        skipped: The reason for not calling the operation; empty if it was called.
        error: The reason for a missing response; empty if there is one, or the call was not made.
        tolerated: The findings that count only at the level `exact`, as in the validation report.
        step: The step of a workflow that made the call; empty for other calls.
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
    step: str = ""

    @property
    def is_valid(self) -> bool:
        """Whether there are no findings; False if the call got no response."""
        return not self.findings and not self.error


def json_report(calls: Sequence[ValidatedCall], *, indent: int | None = 2) -> str:
    """Return the report: the findings of all calls, and a record for each call.

    The `call` of a finding is the index of its record. For a single call, the report also has the fields of its record
    at the top level.

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


def _record(call: ValidatedCall) -> dict[str, Any]:
    return {
        **({"step": call.step} if call.step else {}),
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


class _FilePosition(NamedTuple):
    """A position in a file of the document.

    Args:
        file: A URL or a path, relative for files below the working directory; empty if there is no file.
        line: The line, counted from 1; None if unknown.
        column: The column, counted from 1; None if unknown.
    """

    file: str
    line: int | None
    column: int | None


def finding_sentence(finding: dict[str, Any]) -> str:
    """Return a finding as a sentence: the location in the message, the defect, and the rule."""
    place = finding.get("pointer") or "body"
    return f"{place}: {finding.get('message', '')} [{finding.get('rule', '')}]"


def _subject(call: ValidatedCall) -> str:
    """Return a short description of the validated message."""
    responded = f" responded with {call.status}" if call.status is not None else ""
    return f"{call.method} {call.path}{responded}"


def _file_position_of(finding: dict[str, Any]) -> _FilePosition:
    """Return the position of a finding in the document.

    Paths are relative if possible, because programs show reports beside the files of a checkout.
    """
    document = finding.get("document") or {}
    name = document.get("file") or ""
    if name in {"", "-"}:
        return _FilePosition("", None, None)
    name = shown_file(name)
    if not os.path.isabs(name):
        name = name.replace(os.sep, "/")
    return _FilePosition(name, document.get("line"), document.get("column"))


def sarif_report(calls: Sequence[ValidatedCall], rules: Mapping[str, str] | None = None) -> str:
    """Return a SARIF log with one run, in which each finding is a result.

    Args:
        calls: The calls.
        rules: Rule → the sentence that states it.
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
        "help": {"text": f"{text}. `{invocation('help validate')}` tells more."},
        "defaultConfiguration": {"level": "error"},
    }


def _notifications(call: ValidatedCall) -> list[dict[str, Any]]:
    name = f"{call.api} {call.operation}".strip()
    notes = [("note", f"{name}: {finding_sentence(finding)}") for finding in call.tolerated]
    notes += [("note", f"{name}: not validated: {reason}") for reason in call.not_validated]
    notes += [("note", f"{name}: not called: {call.skipped}")] * bool(call.skipped)
    notes += [("error", f"{name}: {call.error}")] * bool(call.error)
    return [{"level": level, "message": {"text": text}} for level, text in notes]


def _result(call: ValidatedCall, finding: dict[str, Any], names: list[str]) -> dict[str, Any]:
    rule = str(finding.get("rule", ""))
    result: dict[str, Any] = {
        "ruleId": rule,
        "ruleIndex": names.index(rule),
        "level": "error",
        "message": {"text": f"{_subject(call)}: {finding_sentence(finding)}"},
        "locations": [_location(call, finding)],
        "partialFingerprints": {"dynacli/v1": _fingerprint(call, finding)},
        "properties": {
            key: finding.get(key) for key in ("where", "pointer", "expected", "got", "schema_pointer")
        },
    }
    if "reason" in finding:
        result["suppressions"] = [{"kind": "external", "justification": str(finding["reason"])}]
    return result


def _location(call: ValidatedCall, finding: dict[str, Any]) -> dict[str, Any]:
    name = "/".join(filter(None, (call.api, call.operation)))
    location: dict[str, Any] = {"logicalLocations": [{"fullyQualifiedName": name, "kind": "function"}]}
    position = _file_position_of(finding)
    if position.file:
        physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(position.file)}}
        if position.line is not None:
            physical["region"] = {"startLine": position.line} | (
                {"startColumn": position.column} if position.column is not None else {}
            )
        location["physicalLocation"] = physical
    return location


def _uri(file: str) -> str:
    if is_url(file):
        return file
    path = PurePath(file)
    name = path.as_posix()
    if not path.is_absolute():
        return quote(name, errors="backslashreplace")
    # Not `as_uri`, which cannot write all file names.
    return f"file://{'' if name.startswith('/') else '/'}{quote(name, safe='/:', errors='backslashreplace')}"


def _fingerprint(call: ValidatedCall, finding: dict[str, Any]) -> str:
    """Return an identifier of a finding that is the same in each run: it leaves out lines, values and indexes."""
    steps = ["*" if step.isdecimal() else step for step in str(finding.get("pointer", "")).split("/")]
    parts = [call.method, call.path, finding.get("where"), finding.get("rule"), "/".join(steps)]
    parts += [finding.get("schema_pointer"), finding.get("expected")]
    return sha256(json.dumps(parts, default=str).encode()).hexdigest()


def junit_report(calls: Sequence[ValidatedCall]) -> str:
    """Return JUnit XML with a test suite for each API and a test case for each call."""
    root = ET.Element("testsuites", {"name": "dynacli", **_counts(calls)})
    for api in dict.fromkeys(call.api for call in calls):
        calls_of_api = [call for call in calls if call.api == api]
        suite = _element(root, "testsuite", name=api, **_counts(calls_of_api))
        seen: Counter[str] = Counter()
        for call in calls_of_api:
            name = f"{call.step}: {call.operation}" if call.step else call.operation
            seen[name] += 1
            _add_case(suite, call, f"{name} ({seen[name]})" if seen[name] > 1 else name)
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _counts(calls: Sequence[ValidatedCall]) -> dict[str, str]:
    return {
        "tests": str(len(calls)),
        "failures": str(sum(bool(call.findings) for call in calls)),
        "errors": str(sum(bool(call.error) and not call.findings for call in calls)),
        "skipped": str(sum(bool(call.skipped) for call in calls)),
        "time": f"{sum(call.seconds or 0 for call in calls):.3f}",
    }


def _add_case(suite: ET.Element, call: ValidatedCall, name: str) -> None:
    case = _element(suite, "testcase", classname=call.api, name=name, time=f"{call.seconds or 0:.3f}")
    facts = {"method": call.method, "path": call.path, "url": call.url, "status": call.status}
    properties = _element(case, "properties")
    for key, value in facts.items():
        if value not in {"", None}:
            _element(properties, "property", name=key, value=str(value))
    if call.skipped:
        _element(case, "skipped", message=call.skipped)
    if call.findings:
        # One element for all findings, because many programs read only the first.
        number = len(call.findings)
        message = finding_sentence(call.findings[0]) + (f" and {number - 1} more" if number > 1 else "")
        failure = _element(case, "failure", message=message, type=str(call.findings[0].get("rule", "")))
        failure.text = _clean("\n".join(_with_position(finding) for finding in call.findings))
    elif call.error:
        _element(case, "error", message=call.error, type="error").text = _clean(call.error)
    notes = [f"Tolerated: {finding_sentence(finding)}" for finding in call.tolerated]
    notes += [f"Not validated: {reason}" for reason in call.not_validated]
    notes += [
        f"Suppressed: {finding_sentence(finding)}: {finding.get('reason', '')}" for finding in call.suppressed
    ]
    if notes:
        _element(case, "system-out").text = _clean("\n".join(notes))


def _with_position(finding: dict[str, Any]) -> str:
    position = _file_position_of(finding)
    pointer = (finding.get("document") or {}).get("pointer", "")
    if position.line is None:
        return finding_sentence(finding)
    return f"{finding_sentence(finding)}\n    {position.file}:{position.line}: {pointer}"


def _element(parent: ET.Element, tag: str, **attributes: str) -> ET.Element:
    cleaned = {name: _clean(value) for name, value in attributes.items()}
    return ET.SubElement(parent, tag, cleaned)


def _clean(text: str) -> str:
    return _FORBIDDEN.sub(lambda match: f"\\u{ord(match[0]):04x}", visible(text))


def github_report(calls: Sequence[ValidatedCall]) -> str:
    """Return GitHub workflow commands for all findings, also tolerated and suppressed ones, and unvalidated parts."""
    return "".join(f"{line}\n" for call in calls for line in _commands(call))


def _commands(call: ValidatedCall) -> Iterator[str]:
    title = f"{call.api} {call.operation}".strip()
    for finding in call.findings:
        position = _file_position_of(finding)
        properties = {"file": position.file, "line": position.line, "col": position.column}
        yield _command(
            "error", {**properties, "title": title}, f"{_subject(call)}: {finding_sentence(finding)}"
        )
    if call.error:
        yield _command("error", {"title": title}, f"{_subject(call)}: {call.error}")
    for finding in call.tolerated:
        yield _command("notice", {"title": title}, f"Tolerated: {finding_sentence(finding)}")
    for reason in call.not_validated:
        yield _command("notice", {"title": title}, f"Not validated: {reason}")
    for finding in call.suppressed:
        reason = finding.get("reason", "")
        yield _command("notice", {"title": title}, f"Suppressed: {finding_sentence(finding)}: {reason}")


def _command(name: str, properties: dict[str, Any], message: str) -> str:
    listed = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items() if value)
    return f"::{name} {listed}::{_data(message)}"


def _data(text: str) -> str:
    # Escaped like in the runner's own toolkit (`@actions/core`, `command.ts`); `visible` escapes other line ends.
    text = visible(text, keep="\n\r\t")
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
