"""Ctrl-C at any moment while a document is read, compiled and kept: a clean end, and nothing half-made."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.documents import pets, save
from tests.harness import run_cli

_SCRIPT = """
import os, signal, sys

at, count = int(sys.argv[1]), 0
sys.argv = ["dynacli", "api", "add", "shop", "./api.json"]
signal.signal(signal.SIGINT, signal.default_int_handler)

def profile(frame, event, argument):
    global count
    count += 1
    if count == at:
        sys.setprofile(None)
        os.kill(os.getpid(), signal.SIGINT)

from dynacli.__main__ import run

sys.setprofile(profile)
try:
    run()
finally:
    sys.setprofile(None)
    print(count)
"""


def _interrupted(at: int) -> tuple[int, str, str]:
    """Return exit code and outputs of a run that Ctrl-C interrupts at a call or return, counted from 1; 0 for never."""
    words = [sys.executable, "-c", _SCRIPT, str(at)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.no_cover
@pytest.mark.sampled(0)
@pytest.mark.parametrize("thousandth", [0, 100, 500, 700, 840, 920, 980])
def test_an_interrupt_ends_a_run_cleanly_at_any_moment(home: Path, thousandth: int) -> None:
    """The process dies of the signal without a complaint, and the next run finds a cache that is whole."""
    save(pets())
    count = int(_interrupted(0)[1].split()[-1])
    assert 0 == run_cli("api", "remove", "shop", "--yes").exit_code
    assert 0 == run_cli("cache", "clear", "--yes").exit_code
    code, _, stderr = _interrupted(50 + count * thousandth // 1000)
    # In a callback the signal is only noted, and the run comes to its end.
    assert (-signal.SIGINT, True) == (code, stderr.startswith(("shop: ", "Try: ")) or not stderr)
    assert [] == [name for _, _, names in os.walk(home) for name in names if name.endswith(".part")]
    words = ("list-pets", "--help")
    assert 0 == run_cli("./api.json", *words).exit_code
    if run_cli("shop", *words).exit_code != 0:
        assert 0 == run_cli("api", "add", "shop", "./api.json").exit_code
        assert 0 == run_cli("shop", *words).exit_code


_LOST = """
import os, signal, weakref
from dynacli import __main__

class Thing: pass

def interrupted():
    weakref.finalize(Thing(), os.kill, os.getpid(), {number})
    print("went on", flush=True)
    return 0

signal.signal(signal.SIGINT, signal.default_int_handler)
__main__.run(interrupted)
"""


@pytest.mark.no_cover
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_inside_a_callback_is_not_lost(number: int) -> None:
    """Python goes on after a callback whose exception it cannot raise: the run ends by the signal anyway."""
    words = [sys.executable, "-c", _LOST.format(number=int(number))]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert (-number, "went on\n", "") == (done.returncode, done.stdout, done.stderr)
