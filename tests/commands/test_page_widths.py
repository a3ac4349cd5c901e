"""Nothing on the pages of an operation runs over the width of the terminal, whatever its names are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dynacli.commands.help_pages.page_lines import PageRow, row_lines
from dynacli.openapi.catalog.compiler.compile_document import compile_document
from dynacli.text.terminal import cell_width
from dynacli.text.wrapping import command_lines
from tests.corpus import opened, pages, too_wide
from tests.documents import load_file
from tests.real_documents import FOLDER, OWN, documents, own_and_real

_LONG = "a-" * 60
_STEP = 1 if os.environ.get("DYNACLI_TEST_ALL") else 30
"""Step between the operations of real documents; read here, since no test has a variable of dynacli."""


def _wide_lines(path: Path, step: int) -> list[tuple[str, int, str]]:
    """Return the lines that are too wide on the pages of every `step`-th operation of a document."""
    compiled = compile_document(load_file(path))
    api = opened(path, compiled)
    try:
        return [
            (item.operation.name, width, line)
            for item in compiled.operations[::step]
            for width in (80, 110)
            for page in pages(api, item.operation.name, width)
            for line in too_wide(page, width)
        ]
    finally:
        api.catalog.close()


@pytest.mark.parametrize(
    "path",
    own_and_real(
        [path.name for path in documents(OWN) if path.parent == OWN],
        ["box.json", "hcloud.json", "museum.yaml", "scalar-galaxy-3.1.yaml"],
    ),
)
def test_pages_fit_the_width(path: Path) -> None:
    """Help, `describe` and the summary of a few operations fit 80 and 110 columns."""
    assert [] == _wide_lines(path, 40)


@pytest.mark.sampled(0)
@pytest.mark.corpus
@pytest.mark.skipif(not FOLDER.is_dir(), reason=f"there are no real documents in {FOLDER}")
@pytest.mark.parametrize("path", [*documents(FOLDER)] if FOLDER.is_dir() else [], ids=lambda path: path.name)
def test_pages_of_real_documents_fit_the_width(path: Path) -> None:
    """The same for every thirtieth operation of the real documents; `DYNACLI_TEST_ALL=1` takes each."""
    assert [] == _wide_lines(path, _STEP)


def test_long_texts_leave_their_column() -> None:
    """A text with a word that does not fit beside an option is below it; a word that does not fit there is broken."""
    lines = row_lines([PageRow("--name TEXT", f"[default {'x' * 60}]"), PageRow("--id", _LONG)], 80, 34)
    assert ["  --name TEXT", f"        [default {'x' * 60}]", "  --id"] == lines[:3]
    assert all(cell_width(line) <= 80 for line in lines)
    assert _LONG == "".join(line.strip() for line in lines[3:])


def test_long_arguments_of_a_command() -> None:
    """An option and its value are apart if they do not fit together; an argument is never broken."""
    lines = command_lines(["dynacli", "it", "get", "--first", "x" * 70, "--second", "y", _LONG], 80)
    assert [
        "  dynacli it get --first \\",
        f"      {'x' * 70} \\",
        "      --second y \\",
        f"  {_LONG}",
    ] == lines
