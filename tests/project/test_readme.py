"""The README shows real output: each of its examples is run, and its lines are compared."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

import dynacli
from dynacli.guide.pages import page
from tests.console_examples import Example, console_examples
from tests.documents import document, parameter, save
from tests.harness import Answer, Recorder

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
EXAMPLES = console_examples(README)


def test_there_are_examples() -> None:
    """The blocks are found, so that the test below tests something."""
    assert len(EXAMPLES) >= 5


@pytest.mark.sampled(2)
@pytest.mark.parametrize("example", EXAMPLES, ids=[example.command[:60] for example in EXAMPLES])
def test_an_example_shows_what_happens(example: Example) -> None:
    """What the README shows is what the command prints, on both streams, with its exit code."""
    example.check()


def _blocks(text: str) -> list[str]:
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


_LIBRARY = page("library") or ""


@pytest.mark.parametrize(
    ("blocks", "printed"),
    [
        (_blocks(README), "25 ()\n"),
        ([block for block in _blocks(_LIBRARY) if "api.stream(" not in block], "25 ()\n201\n[176, 25]\n"),
    ],
    ids=["README.md", "help library"],
)
def test_the_examples_of_the_library_run(blocks: list[str], printed: str) -> None:
    """The Python blocks run as they stand, in a new interpreter, and print what the stand-in has."""
    run = subprocess.run([sys.executable, "-c", "".join(blocks)], capture_output=True, text=True, check=False)
    assert (0, printed, "") == (run.returncode, run.stdout, run.stderr)


def test_the_example_of_a_stream_reads_its_items(
    server: Recorder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The stand-in has no stream, so that the example reads one of another API."""
    (block,) = (block for block in _blocks(_LIBRARY) if "api.stream(" in block)
    answer = {"description": "", "content": {"text/event-stream": {}}}
    watch = {"operationId": "watchRuns", "parameters": [parameter("status", {"type": "string"})]}
    made = document({"/watch": {"get": {**watch, "responses": {"200": answer}}}}, servers=(server.origin,))
    server.answers["/watch"] = Answer(
        body=b'data: {"run": 1}\n\ndata: {"run": 2}\n\n', headers={"Content-Type": "text/event-stream"}
    )
    with dynacli.open_api(save(made, tmp_path / "api.json")) as api:
        exec(block, {"api": api})  # noqa: S102  - a block of our own manual
    assert "{'run': 1}\n{'run': 2}\n" == capsys.readouterr().out
