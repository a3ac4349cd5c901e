"""Signing in: choosing the scheme, the origins and the store of a credential, and storing it."""

from collections.abc import Callable, Mapping, Sequence
from secrets import token_hex
from shlex import quote
from time import time
from typing import Any

from dynacli.auth.credential_store import (
    FILE,
    KEYRING,
    CredentialStore,
    Keeping,
    StoredCredential,
    has_keyring,
)
from dynacli.auth.credentials import (
    MUTUAL_TLS,
    WITH_PASSWORD,
    WITH_TOKEN,
    checked_text,
    is_supported,
    kind_of,
    shown_kind,
)
from dynacli.auth.missing_credential import wanted_by
from dynacli.client.call_settings import CallSettings
from dynacli.client.credentials.chosen_security import scheme_of, schemes_of
from dynacli.client.sign_request import add_server_hint, is_accepted_origin, trust_hint
from dynacli.environment import Environment, invocation, program
from dynacli.errors import AuthError, RefusedError, UsageError
from dynacli.features.sign_in.operation_token import end_of_token
from dynacli.http.sockets import check_private
from dynacli.openapi.model.operation import SecurityScheme
from dynacli.registry.configuration import DEMO
from dynacli.registry.opened_api import OpenedApi
from dynacli.request.choose_server import choose_server, parse_origin
from dynacli.secrets import Secret
from dynacli.text.terminal import visible
from dynacli.urls import origin_of

Choose = Callable[[Sequence[SecurityScheme]], SecurityScheme | None]
"""Asks the user to pick one of several schemes. Returns None if the user picks none."""


def chosen_scheme(
    api: OpenedApi,
    name: str,
    choose: Choose | None = None,
    *,
    takes_token: bool = False,
    is_oauth: bool = False,
) -> SecurityScheme:
    """Return the security scheme to sign in for.

    Args:
        name: Name of the scheme. If empty, operations must use exactly one scheme alone, or the user picks one.
        choose: Lets the user pick one of several; None if dynacli cannot ask.
        takes_token: True if the credential is a token from the response of an operation.
        is_oauth: True if options for OAuth or OpenID Connect are given.

    Raises:
        UsageError: The scheme does not exist, or several fit and none was picked.
        AuthError: Credentials of this scheme cannot be stored.
    """
    if name:
        scheme = scheme_of(api, name)
    else:
        sign_ins = api.catalog.overview().sign_ins
        alone = [sign_in.schemes[0] for sign_in in sign_ins if len(sign_in.schemes) == 1]
        choices = [
            scheme for scheme in alone if is_supported(scheme) and kind_of(scheme) != MUTUAL_TLS
        ] or alone
        choices = list({choice.name: choice for choice in choices}.values())
        if takes_token:
            choices = [choice for choice in choices if kind_of(choice) not in WITH_PASSWORD] or choices
        if is_oauth:
            choices = [choice for choice in choices if choice.type in WITH_TOKEN] or choices
        schemes = schemes_of(api)
        if len(choices) > 1:
            picked = choose(choices) if choose is not None else None
            if picked is None:
                raise _unclear(api, choices)
            scheme = picked
        elif choices:
            scheme = choices[0]
        elif len(schemes) == 1:
            scheme = next(iter(schemes.values()))
        elif schemes:
            listed = ", ".join(f"`{visible(scheme, keep='')}`" for scheme in schemes)
            raise UsageError(
                f"`{api.name}` needs several credentials at once"
                if sign_ins
                else f"The document of `{api.name}` does not say which credential its operations need",
                reason=f"Its security schemes are {listed}",
                hint="Sign in for each of them: `--scheme NAME`" if sign_ins else "Name one: `--scheme NAME`",
            )
        else:
            raise UsageError(
                f"The document of `{api.name}` has no security scheme",
                reason="It asks for no credential",
                hint=_own_scheme_hint(api),
            )
    if kind_of(scheme) == MUTUAL_TLS:
        name = visible(scheme.name, keep="")
        raise AuthError(
            f"No credential can be stored for `{name}`",
            reason="It is a certificate, which stays in a file",
            hint=f"Name it in the configuration: `cert` and `cert_key` in `[apis.{api.name}.auth.{name}]`",
        )
    if not is_supported(scheme):
        raise AuthError(
            f"No credential can be stored for `{visible(scheme.name, keep='')}`",
            reason=f"{program().name} does not know how a scheme of the type `{visible(kind_of(scheme), keep='')}` "
            "is used",
            hint="Give the header that it needs with `-H 'NAME: VALUE'`",
        )
    return scheme


def _own_scheme_hint(api: OpenedApi) -> str:
    """Return a hint to add a scheme to a document without any; empty if the API is not registered."""
    if not api.is_registered:
        return ""
    line = invocation("auth login", api.name)
    return (
        f"If the server wants one, add it: `{line} --scheme bearer`, `{line} --scheme basic`, or "
        f"`{line} --scheme apikey --name X-API-Key`; for a cookie: `{line} --operation LOGIN --cookie NAME`"
    )


def _unclear(api: OpenedApi, choices: Sequence[SecurityScheme]) -> UsageError:
    lines = [f"`--scheme {quote(visible(choice.name, keep=''))}` ({wanted_by(choice)})" for choice in choices]
    return UsageError(
        f"`{api.name}` has several ways to sign in, and you named none",
        reason=f"It takes {' or '.join(f'`{visible(choice.name, keep=str())}`' for choice in choices)}",
        hint=f"Name one: {', '.join(lines)}",
        near=[choice.name for choice in choices],
    )


def text_of_choice(scheme: SecurityScheme) -> str:
    """Return a scheme with the required secrets, as an entry of a list to pick from."""
    return f"{visible(scheme.name, keep='')}: {wanted_by(scheme)}"


def bound_origins(
    api: OpenedApi, settings: CallSettings, ask: Callable[[str], bool] | None
) -> tuple[str, ...]:
    """Return the origins for which a credential is stored: the server of calls, and others that the user names.

    Raises:
        RefusedError: The user has not accepted the origin that the document names.
        UsageError: The document names no server.
    """
    if api.name == DEMO and not settings.server:
        raise signs_itself_in()
    try:
        base = choose_server(api.servers, api.uri, settings.server, settings.server_variables)
    except UsageError as error:
        add_server_hint(error, api, (), settings)
        raise
    origin = origin_of(base)
    check_private(base)
    if not is_accepted_origin(api, settings, origin) and (ask is None or not ask(origin)):
        accepting = f"add `--accept-origin {origin}` to `{invocation('auth login', api.name)}`"
        raise RefusedError(
            f"No credential is stored for `{origin}`",
            reason="The document names this origin, and you have not accepted it for this API's credentials",
            hint=trust_hint(api, (), settings, origin, accepting),
            origin=origin,
        )
    return tuple(dict.fromkeys([origin, *map(parse_origin, settings.accepted_origins)]))


def signs_itself_in() -> UsageError:
    """Return the error for signing in to the demo API, or signing out."""
    return UsageError(
        "The demo API needs no signing in",
        reason="Each call signs itself in",
        hint=f"See how: `{invocation('auth explain', DEMO)} OPERATION`",
    )


def chosen_store(word: str, agrees_to_file: Callable[[], bool] | None = None) -> str:
    """Return the store for a credential.

    Args:
        word: The requested store; empty for the system's keyring.
        agrees_to_file: Asks whether to use a file, because no keyring is available; None if dynacli cannot ask.

    Raises:
        AuthError: No keyring is available, and no file was requested.
    """
    if word == FILE:
        return FILE
    if has_keyring():
        return KEYRING
    if not word and agrees_to_file is not None and agrees_to_file():
        return FILE
    raise AuthError(
        "This system has no keyring that could keep the credential",
        hint="Keep it in a file that only you can read: `--store file`; or set an environment variable, "
        f"as `{invocation('help auth')}` says",
    )


def keep_text(
    env: Environment,
    api: OpenedApi,
    scheme: SecurityScheme,
    text: str,
    keeping: Keeping,
    expires_at: float | None = None,
    more: Mapping[str, Secret] | None = None,
    refresh: Mapping[str, Any] | None = None,
    cookie: Mapping[str, Any] | None = None,
) -> StoredCredential:
    """Store a credential that the user provides: a token, a key, or `USERNAME:PASSWORD`.

    Args:
        expires_at: Expiry in seconds since the epoch; None to take it from the token, if that is a JSON Web Token.
        more: Secrets for refreshing, as in `StoredCredential.secrets`.
        refresh: How to refresh it, as in `StoredCredential.refresh`.
        cookie: Attributes of a cookie, as in `StoredCredential.cookie`.

    Raises:
        AuthError: The credential is empty or cannot be sent, or the store cannot save it.
    """
    kind = kind_of(scheme)
    text = checked_text(text, "the credential")
    text = text if kind in WITH_PASSWORD else text.strip()
    if not text:
        raise AuthError("There is no credential to store", reason="It is empty")
    if kind in WITH_PASSWORD and not text.partition(":")[1]:
        raise AuthError("The credential has no `:`", hint="Give `USERNAME:PASSWORD` in one line")
    credential = StoredCredential(
        api.name,
        keeping.profile,
        scheme.name,
        shown_kind(scheme),
        keeping.store,
        keeping.origins,
        {"credential": Secret(text), **(more or {})},
        end_of_token(text, time()) if expires_at is None else expires_at,
        refresh=dict(refresh or {}),
        again=keeping.again,
        cookie=dict(cookie or {}),
        sign_in=token_hex(8),
    )
    CredentialStore(env).put(credential)
    return credential
