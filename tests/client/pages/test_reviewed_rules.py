"""The rules of two hundred lists of real documents, each compared with what a person read in the document."""

import csv
import itertools
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.pages.decide_rule import document_pages, document_rule
from dynacli.environment import Environment
from dynacli.openapi.catalog.catalog_writer import catalog_in_memory
from dynacli.openapi.catalog.compiler.compile_document import compile_document
from dynacli.registry.opened_api import OpenedApi
from dynacli.registry.revisions.revisions import OpenRequest, Revisions
from tests.documents import load_file

_TABLE = Path(__file__).with_name("reviewed_rules.tsv")


def _tables() -> Iterator[tuple[str, list[dict[str, str]]]]:
    with _TABLE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    for document, group in itertools.groupby(rows, lambda row: row["document"]):
        yield document, list(group)


@pytest.mark.sampled(0)
@pytest.mark.parametrize(("document", "rows"), [pytest.param(*table, id=table[0]) for table in _tables()])
def test_a_rule_is_what_a_person_reads_in_the_document(
    corpus: Path, document: str, rows: list[dict[str, str]]
) -> None:
    """Its kind, and where the items are; one that no one can page is one page."""
    path = corpus / document
    if not path.is_file():
        pytest.skip(f"there is no {path}")
    compiled = compile_document(load_file(path))
    catalog = catalog_in_memory(compiled, [])
    facts = {"uri": path.as_uri(), "revision": "none"}
    api = OpenedApi(
        OpenRequest("it", Environment(variables={})), Revisions(os.devnull, str(path)), catalog, facts
    )
    found = {}
    for row in rows:
        described = DescribedOperation(api, catalog.operation(row["operation"])).sending("")
        rule = document_rule(document_pages(described))
        items = rule.items.text if rule.items is not None and rule.kind != "none" else ""
        found[row["operation"]] = (rule.kind, items)
    catalog.close()
    assert {row["operation"]: (row["rule"], row["items"]) for row in rows} == found
