"""A run that is killed at any moment loses nothing, and the runs after it end with what the server has."""

import os
import random
from collections.abc import Iterator

import pytest

from tests.features.sql.changing_list import ChangingList
from tests.features.sql.killed_runs import run_killed
from tests.features.sql.test_sync import rows_of
from tests.harness import Recorder, run_cli
from tests.registry.forked_runs import Forks, forking

_RUNS = int(os.environ.get("DYNACLI_TEST_KILLS", "60"))
_ITEMS = 5_000


@pytest.fixture(name="forks")
def _forks() -> Iterator[Forks]:
    with forking() as forks:
        yield forks


@pytest.mark.long
@pytest.mark.parametrize("has_since", [False, True])
def test_a_mirror_is_whole_after_any_number_of_kills(
    server: Recorder, forks: Forks, *, has_since: bool
) -> None:
    """No row is missing, none is there twice, and none is wrong, though items come, change and go meanwhile."""
    chance = random.Random(43)  # noqa: S311
    issues = ChangingList(size=250, has_since=has_since)
    issues.add(*range(1, _ITEMS + 1))
    api = issues.start(server)
    since = ["--since", "updated_since=updated_at"] if has_since else []
    words = ["sync", api, "list-issues", "a", *since, "--into", os.path.abspath("mirror.db"), "--yes"]
    longest = 0.2 if has_since else 0.9
    killed = 0
    for number in range(_RUNS):
        at = f"2026-01-{1 + number // 24 % 28:02}T{number % 24:02}:00:00Z"
        for _ in range(20):
            issues.add(chance.randrange(1, _ITEMS + 2 * number + 2), at=at, title=f"Changed in {number}")
        issues.rows.pop(chance.randrange(1, _ITEMS), None)
        ended = forks.child((run_killed, chance.uniform(0.01, longest), *words))
        killed += ended.status != 0
    assert killed > _RUNS // 4
    for _ in range(2):
        result = run_cli(*words, "--full")
        assert 0 == result.exit_code, result.stderr
    held = rows_of("SELECT number, title, updated_at FROM issues ORDER BY number")
    truth = sorted((issue["number"], issue["title"], issue["updated_at"]) for issue in issues.rows.values())
    assert truth == held
