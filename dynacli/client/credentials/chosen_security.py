"""Security schemes and certificates of a call, if the user overrides the document.

If a document declares no scheme, `auth login --scheme` can add one as an overlay beside the configuration. From then
on the document is compiled with this scheme, so calls, help and exports treat it as any other. Its credential is
stored as usual, for one origin.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from dynacli.auth.credentials import Alternative, is_known, is_supported
from dynacli.client.call_settings import CallSettings
from dynacli.client.profiles import signing_of
from dynacli.environment import Environment, invocation
from dynacli.errors import FileError, UsageError
from dynacli.files import make_directory, regular_file, remove_file, write_file
from dynacli.openapi.document.json_trees import dict_or_empty, list_or_empty, text_or_empty, unescaped
from dynacli.openapi.model.operation import SecurityScheme, has_password_flow, prefix_in_prose
from dynacli.openapi.model.wording import did_you_mean, enumerated, listed_near
from dynacli.registry.configuration import Configuration, profiles_in, texts
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
_USUAL_HEADER = "X-API-Key"
_END = "-sign-in.json"


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
    found = {scheme.name: scheme for sign_in in api.catalog.overview().sign_ins for scheme in sign_in.schemes}
    for key, raw in api.catalog.components("/components/securitySchemes").items():
        if isinstance(raw, dict):
            scheme = scheme_from(key, raw)
            found.setdefault(scheme.name, scheme)
    return found


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
    """Return those overlays that this module has written, even under an earlier name of the API."""
    directory = os.path.join(env.config_dir, "overlays", "")
    return [path for path in overlays if path.startswith(directory) and path.endswith(_END)]


def own_schemes(env: Environment, overlays: Iterable[str]) -> dict[str, Any]:
    """Return the Security Scheme Objects that this module has written into overlays."""
    found: dict[str, Any] = {}
    for path in own_overlays(env, overlays):
        try:
            overlay = dict_or_empty(json.loads(_content_of(path) or b"{}"))
        except (OSError, ValueError, RecursionError):
            continue  # the user has edited it; applying the overlay reports the error
        for action in list_or_empty(overlay.get("actions")):
            update = dict_or_empty(dict_or_empty(action).get("update"))
            components = dict_or_empty(update.get("components"))
            found |= dict_or_empty(components.get("securitySchemes", update.get("securityDefinitions")))
    basic = {"type": "http", "scheme": "basic"}  # Swagger 2.0 has `basic` as a type
    return {key: basic if raw == {"type": "basic"} else raw for key, raw in found.items()}


def declares_none(api: OpenedApi) -> bool:
    """Return whether the document itself declares no security scheme."""
    is_own = own_overlays(api.open_request.env, api.open_request.overlays)
    own = (*CREDENTIAL_KINDS, COOKIE) if is_own else ()
    return all(name in own or not is_known(scheme) for name, scheme in schemes_of(api).items())


def cookie_scheme(api: OpenedApi, name: str) -> SecurityScheme:
    """Return the document's scheme for a cookie, or else the scheme that `create_scheme` would add.

    Raises:
        UsageError: The name of the cookie is invalid, or no scheme can be added to the API.
    """
    found = (
        scheme
        for scheme in schemes_of(api).values()
        if (scheme.location, scheme.parameter) == ("cookie", name)
    )
    scheme = next(found, None)
    if scheme is None:
        scheme = SecurityScheme(COOKIE, "apiKey", "", "cookie", name)
        _check_can_create(api)
    if not is_supported(scheme):
        raise UsageError(
            "The value of `--cookie` is not the name of a cookie",  # it may be the secret itself
            reason="It must be a token (RFC 6265, section 4.1.1)",
            hint="For example `sessionid`",
        )
    return scheme


def _check_can_create(api: OpenedApi) -> None:
    """Check that a scheme can be added to an API.

    Raises:
        UsageError: The API is not registered, or its revision is pinned.
    """
    if not api.is_registered:
        raise UsageError(
            f"No scheme can be created for `{api.name}`",
            reason="Only a registered API has a configuration",
            hint=f"Register it: `{invocation('api add')} NAME {api.name}`",
        )
    Configuration(api.open_request.env).check_own(api.name)
    if api.open_request.pin:
        raise UsageError(
            f"No scheme can be created for `{api.name}` now",
            reason="A revision of its document is pinned, and was compiled without the scheme",
            hint=f"Use the latest: `{invocation('api unpin', api.name)}`",
        )


def create_scheme(env: Environment, api: OpenedApi, kind: str, header: str) -> Callable[[], None] | None:
    """Add a scheme to an API. Return the function that undoes this; None if nothing has changed.

    Args:
        kind: One of `CREDENTIAL_KINDS`, or `COOKIE` if the document has no scheme for this cookie.
        header: Header of an API key, empty for `X-API-Key`; or the name of the cookie.

    Raises:
        UsageError: The API is not registered or its revision is pinned, or the name of the header is invalid.
        FileError: The configuration cannot be written.
    """
    if kind == COOKIE and cookie_scheme(api, header).name != COOKIE:
        return None
    _check_can_create(api)
    configuration = Configuration(env)
    if header and kind not in {"apikey", COOKIE}:
        raise UsageError(
            f"`--name` is the header of an API key, and `{kind}` has its own", hint="Leave it out"
        )
    known = schemes_of(api).get(kind)
    if known is not None and (not header or known.parameter == header):
        return None
    header = header or _USUAL_HEADER
    if kind == "apikey" and not is_supported(SecurityScheme(kind, "apiKey", "", "header", header)):
        raise UsageError(
            f"`{header}` is not a header for a key",
            reason="A header has letters, digits and `-`",
            hint="For example `X-API-Key`",
        )
    own = own_overlays(env, api.open_request.overlays)
    path = own[0] if own else os.path.join(env.config_dir, "overlays", f"{api.name}{_END}")
    try:
        before = _content_of(path)
        make_directory(os.path.dirname(path))
        write_file(path, json.dumps(_overlay(api, kind, header, _has_undefined(api, own)), indent=1).encode())
    except OSError as error:
        raise FileError(f"`{path}` cannot be written", reason=error.strerror or "") from error
    listed = list(texts(api.entry, "overlays"))
    changes: dict[str, Any] = {}
    if path not in configuration.locations({"overlays": listed}, "overlays"):
        changes["overlays"] = [*listed, path]
    if _is_swagger(api) and kind == "bearer":
        changes["auth"] = {kind: {"prefix": "Bearer"}}
    text = configuration.text()
    if changes:
        configuration.edit(api.name, changes)
    changed = configuration.text()

    def undo() -> None:
        if changed != text:
            configuration.replace(changed, text)
        if before is None:
            remove_file(path)
        else:
            write_file(path, before)

    return undo


def _content_of(path: str) -> bytes | None:
    try:
        with open(path, "rb", opener=regular_file) as file:
            return file.read()
    except FileNotFoundError:
        return None


def _is_swagger(api: OpenedApi) -> bool:
    return str(api.catalog.meta["openapi"]).startswith("2")


def _has_undefined(api: OpenedApi, own: Iterable[str]) -> bool:
    """Return whether operations of the original document name schemes that it does not define."""
    for path in own:
        with open(path, "rb") as file:
            return b'"remove"' in file.read()  # the overlay has removed them from the compiled document
    sign_ins = api.catalog.overview().sign_ins
    return any(not is_known(scheme) for sign_in in sign_ins for scheme in sign_in.schemes)


def _overlay(api: OpenedApi, kind: str, header: str, has_undefined: bool) -> dict[str, Any]:
    """Return the overlay. Its credential is optional, because nothing says which operations need it."""
    is_swagger = _is_swagger(api)
    scheme: dict[str, Any] = {"type": "http", "scheme": kind}
    if kind in {"apikey", COOKIE}:
        scheme = {"type": "apiKey", "in": COOKIE if kind == COOKIE else "header", "name": header}
    elif is_swagger:  # Swagger 2.0 has no bearer tokens
        key = {"type": "apiKey", "in": "header", "name": "Authorization"}
        scheme = {"type": "basic"} if kind == "basic" else key

    def schemes(value: Any) -> dict[str, Any]:
        found = {kind: value}
        return {"securityDefinitions": found} if is_swagger else {"components": {"securitySchemes": found}}

    none: dict[str, Any] = {}
    security: list[dict[str, Any]] = [{kind: []}, {}]
    declared = _declared_security(api) if kind == COOKIE else ()
    if any(place == "" and ways for place, ways in declared):
        security = [{kind: []}]  # appended to the alternatives of the document
    actions: list[dict[str, Any]] = []
    if has_undefined:
        # Operations name undefined schemes, for which dynacli cannot send a credential.
        actions.append({"target": "$.paths.*[?@.security].security", "remove": True})
        none = {"security": None}
    actions += [
        # Removed first: an object would be merged with a scheme of this name in a later document.
        {"target": "$", "update": {**schemes(None), **none}},
        {"target": "$", "update": {**schemes(scheme), "security": security}},
    ]
    # Append an alternative to the security of operations. Operations without security also stay callable without it.
    if any(place and ways for place, ways in declared):
        actions.append({"target": "$.paths.*[?length(@.security) > 0].security", "update": {kind: []}})
    if any(place and not ways for place, ways in declared):
        actions += [
            {"target": "$.paths.*[?length(@.security) == 0].security", "update": {kind: []}},
            {"target": "$.paths.*[?length(@.security) == 1].security", "update": {}},
        ]
    title = f"A way to sign in to {api.name}, made by `{invocation('auth login')}`"
    return {"overlay": "1.0.0", "info": {"title": title, "version": "1"}, "actions": actions}


def _declared_security(api: OpenedApi) -> list[tuple[str, list[Any]]]:
    """Return (path, security) for each `security` of the original document; the path is empty at the top."""
    from dynacli.openapi.document.parse import parse_document

    content = api.content()
    tree = parse_document(content, name=api.location).tree if content else {}
    places = [
        (path, member)
        for path, item in dict_or_empty(tree.get("paths")).items()
        for member in dict_or_empty(item).values()
    ]
    found = [(path, dict_or_empty(member).get("security")) for path, member in (("", tree), *places)]
    return [(path, ways) for path, ways in found if isinstance(ways, list)]


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
