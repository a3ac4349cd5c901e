"""Refreshes a document after the command, in a separate process that outlives the run and its terminal."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from dynacli.environment import Environment, program, variable
from dynacli.options.standard_options import setting_variables
from dynacli.record import replace
from dynacli.registry.revisions.revisions import BLOCKING, Revisions

if TYPE_CHECKING:
    from dynacli.openapi.document.fetched import DocumentLogin
    from dynacli.registry.opened_api import OpenedApi

RETRY_SECONDS = 300
"""An older claim counts for nothing: its refresh failed, or the process died."""

_FILE = "refresh.claim"
_WORD = "__refresh"
_URL = "_DYNACLI_REFRESH"
"""The variable with the URL of a document that is not registered: it may hold a secret, and commands are public."""
# Not `-m dynacli`, which would import modules from the directory that the person happens to be in.
_PATH = "import sys; sys.path.append(sys.argv.pop(1))"
_CODE = "from dynacli.__main__ import run; run()"


_started: list[int] = []
"""The processes that this process has started, and that have not been waited for yet."""


def take_refresh_claim(directory: str) -> bool:
    """Return whether this run is the one to have a document refreshed.

    Args:
        directory: The document's directory in the cache. If it cannot be written, a refresh could not be either.
    """
    path = os.path.join(directory, _FILE)
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    except FileExistsError:
        return _take_over(path)
    except OSError:
        return False
    return True


def _take_over(path: str) -> bool:
    try:
        # A time in the future comes from a wrong clock.
        if abs(time.time() - os.lstat(path).st_mtime) < RETRY_SECONDS:
            return False
        os.utime(path, follow_symlinks=False)
    except OSError:
        return False  # it was removed just now: the refresh has succeeded
    return True


def _drop_refresh_claim(directory: str) -> None:
    """Let the next refresh begin as soon as it is due."""
    try:
        os.unlink(os.path.join(directory, _FILE))
    except OSError:
        return  # there is none, or it counts for nothing after a while


def process_words(*words: str) -> list[str]:
    """Return the command line of another process of this program.

    Args:
        words: The arguments after the program's name.
    """
    import dynacli

    root = os.path.dirname(os.path.dirname(os.path.abspath(dynacli.__file__)))
    return [sys.executable, "-P", "-c", f"{_PATH}; {program().code or _CODE}", root, *words]


def begin_refresh(
    api: OpenedApi, env: Environment, profile: str | None = None, *, is_bound: bool = False
) -> None:
    """Start a process that refreshes the document of an API, unless another does so or has just failed.

    Args:
        profile: The profile that the document is fetched with, if the environment has another.
        is_bound: Whether only the origin of a registered document gets a credential.
    """
    from dynacli.system import has_ended, start_process

    # The system forgets those that have ended; this matters if the present process lives long.
    _started[:] = [process for process in _started if not has_ended(process)]
    if not sys.executable or not take_refresh_claim(api.revisions.directory):
        return
    words = process_words(_WORD, api.name if api.is_registered else "-", *api.open_request.allow_refs)
    variables = env.variables
    if is_bound and not api.is_registered:
        own, no_secrets = f"{program().prefix}_", setting_variables()
        variables = {
            name: value for name, value in variables.items() if not name.startswith(own) or name in no_secrets
        }
    try:
        variables = {**variables, _URL: api.name, **({variable("PROFILE"): profile} if profile else {})}
        _started.append(start_process(words, variables))
    except (OSError, ValueError):
        # The machine cannot start any more processes; the next run tries again.
        _drop_refresh_claim(api.revisions.directory)


def refresh_quietly(
    env: Environment,
    word: str,
    allow_refs: Iterable[str],
    login_of: Callable[[Environment, str], DocumentLogin],
) -> int:
    """Refresh a document without output if it is still due, and return an exit code.

    Args:
        word: A registered name; `-` for a URL, which is then in the environment.
        allow_refs: The references that the starting run allowed; the cache is not trusted to allow any.
        login_of: Returns what signs in at the origin of a document, given the name of its API.
    """
    from pathlib import Path

    import dynacli
    from dynacli.errors import DynacliError
    from dynacli.openapi.document.source import parse_source
    from dynacli.registry._fetch_when_due import fetch_when_due
    from dynacli.registry.open_by_name import make_open_request
    from dynacli.system import run_in_background

    if dynacli.is_own_process:
        run_in_background()
    try:
        named = env.variables.get(_URL, word) if word == "-" else word
        open_request, location = make_open_request(named, env)
        source = parse_source(location, Path.cwd())
        revisions = Revisions(env.cache_dir, source.location, open_request.more, open_request.overlays)
        pointer = revisions.current()
        if pointer is None or open_request.pin or source.kind != "url":
            _drop_refresh_claim(revisions.directory)  # there is nothing left to refresh
            return 0
        open_request = replace(
            open_request,
            mode=BLOCKING,
            allow_refs=tuple(sorted({*open_request.allow_refs, *allow_refs})),
            login=lambda: login_of(env, open_request.name),
        )
        api = fetch_when_due(open_request, source, patience=0)
    except DynacliError as error:
        return error.exit_code
    api.catalog.close()
    if api.warning is None:
        _drop_refresh_claim(api.revisions.directory)
    return 0
