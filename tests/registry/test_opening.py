"""Opening an API only reads; that it was used is noted when the run ends, or a program closes it."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import dynacli
from dynacli.environment import Environment
from dynacli.registry.open_by_name import open_named_api
from tests.documents import pets, save, serve
from tests.harness import Recorder, run_cli
from tests.served_document import DAY


def _changes(home: Path) -> dict[str, int]:
    return {str(path): path.lstat().st_mtime_ns for path in home.rglob("*")}


@pytest.mark.parametrize(
    "use",
    [lambda: run_cli("pets", "--help"), lambda: dynacli.open_api("pets").close()],
    ids=["command", "library"],
)
def test_opening_writes_nothing_and_the_end_notes_the_use(home: Path, use: Callable[[], object]) -> None:
    """A document that was last used the day before, opened, completed, and then used."""
    save(pets())
    os.utime("api.json", (1_000_000_000, 1_000_000_000))
    assert 0 == run_cli("api", "add", "pets", "./api.json").exit_code
    (used,) = home.rglob("used")
    os.utime(used, (time.time() - 2 * DAY,) * 2)
    before = _changes(home)
    open_named_api("pets", Environment()).catalog.close()
    assert 0 == run_cli("__complete", "bash", "pets", "").exit_code
    assert before == _changes(home)
    use()
    assert time.time() - used.stat().st_mtime < DAY


def test_a_place_is_located_once(server: Recorder) -> None:
    """What a server finds again and again costs no reading of the document each time."""
    url = serve(server, pets())
    open_named_api(url, Environment()).catalog.close()
    api = open_named_api(url, Environment())  # of which the cache alone has the document
    first = api.places(["/paths/~1pets/get"])
    shutil.rmtree(api.revisions.directory)
    assert first["/paths/~1pets/get"].line is not None
    assert first == api.places(["/paths/~1pets/get"])
    assert api.places(["/paths/~1pets/post"])["/paths/~1pets/post"].line is None
    api.catalog.close()
