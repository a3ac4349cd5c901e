"""How often the operations of an API were called lately, by the history."""

import sqlite3
from collections.abc import Collection
from contextlib import closing

from dynacli.environment import Environment
from dynacli.errors import FileError
from dynacli.library.history.record_call import VERSION, history_mode, history_path, open_history

__all__ = ["called_operations"]

_LATEST = 2_000
"""Calls of all APIs that are looked at."""


def called_operations(env: Environment, source: str, names: Collection[str]) -> dict[str, tuple[int, int]]:
    """Return name of an operation → how many of the latest calls are of it, and the place of its last one.

    A greater place is a later one. Operations without a call are left out; where no history is kept, or it cannot be
    read, that is all of them.

    Args:
        source: The document, as `api_key` tells.
        names: The operations that are of interest.
    """
    marks = ",".join("?" * len(names))
    try:
        if history_mode(env) == "off":
            return {}
        with closing(open_history(history_path(env))) as db:
            if db.execute("PRAGMA user_version").fetchone()[0] != VERSION:
                return {}
            rows = db.execute(
                "SELECT operation, count(*), max(n) FROM calls WHERE n > (SELECT max(n) FROM calls) - ?"  # noqa: S608
                f" AND source = ? AND operation IN ({marks}) GROUP BY operation",
                (_LATEST, source, *names),
            )
            return {str(name): (count, last) for name, count, last in rows}
    except (sqlite3.Error, FileError):
        return {}
