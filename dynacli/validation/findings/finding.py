"""Findings: what breaks the document, where, what was expected and what came."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any

from dynacli.validation.bodies.read_forms import BinaryText

__all__ = ["Finding", "Verdict", "shortened"]

_SHOWN = 80
_MAX_BITS = 10_000


@dataclass(frozen=True)
class Finding:
    """One thing that breaks the document.

    Args:
        where: `request` or `response`.
        rule: A JSON Schema keyword, or `discriminator`, `undocumented-status`, `undocumented-media-type`,
            `undocumented-property`, `undocumented-header`, `undocumented-body`, `unreadable-body`, `missing-body`,
            `missing-header`, `missing-parameter`, `missing-security`, `empty-value`.
        pointer: JSON pointer into the body; for others `query/NAME`, `header/NAME`, `status`.
        message: One sentence without a final period.
        expected: What the document asks for.
        got: What came, shortened.
        schema_pointer: JSON pointer into the document, through its references.
        via: JSON pointers to the `$ref`s that were followed on the way there, in order.
    """

    where: str
    rule: str
    pointer: str
    message: str
    expected: Any = None
    got: Any = None
    schema_pointer: str = ""
    via: tuple[str, ...] = ()

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
            "via": list(self.via),
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
    _known: set[tuple[str, ...]] = field(default_factory=set, init=False, repr=False, compare=False)

    @property
    def is_valid(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def extend(self, findings: Iterable[Finding]) -> None:
        """Add findings, each once, whichever way through the references led to it."""
        for finding in findings:
            key = (finding.where, finding.rule, finding.pointer, finding.message, finding.schema_pointer)
            if key not in self._known:
                self._known.add(key)
                self.findings.append(finding)


def shortened(value: Any) -> Any:
    """Return a JSON value as a report shows it: whole when it is small, else cut text."""
    if isinstance(value, float) and not isfinite(value):
        return str(value)  # `1e400`, which a report could not hold as a number
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        # Python refuses to write those of over 4,300 digits.
        return f"an integer of {value.bit_length()} bits"
    if isinstance(value, bool | int | float) or value is None:
        return value
    if isinstance(value, BinaryText):
        return "bytes" if value.size is None else f"{value.size} bytes"
    if isinstance(value, str):
        return _writable(value) if len(value) <= _SHOWN else _writable(value[:_SHOWN]) + "..."
    if isinstance(value, Mapping | list):
        # Piece by piece: what is shown of a large or deep value is its beginning.
        pieces, length = [], 0
        for piece in json.JSONEncoder(ensure_ascii=False, default=str).iterencode(value):
            pieces.append(piece)
            length += len(piece)
            if length > _SHOWN:
                return _writable("".join(pieces)[:_SHOWN]) + "..."
        text = "".join(pieces).encode("utf-8", "replace").decode()
        return json.loads(text, parse_constant=str)
    return str(value)[:_SHOWN]


def _writable(text: str) -> str:
    """Return a text whose lone surrogates, which JSON may hold and nobody can write, are escaped."""
    return text.encode("utf-8", "backslashreplace").decode()
