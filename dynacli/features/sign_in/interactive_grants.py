"""The OAuth grants in which the user signs in with a browser: authorization code, implicit and device code."""

import secrets
import socket
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from socketserver import TCPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from dynacli.auth.oauth_flows import IMPLICIT, OAuthFlow
from dynacli.environment import invocation, program
from dynacli.errors import AuthError, TimedOutError, UsageError
from dynacli.features.sign_in.oauth import (
    OAuthClient,
    SignInContext,
    Token,
    ask_as_client,
    check_endpoint,
    error_code,
    json_object,
    read_token,
    refusal,
    refused_as,
    request_token,
    scope_and_audience,
)
from dynacli.secrets import Masker, Secret
from dynacli.text.terminal import visible
from dynacli.urls import authority, is_loopback, without_query

_Callback = Mapping[str, str]
"""The parameters of a provider's response."""

_PATH = "/callback"
_MAX_BODY = 64 * 1024
_SECONDS = 10.0
"""Seconds that a browser may take to send its request."""

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<style>body{{font:1.2rem system-ui,sans-serif;margin:4rem auto;max-width:32rem}}</style></head>
<body><p id="text">{text}</p>{script}</body></html>"""
# An implicit response is in the fragment of the URL, which browsers never send, so a script posts it.
_SCRIPT = """<script>
const response = location.hash.slice(1);
history.replaceState(null, "", location.pathname);
if (response) fetch("", {method: "POST", body: response}).then(r => r.text()).then(page => {
  document.getElementById("text").textContent =
    new DOMParser().parseFromString(page, "text/html").getElementById("text").textContent;
});
</script>"""
_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_ROLE = "device authorization endpoint"
_LONGEST = 1800.0
"""Maximum number of seconds until the user has entered a code, even if the code is valid for longer."""
_SHORTEST_INTERVAL, _INTERVAL, _LONGEST_INTERVAL = 1.0, 5.0, 60.0
"""Seconds between two requests for the token: minimum, default and maximum."""
_LONGEST_CODE = 100
_CODES: Mapping[str, Callable[[Any], bool]] = {
    "device_code": lambda value: isinstance(value, str) and value.isascii() and bool(value),
    "user_code": lambda value: isinstance(value, str) and 0 < len(value) <= _LONGEST_CODE,
    "verification_uri": lambda value: isinstance(value, str) and bool(value),
}
"""Member of the provider's response → check of its value."""


def _callback_url(host: str, port: int) -> str:
    """Return the redirect URI for a host and a port of this machine.

    Raises:
        UsageError: The host is another machine, or the port is invalid.
    """
    if not is_loopback(host) or not 0 <= port <= 65535:
        raise UsageError(
            f"`{host}:{port}` is not an address of this machine",
            reason="The provider's response would leave it unencrypted",
            hint="Take `127.0.0.1`, `::1` or `localhost`, and a port up to 65535",
        )
    return f"http://{authority('http', host, port)}{_PATH}"


def _parameters_of(text: str) -> _Callback:
    """Return the parameters of a query; empty if a name occurs twice."""
    pairs = parse_qsl(text, keep_blank_values=True)
    found = dict(pairs)
    return found if len(found) == len(pairs) else {}


class CallbackListener(ThreadingHTTPServer):
    """A local server that waits for the provider's response to one sign-in.

    Args:
        host: A loopback host.
        port: The port; 0 for any free port.
        state: The expected `state`. Any page in the browser can send another response, which must not end the wait.

    Raises:
        OSError: The port is in use.
    """

    daemon_threads = True
    """True, because a browser may open connections over which it sends nothing."""
    block_on_close = False

    def __init__(self, host: str, port: int, state: str) -> None:
        if ":" in host:
            self.address_family = socket.AF_INET6
        super().__init__(("127.0.0.1" if host.lower() == "localhost" else host, port), _Handler)
        self.url = _callback_url(host, int(self.server_address[1]))
        self._responses: Queue[_Callback] = Queue()
        self._lock = Lock()
        self._state = state
        self._is_taken = self._had_others = False

    def server_bind(self) -> None:
        """Bind without the library's look-up of the host name, which takes long if the network is broken."""
        TCPServer.server_bind(self)

    def handle_error(self, *_: Any) -> None:
        """Ignore errors of a connection, for example if the browser is closed."""

    def take(self, query: str) -> tuple[int, str]:
        """Accept a response if it belongs to this sign-in; return the status and text of the page for the browser."""
        response = _parameters_of(query)
        with self._lock:
            if self._is_taken:
                return 410, "This sign-in is over."
            if not _has_state(response, self._state):
                self._had_others = True
                return 400, "This response belongs to another sign-in. Yours still waits for you."
            self._is_taken = True
        self._responses.put(response)
        return 200, "You can close this page, and go back to the terminal."

    def wait(self, seconds: float) -> _Callback:
        """Wait for the provider's response, and return it.

        Raises:
            AuthError: No response of this sign-in came in time.
        """
        try:
            return self._responses.get(timeout=seconds)
        except Empty:
            if self._had_others:
                raise _of_another() from None
            raise AuthError(
                f"There was no sign-in within {seconds:g} s",
                reason="The provider did not send the browser back",
                hint="Sign in again; without a browser on this machine, with `--no-browser` or `--device`",
            ) from None


@contextmanager
def listening(host: str, port: int, state: str) -> Iterator[CallbackListener]:
    """Listen for a provider's response during the block; the arguments are as for `CallbackListener`.

    Raises:
        AuthError: The listener cannot use the port.
        UsageError: The host is another machine, or the port is invalid.
    """
    _callback_url(host, port)
    try:
        listener = CallbackListener(host, port, state)
    except OSError as error:
        raise AuthError(
            f"Cannot listen on `{host}:{port}` for the provider's response",
            reason=error.strerror or "",
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
        # Another host name for this machine is a sign of DNS rebinding: a page that tries to read the response.
        if path != _PATH or f"http://{self.headers.get('Host', '')}{_PATH}" != self.server.url:
            self._write(404, "There is nothing here.")
        elif query:
            self._take(query)
        else:
            self._write(200, "Signing in ...", _SCRIPT)

    def do_POST(self) -> None:
        length = self.headers.get("Content-Length", "")
        # Only the page above has this origin; a form of another site has another one.
        is_own = self.path == _PATH and self.headers.get("Origin", "") + _PATH == self.server.url
        if is_own and length.isdecimal() and int(length) <= _MAX_BODY:
            self._take(self.rfile.read(int(length)).decode("latin-1"))
        else:
            self._write(404, "There is nothing here.")

    def _take(self, query: str) -> None:
        self._write(*self.server.take(query))

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
        """Log no requests, because their URLs contain the code."""


def sign_in_by_code(flow: OAuthFlow, client: OAuthClient, context: SignInContext) -> Token:
    """Sign the user in with a browser, and return the token.

    Without a browser here, the user opens the URL elsewhere, and pastes the address of the page after the sign-in.
    The flow `implicit` works in the same way, but the browser gets the token itself (RFC 6749, section 4.2).

    Raises:
        AuthError: The user or the provider refuses, the time is up, or the response has no usable token.
        DynacliError: The provider cannot be reached, or dynacli may not contact it.
    """
    check_endpoint(flow.authorization_url, "authorization endpoint")
    is_implicit = flow.kind == IMPLICIT
    if not is_implicit:
        check_endpoint(flow.token_url, "token endpoint")
    state, verifier = secrets.token_urlsafe(32), Secret(secrets.token_urlsafe(48))
    asked = {
        "response_type": "token" if is_implicit else "code",
        "client_id": client.client_id,
        "state": state,
        **dict(scope_and_audience(client)),
    }
    if "offline_access" in client.scopes:
        asked["prompt"] = "consent"  # OpenID Connect Core 1.0, section 11
    if not is_implicit:
        challenge = urlsafe_b64encode(sha256(verifier.reveal().encode()).digest()).rstrip(b"=").decode()
        asked |= {"code_challenge": challenge, "code_challenge_method": "S256"}
    asked_at = context.clock()
    if context.open_browser is None:
        redirect = _callback_url(context.callback_host, context.callback_port or _any_port())
        response = _pasted(_authorization_url(flow, {**asked, "redirect_uri": redirect}), state, context)
    else:
        with listening(context.callback_host, context.callback_port, state) as listener:
            redirect = listener.url
            url = _authorization_url(flow, {**asked, "redirect_uri": redirect})
            context.announce(f"Sign in in the browser: {url}")
            if not context.open_browser(url):
                context.announce("Could not open a browser. Open that address in one on this machine")
            response = listener.wait(context.seconds)
    _check(response, state, flow)
    if is_implicit:
        return read_token(response, flow.authorization_url, asked_at, client)
    form = [("grant_type", "authorization_code"), ("code", response["code"]), ("redirect_uri", redirect)]
    form.append(("code_verifier", verifier.reveal()))
    return request_token(flow, client, form, context, [verifier, Secret(response["code"])])


def _authorization_url(flow: OAuthFlow, asked: Mapping[str, str]) -> str:
    parts = urlsplit(flow.authorization_url)
    # The URL may have a query, which must be kept (RFC 6749, section 3.1).
    query = "&".join(filter(None, [parts.query, urlencode(asked)]))
    return parts._replace(query=query, fragment="").geturl()


def _any_port() -> int:
    """Return any port for the redirect URI; nothing listens at it, because the user pastes the address."""
    return 49152 + secrets.randbelow(16384)  # RFC 6335, section 6: for temporary use


def _pasted(url: str, state: str, context: SignInContext) -> _Callback:
    """Return the provider's response from the text that the user pastes: the address of the last page, or the code."""
    if context.ask is None:
        raise AuthError(
            "Sign-in needs a browser, or a user who pastes its response",
            reason="Neither is available here",
            hint="Ask the user to run this on a terminal, or give a token: "
            f"`{invocation('auth login', 'API')} --with-token < FILE`",
        )
    context.announce(f"Open this address in a browser, and sign in: {url}")
    context.announce("After that the browser shows no page, but its address is the response")
    started = context.clock()
    text = context.ask("Paste that address, or the code in it").strip()
    if context.clock() - started > context.seconds:
        raise AuthError("The response came too late", hint="Sign in again")
    if "=" not in text:
        return {"code": text, "state": state} if text else {}
    return _parameters_of(text.replace("#", "?").rpartition("?")[2])


def _check(response: _Callback, state: str, flow: OAuthFlow) -> None:
    """Check that a response belongs to this sign-in and allows it.

    Raises:
        AuthError: The response belongs to another sign-in, refuses this one, or is incomplete.
    """
    name = "access_token" if flow.kind == IMPLICIT else "code"
    if not _has_state(response, state):
        raise _of_another()
    # A response of another provider could be part of a mix-up attack (RFC 9207).
    if flow.issuer and response.get("iss", flow.issuer) != flow.issuer:
        raise AuthError(
            "The response from the browser comes from another provider",
            reason=f"It is not of `{visible(flow.issuer, keep='')}`",
            hint="Sign in again; if it happens again, do not trust the page",
        )
    if "error" in response:
        raise refused_as(response["error"], response.get("error_description", ""), flow.authorization_url)
    if not response.get(name):
        raise AuthError(
            f"The response from the browser holds no `{name}`",
            hint="Sign in again, and paste the whole address where you are asked for it",
        )


def _has_state(response: _Callback, state: str) -> bool:
    """Return whether a response has the `state` of this sign-in."""
    return secrets.compare_digest(response.get("state", "").encode(), state.encode())


def _of_another() -> AuthError:
    return AuthError(
        "The response from the browser belongs to another sign-in",
        reason="Its `state` is not the one that was sent",
        hint="Sign in again, and finish in the page that opens",
    )


def sign_in_by_device(flow: OAuthFlow, client: OAuthClient, context: SignInContext) -> Token:
    """Sign the user in on another device, and return the token.

    Raises:
        AuthError: The user or the provider refuses, the code expires, or the response has no usable token.
        DynacliError: The provider cannot be reached, or dynacli may not contact it.
    """
    found = _ask_for_code(flow, client, context)
    secret = Secret(found["device_code"])
    context.announce(f"Open {visible(found['verification_uri'], keep='')} on any device")
    context.announce(f"and enter the code {visible(found['user_code'], keep='')}")
    end = context.clock() + min(_seconds_or_default(found.get("expires_in"), _LONGEST), _LONGEST)
    interval = _seconds_or_default(found.get("interval"), _INTERVAL)
    interval = min(max(interval, _SHORTEST_INTERVAL), _LONGEST_INTERVAL)
    form = [("grant_type", _GRANT), ("device_code", secret.reveal())]
    while context.clock() + interval < end:
        context.wait(interval)
        try:
            return request_token(flow, client, form, context, [secret])
        except TimedOutError:
            interval *= 2  # RFC 8628, section 3.5
        except AuthError as error:
            match error.details.get("oauth_error"):
                case "authorization_pending":
                    pass
                case "slow_down":
                    interval += 5
                case "expired_token":
                    break
                case _:
                    raise
    raise AuthError(
        "The code expired before you signed in",
        reason=f"`{without_query(flow.device_url)}` gave it for a limited time",
        hint="Sign in again, and enter the new code",
    )


def _ask_for_code(flow: OAuthFlow, client: OAuthClient, context: SignInContext) -> dict[str, Any]:
    """Request the codes and the URL with which the user signs in (RFC 8628, section 3.2)."""
    response = ask_as_client(flow, client, flow.device_url, _ROLE, scope_and_audience(client), context)
    masker = Masker([client.client_secret] if client.client_secret else [])
    if error_code(response) or response.status != 200:
        raise refusal(response, flow.device_url, _ROLE, masker)
    found = json_object(response)
    # Google used `verification_url` before the RFC.
    found.setdefault("verification_uri", found.get("verification_url"))
    wrong = [name for name, fits in _CODES.items() if not fits(found.get(name))]
    if wrong:
        raise AuthError(
            f"The response of the {_ROLE} `{without_query(flow.device_url)}` cannot be used",
            reason=f"It holds no `{wrong[0]}` that can be used",
            hint="The provider is broken, or the address in the document leads elsewhere",
        )
    check_endpoint(found["verification_uri"], "page for codes")
    return found


def _seconds_or_default(value: Any, default: float) -> float:
    """Return a number of seconds; the default if the provider's value is missing or implausible."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and 0 < value < _LONGEST * 1000 else default
