"""As a program, dynacli imports httpx without the parts it does not use; nothing else about a call changes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.request import getproxies_environment

import pytest

from tests.harness import Answer, Recorder

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
    server.answers["http://pets.invalid/pets"] = Answer(200, b"[]")
    ended = _run(document, "list-pets", **{spelling: server.origin})
    assert (0, "[]") == (ended.returncode, ended.stdout), ended.stderr
    assert ["http://pets.invalid/pets"] == [request.target for request in server.requests]


def test_no_proxy_is_honoured(document: str, server: Recorder, other_server: Recorder) -> None:
    """A host of `NO_PROXY` is asked directly."""
    other_server.answers["/pets"] = Answer(200, b"[]")
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
    """The stand-in for `getproxies` gives what the real one gives."""
    from dynacli.wire.import_httpx import _proxies_of_environment

    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name == "REQUEST_METHOD":
            monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert getproxies_environment() == _proxies_of_environment()


def test_cookies_of_an_answer_are_not_kept(document: str, server: Recorder) -> None:
    """A cookie that a redirect sets does not come along to where it leads."""
    server.answers["/pets"] = Answer(302, b"", {"Location": "/there", "Set-Cookie": "a=b; Path=/"})
    server.answers["/there"] = Answer(200, b"[]")
    ended = _run(document, "list-pets", "--server", server.origin)
    assert (0, "[]") == (ended.returncode, ended.stdout), ended.stderr
    assert [None, None] == [request.headers.get("cookie") for request in server.requests]


def test_the_certificates_are_there_when_they_are_needed(document: str, server: Recorder) -> None:
    """An `https:` server is spoken to with TLS, and its certificate is looked at."""
    ended = _run(document, "list-pets", "--server", server.origin.replace("http:", "https:"))
    assert (6, "") == (ended.returncode, ended.stdout)
    assert "TLS" in ended.stderr


def test_other_code_of_the_process_gets_the_real_modules() -> None:
    """After a call as a program, `urllib.request` and `http.cookiejar` are the standard library's."""
    code = (
        "import dynacli; dynacli.is_own_process = True\n"
        "import dynacli.wire.import_httpx\n"
        "import urllib.request, http.cookiejar, certifi\n"
        "print(urllib.request.urlopen.__module__, http.cookiejar.CookieJar.__module__, certifi.where()[-4:])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert "urllib.request http.cookiejar .pem\n" == ended.stdout, ended.stderr
