"""The index of the search is small, and gives back what was put into it."""

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynacli.openapi.catalog.catalog_file import Catalog, DamagedCatalogError
from dynacli.openapi.catalog.catalog_writer import write_catalog
from dynacli.openapi.catalog.compiler.compile_document import compile_document
from dynacli.openapi.catalog.rank_operations import rank_operations
from dynacli.openapi.catalog.vocabulary import StemIndex, stem_rows
from tests.documents import load_file
from tests.real_documents import FOLDER, documents

_DEMO = Path(__file__).parents[3] / "cache" / "armature.json"


@given(st.dictionaries(st.text(), st.dictionaries(st.integers(0, 1 << 40), st.integers(1, 19), min_size=1)))
def test_stems_come_back(steps: dict[str, dict[int, int]]) -> None:
    """Each operation comes back with how well it has the stem, in steps of a twentieth."""
    stems = {stem: {number: step / 20 for number, step in found.items()} for stem, found in steps.items()}
    db = sqlite3.connect(":memory:")
    db.execute("CREATE TABLE stems (stem TEXT PRIMARY KEY, operations INTEGER, matches TEXT)")
    db.executemany("INSERT INTO stems VALUES (?, ?, ?)", stem_rows(stems))
    index = StemIndex(Catalog(":memory:", db))
    assert stems == {stem: index.matches(stem) for stem in stems}
    assert {stem: len(found) for stem, found in stems.items()} == index.of_length(0, 1 << 30)


def _growth(path: Path, catalog: str) -> float:
    """Return by which part of itself a catalog is larger than without what the search needs."""
    write_catalog(catalog, compile_document(load_file(path)), [])
    db = sqlite3.connect(catalog)
    sizes = [Path(catalog).stat().st_size]
    db.executescript("DROP TABLE stems; ALTER TABLE operations DROP COLUMN words; VACUUM")
    db.close()
    sizes.append(Path(catalog).stat().st_size)
    return round(sizes[0] / sizes[1] - 1, 3)


def test_the_index_is_small(tmp_path: Path) -> None:
    """A catalog grows by at most half by its index."""
    assert _growth(_DEMO, str(tmp_path / "catalog")) <= 0.5


@pytest.mark.long
@pytest.mark.corpus
@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"there are no real documents in {FOLDER}")
def test_the_index_is_small_in_real_documents(tmp_path: Path) -> None:
    """The same holds for real documents, the smallest ones too; the largest ones take long, and grow least."""
    catalog = str(tmp_path / "catalog")
    growths = {
        path.name: _growth(path, catalog) for path in documents(FOLDER) if path.stat().st_size < 300_000
    }
    assert {} == {name: growth for name, growth in growths.items() if growth > 0.5}


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE operations SET words = 'x'",
        "UPDATE operations SET words = 1",
        "UPDATE operations SET words = replace(words, ' ', 'x')",
        "UPDATE stems SET matches = 'x'",
        "UPDATE stems SET matches = NULL",
        "DROP TABLE stems",
    ],
)
def test_a_damaged_index_is_noticed(damage: str, tmp_path: Path) -> None:
    """Whatever an index has become, it is damage, after which the document is compiled again."""
    path = str(tmp_path / "catalog")
    write_catalog(path, compile_document(load_file(_DEMO)), [])
    db = sqlite3.connect(path, isolation_level=None)
    db.execute(damage)
    db.close()
    catalog = Catalog(path)
    with pytest.raises(DamagedCatalogError):
        rank_operations(catalog, "list runs")
    catalog.close()
