"""The operations of the demo API as records: method and path, checks of the inputs, and the function that answers."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from dynacli.demo._data.demo_store import Store
from dynacli.demo._query_parameters import QueryParameter
from dynacli.demo._request_body import Check
from dynacli.record import record

__all__ = ["DemoAnswer", "DemoCall", "DemoOperation", "Handler"]


@record
class DemoCall:
    """A request that passed the checks.

    Args:
        store: The data of the demo API.
        role: The caller's role.
        id: The `{id}` of the path; empty where the path has none.
        query: Name → value for every query parameter, defaults filled in.
        body: The JSON value of the body; None where there is none.
    """

    store: Store
    role: str
    id: str
    query: Mapping[str, Any]
    body: Any


@record
class DemoAnswer:
    """A good answer: the status code and the JSON value."""

    status: int
    body: Any


_NO_PARAMETERS: Mapping[str, QueryParameter] = MappingProxyType({})

Handler = Callable[[DemoCall], DemoAnswer]


@record
class DemoOperation:
    """An operation of the API.

    Args:
        id: Its operationId.
        method: The HTTP method, in upper case.
        path: The path under the base path.
        handle: Returns the answer, or raises a Problem.
        query: Name → query parameter.
        body: The check of the body; None where the operation takes none.
        needs_body: Whether the body is required.
        writes: Whether the role must be editor or above.
    """

    id: str
    method: str
    path: str
    handle: Handler
    query: Mapping[str, QueryParameter] = _NO_PARAMETERS
    body: Check | None = None
    needs_body: bool = False
    writes: bool = False
