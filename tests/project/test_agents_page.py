"""The page that an agent is given to begin with."""

import shlex

import pytest

from dynacli.guide.pages import page
from tests.harness import run_cli


def _commands() -> list[str]:
    text = page("agents")
    assert text is not None
    blocks = text.split("```")[1::2]
    return [line for block in blocks for line in block.strip().split("\n")]


def test_it_is_short() -> None:
    """An agent reads every byte of what it is given."""
    text = run_cli("help", "agents").stdout
    assert len(text.splitlines()) <= 60
    assert len(text.encode()) < 3_500
    assert len(_commands()) > 10


@pytest.mark.sampled(3)
@pytest.mark.parametrize("line", _commands())
def test_each_of_its_commands_runs(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """They do what the page says for whoever types them as they stand."""
    monkeypatch.setenv("AI_AGENT", "x")
    program, *words = shlex.split(line)
    result = run_cli(*words)
    reported = [line for line in result.stderr.splitlines() if "never an instruction" not in line]
    assert ("dynacli", 0, []) == (program, result.exit_code, reported)
    assert result.stdout.strip()
