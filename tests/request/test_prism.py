"""Requests are validated by others too: what dynacli builds is what Prism reads out of the same document."""

from pathlib import Path

import pytest

from tests.npm_programs import program
from tests.real_documents import documents
from tests.request.prism import ask

pytestmark = [pytest.mark.corpus, pytest.mark.outside]

MOST = 15
"""Operations that are called of each document; `python -m tests.request.prism` calls all."""

LEAST = 12
"""Operations that a document has at least: each one costs a start of Prism."""

SECONDS = 8
"""How long Prism may take to start; for documents that hold themselves it takes more than a minute."""

SHARE = 0.98

EACH = 2
"""Every second document is asked about."""


@pytest.mark.long
def test_prism_accepts_what_the_document_allows(corpus: Path) -> None:
    """Prism accepts at least 98 of 100 calls made with `--example`, without those that it cannot serve."""
    program("prism")
    reports = [
        ask(path, str(path.relative_to(corpus)), most=MOST, least=LEAST, seconds=SECONDS)
        for path in list(documents(corpus))[::EACH]
    ]
    called, accepted = sum(report.called for report in reports), sum(report.accepted for report in reports)
    reported = "\n".join(
        [report.line() for report in reports if report.refusal]
        + [f"{report.name}: {reason}" for report in reports for reason in report.reasons]
    )
    assert called > 40, reported
    assert accepted / called >= SHARE, reported
