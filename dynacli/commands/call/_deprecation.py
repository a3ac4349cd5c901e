"""The note on an operation that a server is going to end."""

from __future__ import annotations

import json
import os
from datetime import datetime

from dynacli.client.call import Call
from dynacli.commands.run import Run
from dynacli.environment import Environment
from dynacli.errors import FileError
from dynacli.files import make_own_directory, write_file
from dynacli.http.deprecation import deprecation_text
from dynacli.http.exchange import WireResponse
from dynacli.registry.record_call import api_key

_MOST_KEPT = 1_000


def note_deprecation(run: Run, call: Call, response: WireResponse) -> None:
    """Print that a server will end an operation, once a day for each operation."""
    text, name = deprecation_text(response), call.described.operation.name
    key = f"{api_key(call.described.api.revisions.directory)} {name}"
    if text and not run.env.is_quiet and _is_first_today(run.env, key):
        run.note(call.signed.response_masker(response.headers).mask(f"`{name}` {text}"))


def _is_first_today(env: Environment, key: str) -> bool:
    """Return whether a note is the first one of the day, and remember it. Without a state directory, each one is."""
    today = f"{datetime.now().astimezone():%Y-%m-%d}"
    try:
        path = os.path.join(env.state_dir, "deprecations.json")
        known = _known(path)
        if known.get(key) == today:
            return False
        kept = {name: day for name, day in known.items() if day == today}
        if len(kept) < _MOST_KEPT:
            make_own_directory(env.state_dir)
            write_file(path, json.dumps({**kept, key: today}).encode())
    except (OSError, FileError):
        return True
    return True


def _known(path: str) -> dict[str, str]:
    """Return what was noted; nothing if the file is missing or damaged."""
    try:
        with open(path, "rb") as file:
            found = json.loads(file.read())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
