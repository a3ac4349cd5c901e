"""Prism and Schemathesis validate the same pairs; if they differ it is written down who is right, and why."""

import pytest

from tests.validation.other_validators.disagreements import REASONS
from tests.validation.other_validators.programs import PROGRAMS, ask, compared, differing


@pytest.mark.outside
@pytest.mark.parametrize("program", PROGRAMS)
def test_what_is_written_down_is_what_they_say(program: str) -> None:
    """A pair has a reason exactly where another program validates it differently."""
    pairs = {key: pair for key, pair, _ in compared()}
    reported = ask(program)
    assert pairs.keys() == reported.keys()
    assert set(REASONS[program]) == {pairs[key].name for key in differing(reported)}


def test_reasons_are_about_pairs() -> None:
    """Each recorded reason names a pair of the table."""
    names = {pair.name for _, pair, _ in compared()}
    assert {name for reasons in REASONS.values() for name in reasons} <= names
