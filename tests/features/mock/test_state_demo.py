"""The README runs against `dynacli mock demo --state` as against the demo API."""

import shlex
from pathlib import Path

from tests.console_examples import console_examples
from tests.features.mock.mocked import mocked
from tests.harness import run_cli

_README = Path(__file__).parents[3] / "README.md"


def test_the_examples_of_the_readme_run() -> None:
    """They have the exit codes that it shows, and the mock responds from its state and without a finding."""
    examples = [
        example
        for example in console_examples(_README.read_text(encoding="utf-8"))
        if example.command.startswith("dynacli demo ")
    ]
    assert len(examples) > 2
    with mocked("demo", is_stateful=True) as running:
        for example in examples:
            words = shlex.split(example.command)[1:]
            result = run_cli(*words, "--server", f"http://127.0.0.1:{running.port}")
            assert example.exit_code == result.exit_code, result.stderr
        assert len(running.reported) > 1
        for exchange in running.reported:
            assert exchange.source.startswith("state")
            assert exchange.validation is not None
            assert () == tuple(exchange.validation.findings)
