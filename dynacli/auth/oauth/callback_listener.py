"""The address on this machine to which a provider sends the person's browser back (RFC 8252, section 7.3)."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from socketserver import TCPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qsl

from dynacli.environment import program
from dynacli.errors import AuthError, UsageError
from dynacli.urls import authority, is_loopback

__all__ = ["Callback", "CallbackListener", "callback_url", "listening", "parameters_of"]

Callback = Mapping[str, str]
"""The parameters of a provider's answer."""

_PATH = "/callback"
_MAX_BODY = 64 * 1024
_SECONDS = 10.0
"""How long a browser may take to send its request."""

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font:1.2rem system-ui,sans-serif;margin:4rem auto;max-width:32rem}}</style></head>
<body><p id="text">{text}</p>{script}</body></html>"""
# An implicit answer is in the fragment, which browsers send to nobody.
_SCRIPT = """<script>
const answer = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
if (answer) fetch("", {method: "POST", body: answer}).then(r => r.text()).then(page => {
  document.getElementById("text").textContent =
    new DOMParser().parseFromString(page, "text/html").getElementById("text").textContent;
});
</script>"""


def callback_url(host: str, port: int) -> str:
    """Return the redirect URI for a host and a port of this machine.

    Raises:
        UsageError: The host is another machine, or the port none.
    """
    if not is_loopback(host) or not 0 <= port <= 65535:
        raise UsageError(
            f"`{host}:{port}` is no address of this machine",
            why="The provider's answer would leave it unencrypted",
            hint="Take `127.0.0.1`, `::1` or `localhost`, and a port up to 65535",
        )
    return f"http://{authority('http', host, port)}{_PATH}"


def parameters_of(text: str) -> Callback:
    """Return the parameters in a query; none where one of them is there twice."""
    pairs = parse_qsl(text, keep_blank_values=True)
    found = dict(pairs)
    return found if len(found) == len(pairs) else {}


class CallbackListener(ThreadingHTTPServer):
    """Waits for one answer of a provider; what comes after it is told that it is late.

    Args:
        host: A loopback host.
        port: The port; 0 for any that is free.

    Raises:
        OSError: The port is in use.
    """

    daemon_threads = True
    """A browser may open connections over which it sends nothing."""
    block_on_close = False

    def __init__(self, host: str, port: int) -> None:
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__(("127.0.0.1" if host.lower() == "localhost" else host, port), _Handler)
        self.url = callback_url(host, int(self.server_address[1]))
        self._answers: Queue[Callback] = Queue()
        self._lock = Lock()
        self._is_taken = False

    def server_bind(self) -> None:
        """Bind without the look-up of a name that the library makes, which a broken network lets wait."""
        TCPServer.server_bind(self)

    def handle_error(self, *_: Any) -> None:
        """Say nothing of a browser that has gone."""

    def take(self, query: str) -> bool:
        """Take the provider's answer; return False where there was one before."""
        with self._lock:
            if self._is_taken:
                return False
            self._is_taken = True
        self._answers.put(parameters_of(query))
        return True

    def wait(self, seconds: float) -> Callback:
        """Return the provider's answer.

        Raises:
            AuthError: There is none in time.
        """
        try:
            return self._answers.get(timeout=seconds)
        except Empty:
            raise AuthError(
                f"Nobody signed in within {seconds:g} s",
                why="The browser did not come back from the provider",
                hint="Sign in again; without a browser on this machine, with `--no-browser` or `--device`",
            ) from None


@contextmanager
def listening(host: str, port: int) -> Iterator[CallbackListener]:
    """Listen for a provider's answer for as long as the block lasts; the arguments are those of the listener.

    Raises:
        AuthError: The port is in use.
        UsageError: The host is another machine, or the port none.
    """
    callback_url(host, port)
    try:
        listener = CallbackListener(host, port)
    except OSError as error:
        raise AuthError(
            f"Nothing can listen on `{host}:{port}` for the provider's answer",
            why=error.strerror or "",
            hint="Choose another port with `--callback-port`, or leave it out for any that is free",
        ) from error
    thread = Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield listener
    finally:
        listener.shutdown()
        listener.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    timeout = _SECONDS
    server: CallbackListener

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        # Another name for this machine is one of a page that wants to read what is here ("DNS rebinding").
        if path != _PATH or f"http://{self.headers.get('Host', '')}{_PATH}" != self.server.url:
            self._write(404, "There is nothing here.")
        elif query:
            self._take(query)
        else:
            self._write(200, "Signing in ...", _SCRIPT)

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        # The page above sends it, and a form of another site has another origin.
        is_own = self.path == _PATH and self.headers.get("Origin", "") + _PATH == self.server.url
        if is_own and length.isdecimal() and int(length) <= _MAX_BODY:
            self._take(self.rfile.read(int(length)).decode("latin-1"))
        else:
            self._write(404, "There is nothing here.")

    def _take(self, query: str) -> None:
        is_first = self.server.take(query)
        text = (
            "You can close this page, and go back to the terminal." if is_first else "This sign-in is over."
        )
        self._write(200 if is_first else 410, text)

    def _write(self, status: int, text: str, script: str = "") -> None:
        page = _PAGE.format(title=program().name, text=text, script=script).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_: Any) -> None:
        """Write no line of a request, whose URL holds the code."""
