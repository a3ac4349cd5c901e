"""Builds the request of a call and sends nothing, for tests of what the words of a command line become."""

import json
from typing import Any

from tests.documents import SERVER
from tests.harness import Result, run_cli


def dry_run(api: str = "./api.json", *words: str, stdin: bytes = b"") -> Result:
    """Return the result of a dry run of an API; without words, of the first operation of `pets()`."""
    return run_cli(api, *(words or ("list-pets",)), "--dry-run", "json", stdin=stdin)


def request_of(*words: str, before: tuple[str, ...] = (), stdin: bytes = b"") -> dict[str, Any]:
    """Return the request that a call on `api.json` would send, its body decoded if it is JSON."""
    result = run_cli("--dry-run", "json", *before, "./api.json", *words, stdin=stdin)
    # What could not be validated is a note, and not what those who call this are about.
    notes = [line for line in result.stderr.splitlines() if not line.startswith("Not validated: ")]
    assert (0, []) == (result.exit_code, notes)
    request: dict[str, Any] = result.json
    request["target"] = request["url"].removeprefix(SERVER)
    if "application/json" in dict(request["headers"]).get("Content-Type", ""):
        request["json"] = json.loads(request["body"])
    return request


def refusal_of(*words: str, before: tuple[str, ...] = (), stdin: bytes = b"") -> Result:
    """Return the result of a call on `api.json` that is refused with 2 before anything is sent."""
    result = run_cli("--dry-run", "json", *before, "./api.json", *words, stdin=stdin)
    assert (2, "") == (result.exit_code, result.stdout)
    return result
