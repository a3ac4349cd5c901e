"""Security schemes and certificates of a call, if the user overrides the document.

A scheme that a user adds to a document without any is an overlay beside the configuration, which
`features/sign_in/own_scheme` writes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from dynacli.auth.credentials import Alternative, is_known
from dynacli.client.call_settings import CallSettings
from dynacli.client.profiles import signing_of
from dynacli.environment import Environment
from dynacli.errors import UsageError
from dynacli.files import regular_file
from dynacli.openapi.document.json_trees import dict_or_empty, list_or_empty, text_or_empty, unescaped
from dynacli.openapi.model.operation import SecurityScheme, has_password_flow, prefix_in_prose
from dynacli.openapi.model.wording import did_you_mean, enumerated, listed_near
from dynacli.registry.configuration import profiles_in
from dynacli.registry.opened_api import OpenedApi
from dynacli.text.terminal import visible

if TYPE_CHECKING:
    from dynacli.auth.tls_login import TlsSettings

ALWAYS, NEVER = "always", "never"
"""Values of `auth` in the configuration besides `document`."""

NO_SCHEME = "none"
"""Value of `--auth` for a call without a credential."""
_MOST_NAMED = 5
CREDENTIAL_KINDS = ("basic", "bearer", "apikey")
"""Schemes that a user may add to a document without any. The name of each is its kind."""
COOKIE = "cookie"
"""Scheme for the cookie of a sign-in. A user may add it to any document."""
OVERLAY_ENDING = "-sign-in.json"
"""End of the file name of an overlay with such schemes."""


def chosen_security(
    api: OpenedApi, security: Sequence[Alternative], scheme: str, when: str
) -> Sequence[Alternative]:
    """Return the alternatives of security schemes for a call.

    Args:
        security: Alternatives of the operation.
        scheme: Value of `--auth`: a scheme or `none`; empty if not given.
        when: Value of `auth` in the configuration: `always`, `never`, `document` or empty.

    Raises:
        UsageError: The document has no scheme of this name.
    """
    if scheme:
        if scheme == NO_SCHEME:
            return ()
        fitting = [item for item in security if any(scheme == one.name for one in item)]
        return fitting or [(scheme_of(api, scheme),)]
    if when == NEVER:
        return ()
    if when == ALWAYS and not security:
        sign_ins = api.catalog.overview().sign_ins
        return [sign_in.schemes for sign_in in sign_ins] or [(scheme,) for scheme in schemes_of(api).values()]
    return security


def scheme_of(api: OpenedApi, name: str) -> SecurityScheme:
    """Return a security scheme of the document, without scopes.

    Raises:
        UsageError: The document has no scheme of this name.
    """
    schemes = schemes_of(api)
    if name in schemes:
        return schemes[name]
    listed = listed_near(name, [visible(scheme, keep="") for scheme in schemes])
    raise UsageError(
        f"`{api.name}` has no security scheme `{name}`",
        reason=f"Its document has {listed}" if listed else "Its document has none",
        hint=f"Name one of them, or `{NO_SCHEME}` for a call without a credential" if listed else "",
        near=list(schemes)[:20],
    )


def schemes_of(api: OpenedApi) -> dict[str, SecurityScheme]:
    """Return name → security scheme of the document, without scopes. Schemes used by operations come first."""
    schemes = {
        scheme.name: scheme for sign_in in api.catalog.overview().sign_ins for scheme in sign_in.schemes
    }
    for key, raw in api.catalog.components("/components/securitySchemes").items():
        if isinstance(raw, dict):
            scheme = scheme_from(key, raw)
            schemes.setdefault(scheme.name, scheme)
    return schemes


def scheme_from(key: str, raw: Mapping[str, Any]) -> SecurityScheme:
    """Return a Security Scheme Object in the model of operations, without scopes.

    Args:
        key: Its name in the document, escaped as in a JSON pointer.
    """
    return SecurityScheme(
        unescaped(key),
        text_or_empty(raw.get("type")),
        text_or_empty(raw.get("scheme")).lower(),
        text_or_empty(raw.get("in")),
        text_or_empty(raw.get("name")),
        prefix=prefix_in_prose(raw),
        has_password_flow=has_password_flow(raw),
    )


def unknown_schemes_of_entry(api: OpenedApi) -> list[str]:
    """Return a clause for each scheme that the configuration of an API names, but its document lacks."""
    found = (table.get("auth") for table in profiles_in(api.entry).values())
    return unknown_schemes(api, signing_of(api.entry.get("auth"), *found)["auth_tables"])


def unknown_schemes(api: OpenedApi, tables: Mapping[str, Mapping[str, Any]] | None) -> list[str]:
    """Return a clause for each scheme of the configuration that the document lacks.

    Schemes with a client certificate or with a command that signs calls need not be in the document.

    Args:
        tables: Scheme → its table in the configuration.
    """
    known = list(schemes_of(api)) if tables else []
    notes = []
    for name, table in (tables or {}).items():
        if name in known or "cert" in table or "sign" in table:
            continue
        near = get_close_matches(name, known, 2, 0.5)
        names = [visible(item, keep="") for item in near or known[:_MOST_NAMED]]
        more = (
            did_you_mean(names) if near else f"It has {enumerated([f'`{name}`' for name in names]) or 'none'}"
        )
        notes.append(f"`auth.{name}` of the configuration names no security scheme of the document. {more}")
    return notes


def own_overlays(env: Environment, overlays: Iterable[str]) -> list[str]:
    """Return those overlays that `auth login` has written, even under an earlier name of the API."""
    directory = os.path.join(env.config_dir, "overlays", "")
    return [path for path in overlays if path.startswith(directory) and path.endswith(OVERLAY_ENDING)]


def own_schemes(env: Environment, overlays: Iterable[str]) -> dict[str, Any]:
    """Return the Security Scheme Objects that `auth login` has written into overlays."""
    schemes: dict[str, Any] = {}
    for path in own_overlays(env, overlays):
        try:
            overlay = dict_or_empty(json.loads(overlay_content(path) or b"{}"))
        except (OSError, ValueError, RecursionError):
            continue  # the user has edited it; applying the overlay reports the error
        for action in list_or_empty(overlay.get("actions")):
            update = dict_or_empty(dict_or_empty(action).get("update"))
            components = dict_or_empty(update.get("components"))
            schemes |= dict_or_empty(components.get("securitySchemes", update.get("securityDefinitions")))
    basic = {"type": "http", "scheme": "basic"}  # Swagger 2.0 has `basic` as a type
    return {key: basic if raw == {"type": "basic"} else raw for key, raw in schemes.items()}


def declares_none(api: OpenedApi) -> bool:
    """Return whether the document itself declares no security scheme."""
    is_own = own_overlays(api.open_request.env, api.open_request.overlays)
    own = (*CREDENTIAL_KINDS, COOKIE) if is_own else ()
    return all(name in own or not is_known(scheme) for name, scheme in schemes_of(api).items())


def overlay_content(path: str) -> bytes | None:
    """Return the content of an overlay; None if there is no such file."""
    try:
        with open(path, "rb", opener=regular_file) as file:
            return file.read()
    except FileNotFoundError:
        return None


def tls_settings(settings: CallSettings, security: Sequence[Alternative]) -> TlsSettings | None:
    """Return the certificates of a call; None if the configuration names none.

    A client certificate of one of the call's schemes comes before other certificates. These are used, too, because
    servers may require a certificate that the document does not mention.

    Args:
        security: Alternatives of security schemes for the call.
    """
    from dynacli.auth.tls_login import TlsSettings  # imported late, because it imports `ssl`

    tables = dict(settings.auth_tables or {})
    if settings.auth == NO_SCHEME or settings.signs == NEVER:
        tables = {}
    ordered = [scheme.name for alternative in security for scheme in alternative]
    named = [tables[name] for name in (*ordered, *tables) if tables.get(name, {}).get("cert")]
    if not named:
        return TlsSettings(settings.ca) if settings.ca else None
    keys = ("cert", "cert_key", "passphrase")
    cert, cert_key, passphrase = (str(named[0].get(key, "")) for key in keys)
    return TlsSettings(settings.ca, cert, cert_key, passphrase)
