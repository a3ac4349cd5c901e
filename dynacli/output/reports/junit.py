"""JUnit's XML, in the form that most programs read: https://github.com/testmoapp/junitxml."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree as ET

from dynacli.output.reports.finding_text import place_of, sentence
from dynacli.output.reports.judged_calls import JudgedCall
from dynacli.text.terminal import visible

__all__ = ["junit_report"]

# XML 1.0, section 2.2, "Char": what no escape brings in either. `visible` leaves the last two of each plane.
_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_report(calls: Sequence[JudgedCall]) -> str:
    """Return a test suite for each API, and in it a test case for each call."""
    root = ET.Element("testsuites", {"name": "dynacli", **_counts(calls)})
    for api in dict.fromkeys(one.api for one in calls):
        own = [one for one in calls if one.api == api]
        suite = _element(root, "testsuite", name=api, **_counts(own))
        seen: Counter[str] = Counter()
        for one in own:
            seen[one.operation] += 1
            number = f" ({seen[one.operation]})" if seen[one.operation] > 1 else ""
            _add_case(suite, one, f"{one.operation}{number}")
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _counts(calls: Sequence[JudgedCall]) -> dict[str, str]:
    return {
        "tests": str(len(calls)),
        "failures": str(sum(bool(one.findings) for one in calls)),
        "errors": str(sum(bool(one.error) and not one.findings for one in calls)),
        "skipped": str(sum(bool(one.skipped) for one in calls)),
        "time": f"{sum(one.seconds or 0 for one in calls):.3f}",
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
        # One element: many readers take the first alone.
        number = len(call.findings)
        message = sentence(call.findings[0]) + (f" and {number - 1} more" if number > 1 else "")
        failure = _element(case, "failure", message=message, type=str(call.findings[0].get("rule", "")))
        failure.text = _clean("\n".join(_told(finding) for finding in call.findings))
    elif call.error:
        _element(case, "error", message=call.error, type="error").text = _clean(call.error)
    notes = [f"Not judged: {reason}" for reason in call.unchecked]
    notes += [f"Ignored: {sentence(finding)}: {finding.get('reason', '')}" for finding in call.suppressed]
    if notes:
        _element(case, "system-out").text = _clean("\n".join(notes))


def _told(finding: dict[str, Any]) -> str:
    place = place_of(finding)
    pointer = (finding.get("document") or {}).get("pointer", "")
    if place.line is None:
        return sentence(finding)
    return f"{sentence(finding)}\n    {place.file}:{place.line}: {pointer}"


def _element(parent: ET.Element, tag: str, **attributes: str) -> ET.Element:
    cleaned = {name: _clean(value) for name, value in attributes.items()}
    return ET.SubElement(parent, tag, cleaned)


def _clean(text: str) -> str:
    return _FORBIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", visible(text))
