"""What a check plans and sees: input values with their origins, calls, and what became of each operation."""

from typing import TYPE_CHECKING, Any

from dynacli.client.links.follow_link import json_of
from dynacli.errors import DynacliError
from dynacli.record import record

if TYPE_CHECKING:
    from dynacli.auth.secret import Masker
    from dynacli.http.built_request import Request
    from dynacli.http.exchange import Response
    from dynacli.openapi.model.operation import Operation
    from dynacli.validation.finding import ValidationResult

__all__ = ["INVENTED", "TIMEOUT", "CheckedOperation", "Exchange", "InputValue", "PlannedCall"]

TIMEOUT = 30.0
"""Seconds for one call: no one waits for a check as they would for a response that they asked for."""
INVENTED = "invented"
"""The origin of a value that was made up to fit the schema, and that the server may know nothing of."""


@record
class InputValue:
    """A value of an input, and where it comes from.

    Args:
        location: `path`, `query`, `header`, `cookie`, `querystring`, or `body` for a field of the body.
        name: The parameter's name on the wire; for `body` the option of the field, such as `schedule.cron`.
        value: A JSON value.
        origin: `set` (given by the person), `link`, `response`, `example`, `default`, or `invented`.
        source: The name of the operation whose response gave the value, for `link` and `response`.
    """

    location: str
    name: str
    value: Any
    origin: str
    source: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """The location and name of the input."""
        return self.location, self.name

    @property
    def shown_origin(self) -> str:
        """The origin as a person reads it."""
        match self.origin:
            case "set":
                return "--set"
            case "link":
                return f"a link of {self.source}"
            case "response":
                return f"a response of {self.source}"
            case "example":
                return "an example of the document"
            case "default":
                return "the document's schema"
        return self.origin


@record
class PlannedCall:
    """A call that is to be made.

    Args:
        operation_name: The operation's name.
        values: The values to send; the rest of a required body comes from its example.
        probe: `method`, `credentials` or `request`, if the server ought to refuse the call for that; else empty.
    """

    operation_name: str
    values: tuple[InputValue, ...] = ()
    probe: str = ""

    @property
    def invented_values(self) -> tuple[InputValue, ...]:
        """The values that were made up to fit a schema."""
        return tuple(value for value in self.values if value.origin == INVENTED)

    @property
    def path_values(self) -> dict[str, Any]:
        """Path parameter → its value."""
        return {value.name: value.value for value in self.values if value.location == "path"}


@record
class Exchange:
    """A call that was made: its request, and the response or the error that it ended with.

    Args:
        planned: The call as it was planned.
        request: The request with its credentials; it is never shown.
        shown: The request as a person may see it.
        masker: Takes the secrets of this call out of whatever is printed.
        response: None if none came; then `error` says why.
        error: What ended the call, its secrets masked.
        validation: The result on the response, or on a server that closed the connection without one; None if
            nothing is validated, or the call failed otherwise. A request that the document does not allow is never
            sent, so that requests need no result here.
        seconds: From sending to the last byte, or to the failure.
        sent_json: The JSON value that the body of the request was made from; None if there is none.
        started: When sending began, in seconds since 1970.
        cut_reason: Why the response's body is only the beginning of a stream, or not there at all; empty if it is
            complete.
        is_validated: Whether the document describes the response, so that the result says something about it.
        times: How many exchanges of a recording it stands for, which came to the same.
    """

    planned: PlannedCall
    request: "Request"
    shown: "Request"
    masker: "Masker"
    response: "Response | None" = None
    error: DynacliError | None = None
    validation: "ValidationResult | None" = None
    seconds: float = 0.0
    sent_json: Any = None
    started: float = 0.0
    cut_reason: str = ""
    is_validated: bool = False
    times: int = 1

    @property
    def operation_name(self) -> str:
        """The operation's name."""
        return self.planned.operation_name

    @property
    def has_findings(self) -> bool:
        """Whether the response does not match the document, or the server broke it off."""
        return self.validation is not None and not self.validation.is_valid

    @property
    def is_success(self) -> bool:
        """Whether a response came and its status is a 2xx."""
        return self.response is not None and 200 <= self.response.status < 300

    @property
    def error_text(self) -> str:
        """What ended the call, and why; empty if a response came."""
        return (
            ": ".join(filter(None, (self.error.message, self.error.reason))) if self.error is not None else ""
        )

    def response_json(self) -> Any:
        """Return the JSON value of a successful response; None if there is none."""
        if self.response is None or not self.is_success:
            return None
        return json_of(self.response.body, self.response.header("content-type"))


@record
class CheckedOperation:
    """What became of an operation in a check.

    Args:
        operation: The operation.
        exchanges: Its calls, in the order in which they were planned.
        skip_reason: Why it was not called; empty if it was.
        skip_kind: `unsafe`, `dangerous`, `skipped`, `values`, `request`, `auth`, `refused` or `interrupted`; empty
            if it was called.
        unsent: The planned calls that were not made although others were, each with the reason.
        probes: The calls that the server ought to refuse; they do not count as calls of the operation.
    """

    operation: "Operation"
    exchanges: tuple[Exchange, ...] = ()
    skip_reason: str = ""
    skip_kind: str = ""
    unsent: tuple[tuple[PlannedCall, str], ...] = ()
    probes: tuple[Exchange, ...] = ()

    @property
    def all_exchanges(self) -> tuple[Exchange, ...]:
        """The calls, then the probes."""
        return (*self.exchanges, *self.probes)

    @property
    def count(self) -> int:
        """The number of its calls, without the probes."""
        return sum(exchange.times for exchange in self.exchanges)

    @property
    def has_findings(self) -> bool:
        """Whether one of its responses does not match the document, or a probe was not refused."""
        return any(exchange.has_findings for exchange in self.all_exchanges)

    @property
    def statuses(self) -> tuple[int, ...]:
        """The statuses of its responses, each once, in the order in which they came."""
        return tuple(
            dict.fromkeys(
                exchange.response.status for exchange in self.exchanges if exchange.response is not None
            )
        )
