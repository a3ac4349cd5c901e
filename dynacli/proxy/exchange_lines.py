"""What became of an exchange, as a line for a person and as an object for a program, without secrets."""

import time
from datetime import UTC, datetime
from typing import Any

from dynacli.auth.secret import Masker
from dynacli.check.recordings.judge_recording import JudgedExchange
from dynacli.check.recordings.recording_secrets import keys_of, masker_of, secret_names
from dynacli.client.answers.verdict_text import findings_json, findings_text, short_findings_text
from dynacli.library.opened_api import OpenedApi
from dynacli.proxy.passed_exchange import PassedExchange
from dynacli.record import replace
from dynacli.text.terminal import Painter, visible
from dynacli.traffic.recorded_request import RecordedExchange
from dynacli.urls import with_masked_secrets
from dynacli.validation.findings.finding import Verdict

__all__ = ["ToldExchange"]

_BLANK = Verdict()


class ToldExchange:
    """An exchange as it is told.

    Args:
        judged: None where it belongs to no operation; without a verdict where it was not looked at.
    """

    def __init__(
        self,
        api: OpenedApi,
        passed: PassedExchange,
        recorded: RecordedExchange,
        judged: JudgedExchange | None,
    ) -> None:
        self._api, self._passed, self._judged = api, passed, judged
        self._verdict = judged.verdict if judged is not None and judged.verdict is not None else _BLANK
        operation = judged.match.operation if judged is not None else None
        self._operation = operation.name if operation is not None else ""
        self._names = keys_of(api) if operation is None else secret_names(operation)
        verdict = self._verdict
        if not (verdict.findings or verdict.tolerated or verdict.suppressed):
            # Bodies are looked through for secrets only where something of them is told.
            answer = recorded.answer and replace(recorded.answer, body=b"")
            recorded = replace(recorded, content=None, answer=answer)
        values = judged.match.path_values if judged is not None else {}
        self._masker: Masker = masker_of(recorded, values, self._names)

    @property
    def _target(self) -> str:
        return self._masker.mask(with_masked_secrets(self._passed.target, self._names))

    def row(self) -> dict[str, Any]:
        """Return it as data."""
        passed, verdict, mask = self._passed, self._verdict, self._masker.mask_value
        suppressed = (({**finding.as_json(), "reason": reason}) for finding, reason in verdict.suppressed)
        return {
            "at": datetime.fromtimestamp(passed.started, UTC).isoformat(timespec="milliseconds"),
            "api": self._api.name,
            "operation": self._operation or None,
            "method": passed.method,
            "path": self._target,
            "status": passed.status or None,
            "seconds": round(passed.seconds, 4),
            "request_bytes": passed.body.size,
            "answer_bytes": passed.answer_body.size,
            "valid": not verdict.findings if self._has_verdict else None,
            "findings": mask(findings_json(self._api, verdict.findings)) if verdict.findings else [],
            "tolerated": mask([finding.as_json() for finding in verdict.tolerated]),
            "suppressed": mask(list(suppressed)),
            "unchecked": mask(self._unchecked()),
            "refused": self._masker.mask(passed.refusal) or None,
            "error": self._masker.mask(self._error()) or None,
        }

    @property
    def _has_verdict(self) -> bool:
        return self._judged is not None and self._judged.verdict is not None

    def _unchecked(self) -> list[str]:
        reasons = [self._passed.skipped] if self._passed.skipped else []
        return list(dict.fromkeys([*reasons, *self._verdict.failures, *self._verdict.unchecked]))

    def _error(self) -> str:
        passed = self._passed
        if passed.error or passed.is_complete or passed.refusal:
            return passed.error
        return f"{passed.ended_by or 'the server'} ended it early"

    def lines(self, paint: Painter, *, is_verbose: bool) -> str:
        """Return it as text: a line, and below it what was found.

        Args:
            is_verbose: Whether all findings are told with their places in the document.
        """
        passed = self._passed
        clock = time.strftime("%H:%M:%S", time.localtime(passed.started))
        status = str(passed.status) if passed.status else "---"
        name = self._operation or "not in the document"
        pieces = [
            paint.dim(clock),
            paint.bold(passed.method),
            visible(self._target, keep=""),
            paint.red(status) if status[0] in "5-" else status,
            paint.cyan(visible(name, keep="")),
            f"{passed.seconds * 1000:.0f} ms",
            self._outcome(paint),
        ]
        line = "  ".join(filter(None, pieces))
        findings = self._verdict.findings
        if not findings:
            return line
        text = findings_text(self._api, findings) if is_verbose else short_findings_text(findings)
        told = visible(self._masker.mask(text)).splitlines()
        return "\n".join([line, *(f"    {each}" for each in told)])

    def _outcome(self, paint: Painter) -> str:
        """Return what is to be said of it, in a few words."""
        passed, count = self._passed, len(self._verdict.findings)
        words = []
        if passed.refusal:
            words.append(paint.yellow(f"refused: {self._shown(passed.refusal)}"))
        elif error := self._error():
            words.append(paint.yellow(self._shown(error)))
        if count:
            words.append(paint.red(f"{count:,} findings" if count > 1 else "1 finding"))
        unchecked = self._unchecked()
        if unchecked:
            more = f", and {len(unchecked) - 1} more" if len(unchecked) > 1 else ""
            words.append(f"not all judged: {self._shown(unchecked[0])}{more}")
        if not words and self._has_verdict:
            is_judged = self._judged is not None and self._judged.is_judged
            words.append(paint.green("ok") if is_judged else "not judged: the status is not documented")
        return ", ".join(words)

    def _shown(self, text: str) -> str:
        return visible(self._masker.mask(text), keep="")
