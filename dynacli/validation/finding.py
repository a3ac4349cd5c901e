"""Findings and validation results: defects with their locations, and the expected and received values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dynacli.record import record


@record
class Finding:
    """A defect: a location in a request or response that does not match the document.

    Args:
        where: `request` or `response`.
        rule: A JSON Schema keyword, or `discriminator`, `undocumented-status`, `undocumented-media-type`,
            `undocumented-property`, `undocumented-header`, `undocumented-body`, `unreadable-body`, `missing-body`,
            `missing-header`, `missing-parameter`, `missing-security`, `empty-value`, `no-response`,
            `undocumented-method`, `missing-allow`, `ignored-security`, `accepted-invalid-request`.
        pointer: JSON pointer into the body, or for other parts `query/NAME`, `header/NAME` and similar, or `status`.
        message: A sentence without a final period.
        expected: The value that the document requires.
        got: The received value, shortened.
        schema_pointer: JSON pointer to the violated rule in the document, with references resolved.
        via: JSON pointers to the `$ref`s on the path to the rule, in order.
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
        """Return the finding as JSON for the validation report, without its file and line in the document."""
        return {**vars(self), "via": list(self.via)}


class ValidationResult:
    """The result of validating one message.

    Attributes:
        findings: The findings, without duplicates.
        tolerated: Findings that count only at the level `exact`, without duplicates. Lower levels note them.
        not_validated: Reasons for parts that were not validated.
        failures: Reasons of this kind that are defects of the document or a library, which are always shown.
        suppressed: Findings that the configuration suppresses, each with its reason.
        is_accepted: Whether compiled schemas accepted the message without openapi-core.
    """

    def __init__(self, *, is_accepted: bool = False) -> None:
        self.findings: list[Finding] = []
        self.tolerated: list[Finding] = []
        self.not_validated: list[str] = []
        self.failures: list[str] = []
        self.suppressed: list[tuple[Finding, str]] = []
        self.is_accepted = is_accepted
        self._known: set[tuple[str, ...]] = set()

    @property
    def is_valid(self) -> bool:
        """Whether there are no findings."""
        return not self.findings

    @property
    def has_something_to_report(self) -> bool:
        """Whether there are findings, tolerated or suppressed findings, or parts that were not validated."""
        return bool(self.findings or self.tolerated or self.not_validated or self.failures or self.suppressed)

    def extend(self, findings: Iterable[Finding]) -> None:
        """Add findings, without the ones that were already found through other references."""
        self.findings.extend(finding for finding in findings if self._is_new(finding))

    def join(self, other: ValidationResult) -> None:
        """Add the result of another message of the same exchange."""
        self.extend(other.findings)
        self.tolerated.extend(other.tolerated)
        self.not_validated.extend(other.not_validated)
        self.failures.extend(other.failures)
        self.suppressed.extend(other.suppressed)

    def tolerate(self, finding: Finding) -> None:
        """Add a finding that counts only at the level `exact`, unless it is a duplicate."""
        if self._is_new(finding):
            self.tolerated.append(finding)

    def drop(self, rule: str) -> None:
        """Remove the findings of a rule."""
        self.findings[:] = [finding for finding in self.findings if finding.rule != rule]

    def note_cut_body(self, reason: str, *, has_body: bool) -> None:
        """Note that only the beginning of the body was received.

        Args:
            reason: The reason.
            has_body: Whether any part of the body was received.
        """
        if not has_body:  # a stream may be silent for a while
            self.drop("missing-body")
        self.not_validated.append(reason)

    def _is_new(self, finding: Finding) -> bool:
        key = (finding.where, finding.rule, finding.pointer, finding.message, finding.schema_pointer)
        is_new = key not in self._known
        self._known.add(key)
        return is_new


def broken_off_validation(place: tuple[str, tuple[str, ...]]) -> ValidationResult:
    """Return the result for a server that closed the connection before its response was complete.

    Args:
        place: Location of the operation's responses in the document.
    """
    validation = ValidationResult()
    message = "the server closed the connection without a complete response"
    validation.extend([Finding("response", "no-response", "status", message, None, None, *place)])
    return validation


def reason_of(error: Exception) -> str:
    """Return the reason why nothing was validated, for an exception that the document caused in a library."""
    reference = getattr(error, "ref", None)  # set by `DanglingReferenceError`
    if isinstance(reference, str):
        return f"the document's reference `{reference}` leads nowhere"
    return f"the document cannot be used here ({type(error).__name__})"
