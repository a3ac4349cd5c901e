"""What the reports are made of: calls that were judged, with everything that was found."""

from typing import Any

from dynacli.record import record

__all__ = ["JudgedCall"]


@record
class JudgedCall:
    """One call, as it is reported; everything in it may be shown, secrets are masked.

    Args:
        api: The API's name, or the source that was named in its place.
        operation: What dynacli calls the operation.
        method: In upper case.
        path: The operation's path, a template.
        url: What was asked for; empty where nothing was sent.
        status: The answer's, None where there is none.
        seconds: From sending to the last byte, None where there is no answer.
        findings: Each in the form of the validation report.
        unchecked: What was not judged, each a reason.
        suppressed: Findings that the configuration switches off, each with a member `reason`.
        skipped: Why the operation was not called; empty where it was.
        error: Why there is no answer although it was called; empty where there is one.
    """

    api: str
    operation: str
    method: str
    path: str
    url: str = ""
    status: int | None = None
    seconds: float | None = None
    findings: tuple[dict[str, Any], ...] = ()
    unchecked: tuple[str, ...] = ()
    suppressed: tuple[dict[str, Any], ...] = ()
    skipped: str = ""
    error: str = ""

    @property
    def is_valid(self) -> bool:
        """Whether nothing was found, of what was judged; False where no answer came."""
        return not self.findings and not self.error
