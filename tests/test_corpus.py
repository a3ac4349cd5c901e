"""Real documents: what stands in them becomes commands that can be called."""

from pathlib import Path

import pytest

from tests.corpus import DocumentReport, documents, drive

MOST = 25
"""Operations that are driven of each document, spread evenly over it; `python -m tests.corpus` drives all."""

# Not OpenAPI 3.0 or 3.1, in several files, or wrong on purpose: refused, which has tests of its own.
READABLE_AT_LEAST = 70

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="module")
def reports() -> list[DocumentReport]:
    """What became of each document that could be read."""
    from tests.conftest import CORPUS

    if not CORPUS.is_dir():
        pytest.skip(f"the folder of real documents is missing: {CORPUS} (set DYNACLI_TEST_CORPUS)")
    driven = [drive(path, str(path.relative_to(CORPUS)), most=MOST) for path in documents(CORPUS)]
    return [one for one in driven if not one.refusal]


def _reasons(reports: list[DocumentReport], what: str) -> str:
    return "\n".join(
        f"{one.name}: {reason}" for one in reports for reason in one.reasons if reason.startswith(f"{what}:")
    )


def test_the_readable_documents_are_read(reports: list[DocumentReport]) -> None:
    """A change that makes documents unreadable is noticed."""
    assert len(reports) >= READABLE_AT_LEAST


def test_every_operation_has_a_command(reports: list[DocumentReport]) -> None:
    """Nothing of a document is left out."""
    assert [] == [(one.name, one.listed, one.in_document) for one in reports if one.listed != one.in_document]


def test_every_help_page_renders(reports: list[DocumentReport]) -> None:
    """Every page fits its width and ends with an example."""
    assert "" == _reasons(reports, "help")
    assert sum(one.tried for one in reports) == sum(one.helped for one in reports)


@pytest.mark.parametrize(("what", "attribute"), [("--example", "accepted"), ("example line", "exemplified")])
def test_examples_build_requests_that_the_document_allows(
    reports: list[DocumentReport], what: str, attribute: str
) -> None:
    """All but a few: those of multipart bodies, and those of schemas that allow no value or contradict themselves."""
    tried = sum(one.tried for one in reports)
    share = sum(getattr(one, attribute) for one in reports) / tried
    assert share >= 0.95, _reasons(reports, what)


@pytest.mark.parametrize(
    "name",
    ["github.json", "discord.json", "box.json", "petstore3.yaml", "klaviyo.json", "twilio-api-v2010.json"],
)
def test_large_documents_build_nearly_whole(reports: list[DocumentReport], name: str) -> None:
    """In each of the well-known documents, at most one in ten examples fails."""
    report = next(one for one in reports if one.name == name)
    assert min(report.built, report.exemplified) >= 0.9 * report.tried, report.reasons


def test_a_folder_without_documents_has_none(tmp_path: Path) -> None:
    """Files that only look like documents are not driven."""
    (tmp_path / "a.json").write_text('{"name": "x"}')
    (tmp_path / "b.yaml").write_text("openapi: 3.1.0\n")
    assert [tmp_path / "b.yaml"] == list(documents(tmp_path))
