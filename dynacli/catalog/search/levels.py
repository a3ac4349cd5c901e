"""How well an operation has a word, in steps, each of which is a column of the index."""

__all__ = ["LEVELS", "level_of", "levels_from", "match_of"]

_STEP = 5
LEVELS = tuple(f"has_{percent}" for percent in range(_STEP, 100, _STEP))
"""The columns of the index, the least first."""


def level_of(match: float) -> str:
    """Return the level that is next to how well an operation has a word, from 0 to 1."""
    return LEVELS[min(max(round(100 * match / _STEP), 1), len(LEVELS)) - 1]


def match_of(level: str) -> float:
    """Return how well an operation has a word of a level, from 0 to 1."""
    return int(level[4:]) / 100


def levels_from(match: float) -> tuple[str, ...]:
    """Return the levels from one on."""
    return LEVELS[LEVELS.index(level_of(match)) :]
