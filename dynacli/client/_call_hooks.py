"""Hooks of a tool for one API: a function that runs before each call, and one that runs after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

from dynacli.environment import program
from dynacli.errors import DynacliError, InternalError, UsageError
from dynacli.record import record, replace

if TYPE_CHECKING:
    from dynacli.http.built_request import Request
    from dynacli.http.exchange import WireResponse


@record
class _HookedCall:
    """A call as hooks receive it, without credentials or with masked ones.

    Args:
        operation: Name of the operation.
        method: HTTP method.
        url: URL with its query.
        headers: Name → value.
    """

    operation: str
    method: str
    url: str
    headers: Mapping[str, str]


@record
class _HookedResponse:
    """A response as the hook `after` receives it.

    Args:
        status: Status code.
        headers: Name → value.
        seconds: Duration of the call in seconds.
    """

    status: int
    headers: Mapping[str, str]
    seconds: float


def call_before(operation: str, request: Request) -> Request:
    """Return the request with the headers that the hook `before` adds.

    Raises:
        DynacliError: The hook refuses the call, or fails.
    """
    hook = program().hooks.get("before")
    if not hook:
        return request
    added = _called("before", hook, _hooked_call(operation, request))
    if added is None:
        return request
    if not isinstance(added, Mapping) or not all(
        isinstance(text, str) for pair in added.items() for text in pair
    ):
        raise UsageError(
            f"The hook `before` ({hook}) did not return headers",
            reason="It must return a mapping of strings, or None",
        )
    from dynacli.request.build_request import check_header

    for name, value in added.items():
        check_header(name, value)
    lowered = {name.lower() for name in added}
    kept = [pair for pair in request.headers if pair[0].lower() not in lowered]
    return request._replace(
        headers=(*kept, *added.items()),
        parts=replace(request.parts, headers={**request.parts.headers, **added}),
    )


def call_after(operation: str, request: Request, response: WireResponse) -> None:
    """Pass a response to the hook `after`.

    Raises:
        DynacliError: The hook fails.
    """
    hook = program().hooks.get("after")
    if hook:
        reported = _HookedResponse(response.status, dict(response.headers), response.seconds)
        _called("after", hook, _hooked_call(operation, request), reported)


def _hooked_call(operation: str, request: Request) -> _HookedCall:
    return _HookedCall(operation, request.method, request.url, dict(request.headers))


def _called(kind: str, hook: str, *reported: object) -> Any:
    module, _, name = hook.partition(":")
    try:
        function: Callable[..., Any] = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise UsageError(
            f"The hook `{kind}` ({hook}) cannot be imported",
            reason=str(error),
            hint="Install its package in the environment of the tool",
        ) from error
    try:
        return function(*reported)
    except DynacliError:
        raise
    except Exception as error:
        raise InternalError(
            f"The hook `{kind}` ({hook}) failed",
            reason=type(error).__name__,
            hint="`--debug` shows the traceback",
        ) from error
