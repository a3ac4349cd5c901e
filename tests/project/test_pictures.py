"""The pictures of the README are made by one command, from real output, and need nothing from elsewhere."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.pictures import write_pictures

_FOLDER = Path(__file__).resolve().parents[2] / ".github"
_README = (_FOLDER.parent / "README.md").read_text(encoding="utf-8")


def test_the_readme_shows_every_picture() -> None:
    """Each stands in the README, with words for those who do not see it."""
    shown = dict(re.findall(r"!\[([^\]]+)\]\(\.github/(\w+)\.svg\)", _README))
    assert {path.stem for path in _FOLDER.glob("*.svg")} == set(shown.values())
    assert all(len(words) > 20 for words in shown)


@pytest.mark.exhaustive
def test_the_pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All are written anew, are well-formed, and have the texts that they are there for; nothing would be fetched."""
    for name in (
        "COLUMNS",
        "TERM",
        "DYNACLI_HISTORY",
        *(f"DYNACLI_{kind}_DIR" for kind in ("CONFIG", "CACHE", "STATE")),
    ):
        monkeypatch.setenv(name, "")  # so that they are as before afterwards
    write_pictures(tmp_path)
    texts = {}
    for path in tmp_path.glob("*.svg"):
        assert not re.search(r"@font-face|@import|url\(http|href=", path.read_text(encoding="utf-8"))
        text = "".join(ET.parse(path).getroot().itertext())  # noqa: S314  - our own
        texts[path.stem] = text.replace("\N{NO-BREAK SPACE}", " ")
    assert {"help", "verdict", "check", "explorer"} == set(texts)
    assert "--workflow-id TEXT" in texts["help"]
    assert "expected string, got integer `12345`" in texts["verdict"]
    assert "^^^^^" in texts["verdict"]
    assert "1 finding" in texts["check"]
    assert "200 OK" in texts["explorer"]
