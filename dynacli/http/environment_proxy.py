"""The proxy that the variables of the environment name for a URL."""

import base64
from typing import NamedTuple
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies_environment, proxy_bypass

from dynacli.errors import UsageError

__all__ = ["EnvironmentProxy", "environment_proxy", "proxy_url_of"]


class EnvironmentProxy(NamedTuple):
    """A proxy that requests pass through.

    Args:
        name: Its host and port, for messages.
        authorization: The value of `Proxy-Authorization`; empty for none.
    """

    host: str
    port: int
    name: str
    authorization: bytes


def proxy_url_of(url: str) -> str:
    """Return the URL of the proxy that the environment names for a URL; empty for none."""
    parts = urlsplit(url)
    proxies = getproxies_environment()
    proxy = proxies.get(parts.scheme) or proxies.get("all") or ""
    if not proxy or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def environment_proxy(url: str) -> EnvironmentProxy | None:
    """Return the proxy that the environment names for a URL; None where it names none.

    Raises:
        UsageError: It is none that speaks plain HTTP.
    """
    proxy = proxy_url_of(url)
    if not proxy:
        return None
    try:
        parts = urlsplit(proxy)
        port = parts.port or 80
    except ValueError:
        port = 0
    if not port or parts.scheme != "http" or not parts.hostname:
        raise UsageError(
            "The proxy that the environment names cannot be passed through",
            reason="It is no `http://` URL with a host",
            hint="Name another one in `HTTPS_PROXY` or `HTTP_PROXY`, or the upstream's host in `NO_PROXY`",
        )
    authorization = b""
    if parts.username is not None:
        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        authorization = b"Basic " + base64.b64encode(pair)
    return EnvironmentProxy(parts.hostname, port, parts.netloc.rpartition("@")[2], authorization)
