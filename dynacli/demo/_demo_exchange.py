"""A request to the demo API and its answer, as the application sees them."""

import json
from typing import Any, NamedTuple

__all__ = ["Answer", "Request", "json_answer"]


class Request(NamedTuple):
    """A whole request.

    Args:
        method: The HTTP method as it came.
        path: The path without percent-encoding.
        query: The query string as it came, without `?`.
        headers: The names in lower case, and the values.
        body: The bytes of the body.
    """

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def values_of(self, name: str) -> list[str]:
        """Return the values of each header of a name, which must be in lower case."""
        return [value for each, value in self.headers if each == name]


class Answer(NamedTuple):
    """An answer.

    Args:
        status: The HTTP status code.
        headers: The names and values, without `Content-Length`.
        body: The bytes of the body; None where the answer never comes.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes | None


def json_answer(status: int, value: Any, headers: tuple[tuple[str, str], ...] = ()) -> Answer:
    """Return the answer whose body is a JSON value."""
    body = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    return Answer(status, (*headers, ("content-type", "application/json")), body)
