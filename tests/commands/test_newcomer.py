"""Someone who knows neither dynacli nor the API does four tasks, in few commands and with little reading."""

from collections.abc import Iterator

import pytest

from dynacli.features.demo._data import Store
from tests.bench.newcomer import MOST_BYTES, MOST_COMMANDS, WAYS, Newcomer, UnknownWordError, do_all, visiting


@pytest.fixture
def newcomer() -> Iterator[Newcomer]:
    """Someone for whom the API is registered."""
    with visiting() as somebody:
        yield somebody


@pytest.mark.exhaustive
@pytest.mark.parametrize("way", WAYS)
def test_four_tasks_take_few_commands_and_little_reading(newcomer: Newcomer, way: str) -> None:
    """Each command has only words that stand in the task or in what was read, and the responses are right."""
    do_all(newcomer, way)
    failed = [run for run in Store().runs.values() if run["status"] == "fail"]
    counted, created, ended, exported = (task.response for task in newcomer.tasks)
    assert f"{len(failed)} runs of {len({run['workflowName'] for run in failed})} workflows" == counted
    assert ("0 3 * * *, 1 criterion", "pass") == (created, ended)
    assert int(exported.split()[0]) > len(Store().runs)  # those of the new workflow are new
    assert newcomer.commands <= MOST_COMMANDS
    assert newcomer.read <= MOST_BYTES


def test_a_newcomer_knows_no_word_that_was_not_read(newcomer: Newcomer) -> None:
    """A command with a word that nothing has shown is not run."""
    newcomer.begin("Show the organization.")
    with pytest.raises(UnknownWordError, match="get"):
        newcomer.run("dynacli armature get-org")
    assert "get-org" in newcomer.run("dynacli armature")
    assert '"name"' in newcomer.run("dynacli armature get-org")
