"""How large the cache may be: `DYNACLI_CACHE_LIMIT`, else `limit` of `[cache]` in the configuration, else 1 GiB."""

import re
from pathlib import Path
from typing import Any

from dynacli.document.source import parse_source
from dynacli.environment import Environment
from dynacli.errors import FileError, UsageError
from dynacli.library.configuration.configuration import Configuration
from dynacli.library.revisions.housekeeping import DEFAULT_LIMIT, shrink_cache
from dynacli.library.revisions.open_request import layers_of
from dynacli.library.revisions.revisions import Revisions

__all__ = ["keep_within_limit", "limit_of", "registered_directories"]

_SIZE = re.compile(r"(\d{1,12})\s*([KMG]?)(i?B)?", re.IGNORECASE)
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def limit_of(env: Environment) -> int:
    """Return the limit in bytes; what cannot be understood counts as not said."""
    said = _bytes(env.variables.get("DYNACLI_CACHE_LIMIT"))
    if said is None:
        try:
            said = _bytes(Configuration(env).cache().get("limit"))
        except FileError:
            said = None  # a run that needs the configuration says what is wrong with it
    return DEFAULT_LIMIT if said is None else said


def _bytes(value: Any) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value if value >= 0 else None
    found = _SIZE.fullmatch(value.strip()) if isinstance(value, str) else None
    return int(found[1]) * _UNITS[found[2].upper()] if found else None


def registered_directories(env: Environment) -> dict[str, list[str]]:
    """Return directory → names of the registered APIs whose documents are kept there."""
    configuration = Configuration(env)
    found: dict[str, list[str]] = {}
    for name, entry in configuration.apis().items():
        layers = layers_of(configuration.more(entry), configuration.overlays(entry))
        try:
            location = parse_source(entry["source"], Path.cwd()).location
        except UsageError:
            continue  # a run that needs the entry says what is wrong with it
        found.setdefault(Revisions(env.cache_dir, location, layers).directory, []).append(name)
    return found


def keep_within_limit(env: Environment, revisions: Revisions) -> int:
    """Remove what is least used where the cache has become too large, and return how many bytes that were.

    Args:
        revisions: Of the document that is in use right now.
    """
    try:
        registered = registered_directories(env)
    except FileError:
        return 0  # nobody knows what a person would miss
    return shrink_cache(env.cache_dir, limit_of(env), registered, revisions.directory)
