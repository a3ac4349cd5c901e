"""The README shows real output: each of its examples is run, and its lines are compared."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import dynacli
from dynacli.guide.pages import page
from tests.console_examples import Example, console_examples
from tests.documents import document, operation, parameter, save
from tests.harness import Recorder, Response, json_response, run_cli

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
EXAMPLES = console_examples(README)


def test_there_are_examples() -> None:
    """The blocks are found, so that the test below tests something."""
    assert len(EXAMPLES) >= 3


def test_the_readme_is_short() -> None:
    """It fits into five screens; the manual has the rest."""
    assert len(README.splitlines()) <= 170


@pytest.mark.sampled(2)
@pytest.mark.parametrize("example", EXAMPLES, ids=[example.command[:60] for example in EXAMPLES])
def test_an_example_shows_what_happens(example: Example) -> None:
    """What the README shows is what the command prints, on both streams, with its exit code."""
    example.check()


_GITHUB = "https://raw.githubusercontent.com/github/rest-api-description/main/descriptions/api.github.com/api.github.com.json"


def _document_of_issues(origin: str) -> dict[str, object]:
    """Return a small document with the two operations of GitHub's that the quick start calls."""
    repository = [parameter(name, {"type": "string"}, "path") for name in ("owner", "repo")]
    state = parameter("state", {"type": "string", "enum": ["open", "closed", "all"]})
    title = {"type": "object", "required": ["title"], "properties": {"title": {"type": "string"}}}
    issue = {"type": "object", "properties": {"number": {"type": "integer"}, "title": {"type": "string"}}}
    response = {
        "description": "",
        "content": {"application/json": {"schema": {"type": "array", "items": issue}}},
    }
    issues = {
        "get": operation(
            "issues/list-for-repo",
            *repository,
            state,
            summary="List repository issues",
            tags=["issues"],
            responses={"200": response},
        ),
        "post": operation(
            "issues/create", *repository, body=title, summary="Create an issue", tags=["issues"]
        ),
    }
    return document({"/repos/{owner}/{repo}/issues": issues}, servers=(origin,))


def test_the_quick_start_runs(server: Recorder, home: Path) -> None:  # noqa: ARG001
    """The commands for GitHub's API work as they stand; here they get a small document of two operations."""
    (block,) = (block for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) if _GITHUB in block)
    server.responses["/api.json"] = json_response(_document_of_issues(server.origin))
    issues = [{"number": 7, "title": "It works"}, {"number": 12, "title": "It fails"}]
    server.responses["/repos/octocat/hello-world/issues"] = json_response(issues)
    lines = [shlex.split(line.replace(_GITHUB, f"{server.origin}/api.json")) for line in block.splitlines()]
    assert [["dynacli"]] * 5 == [line[:1] for line in lines]
    added, overview, found, called, planned = (run_cli(*words) for _, *words in lines)
    assert [(0, "")] * 3 == [(run.exit_code, run.stderr) for run in (overview, called, planned)]
    assert [0, 0] == [added.exit_code, found.exit_code]
    assert "issues-list-for-repo" in overview.stdout
    assert found.stdout.startswith("issues-list-for-repo")
    assert "number  title" == called.stdout.splitlines()[0].strip()
    assert '{"title":"Hi"}' == planned.stdout.splitlines()[-1]
    assert "/repos/octocat/hello-world/issues?state=open" == server.last.target
    assert {"GET"} == {request.method for request in server.requests}


def _blocks(text: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


_PYTHON = page("python") or ""


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("blocks", "printed"),
    [
        (_blocks(README), "25 ()\n"),
        ([block for block in _blocks(_PYTHON) if "api.stream(" not in block], "25 ()\n201\n[176, 25]\n"),
    ],
    ids=["README.md", "help python"],
)
def test_the_examples_of_the_library_run(blocks: list[str], printed: str) -> None:
    """The Python blocks run as they stand, in a new interpreter, and print what the demo API has."""
    run = subprocess.run([sys.executable, "-c", "".join(blocks)], capture_output=True, text=True, check=False)
    assert (0, printed, "") == (run.returncode, run.stdout, run.stderr)


def test_the_example_of_a_stream_reads_its_items(
    server: Recorder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The demo API has no stream, so that the example reads one of another API."""
    (block,) = (block for block in _blocks(_PYTHON) if "api.stream(" in block)
    response = {"description": "", "content": {"text/event-stream": {}}}
    watch = {"operationId": "watchRuns", "parameters": [parameter("status", {"type": "string"})]}
    made = document({"/watch": {"get": {**watch, "responses": {"200": response}}}}, servers=(server.origin,))
    server.responses["/watch"] = Response(
        body=b'data: {"run": 1}\n\ndata: {"run": 2}\n\n', headers={"Content-Type": "text/event-stream"}
    )
    with dynacli.open_api(save(made, tmp_path / "api.json")) as api:
        exec(block, {"api": api})  # noqa: S102  - a block of our own manual
    assert "{'run': 1}\n{'run': 2}\n" == capsys.readouterr().out
