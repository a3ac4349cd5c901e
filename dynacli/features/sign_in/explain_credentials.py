"""The command `auth explain`: the credentials that a call would carry, without sending or showing them."""

from typing import Any

from dynacli.auth.credentials import (
    MUTUAL_TLS,
    Alternative,
    Held,
    has_login,
    held_for,
    is_supported,
    kind_of,
    shown_kind,
    variables_of,
    with_prefixes,
)
from dynacli.client.call_settings import CallSettings
from dynacli.client.credential_sources import StoredSource, credential_sources
from dynacli.client.credentials.chosen_security import chosen_security
from dynacli.client.sign_request import accepted_origins, how_to_accept, is_accepted_origin, trust_hint
from dynacli.environment import Environment
from dynacli.errors import AuthError, RefusedError
from dynacli.features.sign_in.sign_by_command import signer_of
from dynacli.openapi.model.operation import Operation, SecurityScheme
from dynacli.registry.opened_api import OpenedApi
from dynacli.request.choose_server import choose_server
from dynacli.urls import origin_of


def explain_credentials(
    env: Environment, api: OpenedApi, operation: Operation, settings: CallSettings
) -> dict[str, Any]:
    """Return the alternatives of an operation with the state of each scheme, and the exit code that a call would have.

    Raises:
        UsageError: The chosen server or scheme does not exist.
        AuthError: The store cannot be read.
    """
    base = choose_server(
        operation.servers or api.servers, api.uri, settings.server, settings.server_variables
    )
    origin = origin_of(base)
    trusting = trust_hint(api, operation.servers, settings, origin, how_to_accept(api, origin))
    security = chosen_security(api, operation.security, settings.auth, settings.signs)
    security = with_prefixes(security, settings.auth_tables)
    explained = [
        _alternative(env, api, settings, base + operation.path, schemes, trusting) for schemes in security
    ]
    complete = [all(scheme["state"] == "present" for scheme in schemes) for schemes in explained]
    chosen = complete.index(True) if True in complete else -1
    is_allowed = chosen >= 0 and all(entry["allowed"] for entry in explained[chosen])
    is_needed = bool(security) and all(security)
    return {
        "api": api.name,
        "operation": operation.name,
        "alternatives": [
            {"schemes": schemes, "chosen": number == chosen} for number, schemes in enumerate(explained)
        ],
        "exit_code": 11 if chosen >= 0 and not is_allowed else 10 if chosen < 0 and is_needed else 0,
    }


def _alternative(
    env: Environment,
    api: OpenedApi,
    settings: CallSettings,
    url: str,
    alternative: Alternative,
    trusting: str,
) -> list[dict[str, Any]]:
    variables, origin = variables_of(env, api.prefix), origin_of(url)
    sources = credential_sources(env, api.name, settings, url, may_refresh=False)
    if has_login([alternative], variables):
        from dynacli.features.sign_in.oauth_sign_in import PasswordSource

        origins = accepted_origins(api, settings)
        by_password = PasswordSource(
            env, api, variables, settings, origins, origin, lambda: None, may_send=False
        )
        sources = (by_password, *sources)
    stored = next(source for source in sources if isinstance(source, StoredSource))
    is_accepted = is_accepted_origin(api, settings, origin)

    def explained(scheme: SecurityScheme) -> dict[str, Any]:
        source, state, allowed, hint = None, "missing", is_accepted, ""
        signer, _ = signer_of(settings, [(scheme,)])
        try:
            held = None
            if signer is not None and signer.scheme == scheme.name:
                held = Held("", signer.label)
            elif is_supported(scheme):
                held = held_for(scheme, alternative, variables, sources)
            if held is None and stored.lacking is not None:
                lacking, stored.lacking = stored.lacking, None
                raise lacking
            if held is not None:
                source, state = held.source, "present"
                allowed = allowed or scheme.name in stored.given
        except RefusedError as error:
            source, state, allowed, hint = "the store", "present", False, error.hint
        except AuthError as error:
            hint, source, state = error.hint, error.message, str(error.details.get("state", "missing"))
        is_key, is_tls = kind_of(scheme) == "apiKey", kind_of(scheme) == MUTUAL_TLS
        return {
            "scheme": scheme.name,
            "kind": shown_kind(scheme),
            "in": scheme.location if is_key else "tls" if is_tls else "header",
            "name": scheme.parameter if is_key else "" if is_tls else "Authorization",
            "prefix": scheme.prefix,
            "source": source,
            "origin": origin,
            "allowed": allowed,
            "state": state,
            "hint": hint if allowed else hint or trusting,
        }

    return [explained(scheme) for scheme in alternative]
