"""Someone who knows neither dynacli nor the API does four tasks, in few commands and with little reading."""

from collections import Counter
from collections.abc import Iterator

import pytest

from dynacli.demo._data import Store, tool_calls
from tests.bench.newcomer import MOST_BYTES, MOST_COMMANDS, Newcomer, UnknownWordError, do_all, visiting


@pytest.fixture
def newcomer() -> Iterator[Newcomer]:
    """Someone for whom the API is registered."""
    with visiting() as somebody:
        yield somebody


@pytest.mark.exhaustive
def test_four_tasks_take_few_commands_and_little_reading(newcomer: Newcomer) -> None:
    """Each command has only words that stand in the task or in what was read, and the responses are right."""
    do_all(newcomer)
    store = Store()
    wrong = [
        run
        for run in store.runs.values()
        if run["classification"] == "wrong_answer" and run["startedAt"] >= "2026-06-24T12:00:00Z"
    ]
    dearest = max(wrong, key=lambda run: run["costUsd"])
    counts = Counter(call["toolName"] for call in tool_calls(dearest, store.tools_of_run(dearest)))
    responses = [task.response for task in newcomer.tasks]
    assert [f"{len(wrong)} runs; the dearest is {dearest['id']}", counts.most_common(1)[0][0]] == responses[
        :2
    ]
    assert responses[2].endswith(" is paused, 2 criteria")
    assert responses[3].endswith(": pass")
    assert newcomer.commands <= MOST_COMMANDS
    assert newcomer.read <= MOST_BYTES


def test_a_newcomer_knows_no_word_that_was_not_read(newcomer: Newcomer) -> None:
    """A command with a word that nothing has shown is not run."""
    newcomer.begin("Show the organization.")
    with pytest.raises(UnknownWordError, match="get"):
        newcomer.run("dynacli armature get-org")
    assert "get-org" in newcomer.run("dynacli armature")
    assert '"name"' in newcomer.run("dynacli armature get-org")
