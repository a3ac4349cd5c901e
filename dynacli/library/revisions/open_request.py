"""What a person asks for when an API is opened: by the command line, the environment and the API's entry together."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from dynacli.environment import Environment

if TYPE_CHECKING:
    from dynacli.document.fetched import Authorize

__all__ = ["BACKGROUND", "BLOCKING", "MODES", "NEVER", "OpenRequest", "layers_of"]

MODES = NEVER, BACKGROUND, BLOCKING = "never", "background", "blocking"
"""When a document that is due is fetched again: not at all, behind the command, or before it."""


class OpenRequest(NamedTuple):
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
        authorize: Signs in at the document's own origin, where the server wants that.
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
    authorize: "Authorize | None" = None

    @property
    def layers(self) -> tuple[str, ...]:
        """The further documents and overlays, which make another document of the same source."""
        return layers_of(self.more, self.overlays)

    @property
    def wrong_settings(self) -> list[str]:
        """What of the environment and of the entry cannot be used, a clause each; the defaults count instead."""
        wrong = []
        listed = ", ".join(f"`{mode}`" for mode in MODES)
        variable = self.env.variables.get("DYNACLI_REFRESH")
        if variable and variable not in MODES:
            wrong.append(f"`DYNACLI_REFRESH` is `{variable}`, and means nothing: it is one of {listed}")
        if "refresh" in self.entry and self.entry["refresh"] not in MODES:
            wrong.append(f"`refresh` in the configuration is one of {listed}")
        if "refresh_after" in self.entry and self.lifetime is None:
            wrong.append(
                '`refresh_after` in the configuration is a time such as `"12h"` or `"7d"`, or seconds'
            )
        return wrong

    def is_met_by(self, pointer: dict[str, Any]) -> bool:
        """Tell whether a revision was compiled with the same layers, and with the same references allowed.

        What is allowed matters only to a document that refers to other files.
        """
        if (tuple(pointer.get("more", ())), tuple(pointer.get("overlays", ()))) != (self.more, self.overlays):
            return False
        return "parts" not in pointer or tuple(pointer.get("allow_refs", ())) == self.allow_refs


def layers_of(more: Sequence[str], overlays: Sequence[str]) -> tuple[str, ...]:
    """Return the locations that are joined to a document, and the overlays, told apart by their first character."""
    return (*(f"+{location}" for location in more), *(f"~{path}" for path in overlays))
