"""The changelog has the form of Keep a Changelog: versions, sections in their order, a sentence for each change."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
_SECTIONS = ("Added", "Changed", "Deprecated", "Removed", "Fixed", "Security")
_VERSION = re.compile(r"\[(Unreleased|\d+\.\d+\.\d+)\](?: - \d{4}-\d{2}-\d{2})?")
_CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def _parts(text: str, mark: str) -> list[tuple[str, str]]:
    """Return (heading, what stands below it) of each heading of a level."""
    return [
        (heading, below.strip("\n"))
        for heading, _, below in (
            part.partition("\n") for part in re.split(rf"^{mark} ", text, flags=re.MULTILINE)[1:]
        )
    ]


_SECTION = [
    (version, *section) for version, text in _parts(_CHANGELOG, "##") for section in _parts(text, "###")
]


def test_every_version_is_named_and_the_unreleased_one_is_first() -> None:
    """A version has its number and its day; what is not released yet stands on top."""
    versions = [_VERSION.fullmatch(version) for version, _ in _parts(_CHANGELOG, "##")]
    assert None not in versions
    assert ["Unreleased"] == [version[1] for version in versions if version and "-" not in version[0]]
    assert _CHANGELOG.startswith("# Changelog\n")
    assert _parts(_CHANGELOG, "##")[0][0] == "[Unreleased]"


def test_the_sections_are_those_of_keep_a_changelog() -> None:
    """Each version has some of the six sections, each once and in their order."""
    for _, text in _parts(_CHANGELOG, "##"):
        sections = [section for section, _ in _parts(text, "###")]
        assert sections
        assert sections == [section for section in _SECTIONS if section in sections]


@pytest.mark.parametrize(
    ("version", "section", "text"), _SECTION, ids=lambda word: word[:20].replace("\n", " ")
)
def test_every_entry_is_one_sentence(version: str, section: str, text: str) -> None:  # noqa: ARG001
    """An entry begins with a dash and a capital, or with code, and ends with its only period."""
    entries = [" ".join(entry.split()) for entry in re.split(r"^- ", text, flags=re.MULTILINE)[1:]]
    assert text.startswith("- ")
    wrong = [
        entry
        for entry in entries
        if not re.match(r"[A-Z`]", entry) or not entry.endswith(".") or re.search(r"[.!?] [A-Z`]", entry)
    ]
    assert [] == wrong


def test_every_line_belongs_to_an_entry() -> None:
    """What continues an entry is indented; nothing else stands between the entries."""
    for _, _, text in _SECTION:
        assert all(line.startswith(("- ", "  ")) for line in text.splitlines())
