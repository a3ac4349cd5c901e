"""Whole documents: what stands in them becomes commands that can be called."""

from pathlib import Path

import pytest

from tests.corpus import ACCEPTED, DocumentReport, drive
from tests.real_documents import OWN, documents

MOST = 6
"""Operations that are driven of each document, spread evenly over it; `python -m tests.corpus` drives all."""


@pytest.fixture(scope="module")
def reports(folder: Path) -> list[DocumentReport]:
    """What became of each document."""
    return [drive(path, str(path.relative_to(folder)), most=MOST) for path in documents(folder)]


def _reasons(reports: list[DocumentReport], kind: str) -> str:
    return "\n".join(
        f"{report.name}: {reason}"
        for report in reports
        for reason in report.reasons
        if reason.startswith(f"{kind}:")
    )


@pytest.mark.exhaustive
def test_every_document_loads(reports: list[DocumentReport], folder: Path) -> None:
    """Whatever is wrong with a document of a known version, it is used."""
    assert [] == [(report.name, report.refusal) for report in reports if report.refusal]
    assert len(reports) > (5 if folder == OWN else 100)


def test_every_operation_has_a_command(reports: list[DocumentReport]) -> None:
    """Nothing of a document is left out."""
    assert [] == [
        (report.name, report.listed, report.in_document)
        for report in reports
        if report.listed != report.in_document
    ]


def test_every_overview_is_short(reports: list[DocumentReport]) -> None:
    """Each has at most 40 lines, within the width of a narrow terminal, and within 100 columns."""
    assert "" == _reasons(reports, "overview")


def test_every_help_page_renders(reports: list[DocumentReport]) -> None:
    """Every page fits its width and ends with an example."""
    assert "" == _reasons(reports, "help")
    assert sum(report.tried for report in reports) == sum(report.helped for report in reports)


def test_every_description_is_bounded(reports: list[DocumentReport]) -> None:
    """`describe` has at most 6,000 bytes, however much a document says."""
    assert "" == _reasons(reports, "describe")


@pytest.mark.parametrize(
    ("kind", "attribute"),
    [("--example", "accepted"), ("example line", "exemplified"), ("summary", "summarized")],
)
def test_examples_build_requests_that_the_document_allows(
    reports: list[DocumentReport], kind: str, attribute: str
) -> None:
    """All but a few: those of schemas that allow no value, on purpose."""
    tried = sum(report.tried for report in reports)
    share = sum(getattr(report, attribute) for report in reports) / tried
    assert share >= ACCEPTED, _reasons(reports, kind)


def test_a_folder_without_documents_has_none(tmp_path: Path) -> None:
    """Files that only look like documents are not driven."""
    (tmp_path / "a.json").write_text('{"name": "x"}')
    (tmp_path / "b.yaml").write_text("openapi: 3.1.0\n")
    (tmp_path / "c.json").write_text('{"swagger": "1.2"}')
    assert [tmp_path / "b.yaml"] == list(documents(tmp_path))
