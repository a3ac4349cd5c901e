"""A security scheme that the user adds to a document: an overlay beside the configuration.

From then on the document is compiled with this scheme, so calls, help and exports treat it as any other. Its
credential is stored as usual, for one origin.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable
from typing import Any

from dynacli.auth.credentials import is_known, is_supported
from dynacli.client.credentials.chosen_security import (
    COOKIE,
    OVERLAY_ENDING,
    overlay_content,
    own_overlays,
    schemes_of,
)
from dynacli.environment import Environment, invocation
from dynacli.errors import FileError, UsageError
from dynacli.files import make_directory, remove_file, write_file
from dynacli.openapi.document.json_trees import dict_or_empty
from dynacli.openapi.model.operation import SecurityScheme
from dynacli.registry.configuration import Configuration, texts
from dynacli.registry.opened_api import OpenedApi

_USUAL_HEADER = "X-API-Key"


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
    path = own[0] if own else os.path.join(env.config_dir, "overlays", f"{api.name}{OVERLAY_ENDING}")
    try:
        before = overlay_content(path)
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
