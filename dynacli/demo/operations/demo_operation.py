"""The model of an operation: where it is, what it takes, what it does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dynacli.demo.data.demo_store import Store
from dynacli.demo.query_parameters import Kind
from dynacli.demo.request_body import Check

__all__ = ["Answer", "Call", "Handler", "Operation"]


@dataclass(frozen=True)
class Call:
    """A request that passed the checks.

    Args:
        store: The data.
        role: The caller's role.
        id: The path's `{id}`; empty where the path has none.
        query: A value for every query parameter, defaults filled in.
        body: The JSON value; None where none came.
    """

    store: Store
    role: str
    id: str
    query: Mapping[str, Any]
    body: Any


@dataclass(frozen=True)
class Answer:
    """A good answer: the status code and the JSON value."""

    status: int
    body: Any


Handler = Callable[[Call], Answer]


@dataclass(frozen=True)
class Operation:
    """An operation of the API.

    Args:
        id: Its operationId.
        method: The HTTP method, in upper case.
        path: The path under the base path.
        handle: Makes the answer; may raise a Problem.
        query: What the query parameters may be.
        body: What the body has to be; None where there is none.
        needs_body: Whether the body may not be left out.
        writes: Whether the role has to be editor or above.
    """

    id: str
    method: str
    path: str
    handle: Handler
    query: Mapping[str, Kind] = field(default_factory=dict)
    body: Check | None = None
    needs_body: bool = False
    writes: bool = False
