"""What the configuration says of security schemes that the document does not have, so that it counts for nothing."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from dynacli.client.credentials.chosen_security import schemes_of
from dynacli.client.profiles import signing_of
from dynacli.library.configuration.configuration import profiles_in
from dynacli.library.opened_api import OpenedApi
from dynacli.model.wording import did_you_mean, enumerated
from dynacli.text.terminal import visible

__all__ = ["unknown_schemes", "unknown_schemes_of_entry"]

_MOST_NAMED = 5


def unknown_schemes_of_entry(api: OpenedApi) -> list[str]:
    """Return a clause for each scheme that the entry of an API, or a profile in it, names in vain."""
    found = (table.get("auth") for table in profiles_in(api.entry).values())
    return unknown_schemes(api, signing_of(api.entry.get("auth"), *found)["auth_tables"])


def unknown_schemes(api: OpenedApi, tables: Mapping[str, Mapping[str, Any]] | None) -> list[str]:
    """Return a clause for each scheme of the configuration that the document does not have.

    A client's certificate counts whatever its scheme is called, and so does a command that signs all calls.

    Args:
        tables: Scheme → what the configuration says of its credential.
    """
    known = list(schemes_of(api)) if tables else []
    notes = []
    for name, table in (tables or {}).items():
        if name in known or "cert" in table or "sign" in table:
            continue
        near = get_close_matches(name, known, 2, 0.5)
        names = [visible(each, keep="") for each in near or known[:_MOST_NAMED]]
        more = (
            did_you_mean(names) if near else f"It has {enumerated([f'`{each}`' for each in names]) or 'none'}"
        )
        notes.append(f"`auth.{name}` of the configuration is for no security scheme of the document. {more}")
    return notes
