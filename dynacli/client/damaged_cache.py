"""Damaged catalogs: dynacli compiles them again, unless a request may already have been sent."""

import os
from collections.abc import Callable
from typing import NoReturn, TypeVar

from dynacli.environment import Environment
from dynacli.errors import FileError
from dynacli.openapi.catalog.catalog_file import DamagedCatalogError

_T = TypeVar("_T")


def explain_damage(damage: DamagedCatalogError, *, has_sent: bool) -> NoReturn:
    """Raise the error for a catalog that turned out to be damaged during a call.

    If nothing was sent, dynacli compiles the catalog again and restarts the call. Otherwise the user decides whether
    to send the request again.

    Raises:
        FileError: The request may have been sent.
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
    """Remove a damaged catalog, so that the next run compiles it again. Return whether it is gone."""
    try:
        os.unlink(damage.path)
    except FileNotFoundError:
        return True  # another process has just removed it
    except OSError:
        return False
    return True


def beyond_repair(env: Environment) -> FileError:
    """Return the error for a cache that stays damaged."""
    return FileError(
        "The cache is damaged and cannot be repaired", hint=f"Delete the directory `{env.cache_dir}`"
    )


def repaired(env: Environment, work: Callable[[], _T]) -> _T:
    """Return the result of a function that opens catalogs and sends nothing, and repeat it after damage.

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
