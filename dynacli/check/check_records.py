"""What a check plans and what it sees: values with their origin, calls, and what became of each operation."""

from typing import TYPE_CHECKING, Any

from dynacli.record import record

if TYPE_CHECKING:
    from dynacli.auth.secret import Masker
    from dynacli.model.operation import Operation
    from dynacli.request.built_request import Request
    from dynacli.transport.send import Answer
    from dynacli.validation.findings.finding import Verdict

__all__ = ["INVENTED", "Checked", "Exchange", "Planned", "Value"]

INVENTED = "invented"
"""The origin of a value that nothing but the schema speaks for."""


@record
class Value:
    """A value of one input, and where it is from.

    Args:
        location: `path`, `query`, `header`, `cookie`, `querystring`, or `body` for a field of the body.
        name: The parameter's name on the wire; for `body` the option of the field, such as `schedule.cron`.
        value: A JSON value.
        origin: `set` (the person's word), `link`, `answer`, `example`, `default`, or `invented`.
        source: The operation whose answer it is from, for `link` and `answer`.
    """

    location: str
    name: str
    value: Any
    origin: str
    source: str = ""

    @property
    def shown_origin(self) -> str:
        """The origin as a person reads it."""
        match self.origin:
            case "set":
                return "--set"
            case "link":
                return f"a link of {self.source}"
            case "answer":
                return f"an answer of {self.source}"
            case "example":
                return "an example of the document"
            case "default":
                return "the document's schema"
        return self.origin


@record
class Planned:
    """A call that is to be made.

    Args:
        operation: What dynacli calls the operation.
        values: Those that are sent; what a body needs besides its `body` values comes from its example.
    """

    operation: str
    values: tuple[Value, ...] = ()

    @property
    def invented(self) -> tuple[Value, ...]:
        """The values that nothing but a schema speaks for."""
        return tuple(one for one in self.values if one.origin == INVENTED)


@record
class Exchange:
    """A call that was made, or that failed on the way.

    Args:
        planned: What was to be sent.
        request: As it was sent, with its credentials: never shown.
        shown: As a person may see it.
        masker: Takes the secrets of this call out of whatever is printed.
        answer: None where there is none; then `error` says why.
        error: What went wrong on the way, masked; a `DynacliError` with an exit code of its own.
        verdict: On the answer; None where there is none or nothing is judged. A request that the document
            does not allow is never sent, so that there is nothing to say of it here.
        seconds: From sending to the last byte, or to the failure.
        started: When sending began, in seconds since 1970.
        is_judged: Whether the verdict says something of the answer, and not only why nothing can be said.
        cut: Why the answer's body is only its beginning; empty where it is all.
        body: What of a body was sent, as a JSON value where it was made of one.
    """

    planned: Planned
    request: "Request"
    shown: "Request"
    masker: "Masker"
    answer: "Answer | None" = None
    error: Any = None
    verdict: "Verdict | None" = None
    seconds: float = 0.0
    body: Any = None
    started: float = 0.0
    cut: str = ""
    is_judged: bool = False

    @property
    def operation(self) -> str:
        """What dynacli calls the operation."""
        return self.planned.operation

    @property
    def is_broken(self) -> bool:
        """Whether its answer breaks the document."""
        return self.verdict is not None and not self.verdict.is_valid


@record
class Checked:
    """What became of one operation.

    Args:
        operation: The operation.
        exchanges: Its calls, in the order in which they were planned.
        skipped: Why it was not called; empty where it was.
        reason: The kind of that: `unsafe`, `values`, `request`, `auth`, `refused`, `interrupted`, or empty.
        unsent: Calls that were planned beside those that were made, and why they were not.
    """

    operation: "Operation"
    exchanges: tuple[Exchange, ...] = ()
    skipped: str = ""
    reason: str = ""
    unsent: tuple[tuple[Planned, str], ...] = ()

    @property
    def is_broken(self) -> bool:
        """Whether an answer of it breaks the document."""
        return any(one.is_broken for one in self.exchanges)

    @property
    def statuses(self) -> tuple[int, ...]:
        """The statuses of its answers, each once, in the order in which they came."""
        return tuple(dict.fromkeys(one.answer.status for one in self.exchanges if one.answer is not None))
