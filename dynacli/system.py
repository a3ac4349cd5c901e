"""Functions of the system that differ between POSIX and Windows, each written twice.

No other module uses a function that only one of the systems has: `mypy --platform win32` and `--platform darwin` check
that. `tests/test_system.py` tests both halves: `python -m tests.tasks windows` on Windows or under Wine.
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
    """Position of the locked byte. A lock blocks reading and writing it, and no file of dynacli is that long."""
    _STILL_ACTIVE = 259
    """The exit code that `GetExitCodeProcess` returns for a running process."""
    _QUERY_LIMITED_INFORMATION = 0x1000
    _NO_SUCH_PROCESS = 87
    """`ERROR_INVALID_PARAMETER`, which `OpenProcess` reports for a process that has ended."""

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
        """Return whether a process is running, without `os.kill`, which would end it on Windows."""
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
        """Do nothing: on Windows the exit code shows why a process ended."""

    def handle_signal(loop: asyncio.AbstractEventLoop, number: int, handle: Callable[[int], None]) -> None:
        """Handle a signal in a running event loop. Event loops of Windows cannot register a handler themselves."""
        import signal

        signal.signal(number, lambda came, _: loop.call_soon_threadsafe(handle, came) and None)

    def own_user() -> int:
        """Return 0, the owner that Python reports for every file on Windows."""
        return 0

    def user_name(number: int) -> str:
        """Return the name of a user for messages."""
        return f"the user {number}"

    def others_may_write(found: os.stat_result, bits: int = 0) -> bool:  # noqa: ARG001
        """Return False: Windows stores permissions in access control lists, which Python does not read."""
        return False

    def sync_directory(directory: str) -> None:
        """Do nothing: a directory cannot be opened, and NTFS logs the changes in it."""

    def start_process(words: list[str], variables: Mapping[str, str]) -> int:
        """Start a process without a console and without this process's open files, and return its number."""
        import subprocess

        flags = subprocess.DETACHED_PROCESS | subprocess.CREATE_NEW_PROCESS_GROUP
        nothing = subprocess.DEVNULL
        process = subprocess.Popen(
            words, env=variables, stdin=nothing, stdout=nothing, stderr=nothing, creationflags=flags
        )
        process.returncode = 0  # otherwise the object warns when it is freed
        return process.pid

    def has_ended(process: int) -> bool:
        """Return whether a process that was started has ended."""
        return not is_running(process)

    def run_in_background() -> None:
        """Do nothing: `start_process` starts the process without a console."""

    def has_input(descriptor: int, seconds: float) -> bool:
        """Return whether standard input has something to read, or has ended, within a time.

        Raises:
            OSError: The descriptor is not open.
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
        """Do nothing: Windows has no such limit for a single process."""

    def largest_memory() -> int:
        """Return 0: the size of the process is only known on other systems."""
        return 0

    def is_reader_gone(descriptor: int, end: int) -> bool:  # noqa: ARG001
        """Return False at once: on Windows, only a failed write shows that the reader has closed the pipe."""
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
        """Return whether a process is running, even if it belongs to another user."""
        try:
            os.kill(process, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except PermissionError:  # it belongs to another user
            return True
        return True

    def end_by_signal(number: int) -> None:
        """End this process by a signal, so that the shell sees the reason."""
        import signal

        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    def handle_signal(loop: asyncio.AbstractEventLoop, number: int, handle: Callable[[int], None]) -> None:
        """Handle a signal in a running event loop.

        A handler of `signal.signal` would run too late if the signal arrived just before the loop waits.
        """
        loop.add_signal_handler(number, handle, number)

    def own_user() -> int:
        """Return the number of the user who will own new files of this process."""
        return os.geteuid()

    def user_name(number: int) -> str:
        """Return the name of a user for messages."""
        import pwd

        try:
            return f"the user `{pwd.getpwuid(number).pw_name}`"
        except KeyError:
            return f"the user {number}"

    def others_may_write(found: os.stat_result, bits: int = stat.S_IWGRP | stat.S_IWOTH) -> bool:
        """Return whether users other than the owner have write permission, or any permission in `bits`."""
        return bool(found.st_mode & bits)

    def sync_directory(directory: str) -> None:
        """Wait until the names in a directory are on the disk, if the system supports that."""
        try:
            descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        except OSError:  # the directory is not readable; its new file is complete anyway
            return
        try:
            os.fsync(descriptor)
        except OSError:  # the file system does not support it
            return
        finally:
            os.close(descriptor)

    def start_process(words: list[str], variables: Mapping[str, str]) -> int:
        """Start a process in a new session, without this process's open files, and return its number.

        It does not use `subprocess`, because the import alone takes a tenth of a run's time.

        Raises:
            OSError: The process cannot be started.
            ValueError: An argument or a variable has a null character.
        """
        nothing = os.open(os.devnull, os.O_RDWR)
        try:
            actions: list[tuple[int, ...]] = [(os.POSIX_SPAWN_DUP2, nothing, number) for number in (0, 1, 2)]
            # The process would inherit further files that the shell opened (`3>log`), and a reader of such a pipe would
            # wait for the process to end.
            actions += [(os.POSIX_SPAWN_CLOSE, number) for number in _inherited() if number != nothing]
            try:
                return os.posix_spawn(words[0], words, dict(variables), file_actions=actions, setsid=True)
            except NotImplementedError:  # on some systems the new process must leave the session itself
                return os.posix_spawn(words[0], words, dict(variables), file_actions=actions)
        finally:
            os.close(nothing)

    def _inherited() -> list[int]:
        """Return the open files, except the standard streams, that a new process would inherit."""
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
        except OSError:  # `os.listdir` used this descriptor and has closed it
            return False

    def has_ended(process: int) -> bool:
        """Return whether a child process has ended; if so, release its entry in the process table."""
        try:
            return os.waitpid(process, os.WNOHANG) != (0, 0)
        except OSError:  # other code has already waited for the process
            return True

    def run_in_background() -> None:
        """Move this process into a new session, unless it has one, and lower its priority."""
        with suppress(OSError):  # the process already leads a session
            os.setsid()
        os.nice(5)  # a background process has time

    def has_input(descriptor: int, seconds: float) -> bool:
        """Return whether standard input has something to read, or has ended, within a time.

        Raises:
            OSError: The descriptor is not open.
            ValueError: The descriptor is negative or too large.
        """
        import select

        return bool(select.select([descriptor], [], [], seconds)[0])

    def limit_memory(size: int) -> None:
        """Limit the memory of this process, in bytes, if the system can do so."""
        import resource

        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_AS, (size, size))

    def largest_memory() -> int:
        """Return the largest size that this process had so far, in bytes."""
        import resource

        used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        # Linux counts KiB, and macOS bytes (getrusage(2) of both).
        return used if sys.platform == "darwin" else used * 1024

    def is_reader_gone(descriptor: int, end: int) -> bool:
        """Wait until the reader of a pipe closes it, or another descriptor is readable. Return whether the reader did.

        `poll` always reports an error for a pipe without a reader, even without requested events (POSIX, `poll`).

        Args:
            descriptor: The writing end of the pipe.
            end: The descriptor that ends the wait when it is readable.
        """
        import select

        poll = select.poll()
        poll.register(descriptor, 0)
        poll.register(end, 0)
        return bool(dict(poll.poll()).get(descriptor, 0) & select.POLLERR)
