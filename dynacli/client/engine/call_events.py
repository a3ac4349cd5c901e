"""What happens in a call: events, which the engine tells to its listeners in the order in which they happen."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Protocol

from dynacli.record import record

if TYPE_CHECKING:
    from threading import RLock

    from dynacli.client.batch.row_result import RowResult
    from dynacli.client.call import Call
    from dynacli.client.pages.page_loop import Page
    from dynacli.errors import DynacliError
    from dynacli.http.send import Answer
    from dynacli.validation.findings.finding import Finding, Verdict

__all__ = [
    "CallEvent",
    "CallFailed",
    "Findings",
    "Listener",
    "PageCame",
    "Pausing",
    "Progress",
    "Recorded",
    "RequestBuilt",
    "RequestInvalid",
    "Response",
    "ResponseHead",
    "ResponsePart",
    "Retrying",
    "RowDone",
    "Sending",
    "SentRequest",
    "sent_request",
]


@record
class SentRequest:
    """The request that was sent, with its secrets masked.

    Args:
        method: As it was sent.
        url: Absolute, percent-encoded.
        headers: (name, value) in the order in which they were sent.
        content: The body; None where there was none, or where it was read only while it was sent.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    content: bytes | None


def sent_request(call: "Call") -> SentRequest:
    """Return the request of a call as it may be shown."""
    shown = call.signed.shown
    content = shown.body if isinstance(shown.body, bytes) else None
    return SentRequest(shown.method, shown.url, shown.headers, content)


class CallEvent:
    """Something that happened in a call.

    Attributes:
        name: Which event it is: `request_built`, `sending`, ...
        call: The call; None where none could be made of a row.
    """

    name: ClassVar[str] = ""
    call: "Call | None"

    @property
    def operation(self) -> str:
        """The name of the operation that is called."""
        return "" if self.call is None else self.call.described.operation.name

    @property
    def request(self) -> SentRequest | None:
        """The request, with its secrets masked; None where there is none."""
        return None if self.call is None else sent_request(self.call)


class Pausing(Protocol):
    """A time in which a call waits; as text it says why, and for how long.

    Attributes:
        seconds: How long it is.
        reason: What failed, or what is not true yet.
    """

    @property
    def seconds(self) -> float:
        """How long it is."""

    @property
    def reason(self) -> str:
        """What failed, or what is not true yet."""


@record
class RequestBuilt(CallEvent):
    """A request was built, and has its credentials."""

    name = "request_built"
    call: "Call"


@record
class RequestInvalid(CallEvent):
    """The document does not allow a request, which is not sent; the call ends with this error.

    Args:
        error: A `UsageError`, whose details have the findings.
    """

    name = "request_invalid"
    call: "Call"
    error: "DynacliError"


@record
class Sending(CallEvent):
    """A request is about to be sent: the connection stands, and the document allows the request.

    Args:
        tries: Which try it is, counted from 1. Before a further try the connection may still have to be made.
    """

    name = "sending"
    call: "Call"
    tries: int


@record
class Retrying(CallEvent):
    """A call waits before its request is sent again: it failed in a way that may pass, or `wait` waits.

    Args:
        pause: Why, and how long: `pause.reason`, `pause.seconds`.
    """

    name = "retrying"
    call: "Call"
    pause: Pausing


@record
class Progress(CallEvent):
    """A further part of a body from files was sent.

    Args:
        sent: How many bytes of the body were sent, since this try began.
        total: How many it has; None where nobody knows.
    """

    name = "progress"
    call: "Call"
    sent: int
    total: int | None


@record
class ResponseHead(CallEvent):
    """The status and the headers of the final response came.

    Args:
        answer: The response without its body: `status`, `reason`, `url`, `headers`.
        is_stream: Whether its body is told part by part.
    """

    name = "response_head"
    call: "Call"
    answer: "Answer"
    is_stream: bool = False


@record
class ResponsePart(CallEvent):
    """A part of the body of a stream came; of a stream of events a whole event.

    Args:
        content: The part.
        size: How many bytes of the body came so far.
    """

    name = "response_part"
    call: "Call"
    content: bytes
    size: int


@record
class CallFailed(CallEvent):
    """A call that was to be sent failed, or was interrupted.

    Args:
        error: Why; no secret is in a `DynacliError`.
    """

    name = "failed"
    call: "Call"
    error: BaseException


@record
class Response(CallEvent):
    """A response came whole.

    Args:
        answer: The response.
    """

    name = "response"
    call: "Call"
    answer: "Answer"


@record
class Findings(CallEvent):
    """A response was validated, unless the level is `off` or it is only the rest of a file.

    Args:
        answer: The response.
        verdict: What was found; None where nothing was validated.
        lock: Held while something is looked up in the document.
    """

    name = "findings"
    call: "Call"
    answer: "Answer"
    verdict: "Verdict | None"
    lock: "RLock"

    @property
    def findings(self) -> "tuple[Finding, ...]":
        """What in the response does not match the document; empty if it is valid."""
        return () if self.verdict is None else tuple(self.verdict.findings)


@record
class PageCame(CallEvent):
    """A page of a list came.

    Args:
        page: Its number, counted from 1, its items, and its response.
        count: How many items came so far.
        total: How many items there are on all pages; None where no response said it.
    """

    name = "page"
    call: "Call"
    page: "Page"
    count: int
    total: int | None


@record
class RowDone(CallEvent):
    """A row of a batch was sent, or could not be; it comes in the place of `findings`.

    Args:
        named: The operation that the row names.
        result: What came of it, with the findings.
        answer: The response; None where none came.
    """

    name = "row"
    call: "Call | None"
    named: str
    result: "RowResult"
    answer: "Answer | None"

    @property
    def operation(self) -> str:
        """The operation that the row names."""
        return self.named


@record
class Recorded(CallEvent):
    """A call was written into the history, which keeps those of the command line and of the explorer."""

    name = "recorded"
    call: "Call"


Listener = Callable[[CallEvent], object]
"""Is told of what happens in calls, each in the thread in which it happens; what it raises ends the call."""
