"""The answers that the proxy gives itself: problems (RFC 9457), which `Proxy-Status` marks as its own (RFC 9209)."""

import json
from collections.abc import Sequence
from http import HTTPStatus

from dynacli.apps.proxy._messages import RequestHead
from dynacli.errors import DynacliError, InternalError, TimedOutError
from dynacli.record import record

__all__ = ["OwnAnswer", "broken_upstream", "defective", "from_error", "no_room", "own_answer"]


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
    return OwnAnswer(504 if is_late else 502, kind, error.message, error.reason, error.hint)


def broken_upstream(reason: str) -> OwnAnswer:
    """Return the answer to a request that the upstream did not answer."""
    return OwnAnswer(502, "connection_terminated", "The upstream gave no answer", reason)


def defective(error: BaseException) -> OwnAnswer:
    """Return the answer to a request that an exception keeps from passing which nothing expects."""
    defect = InternalError.caused_by(error)
    return OwnAnswer(502, "proxy_internal_error", defect.message, defect.reason)


def no_room(heads: Sequence[RequestHead], most: int) -> OwnAnswer:
    """Return the answer to a client that is one too many.

    A way back over another proxy is seen here, and only here: each request on it comes again until there is no room.
    `Via` would tell it at once (RFC 9110, section 7.6.3), and alter each head that passes.

    Args:
        heads: Of the requests that pass at the time.
        most: How many clients there may be.
    """
    shortest = min((head.target for head in heads), key=len, default=b"")
    # A base URL with a path puts it before the target in each round.
    is_same = len(heads) > most // 2 and all(
        head.method == heads[0].method and head.target.endswith(shortest) for head in heads
    )
    reason, hint = "The proxy serves a limited number at a time", "Try again later"
    if is_same:
        reason = f"All {len(heads)} requests that pass ask for the same, so the upstream may lead back to this proxy"
        hint = "If it is another proxy, look at which server that one passes on to"
    return OwnAnswer(503, "connection_limit_reached", "There are too many connections", reason, hint)


def own_answer(answer: OwnAnswer, *, must_close: bool, is_to_head: bool) -> bytes:
    """Return an answer as it is sent.

    Args:
        must_close: Whether the connection ends after it.
        is_to_head: Whether it answers HEAD, so that its content is left out.
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
    lines = [
        f"HTTP/1.1 {answer.status} {HTTPStatus(answer.status).phrase}",
        "Content-Type: application/problem+json",
        f"Content-Length: {len(content)}",
        "Cache-Control: no-store",
        f"Proxy-Status: dynacli; error={answer.error}",
        *(["Connection: close"] if must_close else []),
    ]
    return "\r\n".join([*lines, "", ""]).encode() + (b"" if is_to_head else content)
