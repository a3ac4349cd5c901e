"""The security schemes of a call where a person says something else than the document."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

from dynacli.auth.credentials import Alternative
from dynacli.client.profiles import signing_of
from dynacli.document.pointer import unescaped
from dynacli.errors import UsageError
from dynacli.library.configuration.configuration import profiles_in
from dynacli.library.opened_api import OpenedApi
from dynacli.model.lenient_reading import text_or_empty
from dynacli.model.operation import SecurityScheme, has_password_flow
from dynacli.model.wording import did_you_mean, enumerated, listed_near
from dynacli.text.terminal import visible

__all__ = [
    "ALWAYS",
    "NEVER",
    "NO_SCHEME",
    "chosen_security",
    "scheme_from",
    "schemes_of",
    "unknown_schemes",
    "unknown_schemes_of_entry",
]

ALWAYS, NEVER = "always", "never"
"""The values of `auth` in the configuration besides `document`."""

NO_SCHEME = "none"
"""The value of `--auth` for a call without a credential."""


def chosen_security(
    api: OpenedApi, security: Sequence[Alternative], scheme: str, when: str
) -> Sequence[Alternative]:
    """Return the alternatives that count for a call.

    Args:
        security: Those of the operation.
        scheme: What `--auth` names: a scheme, or `none`; empty where nothing is named.
        when: What the configuration says: `always`, `never`, `document`, or nothing.

    Raises:
        UsageError: The document has no such scheme.
    """
    if scheme:
        if scheme == NO_SCHEME:
            return ()
        fitting = [each for each in security if any(scheme == one.name for one in each)]
        return fitting or [(scheme_of(api, scheme),)]
    if when == NEVER:
        return ()
    if when == ALWAYS and not security:
        sign_ins = api.catalog.overview().sign_ins
        return [each.schemes for each in sign_ins] or [(each,) for each in schemes_of(api).values()]
    return security


def scheme_of(api: OpenedApi, name: str) -> SecurityScheme:
    """Return a security scheme of the document, without scopes.

    Raises:
        UsageError: There is no such scheme.
    """
    schemes = schemes_of(api)
    if name in schemes:
        return schemes[name]
    listed = listed_near(name, [visible(each, keep="") for each in schemes])
    raise UsageError(
        f"`{api.name}` has no security scheme `{name}`",
        why=f"Its document has {listed}" if listed else "Its document has none",
        hint=f"Name one of them, or `{NO_SCHEME}` for a call without a credential" if listed else "",
        near=list(schemes)[:20],
    )


def schemes_of(api: OpenedApi) -> dict[str, SecurityScheme]:
    """Return name → security scheme of the document, without scopes; those that operations use come first."""
    found = {scheme.name: scheme for sign_in in api.catalog.overview().sign_ins for scheme in sign_in.schemes}
    for key, raw in api.catalog.components("/components/securitySchemes").items():
        if isinstance(raw, dict):
            scheme = scheme_from(key, raw)
            found.setdefault(scheme.name, scheme)
    return found


def scheme_from(key: str, raw: Mapping[str, Any]) -> SecurityScheme:
    """Return a Security Scheme Object as operations use it, without scopes.

    Args:
        key: Its name in the document, as a part of a JSON pointer.
    """
    return SecurityScheme(
        unescaped(key),
        text_or_empty(raw.get("type")),
        text_or_empty(raw.get("scheme")).lower(),
        text_or_empty(raw.get("in")),
        text_or_empty(raw.get("name")),
        has_password_flow=has_password_flow(raw),
    )


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
