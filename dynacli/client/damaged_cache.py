"""A catalog that turns out to be damaged: it is made again, unless a request is on its way already."""

import os
from collections.abc import Callable
from typing import NoReturn, TypeVar

from dynacli.environment import Environment
from dynacli.errors import FileError
from dynacli.openapi.catalog.catalog_file import DamagedCatalogError

_T = TypeVar("_T")


def explain_damage(damage: DamagedCatalogError, *, has_sent: bool) -> NoReturn:
    """Raise the error for damage of the catalog that was found in the middle of a call.

    Before anything was sent, the catalog is made again and the call begins again; whether a request is sent twice
    is the person's decision.

    Raises:
        FileError: The request may be on its way.
        DamagedCatalogError: Nothing was sent.
    """
    if not has_sent:
        raise damage
    raise FileError(
        "The cache was damaged while the request was under way",
        reason="The request was sent, and its response could not be validated",
        hint="Check whether it took effect before you send it again",
    ) from None


def discard(damage: DamagedCatalogError) -> bool:
    """Remove a damaged catalog, so that the next run makes it again; return whether it is gone."""
    try:
        os.unlink(damage.path)
    except FileNotFoundError:
        return True  # another process has just cleared it away
    except OSError:
        return False
    return True


def beyond_repair(env: Environment) -> FileError:
    """Return the error for a cache that stays damaged."""
    return FileError(
        "The cache is damaged and cannot be repaired", hint=f"Delete the directory `{env.cache_dir}`"
    )


def repaired(env: Environment, work: Callable[[], _T]) -> _T:
    """Return what a function returns that opens catalogs and sends nothing; it begins again if one is damaged.

    Raises:
        FileError: The cache stays damaged.
    """
    for _ in range(2):
        try:
            return work()
        except DamagedCatalogError as damage:
            if not discard(damage):
                break
    raise beyond_repair(env)
