"""The file with the state of a mock, which is written whole, and the HTTP routes that read and replace the state."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from threading import Event, Thread
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from dynacli.environment import invocation_words
from dynacli.errors import FileError
from dynacli.features.mock._stateful_responses import StateError, StatefulResponses
from dynacli.files import cannot_be_written, check_named_file, regular_file, write_named_file
from dynacli.http.serving import ignored_signals, is_own_host
from dynacli.openapi.model.wording import shell_line
from dynacli.urls import is_loopback

_PREFIX = "/_dynacli/"
_SECONDS = 2.0
"""Seconds between two looks for a change that has to be written."""
_LARGEST = 512 * 1024 * 1024
_LARGEST_BODY = 64 * 1024 * 1024
_BEGINNING = 64 * 1024
_DOCUMENT = re.compile(rb"""(?m)^[{\s]*["']?(?:openapi|swagger)["']?\s*:""")
_HINT = "Name a file that `mock --state FILE` wrote, or remove it to begin again"


def _read_state(path: str) -> Any:
    """Return the state in a file.

    Raises:
        FileError: The file cannot be read, is too large, or is not JSON.
    """
    try:
        with open(path, "rb", opener=regular_file) as file:
            content = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the name is invalid"
        raise FileError(
            f"Cannot read the state in `{path}`", reason=reason, hint="Name another file"
        ) from error
    if len(content) > _LARGEST:
        raise FileError(f"Cannot read the state in `{path}`", reason="it is too large", hint=_HINT)
    if _DOCUMENT.search(content[:_BEGINNING]):
        command = shell_line([*invocation_words("mock", path), "--state"])
        raise FileError(
            f"`{path}` is not the state of a mock",
            reason="it is an OpenAPI document",
            hint=f"Name another file, or none: `{command}` starts the mock of this document",
        )
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise FileError(
            f"`{path}` is not the state of a mock", reason="it is not complete JSON", hint=_HINT
        ) from None


def begin_with(state: StatefulResponses, path: str) -> list[str]:
    """Begin with the state in a file, and return a message about each part that does not fit the document.

    Raises:
        FileError: The file cannot be read, or is not the state of a mock.
    """
    try:
        return state.begin_with(_read_state(path))
    except StateError as error:
        raise FileError(f"`{path}` is not the state of a mock", reason=str(error), hint=_HINT) from error


class StateFile:
    """The file that follows the state of a mock.

    Args:
        path: The file, which need not exist.
        report: Called once if a write fails while the mock runs.
    """

    def __init__(self, path: str, state: StatefulResponses, report: Callable[[str], None]) -> None:
        self._path, self._state, self._report = path, state, report
        self._written = -1
        self._ends = Event()
        self._thread = Thread(target=self._follow, name="dynacli-mock-state", daemon=True)

    @staticmethod
    def check(path: str) -> None:
        """Check that a file can be written.

        Raises:
            FileError: The file cannot be written.
        """
        if not path or (os.path.exists(path) and not os.path.isfile(path) and not os.path.isdir(path)):
            reason = "it is a device or a pipe" if path else "the name is empty"
            raise FileError(f"`{path}` cannot hold the state of a mock", reason=reason, hint="Name a file")
        try:
            check_named_file(path)
        except OSError as error:
            raise cannot_be_written(path, error) from error
        folder = os.path.dirname(path) or "."
        if not os.path.isdir(folder):
            raise FileError(
                f"`{path}` cannot be written", reason="its directory does not exist", hint="Create it"
            )

    def start(self) -> None:
        """Write changes from now on."""
        self._thread.start()

    def end(self) -> None:
        """Write the last changes.

        Raises:
            FileError: The file cannot be written.
        """
        with ignored_signals():
            self._ends.set()
            self._thread.join()
            self.write()

    def write(self) -> None:
        """Write the state if it has changed. Until that succeeds, responses say that their change is not saved.

        Raises:
            FileError: The file cannot be written.
        """
        if self._written == self._state.changes:
            return
        changes, content = self._state.content()
        try:
            write_named_file(self._path, content, is_private=True)
        except FileError as error:
            self._state.not_saved = error.reason or "unknown reason"
            raise
        self._state.not_saved = ""
        self._written = changes

    def _follow(self) -> None:
        while not self._ends.wait(_SECONDS):
            had_failed = bool(self._state.not_saved)
            try:
                self.write()
            except FileError as error:
                if not had_failed:
                    self._report(f"{error.message}: {self._state.not_saved}")


class ControlRoutes:
    """Middleware with the routes that return, replace and reset the state of a mock.

    Only programs on this machine may use them, and no web page: a page of another origin could read or replace the
    state.

    Args:
        call: Calls a function in the thread that responds to requests.
    """

    def __init__(
        self,
        application: ASGIApp,
        state: StatefulResponses,
        call: Callable[[Callable[[], Response]], Awaitable[Response]],
    ) -> None:
        self._application, self._state, self._call = application, state, call

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to a request."""
        if scope["type"] != "http" or not scope["path"].startswith(_PREFIX):
            await self._application(scope, receive, send)
            return
        try:
            response = await self._responded(scope, receive)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    async def _responded(self, scope: Scope, receive: Receive) -> Response:
        headers = Headers(scope=scope)
        host, origin, client = headers.get("host", ""), headers.get("origin"), scope.get("client")
        if client is not None and not is_loopback(client[0]):
            return _refusal(403, "Only programs on this machine may use the routes of the state")
        if not is_own_host(host, frozenset()):
            return _refusal(403, "Invalid Host header")
        if origin is not None and origin != f"http://{host}":
            return _refusal(403, "Invalid Origin header")
        match scope["method"], scope["path"].removeprefix(_PREFIX):
            case "GET" | "HEAD", "state":
                return await self._call(
                    lambda: Response(self._state.content()[1], media_type="application/json")
                )
            case "PUT", "state":
                body = bytearray()
                async for piece in Request(scope, receive).stream():
                    body += piece
                    if len(body) > _LARGEST_BODY:
                        return _refusal(413, f"A state has at most {_LARGEST_BODY:,} bytes")
                return await self._call(lambda: self._replaced(bytes(body)))
            case "POST", "reset":
                return await self._call(self._reset)
            case _, "state":
                return _refusal(405, "This path has GET and PUT", {"Allow": "GET, HEAD, PUT"})
            case _, "reset":
                return _refusal(405, "This path has POST", {"Allow": "POST"})
        return _refusal(404, "The mock has `/_dynacli/state` and `/_dynacli/reset`")

    def _replaced(self, body: bytes) -> Response:
        try:
            left_out = self._state.replace(json.loads(body))
        except (StateError, ValueError, RecursionError) as error:
            reason = str(error) if isinstance(error, StateError) else "The body is not JSON"
            return _refusal(400, reason)
        return Response(json.dumps({"left_out": left_out}) + "\n", media_type="application/json")

    def _reset(self) -> Response:
        self._state.reset()
        return Response(status_code=204)


def _refusal(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    return PlainTextResponse(f"{text}\n", status, headers)
