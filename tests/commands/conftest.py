"""What tests of several verbs share."""

import tempfile
from pathlib import Path

import pytest


@pytest.fixture
def drafts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of drafts, of this test alone; no editor is named."""
    directory = tmp_path / "drafts"
    directory.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(directory))
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    return directory
