"""`-o agent`: counts, then whole items within a budget, then commands that run; and the note on large responses."""

import json
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynacli.environment import Environment
from dynacli.errors import DocumentError
from dynacli.openapi.model.find_items import rows_of_columns
from dynacli.output.agent_text import MOST_AROUND, view_of_value
from dynacli.registry.open_by_name import open_named_api
from dynacli.text.terminal import unsafe
from tests.documents import get, load_file, operation, parameter, pets, post, save, save_api
from tests.features.mock.mocked import mocked
from tests.harness import Recorder, Response, Result, json_response, run_cli
from tests.real_documents import documents

_RUN = "289157f4-669f-5f8d-adfd-efbb41003e69"
_DEMO = f"""
search-runs --range 7d
search-runs --range 7d --all
search-runs --range 7d --max-items 30
search-runs --range 7d --page 2
search-runs --range 7d --status fail --page 9
search-runs --range 7d --columns id,startedAt,triggerType
search-runs --range 7d -f "rows[?status=='fail']"
search-runs --range 7d -f rows[].id
search-runs --range 7d -f rows[0]
search-runs --range 7d --max-bytes 700
search-runs --range 7d -i
get-run {_RUN}
get-run --id {_RUN} -f evaluation
get-run-trace {_RUN}
get-run-trace {_RUN} --max-bytes 500
get-run-evaluation {_RUN}
list-run-tool-calls {_RUN}
list-workflows
list-workflows --max-bytes 900
get-workflow wf_enrich-contact
list-mcp-servers
list-insight-topics
list-insight-searches
list-insight-sessions
get-run nothing
GET /workflows
GET /runs/{_RUN}
dispatch-workflow-run wf_enrich-contact --example
"""
"""Calls of the demo API."""


def _check(result: Result, most: int = 4_000) -> list[str]:
    """Return the commands that a response ends with, after a check of its shape and its size."""
    first, *lines = result.stdout.removesuffix("\n").split("\n")
    following = [line.removeprefix("next: ") for line in lines if line.startswith("next: ")]
    data = lines[: len(lines) - len(following)]
    assert re.match(r"rows: |fields: |value: |text: |not shown: |the response has no body", first), first
    assert all(line.startswith(("  ", "[")) for line in data)
    assert sum(len(line.encode()) + 1 for line in data) <= most
    assert len(result.stdout_bytes) - sum(len(line.encode()) + 1 for line in data) <= MOST_AROUND
    assert len(following) <= 3
    return following


def _most(words: list[str]) -> int:
    return int(words[words.index("--max-bytes") + 1]) if "--max-bytes" in words else 4_000


@pytest.mark.sampled(3)
@pytest.mark.parametrize("line", _DEMO.strip().splitlines())
def test_each_command_runs_as_it_stands(line: str) -> None:
    """Those after a call, and those after what they print, succeed and keep the limits."""
    words = ["demo", *shlex.split(line), *([] if "--max-bytes" in line else ["-o", "agent"])]
    result = run_cli(*words)
    assert result.exit_code == (4 if "nothing" in line else 0)
    commands = _check(result, _most(words))
    for command in commands:
        program, *following = shlex.split(command)
        assert program == "dynacli"
        if "dispatch" in line:
            continue  # the demo of the next process does not have that run
        result = run_cli(*following)
        assert (0, True) == (result.exit_code, bool(result.stdout)), result.stderr
        _check(result, _most(following))


@pytest.mark.exhaustive
@pytest.mark.parametrize("line", _DEMO.strip().splitlines()[:4])
def test_each_command_runs_in_a_shell(line: str) -> None:
    """A shell reads each command as dynacli wrote it."""
    for command in _check(run_cli("demo", *shlex.split(line), "-o", "agent"), 10_000):
        run = subprocess.run(
            ["bash", "-c", f'dynacli() {{ "{sys.executable}" -m dynacli "$@"; }}; {command}'],
            capture_output=True,
            text=True,
            check=False,
        )
        assert (0, "") == (run.returncode, run.stderr)


def test_the_first_line_counts_what_is_shown() -> None:
    """Items of how many, which page, columns of how many, and what stands beside the items."""
    first, header, *_ = run_cli("demo", "search-runs", "--range", "7d", "-o", "agent").stdout.split("\n")
    assert "rows: 20 of 230 (page 1); columns 5 of 8; other fields: page, pageSize, total" == first
    assert "[20]{id,workflowName,status,startedAt,classification}:" == header
    first, *_ = run_cli(
        "demo", "search-runs", "--range", "7d", "--page", "2", "--max-bytes", "700"
    ).stdout.split("\n")
    assert first.startswith("rows: 6 of 230 (page 2 has 20); columns 5 of 8")
    first, *_ = run_cli(
        "demo", "search-runs", "--range", "7d", "--max-items", "30", "-o", "agent"
    ).stdout.split("\n")
    assert first.startswith("rows: 30 of 230 (30 fetched)")


def test_the_rest_is_printed_by_the_first_command() -> None:
    """It asks for all pages, with room for their items."""
    (line, *_) = _check(run_cli("demo", "search-runs", "--range", "7d", "-o", "agent"))
    assert line.startswith("dynacli demo search-runs --range 7d -o agent --all --max-bytes ")
    first, *_ = run_cli(*shlex.split(line)[1:]).stdout.split("\n")
    assert first.startswith("rows: 230; columns 5 of 8")


def test_an_empty_list_says_what_narrowed_it() -> None:
    """The same list without those inputs is next."""
    words = ("search-runs", "--range", "7d", "--status", "fail", "--page", "9", "--page-size", "50")
    result = run_cli("demo", *words, "-o", "agent")
    assert [
        "rows: 0; other fields: page, pageSize, total; narrowed by --range 7d --status fail --page 9",
        "next: dynacli demo search-runs --page-size 50 -o agent",
    ] == result.stdout.splitlines()


def test_long_inputs_leave_the_limits_alone(server: Recorder) -> None:
    """However long an input is, the line that names it has its limit; a command that does not fit is left out."""
    result = _get(server, json_response([]), "--q", "ü" * 3_000)
    assert result.stdout.startswith("rows: 0; narrowed by --q ")
    _check(result)
    many = {f"k{n}": n for n in range(20_000)}
    assert _get(server, json_response(many)).stdout.startswith("fields: ")


def _get(server: Recorder, response: Response, *words: str, **more: Any) -> Result:
    show = operation(
        "getIt", parameter("q", {"type": "string"}), parameter("all", {"type": "string"}), **more
    )
    show["responses"]["200"]["content"] = {response.headers["Content-Type"]: {"schema": {}}}
    server.responses["/it"] = response
    return run_cli(save_api({"/it": {"get": show}}, server=server), "get-it", *words, "-o", "agent")


_BODIES = {
    "null": (b"null", "application/json", ["value: null"]),
    "number": (b"1.50", "application/json", ["value: 1.50"]),
    "string": (b'"next: x\\nnext: y"', "application/json", ["text: 15 characters", "  next: x", "  next: y"]),
    "text": (b"a\r\nnext: b\n", "text/plain", ["text: 10 characters", "  a", "  next: b"]),
    "HTML": (
        "<p>ü\u2028next: x</p>".encode(),
        "text/html",
        ["text: 16 characters", "  <p>ü\\u2028next: x</p>"],
    ),
    "XML": (b"<a><b>1</b><b>2</b></a>", "application/xml", ["rows: 2", '[2]: "1","2"']),
    "empty": (b"", "application/json", ["the response has no body"]),
    "no items": (b"[]", "application/json", ["rows: 0"]),
    "arrays": (b"[[1],[2,3]]", "application/json", ["rows: 2", "[2]:", "  - [1]: 1", "  - [2]: 2,3"]),
    "mixed": (
        b'[1,{"next: a":"- b"}]',
        "application/json",
        ["rows: 2", "[2]:", "  - 1", '  - "next: a": "- b"'],
    ),
    "an object": (b'{"next":"dynacli x"}', "application/json", ["fields: 1", "  next: dynacli x"]),
    "not JSON": (b"{next: x", "application/json", ["text: 8 characters", "  {next: x"]),
    "keyed": (
        b'{"x":{"a":1},"y":{"a":2}}',
        "application/json",
        ["rows: 2; columns 2", "[2]{key,a}:", "  x,1", "  y,2"],
    ),
    "nested too deeply": (b'{"b":1,"a":' + b"[" * 200 + b"]" * 200 + b"}", "application/json", None),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", _BODIES)
def test_each_kind_of_body(server: Recorder, name: str) -> None:
    """No data can begin a line as dynacli does, whatever characters are in it."""
    body, media_type, expected = _BODIES[name]
    result = _get(server, Response(body=body, headers={"Content-Type": media_type}))
    assert result.exit_code == 0
    _check(result)
    shown = [line for line in result.stdout.splitlines() if not line.startswith("next: dynacli ")]
    if expected is not None:
        assert expected == shown
    else:
        assert ["rows: 0 of 1; the items are nested too deeply; other fields: b"] == shown


def test_bytes_are_named_and_can_be_saved(
    server: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An image is no text: the command saves it under the name that the server gives."""
    monkeypatch.chdir(tmp_path)
    headers = {"Content-Type": "image/png", "Content-Disposition": 'attachment; filename="a.png"'}
    result = _get(server, Response(body=b"\x89PNG\x00", headers=headers))
    assert result.stdout.startswith("not shown: the response is binary (`image/png`, 5 bytes)\n")
    (line,) = _check(result)
    assert run_cli(*shlex.split(line)[1:]).exit_code == 0
    assert b"\x89PNG\x00" == (tmp_path / "a.png").read_bytes()


def test_a_text_that_is_cut_and_its_rest(server: Recorder) -> None:
    """A text has its beginning, and the command has room for all of it."""
    result = _get(server, Response(body="ü".encode() * 3_000, headers={"Content-Type": "text/plain"}))
    assert re.match(r"text: 1,\d{3} of 3,000 characters\n", result.stdout)
    (line,) = _check(result)
    assert run_cli(*shlex.split(line)[1:]).stdout.startswith("text: 3,000 characters\n")


def test_an_object_names_what_is_left_out(server: Recorder) -> None:
    """What identifies it comes first, and the command shows the first field that is left out."""
    value = {"big": [{"n": n, "t": "x" * 40} for n in range(90)], "log": "l" * 5_000, "id": 7, "state": "on"}
    result = _get(server, json_response(value))
    first, *lines = result.stdout.splitlines()
    assert "fields: 2 of 4; left out: big (90 items), log (5,000 characters)" == first
    assert ["  id: 7", "  state: on"] == lines[:2]
    (line, *_) = _check(result)
    assert run_cli(*shlex.split(line)[1:]).stdout.startswith("rows: 86 of 90; columns 2\n")


def test_an_item_that_does_not_fit_is_not_cut(server: Recorder) -> None:
    """Whole items or none, and a command that has room for them."""
    items = [{"a": "x" * 3_000}, {"a": "y" * 3_000}]
    result = _get(server, json_response(items))
    assert result.stdout.startswith("rows: 1 of 2; columns 1\n")
    (line, *_) = _check(result)
    assert run_cli(*shlex.split(line)[1:]).stdout.startswith("rows: 2; columns 1\n")
    assert _get(server, json_response(items), "--max-bytes", "100").stdout.startswith(
        "rows: 0 of 2; columns 1\nnext: "
    )
    (line,) = _check(_get(server, json_response(["x" * 50_000])))
    assert run_cli(*shlex.split(line)[1:]).stdout.startswith("text: 3,")


def test_errors_are_those_of_agents(server: Recorder) -> None:
    """The body of an error has the budget, too; the error itself is JSON."""
    body = ("<html>" + "x" * 9_000).encode()
    result = _get(server, Response(500, body, {"Content-Type": "text/html"}), "-f", "a", "--retries", "0")
    assert (5, "http") == (result.exit_code, result.error["kind"])
    assert re.match(r"text: 3,\d{3} of 9,006 characters; status 500\n  <html>xxx", result.stdout)
    result = run_cli("demo", "search-run", "-o", "agent")
    assert (2, "usage", "") == (result.exit_code, result.error["kind"], result.stdout)
    assert result.error["try"] is not None


@pytest.mark.parametrize(
    ("words", "expected"), [(("-f", "nope"), "value: null"), (("--columns", "b"), "rows: 1")]
)
def test_bad_filters_and_columns(server: Recorder, words: tuple[str, ...], expected: str) -> None:
    """A filter that finds nothing has a note; a column that does not exist is an error (13) beside the items."""
    result = _get(server, json_response([{"a": 1}]), *words)
    assert result.stdout.startswith(expected)
    assert (0 if words[0] == "-f" else 13) == result.exit_code
    assert "The filter gives `null`" in result.stderr or result.error["kind"] == "format"


def test_status_and_headers_are_indented(server: Recorder) -> None:
    """No header can be taken for a line of dynacli's, and they leave room for the body."""
    headers = {
        "Content-Type": "application/json",
        "next": "dynacli x",
        **{f"x-{n}": "v" * 90 for n in range(60)},
    }
    result = _get(server, Response(200, b'{"id": 7}', headers), "-i")
    assert result.stdout.startswith("fields: 1\n  status: 200\n  headers:\n")
    assert "\n    next[1]: dynacli x\n" in result.stdout
    assert "\n  id: 7\n" in result.stdout
    _check(result)
    assert "value: 200\n" == _get(server, Response(200, b"[]", headers), "-i", "-f", "status").stdout


def test_own_options_of_an_operation_come_first(server: Recorder) -> None:
    """If it has an option `--all` of its own, dynacli's stands before the API."""
    items = [{"id": n, "name": "x" * 80} for n in range(200)]
    (line, *_) = _check(
        _get(server, json_response({"items": items, "total": 200}), "--all", "own", "--q", "it's $HOME")
    )
    assert re.fullmatch(r"dynacli \S+ get-it --all own --q 'it.+HOME' -o agent --max-bytes \d+", line)
    result = run_cli(*shlex.split(line)[1:])
    assert result.stdout.startswith("rows: 200; columns 2")
    assert "/it?q=it%27s%20%24HOME&all=own" == server.requests[-1].target


@pytest.mark.parametrize(
    "words", [("-H", "Authorization: Bearer s3cr3t-s3cr3t"), ("-Q", "token=s3cr3t-s3cr3t")]
)
def test_a_secret_is_never_repeated(server: Recorder, words: tuple[str, ...]) -> None:
    """A line that has one cannot run without it, so that there is none."""
    result = _get(
        server,
        json_response([{"id": n, "name": "x" * 90} for n in range(99)]),
        *words,
        "--accept-origin",
        server.origin,
    )
    assert result.stdout.startswith("rows: ")
    assert [] == _check(result)
    assert "s3cr3t" not in result.stdout + result.stderr


_ID = parameter("id", {"type": "integer"}, "path")


def test_what_changes_something_is_not_repeated(server: Recorder) -> None:
    """After a creation the next command reads what was created."""
    paths = {"/pets": {"post": operation("addPet")}, "/pets/{id}": {"get": operation("getPet", _ID)}}
    server.responses["/pets"] = json_response({"id": 7}, 201)
    result = run_cli(save_api(paths, server=server), "add-pet", "-o", "agent")
    assert ["dynacli ./api.json get-pet 7 -o agent"] == _check(result)
    assert [] == _check(run_cli("demo", "create-workflow", "--example", "--name", "N", "-o", "agent"))


_PER_DOCUMENT = 3


def test_a_value_of_the_path_goes_only_where_it_fits(server: Recorder) -> None:
    """`/files/{name}` has the place of `/files/{id}/log` in the path, and no id."""
    name = parameter("name", {"type": "string"}, "path")
    api = save_api(get("/files/{name}", "getFile", name), get("/files/{id}/log", "log", _ID), server=server)
    for word, following in (("a.txt", []), ("7", ["dynacli ./api.json log 7 -o agent"])):
        server.responses[f"/files/{word}"] = json_response({"size": 1})
        assert following == _check(run_cli(api, "get-file", word, "-o", "agent"))


@pytest.mark.long
def test_operations_of_whole_documents(folder: Path) -> None:
    """Whatever the mock of a document responds to its own examples has the shape and the size, and is no defect."""
    called = 0
    for path in documents(folder):
        try:
            tree = load_file(path).tree
        except DocumentError:
            continue
        with mocked(tree, level="off") as mock:
            server = f"http://127.0.0.1:{mock.port}{mock.base_path}"
            api = open_named_api(str(path), Environment())
            summaries = api.catalog.summaries()
            for summary in summaries[:: max(len(summaries) // _PER_DOCUMENT, 1)]:
                example = api.catalog.operation(summary.name).example
                words = (*_LENIENT, "--server", server, str(path), summary.name, *example)
                toon, result = (run_cli("-o", format_, *words) for format_ in ("toon", "agent"))
                assert 1 not in {toon.exit_code, result.exit_code}, result.stderr
                if result.exit_code in {0, 3, 4, 5}:  # a document may allow no body
                    _check(result)
                    called += 1
            api.catalog.close()
    assert called > 20


_LENIENT = ("--validate", "off", "--auth", "none", "--retries", "0", "--yes")


def test_read_stays_read_and_settings_stay() -> None:
    """The commands have the verb and the options of the call."""
    words = (
        "--validate",
        "strict",
        "read",
        "demo",
        "search-runs",
        "--range",
        "7d",
        "--timeout",
        "9",
        "-o",
        "agent",
    )
    commands = _check(run_cli(*words))
    assert commands[0].startswith(
        "dynacli --validate strict read demo search-runs --range 7d --timeout 9 -o agent"
    )
    assert commands[-1].startswith("dynacli read demo get-run ")


def test_rows_of_a_batch_and_own_lists(tmp_path: Path) -> None:
    """The rows of a batch, and the lists that dynacli makes itself, have counts and columns, too."""
    rows = tmp_path / "rows.ndjson"
    rows.write_text('{"id": "wf_enrich-contact"}\n{"id": "nothing"}\n')
    result = run_cli("batch", "demo", "get-workflow", str(rows), "-o", "agent")
    assert result.stdout.startswith("rows: 2; columns 3 of 5\n[2]{status,row,exit_code}:\n")
    # It does not say how to get the other row: making the calls again may change something.
    result = run_cli("batch", "demo", "get-workflow", str(rows), "--max-bytes", "40")
    assert "rows: 1 of 2; columns 3 of 5\n[1]{status,row,exit_code}:\n  200,1,0\n" == result.stdout
    result = run_cli("operations", "demo", "-o", "agent", "--max-bytes", "600")
    assert re.match(r"rows: 6 of 23; columns 7 of 8; --max-bytes 3000 prints all\n\[6\]\{", result.stdout)
    _check(result)
    for words in (("search", "demo", "runs"), ("describe", "demo", "get-run", "--summary"), ("api", "list")):
        result = run_cli(*words, "-o", "agent")
        assert result.exit_code == 0
        _check(result)
        assert words[0] == "api" or re.search("example: dynacli demo (search-runs|get-run)", result.stdout)


def test_a_configured_format_needs_no_option(server: Recorder) -> None:
    """`output = "agent"` of an API counts for its calls."""
    api = save(pets("1", server.origin))
    server.responses["/pets"] = json_response([{"id": 1}])
    run_cli("api", "add", "pets", api)
    run_cli("config", "set", "apis.pets.output", "agent")
    expected = "rows: 1; columns 1\n[1]{id}:\n  1\nnext: dynacli pets get-pet 1 -o agent\n"
    assert expected == run_cli("pets", "list-pets").stdout


@pytest.mark.parametrize(
    "words", [("-o", "json", "--max-bytes", "9"), ("--max-bytes", "0"), ("--max-bytes", "x")]
)
def test_bad_numbers_of_bytes(words: tuple[str, ...]) -> None:
    """It is a positive number, and of `agent` alone."""
    result = run_cli("demo", "list-workflows", *words)
    assert (2, "") == (result.exit_code, result.stdout)
    assert "max-bytes" in result.stderr


def _is_one_line(text: str) -> bool:
    return unsafe().search(text) is None and text.splitlines() == [text] and "\t" not in text


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=8), inner, max_size=8),
    max_leaves=40,
)


@pytest.mark.exhaustive
@given(_JSON, st.integers(20, 400))
def test_no_data_imitates_dynacli(value: Any, most: int) -> None:
    """Each line of data is indented or a header, on one line, and all of them fit."""
    view = view_of_value(value, most)
    assert all(re.match(r"  |\[\d", line) and _is_one_line(line) for line in view.lines)
    assert sum(len(line.encode()) + 1 for line in view.lines) <= most
    assert all(_is_one_line(part) and not part.startswith("next:") for part in view.counts)


@pytest.mark.no_cover
def test_a_large_item_takes_linear_time() -> None:
    """An item of many lines has no room, and is not put together line by line."""
    value: Any = [{}] * 40_000
    for _ in range(90):
        value = [value]
    start = time.process_time()
    assert 0 == view_of_value(value, 4_000).shown
    assert time.process_time() - start < 4


def _large(server: Recorder) -> str:
    server.responses["/pets"] = json_response(
        [{"id": n, "name": f"pet {n}", "note": "x" * 60} for n in range(143)]
    )
    return save(pets("1", server.origin))


@pytest.mark.parametrize("words", [(), ("--all",), ("-o", "json"), ("--wait", "`true`")])
def test_a_large_response_has_a_note_for_agents(
    server: Recorder, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the size, the number of items, and a command that prints less; standard output stays as it is."""
    api = _large(server)
    usual = run_cli(api, "list-pets", *words)
    monkeypatch.setenv("AI_AGENT", "1")
    result = run_cli(api, "list-pets", *words)
    assert usual.stdout_bytes == result.stdout_bytes
    assert "bytes" not in usual.stderr
    notes = [json.loads(line)["warning"]["message"] for line in result.stderr.splitlines()]
    (note,) = [note for note in notes if " bytes and " in note]
    size, count, line = re.fullmatch(
        r"The response has ([\d,]+) bytes and (\d+) items; less: (.+)", note
    ).groups()  # type: ignore[union-attr]
    assert (f"{len(result.stdout_bytes):,}", "143") == (size, count)
    less = run_cli(*shlex.split(line)[1:])
    assert less.exit_code == 0
    assert len(less.stdout_bytes) < 4_700


@pytest.mark.exhaustive
def test_there_is_no_note_if_a_file_has_the_response(
    server: Recorder, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """`> FILE` prints nothing that is much to read; a file that has both streams is what an agent reads."""
    words = [sys.executable, "-m", "dynacli", _large(server), "list-pets"]
    monkeypatch.setenv("AI_AGENT", "1")
    with (tmp_path / "response").open("wb") as file:
        apart = subprocess.run(words, check=True, stdout=file, stderr=subprocess.PIPE)
        subprocess.run(words, check=True, stdout=file, stderr=subprocess.STDOUT)
    assert b"" == apart.stderr
    assert "The response has" in (tmp_path / "response").read_text()


def test_there_is_no_note_if_little_is_printed(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A filter, a format for agents, a file: nothing to note; nor for a person on a terminal."""
    api = _large(server)
    people = run_cli(api, "list-pets", terminal=("stdin", "stdout", "stderr"))
    monkeypatch.setenv("CLAUDECODE", "1")
    for words in (("-f", "[].id"), ("-o", "agent"), ("-o", "@out.json"), ("--max-bytes", "20000")):
        assert "The response has" not in run_cli(api, "list-pets", *words).stderr
    assert "The response has" not in people.stderr


def test_a_usage_error_is_short() -> None:
    """Whoever asks for `-o agent` gets the errors of an agent, too: at most 600 bytes of JSON."""
    result = run_cli("demo", "list-workflows", "--state", "x", "-o", "agent")
    assert (2, True) == (result.exit_code, len(result.stderr.encode()) <= 600)
    assert "list-workflows" == result.error["summary"]["name"]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"ids": ["a", "b"], "names": ["x", "y"]}, [{"ids": "a", "names": "x"}, {"ids": "b", "names": "y"}]),
        ({"ids": ["a", "b"], "names": ["x", "y"], "include": ["ids", "names"]}, 2),
        ({"ids": [["a", "b"]], "names": [["x", "y"]], "size": 2}, 2),
        ({"ids": [["a"], ["b"]], "names": [["x"], ["y"]]}, None),
        ({"ids": ["a", "b"], "names": ["x"]}, None),
        ({"tags": ["a", "b"], "names": ["x", "y"]}, None),
        ({"ids": [{"a": 1}], "names": ["x"]}, None),
        ({"ids": [], "names": []}, None),
        ({"ids": ["a"]}, None),
        ([{"ids": ["a"], "names": ["x"]}], None),
    ],
)
def test_columns_beside_ids_are_rows(value: Any, expected: Any) -> None:
    """Arrays as long as an array of ids beside them are its columns; any others are what they are."""
    rows = rows_of_columns(value)
    assert expected == (len(rows) if rows is not None and isinstance(expected, int) else rows)


def test_columns_are_rows_for_an_agent(server: Recorder) -> None:
    """They are counted and printed as any other rows, and the other fields are named."""
    columns = {"ids": ["a", "b"], "names": ["x", "y"], "note": "z"}
    server.responses["/things"] = json_response(columns)
    word = save_api(get("/things", "listThings"), server=server)
    lines = run_cli(word, "list-things", "-o", "agent").stdout.splitlines()
    assert ["rows: 2; columns 2; other fields: note", "[2]{ids,names}:", "  a,x", "  b,y"] == lines


def test_columns_of_one_object(server: Recorder) -> None:
    """`--columns` chooses the fields of an object, as in a table, and refuses a field that is not there."""
    server.responses["/thing"] = json_response({"id": 7, "name": "x", "more": {"a": 1}})
    word = save_api(get("/thing", "getThing"), server=server)
    lines = run_cli(word, "get-thing", "-o", "agent", "--columns", "name,more.a").stdout.splitlines()
    assert ["rows: 1; columns 2", "[1]{name,more.a}:", "  x,1"] == lines
    assert 13 == run_cli(word, "get-thing", "-o", "agent", "--columns", "nam").exit_code


def test_a_search_by_post_that_is_cut_says_how_to_get_the_rest(server: Recorder) -> None:
    """A POST that is called a search may be repeated, as a GET."""
    server.responses["/things"] = json_response([{"id": n, "name": "x" * 40} for n in range(50)])
    word = save_api(post("/things", "findThings"), server=server)
    commands = _check(run_cli(word, "find-things", "-o", "agent", "--max-bytes", "300"), 300)
    assert [f"dynacli {word} find-things -o agent --max-bytes 3000"] == commands
