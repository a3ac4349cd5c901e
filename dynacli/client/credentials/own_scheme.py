"""A security scheme of the person's own, for a document that declares none: an overlay beside the configuration.

Only `auth login --scheme` writes it. The document is compiled with it from then on, so that calls, help and exports
have it as any other scheme; the credential itself is stored as any other, bound to the origin.
"""

import json
import os
from collections.abc import Iterable
from typing import Any

from dynacli.auth.credentials import is_known, is_supported
from dynacli.client.credentials.chosen_security import schemes_of
from dynacli.environment import Environment, invocation
from dynacli.errors import FileError, UsageError
from dynacli.files import make_directory, write_file
from dynacli.library.configuration.configuration import Configuration, texts
from dynacli.library.opened_api import OpenedApi
from dynacli.model.operation import SecurityScheme

__all__ = ["KINDS", "create_scheme", "declares_none", "own_overlays"]

KINDS = ("basic", "bearer", "apikey")
"""The schemes that a person may create; each has its kind as its name."""
_USUAL_HEADER = "X-API-Key"
_END = "-sign-in.json"


def own_overlays(env: Environment, overlays: Iterable[str]) -> list[str]:
    """Return those of some overlays that this module has written; the API may have another name since."""
    directory = os.path.join(env.config_dir, "overlays", "")
    return [path for path in overlays if path.startswith(directory) and path.endswith(_END)]


def declares_none(api: OpenedApi) -> bool:
    """Return whether the document itself declares no security scheme."""
    is_own = own_overlays(api.open_request.env, api.open_request.overlays)
    own = KINDS if is_own else ()
    return all(name in own or not is_known(scheme) for name, scheme in schemes_of(api).items())


def create_scheme(env: Environment, api: OpenedApi, kind: str, header: str) -> bool:
    """Create a scheme for an API whose document declares none; return whether anything has changed.

    Args:
        kind: One of `KINDS`.
        header: The header of an API key; empty for `X-API-Key`.

    Raises:
        UsageError: The document declares schemes, the API is not registered, or the header can carry no key.
        FileError: The configuration cannot be written.
    """
    if not api.is_registered:
        raise UsageError(
            f"No scheme can be created for `{api.name}`",
            why="Only a registered API has a configuration",
            hint=f"Register it: `{invocation('api add')} NAME {api.name}`",
        )
    if header and kind != "apikey":
        raise UsageError(
            f"`--name` is the header of an API key, and `{kind}` has its own", hint="Leave it out"
        )
    known = schemes_of(api).get(kind)
    if known is not None and not header:
        return False
    header = header or _USUAL_HEADER
    if kind == "apikey" and not is_supported(SecurityScheme(kind, "apiKey", "", "header", header)):
        raise UsageError(
            f"`{header}` is no header for a key",
            why="A header has letters, digits and `-`",
            hint="For example `X-API-Key`",
        )
    if api.open_request.pin:
        raise UsageError(
            f"No scheme can be created for `{api.name}` now",
            why="One revision of its document is held, and was compiled without it",
            hint=f"Go on with the latest: `{invocation('api unpin', api.name)}`",
        )
    own = own_overlays(env, api.open_request.overlays)
    path = own[0] if own else os.path.join(env.config_dir, "overlays", f"{api.name}{_END}")
    try:
        make_directory(os.path.dirname(path))
        write_file(path, json.dumps(_overlay(api, kind, header, _has_undefined(api, own)), indent=1).encode())
    except OSError as error:
        raise FileError(f"`{path}` cannot be written", why=error.strerror or "") from error
    configuration = Configuration(env)
    listed = list(texts(api.entry, "overlays"))
    changes: dict[str, Any] = {}
    if path not in configuration.overlays({"overlays": listed}):
        changes["overlays"] = [*listed, path]
    if _is_swagger(api) and kind == "bearer":
        changes["auth"] = {kind: {"prefix": "Bearer"}}
    if changes:
        configuration.edit(api.name, changes)
    return True


def _is_swagger(api: OpenedApi) -> bool:
    return str(api.catalog.meta["openapi"]).startswith("2")


def _has_undefined(api: OpenedApi, own: Iterable[str]) -> bool:
    """Return whether operations of the document itself name schemes that it does not define."""
    for path in own:
        with open(path, "rb") as file:
            return b'"remove"' in file.read()  # they are not in the document any more that is at hand
    sign_ins = api.catalog.overview().sign_ins
    return any(not is_known(scheme) for sign_in in sign_ins for scheme in sign_in.schemes)


def _overlay(api: OpenedApi, kind: str, header: str, has_undefined: bool) -> dict[str, Any]:
    """Return the overlay. The credential is optional: nobody says which operations want it."""
    is_swagger = _is_swagger(api)
    scheme: dict[str, Any] = {"type": "http", "scheme": kind}
    if kind == "apikey":
        scheme = {"type": "apiKey", "in": "header", "name": header}
    elif is_swagger:  # Swagger 2.0 has no bearer tokens
        key = {"type": "apiKey", "in": "header", "name": "Authorization"}
        scheme = {"type": "basic"} if kind == "basic" else key

    def schemes(value: Any) -> dict[str, Any]:
        found = {kind: value}
        return {"securityDefinitions": found} if is_swagger else {"components": {"securitySchemes": found}}

    none: dict[str, Any] = {}
    actions: list[dict[str, Any]] = []
    if has_undefined:
        # Operations name schemes that the document does not define, for which nothing can be sent.
        actions.append({"target": "$.paths.*[?@.security].security", "remove": True})
        none = {"security": None}
    actions += [
        # An object would be merged into one of that name which a later document may have.
        {"target": "$", "update": {**schemes(None), **none}},
        {"target": "$", "update": {**schemes(scheme), "security": [{kind: []}, {}]}},
    ]
    title = f"A way to sign in to {api.name}, made by `{invocation('auth login')}`"
    return {"overlay": "1.0.0", "info": {"title": title, "version": "1"}, "actions": actions}
