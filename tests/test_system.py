"""The functions that differ between POSIX and Windows: the same tests for both halves."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from dynacli import files, system


def _wait_until_ended(process: int) -> None:
    end = time.monotonic() + 20
    while not system.has_ended(process):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_lock_keeps_others_away_until_the_file_is_closed() -> None:
    """A locked file cannot be locked again, also in the same process, and can be once it is closed."""
    first, second = (os.open("lock", os.O_CREAT | os.O_RDWR) for _ in range(2))
    assert system.try_lock(first)
    assert not system.try_lock(second)
    os.close(first)
    assert system.try_lock(second)
    os.close(second)


def test_a_process_runs_until_it_ends() -> None:
    """A process is known to run while it does, and not afterwards."""
    assert system.is_running(os.getpid())
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        assert system.is_running(process.pid)
    assert not system.is_running(process.pid)


def test_a_process_is_started_with_its_words_and_variables() -> None:
    """A process that no one waits for gets its words as they are, has no input, and is known to end."""
    program = "import os, sys; open(sys.argv[1], 'w').write(repr([sys.argv[2:], os.environ['A'], sys.stdin.read()]))"
    words = ["a b", 'q"uo\\te', "", "ü"]
    process = system.start_process([sys.executable, "-c", program, "out", *words], {**os.environ, "A": "x y"})
    _wait_until_ended(process)
    assert repr([words, "x y", ""]) == Path("out").read_text()


def test_input_is_there_if_it_was_written_or_has_ended() -> None:
    """An empty pipe has no input; one that was written to has some, and so has one whose other end is closed."""
    reading, writing = os.pipe()
    assert not system.has_input(reading, 0.05)
    threading.Timer(0.1, os.write, (writing, b"x")).start()
    assert system.has_input(reading, 10)
    os.read(reading, 1)
    os.close(writing)
    assert system.has_input(reading, 0.05)
    os.close(reading)


def test_a_file_has_input() -> None:
    """A regular file never makes anyone wait, even if it is empty."""
    Path("empty").touch()
    with open("empty", "rb") as file:
        assert system.has_input(file.fileno(), 0)


def test_files_of_this_user_are_its_own() -> None:
    """A new file belongs to the user of this process, who has a name, and a directory can be synced."""
    Path("file").touch()
    assert system.own_user() == Path("file").stat().st_uid
    assert "user" in system.user_name(system.own_user())
    system.sync_directory(".")


def test_a_file_that_is_read_is_replaced() -> None:
    """A file that another program reads is replaced: at once, on Windows as soon as it is closed."""
    files.write_file("file", b"old")
    with open("file", "rb") as reading:
        threading.Timer(0.2, reading.close).start()
        files.write_file("file", b"new")
    assert b"new" == Path("file").read_bytes()
