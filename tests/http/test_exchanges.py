"""One exchange over HTTP: what failures mean, what is decoded, how long it may take, and TLS."""

import gzip
import sys
import time
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import brotli  # type: ignore[import-not-found, import-untyped, unused-ignore]
import pytest
import zstandard

from dynacli.errors import BrokenResponseError, NetworkError, TimedOutError, UnreachableError, UsageError
from dynacli.http.encodings import BadEncodingError, decode_chunks
from dynacli.http.exchange import Connections, headers_of, open_client, run_within
from dynacli.http.failures import from_httpx, timed_out
from dynacli.http.import_httpx import decoding_packages, httpx
from dynacli.urls import without_query
from tests.documents import get, save_api
from tests.harness import REFUSES_NO_PROXY, Recorder, Response, run_cli

DATA = b'{"a": [1, 2, 3]}' * 100


def _zstd(data: bytes, window: int = 20) -> bytes:
    parameters = zstandard.ZstdCompressionParameters(window_log=window)
    compressor = zstandard.ZstdCompressor(compression_params=parameters).compressobj()  # of unknown size
    return bytes(compressor.compress(data) + compressor.flush())


# What failures mean


def _httpx_exceptions() -> list[type[Exception]]:
    """Return every class of httpx's tree of exceptions."""
    found: set[type[Exception]] = set()
    waiting: list[type[Exception]] = [
        httpx.HTTPError,
        httpx.InvalidURL,
        httpx.CookieConflict,
        httpx.StreamError,
    ]
    while waiting:
        kind = waiting.pop()
        found.add(kind)
        waiting.extend(kind.__subclasses__())
    return sorted(found, key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", _httpx_exceptions(), ids=lambda kind: kind.__name__)
def test_every_exception_of_httpx_becomes_an_error_of_dynacli(kind: type[Exception]) -> None:
    """It becomes a network or a time error in three parts, without the text of httpx and without the query."""
    raised = kind.__new__(kind)
    Exception.__init__(raised, "hunter2")
    error = from_httpx(raised, "https://me:hunter2@api.example.com/openapi.json?key=hunter2")
    is_broken_off = issubclass(kind, httpx.NetworkError | httpx.RemoteProtocolError)
    is_late, is_refused = issubclass(kind, httpx.TimeoutException), issubclass(kind, httpx.ConnectError)
    broken_off = BrokenResponseError if is_broken_off else NetworkError
    broken_off = UnreachableError if is_refused else broken_off
    assert (TimedOutError if is_late else broken_off) is type(error)
    assert error.hint
    assert "hunter2" not in repr(error.as_json())


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/b?c=d#e", "https://a.example/b"),
        ("https://me:secret@a.example:8080/b", "https://a.example:8080/b"),
        ("http://[::1]:80/", "http://[::1]:80/"),
        ("http://[::1", "the URL"),
    ],
)
def test_messages_show_urls_without_secrets(url: str, expected: str) -> None:
    """A URL in a message has neither user, password, query nor fragment."""
    assert expected == without_query(url)


def test_a_time_limit_names_the_seconds() -> None:
    """The message of a used up budget has the number as it was given."""
    assert (
        "`https://a.example/b` did not respond within 2.5 s"
        == timed_out("https://a.example/b?c", 2.5).message
    )


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("ALL_PROXY", "socks5://"),
        ("HTTPS_PROXY", "socks5://hunter2@127.0.0.1:9"),
        ("HTTP_PROXY", "gopher://hunter2"),
        ("http_proxy", "http://[::1"),
        pytest.param("NO_PROXY", "[::1", marks=REFUSES_NO_PROXY),
    ],
)
def test_a_malformed_variable_is_named(
    server: Recorder, monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    """A call with a proxy variable that cannot be used is exit 2, names it, and shows no value."""
    monkeypatch.setenv(variable, value)
    api = save_api(get("/a", "get-a"), server=server)
    result = run_cli(api, "get-a", "--error-format", "json")
    assert (2, []) == (result.exit_code, server.requests)
    assert f"`{variable}`" in result.error["message"]
    assert "hunter2" not in result.stderr


def test_a_proxy_is_used(server: Recorder, other_server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """`HTTP_PROXY` is obeyed, and `NO_PROXY` too."""
    api = save_api(get("/a", "get-a"), server="http://api.example.com")
    monkeypatch.setenv("HTTP_PROXY", other_server.origin)
    other_server.responses["http://api.example.com/a"] = Response()
    assert (0, "{}") == ((result := run_cli(api, "get-a")).exit_code, result.stdout)
    assert "http://api.example.com/a" == other_server.last.target
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server.responses["/a"] = Response()
    assert 0 == run_cli(api, "get-a", "--server", server.origin).exit_code
    assert 1 == len(other_server.requests)


# Content encodings


def _decoded(chunks: Iterable[bytes], *encodings: str, limit: int = 10**7) -> bytes:
    def check(size: int) -> None:
        if size > limit:
            raise OverflowError(size)

    return b"".join(decode_chunks(chunks, encodings, check))


@pytest.mark.sampled(3)
@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize(
    ("encoding", "encoded"),
    [
        ("gzip", gzip.compress(DATA)),
        ("X-GZip", gzip.compress(DATA)),
        ("gzip", gzip.compress(DATA[:9]) + gzip.compress(DATA[9:])),
        ("deflate", zlib.compress(DATA)),
        ("deflate", zlib.compress(DATA, wbits=-15)),
        ("identity", DATA),
        ("identity, gzip", gzip.compress(DATA)),
        ("", DATA),
        ("br", brotli.compress(DATA)),
        ("ZSTD", _zstd(DATA)),
        ("zstd", _zstd(DATA[:9]) + _zstd(DATA[9:])),
    ],
    ids=[
        *("gzip", "x-gzip", "gzip members", "deflate", "raw deflate", "identity", "list", "empty"),
        *("brotli", "zstd", "zstd frames"),
    ],
)
def test_an_encoding_is_undone_however_it_arrives(encoding: str, encoded: bytes, size: int) -> None:
    """Each encoding is undone, in chunks of any size."""
    chunks = [encoded[start : start + size] for start in range(0, len(encoded), size)]
    assert DATA == _decoded(chunks, encoding)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd"])
def test_an_empty_body_is_empty_in_every_encoding(encoding: str) -> None:
    """The response to HEAD has a content encoding and no body."""
    assert b"" == _decoded([], encoding)


@pytest.mark.parametrize(
    ("encodings", "encoded", "phrase", "is_cut"),
    [
        (["gzip", "gzip"], gzip.compress(gzip.compress(DATA)), "2 times over", False),
        (["compress"], DATA, "not asked for", False),
        (["br"], DATA, "not `br`", False),
        (["zstd"], DATA, "not `zstd`", False),
        (["br"], brotli.compress(DATA)[:-3], "no end", True),
        (["zstd"], _zstd(DATA)[:-3], "no end", True),
        (["zstd"], _zstd(bytes(2**24), window=24), "not `zstd`", False),
        (["gzip"], DATA, "not `gzip`", False),
        (["deflate"], b"\x78\x9cnot deflate", "not `deflate`", False),
        (["gzip"], gzip.compress(DATA)[:-9], "no end", True),
        (["deflate"], zlib.compress(DATA)[:-9], "no end", True),
    ],
    # Named here, because gzip puts the time into its data, and a test's name must not change.
    ids=[
        *("twice", "not asked for", "not brotli", "not zstd", "cut brotli", "cut zstd", "large zstd window"),
        *("not gzip", "not deflate", "cut gzip", "cut deflate"),
    ],
)
def test_bad_encodings_say_why(encodings: list[str], encoded: bytes, phrase: str, is_cut: bool) -> None:
    """Several encodings, an unknown encoding, and data that is not in its encoding are refused with the reason."""
    with pytest.raises(BadEncodingError, match=phrase) as caught:
        _decoded([encoded], *encodings)
    assert is_cut is caught.value.is_cut


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("encoding", "compress"),
    [("gzip", gzip.compress), ("br", brotli.compress), ("zstd", _zstd)],
)
def test_a_decompression_bomb_is_stopped_while_it_is_decoded(
    encoding: str, compress: Callable[[bytes], bytes]
) -> None:
    """The limit is checked for every piece of a few MiB, not for the whole."""
    steps: list[int] = []

    def check(size: int) -> None:
        steps.append(size)
        if size > 3 * 2**20:
            raise OverflowError

    with pytest.raises(OverflowError):
        b"".join(decode_chunks([compress(bytes(16 * 2**20))], [encoding], check))
    assert steps[-1] <= 8 * 2**20


@pytest.fixture
def _asked_anew() -> Iterator[None]:
    """Look for the packages of encodings again, before and after."""
    decoding_packages.cache_clear()
    yield
    decoding_packages.cache_clear()


@pytest.mark.usefixtures("_asked_anew")
@pytest.mark.parametrize(
    ("installed", "accepted"),
    [
        ({}, "gzip, deflate"),
        ({"brotli": "1.2.0"}, "gzip, deflate, br"),
        ({"brotli": "1.1.0"}, "gzip, deflate"),
        ({"brotli": "1.1.0", "brotlicffi": "1.2.0.0"}, "gzip, deflate, br"),
        ({"zstandard": "0.25.0"}, "gzip, deflate, zstd"),
        ({"zstandard": "0.9"}, "gzip, deflate"),
        ({"brotli": "1.2.1-py3.11.egg-info", "zstandard": "0.23.0"}, "gzip, deflate, br, zstd"),
        ({"brotli": ""}, "gzip, deflate"),
    ],
)
def test_an_encoding_is_asked_for_if_its_package_is_installed(
    installed: dict[str, str], accepted: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a version that limits the size of what it decodes, which is found out without an import."""
    for name, version in installed.items():
        folder = tmp_path / name if name == "zstandard" else tmp_path
        folder.mkdir(exist_ok=True)
        (folder / ("__init__.py" if name == "zstandard" else f"{name}.py")).write_text("raise ImportError\n")
        if version:
            end = version if version.endswith("-info") else f"{version}.dist-info"
            (tmp_path / f"{name.capitalize()}-{end}").mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    with open_client("http", connect=1, read=1) as client:
        assert accepted == client.headers["accept-encoding"]


@pytest.mark.usefixtures("_asked_anew")
def test_an_encoding_whose_package_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that sends it anyway gets an error that says what to install."""
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(
        BadEncodingError, match="`gzip` and `deflate` are understood; `pip install brotli` adds `br`"
    ):
        _decoded([DATA], "br")


# Time


def test_work_in_time_is_returned() -> None:
    """What the work returns or raises comes out."""
    assert 7 == run_within(5, "http://a.example/", lambda: 7, Connections())
    with pytest.raises(KeyError):
        run_within(None, "http://a.example/", lambda: dict[str, int]()["missing"], Connections())


def test_work_that_takes_too_long_is_left() -> None:
    """When the time is up, the wait ends and the connections are cut."""
    connections = Connections()

    def work() -> None:
        while not connections.is_cut:
            time.sleep(0.01)

    with pytest.raises(TimedOutError, match=r"within 0\.1 s"):
        run_within(0.1, "http://a.example/", work, connections)
    assert connections.is_cut


@pytest.mark.exhaustive
def test_a_pause_does_not_count_towards_the_time_limit() -> None:
    """The seconds in which the exchange waits for this program are not the server's."""
    connections = Connections()

    def work() -> str:
        with connections.pause():
            time.sleep(0.6)
        return "done"

    assert "done" == run_within(0.5, "http://a.example/", work, connections)


# The client and TLS


def test_the_client_leaves_a_location_alone(server: Recorder) -> None:
    """The header `Location` is not parsed by httpx, and is there anyway."""
    server.responses["/a"] = Response(302, b"", {"Location": "javascript:alert(1)"})
    with open_client("http", connect=5, read=5) as client:
        response = client.get(f"{server.origin}/a")
    assert ("javascript:alert(1)", 302) == (headers_of(response)["location"], response.status_code)


def test_an_untrusted_certificate_is_a_network_error(tls_origin: tuple[str, list[str]]) -> None:
    """A certificate that no one vouches for is exit 6, and no request went over that connection."""
    origin, paths = tls_origin
    api = save_api(get("/a", "get-a"), server=origin)
    result = run_cli(api, "get-a", "--error-format", "json")
    assert (6, "", []) == (result.exit_code, result.stdout, paths)
    assert f"The certificate of `{origin[8:]}` is not trusted" == result.error["message"]
    assert "`SSL_CERT_FILE`" in result.error["hint"]


def test_a_private_authority_can_be_trusted(
    tls_origin: tuple[str, list[str]], certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The certificates in the file of `SSL_CERT_FILE` are trusted."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    api = save_api(get("/a", "get-a"), server=tls_origin[0])
    assert (0, "{}") == ((result := run_cli(api, "get-a")).exit_code, result.stdout)


def test_a_plain_server_has_no_tls(server: Recorder) -> None:
    """`https` to a server that speaks plain HTTP is exit 6 and says what may be meant."""
    api = save_api(get("/a", "get-a"), server=server.origin.replace("http:", "https:"))
    result = run_cli(api, "get-a", "--error-format", "json")
    assert (6, []) == (result.exit_code, server.requests)
    assert "`http://`" in result.error["hint"]


def test_unreadable_certificates_are_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate file that is not there is named before anything is connected to."""
    monkeypatch.setenv("SSL_CERT_FILE", "/nonexistent/ca.pem")
    with pytest.raises(UsageError, match="`SSL_CERT_FILE`"):
        open_client("https", connect=1, read=1)


def test_a_plain_client_trusts_no_certificate(tls_origin: tuple[str, list[str]]) -> None:
    """The client for `http` URLs has no authorities; asked for TLS anyway, it fails closed."""
    with open_client("http", connect=5, read=5) as client, pytest.raises(httpx.ConnectError):
        client.get(tls_origin[0])
    assert [] == tls_origin[1]
