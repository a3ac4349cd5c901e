"""A request that another program made or would make, and the response that it got."""

import re

from dynacli.record import record

__all__ = [
    "NOT_RECORDED",
    "RecordedExchange",
    "RecordedPart",
    "RecordedRequest",
    "RecordedResponse",
    "file_beside",
]

NOT_RECORDED = "the recording does not have the body"
"""Why a body is not there that the recording left out, as browsers do with large ones and after a redirect."""


@record
class RecordedPart:
    """A field of a multipart body.

    Args:
        text: Its content; empty if that is a file's.
        file: The file whose content it is; empty for none.
    """

    name: str
    text: str = ""
    file: str = ""


def file_beside(name: str) -> str:
    """Return the name by which someone gives a file that a recording only names: never another place than this one."""
    base = name.replace("\\", "/").rpartition("/")[2]
    return base if re.fullmatch(r"\w[^\x00-\x1f\x7f]*", base) else "FILE"


@record
class RecordedRequest:
    """A request.

    Args:
        method: In capitals.
        url: The whole URL, with its query.
        headers: Names and values, in their order.
        body: The body as text; empty for none.
        file: The file whose content is the body; empty for none.
        parts: The fields of a multipart body.
        timeout: Seconds; empty for none.
        output: The file that the response goes into; empty for standard output.
        remarks: What was reported besides that dynacli does in another way, or not at all.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    file: str = ""
    parts: tuple[RecordedPart, ...] = ()
    timeout: str = ""
    output: str = ""
    remarks: tuple[str, ...] = ()

    def header(self, name: str) -> str:
        """Return the value of a header; empty if there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


@record
class RecordedResponse:
    """A response.

    Args:
        headers: Names and values, in their order.
        body: The body without its content encoding; None if it is not there.
        size: The size of the body in bytes; None if it is unknown.
        loss: Why the body is not there, or only its beginning; empty if all of it is.
    """

    status: int
    reason: str
    http_version: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    size: int | None
    loss: str = ""


@record
class RecordedExchange:
    """A request, and what became of it.

    Args:
        content: The bytes of the request's body; None if there is none, or where it is not there.
        content_loss: Why the request's body is not there; empty if it is, or if there is none.
        response: None if none came.
        error: Why none came, or not all of it, as the recording tells it.
        started: When the request was sent, in seconds since 1970; 0 if it is unknown.
        seconds: How long it took.
        is_broken_off: Whether the server is known to have closed the connection before its response was complete.
    """

    request: RecordedRequest
    content: bytes | None = None
    content_loss: str = ""
    response: RecordedResponse | None = None
    error: str = ""
    started: float = 0.0
    seconds: float = 0.0
    is_broken_off: bool = False
