"""The end of the program: all that has to happen happens, and nothing else takes time."""

import subprocess
import sys

_PROGRAM = """
import atexit, sys, threading, time
from dynacli.__main__ import run

def end_late():
    time.sleep(0.05)
    sys.stdout.write("thread\\n")

def program():
    threading.Thread(target=end_late).start()
    sys.stdout.write("program\\n")
    return 5

atexit.register(sys.stdout.write, "registered\\n")
run(program)
"""


def test_a_process_ends_without_being_taken_apart() -> None:
    """Threads end, what is registered for the end runs and all is written; modules are not freed one by one."""
    command = [sys.executable, "-v", "-c", _PROGRAM]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (5, "program\nthread\nregistered\n") == (ended.returncode, ended.stdout)
    assert "import 'dynacli.__main__'" in ended.stderr
    assert "# destroy " not in ended.stderr
