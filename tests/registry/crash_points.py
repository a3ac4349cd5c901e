"""Kills the program at one change that it makes to its files, and tells what the next run finds.

The functions here are steps of a child of `tests.registry.forked_runs`.
"""

import ctypes
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tomllib
import zlib
from pathlib import Path
from typing import Any

from dynacli.openapi.catalog.catalog_file import Catalog
from tests.registry.forked_runs import run

_SOURCE = Path(__file__).with_name("crash_points.c")


def library(directory: Path) -> str:
    """Compile what counts and kills, and return its path; empty if there is no compiler, or another system."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or sys.platform != "linux":
        return ""
    path = directory / "crash_points.so"
    words = [
        compiler,
        "-shared",
        "-fPIC",
        "-O1",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-o",
        str(path),
        str(_SOURCE),
        "-ldl",
    ]
    subprocess.run(words, check=True)
    return str(path)


def arm(places: list[str], number: int, is_half: bool, log: str) -> None:
    """Die at a change of a file below one of the places, counted from 1; at none with 0.

    Args:
        is_half: Whether half of it is made; else nothing of it is.
        log: The file that each change is written to.
    """
    into = os.open(log, os.O_CREAT | os.O_TRUNC | os.O_WRONLY)
    loaded = ctypes.CDLL(None)
    if not hasattr(loaded, "crash_arm"):
        _arm_python(tuple(places), number, into)
        return
    for place in places:
        loaded.crash_watch(os.fsencode(place))
    loaded.crash_arm(ctypes.c_long(number), int(is_half), into)


_EVENTS = {
    "open": "create",
    "os.rename": "rename",
    "os.remove": "unlink",
    "os.mkdir": "mkdir",
    "os.rmdir": "rmdir",
}


def _arm_python(places: tuple[str, ...], number: int, log: int) -> None:
    """Do what can be done without a library: die before a step of Python's own; writes and SQLite are not seen."""
    seen = 0

    def count(kind: str, path: str) -> None:
        nonlocal seen
        if path.startswith(places):
            seen += 1
            os.write(log, f"{kind}\t{path}\t0\n".encode())
            if seen == number:
                os.kill(os.getpid(), signal.SIGKILL)

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event == "open" and not (isinstance(args[2], int) and args[2] & os.O_CREAT):
            return
        if event in _EVENTS:
            count(_EVENTS[event], str(args[1] if event == "os.rename" else args[0]))

    fsync = os.fsync

    def counted_fsync(fd: Any) -> None:
        count("sync", os.readlink(f"/proc/self/fd/{fd}") if sys.platform == "linux" else places[0])
        fsync(fd)

    os.fsync = counted_fsync
    sys.addaudithook(hook)


def changes_made(log: str) -> list[tuple[str, str, int]]:
    """Return what a run changed: kind, path, and how many bytes were written."""
    rows = [line.split("\t") for line in Path(log).read_text().splitlines()]
    return [(kind, path, int(size)) for kind, path, size in rows]


def copied(source: str, target: str) -> None:
    """Make a directory what another one is, with the permissions of its files."""
    shutil.rmtree(target, ignore_errors=True)
    # Not `copytree`, which asks for much more, and takes reading a file for its use.
    for directory, _, names in os.walk(source):
        into = Path(target + directory[len(source) :])
        into.mkdir()
        for name in names:
            path, copy = Path(directory, name), into / name
            found = path.stat()
            copy.write_bytes(path.read_bytes())
            copy.chmod(found.st_mode & 0o777)
            os.utime(copy, (found.st_mtime, found.st_mtime))


def state(*places: str) -> list[list[Any]]:
    """Return what is in some directories, but for times and for what stands in temporary files, which no one reads."""
    found = []
    for place in places:
        for path in Path(place).rglob("*"):
            is_left = path.suffix == ".part"
            name = re.sub(r"\.\d+-[0-9a-f]{8}\.part", ".part", str(path))
            content = path.read_bytes() if path.is_file() and not is_left else b""
            found.append([name, zlib.crc32(_TIMES.sub(b"", content))])
    return sorted(found)


_TIMES = re.compile(rb'"\w+_at": [\d.]+')


def seen(name: str, *more: str) -> list[Any]:
    """Return what several runs find of an API: all of it belongs to one revision.

    Args:
        more: Options of each run.
    """
    listed = run("operations", name, "-o", "json", *more)
    called = run(name, "list-pets", "--dry-run", "json", *more)
    document = run("document", name, *more)
    rows = json.loads(run("api", "list", "-o", "json")[1])
    revision = next((row["revision"] for row in rows if row["name"] == name), None)
    names = [row["name"] for row in json.loads(listed[1] or "[]")]
    url = json.loads(called[1])["url"] if called[1] else ""
    codes = [run[0] for run in (listed, called, document)]
    reported = sorted({_shown(run[2]) for run in (listed, called, document)})
    return [codes, names, url, document[1], revision, reported]


def _shown(text: str) -> str:
    """Return what is reported on standard error, without its times."""
    known = ("held back", "is not in the cache", "There is no API")
    return next((phrase for phrase in known if phrase in text), text)


def damaged(*places: str) -> list[str]:
    """Return which files are not whole: catalogs, small files of the cache, and the configuration."""
    return [str(path) for place in places for path in sorted(Path(place).rglob("*")) if not _is_whole(path)]


def _is_whole(path: Path) -> bool:
    try:
        if path.suffix == ".sqlite":
            catalog = Catalog(str(path))
            try:
                catalog.check(whole=True)
            finally:
                catalog.close()
        elif path.suffix == ".json":
            json.loads(path.read_bytes())
        elif path.suffix == ".toml":
            tomllib.loads(path.read_text())
    except Exception:  # noqa: BLE001 - whatever is wrong with it
        return False
    return True


def age_by_days(days: float, *places: str) -> None:
    """Make all files so much older, as far as their times tell."""
    for place in places:
        for path in Path(place).rglob("*"):
            if path.is_file():
                at = path.stat().st_mtime - days * 86_400
                os.utime(path, (at, at))


def left_behind(*places: str) -> list[str]:
    """Return the temporary files that are there."""
    return [str(path) for place in places for path in Path(place).rglob("*.part")]
