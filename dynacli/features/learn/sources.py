"""The sources of traffic: HAR files, the history, and requests that pass through a proxy.

Traffic is read several times. A source that can be read only once is copied to an unnamed temporary file. No other
process can open it by a name, and it vanishes with dynacli.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any

from dynacli.commands.call.input_files import opened_input
from dynacli.commands.run import Run
from dynacli.environment import invocation, variable
from dynacli.errors import DocumentError, UsageError
from dynacli.record import replace
from dynacli.traffic.read_har import read_har, read_usable_har
from dynacli.traffic.recorded_request import RecordedExchange
from dynacli.urls import is_loopback, origin_of, split_url

if TYPE_CHECKING:
    from dynacli.registry.call_history import HistoryRow

_PIECE = 1 << 20
_SECONDS = 300.0
"""Time limit for the headers of the upstream's response, in seconds."""


class HarFiles:
    """The exchanges of HAR files.

    Args:
        run: The run.
        files: The paths; `-` for standard input.
    """

    def __init__(self, run: Run, files: tuple[str, ...]) -> None:
        self._run, self._files = run, files
        self._piped: IO[bytes] | None = None

    def __call__(self) -> Iterator[RecordedExchange | None]:
        """Yield the exchanges of all files; None for one that cannot be read.

        Raises:
            DocumentError: A file is not a HAR file.
            FileError: A file cannot be read.
        """
        for file in self._files:
            try:
                if file == "-":
                    yield from read_usable_har(self._standard_input())
                else:
                    with opened_input(self._run.env, file, "the recording") as stream:
                        yield from read_usable_har(stream)
            except UsageError as error:
                if file == "-" and self._piped is None:
                    raise
                raise DocumentError(
                    f"`{file}` is not a HAR file", reason=error.reason, hint=error.hint
                ) from error

    def close(self) -> None:
        """Discard what was stored."""
        if self._piped is not None:
            self._piped.close()

    def _standard_input(self) -> IO[bytes]:
        if self._piped is None:
            with opened_input(self._run.env, "-", "the recording") as stream:
                stored = TemporaryFile()  # noqa: SIM115  - it lives as long as the run
                while piece := stream.read(_PIECE):
                    stored.write(piece)
            self._piped = stored
        self._piped.seek(0)
        return self._piped


class HistoryCalls:
    """The calls of the history whose messages are stored.

    Args:
        run: The run.
        wanted: The name of an API, or the beginning of URLs.

    Raises:
        DocumentError: The history has no such call with its messages.
    """

    def __init__(self, run: Run, wanted: str) -> None:
        from dynacli.registry.call_history import read_calls

        self._rows = [
            row
            for row in read_calls(run.env, with_messages=True)
            if row.call.api == wanted or ("://" in wanted and _is_below(row.call.url, wanted))
        ]
        self._stored = [row for row in self._rows if row.call.messages and row.call.status]
        if not self._stored:
            is_empty = not self._rows
            raise DocumentError(
                f"The history has no {'call' if is_empty else 'response'} of `{wanted}`",
                reason="" if is_empty else f"Only method and URL of its {len(self._rows):,} calls are stored",
                hint=f"`{invocation('history')}` lists the calls"
                if is_empty
                else f"Store headers and bodies of further calls with `{variable('HISTORY')}=full`",
            )
        if "://" not in wanted:
            self._stored = _at_one_port(self._stored)

    def close(self) -> None:
        """Do nothing: the calls are in memory."""

    def __call__(self) -> Iterator[RecordedExchange]:
        """Yield the calls."""
        from dynacli.output.har import har_call, har_of

        for row in self._stored:
            yield from read_har(BytesIO(har_of([har_call(row)]).encode("utf-8", "surrogatepass")))


def _at_one_port(rows: list[HistoryRow]) -> list[HistoryRow]:
    """Return calls of one API, those to this machine at the port of the first one.

    The demo API has another port in each run.
    """
    first = ""
    moved = []
    for row in rows:
        call = row.call
        if is_loopback(split_url(call.url).hostname or ""):
            origin = origin_of(call.url)
            first = first or origin
            call = replace(call, url=first + call.url.removeprefix(origin))
        moved.append(row._replace(call=call))
    return moved


def _is_below(url: str, base: str) -> bool:
    return url == base or url.startswith((f"{base.rstrip('/')}/", f"{base.rstrip('/')}?"))


class PassedTraffic:
    """The exchanges that passed through a proxy.

    Attributes:
        count: Number of exchanges.
    """

    def __init__(self) -> None:
        self._file: IO[bytes] = TemporaryFile()  # noqa: SIM115  - it lives as long as the run
        self.count = 0

    def close(self) -> None:
        """Discard the exchanges."""
        self._file.close()

    def add(self, exchange: RecordedExchange) -> None:
        """Store an exchange."""
        self._file.write(b"," if self.count else b'{"log":{"entries":[')
        self._file.write(json.dumps(_entry_of(exchange)).encode())
        self.count += 1

    def __call__(self) -> Iterator[RecordedExchange | None]:
        """Yield the exchanges."""
        self._file.seek(0, os.SEEK_END)
        end = self._file.tell()
        self._file.write(b"]}}")
        self._file.seek(0)
        yield from read_usable_har(self._file)
        self._file.truncate(end)


def _entry_of(exchange: RecordedExchange) -> dict[str, Any]:
    """Return an exchange as an entry of a HAR file."""
    request, response = exchange.request, exchange.response
    sent: dict[str, Any] = {"bodySize": 1} if exchange.content_loss else {}
    if exchange.content:
        sent["postData"] = {"mimeType": request.header("content-type"), **_encoded(exchange.content)}
    got: dict[str, Any] = {"status": 0}
    if response is not None:
        # Without its text and with an unknown size, a body counts as not recorded.
        content = (
            {"size": -1} if response.body is None else {"size": len(response.body), **_encoded(response.body)}
        )
        got = {"status": response.status, "headers": _listed(response.headers), "content": content}
    return {
        "request": {
            "method": request.method,
            "url": request.url,
            "headers": _listed(request.headers),
            **sent,
        },
        "response": got,
    }


def _encoded(body: bytes) -> dict[str, str]:
    return {"encoding": "base64", "text": base64.b64encode(body).decode()}


def _listed(headers: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers]


def passed_traffic(run: Run, base: str, host: str, port: int) -> PassedTraffic:
    """Return the exchanges that pass through a proxy until SIGINT or SIGTERM.

    Args:
        run: The run.
        base: The base URL of the server that gets the requests.
        host: The host to listen at.
        port: The port to listen at.

    Raises:
        UsageError: The server is the proxy itself.
    """
    from dynacli.features.proxy.run_proxy import ProxySettings, forward_requests
    from dynacli.features.proxy.upstream_server import UpstreamServer
    from dynacli.http.connections import environment_proxy
    from dynacli.http.serving import listening_socket, origin_at
    from dynacli.output.standard_error import write_stderr

    traffic = PassedTraffic()
    upstream = UpstreamServer(base, _tls_context(run, base), environment_proxy(base))
    with listening_socket(host, port) as sock:
        lost = forward_requests(
            ProxySettings(host, keeps_host=False, seconds=_SECONDS),
            upstream,
            sock,
            receive=traffic.add,
            warn=run.warn,
            on_ready=lambda: write_stderr(
                run.env,
                f"{origin_at(sock, host)} passes on to {base}; Ctrl-C ends it and writes the document",
            ),
        )
    if lost:
        run.warn(f"{lost:,} exchanges were too fast to be read")
    return traffic


def _tls_context(run: Run, base: str) -> Any:
    if not base.startswith("https:"):
        return None
    from dynacli.auth.tls_login import TlsLogin, TlsSettings

    return TlsLogin(run.env, TlsSettings(), origin_of(base)).context(origin_of(base))
