"""Reports as JUnit XML, in the form that most programs read: https://github.com/testmoapp/junitxml."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree as ET

from dynacli.output.reports.finding_text import file_position_of, sentence
from dynacli.output.reports.judged_calls import JudgedCall
from dynacli.text.terminal import visible

__all__ = ["junit_report"]

# Characters that XML 1.0, section 2.2, "Char", does not allow even as escapes, and that `visible` may leave.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_report(calls: Sequence[JudgedCall]) -> str:
    """Return a test suite for each API, and in it a test case for each call."""
    root = ET.Element("testsuites", {"name": "dynacli", **_counts(calls)})
    for api in dict.fromkeys(call.api for call in calls):
        calls_of_api = [call for call in calls if call.api == api]
        suite = _element(root, "testsuite", name=api, **_counts(calls_of_api))
        seen: Counter[str] = Counter()
        for call in calls_of_api:
            seen[call.operation] += 1
            number = f" ({seen[call.operation]})" if seen[call.operation] > 1 else ""
            _add_case(suite, call, f"{call.operation}{number}")
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _counts(calls: Sequence[JudgedCall]) -> dict[str, str]:
    return {
        "tests": str(len(calls)),
        "failures": str(sum(bool(call.findings) for call in calls)),
        "errors": str(sum(bool(call.error) and not call.findings for call in calls)),
        "skipped": str(sum(bool(call.skipped) for call in calls)),
        "time": f"{sum(call.seconds or 0 for call in calls):.3f}",
    }


def _add_case(suite: ET.Element, call: JudgedCall, name: str) -> None:
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
        message = sentence(call.findings[0]) + (f" and {number - 1} more" if number > 1 else "")
        failure = _element(case, "failure", message=message, type=str(call.findings[0].get("rule", "")))
        failure.text = _clean("\n".join(_with_position(finding) for finding in call.findings))
    elif call.error:
        _element(case, "error", message=call.error, type="error").text = _clean(call.error)
    notes = [f"Note: {sentence(finding)}" for finding in call.tolerated]
    notes += [f"Not judged: {reason}" for reason in call.unchecked]
    notes += [f"Ignored: {sentence(finding)}: {finding.get('reason', '')}" for finding in call.suppressed]
    if notes:
        _element(case, "system-out").text = _clean("\n".join(notes))


def _with_position(finding: dict[str, Any]) -> str:
    position = file_position_of(finding)
    pointer = (finding.get("document") or {}).get("pointer", "")
    if position.line is None:
        return sentence(finding)
    return f"{sentence(finding)}\n    {position.file}:{position.line}: {pointer}"


def _element(parent: ET.Element, tag: str, **attributes: str) -> ET.Element:
    cleaned = {name: _clean(value) for name, value in attributes.items()}
    return ET.SubElement(parent, tag, cleaned)


def _clean(text: str) -> str:
    return _FORBIDDEN.sub(lambda match: f"\\u{ord(match[0]):04x}", visible(text))
