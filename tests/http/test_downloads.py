"""Downloads into files: one that broke off is gone on with, and nothing is taken for whole that is not."""

import errno
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from dynacli.environment import Environment
from dynacli.files import hold_lock
from dynacli.output import status_line
from dynacli.output.status_line import TransferLine, transfer_text
from tests.documents import get, put, save_api
from tests.harness import RecordedRequest, Recorder, Response, run_cli, serving

_CONTENT = bytes(range(256)) * 16
_TYPE = "application/octet-stream"
_BINARY = {_TYPE: {"schema": {"type": "string", "format": "binary"}}}


def _api(origin: str) -> str:
    return save_api(
        get("/file", "get", responses={"200": {"description": "", "content": _BINARY}}),
        put("/file", "put", body={"type": "string", "format": "binary"}, media_type=_TYPE),
        server=origin,
    )


@pytest.fixture
def api(server: Recorder) -> str:
    """An API with a file."""
    return _api(server.origin)


def _file(
    content: bytes = _CONTENT, *, breaks_at: int | None = None, headers: Mapping[str, str] | None = None
) -> Callable[[RecordedRequest], Response]:
    """Return what serves a file, the parts of it that are asked for, too.

    Args:
        breaks_at: Where the connection is closed before the end.
        headers: Headers of the response, by which the file is known again; an `ETag` by default.
    """
    named = {"ETag": '"v1"'} if headers is None else headers

    def response(request: RecordedRequest) -> Response:
        validator = named.get("ETag") or named["Last-Modified"]
        asked = re.fullmatch(r"bytes=(\d+)-", "".join(request.headers.get("range", [])))
        start = int(asked[1]) if asked and [validator] == request.headers["if-range"] else 0
        sent = {**named, "Content-Type": _TYPE, "Content-Length": str(len(content) - start)}
        if start >= len(content):
            return Response(
                416, b"", {**sent, "Content-Range": f"bytes */{len(content)}", "Content-Length": "0"}
            )
        if start:
            sent["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        # The server keeps connections open, so what it does not send has to break them.
        if breaks_at is not None:
            sent["Connection"] = "close"
        return Response(206 if start else 200, content[start:breaks_at], sent)

    return response


def _download(api: str, *words: str, **more: Any) -> Any:
    return run_cli(api, "get", "-o", "@out", "--resume", *words, **more)


def _left() -> list[str]:
    return sorted(name for name in os.listdir() if "out" in name)


@pytest.fixture
def broken(api: str, server: Recorder) -> str:
    """An API with a file whose download has broken off after 1000 bytes."""
    server.responses["/file"] = _file(breaks_at=1000)
    result = _download(api)
    assert (6, "", ["out.part", "out.part.json"]) == (result.exit_code, result.stdout, _left())
    server.requests.clear()
    return api


def test_a_download_that_broke_off_is_gone_on_with(broken: str, server: Recorder) -> None:
    """Only what is missing is asked for, if it is still the same file, and the file is then whole."""
    assert 1000 == os.path.getsize("out.part")
    server.responses["/file"] = _file(breaks_at=2000)
    assert 6 == _download(broken).exit_code
    server.responses["/file"] = _file()
    result = _download(broken, "--validate", "strict")
    assert (0, _CONTENT, ["out"]) == (result.exit_code, Path("out").read_bytes(), _left())
    assert "Not validated: the response is the rest of a file" in result.stderr
    assert [("bytes=1000-", '"v1"', "identity"), ("bytes=2000-", '"v1"', "identity")] == [
        tuple(request.headers[name][0] for name in ("range", "if-range", "accept-encoding"))
        for request in server.requests
    ]


def test_the_rest_is_asked_for_where_a_redirect_leads(
    broken: str, server: Recorder, other_server: Recorder
) -> None:
    """Files often lie at another origin, which gets nothing of the call but what part is wanted."""
    server.responses["/file"] = Response(302, b"", {"Location": f"{other_server.origin}/stored"})
    other_server.responses["/stored"] = _file()
    assert (0, _CONTENT) == (_download(broken).exit_code, Path("out").read_bytes())
    assert ["bytes=1000-"] == other_server.last.headers["range"]


def test_a_file_that_changed_is_downloaded_anew(broken: str, server: Recorder) -> None:
    """The server responds with all of the new one."""
    server.responses["/file"] = _file(_CONTENT[::-1], headers={"ETag": '"v2"'})
    assert (0, _CONTENT[::-1], ["out"]) == (_download(broken).exit_code, Path("out").read_bytes(), _left())


def test_a_server_without_ranges_sends_everything_again(broken: str, server: Recorder) -> None:
    """The part gives way to it."""
    server.responses["/file"] = Response(200, _CONTENT, {"Content-Type": _TYPE})
    assert (0, _CONTENT, ["out"]) == (_download(broken).exit_code, Path("out").read_bytes(), _left())


def test_a_part_that_is_complete_becomes_the_file(api: str, server: Recorder) -> None:
    """The server says that there is nothing after it (416)."""
    server.responses["/file"] = _file(breaks_at=1000)
    _download(api)
    server.responses["/file"] = _file(_CONTENT[:1000])
    result = _download(api, "--report", "json")
    assert (0, "", _CONTENT[:1000], ["out"]) == (
        result.exit_code,
        result.stdout,
        Path("out").read_bytes(),
        _left(),
    )


def test_a_part_that_is_too_long_is_dropped(broken: str, server: Recorder) -> None:
    """The file is shorter now, so that it is downloaded again."""
    server.responses["/file"] = _file(_CONTENT[:100])
    result = _download(broken)
    assert (0, _CONTENT[:100], 2) == (result.exit_code, Path("out").read_bytes(), len(server.requests))
    assert "restarting the download" in result.stderr


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Content-Range": "bytes 999-4095/4096"}, "it does not begin at the requested byte"),
        ({"Content-Range": "bytes */4096"}, "it does not begin at the requested byte"),
        ({"Content-Range": "items 1000-4095/4096"}, "it does not begin at the requested byte"),
        ({}, "it does not begin at the requested byte"),
        ({"Content-Range": "bytes 1000-4095/5000"}, "it is of another version"),
        ({"Content-Range": "bytes 1000-4095/4096", "ETag": '"v2"'}, "it is of another version"),
    ],
    ids=["another start", "no range", "another unit", "no header", "another size", "another tag"],
)
def test_another_part_is_not_put_behind_the_first(
    broken: str, server: Recorder, headers: dict[str, str], reason: str
) -> None:
    """What the server sends has to be the rest of the same file: exit 6, and the next call begins again."""
    server.responses["/file"] = Response(206, _CONTENT[1000:], {"Content-Type": _TYPE, **headers})
    result = _download(broken)
    assert (6, []) == (result.exit_code, _left())
    assert reason in result.stderr


def test_less_than_the_rest_is_not_the_file(broken: str, server: Recorder) -> None:
    """A server may send a shorter part than it was asked for: exit 6, and the part grows."""
    headers = {"Content-Type": _TYPE, "Content-Range": "bytes 1000-1999/4096", "ETag": '"v1"'}
    server.responses["/file"] = Response(206, _CONTENT[1000:2000], headers)
    result = _download(broken)
    assert (6, 2000, ["out.part", "out.part.json"]) == (
        result.exit_code,
        os.path.getsize("out.part"),
        _left(),
    )
    assert "2000 of 4096 bytes" in result.stderr
    server.responses["/file"] = Response(
        206, _CONTENT[2000:], {**headers, "Content-Range": "bytes 2000-4095/*"}
    )
    assert (0, _CONTENT) == (_download(broken).exit_code, Path("out").read_bytes())


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("headers", "is_kept"),
    [
        ({"ETag": '"v1"'}, True),
        ({"ETag": 'W/"v1"'}, False),
        ({"ETag": "v1"}, False),
        ({"Last-Modified": formatdate(1_000_000_000, usegmt=True)}, True),
        ({"Last-Modified": formatdate(4_000_000_000, usegmt=True)}, False),
        ({"Last-Modified": "yesterday"}, False),
    ],
    ids=["strong", "weak", "no tag", "date", "not before the response", "no date"],
)
def test_only_what_is_known_again_is_kept(
    api: str, server: Recorder, headers: dict[str, str], is_kept: bool
) -> None:
    """Without a strong tag or an old date no one can tell whether the rest is of the same file."""
    server.responses["/file"] = _file(breaks_at=1000, headers=headers)
    assert 6 == _download(api).exit_code
    assert (["out.part", "out.part.json"] if is_kept else []) == _left()
    server.responses["/file"] = _file(headers=headers)
    assert (0, _CONTENT) == (_download(api).exit_code, Path("out").read_bytes())
    assert is_kept == ("range" in server.last.headers), server.last.headers


def test_without_the_option_nothing_is_left(api: str, server: Recorder) -> None:
    """A file that is there stays as it is if the download breaks off."""
    Path("out").write_bytes(b"before")
    server.responses["/file"] = _file(breaks_at=1000, headers={"ETag": '"v1"', "Accept-Ranges": "bytes"})
    result = run_cli(api, "get", "-o", "@out")
    assert (6, b"before", ["out"]) == (result.exit_code, Path("out").read_bytes(), _left())
    assert "Give `--resume` with it" in result.stderr


def test_a_part_is_of_one_url(broken: str, server: Recorder) -> None:
    """Another URL may have the same tag for another file."""
    server.responses["/base/file"] = _file(_CONTENT[::-1])
    assert 0 == _download(broken, "--server", f"{server.origin}/base").exit_code
    assert _CONTENT[::-1] == Path("out").read_bytes()
    assert "range" not in server.last.headers


@pytest.mark.parametrize("note", [b"", b"[]", b"{", b"\xff"], ids=["empty", "list", "cut", "no text"])
def test_a_damaged_note_is_no_part(broken: str, server: Recorder, note: bytes) -> None:
    """What no one knows any more is not touched: exit 12."""
    Path("out.part.json").write_bytes(note)
    result = _download(broken)
    assert (12, [], 1000) == (result.exit_code, server.requests, os.path.getsize("out.part"))
    assert "`out.part` is in the way" in result.stderr


def test_the_file_of_another_program_is_not_touched(api: str, server: Recorder) -> None:
    """Browsers call their parts so, too."""
    Path("out.part").write_bytes(b"theirs")
    assert (12, [], b"theirs") == (_download(api).exit_code, server.requests, Path("out.part").read_bytes())


@pytest.mark.parametrize("kind", ["directory", "link", "missing"])
def test_where_no_part_can_be(api: str, server: Recorder, kind: str) -> None:
    """Exit 12 before anything is sent."""
    target = "@out"
    if kind == "directory":
        Path("out.part").mkdir()
    elif kind == "link":
        Path("out.part").symlink_to("elsewhere")
    else:
        target = "@nowhere/out"
    result = run_cli(api, "get", "-o", target, "--resume")
    assert (12, [], False) == (result.exit_code, server.requests, Path("elsewhere").exists())


def test_two_do_not_write_one_part(broken: str, server: Recorder) -> None:
    """The second one is told to wait: exit 12."""
    with hold_lock("out.part", 0):
        result = _download(broken)
    assert (12, []) == (result.exit_code, server.requests)
    assert "Another dynacli downloads the same file" in result.stderr


def test_an_encoded_response_is_not_gone_on_with(api: str, server: Recorder) -> None:
    """Ranges count the encoded bytes, which are not those of the file."""
    import gzip

    headers = {"Content-Type": _TYPE, "ETag": '"v1"', "Content-Encoding": "gzip"}
    server.responses["/file"] = Response(
        200, gzip.compress(_CONTENT)[:-9], {**headers, "Connection": "close"}
    )
    assert (6, []) == (_download(api).exit_code, _left())
    server.responses["/file"] = Response(200, gzip.compress(_CONTENT), headers)
    assert (0, _CONTENT, ["out"]) == (_download(api).exit_code, Path("out").read_bytes(), _left())


@pytest.mark.parametrize("status", [404, 416, 500])
def test_an_error_leaves_the_part(broken: str, server: Recorder, status: int) -> None:
    """The response is on standard output, and the next call goes on."""
    server.responses["/file"] = Response(
        status, b"no", {"Content-Type": "text/plain", "Content-Range": "bytes */1000"}
    )
    result = _download(broken)
    if status == 416:
        assert (0, ["out"]) == (result.exit_code, _left())
        return
    assert (status // 100, "no", 1000) == (result.exit_code, result.stdout, os.path.getsize("out.part"))
    server.responses["/file"] = _file()
    assert (0, _CONTENT) == (_download(broken).exit_code, Path("out").read_bytes())


def test_a_full_disk_leaves_the_part(broken: str, server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 12, and the next call goes on."""

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "full")

    server.responses["/file"] = _file()
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        result = _download(broken)
    assert (12, ["out.part", "out.part.json"]) == (result.exit_code, _left())
    assert "no space is left" in result.stderr
    assert (0, _CONTENT) == (_download(broken).exit_code, Path("out").read_bytes())


@pytest.mark.parametrize("kind", ["directory", "protected", "device"])
def test_a_file_that_cannot_be_replaced(
    api: str, server: Recorder, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 12 before anything is sent; a device is never replaced."""
    if kind == "directory":
        Path("out").mkdir()
    elif kind == "device":
        os.mkfifo("out")
    else:
        Path("out").write_bytes(b"mine")
        monkeypatch.setattr(os, "access", lambda *_: False)
    assert (12, [], ["out"]) == (_download(api).exit_code, server.requests, _left())
    assert kind != "protected" or b"mine" == Path("out").read_bytes()


def test_permissions_are_those_of_a_new_file_or_of_the_old_one(api: str, server: Recorder) -> None:
    """The umask decides, and a file that is replaced gets no looser ones."""
    server.responses["/file"] = _file()
    umask = os.umask(0o022)
    try:
        _download(api)
        assert 0o644 == Path("out").stat().st_mode & 0o777
        Path("out").chmod(0o600)
        _download(api)
        assert 0o600 == Path("out").stat().st_mode & 0o777
    finally:
        os.umask(umask)


@pytest.mark.parametrize(
    ("done", "total", "rate", "text"),
    [
        (512, None, 512.0, "512 bytes, 512 bytes/s"),
        (0, 0, 1.0, "0 bytes, 1 bytes/s"),
        (3 * 2**20, 2**20, 2**20, "3.0 MiB, 1.0 MiB/s"),
        (
            2**27,
            2**28,
            2**25,
            " 50 % [############............] 128.0 MiB of 256.0 MiB, 32.0 MiB/s, 4 s left",
        ),
        (
            2**20,
            2**40,
            2**20,
            "  0 % [........................] 1.0 MiB of 1.0 TiB, 1.0 MiB/s, 17476 min left",
        ),
    ],
)
def test_what_a_bar_says(done: int, total: int | None, rate: float, text: str) -> None:
    """How much is there of how much, how fast, and for how long."""
    assert text == transfer_text(done, total, rate)


def test_a_bar_is_patient() -> None:
    """What is there within half a second has no bar."""
    import io

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    now = [0.0]
    stream = Terminal()
    line = TransferLine(Environment(stderr=stream, variables={}), lambda: now[0])
    line.begin(100, 50)
    line.add(10)
    now[0] = 1.0
    assert "" == stream.getvalue()
    line.add(10)
    assert " 70 % [################........] 70 bytes of 100 bytes, 20 bytes/s, 2 s left" in stream.getvalue()


@pytest.mark.parametrize("words", [(), ("--progress", "off"), ("--error-format", "json")], ids=" ".join)
def test_a_bar_is_for_a_terminal(
    api: str, server: Recorder, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    """No one else sees it, and who does can switch it off."""
    monkeypatch.setattr(status_line, "_PATIENCE", -1.0)
    server.responses["/file"] = lambda request: Response(204) if request.method == "PUT" else _file()(request)
    for given in (("get", "-o", "@out"), ("get", "-O"), ("put", "--body", "@out")):
        shown = run_cli(api, *given, *words, "--validate", "off", terminal=("stderr",))
        assert 0 == shown.exit_code
        assert (not words) == ("[####" in shown.stderr), shown.stderr
        Path("file").unlink(missing_ok=True)
    assert "[###" not in run_cli(api, "get", "-o", "@out").stderr


_MEGABYTES = 128


@pytest.fixture
def large() -> Iterator[str]:
    """A server that sends and takes large files; yields its origin."""
    piece = b"x" * 2**16

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", self.headers["X-Type"])
            self.send_header("Content-Length", str(_MEGABYTES * 2**20))
            self.end_headers()
            for _ in range(_MEGABYTES * 16):
                self.wfile.write(piece)

        def do_PUT(self) -> None:
            left = int(self.headers["Content-Length"])
            while left:
                left -= len(self.rfile.read(min(left, 2**20)))
            self.send_response(204)
            self.end_headers()

    with serving(Handler) as origin:
        yield origin


_MEASURED = """
import sys
sys.argv = ["dynacli", *sys.argv[1:]]
from dynacli.__main__ import run
try:
    run()
finally:
    with open("/proc/self/status") as status:
        sys.stderr.write("\\n" + next(line.split()[1] for line in status if line.startswith("VmHWM")))
"""
"""Unlike `ru_maxrss`, which an `exec` leaves as it was in the process of the tests, this is the program's own."""


@pytest.mark.exhaustive
@pytest.mark.skipif(sys.platform != "linux", reason="measured by /proc")
@pytest.mark.parametrize(
    "words",
    [
        ("get", "-H", f"X-Type: {_TYPE}", "-o", "@out"),
        ("get", "-H", "X-Type: application/json", "-o", "@out"),
        ("get", "-H", f"X-Type: {_TYPE}", "-o", "@out", "--resume"),
        ("get", "-H", f"X-Type: {_TYPE}", "-O"),
        ("get", "-H", "X-Type: application/json"),
        ("put", "--body", "@up"),
    ],
    ids=["bytes", "json", "resume", "remote name", "pipe", "upload"],
)
def test_a_large_file_takes_little_memory(large: str, words: tuple[str, ...]) -> None:
    """128 MiB go through less than 64 MiB, in either direction, and validated as far as they can be."""
    api = _api(large)
    with Path("up").open("wb") as file:
        file.truncate(_MEGABYTES * 2**20)
    run_cli(api, "--help")
    ended = subprocess.run(
        [sys.executable, "-c", _MEASURED, api, *words],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
        timeout=120,
    )
    assert 0 == ended.returncode, ended.stderr
    assert 64 * 1024 > int(ended.stderr.rpartition(b"\n")[2])
