"""The changelog is short, and says what each version means for its users."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_AREAS = ("Calls", "Validation", "Documents", "Credentials", "Agents", "Integrations", "Library")
_VERSION = re.compile(r"(\d+\.\d+\.\d+) - (?:\d{4}-\d{2}-\d{2}|unreleased)")
_NO_BEGINNING = {"A", "An", "The", "It", "There", "This", "That", "If", "When", "Where", "What", "Of"}
"""Words that an entry does not start with, because it starts with a verb or a name."""
_CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def _parts(text: str, mark: str) -> list[tuple[str, str]]:
    """Return (heading, text below it) of each heading of a level."""
    return [
        (heading, below.strip("\n"))
        for heading, _, below in (
            part.partition("\n") for part in re.split(rf"^{mark} ", text, flags=re.MULTILINE)[1:]
        )
    ]


def _entries(text: str) -> list[str]:
    return [" ".join(entry.split()) for entry in re.split(r"^- ", text, flags=re.MULTILINE)[1:]]


_VERSIONS = _parts(_CHANGELOG, "##")
_AREA = [(version, *area) for version, text in _VERSIONS for area in _parts(text, "###")]


def test_the_newest_version_is_that_of_the_project() -> None:
    """A version has its number and its date; only the first one can be unreleased."""
    versions = [_VERSION.fullmatch(heading) for heading, _ in _VERSIONS]
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert None not in versions
    assert project["version"] == (versions[0] or [""])[1]
    assert [] == [heading for heading, _ in _VERSIONS[1:] if heading.endswith("unreleased")]


@pytest.mark.parametrize(("version", "text"), _VERSIONS, ids=[heading for heading, _ in _VERSIONS])
def test_a_version_fits_on_a_page(version: str, text: str) -> None:  # noqa: ARG001
    """A version has at most 25 entries in the areas of the table, in their order."""
    areas = [area for area, _ in _parts(text, "###")]
    assert areas
    assert areas == [area for area in _AREAS if area in areas]
    assert len(_entries(text)) <= 25
    assert len(text.splitlines()) < 90


@pytest.mark.parametrize(("version", "area", "text"), _AREA, ids=[area for _, area, _ in _AREA])
def test_an_entry_is_one_short_sentence(version: str, area: str, text: str) -> None:  # noqa: ARG001
    """An entry starts with a verb or a name, has at most 25 words, and ends with its only period."""
    wrong = [
        entry
        for entry in _entries(text)
        if not re.match(r"[A-Z`]", entry)
        or entry.split()[0] in _NO_BEGINNING
        or len(entry.split()) > 25
        or not entry.endswith(".")
        or re.search(r"[.!?] [A-Z`]", entry)
    ]
    assert _entries(text)
    assert [] == wrong


def test_every_line_belongs_to_an_entry() -> None:
    """Lines that continue an entry are indented, and there is not a text file between entries."""
    for _, _, text in _AREA:
        assert all(line.startswith(("- ", "  ")) for line in text.splitlines())
