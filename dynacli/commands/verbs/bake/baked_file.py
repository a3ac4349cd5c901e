"""The file that is a command line of its own: a short program that says what dynacli runs."""

import os
import sys
from typing import Any

from dynacli.environment import Environment
from dynacli.errors import UsageError
from dynacli.files import cannot_be_written, write_named_file
from dynacli.library.configuration.configuration import DEMO, Configuration, check_name
from dynacli.library.opened_api import OpenedApi

__all__ = ["baked_file", "write_executable"]

_KEPT = ("source", "more", "overlays", "refresh", "refresh_after", "allow_refs", "ca")
_KEPT_OF_CALLS = ("server", "server_vars", "timeout", "retries", "rate", "validate", "output")
"""The keys of an API's entry that a baked tool takes over; what is about credentials stays here."""
_LONGEST_SHEBANG = 127
"""Bytes that every Linux reads of the first line: https://man7.org/linux/man-pages/man2/execve.2.html."""

_TEMPLATE = """{first_line}
# {name}: a command line made by dynacli {made_by}, which has to be installed for {python}.
from dynacli.baked.run_baked import run

TOOL = {tool!r}

if __name__ == "__main__":
    run(TOOL)
"""


def baked_file(env: Environment, name: str, word: str, api: OpenedApi, profile: str) -> str:
    """Return the text of the file.

    Args:
        name: The name of the tool.
        word: The API as it was named.
        profile: The profile whose settings become those of the tool; empty for none.

    Raises:
        UsageError: The name is none that a tool can have, the API is standard input, or its source holds a secret.
        FileError: The configuration cannot be read.
    """
    from dynacli import __version__

    check_name(name)
    tool = {
        "name": name,
        "version": str(api.catalog.meta["version"] or "0"),
        "api": DEMO if word == DEMO else name,
        "entry": {} if word == DEMO else _entry(env, word, api, profile),
    }
    first_line = f"#!{sys.executable}"
    if len(os.fsencode(first_line)) > _LONGEST_SHEBANG or " " in first_line:
        first_line = "#!/usr/bin/env python3"
    return _TEMPLATE.format(
        first_line=first_line, name=name, made_by=__version__, python=sys.executable, tool=tool
    )


def _entry(env: Environment, word: str, api: OpenedApi, profile: str) -> dict[str, Any]:
    from dynacli.urls import with_masked_query

    if word == "-":
        raise UsageError(
            "A tool cannot read its document from standard input", hint="Name a file or a URL with `--api`"
        )
    configuration = Configuration(env)
    known: dict[str, Any] = configuration.apis().get(word, {}) if api.is_registered else {}
    entry = {key: known[key] for key in (*_KEPT, *_KEPT_OF_CALLS) if key in known}
    if profile:
        from dynacli.client.profiles import profile_of

        chosen = profile_of(env, api, profile)
        entry |= {key: chosen[key] for key in _KEPT_OF_CALLS if key in chosen}
    entry["source"] = known.get("source", api.location)
    if known:
        entry |= {key: list(found) for key, found in _located(configuration, known).items() if found}
    if entry["source"] != with_masked_query(str(entry["source"])):
        raise UsageError(
            "The URL of the document may hold a secret, which the file of the tool would tell",
            hint="Register the API by a URL without a query, or by a file",
        )
    return entry


def _located(configuration: Configuration, known: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    return {"more": configuration.more(known), "overlays": configuration.overlays(known)}


def write_executable(file: str, text: str) -> None:
    """Write a file that its owner, and whoever may read it, can run.

    Raises:
        FileError: It cannot be written.
    """
    write_named_file(file, text.encode())
    try:
        mode = os.stat(file).st_mode
        os.chmod(file, mode | (mode & 0o444) >> 2)
    except OSError as error:
        raise cannot_be_written(file, error) from error
