"""The README shows real output: each of its examples is run, and its lines are compared."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import dynacli
from dynacli.guide.pages import page
from tests.documents import document, parameter, save
from tests.harness import Answer, Recorder

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
EXIT_CODE = re.compile(r"# exit code (\d+)")


def _examples() -> list[tuple[str, str, int]]:
    """Return (command, shown output, shown exit code) of every `$` line in the console blocks."""
    found = []
    for block in re.findall(r"```console\n(.*?)```", README, re.DOTALL):
        for example in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, shown = example.partition("\n")
            code = EXIT_CODE.search(shown)
            found.append((command, EXIT_CODE.sub("", shown).strip("\n"), int(code[1]) if code else 0))
    return found


def _as_pattern(shown: str) -> str:
    """Return a pattern in which `...` stands for anything, and a line of it for any lines."""
    lines = [
        r"(?:.*\n)*?.*" if line == "..." else re.escape(line).replace(r"\.\.\.", ".*")
        for line in shown.split("\n")
    ]
    return "\n".join(lines)


EXAMPLES = _examples()


def test_there_are_examples() -> None:
    """The blocks are found, so that the test below tests something."""
    assert len(EXAMPLES) >= 5


@pytest.mark.sampled(2)
@pytest.mark.parametrize(
    ("command", "shown", "code"), EXAMPLES, ids=[command[:60] for command, _, _ in EXAMPLES]
)
def test_an_example_shows_what_happens(command: str, shown: str, code: int) -> None:
    """What the README shows is what the command prints, on both streams, with its exit code."""
    program = Path(sys.executable).with_name("dynacli")
    assert program.exists(), "dynacli is not installed beside this interpreter"
    environment = {**os.environ, "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}
    shell = shutil.which("sh") or "/bin/sh"
    run = subprocess.run([shell, "-c", command], capture_output=True, text=True, env=environment, check=False)
    output = (run.stdout.rstrip("\n") + "\n" + run.stderr).strip("\n")
    assert code == run.returncode, output
    assert re.fullmatch(_as_pattern(shown), output), output


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
