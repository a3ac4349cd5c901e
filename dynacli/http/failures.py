"""Turns httpx's exceptions into dynacli's errors, without the messages of the libraries and without secrets."""

import os
from collections.abc import Iterator
from urllib.parse import urlsplit

from dynacli.environment import invocation
from dynacli.errors import (
    BrokenResponseError,
    DynacliError,
    NetworkError,
    TimedOutError,
    UnreachableError,
    UsageError,
)
from dynacli.urls import socket_of, split_url, without_query

_PROXY_VARIABLES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
_PROXY_HINT = (
    "It is the proxy that a variable such as `HTTPS_PROXY` names; hosts in `NO_PROXY` are reached without it"
)


def timed_out(url: str, seconds: float) -> TimedOutError:
    """Return the error for an exchange that exceeded its time limit."""
    return TimedOutError(
        f"`{without_query(url)}` did not respond within {seconds:g} s",
        reason="The response was incomplete when the time was over",
        hint="Try again, or give more time with `--timeout`",
    )


def from_httpx(error: Exception, url: str) -> DynacliError:
    """Return the dynacli error for an exception of httpx.

    Args:
        url: URL of the request, shown without its query.
    """
    from dynacli.http.import_httpx import httpx

    shown = without_query(url)
    try:
        host = split_url(url).netloc.rpartition("@")[2]
    except ValueError:  # an unmatched bracket
        host = shown
    match error:
        case httpx.InvalidURL() | httpx.UnsupportedProtocol():
            return NetworkError(
                f"`{shown}` is not a valid URL, or redirects to an invalid one",
                reason="The URL is malformed, or neither `http` nor `https`",
                hint="Check the address",
            )
        case httpx.ConnectTimeout() | httpx.PoolTimeout():
            return TimedOutError(
                f"`{_proxy_of(url) or host}` did not accept the connection in time",
                reason="The server is down or overloaded, or a firewall drops the packets",
                hint=_PROXY_HINT
                if _proxy_of(url)
                else "Check the address and the network, or try again later",
            )
        case httpx.TimeoutException():
            return TimedOutError(
                f"`{shown}` stopped sending",
                reason="The server is connected, but sent nothing for too long",
                hint="Try again, or give more time with `--timeout`",
            )
        case httpx.ProxyError():
            return NetworkError(
                f"The proxy refused to connect to `{host}`",
                reason="A variable of the environment names a proxy, and it refuses or cannot be reached",
                hint="Check `HTTPS_PROXY`, with the user name and password that the proxy may want, and `NO_PROXY`",
            )
        case httpx.ConnectError() if socket_of(url):
            from dynacli.http.sockets import from_socket

            found = next((cause for cause in causes(error) if isinstance(cause, OSError)), OSError())
            return from_socket(found, socket_of(url))
        case httpx.ConnectError() if not _wants_certificate(error):
            return from_connecting(error, host, _proxy_of(url))
        case httpx.ProtocolError() | httpx.DecodingError():
            is_cut = isinstance(error, httpx.RemoteProtocolError)
            return (BrokenResponseError if is_cut else NetworkError)(
                f"The response of `{shown}` broke off",
                reason="The response is not complete HTTP",
                hint="Try again; if it happens again, the server or a proxy on the way is broken",
            )
        case httpx.NetworkError() if _wants_certificate(error):
            return NetworkError(
                f"`{host}` refuses this client",
                reason="It requires a client certificate, and yours is missing or wrong",
                hint=_certificate_hint("NAME"),
                tls="certificate",
            )
        case _:
            is_cut = isinstance(error, httpx.NetworkError)
            return (BrokenResponseError if is_cut else NetworkError)(
                f"The response of `{shown}` broke off", reason="The connection was lost", hint="Try again"
            )


def _wants_certificate(error: Exception) -> bool:
    """Return whether the server closed the connection with an alert about the client's certificate.

    See RFC 8446, section 6.2. Up to TLS 1.2 the alert may arrive while connecting, and later versions after sending.
    """
    import ssl

    alerts = [str(cause.reason or "").lower() for cause in causes(error) if isinstance(cause, ssl.SSLError)]
    return any("alert" in alert and ("certificate" in alert or "unknown_ca" in alert) for alert in alerts)


def _proxy_of(url: str) -> str:
    """Return the host and port of the proxy that the environment names for a URL; empty for none."""
    from dynacli.http.connections import proxy_url_of

    return urlsplit(proxy_url_of(url)).netloc.rpartition("@")[2]


def from_connecting(error: Exception, host: str, proxy: str) -> DynacliError:
    """Return the error for a failed connection.

    Args:
        host: Host of the request.
        proxy: Host and port of the proxy; empty for none.
    """
    import socket
    import ssl

    peer = proxy or host

    for cause in causes(error):
        match cause:
            case ssl.SSLCertVerificationError():
                return NetworkError(
                    f"The certificate of `{host}` is not trusted",
                    reason=cause.verify_message,
                    hint=f"For a private authority: `{invocation('api add')} NAME SOURCE --ca FILE`, or "
                    "for an API that is "
                    f"registered, `{invocation('api set', 'NAME')} ca=FILE`; or name its file in `SSL_CERT_FILE`",
                    tls="authority",
                )
            case ssl.SSLError() if "HANDSHAKE_FAILURE" in str(cause.reason):
                return NetworkError(
                    f"`{host}` refuses the TLS connection",
                    reason="It may want a client certificate, or another version of TLS",
                    hint=_certificate_hint("NAME"),
                    tls="certificate",
                )
            case ssl.SSLError():
                return NetworkError(
                    f"No TLS connection with `{host}`",
                    reason="The server does not speak TLS, or no version that is safe",
                    hint="If it is a plain server, write `http://`",
                )
            case socket.gaierror():
                return (UnreachableError if cause.errno == socket.EAI_AGAIN else NetworkError)(
                    f"There is no host `{peer}`",
                    reason="No name server knows its address",
                    hint=_PROXY_HINT if proxy else "Check the spelling and the network",
                )
            case ConnectionRefusedError():
                return UnreachableError(
                    f"`{peer}` refuses the connection",
                    reason="Nothing listens on that port",
                    hint=_PROXY_HINT if proxy else "Check that the server is running, and the address",
                )
            case OSError() if cause.strerror:
                return UnreachableError(
                    f"Cannot connect to `{peer}`",
                    reason=cause.strerror,
                    hint=_PROXY_HINT if proxy else "Check the address and the network",
                )
    return UnreachableError(
        f"Cannot connect to `{peer}`", hint=_PROXY_HINT if proxy else "Check the address and the network"
    )


def with_api_named(error: DynacliError, name: str, source: str = "") -> DynacliError:
    """Return an error about certificates with a hint that names the API; return other errors unchanged.

    Args:
        name: Name of the API.
        source: Source of its document if the API is not registered yet; else empty.
    """
    match error.details.get("tls"):
        case "authority" if source:
            error.hint = (
                f"For a private authority: `{invocation('api add')} {name} {without_query(source)} --ca FILE`"
            )
        case "authority":
            error.hint = f"For a private authority: `{invocation('api set', name)} ca=FILE`"
        case "certificate":
            place = f"apis.{name}.source={without_query(source)}" if source else ""
            error.hint = _certificate_hint(name, place)
    return error


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and its causes, because httpx and httpcore wrap the original exception."""
    seen: list[BaseException] = []
    current: BaseException | None = error
    while current and current not in seen:
        seen.append(current)
        yield current
        current = current.__cause__ or current.__context__


def from_client_setup(error: Exception) -> UsageError:
    """Return the error for environment variables that httpx rejects, without their values."""
    from dynacli.http.import_httpx import httpx

    variable = _malformed_proxy_variable()
    if isinstance(error, ImportError) and variable:
        return UsageError(
            f"`{variable}` names a SOCKS proxy, which needs a further package",
            hint=f"`pip install {httpx.__name__}[socks]`, or name an `http://` proxy",
        )
    if variable:
        return UsageError(
            f"`{variable}` is not the URL of a proxy",
            reason="It has no host, or is neither `http` nor `https`",
            hint="A proxy looks like `http://proxy.example.com:8080`",
        )
    if isinstance(error, OSError):
        return UsageError(
            "The certificates named by `SSL_CERT_FILE` or `SSL_CERT_DIR` cannot be read",
            reason=error.strerror or "",
            hint="Set the variable to an existing file, or unset it",
        )
    return UsageError(
        "`NO_PROXY` is malformed",
        reason="One of its hosts cannot be read",
        hint="List host names, separated by commas",
    )


def _malformed_proxy_variable() -> str:
    """Return the name of the first variable whose value is not the URL of an HTTP proxy; empty if there is none."""
    for name in _PROXY_VARIABLES:
        for spelling in (name, name.lower()):
            value = os.environ.get(spelling, "")
            if value and not _is_http_proxy(value):
                return spelling
    return ""


def _is_http_proxy(value: str) -> bool:
    try:
        parts = urlsplit(value if "://" in value else f"http://{value}")
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def _certificate_hint(name: str, place: str = "") -> str:
    set_keys, key = f"{invocation('config set')} {place}".rstrip(), f"apis.{name}.auth.mutual"
    return f"Name one: `{set_keys} {key}.cert=FILE {key}.cert_key=FILE`"
