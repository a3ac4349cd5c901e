"""Standard streams and signals: what a shell, a pipe and a full disk see of a run."""

import contextlib
import io
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from dynacli.__main__ import main
from dynacli.environment import Environment
from dynacli.output.output_format import OutputFormat
from dynacli.output.standard_output import watched_reader, write_bytes
from tests.documents import operation, save_api
from tests.harness import RecordedRequest, Recorder, Response, json_response, run_cli

PROGRAM = [sys.executable, "-m", "dynacli"]


def _shell(command: str, **options: Any) -> "subprocess.CompletedProcess[str]":
    """Run a command of a shell in which `$dynacli` is the program; its exit code is that of the last word."""
    env = {**os.environ, "dynacli": " ".join(PROGRAM)}
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        **options,
    )


@pytest.fixture
def api(server: Recorder) -> str:
    """A document with a small and a large response."""
    server.responses["/small"] = Response(body=b'{"a":1}')
    server.responses["/large"] = json_response(["x" * 70] * 20_000)
    paths = {f"/{name}": {"get": operation(name)} for name in ("small", "large", "hang")}
    return save_api(paths, server=server)


@pytest.mark.exhaustive
def test_data_and_messages_are_apart(api: str, server: Recorder) -> None:
    """Standard output has the data alone; notes, warnings and errors are on standard error."""
    server.responses["/small"] = Response(500, b'{"a":1}')
    result = _shell(f"$dynacli {api} small")
    assert (5, '{"a":1}') == (result.returncode, result.stdout)
    warning, finding, error = result.stderr.splitlines()[:3]
    assert "warning: The response does not match the document" == warning
    assert (
        "status: the document has no response with status 500, only `200` [undocumented-status]"
        == finding.strip()
    )
    assert error.startswith("error: ")


@pytest.mark.sampled(1)
@pytest.mark.parametrize("words", ["large", "--help", "--version"])
def test_without_a_terminal_there_is_no_colour(api: str, words: str) -> None:
    """A pipe gets no escape sequence."""
    assert "\x1b" not in (result := _shell(f"$dynacli {api} {words}")).stdout + result.stderr


def test_a_closed_pipe_is_a_silent_141(api: str) -> None:
    """When no one reads on, the program dies of SIGPIPE as others do, without a message."""
    result = _shell(f"$dynacli {api} large | head -c 1")
    assert (141, "[", "") == (result.returncode, result.stdout, result.stderr)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "words", ["API small", "API --help", "operations API", "API small --dry-run", "--version", "help"]
)
def test_a_full_disk_is_12(api: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """When standard output is full, the run says so and exits with 12."""
    monkeypatch.delenv("PYTHONUNBUFFERED", raising=False)  # without a buffer nothing is left for the end
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    result = _shell(f"$dynacli {words.replace('API', api)} > /dev/full")
    assert 12 == result.returncode
    assert "Standard output cannot be written" in result.stderr
    assert "space" in result.stderr
    assert "Traceback" not in result.stderr
    assert "Exception ignored" not in result.stderr


@pytest.mark.sampled(2)
@pytest.mark.parametrize("words", ["API small", "operations API", "API small --dry-run", "--version"])
def test_a_closed_standard_output_is_12(api: str, words: str) -> None:
    """Data that no one can get is an error, not a success."""
    result = _shell(f"$dynacli {words.replace('API', api)} >&-")
    assert 12 == result.returncode
    assert "Standard output cannot be written" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_closed_standard_output_is_enough_for_a_file(api: str) -> None:
    """A run that writes nothing there does not need it."""
    assert 0 == _shell(f"$dynacli {api} small -o @a.json >&-").returncode
    assert b'{"a":1}' == Path("a.json").read_bytes()


def test_a_closed_standard_error_is_survived(api: str) -> None:
    """Without standard error the exit code and the data are the same."""
    assert (0, '{"a":1}') == ((result := _shell(f"$dynacli {api} small -v 2>&-")).returncode, result.stdout)
    assert 2 == _shell(f"$dynacli {api} missing 2>&-").returncode


def test_a_closed_standard_input_is_no_input(api: str, server: Recorder) -> None:
    """Without standard input a call works, and one that needs it says so."""
    assert 0 == _shell(f"$dynacli {api} small <&-").returncode
    result = _shell("$dynacli - small <&-")
    assert result.returncode in {2, 8}
    assert "Traceback" not in result.stderr
    assert 1 == len(server.requests)


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["SIGINT", "SIGTERM"]
)
@pytest.mark.parametrize("words", [[], ["--timeout", "30"]], ids=["no limit", "with a limit"])
def test_a_signal_ends_a_hanging_call(
    api: str, server: Recorder, number: signal.Signals, code: int, words: list[str]
) -> None:
    """A call that waits dies of the signal at once, so that a shell sees it (130, 143), without a message."""
    arrived, done = threading.Event(), threading.Event()

    def hang(request: RecordedRequest) -> Response:  # noqa: ARG001
        arrived.set()
        done.wait(30)
        return Response()

    server.responses["/hang"] = hang
    process = subprocess.Popen(
        [*PROGRAM, api, "hang", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert arrived.wait(30)
        process.send_signal(number)
        output, errors = process.communicate(timeout=30)
    finally:
        done.set()
        process.kill()
    assert (-number, "", "") == (process.returncode, output, errors)
    assert code == 128 + number


def test_streams_are_looked_up_when_called(
    api: str, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    """`main` writes to whatever the streams are at that time."""
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO()))
    assert 0 == main([api, "small"])
    stdout = sys.stdout
    assert isinstance(stdout, io.TextIOWrapper)
    stdout.flush()
    assert isinstance(stdout.buffer, io.BytesIO)
    assert b'{"a":1}' == stdout.buffer.getvalue()
    monkeypatch.undo()
    assert b"" == capsysbinary.readouterr().out


def test_a_stream_of_text_alone_is_enough(api: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A caller may put a `StringIO` instead of standard output."""
    stdout, stderr = io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", stdout)
    monkeypatch.setattr(sys, "stderr", stderr)
    assert [0, 0, 2] == [main([api, "small"]), main(["--version"]), main([api, "missing"])]
    assert '{"a":1}dynacli ' == stdout.getvalue()[:15]
    assert stderr.getvalue().startswith("error: ")


def test_main_never_ends_the_interpreter(api: str) -> None:
    """`main` returns its code for help, errors and signals alike."""
    for words, code in ((["--help"], 0), ([], 0), ([api], 0), ([api, "nope"], 2), (["--nope"], 2)):
        assert code == run_cli(*words).exit_code


def test_a_terminal_gets_a_readable_response(api: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal JSON is laid out and coloured, unless `NO_COLOR` says no."""
    assert "\x1b[" in run_cli(api, "small", terminal=("stdout",)).stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert '{\n  "a": 1\n}\n' == run_cli(api, "small", terminal=("stdout",)).stdout


@pytest.mark.parametrize(("terminal", "end"), [(("stdout",), "\n"), ((), "")], ids=["terminal", "pipe"])
def test_raw_json_ends_with_a_line_break_on_a_terminal(api: str, terminal: tuple[str, ...], end: str) -> None:
    """The prompt of the shell does not stand after the response; a pipe gets the exact bytes."""
    assert '{"a":1}' + end == run_cli(api, "small", "-o", "raw", "--yes", terminal=terminal).stdout


def test_foreign_text_cannot_drive_a_terminal(api: str, server: Recorder) -> None:
    """Control characters of a response's body, head and status line are made visible on a terminal."""
    headers = {"Content-Type": "text/plain", "X-Evil": "a\x9bb"}
    server.responses["/small"] = Response(404, b"a\x1b]0;owned\x07b\x1b[2J", headers)
    result = run_cli(api, "small", "-v", "--validate", "off", terminal=("stdout", "stderr"))
    assert "\x1b]" not in result.stdout + result.stderr
    assert "\x1b[2J" not in result.stdout
    assert "\x9b" not in result.stderr


_ODD = "\x1b]52;c;QUFB\x07\x1b[2J\x9b2J"
_WAYS = {
    "calls": [
        *(
            "-o auto",
            "-o text",
            "-o json",
            "-o yaml",
            "-o table",
            "-o csv",
            "-o tsv",
            "-o ndjson",
            "-o lines",
        ),
        *("-o gron", "-i", "-v", "-f a", "-f a -o lines", "-i -o text", "--no-pager", "--debug", "--wait a"),
    ],
    "documents": ["", "-o text", "-o json", "-o yaml", "--bundled", "--resolved"],
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    "kind", ["application/json", "text/plain", "application/x-ndjson", "text/event-stream"]
)
def test_no_way_to_show_a_response_lets_it_drive_a_terminal(server: Recorder, kind: str) -> None:
    """Raw bytes are refused on a terminal before anything is sent, unless `--yes` asks for them; all else is safe."""
    text = f'{{"a": "{_ODD}"}}'
    body = {"text/event-stream": f"data: {text}\n\n", "application/x-ndjson": f"{text}\n"}.get(kind, text)
    server.responses["/odd"] = Response(body=body.encode(), headers={"Content-Type": kind, "X-Odd": "\x9b2J"})
    responses = {"200": {"description": _ODD, "content": {kind: {}}}}
    source = save_api(
        {"/odd": {"get": operation("odd") | {"responses": responses, "summary": _ODD}}}, server=server
    )
    for way in _WAYS["calls"]:
        result = run_cli(source, "odd", *way.split(), terminal=("stdout", "stderr"))
        assert not {"\x07", "\x9b"} & {*result.stdout, *result.stderr}, way
    for way in _WAYS["documents"]:
        result = run_cli("document", source, *way.split(), terminal=("stdout", "stderr"))
        assert not {"\x07", "\x9b"} & {*result.stdout, *result.stderr}, way
    asked = len(server.requests)
    for words in (
        [source, "odd"],
        ["document", source],
        [source, "odd", "-i"],
        [source, "odd", "--dry-run", "http"],
    ):
        refused = run_cli(*words, "-o", "raw", terminal=("stdout",))
        assert (2, "", asked) == (refused.exit_code, refused.stdout, len(server.requests))
        assert "--yes" in refused.stderr
        assert words[0] == "document" or "-o text" in refused.stderr
    assert "\x07" in run_cli(source, "odd", "-o", "raw", "--yes", terminal=("stdout",)).stdout
    assert "\x07" in run_cli(source, "odd", "-o", "raw").stdout


_WRITERS = [
    "API small",
    "API --help",
    "operations API",
    "API small --dry-run",
    "--version",
    "__complete bash de",
]
"""Command lines that write to standard output: a response, help, a list, a request, and what needs no command."""


def _into(stdout: Any, words: str, api: str) -> tuple[int, str]:
    """Return the exit code and the messages of a run in this process that writes to a stream."""
    stderr = io.StringIO()
    code = main(words.replace("API", api).split(), _streams(stdout, stderr))
    return code, stderr.getvalue()


def _streams(stdout: Any, stderr: io.StringIO) -> Environment:
    return Environment(stdin=io.StringIO(), stdout=stdout, stderr=stderr)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("words", _WRITERS)
def test_a_run_in_this_process_sees_a_full_disk(api: str, words: str) -> None:
    """Its caller gets 12 and the reason, and no exception."""
    stdout = open("/dev/full", "w")  # noqa: SIM115  - closing it fails, as writing does
    code, said = _into(stdout, words, api)
    with contextlib.suppress(OSError):
        stdout.close()
    assert 12 == code
    assert "Standard output cannot be written" in said
    assert "space" in said


@pytest.mark.parametrize("words", [words for words in _WRITERS if "complete" not in words])
@pytest.mark.parametrize("is_missing", [True, False], ids=["missing", "closed"])
def test_a_run_in_this_process_has_no_standard_output(
    api: str, words: str, is_missing: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A caller without one, as under `pythonw`, or with a closed one gets 12; a missing input is an empty one."""
    stdout = io.StringIO()
    stdout.close()
    if is_missing:
        monkeypatch.setattr(sys, "stdout", None)
        monkeypatch.setattr(sys, "stdin", None)
    environment = Environment(stdout=None if is_missing else stdout, stderr=io.StringIO())
    assert 12 == main(words.replace("API", api).split(), environment)
    assert "it is closed" in getattr(environment.stderr, "getvalue")()  # noqa: B009
    assert environment.stdin is not None


@pytest.mark.parametrize("words", ["--version", "API small", "help"])
def test_memory_that_is_used_up_is_said(api: str, words: str) -> None:
    """The run ends with 12 and what can be done, wherever memory runs out."""

    class Exhausted(io.StringIO):
        def write(self, _: str) -> int:
            raise MemoryError

    code, said = _into(Exhausted(), words, api)
    assert 12 == code
    assert "There is not enough memory" in said
    assert "ulimit -v" in said


@pytest.mark.parametrize("words", ["API large", "operations API", "--version"])
def test_a_reader_that_is_gone_is_141_in_this_process(api: str, words: str) -> None:
    """The caller gets the code, no message, and a descriptor that takes what is still in its buffer."""
    reading, writing = os.pipe()
    os.close(reading)
    with open(writing, "w") as stdout:
        assert (141, "") == _into(stdout, words, api)
        assert 4 == stdout.write("rest")


def test_a_slow_reader_gets_all() -> None:
    """A descriptor that does not block takes what fits; the rest is written when the reader has made room."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    data, got = os.urandom(300_000), bytearray()

    def read() -> None:
        while chunk := os.read(reading, 50_000):
            got.extend(chunk)

    thread = threading.Thread(target=read)
    with open(writing, "w") as stdout:
        threading.Timer(0.02, thread.start).start()
        write_bytes(_streams(stdout, io.StringIO()), data)
    thread.join(10)
    os.close(reading)
    assert data == got


@pytest.mark.parametrize("is_closed", [True, False])
def test_a_reader_that_leaves_is_noticed_before_anything_is_written(is_closed: bool) -> None:
    """A stream that is silent for long ends when its reader does, and else at the end of the block."""
    reading, writing = os.pipe()
    gone = threading.Event()
    with (
        open(writing, "w") as stdout,
        watched_reader(_streams(stdout, io.StringIO()), OutputFormat(), gone.set) as is_gone,
    ):
        assert (False, False) == (is_gone(), gone.is_set())
        if is_closed:
            os.close(reading)
            assert gone.wait(10)
        assert is_closed == is_gone()
    if not is_closed:
        os.close(reading)
    assert is_closed == gone.is_set()
