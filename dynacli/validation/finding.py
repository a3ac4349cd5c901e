"""Findings and results: what does not match the document, where, what was expected, and what came."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from dynacli.record import record


@record
class Finding:
    """A defect: a place where a request or a response does not match the document.

    Args:
        where: `request` or `response`.
        rule: A JSON Schema keyword, or `discriminator`, `undocumented-status`, `undocumented-media-type`,
            `undocumented-property`, `undocumented-header`, `undocumented-body`, `unreadable-body`, `missing-body`,
            `missing-header`, `missing-parameter`, `missing-security`, `empty-value`, `no-response`,
            `undocumented-method`, `missing-allow`, `ignored-security`, `accepted-invalid-request`.
        pointer: JSON pointer into the body; outside of bodies `query/NAME`, `header/NAME` and similar ones, or
            `status`.
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


class ValidationResult:
    """The result of validating one message.

    Attributes:
        findings: The findings, each once.
        tolerated: Findings that count at the level `exact` alone, each once; below it there is a note of them.
        not_validated: Reasons why something was not validated.
        failures: Such reasons that come from a defect of the document or a library; they are always shown.
        suppressed: Findings that the configuration switches off, each with its reason.
        is_accepted: Whether compiled schemas accepted the message, so that openapi-core was not asked.
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
        """Whether anything was found, tolerated, set apart, or could not be validated."""
        return bool(self.findings or self.tolerated or self.not_validated or self.failures or self.suppressed)

    def extend(self, findings: Iterable[Finding]) -> None:
        """Add findings; one that was found before on another way through the references is left out."""
        self.findings.extend(finding for finding in findings if self._is_new(finding))

    def join(self, other: ValidationResult) -> None:
        """Add what was found in another message of the same exchange."""
        self.extend(other.findings)
        self.tolerated.extend(other.tolerated)
        self.not_validated.extend(other.not_validated)
        self.failures.extend(other.failures)
        self.suppressed.extend(other.suppressed)

    def tolerate(self, finding: Finding) -> None:
        """Add a finding that counts at the level `exact` alone, unless it was found before."""
        if self._is_new(finding):
            self.tolerated.append(finding)

    def drop(self, rule: str) -> None:
        """Remove the findings of a rule."""
        self.findings[:] = [finding for finding in self.findings if finding.rule != rule]

    def note_cut_body(self, reason: str, *, has_body: bool) -> None:
        """Note that only the beginning of the body was there.

        Args:
            reason: Why.
            has_body: Whether anything of it was.
        """
        if not has_body:  # a stream may have nothing to say for a while
            self.drop("missing-body")
        self.not_validated.append(reason)

    def _is_new(self, finding: Finding) -> bool:
        key = (finding.where, finding.rule, finding.pointer, finding.message, finding.schema_pointer)
        is_new = key not in self._known
        self._known.add(key)
        return is_new


def broken_off_validation(place: tuple[str, tuple[str, ...]]) -> ValidationResult:
    """Return the result on a server that closed the connection before its response was complete.

    Args:
        place: Of the operation's responses in the document.
    """
    validation = ValidationResult()
    message = "the server closed the connection without a complete response"
    validation.extend([Finding("response", "no-response", "status", message, None, None, *place)])
    return validation


def reason_of(error: Exception) -> str:
    """Return why nothing was validated, for an exception that a library raised because of the document."""
    reference = getattr(error, "ref", None)  # set by `DanglingReferenceError`
    if isinstance(reference, str):
        return f"the document's reference `{reference}` leads nowhere"
    return f"the document cannot be used here ({type(error).__name__})"
