"""What POSIX and Windows do differently: a function for each, with a half for either system.

No other module uses a function that only one of them has: `mypy --platform win32` and `--platform darwin` check that.
The Windows half follows the documentation of Windows and of Python, and its types are checked. `tests/test_system.py`
tests both halves: `python -m tests.tasks windows` on Windows or under Wine.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

if sys.platform == "win32":
    import ctypes
    import msvcrt
    import time

    _LOCKED_BYTE = 0x7FFF_FFFE
    """The byte that is locked: a lock binds all who read or write there, and no file of dynacli is as long."""
    _STILL_ACTIVE = 259
    """The exit code of a process that has none yet (`GetExitCodeProcess`)."""
    _QUERY_LIMITED_INFORMATION = 0x1000
    _NO_SUCH_PROCESS = 87
    """`ERROR_INVALID_PARAMETER`, as `OpenProcess` says for a process that has ended."""

    def try_lock(descriptor: int) -> bool:
        """Lock an open file until it is closed, and return whether no other process has locked it."""
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            if error.errno in {errno.EACCES, errno.EDEADLK, 0}:  # Wine sets none
                return False
            raise
        return True

    def is_running(process: int) -> bool:
        """Return whether a process runs; `os.kill`, which asks this elsewhere, would end it."""
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.OpenProcess.restype = ctypes.c_void_p
        handle = kernel.OpenProcess(_QUERY_LIMITED_INFORMATION, False, process)
        if not handle:
            return ctypes.get_last_error() != _NO_SUCH_PROCESS
        code = ctypes.c_ulong()
        try:
            is_known = kernel.GetExitCodeProcess(ctypes.c_void_p(handle), ctypes.byref(code))
        finally:
            kernel.CloseHandle(ctypes.c_void_p(handle))
        return not is_known or code.value == _STILL_ACTIVE

    def end_by_signal(number: int) -> None:
        """Do nothing: no signal ends a process here, so its exit code says it."""

    def handle_signal(loop: asyncio.AbstractEventLoop, number: int, handle: Callable[[int], None]) -> None:
        """Let a signal be handled in a running event loop; those of Windows have no handlers of their own."""
        import signal

        signal.signal(number, lambda came, _: loop.call_soon_threadsafe(handle, came) and None)

    def own_user() -> int:
        """Return the number that all files have as their owner."""
        return 0

    def user_name(number: int) -> str:
        """Return what a user is called in messages; no file says who owns it."""
        return f"the user {number}"

    def others_may_write(found: os.stat_result, bits: int = 0) -> bool:  # noqa: ARG001
        """Return False: who may write is not in the permissions that Python reads, but in access control lists."""
        return False

    def sync_directory(directory: str) -> None:
        """Do nothing: a directory cannot be opened, and NTFS logs what happens in it."""

    def start_process(words: list[str], variables: Mapping[str, str]) -> int:
        """Start a process without a console that has none of this process' files open, and return its number."""
        import subprocess

        flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
        nothing = subprocess.DEVNULL
        process = subprocess.Popen(
            words, env=variables, stdin=nothing, stdout=nothing, stderr=nothing, creationflags=flags
        )
        process.returncode = 0  # else this object would warn at its end that the process still runs
        return process.pid

    def has_ended(process: int) -> bool:
        """Return whether a process that was started has ended."""
        return not is_running(process)

    def run_in_background() -> None:
        """Do nothing: `start_process` has given the process no console already."""

    def has_input(descriptor: int, seconds: float) -> bool:
        """Return whether standard input has something to read, or has ended, within a time.

        Raises:
            OSError: It cannot be asked.
        """
        kind = stat.S_IFMT(os.fstat(descriptor).st_mode)
        if kind != stat.S_IFIFO:
            return kind == stat.S_IFREG
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        handle, waiting = ctypes.c_void_p(msvcrt.get_osfhandle(descriptor)), ctypes.c_ulong()
        end = time.monotonic() + seconds
        while kernel.PeekNamedPipe(handle, None, 0, None, ctypes.byref(waiting), None):
            if waiting.value:
                return True
            if time.monotonic() >= end:
                return False
            time.sleep(0.02)
        return True  # the writer has closed its end

    def limit_memory(size: int) -> None:
        """Do nothing: a process has no limit of its own here."""

    def is_reader_gone(descriptor: int, end: int) -> bool:  # noqa: ARG001
        """Return False at once: a pipe does not say that its reader has closed it; writing fails then."""
        return False

else:

    def try_lock(descriptor: int) -> bool:
        """Lock an open file until it is closed, and return whether no other process has locked it."""
        import fcntl

        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def is_running(process: int) -> bool:
        """Return whether a process runs, also one of another user."""
        try:
            os.kill(process, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except PermissionError:  # it belongs to another user
            return True
        return True

    def end_by_signal(number: int) -> None:
        """End this process by a signal, so that a shell knows why it ended."""
        import signal

        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def handle_signal(loop: asyncio.AbstractEventLoop, number: int, handle: Callable[[int], None]) -> None:
        """Let a signal be handled in a running event loop.

        A handler of `signal.signal` alone would come too late if the signal arrives just before the loop waits.
        """
        loop.add_signal_handler(number, handle, number)

    def own_user() -> int:
        """Return the number of the user that owns the files which this process makes."""
        return os.geteuid()

    def user_name(number: int) -> str:
        """Return what a user is called in messages."""
        import pwd

        try:
            return f"the user `{pwd.getpwuid(number).pw_name}`"
        except KeyError:
            return f"the user {number}"

    def others_may_write(found: os.stat_result, bits: int = stat.S_IWGRP | stat.S_IWOTH) -> bool:
        """Return whether users besides the owner may write a file, or in a directory, as far as `bits` say."""
        return bool(found.st_mode & bits)

    def sync_directory(directory: str) -> None:
        """Wait until the disk has the names in a directory, if it can be asked."""
        try:
            descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        except (
            OSError
        ):  # a directory that may be written but not read: the file is whole, that is what counts
            return
        try:
            os.fsync(descriptor)
        except OSError:  # file systems without it: the same
            return
        finally:
            os.close(descriptor)

    def start_process(words: list[str], variables: Mapping[str, str]) -> int:
        """Start a process in a session of its own that has none of this process' files open, and return its number.

        Not by `subprocess`, whose import alone costs a tenth of a run's time.

        Raises:
            OSError: It cannot be started.
            ValueError: A word or a variable has a null character.
        """
        nothing = os.open(os.devnull, os.O_RDWR)
        try:
            actions: list[tuple[int, ...]] = [(os.POSIX_SPAWN_DUP2, nothing, number) for number in (0, 1, 2)]
            # The files that a shell has open beside the standard streams (`3>log`) would be inherited, and a reader at
            # the other end would wait for the process.
            actions += [(os.POSIX_SPAWN_CLOSE, number) for number in _inherited() if number != nothing]
            try:
                return os.posix_spawn(words[0], words, dict(variables), file_actions=actions, setsid=True)
            except NotImplementedError:  # on some systems the new process leaves the session by itself
                return os.posix_spawn(words[0], words, dict(variables), file_actions=actions)
        finally:
            os.close(nothing)

    def _inherited() -> list[int]:
        """Return the open files beside the standard streams that a new process would inherit."""
        for directory in ("/proc/self/fd", "/dev/fd"):
            try:
                numbers = [int(name) for name in os.listdir(directory)]
            except OSError:
                continue
            return [number for number in numbers if number > 2 and _is_inherited(number)]
        return []

    def _is_inherited(number: int) -> bool:
        try:
            return os.get_inheritable(number)
        except OSError:  # the descriptor that listed them, which is closed by now
            return False

    def has_ended(process: int) -> bool:
        """Return whether a process that was started has ended; the system then forgets it."""
        try:
            return os.waitpid(process, os.WNOHANG) != (0, 0)
        except OSError:  # it was waited for elsewhere
            return True

    def run_in_background() -> None:
        """Let this process lead a session of its own, if it does not yet, and give way to others."""
        with suppress(OSError):  # it leads its session already
            os.setsid()
        os.nice(5)  # no one waits for it

    def has_input(descriptor: int, seconds: float) -> bool:
        """Return whether standard input has something to read, or has ended, within a time.

        Raises:
            OSError: It cannot be asked.
            ValueError: It is closed.
        """
        import select

        return bool(select.select([descriptor], [], [], seconds)[0])

    def limit_memory(size: int) -> None:
        """Limit the memory of this process, in bytes, where the system can do so."""
        import resource

        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, (size, size))

    def is_reader_gone(descriptor: int, end: int) -> bool:
        """Wait until the reader of a pipe is gone or another descriptor can be read; return whether the reader is gone.

        `poll` reports an error for a pipe without a reader, whichever events are asked for (POSIX, `poll`).

        Args:
            descriptor: The end of the pipe that is written to.
            end: What ends the wait.
        """
        import select

        poll = select.poll()
        poll.register(descriptor, 0)
        poll.register(end, 0)
        return bool(dict(poll.poll()).get(descriptor, 0) & select.POLLERR)
