"""How much of a description is told: as much as fits into 6,000 bytes, or what a person asks for."""

from bisect import bisect_left
from collections.abc import Callable
from typing import NamedTuple

from dynacli.commands.verbs.describe.schema_tree import MAX_DEPTH, TreeLimits
from dynacli.text.terminal import Painter
from dynacli.text.wrapping import shortened

__all__ = ["EVERYTHING", "MOST_BYTES", "Detail", "Text", "cut_lines", "detail_of_depth", "fitting_text"]

MOST_BYTES = 6_000
_NO_LIMIT = 100_000

Text = Callable[[Painter, int], str]
"""A description as text, painted and wrapped to a width."""


class Detail(NamedTuple):
    """How much is told.

    Args:
        tree: Of each schema.
        description: The most lines of a description.
        rows: The most rows of any other section.
        has_error_trees: Whether the schema of each error is shown, instead of one line for those that are alike.
        has_sentences: Whether inputs have their descriptions.
        columns: The most characters of a line, except the last one, which runs as it stands.
    """

    tree: TreeLimits
    description: int = _NO_LIMIT
    rows: int = _NO_LIMIT
    has_error_trees: bool = False
    has_sentences: bool = True
    columns: int = _NO_LIMIT


EVERYTHING = Detail(TreeLimits(64, 20_000), has_error_trees=True)
_LESS_AND_LESS = (
    *(Detail(TreeLimits(MAX_DEPTH, lines), 40, 60) for lines in (120, 90, 70, 55)),
    *(Detail(TreeLimits(4, lines, 60), 14, 40) for lines in (70, 55, 45)),
    *(Detail(TreeLimits(3, lines, 50), 8, 24) for lines in (45, 35)),
    *(Detail(TreeLimits(2, lines, 40), 6, 16) for lines in (35, 25)),
    Detail(TreeLimits(2, 25, 40), 4, 12, has_sentences=False),
    Detail(TreeLimits(1, 16, 24), 3, 8, has_sentences=False, columns=200),
    Detail(TreeLimits(1, 8, 20), 2, 4, has_sentences=False, columns=120),
    Detail(TreeLimits(1, 4, 20), 1, 2, has_sentences=False, columns=80),
)


def detail_of_depth(depth: int) -> Detail:
    """Return what `--depth` asks for: everything, with schemas of so many levels."""
    return Detail(TreeLimits(depth, 20_000))


def fitting_text(
    lines_of: Callable[[Painter, int, Detail], list[str]], paint: Painter, width: int, asked: Detail | None
) -> str:
    """Return a description in the detail that a person asked for, else in the most that fits.

    Args:
        lines_of: Returns the lines of the description in a detail.
    """
    if asked is not None:
        return "\n".join(lines_of(paint, width, asked))
    plain = Painter(enabled=False)

    def fits(detail: Detail) -> bool:
        lines = _cut(lines_of(plain, width, detail), detail)
        return len("\n".join(lines).encode()) < MOST_BYTES  # a line feed ends it

    # Most descriptions fit as they are.
    number = 0 if fits(_LESS_AND_LESS[0]) else bisect_left(_LESS_AND_LESS, True, 1, key=fits)
    detail = _LESS_AND_LESS[min(number, len(_LESS_AND_LESS) - 1)]
    told = lines_of(plain, width, detail)
    lines = _cut(told, detail)
    if not paint.enabled:
        return "\n".join(lines)
    painted = lines_of(paint, width, detail)
    return "\n".join(
        colourful if line == whole else line
        for line, whole, colourful in zip(lines, told, painted, strict=True)
    )


def _cut(lines: list[str], detail: Detail) -> list[str]:
    return [*(shortened(line, detail.columns) for line in lines[:-1]), lines[-1]]


def cut_lines(lines: list[str], most: int, indent: str = "  ") -> list[str]:
    """Return lines with an indent, those that are too many counted in a last one."""
    shown = [f"{indent}{line}".rstrip() for line in lines[:most]]
    more = len(lines) - most
    return [*shown, f"{indent}and {more:,} more lines: `--all`"] if more > 0 else shown
