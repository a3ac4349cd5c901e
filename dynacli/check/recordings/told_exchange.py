"""What became of an exchange, as a line for a person and as an object for a program, without secrets."""

import time
from datetime import UTC, datetime
from typing import Any

from dynacli.check.recordings._recorded_call import keys_of, masker_of, secret_names
from dynacli.client.answers.verdict_text import findings_json, findings_text, short_findings_text
from dynacli.record import replace
from dynacli.registry.opened_api import OpenedApi
from dynacli.text.terminal import Painter, visible
from dynacli.traffic.operation_finder import MatchedOperation
from dynacli.traffic.recorded_request import RecordedExchange
from dynacli.urls import with_masked_secrets
from dynacli.validation.finding import Verdict

__all__ = ["ToldExchange"]


class ToldExchange:
    """An exchange as a server tells it, which adds what it alone knows by `outcome`, `members` and `not_validated`.

    Attributes:
        recorded: The exchange.
        verdict: On the request and the answer; an empty one where nothing was judged.
        has_verdict: Whether something was judged.
        masker: What takes the secrets of the exchange out of a text.

    Args:
        match: The operation of the request; None where it has none.
        target: Path and query, as they were sent.
        sizes: The bytes of both bodies, as they were sent.
    """

    def __init__(
        self,
        api: OpenedApi,
        recorded: RecordedExchange,
        match: MatchedOperation | None,
        verdict: Verdict | None,
        target: str,
        sizes: tuple[int, int],
    ) -> None:
        self._api, self.recorded, self._match, self._sizes = api, recorded, match, sizes
        self.verdict, self.has_verdict = verdict or Verdict(), verdict is not None
        names = keys_of(api) if match is None else secret_names(match.operation)
        if not (self.verdict.findings or self.verdict.tolerated or self.verdict.suppressed):
            # Bodies are looked through for secrets only where something of them is told.
            answer = recorded.answer and replace(recorded.answer, body=b"")
            recorded = replace(recorded, content=None, answer=answer)
        self.masker = masker_of(recorded, match.path_values if match is not None else {}, names)
        self._target = self.masker.mask(with_masked_secrets(target, names))

    def outcome(self, paint: Painter) -> str:
        """Return what is to be said of it, in a few words."""
        raise NotImplementedError

    def members(self) -> dict[str, Any]:
        """Return further members of its data, still with their secrets."""
        raise NotImplementedError

    def not_validated(self) -> list[str]:
        """Return the reasons why something was not validated."""
        return list(dict.fromkeys([*self.verdict.failures, *self.verdict.not_validated]))

    def row(self) -> dict[str, Any]:
        """Return it as data."""
        recorded, verdict, mask = self.recorded, self.verdict, self.masker.mask_value
        suppressed = [{**finding.as_json(), "reason": reason} for finding, reason in verdict.suppressed]
        return {
            "at": datetime.fromtimestamp(recorded.started, UTC).isoformat(timespec="milliseconds"),
            "api": self._api.name,
            "operation": self._match.operation.name if self._match is not None else None,
            "method": recorded.request.method,
            "path": self._target,
            "status": recorded.answer.status if recorded.answer is not None else None,
            "seconds": round(recorded.seconds, 4),
            "request_bytes": self._sizes[0],
            "answer_bytes": self._sizes[1],
            "valid": not verdict.findings if self.has_verdict else None,
            "findings": mask(findings_json(self._api, verdict.findings)) if verdict.findings else [],
            "tolerated": mask([finding.as_json() for finding in verdict.tolerated]),
            "suppressed": mask(suppressed),
            "not_validated": mask(self.not_validated()),
            **mask(self.members()),
        }

    def lines(self, paint: Painter, *, is_verbose: bool) -> str:
        """Return it as text: a line, and below it what was found.

        Args:
            is_verbose: Whether all findings are told with their places in the document.
        """
        recorded = self.recorded
        status = str(recorded.answer.status) if recorded.answer is not None else "---"
        name = self._match.operation.name if self._match is not None else "not in the document"
        pieces = [
            paint.dim(time.strftime("%H:%M:%S", time.localtime(recorded.started))),
            paint.bold(visible(recorded.request.method, keep="")),
            visible(self._target, keep=""),
            paint.red(status) if status[0] in "5-" else status,
            paint.cyan(visible(name, keep="")),
            f"{recorded.seconds * 1000:.0f} ms",
            self.outcome(paint),
        ]
        line = "  ".join(filter(None, pieces))
        findings = self.verdict.findings
        if not findings:
            return line
        text = findings_text(self._api, findings) if is_verbose else short_findings_text(findings)
        told = visible(self.masker.mask(text)).splitlines()
        return "\n".join([line, *(f"    {each}" for each in told)])

    def shown(self, text: str) -> str:
        """Return a text as it may be shown: on one line, and without secrets."""
        return visible(self.masker.mask(text), keep="")
