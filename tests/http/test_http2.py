"""HTTP/2 (RFC 9113): with the package `h2`, over TLS, if it is asked for."""

import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded
from h2.exceptions import ProtocolError

import dynacli
from tests.auth.tls_server import Certificates
from tests.documents import get, post, save_api
from tests.harness import Recorder, Response, assert_ended, run_cli


class _Http2Server:
    """A server that speaks HTTP/2 alone, and says what it got.

    Attributes:
        requests: The method and the path of each request, its headers, and its body.
    """

    def __init__(self, listening: ssl.SSLSocket) -> None:
        self._listening = listening
        self.origin = f"https://127.0.0.1:{listening.getsockname()[1]}"
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        self.connections = 0

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._response, args=(connection,), daemon=True).start()

    def _response(self, connection: socket.socket) -> None:
        protocol = H2Connection(H2Configuration(client_side=False))
        protocol.initiate_connection()
        streams: dict[int, tuple[dict[str, str], bytes]] = {}
        with connection, suppress(OSError, ProtocolError):
            connection.sendall(protocol.data_to_send())
            while data := connection.recv(65536):
                for event in protocol.receive_data(data):
                    if isinstance(event, RequestReceived):
                        streams[event.stream_id] = ({_text(k): _text(v) for k, v in event.headers}, b"")
                    elif isinstance(event, DataReceived):
                        headers, body = streams[event.stream_id]
                        streams[event.stream_id] = headers, body + event.data
                        protocol.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    elif isinstance(event, StreamEnded):
                        self._end(protocol, event.stream_id, *streams.pop(event.stream_id))
                connection.sendall(protocol.data_to_send())

    def _end(self, protocol: H2Connection, stream: int, headers: dict[str, str], body: bytes) -> None:
        self.requests.append((headers[":method"], headers[":path"], headers, body))
        content = b'{"id": 7}'
        sent = [
            (":status", "200"),
            ("content-type", "application/json"),
            ("content-length", str(len(content))),
        ]
        protocol.send_headers(stream, sent)
        protocol.send_data(stream, content, end_stream=True)


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@contextmanager
def _served(certificates: Certificates) -> Iterator[_Http2Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates.sign("server"), certificates.folder / "server.key")
    context.set_alpn_protocols(["h2"])
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = _Http2Server(context.wrap_socket(listening, server_side=True))
        threading.Thread(target=server.serve, daemon=True).start()
        yield server
        server._listening.close()


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[_Http2Server]:
    """A server of HTTP/2, whose authority is trusted."""
    certificates = Certificates(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with _served(certificates) as server:
        yield server


def _api(origin: str) -> str:
    return save_api(get("/pet", "getPet"), post("/pet", "addPet", body={"type": "object"}), server=origin)


def test_a_call_is_made_by_http_2(served: _Http2Server) -> None:
    """The request and the response are as by HTTP/1.1, and `-v` and `-i` say the version."""
    word = _api(served.origin)
    result = run_cli(word, "get-pet", "--http-version", "2", "-v", "-i", "--header", "X-A: b")
    assert (0, True) == (result.exit_code, result.stdout.startswith("HTTP/2 200")), result.stderr
    assert result.stdout.endswith('{"id": 7}')
    assert "< HTTP/2 200" in result.stderr
    (method, path, headers, _) = served.requests[0]
    assert ("GET", "/pet", "b") == (method, path, headers["x-a"])


@pytest.mark.exhaustive
def test_a_process_of_its_own_speaks_it(served: _Http2Server) -> None:
    """The program imports its HTTP library without HTTP/2, which is there when it is needed."""
    words = (_api(served.origin), "get-pet", "--http-version", "2", "-i", "--validate", "off")
    run = subprocess.run(
        [sys.executable, "-m", "dynacli", *words], capture_output=True, check=False, text=True
    )
    assert (0, "HTTP/2 200") == (run.returncode, run.stdout[:10]), run.stderr


def test_a_body_a_time_limit_and_a_batch(served: _Http2Server) -> None:
    """Bodies are sent, limits hold, and the calls of a batch share a connection."""
    word = _api(served.origin)
    words = ("--http-version", "2", "--validate", "off")
    assert 0 == run_cli(word, "add-pet", "--body", '{"a": 1}', "--timeout", "5", *words).exit_code
    assert b'{"a":1}' == served.requests[-1][3].replace(b" ", b"")
    before = served.connections
    Path("rows.ndjson").write_text("{}\n" * 5)
    assert 0 == run_cli("batch", word, "get-pet", "rows.ndjson", *words).exit_code
    assert (6, 1) == (len(served.requests), served.connections - before)


def test_the_configuration_asks_for_it(served: _Http2Server, home: Path) -> None:
    """`http_version` of an API counts for the command line and the library; an option wins."""
    assert 0 == run_cli("api", "add", "shop", _api(served.origin)).exit_code
    assert 0 == run_cli("config", "set", "apis.shop.http_version", "2").exit_code
    assert 0 == run_cli("shop", "get-pet").exit_code
    with dynacli.open_api("shop") as api:
        assert {"id": 7} == api.call("get-pet").data
    assert 2 == len(served.requests)
    assert 6 == run_cli("shop", "get-pet", "--http-version", "1.1", "--retries", "0").exit_code
    config = home / "config" / "config.toml"
    config.write_text(config.read_text().replace('"2"', '"3"'))
    wrong = run_cli("shop", "get-pet")
    assert_ended(wrong, 12, '`http_version` must be `"1.1"` or `"2"`')


def test_http_1_1_is_spoken_without_tls(server: Recorder) -> None:
    """A server that does not speak HTTP/2 gets HTTP/1.1, as one without TLS does."""
    server.responses["/pet"] = Response(body=b"{}")
    result = run_cli(_api(server.origin), "get-pet", "--http-version", "2", "-i", "--validate", "off")
    assert result.stdout.startswith("HTTP/1.1 200"), result.stderr


def test_the_package_that_is_missing_is_named(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent, and the hint says how to install it."""
    word = _api(server.origin)
    monkeypatch.setattr(sys, "path", [])
    result = run_cli("--error-format", "json", word, "get-pet", "--http-version", "2")
    assert (2, []) == (result.exit_code, server.requests)
    assert "pip install '.[http2]'" in result.error["hint"]
    unknown = run_cli(word, "get-pet", "--http-version", "3")
    assert_ended(unknown, 2, "1.1")
