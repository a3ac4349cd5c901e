"""`--jq`: results are those of jq itself, which sees only the response, and ends in time."""

import importlib.machinery
import os
import signal
import subprocess
import sys
import time
from typing import Any

import pytest

from dynacli.errors import UsageError
from dynacli.features.jq import run_jq
from dynacli.text.filter_value import check_filter
from dynacli.text.jq_syntax import jmespath_of_path
from tests.documents import pets, save
from tests.harness import Recorder, Response, json_response, run_cli

PETS = b'{"pets": [{"id": 12345678901234567890123, "name": "Rex", "price": 1.10}, {"id": 2, "name": null}], "t": 1}'


def jq(server: Recorder, *words: str, body: bytes = PETS, media_type: str = "application/json") -> Any:
    """Return the result of a call whose response has a body."""
    server.responses["/pets"] = Response(200, body, {"Content-Type": media_type})
    return run_cli(save(pets("1", server.origin)), "list-pets", "--validate", "off", *words)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (
            ["."],
            '{"pets":[{"id":12345678901234567890123,"name":"Rex","price":1.10},{"id":2,"name":null}],"t":1}\n',
        ),
        ([".pets[].id"], "12345678901234567890123\n2\n"),
        ([".pets[].name", "-o", "raw"], "Rex\nnull\n"),
        ([".pets[]|{id}", "-o", "csv"], "id\r\n12345678901234567890123\r\n2\r\n"),
        ([".pets[].id", "-o", "yaml"], "- 12345678901234567890123\n- 2\n"),
        ([".pets[0].price", "-o", "lines"], "1.10\n"),
        (["[.pets[].id] | length # of all"], "2\n"),
        (["def twice: ., .; .t | twice", "-o", "json"], "1\n1\n"),
        (["empty"], ""),
    ],
)
def test_results_are_those_of_jq(words: list[str], shown: str, server: Recorder) -> None:
    """One result is a value as after `-f`; several are a line each, or rows; numbers keep their digits."""
    result = jq(server, "--jq", *words)
    assert (0, shown, "") == (result.exit_code, result.stdout, result.stderr)


def test_a_program_runs_on_each_item_of_a_stream(server: Recorder) -> None:
    """Each result of an item is a line."""
    body = b'{"n": [1.10, 2]}\n{"n": []}\n{"n": [3]}\n'
    result = jq(server, "--jq", ".n[]", "-o", "ndjson", body=body, media_type="application/x-ndjson")
    assert (0, "1.10\n2\n3\n") == (result.exit_code, result.stdout)


def test_pages_are_one_value() -> None:
    """With `--all`, the program runs once, on the merged response."""
    result = run_cli("demo", "search-runs", "--range", "7d", "--all", "--jq", ".rows | length > 20")
    assert (0, "true\n") == (result.exit_code, result.stdout)


@pytest.mark.exhaustive
def test_a_program_sees_no_environment_and_no_file(
    server: Recorder, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """An agent may type any program after `dynacli read`."""
    monkeypatch.setenv("SHOP_TOKEN", "kept-from-jq")
    (tmp_path / "data.json").write_text('"kept-from-jq"')
    for program in ("env", "$ENV", "env.SHOP_TOKEN, $ENV.SHOP_TOKEN", "[input_filename, get_search_list]"):
        result = jq(server, "--jq", program)
        assert "kept-from-jq" not in result.stdout + result.stderr
    for program in ("input", f'"{tmp_path}/data" | modulemeta'):
        assert 13 == jq(server, "--jq", program).exit_code
    called = len(server.requests)
    for program in (f'import "{tmp_path}/data" as $data; $data', f'include "{tmp_path}/data"; .'):
        assert 2 == jq(server, "--jq", program).exit_code
    assert called == len(server.requests)


@pytest.mark.parametrize("program", [".pets[", "", "foo"])
def test_a_wrong_program_is_refused_before_the_call(program: str, server: Recorder) -> None:
    """As is a wrong JMESPath expression; the reason is that of jq."""
    result = jq(server, "--jq", program)
    assert 2 == result.exit_code
    assert "not a jq program" in result.stderr
    assert not server.requests


def test_a_program_that_fails_leaves_the_response(server: Recorder) -> None:
    """It is printed as JSON, and the error has the reason of jq."""
    result = jq(server, "--jq", ".pets.name")
    assert 13 == result.exit_code
    assert "Rex" in result.stdout
    assert 'reason: jq: Cannot index array with string ("name")' in result.stderr


@pytest.mark.exhaustive
def test_a_program_that_does_not_end_is_ended(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has a limit of time, after which another program runs as ever."""
    monkeypatch.setattr(run_jq, "_SECONDS", 1)
    result = jq(server, "--jq", "def f: f; f")
    assert 13 == result.exit_code
    assert "takes more than 1 seconds" in result.stderr
    assert "1\n" == jq(server, "--jq", ".t").stdout


@pytest.mark.exhaustive
@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no signal to one process")
def test_an_interrupt_ends_a_program(server: Recorder) -> None:
    """Ctrl-C reaches it although it runs in C."""
    server.responses["/pets"] = json_response({"pets": []})
    words = [save(pets("1", server.origin)), "list-pets", "--validate", "off", "--jq", "def f: f; f"]
    with subprocess.Popen(
        [sys.executable, "-m", "dynacli", *words], stderr=subprocess.PIPE, start_new_session=True
    ) as run:
        end = time.monotonic() + 20
        while not server.requests and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(0.5)
        os.killpg(run.pid, signal.SIGINT)
        began = time.monotonic()
        _, reported = run.communicate(timeout=20)
    assert time.monotonic() - began < 10
    assert run.returncode in {130, -signal.SIGINT}
    assert b"Traceback" not in reported


def test_without_the_extra_the_error_says_how_to_get_it(
    server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For a plain path, the corrected command has the same as a JMESPath expression."""
    found = importlib.machinery.PathFinder.find_spec
    monkeypatch.setattr(
        importlib.machinery.PathFinder,
        "find_spec",
        lambda name, *others: None if name == "jq" else found(name, *others),
    )
    result = jq(server, "--jq", ".pets[].id")
    assert 2 == result.exit_code
    assert "pip install '.[jq]'" in result.stderr
    assert "try: dynacli" in result.stderr
    assert "list-pets --validate off --filter 'pets[].id'" in result.stderr
    result = jq(server, "--jq", ".pets | map(.id)")
    assert "pip install '.[jq]'" in result.stderr
    assert "--filter" not in result.stderr
    assert not server.requests


def test_filter_and_jq_exclude_each_other(server: Recorder) -> None:
    """A result is filtered once."""
    assert 2 == jq(server, "--jq", ".", "-f", "pets").exit_code


def test_a_filter_that_reads_like_jq_is_corrected() -> None:
    """A plain path is the same in JMESPath, and any other program is for `--jq`."""
    words = ("--error-format", "json", "demo", "list-workflows", "-f")
    assert run_cli(*words, ".rows[].id").error["try"].endswith("-f 'rows[].id'")
    result = run_cli(*words, ".rows[] | select(.id)")
    assert result.error["try"].endswith("--jq '.rows[] | select(.id)'")
    with pytest.raises(UsageError) as refused:
        check_filter(".rows[] | .id")
    assert "`--jq PROGRAM` filters a result with jq" == refused.value.hint


@pytest.mark.parametrize(
    ("program", "expression"),
    [
        (".a", "a"),
        (" .a.b[].c ", "a.b[].c"),
        (".rows[0]", "rows[0]"),
        (".", ""),
        (".a | .b", ""),
        (".a-b", ""),
        (".a.[]", ""),
        (".a.", ""),
        ('."a"', ""),
    ],
)
def test_a_plain_path_has_a_twin(program: str, expression: str) -> None:
    """Any other program has none: a wrong one would be worse."""
    assert expression == jmespath_of_path(program)


def test_rows_of_a_batch(server: Recorder) -> None:
    """Each result of a row is a line."""
    server.responses["/pets/1"] = json_response({"n": [1, 2]})
    words = (
        "batch",
        save(pets("1", server.origin)),
        "get-pet",
        "--validate",
        "off",
        "--jq",
        ".row, .status",
        "-",
    )
    result = run_cli(*words, stdin=b'{"petId": 1}\n')
    assert (0, "1\n200\n") == (result.exit_code, result.stdout)
