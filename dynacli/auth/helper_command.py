"""Runs a command of the configuration that gives a secret or signs a request: without a shell, and not for long."""

import subprocess
import threading
from contextlib import suppress
from typing import IO, cast

from dynacli.errors import AuthError

__all__ = ["run_helper"]

SECONDS = 10.0
"""How long a command may take."""

_MOST_BYTES = 1 << 20


def run_helper(words: list[str], label: str, given: bytes = b"") -> bytes:
    """Return what a command writes to its standard output; what it writes to standard error is not shown.

    Args:
        words: The program and its arguments.
        label: The words for it in messages, which show no argument.
        given: What it gets on standard input.

    Raises:
        AuthError: It cannot be started, fails, takes too long, or writes too much.
    """
    try:
        process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", "") or "It holds a character that no command has"
        raise _failed(label, why) from None
    stdin, stdout = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)
    written: list[bytes] = []

    def write() -> None:
        with suppress(OSError):  # the command need not read it
            stdin.write(given)
        with suppress(OSError):
            stdin.close()

    def read() -> None:
        written.append(stdout.read(_MOST_BYTES + 1))
        stdout.close()
        with suppress(subprocess.TimeoutExpired):
            process.wait(SECONDS)

    threads = [threading.Thread(target=work, daemon=True) for work in (write, read)]
    for thread in threads:
        thread.start()
    try:
        threads[1].join(SECONDS)
        is_late = process.poll() is None
    finally:
        process.kill()  # one that has ended is left alone
        process.wait()
    # The command may have left a child behind that keeps the pipes open: nobody waits for it.
    for thread in threads:
        thread.join(0.5)
    if len(written[0] if written else b"") > _MOST_BYTES:
        raise _failed(label, "It writes more than 1 MiB")
    if is_late or not written:
        raise _failed(label, f"It took longer than {SECONDS:g} s")
    if process.returncode:
        raise _failed(label, f"It ended with exit code {process.returncode}")
    return written[0]


def _failed(label: str, why: str) -> AuthError:
    return AuthError(f"{label} gives nothing", why=why, hint="Run the command yourself to see what it says")
