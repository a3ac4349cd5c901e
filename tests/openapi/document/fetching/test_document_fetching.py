"""A document is fetched under limits of size, time and trust, and every failure has its exit code."""

import gzip
import io
import os
import socket
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from dynacli.environment import Environment
from dynacli.errors import (
    DocumentError,
    DynacliError,
    NetworkError,
    RefusedError,
    TimedOutError,
    UsageError,
)
from dynacli.files import looks_like_source
from dynacli.openapi.document import download, limits
from dynacli.openapi.document.fetch import fetch
from dynacli.openapi.document.fetched import Fetched
from dynacli.openapi.document.source import Source, parse_source
from tests.harness import REFUSES_NO_PROXY, free_port, serving

DOCUMENT = b'{"openapi": "3.0.3"}'


@dataclass
class Server:
    """A recording server on loopback: what it responds is a table of path to status, headers and body."""

    responses: dict[str, tuple[int, dict[str, str], Any]]
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    origin: str = ""

    def fetch(self, path: str, **options: Any) -> Fetched:
        """Fetch the document at one of the paths."""
        return fetch(parse_source(self.origin + path, Path("/")), Environment(), **options)


@contextmanager
def responding(**responses: tuple[int, dict[str, str], Any]) -> Iterator[Server]:
    """Run a server whose paths are the names given, `/openapi` for `openapi`."""
    server = Server({f"/{name}": response for name, response in responses.items()})

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            server.requests.append((self.path, dict(self.headers)))
            status, headers, body = server.responses[self.path.partition("?")[0]]
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            if callable(body):
                self.send_header("Connection", "close")
                self.end_headers()
                body(self.wfile)
                self.close_connection = True
            else:
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

    with serving(Handler) as server.origin:
        yield server


@pytest.fixture(autouse=True)
def _without_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


# What a source is


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("-", True),
        ("openapi.json", True),
        ("OPENAPI.YAML", True),
        ("a.yml", True),
        ("./pets", True),
        ("specs/pets", True),
        ("https://example.com", True),
        ("github", False),
        ("pets.v2", False),
        ("", False),
        ("--help", False),
    ],
)
def test_a_source_is_told_from_a_name(word: str, expected: bool) -> None:
    """A word with a slash, with an ending of a document, or `-` is a source; other words are names."""
    assert expected is looks_like_source(word)


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("-", Source("stdin", "-", "")),
        ("pets.json", Source("file", "/my specs/pets.json", "file:///my%20specs/pets.json")),
        ("../pets.json", Source("file", "/pets.json", "file:///pets.json")),
        ("/a/./b.yaml", Source("file", "/a/b.yaml", "file:///a/b.yaml")),
        ("file:///a/b%20c.yaml", Source("file", "/a/b c.yaml", "file:///a/b%20c.yaml")),
        ("HTTPS://API.Example.com", Source("url", "https://api.example.com/", "https://api.example.com/")),
        (
            "https://a.example:443/b?c=d#/paths",
            Source("url", "https://a.example/b?c=d", "https://a.example/b?c=d"),
        ),
        ("http://[::1]:8080/a", Source("url", "http://[::1]:8080/a", "http://[::1]:8080/a")),
    ],
)
def test_words_become_sources(word: str, expected: Source) -> None:
    """A path is made absolute, a URL is normalised and loses its fragment."""
    assert expected == parse_source(word, Path("/my specs"))


@pytest.mark.parametrize(
    "word",
    [
        "",
        " ",
        "ftp://example.com/a",
        "python://os/a.yaml",
        "https://",
        "https:///a",
        "https://exa mple.com/",
        "https://[::1/a",
        "https://example.com:99999/a",
        "https://example.com:port/a",
        "https://example.com/\x1b[31m",
        "https://user:hunter2@example.com/a",
        "https://hunter2@example.com/a",
        "file://other.example/a",
        "a\0b.json",
    ],
    ids=repr,
)
def test_words_that_are_no_source_are_refused(word: str) -> None:
    """A malformed URL, an unknown scheme or a secret in the URL is a usage error that repeats no secret."""
    with pytest.raises(UsageError) as caught:
        parse_source(word, Path("/"))
    assert "hunter2" not in repr(caught.value.as_json())


# Files and standard input


def _file(path: Path) -> Source:
    return parse_source(str(path), Path("/"))


def test_a_file_is_read(tmp_path: Path) -> None:
    """A file gives its bytes, and its own address as the base."""
    path = tmp_path / "a.json"
    path.write_bytes(DOCUMENT)
    assert Fetched(DOCUMENT, uri=path.as_uri()) == fetch(_file(path), Environment())


def test_unusable_files_are_named(tmp_path: Path) -> None:
    """A missing file, a directory, a pipe and a device are refused at once, without reading them."""
    os.mkfifo(tmp_path / "pipe.json")
    for path, phrase in (
        (tmp_path / "missing.json", "There is no file"),
        (tmp_path, "is a directory"),
        (tmp_path / "pipe.json", "is not a regular file"),
        (Path("/dev/zero"), "is not a regular file"),
        (tmp_path / "pipe.json" / "a.json", "Cannot read"),
    ):
        with pytest.raises(DocumentError, match=phrase):
            fetch(_file(path), Environment())


def test_a_url_without_scheme_is_recognised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing file that looks like a URL gets a hint that says so."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DocumentError) as caught:
        fetch(parse_source("api.example.com/openapi.json", tmp_path), Environment())
    assert "If it is a URL, write `https://api.example.com/openapi.json`" == caught.value.hint


def test_a_file_over_the_limit_is_refused(tmp_path: Path) -> None:
    """A file of more than 50 MiB is refused."""
    path = tmp_path / "large.json"
    with path.open("wb") as file:
        file.truncate(limits.MAX_BYTES + 1)
    with pytest.raises(DocumentError, match="larger than 50 MiB"):
        fetch(_file(path), Environment())


def test_standard_input_is_read() -> None:
    """`-` reads the bytes of standard input."""
    stdin = io.TextIOWrapper(io.BytesIO(b"\xff\xfe{\0}\0"))
    assert b"\xff\xfe{\0}\0" == fetch(Source("stdin", "-", ""), Environment(stdin=stdin)).content
    assert (
        DOCUMENT == fetch(Source("stdin", "-", ""), Environment(stdin=io.StringIO(DOCUMENT.decode()))).content
    )


def test_a_terminal_is_not_waited_for() -> None:
    """`-` with nothing piped in is a usage error instead of a wait."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    with pytest.raises(UsageError, match="Standard input has no document"):
        fetch(Source("stdin", "-", ""), Environment(stdin=Terminal()))


# Over HTTP


def test_a_document_is_downloaded() -> None:
    """A response gives its bytes, type and validators; the request says who asks and sends no credential."""
    headers = {"Content-Type": "Application/JSON; charset=utf-8", "ETag": '"1"', "Last-Modified": "yesterday"}
    with responding(openapi=(200, headers, DOCUMENT)) as server:
        fetched = server.fetch("/openapi?key=1")
    uri = f"{server.origin}/openapi?key=1"
    assert Fetched(DOCUMENT, "application/json", '"1"', "yesterday", uri=uri) == fetched
    (path, sent), *more = server.requests
    assert ("/openapi?key=1", []) == (path, more)
    assert sent["User-Agent"].startswith("dynacli/")
    assert set() == {"Authorization", "Cookie"} & set(sent)


def test_netrc_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials in `~/.netrc` are not sent to the host of a document."""
    netrc = tmp_path / ".netrc"
    netrc.write_text("machine 127.0.0.1 login me password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(netrc))
    with responding(openapi=(200, {}, DOCUMENT)) as server:
        server.fetch("/openapi")
    assert "Authorization" not in server.requests[0][1]


def test_an_unchanged_document_is_not_sent_again() -> None:
    """With the validators of the revision at hand, a 304 says that it is still the current one."""
    with responding(openapi=(304, {"ETag": '"1"'}, b"")) as server:
        fetched = server.fetch("/openapi", etag='"1"', last_modified="yesterday")
        with pytest.raises(DocumentError, match="304"):
            server.fetch("/openapi")
    assert (True, b"", '"1"') == (fetched.not_modified, fetched.content, fetched.etag)
    sent = server.requests[0][1]
    assert ('"1"', "yesterday") == (sent["If-None-Match"], sent["If-Modified-Since"])


def test_damaged_validators_are_left_out() -> None:
    """A validator from a damaged cache never ends up in a header."""
    with responding(openapi=(200, {}, DOCUMENT)) as server:
        server.fetch("/openapi", etag='"\r\nX: 1"', last_modified="é")
    assert set() == {"If-None-Match", "If-Modified-Since", "X"} & set(server.requests[0][1])


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (401, "requires a credential"),
        (403, "refuses access"),
        (404, "openapi.json"),
        (418, ""),
        (500, "later"),
        (503, "later"),
    ],
)
def test_error_responses_name_the_status(status: int, hint: str) -> None:
    """A response that is not a success is a document error with the status, and shows no query."""
    with responding(openapi=(status, {}, b"secret body")) as server, pytest.raises(DocumentError) as caught:
        server.fetch("/openapi?key=hunter2")
    assert f"`{server.origin}/openapi` responded with {status} instead of a document" == caught.value.message
    assert hint in caught.value.hint
    assert status == caught.value.details["status"]
    assert "hunter2" not in repr(caught.value.as_json())


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("encoding", "encoded"),
    [
        ("gzip", gzip.compress(DOCUMENT)),
        ("X-GZIP", gzip.compress(DOCUMENT)),
        ("gzip", gzip.compress(DOCUMENT[:9]) + gzip.compress(DOCUMENT[9:])),
        ("deflate", zlib.compress(DOCUMENT)),
        ("deflate", zlib.compress(DOCUMENT, wbits=-15)),
        ("identity", DOCUMENT),
        ("identity, gzip", gzip.compress(DOCUMENT)),
        ("", DOCUMENT),
    ],
    ids=["gzip", "x-gzip", "gzip members", "deflate", "raw deflate", "identity", "identity, gzip", "none"],
)
def test_one_content_encoding_is_undone(encoding: str, encoded: bytes) -> None:
    """At most one content encoding is undone."""
    with responding(openapi=(200, {"Content-Encoding": encoding}, encoded)) as server:
        assert DOCUMENT == server.fetch("/openapi").content


@pytest.mark.sampled(0)
@pytest.mark.parametrize(
    ("encoding", "body", "error", "phrase"),
    [
        ("gzip, gzip", gzip.compress(gzip.compress(DOCUMENT)), DocumentError, "2 times over"),
        ("compress", DOCUMENT, DocumentError, "not asked for"),
        ("gzip", DOCUMENT, DocumentError, "is not `gzip`"),
        ("deflate", DOCUMENT, DocumentError, "is not `deflate`"),
        ("gzip", gzip.compress(DOCUMENT)[:-5], NetworkError, "has no end"),
        ("gzip", gzip.compress(bytes(limits.MAX_BYTES + 1)), DocumentError, "larger than 50 MiB"),
        ("identity", lambda out: [out.write(bytes(2**20)) for _ in range(51)], DocumentError, "larger than"),
    ],
    ids=["twice", "unknown", "not gzip", "not deflate", "cut off", "bomb", "endless"],
)
def test_hostile_bodies_are_refused(encoding: str, body: Any, error: type[DynacliError], phrase: str) -> None:
    """Chained or wrong encodings and bodies over the limit are refused while they are read."""
    response = (200, {"Content-Encoding": encoding}, body)
    with responding(openapi=response) as server, pytest.raises(error) as caught:
        server.fetch("/openapi")
    assert phrase in f"{caught.value.message}: {caught.value.reason}"


def test_a_broken_response_is_a_network_error() -> None:
    """A body that is shorter than its announced length is never taken for the document."""
    response = (200, {"Content-Length": "1000"}, lambda out: out.write(DOCUMENT))
    with responding(openapi=response) as server, pytest.raises(NetworkError, match="broke off"):
        server.fetch("/openapi")


def test_redirects_within_the_origin_are_followed() -> None:
    """Redirects within the origin are followed, and the last URL is the base of the document."""
    with responding(
        a=(301, {"Location": "/b"}, b""),
        b=(307, {"Location": "c?v=1#x"}, b""),
        c=(200, {"Set-Cookie": "a=1"}, DOCUMENT),
    ) as server:
        fetched = server.fetch("/a")
    assert (DOCUMENT, f"{server.origin}/c?v=1") == (fetched.content, fetched.uri)
    assert "Cookie" not in server.requests[-1][1]


def test_redirects_are_limited_to_ten() -> None:
    """The eleventh redirect is an error."""
    with (
        responding(a=(302, {"Location": "/a"}, b"")) as server,
        pytest.raises(DocumentError, match="10 times"),
    ):
        server.fetch("/a")
    assert 11 == len(server.requests)


def test_redirects_to_another_origin_are_refused() -> None:
    """A redirect to another origin is refused, and the other origin hears nothing of it."""
    with responding(openapi=(200, {}, DOCUMENT)) as other:
        location = f"{other.origin}/openapi?key=hunter2"
        with (
            responding(a=(302, {"Location": location}, b"")) as server,
            pytest.raises(RefusedError) as caught,
        ):
            server.fetch("/a")
    assert [] == other.requests
    assert f"`{other.origin}/openapi`" in caught.value.hint
    assert "hunter2" not in repr(caught.value.as_json())


def test_a_malformed_url_is_an_error() -> None:
    """What is not an URL ends in one of our errors, which does not repeat it."""
    with pytest.raises(NetworkError) as caught:
        download.Downloads().download("http://[::1/openapi?key=hunter2")
    assert "hunter2" not in repr(caught.value.as_json())


def test_redirects_never_lose_encryption() -> None:
    """A redirect from https to http is refused."""
    with pytest.raises(RefusedError, match="not encrypted"):
        download._redirected("https://api.example.com/a", "http://api.example.com/a")


@pytest.mark.parametrize(
    "location", ["http://[::1/", "mailto:me@example.com", "//", "http://127.0.0.1:99999/"]
)
def test_malformed_redirects_are_errors(location: str) -> None:
    """A redirect to something that is not an URL of this origin ends in one of our errors."""
    with responding(a=(302, {"Location": location}, b"")) as server, pytest.raises(DynacliError) as caught:
        server.fetch("/a")
    assert caught.value.exit_code in (6, 8, 11)


def test_the_whole_time_is_limited() -> None:
    """A server that drips its response, head or body, is left when the whole time is used up."""
    is_over = threading.Event()

    def drip(out: Any) -> None:
        while not is_over.wait(0.05):
            out.write(b" ")
            out.flush()

    with responding(openapi=(200, {}, drip)) as server:
        with pytest.raises(TimedOutError, match="did not respond within"):
            server.fetch("/openapi", timeout=0.3)
        is_over.set()


def test_a_dripping_head_is_limited_too() -> None:
    """A server that never ends the head of its response is left when the whole time is used up."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nX-Drip: ")
                while not done.wait(0.05):
                    connection.sendall(b"x")

        thread = threading.Thread(target=drip)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/openapi.json"
        try:
            with pytest.raises(TimedOutError):
                fetch(parse_source(url, Path("/")), Environment(), timeout=0.3)
        finally:
            done.set()
            thread.join()


def test_a_failed_connection_is_a_network_error() -> None:
    """A refused connection and an unknown host are network errors that name the host."""
    port = free_port()
    with pytest.raises(NetworkError, match=f"`127.0.0.1:{port}` refuses the connection"):
        fetch(parse_source(f"http://127.0.0.1:{port}/a", Path("/")), Environment())


@pytest.mark.parametrize(
    ("variable", "value", "phrase"),
    [
        ("ALL_PROXY", "socks5://", "`ALL_PROXY`"),
        ("HTTPS_PROXY", "socks5://hunter2@127.0.0.1:9", "`HTTPS_PROXY`"),
        ("HTTP_PROXY", "gopher://hunter2", "`HTTP_PROXY`"),
        ("http_proxy", "http://[::1", "`http_proxy`"),
        pytest.param("NO_PROXY", "[::1", "`NO_PROXY`", marks=REFUSES_NO_PROXY),
    ],
)
def test_broken_variables_are_named(
    variable: str, value: str, phrase: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A proxy or certificate variable that cannot be used is a usage error with its name, not its value."""
    monkeypatch.setenv(variable, value)
    with responding(openapi=(200, {}, DOCUMENT)) as server, pytest.raises(UsageError) as caught:
        server.fetch("/openapi")
    assert phrase in caught.value.message
    assert "hunter2" not in repr(caught.value.as_json())


def test_broken_certificates_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of certificates that cannot be read is a usage error before anything is connected to."""
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent/ca.pem")
    with pytest.raises(UsageError, match="`SSL_CERT_FILE`"):
        fetch(parse_source("https://127.0.0.1:9/openapi.json", Path("/")), Environment())
