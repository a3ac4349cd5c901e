"""The pictures of the README are made by one command, from real output, and need nothing from elsewhere."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.pictures import write_pictures

_FOLDER = Path(__file__).resolve().parents[2] / ".github"
_README = (_FOLDER.parent / "README.md").read_text(encoding="utf-8")


def test_the_readme_shows_every_picture() -> None:
    """Each is in the README with its light twin, and with a text for those who do not see it."""
    shown = re.findall(
        r'<source media="\(prefers-color-scheme: dark\)" srcset="\.github/(\w+)\.svg">\n'
        r'<img alt="([^"]+)" src="\.github/(\w+)-light\.svg">',
        _README,
    )
    assert [dark for dark, _, _ in shown] == [light for _, _, light in shown]
    names = [name for dark, _, _ in shown for name in (dark, f"{dark}-light")]
    assert sorted(path.stem for path in _FOLDER.glob("*.svg")) == sorted(names)
    assert all(len(text) > 20 for _, text, _ in shown)


_TEXT = "{http://www.w3.org/2000/svg}text"


def _words(folder: Path) -> dict[str, list[str]]:
    """Return the words on each picture in a folder, by name: columns are as wide as the times in them."""
    found = {}
    for path in folder.glob("*.svg"):
        texts = ET.parse(path).iter(_TEXT)  # noqa: S314  - our own
        found[path.stem] = "".join(part for text in texts for part in text.itertext()).split()
    return found


@pytest.mark.exhaustive
def test_no_picture_is_stale(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pictures show today's output: `python -m tests.pictures` writes them again, and nothing is fetched."""
    for name in (
        "COLUMNS",
        "TERM",
        "DYNACLI_HISTORY",
        *(f"DYNACLI_{kind}_DIR" for kind in ("CONFIG", "CACHE", "STATE")),
    ):
        monkeypatch.setenv(name, "")  # so that the test restores them
    write_pictures(tmp_path)
    for path in tmp_path.glob("*.svg"):
        assert not re.search(r"@font-face|@import|url\(http|href=", path.read_text(encoding="utf-8"))
    assert _words(tmp_path) == _words(_FOLDER)
    shown = {"help": "--workflow-id", "session": "workflowName", "check": "finding", "explorer": "200"}
    words = _words(_FOLDER)
    assert [] == [name for name, word in shown.items() if word not in " ".join(words[name])]
    assert [] == [name for name in shown if words[name] != words[f"{name}-light"]]
