"""A process that is killed while it stores a credential leaves the old one or the new one whole, and no secret."""

import signal
from pathlib import Path

import pytest

from tests.auth.store_steps import logout, put, stored
from tests.registry.crash_points import arm, changes_made, copied
from tests.registry.forked_runs import Forks, Step

LONG = "x" * 3000

SCENARIOS: dict[str, tuple[Step, ...]] = {
    "the first in a file": (("put", "file", "shop", "new"),),
    "another in a file": (("put", "file", "shop", "old"), ("put", "file", "shop", "new")),
    "the first in the keyring": (("put", "keyring", "shop", LONG),),
    "another in the keyring": (("put", "keyring", "shop", "old"), ("put", "keyring", "shop", LONG)),
    "from the file into the keyring": (("put", "file", "shop", "old"), ("put", "keyring", "shop", "new")),
    "forgotten": (("put", "keyring", "shop", LONG), ("logout", "shop")),
}
"""What is done to the store; the process is killed in the last of it."""

_STEPS = {"put": put, "logout": logout}


_QUICK = ("another in the keyring", "forgotten")


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("name", "stride"),
    [
        *(pytest.param(name, 3, marks=pytest.mark.exhaustive) for name in SCENARIOS),
        *((name, 11) for name in _QUICK),
    ],
)
def test_the_next_run_finds_the_old_or_the_new(name: str, stride: int, forks: Forks, tmp_path: Path) -> None:
    """What a killed process left in the keyring goes with the next change."""
    place, before, log = (str(tmp_path / word) for word in ("state", "before", "log"))
    Path(place).mkdir()

    def named(step: Step) -> Step:
        return (_STEPS[step[0]], place, *step[1:])

    *earlier, last = map(named, SCENARIOS[name])
    (*_, old) = forks.child(*earlier, (stored, place)).values
    copied(place, before)
    *_, new = forks.child((arm, [place], 0, False, log), last, (stored, place)).values
    made = changes_made(log)
    moments = [(number, is_half) for number in range(1, len(made) + 1) for is_half in (False, True)][::stride]
    killed = 0
    for number, is_half in moments:
        ended = forks.child((copied, before, place), (arm, [place], number, is_half, log), last)
        assert ended.status in {0, -signal.SIGKILL}
        killed += ended.status != 0
        (found,) = forks.child((stored, place)).values
        assert found[0] in (old[0], new[0]), (number, made[number - 1])
        again = forks.child(
            last, (put, place, "file", "other", "t"), (logout, place, "other"), (stored, place)
        )
        assert new == again.values[-1], (number, made[number - 1])
    # Half of a change that is not a write cannot be made.
    assert killed >= len(moments) // 2
