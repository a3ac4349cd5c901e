"""As a program, dynacli imports httpx without the parts it does not use; nothing else about a call changes."""

import json
import os
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.request import getproxies_environment

import pytest

from dynacli.errors import UsageError
from dynacli.http.import_httpx import httpx
from tests.harness import Recorder, Response

_DOCUMENT = {
    "openapi": "3.0.3",
    "info": {"title": "Pets", "version": "1"},
    "servers": [{"url": "http://pets.invalid"}],
    "paths": {"/pets": {"get": {"operationId": "listPets", "responses": {"200": {"description": "They"}}}}},
}


@pytest.fixture
def document() -> str:
    """A document whose server no name service knows."""
    Path("pets.json").write_text(json.dumps(_DOCUMENT))
    return "./pets.json"


def _run(*words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run dynacli as a program."""
    return subprocess.run(
        [str(Path(sys.executable).with_name("dynacli")), *words],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.sampled(1)
@pytest.mark.parametrize("spelling", ["HTTP_PROXY", "http_proxy", "ALL_PROXY"])
def test_a_proxy_of_the_environment_is_used(document: str, server: Recorder, spelling: str) -> None:
    """The proxy gets the request, in each spelling of the variable."""
    server.responses["http://pets.invalid/pets"] = Response(200, b"[]")
    ended = _run(document, "list-pets", **{spelling: server.origin})
    assert (0, "[]") == (ended.returncode, ended.stdout), ended.stderr
    assert ["http://pets.invalid/pets"] == [request.target for request in server.requests]


@pytest.mark.exhaustive
def test_no_proxy_is_honoured(document: str, server: Recorder, other_server: Recorder) -> None:
    """A host of `NO_PROXY` is asked directly."""
    other_server.responses["/pets"] = Response(200, b"[]")
    ended = _run(
        document, "list-pets", "--server", other_server.origin, HTTP_PROXY=server.origin, NO_PROXY="127.0.0.1"
    )
    assert (0, "[]") == (ended.returncode, ended.stdout), ended.stderr
    assert [] == server.requests


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {"HTTP_PROXY": "http://a:1"},
        {"HTTP_PROXY": "http://a:1", "http_proxy": "http://b:2"},
        {"HTTP_PROXY": "http://a:1", "http_proxy": ""},
        {"HTTP_PROXY": "http://a:1", "REQUEST_METHOD": "GET"},
        {"http_proxy": "http://b:2", "REQUEST_METHOD": "GET"},
        {"All_Proxy": "http://c:3", "no_proxy": "x,y", "NO_PROXY": "z"},
        {"_PROXY": "http://a:1", "FTP_PROXY": "ftp://a:1"},
    ],
    ids=["none", "upper", "both", "switched off", "CGI", "CGI, lower", "mixed", "odd names"],
)
def test_proxies_are_read_as_the_standard_library_reads_them(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The placeholder for `getproxies` gives what the real one gives."""
    from dynacli.http.import_httpx import _proxies_of_environment

    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name == "REQUEST_METHOD":
            monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert getproxies_environment() == _proxies_of_environment()


@pytest.mark.exhaustive
def test_cookies_of_a_response_are_not_kept(document: str, server: Recorder) -> None:
    """A cookie that a redirect sets does not come along to where it leads."""
    server.responses["/pets"] = Response(302, b"", {"Location": "/there", "Set-Cookie": "a=b; Path=/"})
    server.responses["/there"] = Response(200, b"[]")
    ended = _run(document, "list-pets", "--server", server.origin)
    assert (0, "[]") == (ended.returncode, ended.stdout), ended.stderr
    assert [None, None] == [request.headers.get("cookie") for request in server.requests]


@pytest.mark.exhaustive
def test_the_certificates_are_there_when_they_are_needed(document: str, server: Recorder) -> None:
    """An `https:` server is spoken to with TLS, and its certificate is looked at."""
    ended = _run(document, "list-pets", "--server", server.origin.replace("http:", "https:"))
    assert (6, "") == (ended.returncode, ended.stdout)
    assert "TLS" in ended.stderr


# What only some programs need: international hosts, files, charsets, digests, messages, certificates.
_USES = r"""
import sys
import dynacli; dynacli.is_own_process = sys.argv[1] == "lean"
from dynacli.http.import_httpx import httpx

asked = []

def response(request):
    asked.append(request)
    challenge = 'Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256'
    return httpx.Response(200 if len(asked) > 1 else 401, headers={"WWW-Authenticate": challenge})

print(httpx.URL("http://b\u00fccher.example/").raw_host)
with open("page.html", "w+b") as file:
    print(*httpx.Request("POST", "http://a.example", files={"part": file}).read().splitlines()[1:3])
print(httpx.Response(200, headers={"Content-Type": "text/plain; charset=latin-1"}, content=b"\xe9").text)
client = httpx.Client(transport=httpx.MockTransport(response))
print(client.get("http://a.example", auth=httpx.DigestAuth("me", "secret")).status_code)
print(asked[1].headers["Authorization"].partition("nonce=")[0])
import logging
logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(name)s: %(message)s")
client.get("http://a.example")
context = __import__(httpx.__name__.replace("httpx", "httpcore")).default_ssl_context()
import ssl
print(type(context) is ssl.SSLContext, context.verify_mode, ssl.SSLSocket)
"""


def _printed(code: str, *words: str) -> list[str]:
    """Run code, and return the lines that it prints."""
    ended = subprocess.run([sys.executable, "-c", code, *words], capture_output=True, text=True, check=False)
    assert "" == ended.stderr
    return ended.stdout.splitlines()


@pytest.mark.exhaustive
def test_what_was_not_loaded_works_when_it_is_needed() -> None:
    """Each use of the library gives what it gives after the plain import."""
    lean = _printed(_USES, "lean")
    assert _printed(_USES, "plain") == lean
    assert ["b'xn--bcher-kva.example'", "é", "200"] == [lean[0], lean[2], lean[3]]
    assert "page.html" in lean[1]
    assert "text/html" in lean[1]
    assert f"{httpx.__name__}: HTTP Request: GET http://a.example" in lean[5]
    assert f"True {ssl.CERT_REQUIRED:d} <class 'ssl.SSLSocket'>" == lean[6]


# Another version of the library may use more of a module than its placeholder has.
_OTHER_VERSION = """
import sys
import dynacli; dynacli.is_own_process = True
from dynacli import lean_imports

import_lean = lean_imports.import_lean

def import_other(name, stand_ins, packages):
    return import_lean(name, stand_ins | {"logging": None}, packages)

if sys.argv[1] == "other":
    lean_imports.import_lean = import_other
from dynacli.http.import_httpx import httpx
print(httpx._models.CookieJar.__module__, type(httpx._client.logger).__module__)
"""

_HOSTS = """
import sys
import dynacli; dynacli.is_own_process = sys.argv[1] == "lean"
import dynacli.http.import_httpx
print("api.example".encode("idna"), "stringprep" in sys.modules)
for host in ("", "a.", ".", "a..b", ".a", "x" * 63 + ".b", "x" * 64, "b\u00fccher.example", "\u3002"):
    try:
        print(host.encode("idna"))
    except UnicodeError as error:
        print(error)
print(b"xn--bcher-kva.example".decode("idna") == "b\u00fccher.example")
"""


@pytest.mark.exhaustive
def test_names_of_hosts_are_encoded_as_ever() -> None:
    """The table of Unicode is loaded for names alone that are not plain ASCII, and the same ones are refused."""
    lean, plain = _printed(_HOSTS, "lean"), _printed(_HOSTS, "plain")
    assert ("b'api.example' False", "b'api.example' True") == (lean[0], plain[0])
    assert plain[1:] == lean[1:]


@pytest.mark.exhaustive
def test_the_plain_import_is_the_way_back() -> None:
    """If a library needs what a placeholder does not have, it gets all the real modules."""
    assert ["dynacli.http.import_httpx dynacli.http.import_httpx"] == _printed(_OTHER_VERSION, "this")
    assert ["http.cookiejar logging"] == _printed(_OTHER_VERSION, "other")


@pytest.mark.sampled(1)
@pytest.mark.parametrize("level", ["strict", "exact"])
def test_a_dead_host_is_a_failure_of_the_network(document: str, level: str) -> None:
    """If nothing listens while openapi-core is imported, the call ends with 6, as at every level."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        server = f"http://127.0.0.1:{closed.getsockname()[1]}"
    ended = _run(document, "list-pets", "--server", server, "--validate", level, "--retries", "0")
    assert (6, "") == (ended.returncode, ended.stdout), ended.stderr


@pytest.mark.exhaustive
@pytest.mark.parametrize("is_trusted", [True, pytest.param(False, marks=pytest.mark.exhaustive)])
def test_tls_is_spoken_where_it_is_needed(
    tls_origin: tuple[str, list[str]], certificate: Path, document: str, is_trusted: bool
) -> None:
    """A program that loads TLS late trusts the certificates that it should, and no others."""
    variables = {"SSL_CERT_FILE": str(certificate)} if is_trusted else {}
    ended = _run(document, "list-pets", "--server", tls_origin[0], "--validate", "off", **variables)
    assert ((0, "{}") if is_trusted else (6, "")) == (ended.returncode, ended.stdout), ended.stderr
    assert is_trusted == ("is not trusted" not in ended.stderr), ended.stderr
    assert (["/pets"] if is_trusted else []) == tls_origin[1]


def test_other_code_of_the_process_gets_the_real_modules() -> None:
    """After a call as a program, `urllib.request` and `http.cookiejar` are the standard library's."""
    code = (
        "import dynacli; dynacli.is_own_process = True\n"
        "import dynacli.http.import_httpx\n"
        "import urllib.request, http.cookiejar, certifi\n"
        "print(urllib.request.urlopen.__module__, http.cookiejar.CookieJar.__module__, certifi.where()[-4:])"
    )
    assert ["urllib.request http.cookiejar .pem"] == _printed(code)


# Looks at what other threads could get, at each import while a thread imports the HTTP library and openapi-core.
_WITNESS = """
import sys, threading
import dynacli; dynacli.is_own_process = sys.argv[1] == "program"
seen = set()

def witness(event, args):
    if event == "import":
        for name, module in list(sys.modules.items()):
            if module is None or type(module).__module__ == "dynacli.lean_imports" and not hasattr(module, "__file__"):
                seen.add(name)

def work():
    from dynacli.lean_imports import import_jsonschema_rs
    from dynacli.validation.validator import load_engine
    import dynacli.http.import_httpx
    import_jsonschema_rs()
    load_engine()

sys.addaudithook(witness)
thread = threading.Thread(target=work)
thread.start()
thread.join()
print(sorted(seen), "pydantic_settings" in sys.modules, "http.cookiejar" in sys.modules)
import http.cookiejar, logging, openapi_core, requests, ssl, urllib.request, urllib3, werkzeug.test
print(requests.Session().get_adapter("http://a").__class__, ssl.SSLSocket, openapi_core.OpenAPI)
"""


@pytest.mark.sampled(0)
@pytest.mark.parametrize(("process", "is_whole"), [("program", False), ("library", True)])
def test_no_thread_sees_a_stand_in(process: str, is_whole: bool) -> None:
    """While a thread imports libraries, others find real modules alone; a library's user gets them whole."""
    expected = [
        f"[] {is_whole} {is_whole}",
        "<class 'requests.adapters.HTTPAdapter'> <class 'ssl.SSLSocket'> <class 'openapi_core.app.OpenAPI'>",
    ]
    assert expected == _printed(_WITNESS, process)


_LEFT_OUT = ("certifi", "http.cookiejar", "idna", "logging", "mimetypes", "ssl", "urllib.request")
"""Modules that a call over HTTP does not need."""


@pytest.fixture
def import_anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """A function that imports the library as a program does that has loaded none of it, nor what it leaves out."""
    before = dict(sys.modules)
    ours = {"certifi", "h11", "httpcore", "httpcore2", "httpx", "httpx2", "idna"}

    def imported(named: str = "", *missing: str) -> Any:
        for name in before:
            if name.partition(".")[0] in ours or name in {*_LEFT_OUT, "dynacli.http.import_httpx"}:
                monkeypatch.delitem(sys.modules, name)
        for name in missing:
            monkeypatch.setitem(sys.modules, name, None)
        monkeypatch.setenv("DYNACLI_HTTP", named)
        monkeypatch.setattr("dynacli.is_own_process", True)
        return import_module("dynacli.http.import_httpx").httpx

    for name in (*_LEFT_OUT, "dynacli.http.import_httpx"):
        above, _, last = name.rpartition(".")
        if above and name in before:
            monkeypatch.setattr(import_module(above), last, before[name])
    yield imported
    for name in set(sys.modules) - set(before):
        if name.partition(".")[0] in ours:
            del sys.modules[name]


def test_a_call_needs_little_of_the_library(import_anew: Callable[..., Any], server: Recorder) -> None:
    """Without TLS, a proxy and other hosts than plain ones, nothing is loaded that the library left out."""
    import_anew("httpx")
    server.responses["/pets"] = Response(200, b"[]")
    with import_module("httpcore").ConnectionPool() as pool:
        response = pool.request("GET", f"{server.origin}/pets")
    assert (200, b"[]") == (response.status, response.content)
    assert [] == [name for name in (*_LEFT_OUT, "httpx._main", "httpcore._async") if name in sys.modules]


def test_what_the_library_left_out_works_in_this_process(import_anew: Callable[..., Any]) -> None:
    """International hosts, media types of files, charsets, and digests are those of the plain import."""
    lean = import_anew("httpx")
    assert b"xn--bcher-kva.example" == lean.URL("http://b\u00fccher.example/").raw_host
    Path("page.html").write_bytes(b"<p>")
    with open("page.html", "rb") as file:
        assert b"text/html" in lean.Request("POST", "http://a.example", files={"part": file}).read()
    head = {"Content-Type": "text/plain; charset=latin-1"}
    assert "\u00e9" == lean.Response(200, headers=head, content=b"\xe9").text
    heads: list[str] = []

    def response(request: Any) -> Any:
        heads.append(request.headers.get("authorization", ""))
        challenge = 'Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256'
        return lean.Response(200 if heads[-1] else 401, headers={"WWW-Authenticate": challenge})

    client = lean.Client(transport=lean.MockTransport(response))
    assert 200 == client.get("http://a.example", auth=lean.DigestAuth("me", "secret")).status_code
    assert heads[1].startswith('Digest username="me", realm="r"')


def test_a_jar_that_is_always_empty_keeps_no_cookie(import_anew: Callable[..., Any]) -> None:
    """What a response sets is neither in the client nor in its next request."""
    lean = import_anew("httpx")
    cookies: list[str | None] = []

    def response(request: Any) -> Any:
        cookies.append(request.headers.get("cookie"))
        return lean.Response(200, headers={"Set-Cookie": "a=b"})

    client = lean.Client(transport=lean.MockTransport(response))
    assert [] == list(client.get("http://a.example").cookies.jar)
    client.get("http://a.example")
    assert ([None, None], 0) == (cookies, len(client.cookies.jar))


def test_tls_and_its_certificates_come_with_the_first_encrypted_call(
    import_anew: Callable[..., Any], server: Recorder
) -> None:
    """A server that speaks no TLS is refused by the real module."""
    lean = import_anew("httpx")
    with lean.Client() as client, pytest.raises(lean.ConnectError, match="SSL"):
        client.get(server.origin.replace("http:", "https:"))
    assert {"certifi", "ssl"} <= set(sys.modules)


def test_messages_are_logged_from_the_time_on_that_somebody_can_ask_for_them(
    import_anew: Callable[..., Any],
) -> None:
    """Before `logging` is imported there is no one, and then the loggers are the real ones."""
    lean = import_anew("httpx")
    client = lean.Client(transport=lean.MockTransport(lambda _: lean.Response(204)))
    client.get("http://a.example/1")
    logging = import_module("logging")
    handler = import_module("logging.handlers").BufferingHandler(9)
    logging.getLogger("httpx").addHandler(handler)
    logging.getLogger("httpx").setLevel(logging.INFO)
    client.get("http://a.example/2")
    (message,) = [record.getMessage() for record in handler.buffer]
    assert "http://a.example/2" in message


@pytest.mark.parametrize(
    ("named", "missing", "said"),
    [
        ("curl", (), "`DYNACLI_HTTP` names no HTTP library"),
        ("httpx", ("httpx",), "`httpx` is not installed"),
        ("", ("httpx", "httpx2"), "No HTTP library is installed"),
    ],
)
def test_no_library_is_a_mistake_of_the_setup(
    import_anew: Callable[..., Any], named: str, missing: tuple[str, ...], said: str
) -> None:
    """The error says which one was named, and how one is installed."""
    with pytest.raises(UsageError, match=said) as raised:
        import_anew(named, *missing)
    assert "httpx" in raised.value.hint


def test_a_library_that_is_broken_is_not_called_missing(import_anew: Callable[..., Any]) -> None:
    """What httpx itself misses is named, and httpx2 is not tried in its place."""
    with pytest.raises(ModuleNotFoundError) as raised:
        import_anew("", "httpcore")
    assert "httpcore" == raised.value.name
