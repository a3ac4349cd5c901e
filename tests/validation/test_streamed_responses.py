"""Responses that stream: written and validated item by item as they come, in constant memory."""

import contextlib
import gzip
import io
import json
import os
import pty
import queue
import re
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from dynacli.__main__ import main
from dynacli.commands.call import _receive_response
from dynacli.http import event_stream, send
from tests.documents import document, save, save_api
from tests.harness import Recorder, Response, run_cli, serving

NDJSON, EVENTS = "application/x-ndjson", "text/event-stream"
ITEM = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
EVENT = {"type": "object", "properties": {"event": {"enum": ["added", "removed"]}}}
PROGRAM = [sys.executable, "-m", "dynacli"]
MIB = 1024 * 1024
CUT = b"CUT"
# Runs the program, and then says how much memory it took at most, in KiB.
_MEASURED = """
import resource, sys
sys.argv = ["dynacli", *sys.argv[1:]]
from dynacli.__main__ import run
try:
    run()
finally:
    sys.stderr.write("\\n" + str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))
"""


@dataclass
class Paced:
    """A server that sends what it is given, when it is given it.

    Attributes:
        is_chunked: Whether the end of the response is told by more than the end of the connection.
        pieces: What is sent next; None ends the response, `CUT` breaks it off.
        is_left: Set when the client has closed the connection.
    """

    origin: str
    content_type: str = NDJSON
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 200
    is_chunked: bool = True
    pieces: "queue.Queue[bytes | None]" = field(default_factory=queue.Queue)
    is_left: threading.Event = field(default_factory=threading.Event)

    def give(self, *pieces: bytes | None) -> None:
        for piece in pieces:
            self.pieces.put(piece)


@pytest.fixture
def paced() -> Iterator[Paced]:
    """A server whose pace the test sets."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(made.status)
            coding = {"Transfer-Encoding": "chunked"} if made.is_chunked else {}
            for name, value in {"Content-Type": made.content_type, **coding, **made.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.close_connection = True
            with contextlib.suppress(ConnectionError):
                while (piece := self.next_piece()) != CUT:
                    self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if made.is_chunked else piece)
                    if not piece:
                        break

        def next_piece(self) -> bytes:
            while True:
                with contextlib.suppress(queue.Empty):
                    return made.pieces.get(timeout=0.02) or b""
                with contextlib.suppress(BlockingIOError):
                    if not self.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT):
                        made.is_left.set()
                        return CUT

    made = Paced("")
    with serving(Handler) as made.origin:
        yield made
        made.give(CUT)


def _api(origin: str, content_type: str, media: dict[str, Any] | None = None, version: str = "3.2.0") -> str:
    name = content_type.partition(";")[0]
    media = {"itemSchema": EVENT if name == EVENTS else ITEM} if media is None else media
    responses = {"200": {"description": "", "content": {name: media}}}
    made = document({"/a": {"get": {"operationId": "a", "responses": responses}}}, [origin], openapi=version)
    return save(made)


@contextlib.contextmanager
def _started(*words: str, **options: Any) -> Iterator["subprocess.Popen[bytes]"]:
    process = subprocess.Popen(
        [*PROGRAM, *words], stderr=subprocess.PIPE, **{"stdout": subprocess.PIPE, **options}
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def _read(descriptor: Any, until: bytes, seconds: float = 30) -> bytes:
    """Return what can be read up to a text, without waiting for an end."""
    end, read = time.monotonic() + seconds, b""
    number = descriptor if isinstance(descriptor, int) else descriptor.fileno()
    while until not in read and time.monotonic() < end:
        if select.select([number], [], [], 0.1)[0]:
            read += os.read(number, 65536)
    assert until in read
    return read


# Output


@pytest.mark.sampled(1)
@pytest.mark.parametrize("level", ["off", "strict"])
@pytest.mark.parametrize(
    ("content_type", "first", "second"),
    [
        (NDJSON, b'{"id":1}\n', b'{"id":2}\n'),
        ("application/jsonl", b'{"id":1}\n', b'{"id":2}\n'),
        ("application/json-seq", b'\x1e{"id":1}\n', b'\x1e{"id":2}\n'),
        ("application/stream+json", b'{"id":1}\n', b'{"id":2}\n'),
        (f"{EVENTS}; charset=utf-8", b"event: added\ndata: 1\n\n", b": hi\n\ndata: 2\n\n"),
    ],
    ids=["ndjson", "jsonl", "json-seq", "stream+json", "events"],
)
def test_an_item_is_seen_before_the_next_is_sent(
    paced: Paced, content_type: str, first: bytes, second: bytes, level: str
) -> None:
    """A pipe has the first item, byte by byte, while the server has not sent the second."""
    paced.content_type = content_type
    with _started(_api(paced.origin, content_type), "a", "--validate", level) as process:
        paced.give(first)
        assert first == _read(process.stdout, first)
        paced.give(second, None)
        output, errors = process.communicate(timeout=30)
    assert (0, second, b"") == (process.returncode, output, errors)


@pytest.mark.exhaustive
@pytest.mark.parametrize("level", ["off", "strict"])
def test_a_stream_called_json_is_seen_as_it_comes(paced: Paced, level: str) -> None:
    """The first object is printed when the second one begins, and each further one when it ends."""
    paced.content_type = "application/json"
    api = _api(paced.origin, "application/json", {"schema": ITEM})
    with _started(api, "a", "--validate", level) as process:
        paced.give(b'{"id":1}', b"\n", b"\n", b"{")
        _read(process.stdout, b'{"id":1}\n')
        paced.give(b'"id":2}')
        _read(process.stdout, b'"id":2}\n')
        paced.give(b'{"id":3}\n', CUT)
        output, errors = process.communicate(timeout=30)
    assert (6, b'{"id":3}\n') == (process.returncode, output)
    assert b"Traceback" not in errors


@pytest.mark.parametrize("words", [(), ("-i",), ("-o", "json")])
def test_json_that_breaks_off_is_an_error_as_before(paced: Paced, words: tuple[str, ...]) -> None:
    """A body without a length that ends too early is looked at ahead, and its error is that of any other body."""
    paced.content_type = "application/json"
    paced.give(b'{"id":1,', CUT)
    result = run_cli(_api(paced.origin, "application/json", {"schema": ITEM}), "a", *words)
    assert 6 == result.exit_code
    assert "/a` broke off" in result.stderr


@pytest.mark.exhaustive
def test_a_line_is_seen_before_it_is_whole(paced: Paced) -> None:
    """Bytes are passed on as they come, whether an item ends with them or not."""
    with _started(_api(paced.origin, NDJSON), "a") as process:
        paced.give(b'{"id"')
        _read(process.stdout, b'{"id"')
        paced.give(b":1}\n", None)
        assert (b":1}\n", b"") == process.communicate(timeout=30)


@pytest.mark.exhaustive
def test_a_compressed_stream_is_seen_as_it_comes(paced: Paced) -> None:
    """Compressed bytes are decompressed and shown as soon as the server flushes them."""
    import zlib

    packer = zlib.compressobj(wbits=31)
    paced.headers["Content-Encoding"] = "gzip"
    with _started(_api(paced.origin, NDJSON), "a") as process:
        paced.give(packer.compress(b'{"id":1}\n') + packer.flush(zlib.Z_SYNC_FLUSH))
        _read(process.stdout, b'{"id":1}\n')
        paced.give(packer.compress(b'{"id":2}\n') + packer.flush(), None)
        assert (b'{"id":2}\n', b"") == process.communicate(timeout=30)


@pytest.mark.exhaustive
def test_a_terminal_sees_events_as_they_come(paced: Paced) -> None:
    """Line by line, and nothing in them can drive it."""
    paced.content_type = EVENTS
    terminal, other = pty.openpty()
    try:
        with _started(_api(paced.origin, EVENTS), "a", stdout=other) as process:
            paced.give(b"data: a\x1b]0;owned\x07\n\n")
            read = _read(terminal, b"owned\\x07\r\n")
            assert b"data: a\\x1b]0;owned\\x07" in read
            paced.give(b"data: \xc3", b"\xbc\r", b"\ndata: b", None)
            assert "data: ü\r\ndata: b\r\n".encode() in _read(terminal, b"data: b\r\n")
            assert 0 == process.wait(timeout=30)
    finally:
        os.close(terminal)
        os.close(other)


@pytest.mark.parametrize(
    ("words", "body", "expected"),
    [
        (["-o", "text"], b"\xef\xbb\xbf" + b'{"id":1}\r\n{"id":2}', b'{"id":1}\r\n{"id":2}\n'),
        (["-o", "raw"], b'\xef\xbb\xbf{"id":1}\r\n{"id":2}', b'\xef\xbb\xbf{"id":1}\r\n{"id":2}'),
        ([], b"", b""),
    ],
    ids=["text", "raw", "nothing"],
)
def test_a_format_has_its_form(server: Recorder, words: list[str], body: bytes, expected: bytes) -> None:
    """`raw` and a pipe have the bytes as they are, `text` is UTF-8 whose last line ends."""
    server.responses["/a"] = Response(200, body, {"Content-Type": NDJSON})
    result = run_cli(_api(server.origin, NDJSON), "a", *words)
    assert (0, expected) == (result.exit_code, result.stdout_bytes)


def test_a_stream_of_text_gets_whole_characters(paced: Paced, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a caller has put a `StringIO` instead of standard output, no character is cut in two."""
    paced.give('{"id":"ü'.encode()[:-1], 'ü"}'.encode()[1:], None)
    stdout = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stdout)
    assert 0 == main([_api(paced.origin, NDJSON), "a", "--validate", "off"])
    assert '{"id":"ü"}' == stdout.getvalue()


@pytest.mark.parametrize("output_format", ["json", "yaml"])
def test_a_conversion_is_validated(server: Recorder, output_format: str) -> None:
    """A stream that is converted item by item is validated anyway."""
    server.responses["/a"] = Response(200, b'{"id":"x"}\n', {"Content-Type": NDJSON})
    result = run_cli(_api(server.origin, NDJSON), "a", "-o", output_format, "--validate", "strict")
    assert 9 == result.exit_code
    assert "id" in result.stdout


def test_a_file_is_complete_at_the_end(paced: Paced, tmp_path: Path) -> None:
    """A stream into a file takes its place at the end, and nothing is left beside it."""
    api, target = _api(paced.origin, NDJSON), tmp_path / "out" / "items"
    target.parent.mkdir()
    target.write_bytes(b"old")
    paced.give(b'{"id":1}\n', b'{"id":2}\n', None)
    assert 0 == run_cli(api, "a", "-o", f"@{target}").exit_code
    assert (b'{"id":1}\n{"id":2}\n', [target]) == (target.read_bytes(), list(target.parent.iterdir()))


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("content_type", "sent", "count", "expected", "words"),
    [
        (NDJSON, b'{"id":1}\n\n{"id":2}\n{"id":', 2, b'{"id":1}\n\n{"id":2}\n', ()),
        (NDJSON, b'{"id":1}\n{"id":2}', 2, b'{"id":1}\n{"id":2}', ()),
        (NDJSON, b'{"id":1}\n12', 1, b'{"id":1}\n', ()),
        (NDJSON, b'{"id":1}\n{"id":2}\n3', 2, b"id\r\n1\r\n2\r\n", ("-o", "csv")),
        (NDJSON, b'{"id":1}\n{"id":2}\n3', 2, b"id\n1\n2\n", ("-o", "tsv")),
        (NDJSON, b'{"id":1}\n{"id":2}\n3', 2, b'[\n{"id":1},\n{"id":2}\n]\n', ("-o", "json")),
        (NDJSON, b'{"id":1}\n{"id":2}\n3', 2, b"1\n2\n", ("-f", "id", "-o", "lines")),
        ("application/json", b'{"id":1}{"id":2}{"id"', 2, b'{"id":1}\n{"id":2}\n', ()),
        (
            "application/json-seq",
            b'\x1e{"id":1}\n\x1e{"id":2}\n\x1e{"',
            2,
            b'\x1e{"id":1}\n\x1e{"id":2}\n',
            (),
        ),
        ("application/json-seq", b'\x1e{"id":1}\n\x1e2\n', 2, b'\x1e{"id":1}\n\x1e2\n', ()),
        ("application/json-seq", b'\x1e{"id":1}\n\x1e2', 1, b'\x1e{"id":1}\n', ()),
        (EVENTS, b": hi\n\ndata: 1\n\ndata: 2\n", 1, b": hi\n\ndata: 1\n\n", ()),
        (EVENTS, b"data: 1\n\ndata: 2\n", 1, b'{"data":1}\n', ("-o", "ndjson")),
    ],
)
@pytest.mark.parametrize("level", ["off", "warn"])
def test_a_file_has_the_items_that_came(
    paced: Paced,
    tmp_path: Path,
    content_type: str,
    sent: bytes,
    count: int,
    expected: bytes,
    words: tuple[str, ...],
    level: str,
) -> None:
    """A stream into a file that breaks off leaves its whole items there, and no half one; the exit code is 6."""
    paced.content_type = content_type
    api, target = _api(paced.origin, content_type), tmp_path / "items"
    target.write_bytes(b"old")
    options = (*words, "-o", f"@{target}", "--validate", level)
    for cut in (len(sent), len(sent) // 2):
        paced.give(sent[:cut], sent[cut:], CUT) if cut < len(sent) else paced.give(sent, CUT)
        result = run_cli(api, "a", *options)
        assert (6, expected) == (result.exit_code, target.read_bytes())
        filtered = "what the filter gives of " if "-f" in words else ""
        assert f"`{target}` has {filtered}the {count} item{'s' * (count > 1)} that came\n" in result.stderr
        assert [target] == list(tmp_path.iterdir())


@pytest.mark.parametrize("sent", [b"", b"\n\n", b'{"id"', b"12"])
def test_a_file_stays_if_no_item_came(paced: Paced, tmp_path: Path, sent: bytes) -> None:
    """A stream that breaks off before its first item ends leaves the file as it was."""
    target = tmp_path / "items"
    target.write_bytes(b"old")
    for words in ((), ("-o", "csv")):
        paced.give(*filter(None, [sent]), CUT)
        result = run_cli(_api(paced.origin, NDJSON), "a", *words, "-o", f"@{target}")
        assert (6, b"old") == (result.exit_code, target.read_bytes())
        assert "that came" not in result.stderr
        assert [target] == list(tmp_path.iterdir())


def test_an_item_that_is_too_long_to_be_held_back(
    paced: Paced, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If a long item breaks off that was begun to be written, the file stays as it was."""
    monkeypatch.setattr(event_stream, "MAX_EVENT", 20)
    target = tmp_path / "items"
    for end, expected in ((b'"}\n{', b'{"id":1}\n{"id":2,"x":"%b"}\n' % (b"x" * 30)), (b"", b"old")):
        target.write_bytes(b"old")
        paced.give(b'{"id":1}\n', b'{"id":2,"x":"' + b"x" * 30, *filter(None, [end]), CUT)
        assert 6 == run_cli(_api(paced.origin, NDJSON), "a", "-o", f"@{target}").exit_code
        assert expected == target.read_bytes()


def test_an_error_for_programs_counts_the_items_of_the_file(paced: Paced, tmp_path: Path) -> None:
    """A program learns from the error how many items are in the file; items that cannot be read are a warning."""
    paced.give(b'{"id":1}\nno\n', CUT)
    words = ("-o", "csv", "-o", f"@{tmp_path / 'items'}", "--error-format", "json")
    result = run_cli(_api(paced.origin, NDJSON), "a", *words)
    assert (6, 2) == (result.exit_code, result.error["items"])
    assert "could not be read" in result.stderr


def test_the_body_of_a_failure_is_written_too(paced: Paced) -> None:
    """A stream with an error's status is a stream, and the message knows that there is one."""
    paced.status = 500
    paced.give(b'{"id":1}\n', None)
    result = run_cli(_api(paced.origin, NDJSON), "a")
    assert (5, '{"id":1}\n') == (result.exit_code, result.stdout)
    assert "The response on standard output may say why" in result.stderr


def test_only_the_final_response_is_written(server: Recorder, paced: Paced) -> None:
    """The body of a redirect is neither written nor validated, whatever it is called."""
    server.responses["/a"] = Response(
        302, b'{"id":0}\n', {"Content-Type": NDJSON, "Location": f"{paced.origin}/a"}
    )
    paced.give(b'{"id":1}\n', None)
    result = run_cli(_api(server.origin, NDJSON), "a", "-v")
    assert (0, '{"id":1}\n') == (result.exit_code, result.stdout)
    assert "< 302" in result.stderr


@pytest.mark.exhaustive
def test_heads_are_there_before_the_items(paced: Paced) -> None:
    """`-v` shows the head when it comes, and the size at the end."""
    with _started(_api(paced.origin, NDJSON), "a", "-v") as process:
        _read(process.stderr, b"< HTTP/1.1 200 OK\n")
        paced.give(b'{"id":1}\n', None)
        output, errors = process.communicate(timeout=30)
    assert b'{"id":1}\n' == output
    assert re.search(rb"\* 9 bytes in \d+ ms\n\* validated: .* openapi-core\n$", errors)


# Results


def test_a_finding_comes_after_the_whole_stream(server: Recorder) -> None:
    """With `strict` the whole stream is written first, the findings name the items, and the exit code is 9."""
    body = b'{"id":1}\n{"id":"a"}\n\n{}\n{"id":2}'
    server.responses["/a"] = Response(200, body, {"Content-Type": NDJSON})
    api = _api(server.origin, NDJSON)
    result = run_cli(api, "a", "--validate", "strict", "--error-format", "json")
    assert (9, body) == (result.exit_code, result.stdout_bytes)
    found = [(finding["pointer"], finding["rule"]) for finding in result.error["findings"]]
    assert [("/1/id", "type"), ("/2", "required")] == found
    assert 0 == run_cli(api, "a", "--validate", "strict", "--no-fail").exit_code


def test_exact_looks_into_each_item(server: Recorder) -> None:
    """`exact` finds undocumented properties in a stream, too."""
    server.responses["/a"] = Response(200, b'{"id":1}\n{"id":2,"x":3}\n', {"Content-Type": NDJSON})
    result = run_cli(_api(server.origin, NDJSON), "a", "--validate", "exact", "--error-format", "json")
    assert 9 == result.exit_code
    found = [(finding["pointer"], finding["rule"]) for finding in result.error["findings"]]
    assert [("/1/x", "undocumented-property")] == found


def _not_validated(server: Recorder, body: bytes, media: dict[str, Any] | None = None, **options: Any) -> str:
    server.responses["/a"] = Response(200, body, {"Content-Type": options.pop("content_type", NDJSON)})
    result = run_cli(
        _api(server.origin, options.pop("name", NDJSON), media, **options), "a", "--validate", "warn"
    )
    assert (0, body) == (result.exit_code, result.stdout_bytes)
    return result.stderr


def test_what_needs_all_items_is_validated_of_a_small_stream(server: Recorder) -> None:
    """Up to 8 MiB the items are kept for it; beyond, it is reported that it was not validated, and their number is."""
    media = {"schema": {"type": "array", "uniqueItems": True, "maxItems": 2}, "itemSchema": ITEM}
    line = b'{"id":1,"x":"%b"}\n' % (b"x" * MIB)
    small, large = _not_validated(server, b'{"id":1}\n' * 3, media), _not_validated(server, line * 9, media)
    assert "[uniqueItems]" in small
    assert "[uniqueItems]" not in large
    assert "[maxItems]" in small
    assert "[maxItems]" in large
    assert (
        "Not validated: `uniqueItems` needs all items at once, and the stream is larger than 8 MiB" in large
    )


@pytest.mark.exhaustive
def test_an_array_is_validated_item_by_item(server: Recorder) -> None:
    """A schema of the array validates each item by `items`, and the number of items at the end, at any size."""
    media = {"schema": {"type": "array", "items": ITEM, "minItems": 20}}
    line = b'{"id":1,"x":"%b"}\n' % (b"x" * MIB)
    said = _not_validated(server, line * 9 + b'{"id":"a"}\n', media)
    assert "/9/id" in said
    assert "the array has 10 items" in said
    assert "Not validated" not in said


@pytest.mark.exhaustive
def test_a_line_that_is_too_long_is_not_validated(server: Recorder) -> None:
    """A line of over 16 MiB is passed on and not read; the lines around it are validated."""
    long = b'{"id":"%b"}\n' % (b"x" * (17 * MIB))
    said = _not_validated(server, b'{"id":1}\n' + long + b'{"id":"a"}\n')
    assert "Not validated: line 2 of the body is larger than 16 MiB" in said
    assert "/2/id" in said
    assert "/1" not in said


@pytest.mark.sampled(0, 2)
@pytest.mark.parametrize(
    "schema", [{"type": "string"}, {"type": "string", "minLength": 1}], ids=["any", "some"]
)
def test_a_stream_that_is_text_to_the_document(paced: Paced, schema: dict[str, Any]) -> None:
    """Many documents say `string` of a stream of events: it is seen as it comes anyway."""
    paced.content_type = EVENTS
    with _started(
        _api(paced.origin, EVENTS, {"schema": schema}, "3.0.3"), "a", "--validate", "strict"
    ) as process:
        paced.give(b"data: 1\n\n")
        _read(process.stdout, b"data: 1\n\n")
        paced.give(None)
        assert (b"", b"") == process.communicate(timeout=30)
    assert 0 == process.returncode


def test_a_stream_that_the_document_does_not_have_is_written(paced: Paced) -> None:
    """An undocumented media type is a finding, and the stream is passed on to its end."""
    paced.content_type = EVENTS
    paced.give(b"data: 1\n\n", b"data: 2\n\n", None)
    result = run_cli(_api(paced.origin, NDJSON), "a", "--validate", "strict")
    assert (9, "data: 1\n\ndata: 2\n\n") == (result.exit_code, result.stdout)


def test_a_page_of_html_is_not_a_thousand_findings(server: Recorder) -> None:
    """If none of the first items can be read, the rest is not held against the document."""
    said = _not_validated(server, b"<p>no</p>\n" * 500)
    assert "item 10 and those after it: none of the items before can be read" in said
    assert 1 == said.count("[unreadable-body]")


# Ends


def test_a_broken_stream_is_6_and_what_came_is_there(paced: Paced) -> None:
    """The bytes before the break stay written, their findings are shown, and the cut item is not a finding."""
    paced.give(b'{"id":1}\n{"id":"a"}\n{"i', CUT)
    result = run_cli(_api(paced.origin, NDJSON), "a", "--validate", "strict")
    assert (6, '{"id":1}\n{"id":"a"}\n{"i') == (result.exit_code, result.stdout)
    assert "/1/id" in result.stderr
    assert "/2:" not in result.stderr
    assert "broke off" in result.stderr


@pytest.mark.exhaustive
def test_the_time_is_for_the_whole_stream(paced: Paced) -> None:
    """`--timeout` ends a stream that goes on, with 7."""

    def sender() -> None:
        while not paced.is_left.wait(0.05):
            paced.give(b'{"id":1}\n')

    thread = threading.Thread(target=sender, daemon=True)
    api = _api(paced.origin, NDJSON)
    thread.start()
    began = time.monotonic()
    result = run_cli(api, "a", "--timeout", "1.5")
    paced.is_left.set()
    assert 7 == result.exit_code
    assert result.stdout.startswith('{"id":1}\n{"id":1}\n')
    assert 1 < time.monotonic() - began < 10


@pytest.mark.exhaustive
def test_events_may_be_far_apart(paced: Paced, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two pieces of other responses there is a limit; events are waited for."""
    monkeypatch.setattr(send, "READ_SECONDS", 1.0)

    def sender(is_over: threading.Event, last: bytes) -> None:
        is_over.wait(1.5 if last else None)
        paced.give(last, None)

    for content_type, last, code in ((EVENTS, b"\n", 0), (NDJSON, b"", 7)):
        paced.content_type = content_type
        is_over = threading.Event()
        thread = threading.Thread(target=sender, args=(is_over, last))
        api = _api(paced.origin, content_type)
        thread.start()
        assert code == run_cli(api, "a").exit_code
        is_over.set()
        thread.join()
        paced.pieces = queue.Queue()


@pytest.mark.exhaustive
def test_a_signal_ends_a_stream(paced: Paced) -> None:
    """Ctrl-C ends the run by the signal, with the findings so far."""
    with _started(_api(paced.origin, NDJSON), "a", "--validate", "strict") as process:
        paced.give(b'{"id":"a"}\n')
        _read(process.stdout, b'{"id":"a"}\n')
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=30)
    assert (-signal.SIGINT, b"") == (process.returncode, output)
    assert b"/0/id" in errors
    assert b"Traceback" not in errors
    assert paced.is_left.wait(30)


@pytest.mark.sampled(0, 2)
@pytest.mark.parametrize(
    ("sent", "expected"), [(b'{"id":1}\n{"i', b'{"id":1}\n'), (b'{"i', b"old")], ids=["item", "none"]
)
@pytest.mark.parametrize("words", [("--timeout", "3"), ()], ids=["timeout", "ctrl-c"])
def test_a_stream_that_is_ended_leaves_its_items_in_the_file(
    paced: Paced, tmp_path: Path, words: tuple[str, ...], sent: bytes, expected: bytes
) -> None:
    """Ctrl-C and `--timeout` end the stream; the file has what came whole, and nothing is beside it."""
    target = tmp_path / "items"
    target.write_bytes(b"old")
    with _started(_api(paced.origin, NDJSON), "a", "-o", f"@{target}", "-v", *words) as process:
        _read(process.stderr, b"< HTTP/1.1 200 OK\n")
        paced.give(sent)
        if not words:
            time.sleep(0.5)
            process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert (7 if words else -signal.SIGINT, expected) == (process.returncode, target.read_bytes())
    assert (expected != b"old") == (b"`%b` has the 1 item that came\n" % bytes(target) in errors), errors
    assert [target] == list(tmp_path.iterdir())
    assert b"Traceback" not in errors


@pytest.mark.sampled(0)
@pytest.mark.parametrize("is_chunked", [True, False], ids=["chunked", "no-length"])
@pytest.mark.parametrize("level", ["off", "warn"])
def test_nobody_reads_on(paced: Paced, level: str, is_chunked: bool) -> None:
    """When the reader has gone, the program ends with SIGPIPE at once, though the stream is quiet."""
    paced.is_chunked = is_chunked
    with _started(_api(paced.origin, NDJSON), "a", "--validate", level) as process:
        paced.give(b'{"id":1}\n')
        assert process.stdout is not None
        _read(process.stdout, b'{"id":1}\n')
        process.stdout.close()
        assert paced.is_left.wait(30)
        assert -signal.SIGPIPE == process.wait(timeout=30)
        assert process.stderr is not None
        assert b"" == process.stderr.read()


@pytest.mark.exhaustive
def test_a_shell_sees_141(paced: Paced) -> None:
    """`| head -1` has its line and ends the call."""
    api = _api(paced.origin, NDJSON)
    paced.give(b'{"id":1}\n')
    command = f"set -o pipefail; {' '.join(PROGRAM)} {api} a | head -1"
    ended = subprocess.run(["bash", "-c", command], capture_output=True, timeout=60, check=False)
    assert (141, b'{"id":1}\n', b"") == (ended.returncode, ended.stdout, ended.stderr)


# Size


class _Endless(BaseHTTPRequestHandler):
    """Responses `/TYPE/MEGABYTES`."""

    def do_GET(self) -> None:
        kind, size = self.path.split("/")[1:]
        lines = b"".join(b'{"id":%d,"name":"item %d","tags":["a","b"]}\n' % (n, n) for n in range(20_000))
        self.send_response(200)
        self.send_header("Content-Type", "application/octet-stream" if kind == "bytes" else NDJSON)
        self.end_headers()
        left = int(size) * 1_000_000
        while left > 0:
            self.wfile.write(lines)
            left -= len(lines)


@pytest.fixture
def endless() -> Iterator[str]:
    """A server with responses of any size; the document has them as `lines` and `bytes`."""
    size = {"name": "size", "in": "path", "required": True, "schema": {"type": "integer"}}
    content = {
        "lines": {NDJSON: {"itemSchema": ITEM, "schema": {"type": "array", "minItems": 1}}},
        "bytes": {"application/octet-stream": {"schema": {"type": "string", "maxLength": 1000}}},
    }
    paths = {
        f"/{name}/{{size}}": {
            "get": {
                "operationId": name,
                "parameters": [size],
                "responses": {"200": {"description": "", "content": media}},
            }
        }
        for name, media in content.items()
    }
    with serving(_Endless) as origin:
        yield save_api(paths, server=origin, openapi="3.2.0")


@pytest.mark.sampled(0)
@pytest.mark.parametrize("megabytes", [12, 100])
@pytest.mark.parametrize(
    ("name", "level", "target"),
    [
        ("lines", "strict", "raw"),
        ("lines", "off", "auto"),
        ("lines", "off", "@out"),
        ("bytes", "off", "@out"),
        ("bytes", "off", "auto"),
    ],
)
def test_a_large_response_takes_no_memory(
    endless: str, name: str, level: str, target: str, megabytes: int
) -> None:
    """A hundred megabytes take as much as one does."""
    peaks = []
    for size in (1, megabytes):
        given = [endless, name, str(size), "--validate", level, "-o", target]
        with Path(os.devnull).open("wb") as nowhere:
            ended = subprocess.run(
                [sys.executable, "-c", _MEASURED, *given], stdout=nowhere, stderr=subprocess.PIPE, check=False
            )
        assert 0 == ended.returncode, ended.stderr
        peaks.append(int(ended.stderr.rpartition(b"\n")[2]) // 1024)
    assert 8 > peaks[1] - peaks[0]
    if target == "@out":
        assert megabytes * 1_000_000 <= Path("out").stat().st_size


def test_a_body_too_large_to_validate_is_written(endless: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The media type and the size of the body are validated without its content."""
    monkeypatch.setattr(_receive_response, "VALIDATED_LIMIT", MIB)
    result = run_cli(endless, "bytes", "3", "--validate", "strict", "--error-format", "json", "-o", "raw")
    assert 9 == result.exit_code
    assert ["maxLength"] == [finding["rule"] for finding in result.error["findings"]]
    assert 3_000_000 <= len(result.stdout_bytes)


def test_a_json_too_large_is_not_validated(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The body is written, with a note that it was not validated."""
    monkeypatch.setattr(_receive_response, "VALIDATED_LIMIT", MIB)
    body = json.dumps(["x" * MIB, "x" * MIB]).encode()
    server.responses["/a"] = Response(200, body)
    api = _api(server.origin, "application/json", {"schema": {"type": "object"}})
    result = run_cli(api, "a", "--validate", "strict")
    assert (0, body) == (result.exit_code, result.stdout_bytes)
    assert "Not validated: the body is larger than 1 MiB" in result.stderr


@pytest.mark.parametrize(
    ("words", "is_validated"),
    [((), False), (("-o", "@out"), False), (("--validate", "strict"), True)],
    ids=str,
)
def test_less_is_kept_to_validate_where_a_finding_is_a_warning(
    server: Recorder, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], is_validated: bool
) -> None:
    """A large response takes little memory by default, and the note says which level validates it."""
    monkeypatch.setattr(_receive_response, "WARNED_LIMIT", MIB)
    server.responses["/a"] = Response(200, b'"' + b"x" * MIB + b'"')
    api = _api(server.origin, "application/json", {"schema": {"type": "object"}})
    result = run_cli(api, "a", *words)
    assert (9 if is_validated else 0) == result.exit_code
    note = "Not validated: the body is larger than 1 MiB (`--validate strict` validates up to 128 MiB)"
    assert (note in result.stderr) != is_validated


@pytest.mark.exhaustive
def test_a_pipe_has_no_limit_and_a_conversion_has(endless: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that is passed on unchanged may have any size; a body that is laid out must fit into memory."""
    monkeypatch.setattr(_receive_response, "RENDER_LIMIT", MIB)
    for name in ("bytes", "lines"):
        for words in ([], ["-o", "raw"], ["-o", "@out"]):
            assert 0 == run_cli(endless, name, "3", "--validate", "off", *words).exit_code
    assert 0 == run_cli(endless, "lines", "3", "--validate", "off", "-o", "json").exit_code
    result = run_cli(endless, "bytes", "3", "--validate", "off", "-o", "json")
    assert (6, "") == (result.exit_code, result.stdout)
    assert "larger than 1 MiB" in result.stderr


@pytest.mark.parametrize("target", ["raw", "@out"])
def test_a_bomb_has_a_limit_everywhere(
    server: Recorder, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    """A compressed body may grow a thousandfold, so it has a limit even in a file or a pipe."""
    monkeypatch.setattr(_receive_response, "FILE_LIMIT", 4 * MIB)
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    server.responses["/a"] = Response(200, gzip.compress(bytes(5 * MIB)), headers)
    result = run_cli(_api(server.origin, "application/json", {"schema": {}}), "a", "-o", target)
    assert 6 == result.exit_code
    assert "larger than 4 MiB" in result.stderr
    assert not Path("out").exists()


def test_a_large_body_that_breaks_off_is_6(paced: Paced) -> None:
    """The beginning of a large response stays written; of a small response nothing is."""
    paced.content_type = "application/json"
    api = _api(paced.origin, "application/json", {"schema": {}})
    paced.give(b"[" + b"1," * MIB, CUT)
    result = run_cli(api, "a")
    assert (6, 2 * MIB + 1) == (result.exit_code, len(result.stdout_bytes))
    paced.give(b"[1,", CUT)
    result = run_cli(api, "a")
    assert (6, "") == (result.exit_code, result.stdout)
