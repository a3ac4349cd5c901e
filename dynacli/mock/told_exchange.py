"""What a mock was asked and answered, as a line for a person and as an object for a program, without secrets."""

import time
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from dynacli.check.recordings.recording_secrets import masker_of, secret_names
from dynacli.client.answers.verdict_text import findings_json, findings_text, short_findings_text
from dynacli.library.opened_api import OpenedApi
from dynacli.mock.mock_server import MockExchange
from dynacli.text.terminal import Painter, visible
from dynacli.urls import with_masked_secrets
from dynacli.validation.findings.finding import Verdict

__all__ = ["ToldMock"]


class ToldMock:
    """An exchange of a mock as it is told."""

    def __init__(self, api: OpenedApi, exchange: MockExchange) -> None:
        self._api, self._exchange = api, exchange
        match = exchange.match
        self._operation = match.operation.name if match is not None else ""
        names = secret_names(match.operation) if match is not None else frozenset()
        values = match.path_values if match is not None else {}
        self._masker = masker_of(exchange.recorded, values, names)
        parts = urlsplit(exchange.recorded.request.url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        self._target = self._masker.mask(with_masked_secrets(target, names))

    def row(self) -> dict[str, Any]:
        """Return it as data."""
        recorded, verdict = self._exchange.recorded, self._exchange.verdict
        answer, mask = recorded.answer, self._masker.mask_value
        found = verdict or Verdict()
        return {
            "at": datetime.fromtimestamp(recorded.started, UTC).isoformat(timespec="milliseconds"),
            "api": self._api.name,
            "operation": self._operation or None,
            "method": recorded.request.method,
            "path": self._target,
            "status": answer.status if answer is not None else None,
            "seconds": round(recorded.seconds, 4),
            "request_bytes": len(recorded.content or b""),
            "answer_bytes": answer.size if answer is not None else None,
            "from": self._masker.mask(self._exchange.source) or None,
            "valid": not found.findings if verdict is not None else None,
            "findings": mask(findings_json(self._api, found.findings)) if found.findings else [],
            "unchecked": mask([*found.failures, *found.unchecked]),
        }

    def lines(self, paint: Painter, *, is_verbose: bool) -> str:
        """Return it as text: a line, and below it what was found.

        Args:
            is_verbose: Whether all findings are told with their places in the document.
        """
        recorded = self._exchange.recorded
        status = str(recorded.answer.status) if recorded.answer is not None else "---"
        pieces = [
            paint.dim(time.strftime("%H:%M:%S", time.localtime(recorded.started))),
            paint.bold(visible(recorded.request.method, keep="")),
            visible(self._target, keep=""),
            paint.green(status) if status < "4" else paint.yellow(status),
            visible(self._operation, keep=""),
            visible(self._masker.mask(self._exchange.source), keep=""),
        ]
        line = "  ".join(filter(None, pieces))
        findings = self._exchange.verdict.findings if self._exchange.verdict is not None else []
        if not findings:
            return line
        text = findings_text(self._api, findings) if is_verbose else short_findings_text(findings)
        told = visible(self._masker.mask(text)).splitlines()
        return "\n".join([line, *(f"    {each}" for each in told)])
