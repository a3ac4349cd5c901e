"""The request, built and not yet sent."""

from typing import NamedTuple

from dynacli.record import record
from dynacli.request.styles import Pair

__all__ = ["Parts", "Request"]


@record
class Parts:
    """The request as the document describes it: each input's text by its name, decoded.

    It is what a request is judged by, so that nothing has to be guessed back from the URL.
    """

    path: dict[str, str]
    query: tuple[Pair, ...]
    headers: dict[str, str]
    cookies: dict[str, str]


class Request(NamedTuple):
    """What is sent.

    No `repr` of it is ever shown: headers and URL may hold a credential.

    Args:
        method: In upper case.
        url: Absolute, percent-encoded.
        headers: In the order in which they are sent.
        body: None where there is no body.
        parts: The inputs that it was built from.
    """

    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: bytes | None
    parts: Parts

    def header(self, name: str) -> str | None:
        """Return the value of the first header of that name, in any case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)
