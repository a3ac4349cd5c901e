"""Documents that are learned from the traffic of a known document agree with it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.features.learn.oracle import DOCUMENTS, compare, mocked_traffic
from tests.features.learn.traffic import write_har
from tests.harness import run_cli
from tests.real_documents import own_and_real


@pytest.mark.exhaustive
@pytest.mark.parametrize("document", own_and_real((), DOCUMENTS))
def test_a_known_document_is_found_again(document: Path, tmp_path: Path) -> None:
    """Its operations with their properties; and each exchange is valid at `exact`."""
    found = compare(str(document), tmp_path)
    assert found.exchanges[0] == found.exchanges[1]
    assert found.found >= 0.9 * found.operations
    assert found.properties[1] >= 0.8 * found.properties[0]
    assert found.required[1] >= 0.6 * found.required[0]


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "document",
    own_and_real((), ("museum.yaml", "chromadb.json", "meilisearch.json", "scalar-galaxy-3.1.yaml")),
)
def test_a_document_that_learns_its_own_traffic_breaks_nothing(document: Path, tmp_path: Path) -> None:
    """`changes` between a document, and the same document after `--into`, has nothing breaking."""
    tree: Any = yaml.safe_load(document.read_text(encoding="utf-8"))
    tree["servers"] = [{"url": "http://127.0.0.1:9"}]
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    for path in (first, second):
        path.write_text(yaml.safe_dump(tree, sort_keys=False))
    har = write_har(tmp_path, mocked_traffic(str(first)))
    result = run_cli("learn", har, "--into", str(second))
    assert 0 == result.exit_code, result
    compared = run_cli("changes", str(second), "--since", str(first), "--fail-on", "breaking")
    assert 0 == compared.exit_code, compared
