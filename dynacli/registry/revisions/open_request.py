"""What a person asks for when an API is opened: by the command line, the environment and the API's entry together.

The entry says with `refresh_after` for how long a document is fresh, as a length of time.
"""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from dynacli.environment import Environment
from dynacli.record import record

if TYPE_CHECKING:
    from dynacli.openapi.document.fetched import DocumentLogin, Fetched

__all__ = ["BACKGROUND", "BLOCKING", "MODES", "NEVER", "OpenRequest", "duration_of", "lifetime_of"]

MODES = NEVER, BACKGROUND, BLOCKING = "never", "background", "blocking"
"""When a document that is due is fetched again: not at all, behind the command, or before it."""


def _no_login() -> "DocumentLogin":
    from dynacli.openapi.document.fetched import DocumentLogin

    return DocumentLogin()


@record
class OpenRequest:
    """What a person asks for when an API is opened.

    Args:
        name: How the API is called: its registered name, or the word for its document.
        refresh: Whether the document is read or fetched again first.
        is_asked: Whether the person asked for that refresh, and dynacli did not decide on it.
        seconds: A limit for fetching below the built-in one; None for that one.
        offline: Whether nothing may be fetched.
        allow_refs: The origins and absolute directories beside the document's own that its references may lead to.
        more: The locations of further documents that make one API together with the first.
        overlays: The absolute paths of the overlays that are laid over them.
        mode: When a document that is due is fetched again.
        lifetime: For how many seconds a document is fresh, where the person says so; else None.
        pin: The revision that the person has pinned; empty for the current one.
        is_registered: Whether the API stands in the configuration, so that it can be refreshed by its name.
        entry: The API's entry in the configuration.
        is_accepted: Whether the new document replaces the current one whatever it changes.
        login: Returns what signs in at the document's own origin, where the server wants that; called once a
            document is fetched.
        at_hand: The document as it was fetched just now; None where it is still to be fetched.
        wrong_settings: What of the environment and of the entry cannot be used, a clause each; defaults count instead.
    """

    name: str
    env: Environment
    refresh: bool = False
    is_asked: bool = False
    seconds: float | None = None
    offline: bool = False
    allow_refs: tuple[str, ...] = ()
    more: tuple[str, ...] = ()
    overlays: tuple[str, ...] = ()
    mode: str = BACKGROUND
    lifetime: float | None = None
    pin: str = ""
    is_registered: bool = False
    entry: Mapping[str, Any] = MappingProxyType({})
    is_accepted: bool = False
    login: "Callable[[], DocumentLogin]" = _no_login
    at_hand: "Fetched | None" = None
    wrong_settings: tuple[str, ...] = ()


_UNITS = {"": 1, "s": 1, "m": 60, "h": 3600, "d": 86_400}
_DURATION = re.compile(r"(\d{1,9})\s*([smhd]?)")


def lifetime_of(entry: Mapping[str, Any]) -> float | None:
    """Return for how many seconds a document is fresh by an API's entry; None where it does not say."""
    return duration_of(entry.get("refresh_after"))


def duration_of(value: Any) -> float | None:
    """Return the seconds of a length of time such as `"12h"`, `"7d"` or a number; None where it is none."""
    if isinstance(value, str):
        found = _DURATION.fullmatch(value.strip())
        return float(found[1]) * _UNITS[found[2]] if found else None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and value >= 0 else None
