"""httpx, imported without the parts that dynacli does not use.

- The command line of httpx: where rich and pygments are installed, `import httpx` loads both for it, and takes
  more than twice as long. httpx works without its command line when that cannot be imported,
  so the import of it is made to fail.
- Cookies: httpx imports `http.cookiejar`, and with it `urllib.request`, `http.client` and `email`, a quarter
  of the time of the whole import. dynacli keeps no cookie, so a jar that is always empty stands in.
- The asynchronous half of httpcore, with anyio and trio, and HTTP/2.
- certifi: its certificates are loaded when a client needs them.

Other code that uses httpx in the same process would miss all but the first,
so they are left out only where dynacli is the program, and only on platforms where the stand-ins do all that is needed.
A test compares proxies, redirects and cookies with those of the plain import.
"""

import os
import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dynacli

__all__ = ["httpx"]


@contextmanager
def _without_unused_parts() -> Iterator[None]:
    absent = ["httpx._main"]
    stand_ins: dict[str, Any] = {}
    # On other platforms the real `getproxies` asks the system, which the stand-in cannot.
    is_environment_all = os.name == "posix" and sys.platform not in {"darwin", "ios"}
    if dynacli.is_own_process and is_environment_all and "urllib.request" not in sys.modules:
        absent.extend(name for name in ("anyio", "h2", "trio") if name not in sys.modules)
        stand_ins = {
            "urllib.request": _urllib_request(),
            "http.cookiejar": _http_cookiejar(),
            "httpcore._async": _httpcore_async(),
        }
        # This stand-in stays after the import: httpx calls it whenever a client is made.
        sys.modules.setdefault("certifi", _certifi())
    import urllib

    stand_ins.update(dict.fromkeys(absent))  # None makes the import of a module fail
    sys.modules.update(stand_ins)
    if "urllib.request" in stand_ins:
        urllib.request = stand_ins["urllib.request"]
    try:
        yield
    finally:
        for name in stand_ins:
            del sys.modules[name]
        if "urllib.request" in stand_ins:
            del urllib.request


def _urllib_request() -> types.ModuleType:
    module: Any = types.ModuleType("urllib.request")
    module.getproxies = _proxies_of_environment
    module.parse_http_list = _parse_http_list
    module.Request = _Request
    return module  # type: ignore[no-any-return]


def _proxies_of_environment() -> dict[str, str]:
    """Return scheme → proxy, as `urllib.request.getproxies_environment` does."""
    proxies: dict[str, str] = {}
    for name, value in os.environ.items():
        if value and name.lower().endswith("_proxy"):
            proxies[name.lower().removesuffix("_proxy")] = value
    # A web server hands the client's header `Proxy` to a CGI program as HTTP_PROXY (httpoxy.org).
    if "REQUEST_METHOD" in os.environ:
        proxies.pop("http", None)
    # The lower-case spelling wins, even where it is empty.
    for name, value in os.environ.items():
        if name.endswith("_proxy"):
            scheme = name.lower().removesuffix("_proxy")
            if value:
                proxies[scheme] = value
            else:
                proxies.pop(scheme, None)
    return proxies


def _parse_http_list(text: str) -> list[str]:
    from urllib.request import parse_http_list

    return parse_http_list(text)


def _httpcore_async() -> types.ModuleType:
    module: Any = types.ModuleType("httpcore._async")

    def unused(name: str) -> type:
        if name.startswith("Async"):
            return type(name, (), {})
        raise AttributeError(name)

    module.__getattr__ = unused  # httpcore only exports these names (PEP 562)
    return module  # type: ignore[no-any-return]


def _certifi() -> types.ModuleType:
    module: Any = types.ModuleType("certifi")
    module.where = _where
    return module  # type: ignore[no-any-return]


def _where() -> str:
    del sys.modules["certifi"]
    from certifi import where

    return where()


class _Request:
    """The base class of the request that httpx gives to a cookie jar."""

    def __init__(self, *args: Any, **values: Any) -> None:
        """Keep nothing."""

    def add_unredirected_header(self, key: str, value: str) -> None:
        """Keep nothing."""


def _http_cookiejar() -> types.ModuleType:
    module: Any = types.ModuleType("http.cookiejar")
    module.Cookie = type("Cookie", (), {})
    module.CookieJar = _NoCookies
    return module  # type: ignore[no-any-return]


class _NoCookies:
    """A cookie jar that is always empty."""

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Keep nothing."""

    def add_cookie_header(self, request: Any) -> None:
        """Add nothing."""


def _import_lean() -> None:
    before = set(sys.modules)
    try:
        with _without_unused_parts():
            import httpx  # noqa: F401

            if dynacli.is_own_process:
                # httpx would import it when the first client is made, without the stand-ins.
                import httpcore  # noqa: F401
    except (ImportError, AttributeError, TypeError):
        # Another version of httpx needs more than the stand-ins have: the import below gets the real modules.
        for name in set(sys.modules) - before:
            if name.partition(".")[0] in {"httpx", "httpcore", "certifi"}:
                del sys.modules[name]


if "httpx" not in sys.modules:
    _import_lean()

import httpx  # noqa: E402
