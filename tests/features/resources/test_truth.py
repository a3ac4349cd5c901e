"""Compares the resources of real documents with a table that people wrote after reading them.

A row of `truth.tsv` is a resource. `path` and `parent` are item paths, with `{}` for a parameter and without `.json`.
`create` and `change` are sets, separated by commas. `|` separates values that are equally right, and `?` marks a value
that readers do not agree about. An empty cell means that the document has no such fact.
"""

import csv
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.harness import run_cli
from tests.real_documents import FOLDER

_TABLE = Path(__file__).with_name("truth.tsv")
_COLUMNS = ("name", "list", "read", "create", "change", "delete", "id", "parent")
_LEAST_PRECISION, _LEAST_RECALL = 0.97, 0.92
_DISPUTED = "?"
_COMPLETE = {
    "petstore3.yaml",
    "scalar-galaxy-3.1.yaml",
    "readme-oas-examples/petstore-expanded.yaml",
    "learn-openapis/v3.0/link-example.yaml",
}
"""Documents that have no other resources than those of the table."""


def _rows() -> list[dict[str, str]]:
    with _TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def _path(template: str) -> str:
    return re.sub(r"\{[^{}]*\}", "{}", template).removesuffix("/").removesuffix(".json")


def _facts(resource: Mapping[str, Any] | None, paths: Mapping[str, str]) -> dict[str, set[str]]:
    """Return the derived facts as sets of strings.

    Args:
        paths: Name of a resource → its path.
    """
    if resource is None:
        return {column: set() for column in _COLUMNS}
    single = {
        "name": resource["name"],
        "list": (resource["list"] or {}).get("operation"),
        "read": resource["read"],
        "delete": resource["delete"],
        "id": (resource["id"] or {}).get("field"),
        "parent": paths.get((resource["parent"] or {}).get("resource") or ""),
    }
    return {
        **{column: {value} if value else set() for column, value in single.items()},
        "create": set(resource["create"]),
        "change": set(resource["change"]),
    }


def _expected(cell: str, derived: set[str]) -> set[str]:
    """Return the values of a cell; of several that are equally right, the derived one."""
    alternatives = cell.split("|")
    chosen = next((value for value in alternatives if value in derived), alternatives[0])
    return set(filter(None, chosen.split(",")))


def _resources(document: str) -> list[dict[str, Any]]:
    shipped = Path(__file__).parents[3] / "cache" / document
    result = run_cli(
        "resources", str(shipped if shipped.is_file() else FOLDER / document), "-o", "json", "--no-input"
    )
    assert 0 == result.exit_code, result.stderr
    resources: list[dict[str, Any]] = json.loads(result.stdout)
    return resources


def _derived(row: Mapping[str, str], resources: Iterable[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the resource of a row: the one with its path, else with its list, read operation or deletion."""
    found = [resource for resource in resources if _path(resource["path"]) == row["path"]]
    for resource in resources:
        facts = _facts(resource, {})
        if any(row[column] and row[column] in facts[column] for column in ("list", "read", "delete")):
            found.append(resource)
    return found[0] if found else None


@pytest.mark.corpus
@pytest.mark.long
@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"there are no real documents in {FOLDER}")
def test_derived_resources_are_those_that_readers_see() -> None:
    """At least 97 % of the derived facts are right, and 92 % of the facts of the table are derived, in each column."""
    right, superfluous, missing = Counter[str](), Counter[str](), Counter[str]()
    differences: list[str] = []
    by_document: dict[str, list[dict[str, str]]] = {}
    for row in _rows():
        by_document.setdefault(row["document"], []).append(row)
    for document, rows in by_document.items():
        resources = _resources(document)
        paths = {resource["name"]: _path(resource["path"]) for resource in resources}
        matched = []
        for row in rows:
            resource = _derived(row, resources)
            matched.append(resource)
            derived = _facts(resource, paths)
            for column in _COLUMNS:
                if row[column] == _DISPUTED:
                    continue
                expected = _expected(row[column], derived[column])
                right[column] += len(expected & derived[column])
                superfluous[column] += len(derived[column] - expected)
                missing[column] += len(expected - derived[column])
                if expected != derived[column]:
                    differences.append(
                        f"{document} {row['path']} {column}: {expected or '-'}, derived {derived[column] or '-'}"
                    )
        if document in _COMPLETE:
            for resource in resources:
                if resource not in matched:
                    differences.append(
                        f"{document} {resource['path']}: no resource, derived {resource['name']}"
                    )
                    superfluous["name"] += 1
    lines, failed = [], []
    for column in _COLUMNS:
        precision = right[column] / ((right[column] + superfluous[column]) or 1)
        recall = right[column] / ((right[column] + missing[column]) or 1)
        lines.append(f"{column:7} precision {precision:.3f}, recall {recall:.3f}")
        if precision < _LEAST_PRECISION or recall < _LEAST_RECALL:
            failed.append(column)
    print("\n".join([*differences, *lines]))  # noqa: T201  - shown with the failure, and by `pytest -s`
    assert [] == failed


def test_the_table_has_enough_resources() -> None:
    """At least 150 resources of 15 documents, each once."""
    rows = _rows()
    assert len(rows) >= 150
    assert len({row["document"] for row in rows}) >= 15
    assert [] == [
        key for key, count in Counter((row["document"], row["path"]) for row in rows).items() if count > 1
    ]
