"""How large the cache may be: `DYNACLI_CACHE_LIMIT`, else `limit` of `[cache]` in the configuration, else 1 GiB."""

import re
from pathlib import Path
from typing import Any

from dynacli.document.source import parse_source
from dynacli.environment import Environment
from dynacli.errors import FileError, UsageError
from dynacli.library.configuration.configuration import Configuration
from dynacli.library.revisions.housekeeping import DEFAULT_LIMIT, shrink_cache
from dynacli.library.revisions.revisions import Revisions

__all__ = ["bytes_of", "keep_within_limit", "limit_of", "registered_directories"]

_SIZE = re.compile(r"(\d{1,12})\s*([KMG]?)(i?B)?", re.IGNORECASE)
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def limit_of(env: Environment) -> int:
    """Return the limit in bytes; a value that cannot be understood counts for nothing."""
    limit = bytes_of(env.setting("CACHE_LIMIT"))
    if limit is None:
        try:
            limit = bytes_of(Configuration(env).cache().get("limit"))
        except FileError:
            limit = None  # a run that needs the configuration says what is wrong with it
    return DEFAULT_LIMIT if limit is None else limit


def bytes_of(value: Any) -> int | None:
    """Return the bytes of a size such as `"500 MiB"` or a number; None where it is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value if value >= 0 else None
    size = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    return int(size[1]) * _UNITS[size[2].upper()] if size else None


def registered_directories(env: Environment) -> dict[str, list[str]]:
    """Return directory in the cache → names of the registered APIs that have their document there."""
    configuration = Configuration(env)
    names: dict[str, list[str]] = {}
    for name, entry in configuration.apis().items():
        more, overlays = configuration.more(entry), configuration.overlays(entry)
        try:
            location = parse_source(entry["source"], Path.cwd()).location
        except UsageError:
            continue  # a run that needs the entry says what is wrong with it
        names.setdefault(Revisions(env.cache_dir, location, more, overlays).directory, []).append(name)
    return names


def keep_within_limit(env: Environment, revisions: Revisions) -> int:
    """Remove the least used documents where the cache has become too large, and return how many bytes that were.

    Args:
        revisions: Those of the document that is in use right now, which stays.
    """
    try:
        registered = registered_directories(env)
    except FileError:
        return 0  # it is not known which documents a person would miss
    return shrink_cache(env.cache_dir, limit_of(env), registered, revisions.directory)
