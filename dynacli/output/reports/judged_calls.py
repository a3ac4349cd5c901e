"""The calls that reports are made of."""

from typing import Any

from dynacli.record import record

__all__ = ["JudgedCall"]


@record
class JudgedCall:
    """A call with its verdict, as reports show it; its secrets are masked already.

    Args:
        api: The API's name, or its source where it has no name.
        operation: The name of the operation.
        method: The method in upper case.
        path: The path template of the operation.
        url: The URL of the request; empty where nothing was sent.
        status: The status of the answer; None where there is none.
        seconds: The time from sending to the last byte; None where there is no answer.
        findings: The findings in the form of the validation report.
        unchecked: The reasons why something was not judged.
        suppressed: The findings that the configuration switches off, each with a member `reason`.
        skipped: Why the operation was not called; empty where it was.
        error: Why the call got no answer; empty where it got one, or was not made.
        tolerated: Findings that count at the level `exact` alone, in the form of the validation report.
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
    tolerated: tuple[dict[str, Any], ...] = ()

    @property
    def is_valid(self) -> bool:
        """Whether there are no findings; False where the call got no answer."""
        return not self.findings and not self.error
