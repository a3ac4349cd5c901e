"""Findings and verdicts: what breaks the document, where, what was expected, and what came."""

import json
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

from dynacli.record import record
from dynacli.validation.bodies.read_forms import BinaryText

__all__ = ["Finding", "Verdict", "shortened"]

_SHOWN = 80
_MAX_BITS = 10_000


@record
class Finding:
    """A defect: a place where a request or an answer breaks the document.

    Args:
        where: `request` or `response`.
        rule: A JSON Schema keyword, or `discriminator`, `undocumented-status`, `undocumented-media-type`,
            `undocumented-property`, `undocumented-header`, `undocumented-body`, `unreadable-body`, `missing-body`,
            `missing-header`, `missing-parameter`, `missing-security`, `empty-value`, `no-answer`,
            `undocumented-method`, `missing-allow`, `ignored-security`, `accepted-invalid-request`.
        pointer: JSON pointer into the body; outside of bodies `query/NAME`, `header/NAME` and the like, or `status`.
        message: A sentence without a final period.
        expected: The value that the document asks for.
        got: The value that came, shortened.
        schema_pointer: JSON pointer to the broken rule in the document, past references.
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
        """Return the finding in the form of the validation report, without its file and line in the document."""
        return {**vars(self), "via": list(self.via)}


class Verdict:
    """The result of judging one message.

    Attributes:
        findings: The findings, each once.
        tolerated: Findings that count at the level `exact` alone, each once; below it there is a note of them.
        unchecked: Reasons why something was not judged.
        failures: Such reasons that come from a defect of the document or a library; they are always shown.
        suppressed: Findings that the configuration switches off, each with its reason.
        is_accepted: Whether compiled schemas accepted the message, so that openapi-core was not asked.
    """

    def __init__(self, *, is_accepted: bool = False) -> None:
        self.findings: list[Finding] = []
        self.tolerated: list[Finding] = []
        self.unchecked: list[str] = []
        self.failures: list[str] = []
        self.suppressed: list[tuple[Finding, str]] = []
        self.is_accepted = is_accepted
        self._known: set[tuple[str, ...]] = set()

    @property
    def is_valid(self) -> bool:
        """Whether there are no findings."""
        return not self.findings

    @property
    def has_something_to_tell(self) -> bool:
        """Whether anything was found, tolerated, set apart, or could not be judged."""
        return bool(self.findings or self.tolerated or self.unchecked or self.failures or self.suppressed)

    def extend(self, findings: Iterable[Finding]) -> None:
        """Add findings; one that was found before on another way through the references is left out."""
        self.findings.extend(finding for finding in findings if self._is_new(finding))

    def join(self, other: "Verdict") -> None:
        """Add what was found in another message of the same exchange."""
        self.extend(other.findings)
        self.tolerated.extend(other.tolerated)
        self.unchecked.extend(other.unchecked)
        self.failures.extend(other.failures)
        self.suppressed.extend(other.suppressed)

    def tolerate(self, finding: Finding) -> None:
        """Add a finding that counts at the level `exact` alone, unless it was found before."""
        if self._is_new(finding):
            self.tolerated.append(finding)

    def _is_new(self, finding: Finding) -> bool:
        key = (finding.where, finding.rule, finding.pointer, finding.message, finding.schema_pointer)
        is_new = key not in self._known
        self._known.add(key)
        return is_new


def shortened(value: Any) -> Any:
    """Return a JSON value as a report shows it: a small value as it is, a large one as a text that is cut."""
    if isinstance(value, float) and not isfinite(value):
        return str(value)  # `1e400`, which a report could not hold as a number
    if isinstance(value, int) and value.bit_length() > _MAX_BITS:
        # Python refuses to write integers of over 4,300 digits.
        return f"an integer of {value.bit_length()} bits"
    if isinstance(value, bool | int | float) or value is None:
        return value
    if isinstance(value, BinaryText):
        return "bytes" if value.size is None else f"{value.size} bytes"
    if isinstance(value, str):
        return _writable(value) if len(value) <= _SHOWN else _writable(value[:_SHOWN]) + "..."
    if isinstance(value, Mapping | list):
        # Piece by piece, because only the beginning of a large or deep value is shown.
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
    """Return a text with its lone surrogates escaped: JSON may hold them, but no encoding can write them."""
    return text.encode("utf-8", "backslashreplace").decode()
