"""`dynacli bake`: a command line of its own for one API, which shares nothing with dynacli and other such tools."""

import io
import json
import os
import runpy
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from dynacli.baked.run_baked import main
from dynacli.environment import Environment
from tests.harness import Answer, Recorder, run_cli

_ANSWER = {"description": "", "content": {"application/json": {"schema": {"type": "string"}}}}


def _document(origin: str) -> dict[str, Any]:
    return {
        "openapi": "3.1.0",
        "info": {"title": "Pets", "version": "2.1"},
        "servers": [{"url": origin}],
        "security": [{"bearer": []}],
        "paths": {"/pets": {"get": {"operationId": "listPets", "responses": {"200": _ANSWER}}}},
        "components": {"securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}}},
    }


@pytest.fixture
def bake(server: Recorder, tmp_path: Path) -> Callable[[str], Path]:
    """Return what bakes a tool of a name, for an API that wants a token."""
    server.answers["/pets"] = Answer(body=b'"of dynacli"')
    server.answers["/openapi.json"] = Answer(body=json.dumps(_document(server.origin)).encode())
    document = f"{server.origin}/openapi.json"

    def baked(name: str) -> Path:
        file = tmp_path / name
        result = run_cli("bake", name, "--api", document, "--out", str(file))
        assert (0, f"Written: {file}\n") == (result.exit_code, result.stderr.removeprefix("Note: "))
        return file

    return baked


def _run(file: Path, *words: str, **variables: str) -> tuple[int, str, str]:
    """Run a baked tool in this process, in a home of its own beside it."""
    raw = io.BytesIO(), io.BytesIO()
    streams = [io.TextIOWrapper(each, encoding="utf-8") for each in raw]
    home = {"HOME": str(file.parent), "NO_PROXY": "*", **variables}
    env = Environment(stdin=io.StringIO(), stdout=streams[0], stderr=streams[1], variables=home)
    code = main(runpy.run_path(str(file))["TOOL"], list(words), env)
    for each in streams:
        each.flush()
    return code, raw[0].getvalue().decode(), raw[1].getvalue().decode()


def test_tools_and_dynacli_share_no_secret(bake: Callable[[str], Path], server: Recorder) -> None:
    """A tool sends the token of its own variable and store alone, whatever the others have."""
    tool, other = bake("petshop"), bake("pet-shop")
    tokens = {"PETSHOP_TOKEN": "first", "DYNACLI_PETSHOP_TOKEN": "x", "DYNACLI_PET_SHOP_TOKEN": "y"}
    assert (0, '"of dynacli"', "") == _run(tool, "list-pets", **tokens)
    assert ["Bearer first"] == server.last.headers["authorization"]
    code, stdout, stderr = _run(other, "list-pets", **tokens)
    assert (10, "") == (code, stdout)
    assert "`PET_SHOP_TOKEN`" in stderr
    assert "pet-shop auth login" in stderr
    assert "dynacli" not in stderr.lower()
    assert ["/pets"] == [each.target for each in server.requests if "authorization" in each.headers]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--version"], "petshop 2.1"),
        (["--help"], "Usage: petshop "),
        (["list-pets", "--help"], "Usage: petshop list-pets [OPTIONS]"),
        (["describe", "list-pets"], "petshop list-pets"),
        (["__complete", "bash", "list-p"], "list-pets"),
        (["__complete", "bash", "desc"], "describe"),
        (["__complete", "bash", "list-pets", "--validate", "ex"], "exact"),
        (["completion", "bash"], "complete -o default -F _petshop_complete petshop"),
        (["completion", "zsh"], "#compdef petshop"),
        (["completion", "fish"], "complete -c petshop -f -a '(__petshop_complete)'"),
    ],
    ids=[*"0123456789"],
)
def test_a_tool_has_a_name_of_its_own(words: list[str], line: str, bake: Callable[[str], Path]) -> None:
    """Its help, version and completion have its name, and never dynacli's."""
    tool = bake("petshop")
    assert 0 == _run(tool, "operations")[0]  # completion fetches nothing
    code, stdout, _ = _run(tool, *words)
    assert 0 == code
    assert any(shown.strip().startswith(line) for shown in stdout.splitlines()), stdout
    assert "dynacli" not in stdout.lower()


def test_a_mistake_is_corrected_in_words_of_the_tool(bake: Callable[[str], Path]) -> None:
    """The line that an error proposes can be typed as it stands."""
    code, _, stderr = _run(bake("petshop"), "list-pets", "--valid", "exact")
    assert 2 == code
    assert "try: petshop list-pets --validate exact" in stderr
    assert "dynacli" not in stderr


@pytest.mark.parametrize("name", ["check", "Pets", "a/b", "../x", ""])
def test_a_name_that_no_tool_can_have_is_refused(name: str, tmp_path: Path) -> None:
    """It would be no command, no variable and no directory."""
    result = run_cli("bake", name, "--api", "demo", "--out", str(tmp_path / "tool"))
    assert 2 == result.exit_code
    assert not (tmp_path / "tool").exists()


def test_a_secret_of_the_source_is_not_written(server: Recorder, tmp_path: Path) -> None:
    """The file of a tool may be passed on."""
    server.answers["/openapi.json"] = Answer(body=json.dumps(_document(server.origin)).encode())
    url = f"{server.origin}/openapi.json?key=s3cret"
    result = run_cli("bake", "petshop", "--api", url, "--out", str(tmp_path / "petshop"))
    assert 2 == result.exit_code
    assert "s3cret" not in result.stderr
    assert not (tmp_path / "petshop").exists()


def test_the_file_runs_by_itself(bake: Callable[[str], Path], server: Recorder, tmp_path: Path) -> None:
    """It is a program, which tells servers its own name, and keeps what it knows in directories of its own."""
    file = bake("petshop")
    variables: Mapping[str, str] = {"HOME": str(tmp_path), "PATH": os.environ["PATH"], "PETSHOP_TOKEN": "t"}
    run = subprocess.run([file, "list-pets"], capture_output=True, text=True, check=False, env=variables)
    assert (0, '"of dynacli"', "") == (run.returncode, run.stdout, run.stderr)
    (agent,) = server.last.headers["user-agent"]
    assert agent.startswith("petshop/2.1 dynacli/")
    assert (tmp_path / ".config" / "petshop" / "config.toml").is_file()
    assert (tmp_path / ".cache" / "petshop").is_dir()
    assert not (tmp_path / ".config" / "dynacli").exists()
