"""The process is killed at every write, sync and rename: the next run finds the old or the new, never a mixture.

The kills are real ones (SIGKILL), at real calls of the C library, SQLite's among them: see `crash_points.c`.
"""

import json
import os
import signal
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from tests.documents import SERVER, operation, pets, save
from tests.harness import RecordedRequest, Recorder, Response
from tests.registry.crash_points import (
    age_by_days,
    arm,
    changes_made,
    copied,
    damaged,
    left_behind,
    seen,
    state,
)
from tests.registry.forked_runs import Forks, forking, run

NEW: dict[str, Any] = {"/new": {"get": operation("newOne")}}
LEAST = 500
"""Kills in one run of all the tests here that leaves none out."""
_STRIDE = int(os.environ.get("DYNACLI_TEST_STRIDE", "3"))
"""Of so many moments one is tried in the exhaustive tests."""


OLD_DOCUMENT = json.dumps(pets("1", f"{SERVER}/v1")).encode()
NEW_DOCUMENT = json.dumps(pets("2", f"{SERVER}/v2", **NEW)).encode()
MOVED_DOCUMENT = json.dumps(pets("3", "http://127.0.0.1:8/v3")).encode()


@dataclass
class Stage:
    """Where a scenario plays: a server, and the directories of the program.

    Attributes:
        home: Holds cache and configuration; what is put in it is the state before.
    """

    forks: Forks
    server: Recorder
    home: Path
    scratch: Path

    @property
    def url(self) -> str:
        return f"{self.server.origin}/openapi.json"

    @property
    def places(self) -> list[str]:
        return [str(self.home / "cache"), str(self.home / "config")]

    @property
    def file(self) -> Path:
        return self.scratch / "first.json"

    def named(self, words: Iterable[str]) -> list[str]:
        """Return words with the place of the document that they stand for."""
        places = {"URL": self.url, "FILE": str(self.file)}
        return [places.get(word, word) for word in words]

    def run(self, *words: str, code: int = 0) -> None:
        """Run the program, which ends with an exit code."""
        (given,) = self.forks.child((run, *words)).values
        assert code == given[0], given[2]

    def serve(self, content: bytes, path: str = "/openapi.json") -> None:
        """Let the server have a document, by an ETag."""
        tag = f'"{hash(content)}"'

        def response(request: RecordedRequest) -> Response:
            if request.headers.get("if-none-match") == [tag]:
                return Response(304, b"", {"ETag": tag})
            return Response(200, content, {"Content-Type": "application/json", "ETag": tag})

        self.server.responses[path] = response

    def age(self) -> None:
        """Make the document due, and its refresh claimed."""
        (path,) = self.home.glob("cache/documents/*openapi_json*/current.json")
        path.write_text(json.dumps({**json.loads(path.read_text()), "fetched_at": 1}))
        path.with_name("refresh.claim").write_text("")


def _first_add(stage: Stage) -> None:
    stage.serve(OLD_DOCUMENT)


def _first_use(stage: Stage) -> None:
    stage.file.write_bytes(OLD_DOCUMENT)


def _changed(stage: Stage) -> None:
    stage.serve(OLD_DOCUMENT)
    stage.run("api", "add", "shop", stage.url)
    stage.serve(NEW_DOCUMENT)


def _changed_and_due(stage: Stage) -> None:
    _changed(stage)
    stage.age()


def _unchanged(stage: Stage) -> None:
    _changed(stage)
    stage.serve(OLD_DOCUMENT)


def _moved(stage: Stage) -> None:
    _changed(stage)
    stage.serve(MOVED_DOCUMENT)


def _held_back(stage: Stage) -> None:
    _moved(stage)
    stage.run("api", "refresh", "shop", code=11)


SHARED = {"Pet": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}}


def _split(version: str, shared: str, **paths: Any) -> bytes:
    document = pets(version, f"{SERVER}/v{version}", **paths)
    document["components"]["schemas"]["Pet"] = {"$ref": f"{shared}#/Pet"}
    return json.dumps(document).encode()


def _several_files(stage: Stage) -> None:
    stage.serve(_split("1", "shared.json"))
    stage.serve(json.dumps(SHARED).encode(), "/shared.json")
    stage.run("api", "add", "shop", stage.url)
    stage.serve(_split("2", "shared.json", **NEW))
    stage.serve(json.dumps({"Pet": {**SHARED["Pet"], "title": "A pet"}}).encode(), "/shared.json")


def _local_files(stage: Stage) -> None:
    folder = stage.scratch / "files"
    folder.mkdir()
    (folder / "shared.json").write_text(json.dumps(SHARED))
    path = folder / "openapi.json"
    path.write_bytes(_split("1", "shared.json"))
    stage.run("api", "add", "shop", str(path))
    path.write_bytes(_split("2", "shared.json", **NEW))


def _local_file(stage: Stage) -> None:
    path = Path(save(pets()))
    path.write_bytes(OLD_DOCUMENT)
    stage.run("api", "add", "shop", str(path))
    path.write_bytes(NEW_DOCUMENT)


def _two_revisions(stage: Stage) -> None:
    _changed(stage)
    stage.run("api", "refresh", "shop")


def _next_day(stage: Stage) -> None:
    _two_revisions(stage)
    (directory,) = stage.home.glob("cache/documents/*openapi_json*")
    for name in (".0123.document.1-abcd.part", ".current.json.2-abcd.part"):
        (directory / name).write_text("half")
    catalog = next(directory.glob("*.sqlite"))
    catalog.with_name(f"{'0' * 20}.5.sqlite").write_bytes(catalog.read_bytes())
    age_by_days(40, str(directory))


def _over_the_limit(stage: Stage) -> None:
    _two_revisions(stage)
    stage.serve(OLD_DOCUMENT, "/unregistered.json")
    stage.run("operations", f"{stage.server.origin}/unregistered.json")
    stage.serve(OLD_DOCUMENT, "/other.json")
    stage.run("api", "add", "other", f"{stage.server.origin}/other.json")
    stage.serve(NEW_DOCUMENT, "/other.json")


class Scenario(NamedTuple):
    """What is killed.

    Args:
        prepare: Makes the state before.
        words: The run that is killed; `URL` stands for the document at a server, `FILE` for the one in a file.
        kills: How many there are at least.
        code: What it ends with if it is not.
        limit: Of the cache.
        api: The API that is looked at.
        is_offline: Whether the next run finds all that it needs in the cache.
        is_thorough: Whether it dies at each page of a catalog, and not only at some.
    """

    prepare: Callable[[Stage], None]
    words: tuple[str, ...]
    kills: int = 10
    code: int = 0
    limit: str = ""
    api: str = "shop"
    is_offline: bool = True
    is_thorough: bool = False


SCENARIOS = {
    "first add": Scenario(_first_add, ("api", "add", "shop", "URL"), 95, is_thorough=True),
    "first use of a file": Scenario(_first_use, ("operations", "FILE"), 60, api="FILE", is_thorough=True),
    "refresh": Scenario(_changed, ("api", "refresh", "shop"), 90, is_thorough=True),
    "refresh in the background": Scenario(_changed_and_due, ("__refresh", "shop"), 90, is_thorough=True),
    "refresh that is answered with 304": Scenario(_unchanged, ("api", "refresh", "shop"), 6),
    "refresh that is held back": Scenario(_moved, ("api", "refresh", "shop"), 30, code=11),
    "taking what was held back": Scenario(_held_back, ("api", "refresh", "shop", "--accept"), 16),
    "several files": Scenario(_several_files, ("api", "refresh", "shop"), 45),
    "local file": Scenario(_local_file, ("operations", "shop"), 30),
    "local files": Scenario(_local_files, ("operations", "shop"), 40),
    "rollback": Scenario(_two_revisions, ("api", "rollback", "shop"), 10),
    "pin": Scenario(_two_revisions, ("api", "pin", "shop"), 10),
    "once a day": Scenario(_next_day, ("operations", "shop"), 5),
    "over the limit": Scenario(_over_the_limit, ("api", "refresh", "other"), 40, limit="1"),
    "clearing": Scenario(_two_revisions, ("cache", "clear"), 16, is_offline=False),
}


@pytest.fixture
def stage(forks: Forks, server: Recorder, home: Path, tmp_path: Path) -> Stage:
    """A stage with nothing on it."""
    return Stage(forks, server, home, tmp_path)


def test_there_are_enough_of_them(killer: str) -> None:
    """One run of these tests with the stride 1 kills the program at least 500 times."""
    if not killer:
        pytest.skip("no C compiler: the program is killed at Python's own steps alone, about 250 times")
    assert LEAST <= sum(value.kills for value in SCENARIOS.values())


@pytest.mark.sampled(0)
@pytest.mark.parametrize(
    ("name", "stride"),
    [
        *(pytest.param(name, _STRIDE, marks=pytest.mark.exhaustive) for name in SCENARIOS),
        *((name, 30) for name in ("refresh in the background", "several files", "over the limit")),
    ],
)
def test_the_next_run_finds_the_old_or_the_new(
    name: str, stride: int, stage: Stage, killer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever a run dies, what follows works with one revision, ends what was begun, and clears away."""
    scenario = SCENARIOS[name]
    killed = _killed_everywhere(stage, scenario, monkeypatch, stride)
    assert (scenario.kills if killer else 3) // stride <= killed


@pytest.mark.exhaustive
def test_without_a_compiler_it_is_python_that_is_killed(
    server: Recorder, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If nothing can be compiled, the program dies at the steps that Python knows of."""
    with forking() as forks:
        stage = Stage(forks, server, home, tmp_path)
        assert 5 <= _killed_everywhere(stage, SCENARIOS["refresh"], monkeypatch, stride=3)


def _killed_everywhere(
    stage: Stage, scenario: Scenario, monkeypatch: pytest.MonkeyPatch, stride: int = 1
) -> int:
    """Kill a run at each change that it makes, look at what the next one finds, and return how often.

    Args:
        stride: Kill it at one of so many changes alone.
    """
    stage.run("operations", save(pets(), "another.json"))
    scenario.prepare(stage)
    # Not after the runs here: nothing else may be at work while they are looked at.
    monkeypatch.setenv("DYNACLI_REFRESH", "blocking")
    if scenario.limit:
        monkeypatch.setenv("DYNACLI_CACHE_LIMIT", scenario.limit)
    words = stage.named(scenario.words)
    before, after, home = str(stage.scratch / "before"), str(stage.scratch / "after"), str(stage.home)
    log = str(stage.scratch / "log")
    copied(home, before)
    (api,) = stage.named([scenario.api])
    look = (seen, api, *(("--offline",) if scenario.is_offline else ()))
    (old,) = stage.forks.child(look).values
    copied(before, home)
    _, given = stage.forks.child((arm, stage.places, 0, False, log), (run, *words)).values
    assert scenario.code == given[0], given[2]
    (new,) = stage.forks.child(look).values
    made = changes_made(log)
    moments = _moments(made, scenario)[::stride]
    known = []
    for number, is_half in moments:
        where = (number, is_half, made[number - 1])
        ended = stage.forks.child(
            (copied, before, home), (arm, stage.places, number, is_half, log), (run, *words)
        )
        assert -signal.SIGKILL == ended.status, where
        found = stage.forks.child((state, *stage.places), (copied, home, after), look)
        assert 0 == found.status, where
        assert found.values[2] in (old, new), where
        # The rest is the same for what is the same on the disk.
        if found.values[0] not in known:
            known.append(found.values[0])
            _ends_well(stage, scenario, words, old, new, where)
    return len(moments)


def _moments(made: list[tuple[str, str, int]], scenario: Scenario) -> list[tuple[int, bool]]:
    """Return at which changes a run is killed: before each, and in the midst of each that writes."""
    writes = [number for number, step in enumerate(made, 1) if step[0] == "write"]
    # They differ in how long a file is that no one reads.
    pages = [number for number in writes if ".sqlite." in made[number - 1][1]]
    left_out = set() if scenario.is_thorough else set(pages) - set(pages[::5])
    moments = [(number, False) for number in range(1, len(made) + 1)]
    moments += [(number, True) for number in writes if made[number - 1][2] > 1]
    return [moment for moment in moments if moment[0] not in left_out]


def _ends_well(stage: Stage, scenario: Scenario, words: list[str], old: Any, new: Any, where: Any) -> None:
    """Hold what follows after a kill against what it would have been without it."""
    (api,) = stage.named([scenario.api])
    look = (seen, api, *(("--offline",) if scenario.is_offline else ()))
    ended = stage.forks.child(
        (run, "operations", api),
        (run, *words),
        look,
        (run, "api", "history", api, "-o", "json"),
        (run, "changes", api, "-o", "json"),
        (damaged, *stage.places),
    )
    assert 0 == ended.status, where
    used, again, at_last, history, changes, not_whole = ended.values
    assert used[0] in {0, old[0][0]}, (where, used)
    assert scenario.code == again[0], (where, again)
    assert new == at_last, where
    assert [0, 0] == [history[0], changes[0]], (where, history, changes)
    assert [] == not_whole, where
    ended = stage.forks.child(
        (copied, str(stage.scratch / "after"), str(stage.home)),
        (age_by_days, 1.1, *stage.places),
        (run, "operations", "./another.json"),
        (run, "operations", api),
        (left_behind, *stage.places),
    )
    assert 0 == ended.status, where
    _, _, another, used, left = ended.values
    assert 0 == another[0], (where, another)
    assert used[0] in {0, old[0][0]}, (where, used)
    assert [] == left, where
