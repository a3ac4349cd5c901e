"""Whatever happens to the files of the cache or around it: a run works, or says why, and the next ones heal it."""

import json
import os
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dynacli.files import LOCK_SECONDS
from dynacli.openapi.catalog.catalog_file import FORMAT, Catalog, DamagedCatalogError
from dynacli.registry.background_refresh import RETRY_SECONDS, take_refresh_claim
from tests.documents import PETS, SERVER, operation, pets, save, save_files
from tests.dry_runs import dry_run
from tests.harness import Recorder, Result, run_cli
from tests.registry.crash_points import age_by_days
from tests.served_document import Served

NEW: dict[str, Any] = {"/new": {"get": operation("newOne")}}
NEW_NAMES = [*PETS, "new-one"]
LIST = ("operations", "shop", "-o", "json")
NEW_URL = "http://127.0.0.1:9/v2/pets"


OLD, CURRENT = pets("1", f"{SERVER}/v1"), pets("2", f"{SERVER}/v2", **NEW)
MOVED = pets("3", "http://127.0.0.1:8/v3", **NEW)


def _noise(size: int) -> bytes:
    return random.Random(20_240_611).randbytes(size)  # noqa: S311 - the same on every run


def _empty(path: Path, other: Path) -> None:  # noqa: ARG001
    path.write_bytes(b"")


def _fill_with_noise(path: Path, other: Path) -> None:  # noqa: ARG001
    path.write_bytes(_noise(path.stat().st_size))


def _remove(path: Path, other: Path) -> None:  # noqa: ARG001
    path.unlink()


def _make_directory(path: Path, other: Path) -> None:  # noqa: ARG001
    path.unlink()
    path.mkdir()
    (path / "something").write_text("of somebody")


def _make_dangling_link(path: Path, other: Path) -> None:
    path.unlink()
    path.symlink_to(other.parent / "nothing-is-here")


def _make_link(path: Path, other: Path) -> None:
    """Let it lead to a file of someone else's, which no one may change."""
    path.unlink()
    target = other.parent / "of-somebody"
    target.write_text("mine")
    path.symlink_to(target)


def _take_from_another(path: Path, other: Path) -> None:
    """Put the file of another document in its place."""
    shutil.copyfile(other, path)


DAMAGES = [
    _empty,
    _fill_with_noise,
    _remove,
    _make_directory,
    _make_dangling_link,
    _make_link,
    _take_from_another,
]


class Kept:
    """A directory of the cache with all that may be in one, which is put back again and again.

    Args:
        directory: What is kept of the document that is looked at.
        other: What is kept of another one.
    """

    def __init__(self, directory: Path, other: Path) -> None:
        self.directory = directory
        self._contents = {path.name: path.read_bytes() for path in directory.iterdir()}
        self._times = {path.name: path.stat().st_mtime for path in directory.iterdir()}
        self._others = {_kind(path.name): path for path in sorted(other.iterdir())}
        self._some_other = other / "current.json"

    @property
    def names(self) -> list[str]:
        """The names of its files."""
        return sorted(self._contents)

    def content(self, name: str) -> bytes:
        """Return what stands in a file."""
        return self._contents[name]

    def restore(self) -> None:
        """Put all files back as they were."""
        shutil.rmtree(self.directory)
        self.directory.mkdir(mode=0o700)
        for name, content in self._contents.items():
            path = self.directory / name
            path.write_bytes(content)
            os.utime(path, (self._times[name],) * 2)

    def damage(self, name: str, damage: Callable[[Path, Path], None]) -> None:
        """Put all files back, and damage one of them."""
        self.restore()
        damage(self.directory / name, self._others.get(_kind(name), self._some_other))


def _kind(name: str) -> str:
    first, _, rest = name.partition(".")
    return f".{rest}" if len(first) == 20 else name


@pytest.fixture
def at_url(server: Recorder, home: Path, tmp_path: Path) -> Kept:
    """A registered document at a URL with two revisions, news, one that was held back, a claim and all locks."""
    served = Served(server, OLD)
    assert 0 == run_cli("api", "add", "shop", served.url).exit_code
    served.has(CURRENT)
    assert 0 == run_cli(*LIST, "--refresh").exit_code
    served.has(MOVED)
    assert 11 == run_cli(*LIST, "--refresh").exit_code
    served.has(CURRENT)
    (directory,) = (home / "cache" / "documents").iterdir()
    (directory / "refresh.claim").touch()
    path = Path(save(pets("7"), str(tmp_path / "other.json")))
    assert 0 == run_cli("operations", str(path)).exit_code
    (other,) = set((home / "cache" / "documents").iterdir()) - {directory}
    kept = Kept(directory, other)
    kinds = {_kind(name) for name in kept.names}
    assert {
        "current.json",
        "pending.json",
        "news.json",
        "used",
        "refresh.claim",
        "refresh.lock",
        "lock",
    } <= kinds
    assert {".json", ".document", f".{FORMAT}.sqlite"} <= kinds
    return kept


@pytest.fixture
def in_files(home: Path) -> Kept:
    """A registered document of two files of this machine, in its second revision."""
    shared = {"Pet": pets()["components"]["schemas"]["Pet"]}
    for document in (OLD, CURRENT):
        split = {**document, "components": {"schemas": {"Pet": {"$ref": "shared.json#/Pet"}}}}
        path = save_files({"shop/openapi.json": split, "shop/shared.json": shared})
        for neighbour in path.parent.iterdir():
            os.utime(neighbour, (1, 1))
        assert (
            0
            == run_cli(
                "api", "add" if document is OLD else "refresh", "shop", *([str(path)] * (document is OLD))
            ).exit_code
        )
    (directory,) = (home / "cache" / "documents").iterdir()
    other = save_files(
        {
            "other/openapi.json": {**pets("7"), "components": {"schemas": {"Pet": {"$ref": "s.json"}}}},
            "other/s.json": {},
        }
    )
    assert 0 == run_cli("operations", str(other)).exit_code
    (another,) = set((home / "cache" / "documents").iterdir()) - {directory}
    kept = Kept(directory, another)
    assert {"current.parts.json", ".parts.zip"} <= {_kind(name) for name in kept.names}
    return kept


RUNS: dict[str, tuple[tuple[str, ...], Callable[[Result], Any], Any]] = {
    "operations": (LIST, lambda result: [row["name"] for row in result.json], NEW_NAMES),
    "call": (
        ("shop", "list-pets", "--dry-run", "json", "--offline"),
        lambda result: result.json["url"],
        NEW_URL,
    ),
    "document": (("document", "shop"), lambda result: result.json["info"]["version"], "2"),
    "list": (("api", "list", "-o", "json"), lambda result: result.json[0]["version"], "2"),
    "describe": (("describe", "shop", "new-one", "-o", "json"), lambda result: result.json["path"], "/new"),
    "search": (("api", "show", "shop", "-o", "json"), lambda result: result.json["operations"], 4),
    "help": (("shop", "--help"), lambda result: "new-one" in result.stdout, True),
    "history": (("api", "history", "shop", "-o", "json"), lambda result: len(result.json) >= 1, True),
}


def _works(kept: Kept, name: str, harm: Callable[[Path, Path], None]) -> None:
    """Hold runs against what they give without damage, and see that it is gone at the end.

    Each file is harmed for some of the runs, and each run has some files harmed.
    """
    first, runs = kept.names.index(name), [*RUNS.values()]
    for words, look, expected in runs[first % 4 :: 4]:
        kept.damage(name, harm)
        result = run_cli(*words)
        assert 0 == result.exit_code, (name, words, result.stderr)
        assert expected == look(result), (name, words, result.stderr)
        _is_shown_well(result, name)
    kept.damage(name, harm)
    compared = run_cli("changes", "shop", "-o", "json")
    assert compared.exit_code in {0, 8}, (name, compared.stderr)
    _is_shown_well(compared, name)
    _heals(kept, name, harm)


def _is_shown_well(result: Result, where: str) -> None:
    for wrong in ("Traceback", "defect in dynacli", "cannot be written", "cannot be repaired"):
        assert wrong not in result.stderr, (where, result.stderr)


def _heals(kept: Kept, name: str, harm: Callable[[Path, Path], None]) -> None:
    kept.damage(name, harm)
    refreshed = run_cli("api", "refresh", "shop")
    assert 0 == refreshed.exit_code, (name, refreshed.stderr)
    _is_shown_well(refreshed, name)
    for words, look, expected in [*RUNS.values()][kept.names.index(name) % 3 :: 3]:
        result = run_cli(*words, *(("--offline",) if words[0] == "document" else ()))
        assert (0, "", expected) == (result.exit_code, result.stderr, look(result)), (name, words)
    of_somebody = kept._some_other.parent / "of-somebody"
    assert not of_somebody.exists() or "mine" == of_somebody.read_text()
    assert not (kept._some_other.parent / "nothing-is-here").exists()


@pytest.mark.sampled(0)
@pytest.mark.parametrize("harm", DAMAGES, ids=lambda function: function.__name__)
def test_each_file_of_a_document_at_a_url_may_be_harmed(
    harm: Callable[[Path, Path], None], at_url: Kept
) -> None:
    """Whatever happens to a single file, every run works at once, and nothing is written through a link."""
    for name in at_url.names:
        _works(at_url, name, harm)


@pytest.mark.sampled(1)
@pytest.mark.parametrize("harm", DAMAGES, ids=lambda function: function.__name__)
def test_each_file_of_a_document_of_several_may_be_harmed(
    harm: Callable[[Path, Path], None], in_files: Kept
) -> None:
    """The same holds if the document is made of several files."""
    for name in in_files.names:
        _works(in_files, name, harm)


SMALL = 2_000
"""Bytes of a file of which each tenth is a place to cut it; of a larger one it is some."""


def _cut_at(place: int) -> Callable[[Path, Path], None]:
    def cut(path: Path, _: Path) -> None:
        path.write_bytes(path.read_bytes()[:place])

    return cut


@pytest.mark.sampled(0)
@pytest.mark.parametrize("kind", ["small", "large"])
@pytest.mark.parametrize("which", ["at_url", "in_files"])
def test_each_file_may_be_cut_anywhere(kind: str, which: str, request: pytest.FixtureRequest) -> None:
    """A file that was cut counts as lost, wherever that was."""
    kept: Kept = request.getfixturevalue(which)
    cuts = 0
    for name in kept.names:
        size = len(kept.content(name))
        if (size <= SMALL) is not (kind == "small"):
            continue
        places = [*range(0, size, 10)] if kind == "small" else sorted({*range(0, size, size // 12), size - 1})
        for number, place in enumerate(places[::6]):
            kept.damage(name, _cut_at(place))
            words, look, expected = list(RUNS.values())[number % len(RUNS)]
            result = run_cli(*words)
            assert (0, expected) == (result.exit_code, look(result)), (name, place, words, result.stderr)
            _is_shown_well(result, f"{name} cut at {place}")
            cuts += 1
        _heals(kept, name, _cut_at(size // 2))
    assert cuts >= 4


@pytest.mark.parametrize("stride", [pytest.param(40, marks=pytest.mark.exhaustive), 300])
def test_a_catalog_may_be_cut_at_any_byte(stride: int, at_url: Kept) -> None:
    """What is left of a catalog gives what was in it, or says that it is damaged; never something else."""
    name = next(function for function in at_url.names if function.endswith(".sqlite"))
    whole = at_url.content(name)
    path = at_url.directory / name
    before = _read_all(path)
    damaged_ones = 0
    for size in range(0, len(whole), stride):
        path.write_bytes(whole[:size])
        try:
            assert before == _read_all(path), size
        except DamagedCatalogError:
            damaged_ones += 1
    assert damaged_ones >= len(whole) // stride // 2


def _read_all(path: Path) -> list[Any]:
    catalog = Catalog(str(path))
    try:
        catalog.check()
        names = [summary.name for summary in catalog.summaries()]
        operations = [repr(catalog.operation(name)) for name in names]
        return [
            catalog.meta,
            names,
            operations,
            catalog.given_names(),
            catalog.components("/components/schemas"),
        ]
    finally:
        catalog.close()


GRABBING = {"/first": {"get": operation("listPets")}}
"""Comes first in the document, and would have the name of an operation that was there before."""


def _grabbing() -> dict[str, Any]:
    return {**CURRENT, "paths": {**GRABBING, **CURRENT["paths"]}}


def _harm_all(kept: Kept, ending: str, damage: Callable[[Path, Path], None]) -> None:
    for name in kept.names:
        if name.endswith(ending):
            damage(kept.directory / name, kept._some_other)


def _remove_catalogs_and_empty_pointers(kept: Kept) -> None:
    _harm_all(kept, ".sqlite", _remove)
    _harm_all(kept, "current.json", _empty)


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    "harm",
    [
        lambda kept: _harm_all(kept, ".sqlite", _remove),
        lambda kept: _harm_all(kept, ".sqlite", _fill_with_noise),
        lambda kept: _harm_all(kept, ".sqlite", _make_dangling_link),
        _remove_catalogs_and_empty_pointers,
        lambda kept: _harm_all(kept, ".document", _remove),
        lambda kept: _harm_all(kept, ".json", _remove),
        lambda kept: kept.damage(_current(kept, f".{FORMAT}.sqlite"), _take_from_another),
    ],
    ids=["catalogs", "noise", "links", "catalogs-and-pointer", "documents", "pointers", "foreign-catalog"],
)
def test_names_outlive_what_gave_them(harm: Callable[[Kept], Any], at_url: Kept, server: Recorder) -> None:
    """A name stays with its method and path, even if the catalog is lost when the document changes."""
    harm(at_url)
    Served(server, _grabbing())
    began = time.monotonic()
    assert 0 == run_cli(*LIST, "--refresh").exit_code
    assert time.monotonic() - began < LOCK_SECONDS  # no one waits for a lock of their own
    assert NEW_URL == dry_run("shop", "list-pets").json["url"]
    assert "http://127.0.0.1:9/v2/first" == dry_run("shop", "list-pets-get-first").json["url"]


def _current(kept: Kept, ending: str) -> str:
    return str(json.loads(kept.content("current.json"))["revision"]) + ending


def test_the_catalog_of_another_revision_is_not_believed(at_url: Kept) -> None:
    """A catalog says which revision it is of: a copy under the name of another one is compiled again."""
    current = _current(at_url, f".{FORMAT}.sqlite")
    older = next(name for name in at_url.names if name.endswith(".sqlite") and name != current)
    (at_url.directory / current).write_bytes(at_url.content(older))
    result = run_cli(*LIST)
    assert NEW_NAMES == [row["name"] for row in result.json]
    snapshot = _current(at_url, ".json")
    another = next(name for name in at_url.names if _kind(name) == ".json" and name != snapshot)
    (at_url.directory / another).write_bytes(at_url.content(snapshot))
    assert 1 == len(run_cli("api", "history", "shop", "-o", "json").json) - 1  # one was held back


def test_a_revision_that_is_held_may_be_lost(at_url: Kept) -> None:
    """Without its catalog it is compiled again; without its document the latest is used, and that is reported."""
    history = run_cli("api", "history", "shop", "-o", "json").json
    revision = history[-1]["revision"]
    assert "1" == history[-1]["version"]
    assert 0 == run_cli("api", "pin", "shop", revision).exit_code
    for path in at_url.directory.glob("*.sqlite"):
        path.unlink()
    assert PETS == [row["name"] for row in run_cli(*LIST).json]
    for path in at_url.directory.glob(f"{revision}.*"):
        path.unlink()
    result = run_cli(*LIST)
    assert (0, NEW_NAMES) == (result.exit_code, [row["name"] for row in result.json])
    assert f"the revision {revision[:12]} is pinned, but no longer in the cache" in result.stderr
    assert 0 == run_cli("api", "unpin", "shop").exit_code


@pytest.mark.parametrize(("days", "is_left"), [(0, True), (29, True), (31, False)])
def test_a_catalog_in_another_format_goes_after_a_month(
    days: int, is_left: bool, at_url: Kept, server: Recorder
) -> None:
    """Another version of dynacli may be in use beside this one; what no one used for so long is cleared away."""
    for path in at_url.directory.glob("*.sqlite"):
        path.rename(path.with_name(path.name.replace(f".{FORMAT}.", f".{FORMAT - 1}.")))
    Served(server, _grabbing())
    assert 0 == run_cli("api", "refresh", "shop").exit_code
    assert NEW_URL == dry_run("shop", "list-pets").json["url"]  # names outlive the format
    age_by_days(days, str(at_url.directory))
    for _ in range(2):
        assert 0 == run_cli(*LIST).exit_code
    assert is_left is bool(list(at_url.directory.glob(f"*.{FORMAT - 1}.sqlite")))
    assert NEW_URL == dry_run("shop", "list-pets").json["url"]


def test_what_never_became_current_goes_after_a_day(at_url: Kept, server: Recorder) -> None:
    """Of the documents that were held back one after another only the last stays."""
    for version in ("4", "5"):
        Served(server, {**MOVED, "info": {"title": "Pets", "version": version}})
        assert 11 == run_cli("api", "refresh", "shop").exit_code
    assert 5 == len(list(at_url.directory.glob("*.document")))
    age_by_days(1.1, str(at_url.directory))
    assert 0 == run_cli(*LIST).exit_code
    assert 3 == len(list(at_url.directory.glob("*.document")))
    assert 0 == run_cli("api", "refresh", "shop", "--accept").exit_code
    assert "5" == run_cli("api", "list", "-o", "json").json[0]["version"]


@pytest.mark.parametrize(
    "harm", [_empty, _make_directory, _make_dangling_link, _make_link], ids=lambda function: function.__name__
)
def test_a_claim_may_be_anything(harm: Callable[[Path, Path], None], at_url: Kept) -> None:
    """Whatever stands instead of a claim counts for five minutes, and nothing is changed through a link."""
    at_url.damage("refresh.claim", harm)
    of_somebody = at_url._some_other.parent / "of-somebody"
    before = of_somebody.stat().st_mtime_ns if of_somebody.exists() else 0
    directory, claim = str(at_url.directory), at_url.directory / "refresh.claim"
    os.utime(claim, (time.time(),) * 2, follow_symlinks=False)
    assert not take_refresh_claim(directory)
    for at in (-RETRY_SECONDS - 1, RETRY_SECONDS + 1):
        os.utime(claim, (time.time() + at,) * 2, follow_symlinks=False)
        assert take_refresh_claim(directory)
        assert not take_refresh_claim(directory)
    assert before == (of_somebody.stat().st_mtime_ns if of_somebody.exists() else 0)
