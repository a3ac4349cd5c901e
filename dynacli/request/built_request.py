"""The request, built and not yet sent."""

from typing import TYPE_CHECKING, NamedTuple

from dynacli.record import record
from dynacli.request.parameter_serialization import Pair

if TYPE_CHECKING:
    from dynacli.request.payload import Payload

__all__ = ["Request", "RequestParts"]


@record
class RequestParts:
    """The request as the document describes it: each input's text by its name.

    It is what a request is judged by, so that nothing has to be guessed back from the URL.

    Args:
        path: Name → percent-encoded text.
        query: With the pairs that stand in the document's path.
        headers: Name → field value.
        cookies: In the order in which they are sent.
        querystring: Name and percent-encoded text of the parameter that is the whole query.
    """

    path: dict[str, str]
    query: tuple[Pair, ...]
    headers: dict[str, str]
    cookies: tuple[Pair, ...]
    querystring: tuple[str, str] | None = None


class Request(NamedTuple):
    """What is sent.

    No `repr` of it is ever shown: headers and URL may hold a credential.

    Args:
        method: As it is sent; methods are case-sensitive (RFC 9110, section 9.1).
        url: Absolute, percent-encoded.
        headers: In the order in which they are sent.
        body: None where there is no body; a `Payload` is read while it is sent, and only once.
        parts: The inputs that it was built from.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: "bytes | Payload | None"
    parts: RequestParts

    def header(self, name: str) -> str | None:
        """Return the value of the first header of that name, in any case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)
