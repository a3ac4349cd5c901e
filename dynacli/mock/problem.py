"""What a mock answers where the document has no answer: problem details (RFC 9457)."""

import json
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from dynacli.traffic.recorded_request import RecordedAnswer

__all__ = ["MEDIA_TYPE", "ProblemError", "answer_of", "phrase"]

MEDIA_TYPE = "application/problem+json"


class ProblemError(Exception):
    """A request that the document has no answer to.

    Attributes:
        status: The status of the answer.
        detail: A sentence that says why.
        headers: Further headers of the answer.
        members: Further members of the problem.
    """

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        headers: Sequence[tuple[str, str]] = (),
        **members: Any,
    ) -> None:
        super().__init__(detail)
        self.status, self.detail = status, detail
        self.headers = tuple(headers)
        self.members = members

    @property
    def answer(self) -> RecordedAnswer:
        """The answer with the problem."""
        problem = {
            # RFC 9457, section 4.2.1: a problem that has no more meaning than its status.
            "type": "about:blank",
            "title": phrase(self.status),
            "status": self.status,
            "detail": self.detail,
            **self.members,
        }
        content = json.dumps(problem, ensure_ascii=False, indent=2, default=str).encode("utf-8", "replace")
        return answer_of(self.status, [("Content-Type", MEDIA_TYPE), *self.headers], content + b"\n")


def answer_of(status: int, headers: Sequence[tuple[str, str]], content: bytes) -> RecordedAnswer:
    """Return an answer of a server of our own."""
    return RecordedAnswer(status, phrase(status), "HTTP/1.1", tuple(headers), content, len(content))


def phrase(status: int) -> str:
    """Return the reason phrase of a status; empty for an unknown one."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
