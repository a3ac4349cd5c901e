"""Filters that were written for jq: their twins in JMESPath, which give the same, and the programs without one."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from dynacli.errors import UsageError
from dynacli.text.filter_value import check_filter, filtered
from dynacli.text.jq_program import jmespath_of_jq
from tests.harness import assert_ended, run_cli

_TABLE = yaml.safe_load(Path(__file__).with_name("jq_programs.yaml").read_text(encoding="utf-8"))
_TWINS = [(row["jq"], row["jmespath"], row["results"]) for row in _TABLE["twins"]]


@pytest.mark.parametrize(("program", "twin", "results"), _TWINS, ids=[row[0] for row in _TWINS])
def test_a_twin_gives_what_jq_gives(program: str, twin: str, results: list[Any]) -> None:
    """The twin of a program with several results gives the list of them, of any other the one result."""
    assert twin == jmespath_of_jq(program)
    check_filter(twin)
    found = filtered(_TABLE["data"], twin)
    assert results == (found if "[]" in program and not program.startswith("[") else [found])


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed")
def test_the_results_in_the_table_are_those_of_jq() -> None:
    """Each program was run by jq on the data of the table."""
    run = subprocess.run(
        ["jq", "-c", ", ".join(f"[{program}]" for program, _, _ in _TWINS)],
        input=json.dumps(_TABLE["data"]),
        capture_output=True,
        text=True,
        check=True,
    )
    assert [results for _, _, results in _TWINS] == [json.loads(line) for line in run.stdout.splitlines()]


@pytest.mark.parametrize("program", _TABLE["without"])
def test_no_twin_is_better_than_a_wrong_one(program: str) -> None:
    """A program has none if JMESPath says it in another way, leaves out nulls, or is not known to say it at all."""
    assert "" == jmespath_of_jq(program)


def test_the_error_gives_the_twin() -> None:
    """The corrected command has it, which runs as it stands; elsewhere the hint does."""
    words = ("demo", "list-workflows", "-f", '.rows[] | select(.status == "paused") | .name')
    result = run_cli("--error-format", "json", *words)
    assert 2 == result.exit_code
    assert result.error["try"].endswith("""-f "map(&name, rows[?status == 'paused'])\"""")
    assert "jq" in result.error["reason"]
    with pytest.raises(UsageError) as refused:
        check_filter(".rows[].id")
    assert "The same in JMESPath: `map(&id, rows)`" == refused.value.hint


def test_a_program_without_a_twin_is_named_as_jq() -> None:
    """The reason says so, and the hint names the manual."""
    result = run_cli("demo", "list-workflows", "-f", ".rows[] | {name}")
    assert_ended(result, 2, "It reads like jq", "dynacli help output")
