"""Findings: what breaks the document, where, what was expected and what came."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from dynacli.validation.multipart import BinaryText

__all__ = ["Finding", "Verdict", "shortened"]

_SHOWN = 80


@dataclass(frozen=True)
class Finding:
    """One thing that breaks the document.

    Args:
        where: `request` or `response`.
        rule: A JSON Schema keyword, or `undocumented-status`, `undocumented-media-type`,
            `undocumented-property`, `undocumented-body`, `unreadable-body`, `missing-body`, `missing-header`,
            `missing-parameter`, `empty-value`.
        pointer: JSON pointer into the body; for others `query/NAME`, `header/NAME`, `status`.
        message: One sentence without a final period.
        expected: What the document asks for.
        got: What came, shortened.
        schema_pointer: JSON pointer into the document, through its references.
    """

    where: str
    rule: str
    pointer: str
    message: str
    expected: Any = None
    got: Any = None
    schema_pointer: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the form of the validation report; file and line are added by whoever knows them."""
        return {
            "where": self.where,
            "rule": self.rule,
            "pointer": self.pointer,
            "message": self.message,
            "expected": self.expected,
            "got": self.got,
            "schema_pointer": self.schema_pointer,
        }


@dataclass
class Verdict:
    """All findings, and what could not be checked, with the reason.

    Attributes:
        failures: Reasons of the second kind that nobody could expect from the document or the answer:
            they are always said.
        suppressed: Findings that the configuration switches off, with its reason.
    """

    findings: list[Finding] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    suppressed: list[tuple[Finding, str]] = field(default_factory=list)

    @property
    def is_valid(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def extend(self, findings: Iterable[Finding]) -> None:
        """Add findings, each once."""
        for finding in findings:
            if finding not in self.findings:
                self.findings.append(finding)


def shortened(value: Any) -> Any:
    """Return a JSON value as a report shows it: whole when it is small, else cut text."""
    if isinstance(value, float) and not isfinite(value):
        return str(value)  # `1e400`, which a report could not hold as a number
    if isinstance(value, bool | int | float) or value is None:
        return value
    if isinstance(value, BinaryText):
        return "bytes" if value.size is None else f"{value.size} bytes"
    if isinstance(value, str):
        # A lone surrogate is text in JSON, and cannot be written anywhere.
        text = value[: _SHOWN + 1].encode("utf-8", "backslashreplace").decode()
        return text if len(value) <= _SHOWN else text[:_SHOWN] + "..."
    if isinstance(value, Mapping | list):
        text = json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace").decode()
        return json.loads(text) if len(text) <= _SHOWN else text[:_SHOWN] + "..."
    return str(value)[:_SHOWN]
