"""Bodies that are sent as they are read: little memory, whole or refused, and once."""

import hashlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from dynacli.environment import StandardInput
from dynacli.errors import FileError
from dynacli.http.payload import CHUNK, FileUpload, StreamUpload, begins_with, open_upload
from tests.documents import get, post, save_api
from tests.dry_runs import request_of
from tests.harness import Recorder, Response, run_cli, serving

BINARY: dict[str, Any] = {"type": "string", "format": "binary"}
MIB = 1024 * 1024
# Runs the program, and then says how much memory it took at most, in KiB.
_MEASURED = """
import resource, sys
sys.argv = ["dynacli", *sys.argv[1:]]
from dynacli.__main__ import run
try:
    run()
finally:
    sys.stderr.write(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))
"""


@pytest.fixture
def api() -> str:
    """A document with a body of each kind."""
    form = {"type": "object", "properties": {"file": BINARY, "text": {"type": "string"}}}
    return save_api(
        post("/raw", body=BINARY, media_type="application/octet-stream"),
        post("/text", body={"type": "string"}, media_type="text/plain"),
        post("/xml", body={"type": "object"}, media_type="application/xml"),
        post("/form", body=form, media_type="multipart/form-data"),
        get("/get", body=BINARY, media_type="application/octet-stream"),
        post("/limited", body={**BINARY, "maxLength": 3}, media_type="image/png"),
    )


@pytest.fixture
def hashing() -> Iterator[str]:
    """A server that responds with the hash of a body, and keeps none of it."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            left, digest = int(self.headers["Content-Length"]), hashlib.sha256()
            while left:
                chunk = self.rfile.read(min(left, MIB))
                digest.update(chunk)
                left -= len(chunk)
            response = digest.hexdigest().encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.send_header("Content-Length", str(len(response)))
            self.end_headers()
            self.wfile.write(response)

    with serving(Handler) as origin:
        yield origin


def _file(name: str, size: int) -> Path:
    path = Path(name)
    with path.open("wb") as file:
        for number in range(0, size, MIB):
            file.write(bytes([number // MIB % 251]) * min(MIB, size - number))
    return path


@pytest.mark.sampled(0)
@pytest.mark.parametrize("mebibytes", [16, pytest.param(64, marks=pytest.mark.exhaustive)])
@pytest.mark.parametrize(
    "words", [("raw", "--body", "@FILE"), ("form", "--file", "@FILE")], ids=["raw", "form"]
)
def test_a_large_file_takes_no_memory(api: str, hashing: str, words: tuple[str, ...], mebibytes: int) -> None:
    """The program needs as much for many MiB as for one byte."""
    peaks, responses = [], []
    for name, size in (("small", 1), ("large", mebibytes * MIB)):
        _file(name, size)
        given = [word.replace("FILE", name) for word in words]
        command = [sys.executable, "-c", _MEASURED, api, *given, "--server", hashing, "-o", "raw"]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert 0 == ended.returncode, ended.stderr
        peaks.append(int(ended.stderr.rpartition("\n")[2]) // 1024)
        responses.append(ended.stdout)
    assert 8 > peaks[1] - peaks[0]
    if words[0] == "raw":
        assert hashlib.sha256(Path("large").read_bytes()).hexdigest() == responses[1]


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_a_file_is_sent_with_its_size(server: Recorder, api: str, size: int) -> None:
    """Not in chunks, which many servers take no upload in; to the last byte."""
    server.responses["/raw"] = Response(200)
    content = _file("x", size).read_bytes()
    result = run_cli(api, "raw", "--body", "@x", "--server", server.origin, "--validate", "off")
    assert (0, content, [str(size)]) == (
        result.exit_code,
        server.last.body,
        server.last.headers["content-length"],
    )


@pytest.mark.parametrize(
    "words",
    [("raw", "--body", "-"), ("raw", "--body", "@-"), ("form", "--file", "@-")],
)
def test_what_is_piped_in_is_sent_in_chunks(server: Recorder, api: str, words: tuple[str, ...]) -> None:
    """Its size is not known before its end, and it is not waited for."""
    server.responses["/" + words[0]] = Response(200)
    content = os.urandom(3 * CHUNK + 5)
    assert 0 == run_cli(api, *words, "--server", server.origin, stdin=content).exit_code
    assert (["chunked"], None) == (
        server.last.headers["transfer-encoding"],
        server.last.headers.get("content-length"),
    )
    assert content in server.last.body
    assert words[0] == "form" or content == server.last.body


def test_a_pipe_is_read_while_it_is_written(server: Recorder, api: str) -> None:
    """A named pipe, as `<(command)` gives one, is a file that is sent as it comes."""
    server.responses["/raw"] = Response(200)
    os.mkfifo("pipe")
    content = os.urandom(5 * CHUNK)
    writer = threading.Thread(target=lambda: Path("pipe").write_bytes(content))
    writer.start()
    assert 0 == run_cli(api, "raw", "--body", "@pipe", "--server", server.origin).exit_code
    writer.join()
    assert content == server.last.body


def test_a_text_is_validated_when_it_is_small(server: Recorder) -> None:
    """A text of up to a megabyte is read for the validator; a larger one goes out not validated."""
    body = {"type": "string", "pattern": "^a"}
    api = save_api(post("/text", body=body, media_type="text/plain"))
    server.responses["/text"] = Response(200)
    Path("small").write_text("b")
    Path("large").write_text("b" * (MIB + 1))
    common = (api, "text", "--server", server.origin, "--body")
    for word, stdin in (("@small", b""), ("-", b"b")):
        refused = run_cli(*common, word, stdin=stdin)
        assert (2, []) == (refused.exit_code, server.requests)
    for word, stdin in (("@large", b""), ("-", b"b" * (MIB + 1))):
        sent = run_cli(*common, word, stdin=stdin)
        assert (0, MIB + 1) == (sent.exit_code, len(server.last.body))


def test_an_empty_text_is_a_body(server: Recorder, api: str) -> None:
    """`--body ''` and an empty file are a body without anything in it."""
    server.responses["/text"] = server.responses["/xml"] = Response(200)
    Path("empty").write_text("")
    for words in (("text", "--body", ""), ("xml", "--body", "@empty")):
        assert 0 == run_cli(api, *words, "--server", server.origin, "--validate", "off").exit_code
        assert b"" == server.last.body


def test_the_number_of_bytes_is_validated(server: Recorder, api: str) -> None:
    """`maxLength` of a body of bytes counts them, and the file is not read for it."""
    Path("fits").write_bytes(b"\xff\xff\xff")
    Path("large").write_bytes(b"\xff\xff\xff\xff")
    server.responses["/limited"] = Response(200)
    common = (api, "limited", "--server", server.origin, "--body")
    assert (2, []) == (run_cli(*common, "@large").exit_code, server.requests)
    assert 0 == run_cli(*common, "@fits").exit_code


def test_a_file_that_changes_is_never_sent_as_a_whole(tmp_path: Path) -> None:
    """Grown, cut, replaced or gone: an error before the last byte, so that no server takes it for complete."""
    path = tmp_path / "x"

    def begun() -> Iterator[bytes]:
        path.write_bytes(b"x" * (3 * CHUNK))
        upload = open_upload(str(path), "x")
        assert isinstance(upload, FileUpload)
        chunks = upload.chunks()
        assert b"x" * CHUNK == next(chunks)
        return chunks

    for change in (
        lambda: path.write_bytes(b"x" * (3 * CHUNK + 1)),
        lambda: os.truncate(path, CHUNK),
        lambda: os.truncate(path, 2 * CHUNK),
        lambda: os.utime(path, ns=(1, 1)),
    ):
        chunks = begun()
        change()
        with pytest.raises(FileError, match="changed while it was sent"):
            assert 2 * CHUNK > sum(map(len, chunks))
    upload = open_upload(str(path), "x")
    path.unlink()
    with pytest.raises(FileError, match="cannot be read"):
        next(upload.chunks())


def test_a_file_that_shrinks_while_it_is_sent_ends_the_call(
    server: Recorder, api: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The code is 12, and the server gets no complete request."""
    server.responses["/raw"] = Response(200)
    _file("x", 3 * CHUNK)
    chunks = FileUpload.chunks

    def shrinking(self: FileUpload) -> Iterator[bytes]:
        for chunk in chunks(self):
            yield chunk
            os.truncate("x", CHUNK)

    monkeypatch.setattr(FileUpload, "chunks", shrinking)
    result = run_cli(api, "raw", "--body", "@x", "--server", server.origin, "--validate", "off")
    assert (12, "") == (result.exit_code, result.stdout)
    assert "`x` was changed while it was sent" in result.stderr
    assert all(len(request.body) < 3 * CHUNK for request in server.requests)


def test_a_stream_is_sent_once(server: Recorder, api: str) -> None:
    """A redirect never sends it again, of a safe method neither: the redirect is the response."""
    server.responses["/get"] = Response(307, b"", {"Location": "/raw"})
    Path("x").write_text("body")
    result = run_cli(api, "get", "--body", "@x", "--server", server.origin)
    assert (3, ["/get"]) == (result.exit_code, [request.target for request in server.requests])


@pytest.mark.parametrize("word", ["@nope", "@."])
@pytest.mark.parametrize("name", ["raw", "text", "xml"])
def test_a_file_that_cannot_be_read_ends_the_call(server: Recorder, api: str, name: str, word: str) -> None:
    """A missing file, a directory: code 12, the name, and nothing is sent."""
    result = run_cli(api, name, "--body", word, "--server", server.origin)
    assert (12, "", []) == (result.exit_code, result.stdout, server.requests)
    assert f"`{word[1:]}`" in result.stderr


def test_a_terminal_is_not_waited_for(api: str) -> None:
    """If nothing is piped in, `-` is refused instead of hanging."""
    for words in (("raw", "--body", "-"), ("form", "--file", "@-")):
        result = run_cli(api, *words, "--dry-run", terminal=("stdin",))
        assert 2 == result.exit_code
        assert "nothing is piped into it" in result.stderr


@pytest.mark.sampled(1)
@pytest.mark.parametrize("words", [("raw", "--body", "-"), ("text", "--body", "-"), ("form", "--file", "@-")])
def test_a_closed_standard_input_is_not_an_empty_one(
    server: Recorder, api: str, words: tuple[str, ...]
) -> None:
    """If the program is started without one, `-` is an error, and no empty body is sent."""
    command = [sys.executable, "-m", "dynacli", api, *words, "--server", server.origin, "--validate", "off"]
    ended = subprocess.run(
        ["sh", "-c", 'exec "$@" <&-', "sh", *command], capture_output=True, text=True, check=False
    )
    assert (12, "") == (ended.returncode, ended.stdout)
    assert "Standard input cannot be read" in ended.stderr
    assert all(not request.body for request in server.requests)


def test_the_beginning_of_a_stream_stays_its_beginning() -> None:
    """The bytes that were looked at are sent with the rest."""

    class Slow:
        def __init__(self) -> None:
            self.pieces = [b"ab", b"cd", b"ef"]

        def read(self, size: int) -> bytes:  # noqa: ARG002  - as much as is there
            return self.pieces.pop(0) if self.pieces else b""

    stream = StandardInput(Slow())
    assert (b"abcd", False) == begins_with(stream, "-", 3)
    assert b"abcdef" == b"".join(StreamUpload(stream, "-").chunks())
    stream = StandardInput(Slow())
    assert (b"abcdef", True) == begins_with(stream, "-", 6)
    assert b"abcdef" == b"".join(StreamUpload(stream, "-").chunks())


def test_a_stream_that_does_not_wait_is_refused() -> None:
    """Standard input that gives nothing yet is not taken for its end."""

    class Impatient:
        def read(self, size: int) -> None:  # noqa: ARG002
            return None

    with pytest.raises(FileError, match="Standard input cannot be read"):
        list(StreamUpload(Impatient(), "-").chunks())


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="there is no /proc")
def test_a_file_that_only_seems_to_be_empty_is_read() -> None:
    """Files of `/proc` have no size and a content."""
    upload = open_upload("/proc/self/status", "status")
    assert upload.size is None
    assert b"Pid:" in b"".join(upload.chunks())


def test_curl_reads_the_file_itself(api: str) -> None:
    """A dry run as curl names the file, whatever its size."""
    Path("it's").write_text("x")
    shown = run_cli(api, "raw", "--body", "@it's", "--dry-run", "curl").stdout
    assert shown.endswith("""--data-binary '@it'"'"'s'\n""")
    assert "x" == request_of("raw", "--body", "@it's")["body"]
