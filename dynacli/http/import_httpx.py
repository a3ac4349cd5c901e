"""Imports the HTTP library as `httpx`: httpx, or its successor httpx2, which has the same interface.

Only this module chooses the library, and all other modules import `httpx` from here.
httpx is the default. httpx2 is imported if `DYNACLI_HTTP` names it, or if httpx is not installed.

The library is imported without the modules that dynacli does not need in every call. Placeholders replace these:

- The command line of httpx: if rich and pygments are installed, `import httpx` loads both for it and takes more than
  twice as long. httpx works without its command line, so the placeholder makes that import fail.
- Cookies: `http.cookiejar` imports `urllib.request`, `http.client` and `email`, a quarter of the time of the whole
  import. dynacli lets httpx store no cookies, so the placeholder is an empty jar.
- The asynchronous half of httpcore, with anyio and trio, and encodings, which dynacli decodes itself.
- HTTP/2, TLS with certificates, international host names, digests, media types and charsets: these modules are
  imported on first use. One of them is the codec `idna`, with which `socket` encodes all host names, and which loads
  the whole table of Unicode.
- `inspect`, because httpcore uses only one function.
- Logging, which has no effect until other code imports `logging`.
- The methods of h11's dataclasses, which take longer to make than to use.

Other code in the same process could need these modules. So they are left out only if dynacli is the program, and only
on platforms that do not need more. Tests compare proxies, redirects, cookies and TLS with the plain import.
"""

import codecs
import os
import sys
import types
from collections.abc import Callable, Iterator
from functools import cache, partial
from importlib import import_module
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, Any, TypeVar

import dynacli
from dynacli.environment import program, variable
from dynacli.errors import UsageError
from dynacli.lean_imports import DeferredFunctions, DeferredModule, import_lean, is_alone, placed

__all__ = ["decoding_packages", "h11", "httpx"]

_LIBRARIES = {"httpx": "httpcore", "httpx2": "httpcore2"}
"""Library → the package that makes its connections. The first installed library is the default."""

_T = TypeVar("_T")
_ABSENT = ("anyio", "brotli", "brotlicffi", "trio", "zstandard")
_DECODING = (("br", "brotli", [1, 2]), ("br", "brotlicffi", [1, 2]), ("zstd", "zstandard", [0, 22]))
_DEFERRED = ("certifi", "email.message", "idna", "mimetypes")


def _import_library() -> types.ModuleType:
    """Return the library that the environment names, or the first installed one.

    Raises:
        UsageError: `DYNACLI_HTTP` names an unknown library, or the library is not installed.
    """
    named = os.environ.get(variable("HTTP"), "")
    if named and named not in _LIBRARIES:
        raise UsageError(
            f"`{variable('HTTP')}` names no HTTP library that {program().name} knows",
            reason=f"Its value is `{named}`",
            hint="Set it to `httpx` or `httpx2`, or unset it",
        )
    for name in [named] if named else _LIBRARIES:
        try:
            return _import_lean(name)
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
    if named:
        raise UsageError(
            f"`{named}` is not installed",
            reason=f"`{variable('HTTP')}` names it as the HTTP library",
            hint=f"`pip install {named}`, or unset the variable",
        )
    raise UsageError("No HTTP library is installed", hint="`pip install httpx`")


@cache
def decoding_packages() -> dict[str, str]:
    """Return content encoding → the installed package that decodes it, in a version that can limit its output.

    The versions are read from names of folders: importing `importlib.metadata` takes longer than building a call.
    """
    found: dict[str, str] = {}
    for encoding, name, least in _DECODING:
        spec = None if encoding in found else PathFinder.find_spec(name)
        if spec is None or not spec.origin:
            continue
        folder = os.path.dirname(spec.origin)
        for entry in os.listdir(os.path.dirname(folder) if spec.submodule_search_locations else folder):
            if entry.lower().startswith(f"{name}-") and entry.endswith((".dist-info", ".egg-info")):
                numbers = entry[len(name) + 1 :].rpartition(".")[0].partition("-")[0].split(".")
                if list(map(int, filter(str.isdecimal, numbers))) >= least:
                    found[encoding] = name
    return found


def _import_lean(name: str) -> types.ModuleType:
    """Return a library, imported without its unused parts if dynacli is the program."""
    # On other platforms the real `getproxies` reads settings of the system, and the placeholder does not.
    is_environment_all = os.name == "posix" and sys.platform not in {"darwin", "ios"}
    is_lean = dynacli.is_own_process and is_environment_all and "urllib.request" not in sys.modules
    if name in sys.modules or not is_lean:
        return import_module(name)
    core = _LIBRARIES[name]
    stand_ins: dict[str, Any] = dict.fromkeys([*_ABSENT, f"{name}._main"])  # None makes the import fail
    for module in _DEFERRED:
        stand_ins[module] = DeferredModule(module)
    for module in ("hashlib", "pathlib", f"{core}._ssl", f"{core}._async", f"{core}._sync.http2"):
        stand_ins[module] = DeferredFunctions(module)
    stand_ins |= {
        "http.cookiejar": DeferredModule(
            "http.cookiejar",
            CookieJar=_NoCookies,
            Cookie=_Unused,
            CookiePolicy=_Unused,
            DefaultCookiePolicy=_Unused,
        ),
        # httpx2 reads its version for the header `User-Agent`, which dynacli overrides.
        "importlib.metadata": DeferredModule("importlib.metadata", version=lambda _: "0"),
        # httpcore calls it after each event that it reports.
        "inspect": DeferredModule("inspect", iscoroutine=_is_coroutine),
        "logging": DeferredModule("logging", DEBUG=10, getLogger=_Logger),
        "ssl": _DeferredTls("ssl"),
        "urllib.request": DeferredModule(
            "urllib.request",
            getproxies=_proxies_of_environment,
            parse_http_list=DeferredFunctions("urllib.request").parse_http_list,
            Request=_Request,
        ),
    }
    if name == "httpx2":
        # With this module, programs can import httpx2 under the name `httpx`. It needs `importlib.abc`.
        alias = f"{name}._alias"
        function = DeferredFunctions(alias).alias_httpx
        stand_ins[alias] = DeferredModule(alias, __all__=["alias_httpx"], alias_httpx=function)
    if is_alone() and "encodings.idna" not in sys.modules:
        with placed("encodings.idna", _encodings_idna()):
            codecs.lookup("idna")  # Python caches the result
    if "h11" not in sys.modules:
        # h11 defines each `__init__` itself, and its events are never compared or printed.
        without_methods = {"dataclasses": DeferredModule("dataclasses", dataclass=_dataclass)}
        import_lean("h11", stand_ins | without_methods, {"h11"})
    library = import_lean(name, stand_ins, {name, core})
    # Without this line, the first client would import it without the placeholders.
    import_lean(core, stand_ins, {name, core})
    return library


class _DeferredTls(DeferredModule):
    """A placeholder for `ssl` that need not import it for httpcore's check whether a connection is encrypted."""

    def __getattr__(self, name: str) -> Any:
        if name == "SSLSocket" and sys.modules.get("ssl", self) is self:
            return _Unused  # no object can be an `SSLSocket` before `ssl` is imported
        return super().__getattr__(name)


class _Unused:
    """A class without instances."""


class _Logger:
    """A logger that does nothing until other code imports `logging`, and then calls the real logger.

    Args:
        name: Name of the logger.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def __getattr__(self, name: str) -> Any:
        # Another thread may be importing `logging`. The function exists only when loggers can be made.
        make_logger = getattr(sys.modules.get("logging"), "getLogger", None)
        return _ignore if make_logger is None else getattr(make_logger(self.name), name)


def _is_coroutine(value: object) -> bool:
    return isinstance(value, types.CoroutineType)


def _ignore(*_: Any) -> None:
    """Do nothing, and return None, as a logger does whose level is disabled."""


def _dataclass(*, frozen: bool, init: bool = True) -> Callable[[type[_T]], type[_T]]:  # noqa: ARG001
    """Return a class unchanged: h11 defines each `__init__` itself, and its events are never compared or printed."""
    return lambda cls: cls


def _proxies_of_environment() -> dict[str, str]:
    """Return scheme → proxy, as `urllib.request.getproxies_environment` does."""
    proxies: dict[str, str] = {}
    for name, value in os.environ.items():
        if value and name.lower().endswith("_proxy"):
            proxies[name.lower().removesuffix("_proxy")] = value
    # A web server passes the client's header `Proxy` to a CGI program as HTTP_PROXY (httpoxy.org).
    if "REQUEST_METHOD" in os.environ:
        proxies.pop("http", None)
    # The lower-case spelling wins, even if it is empty.
    for name, value in os.environ.items():
        if name.endswith("_proxy"):
            scheme = name.lower().removesuffix("_proxy")
            if value:
                proxies[scheme] = value
            else:
                proxies.pop(scheme, None)
    return proxies


class _Request:
    """The base class of the request that httpx passes to a cookie jar."""

    def __init__(self, *args: Any, **values: Any) -> None:
        """Ignore the arguments."""

    def add_unredirected_header(self, key: str, value: str) -> None:
        """Ignore the header."""


def _encodings_idna() -> types.ModuleType:
    """Return a codec `idna` that handles plain ASCII names itself and imports the real codec for other names."""

    def encode(name: str, errors: str = "strict") -> tuple[bytes, int]:
        labels = name.split(".")
        if name.isascii() and all(labels) and len(max(labels, key=len)) < 64:
            return name.encode("ascii"), len(name)
        from encodings.idna import Codec

        return Codec().encode(name, errors)

    def decode(name: Any, errors: str = "strict") -> tuple[str, int]:
        from encodings.idna import Codec

        return Codec().decode(name, errors)

    module = types.ModuleType("encodings.idna")
    vars(module)["getregentry"] = partial(codecs.CodecInfo, encode, decode, name="idna")
    return module


class _NoCookies:
    """A cookie jar that is always empty."""

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def extract_cookies(self, response: Any, request: Any) -> None:
        """Ignore the cookies."""

    def add_cookie_header(self, request: Any) -> None:
        """Add nothing."""


if TYPE_CHECKING:
    import h11
    import httpx
else:
    httpx = _import_library()
    # The library uses it for HTTP/1.1. It was imported with the placeholders, too.
    h11 = import_module("h11")
