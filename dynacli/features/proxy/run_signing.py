"""One run of `proxy --sign`: listens, tells a program the address and the token, and logs each request."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from dynacli.client.call_settings import CallSettings
from dynacli.client.credentials.chosen_security import schemes_of
from dynacli.commands.exchange_reports import is_for_reader
from dynacli.commands.run import Run
from dynacli.environment import program
from dynacli.errors import FileError, InternalError, UsageError
from dynacli.features.proxy._messages import RequestHead
from dynacli.features.proxy._passing_exchange import Client, RequestGate
from dynacli.features.proxy._signed_exchange import SignedExchange
from dynacli.features.proxy.run_proxy import ClientExchange, Service, serve_clients
from dynacli.features.proxy.session_token import SessionToken, without_credentials
from dynacli.features.proxy.signing import RequestSigner, SignedLine, SigningTerms
from dynacli.http.serving import LOOPBACK, listening_socket, origin_at
from dynacli.output.standard_error import write_stderr
from dynacli.record import record
from dynacli.registry.configuration import Configuration
from dynacli.registry.opened_api import OpenedApi
from dynacli.registry.revisions.revisions import duration_of
from dynacli.request.choose_server import choose_server
from dynacli.text.terminal import visible
from dynacli.urls import bracketed

_ENV = "env:"
_BY_SIGNAL = 128


@record
class SignOptions:
    """The options of `proxy --sign`.

    Args:
        host: The host to listen at.
        port: The port to listen at; 0 for any free port.
        socket_path: The Unix socket to listen at instead; empty for none.
        may_write: Whether operations that may change data are allowed.
        keeps_cookies: Whether cookies pass.
        most_requests: Maximum number of requests; 0 for no limit.
        expires: The time after which the token is not accepted; empty for no limit.
        program: The program to run and its arguments; empty for none.
    """

    host: str
    port: int
    socket_path: str
    may_write: bool
    keeps_cookies: bool
    most_requests: int
    expires: str
    program: tuple[str, ...]


class _NoUpstream:
    """The server of a signing proxy. Its connections are those of the engine, and its name is not accepted."""

    authority = ""

    def is_own(self, peer: object, own: object) -> bool:  # noqa: ARG002
        """Return False: each request needs the token."""
        return False


def run_signed_proxy(run: Run, api: OpenedApi, settings: CallSettings, options: SignOptions) -> int:
    """Serve requests with the token of this run until a signal, or until the program ends.

    Returns:
        The exit code: that of the program, or 0.

    Raises:
        UsageError: An option is invalid, the port is in use, or the program cannot be started.
        FileError: The socket cannot be made.
    """
    if options.host not in LOOPBACK:
        raise UsageError(
            f"`--sign` does not listen at `{options.host}`",
            reason="Other machines could use your credential, and what they send is not encrypted",
            hint="Leave out `--host`, or give `--socket PATH`",
        )
    expires = None if not options.expires else duration_of(options.expires)
    if options.expires and not expires:
        raise UsageError(
            f"`{options.expires}` is not a time",
            reason="Expected a number of seconds, minutes, hours or days",
            hint="For example: `--expires 8h`",
        )
    base = choose_server(api.servers, api.uri, settings.server, settings.server_variables)
    token = SessionToken(list(schemes_of(api).values()), settings.auth_tables)
    end = None if expires is None else time.monotonic() + expires
    is_asked = run.may_ask and not options.program
    terms = SigningTerms(
        options.may_write,
        options.keeps_cookies,
        options.most_requests,
        lambda: end is not None and time.monotonic() >= end,
        _asker(run) if is_asked else None,
    )
    with _listening(options) as (sock, url):
        port = 0 if options.socket_path else sock.getsockname()[1]
        signer = RequestSigner(
            run.env,
            api,
            settings,
            terms,
            base=base,
            token=token,
            gate=RequestGate(frozenset({options.host.lower()}), _NoUpstream(), None),
            own_origins=frozenset(f"http://{bracketed(host)}:{port}" for host in LOOPBACK)
            if port
            else frozenset(),
            log=_log(run, api),
        )
        name = api.name if api.is_registered or api.prefix != program().prefix else ""
        variables = token.variables(name, url)
        return _serve(run, signer, sock, variables, options.program, f"{url} passes on to {base}")


def _asker(run: Run) -> Callable[[str], bool]:
    from dynacli.commands.questions import agrees

    return lambda question: agrees(run.env, question)


@contextmanager
def _listening(options: SignOptions) -> Iterator[tuple[socket.socket, str]]:
    """Yield a listening socket and the URL for clients. A Unix socket is removed at the end."""
    if not options.socket_path:
        with listening_socket(options.host, options.port) as sock:
            yield sock, origin_at(sock, options.host)
        return
    if not hasattr(socket, "AF_UNIX"):
        raise UsageError(
            "`--socket` cannot be used on this system",
            reason="Python offers no Unix sockets here",
            hint="Leave it out: the proxy then listens on a port of this machine alone",
        )
    path = os.path.abspath(os.path.expanduser(options.socket_path))
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    mask = os.umask(0o177)  # 0600 from the beginning
    try:
        sock.bind(path)
        made = os.lstat(path)
        sock.listen()
    except (OSError, ValueError) as error:
        sock.close()
        is_there = os.path.lexists(path)
        raise FileError(
            f"The socket `{visible(path, keep='')}` cannot be made",
            reason="The path exists" if is_there else getattr(error, "strerror", None) or str(error),
            hint="Give another path, or remove the file" if is_there else "Give another path",
        ) from error
    finally:
        os.umask(mask)
    try:
        with sock:
            yield sock, f"unix:{path}"
    finally:
        with suppress(OSError):
            found = os.lstat(path)
            if (found.st_dev, found.st_ino) == (made.st_dev, made.st_ino):
                os.unlink(path)


def _log(run: Run, api: OpenedApi) -> Callable[[SignedLine], None]:
    """Return a function that writes a line for a request to standard error."""
    is_text, lock = is_for_reader(run.data_format), threading.Lock()

    def log(line: SignedLine) -> None:
        text = _text_of(line) if is_text else json.dumps(_row_of(line, api.name), ensure_ascii=False)
        with lock:
            write_stderr(run.env, text)

    return log


def _text_of(line: SignedLine) -> str:
    moment = datetime.fromtimestamp(line.at).astimezone().strftime("%H:%M:%S")
    by, reason = line.decided.by, line.reason
    words = [
        *(moment, line.method, visible(line.path, keep=""), str(line.status or "-")),
        *([line.decided.operation] if line.decided.operation else []),
        f"{line.seconds * 1000:.0f} ms",
        f"refused by {by}: {reason}" if line.decided.refused is not None else f"allowed by {by}",
    ]
    if line.decided.refused is None and reason:
        words.append(reason)
    return "  ".join(words)


def _row_of(line: SignedLine, api: str) -> dict[str, Any]:
    return {
        "at": datetime.fromtimestamp(line.at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "api": api,
        "operation": line.decided.operation or None,
        "method": line.method,
        "path": line.path,
        "status": line.status or None,
        "seconds": round(line.seconds, 6),
        "decided_by": line.decided.by,
        "refused": line.reason if line.decided.refused is not None else None,
        "error": line.reason or None if line.decided.refused is None else None,
    }


def _serve(
    run: Run,
    signer: RequestSigner,
    sock: socket.socket,
    variables: Mapping[str, str],
    words: Sequence[str],
    where: str,
) -> int:
    started: list[subprocess.Popen[bytes]] = []
    failures: list[BaseException] = []

    def begin_exchange(client: Client, head: RequestHead) -> ClientExchange:
        return SignedExchange(signer, client, head)

    def note_defect(error: BaseException) -> None:
        run.warn(f"A connection was closed: {InternalError.caused_by(error).line}")

    def on_signal(number: int) -> bool:
        return not started or _hand_on(started[0], number)

    def on_ready(stop: Callable[[], None]) -> None:
        if not words:
            _tell(run, variables)
            write_stderr(run.env, f"{where}; Ctrl-C ends it")
            return
        try:
            started.append(_started(run, words, variables))
        except BaseException as error:  # noqa: BLE001  - raised again after the server has ended
            failures.append(error)
            stop()
            return
        threading.Thread(target=_wait_for, args=(started[0], stop), daemon=True).start()

    service = Service(begin_exchange, note_defect, lambda: None, on_signal)
    serve_clients(service, sock, on_ready)
    if failures:
        raise failures[0]
    if not started:
        return 0
    code = started[0].wait()
    return code if code >= 0 else _BY_SIGNAL - code


def _tell(run: Run, variables: Mapping[str, str]) -> None:
    """Print the variables, the only time that the token is shown."""
    lines = [f"{name}={value}" for name, value in variables.items()]
    text = "\n".join(lines) if is_for_reader(run.data_format) else json.dumps(dict(variables))
    run.env.stdout.write(f"{text}\n")
    run.env.stdout.flush()


def _started(run: Run, words: Sequence[str], variables: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a program whose environment has the variables, and no credential that dynacli reads from there.

    Raises:
        UsageError: The program cannot be started.
    """
    env = run.env
    referenced = _referenced_variables(Configuration(env).apis())
    inherited = without_credentials(env.variables, ("DYNACLI", program().prefix), referenced)
    try:
        return subprocess.Popen(list(words), env={**inherited, **variables})
    except (OSError, ValueError) as error:
        raise UsageError(
            f"The program `{visible(words[0], keep='')}` cannot be started",
            reason=getattr(error, "strerror", None) or "It is not the name of a program",
            hint="Give the name or the path of a program after `--`",
        ) from None


def _referenced_variables(value: Any) -> Iterator[str]:
    """Yield the names of variables to which the configuration refers with `env:NAME`, wherever it does."""
    if isinstance(value, str) and value.startswith(_ENV):
        yield value.removeprefix(_ENV)
    members = (
        value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    )
    for member in members:
        yield from _referenced_variables(member)


def _hand_on(process: subprocess.Popen[bytes], number: int) -> bool:
    """Hand a signal on to the program; return False, because the proxy ends with the program.

    The terminal sends SIGINT to the program, too.
    """
    import signal

    if number != signal.SIGINT:
        with suppress(OSError):
            process.send_signal(number)
    return False


def _wait_for(process: subprocess.Popen[bytes], stop: Callable[[], None]) -> None:
    process.wait()
    with suppress(RuntimeError):  # the server has ended already
        stop()
