"""The answers that the proxy gives itself: problems (RFC 9457), which `Proxy-Status` marks as its own (RFC 9209)."""

import json
from http import HTTPStatus

import h11

from dynacli.errors import DynacliError, TimedOutError
from dynacli.record import record

__all__ = ["OwnAnswer", "broken_upstream", "from_error", "own_answer_events"]


@record
class OwnAnswer:
    """An answer in the place of the upstream's.

    Args:
        error: The proxy error type (RFC 9209, section 2.3).
        title: What is wrong, in a sentence without its period.
        detail: Why; empty where that is unknown.
        hint: What can be done; empty where nothing can.
    """

    status: int
    error: str
    title: str
    detail: str = ""
    hint: str = ""

    @property
    def sentence(self) -> str:
        """What is wrong, and why."""
        return ": ".join(filter(None, (self.title, self.detail)))


def from_error(error: DynacliError) -> OwnAnswer:
    """Return the answer to a request for which there is no connection with the upstream."""
    is_late = isinstance(error, TimedOutError)
    kind = "connection_timeout" if is_late else "destination_unavailable"
    return OwnAnswer(504 if is_late else 502, kind, error.message, error.why, error.hint)


def broken_upstream(why: str) -> OwnAnswer:
    """Return the answer to a request that the upstream did not answer."""
    return OwnAnswer(502, "connection_terminated", "The upstream gave no answer", why)


def own_answer_events(answer: OwnAnswer, *, must_close: bool) -> tuple[h11.Response, h11.Data]:
    """Return an answer as it is sent.

    Args:
        must_close: Whether the connection ends after it.
    """
    problem = {
        "type": "about:blank",
        "title": answer.title,
        "status": answer.status,
        "detail": answer.detail,
        "hint": answer.hint,
        "source": "dynacli proxy",
    }
    content = json.dumps({key: value for key, value in problem.items() if value}).encode() + b"\n"
    headers = [
        ("Content-Type", "application/problem+json"),
        ("Content-Length", str(len(content))),
        ("Cache-Control", "no-store"),
        ("Proxy-Status", f"dynacli; error={answer.error}"),
        *([("Connection", "close")] if must_close else []),
    ]
    reason = HTTPStatus(answer.status).phrase
    return h11.Response(status_code=answer.status, headers=headers, reason=reason), h11.Data(data=content)
