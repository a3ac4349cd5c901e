"""Stored tokens refreshed: by one process at a time, and none is forgotten before its successor is stored."""

import time
from collections.abc import Callable
from typing import Any

from dynacli.auth.missing_credential import expired_credential
from dynacli.auth.oauth.oauth_flow import CLIENT_CREDENTIALS, OAuthClient, OAuthFlow, SignInContext
from dynacli.auth.oauth.token_endpoint import refresh, sign_in_by_client_credentials
from dynacli.auth.operation_refresh import OPERATION, OperationRefresh
from dynacli.auth.operation_token import OperationToken
from dynacli.auth.secret import Secret
from dynacli.auth.store.credential_store import CredentialStore
from dynacli.auth.store.stored_credential import StoredCredential
from dynacli.auth.tls_login import TlsLogin, context_besides
from dynacli.client.call_settings import CallSettings
from dynacli.client.credentials.oauth_sign_in import with_token
from dynacli.client.credentials.tls_settings import tls_settings
from dynacli.environment import Environment
from dynacli.errors import AuthError, DynacliError, NetworkError, TimedOutError
from dynacli.record import replace
from dynacli.text.terminal import visible

__all__ = ["in_time", "operation_refresh_parts", "refresh_credential", "refreshed"]


def in_time(
    env: Environment, settings: CallSettings, store: CredentialStore, kept: StoredCredential
) -> StoredCredential:
    """Return a credential that is good for a call, refreshed where it ends soon.

    Args:
        kept: As it was read, with its secrets.

    Raises:
        AuthError: It has ended, and cannot be refreshed.
        DynacliError: It has ended, and who refreshes it cannot be reached.
    """
    if not kept.is_due(time.time()):
        return kept
    if not kept.is_refreshable:
        raise expired_credential(kept)
    try:
        return refreshed(env, settings, store, kept)
    except DynacliError as error:
        if not kept.is_over(time.time()):
            return kept
        if isinstance(error, NetworkError | TimedOutError):
            error.why += (
                f"; the stored token for `{visible(kept.scheme, keep='')}` has ended, and is refreshed there"
            )
        raise


def refreshed(
    env: Environment, settings: CallSettings, store: CredentialStore, kept: StoredCredential
) -> StoredCredential:
    """Return a credential with a token that is newer than the one that was found, whether or not that has ended.

    Args:
        settings: How the calls that it is for are made.

    Raises:
        DynacliError: As from `refresh_credential`.
    """
    if kept.refresh.get("kind") == OPERATION:
        certificates = tls_settings(settings, ())
        tls = TlsLogin(env, certificates, "").context("") if certificates else None
    else:
        tls = context_besides(env, settings.ca)

    def client_secret() -> Secret | None:
        from dynacli.auth.references import referred

        return referred((settings.auth_tables or {}).get(kept.scheme, {}), "client_secret", env)

    context = SignInContext(clock=time.time, timeout=min(settings.timeout or 30.0, 30.0), tls=tls)
    return refresh_credential(store, kept, client_secret, context)


def operation_refresh_parts(
    token: OperationToken, refresh: OperationRefresh, now: float, secrets: dict[str, Secret] | None = None
) -> tuple[dict[str, Secret], dict[str, Any]]:
    """Return what is kept, as secrets and besides, of how an operation refreshes a token.

    A token that nothing but itself refreshes has to be refreshed before it ends, and so in the middle of its life.

    Args:
        now: In seconds since the epoch.
        secrets: Those that were kept before.
    """
    made = {**(secrets or {}), "refresh_request": Secret(refresh.as_text())}
    if token.refresh_token is not None:
        made["refresh_token"] = token.refresh_token
    how: dict[str, Any] = {"kind": OPERATION, "operation": refresh.operation}
    if "refresh_token" not in made and token.expires_at is not None:
        how["early"] = (token.expires_at - now) / 2
    return made, how


def refresh_credential(
    store: CredentialStore,
    found: StoredCredential,
    client_secret: Callable[[], Secret | None],
    context: SignInContext,
) -> StoredCredential:
    """Return a credential with a token that is newer than the one that was found, and its secrets.

    Args:
        found: As it was read, with its secrets.
        client_secret: Returns the secret of the client that the configuration leads to, where it has one.
        context: How the provider is reached.

    Raises:
        AuthError: The provider refuses, or gives no token; or nobody is signed in any more.
        DynacliError: The provider cannot be reached.
    """
    with store.refreshing(found.place):
        # Another process may have been here first; its token is as good as ours would be.
        kept = _now(store, found)
        if not kept.is_refreshable:
            raise _over(found)
        if _text(kept, "credential") != _text(found, "credential"):
            return kept
        store.check_writable()  # the provider may take the old refresh token from us for the new one
        try:
            secret = kept.secrets.get("client_secret") or client_secret()
            made = _refreshed(kept, secret, context)
        except AuthError as error:
            is_refused = error.details.get("oauth_error") == "invalid_grant"
            if not is_refused and error.details.get("status") != 401:
                raise
            # A program without this lock, or another machine with a copy of the store, may have used the token.
            if store.exchange(kept, _without_refresh(kept)):
                raise _over(found, error) from error
            return _now(store, found)
        # While the provider answered, a person may have signed out, or in again: that counts.
        return made if store.exchange(kept, made) else _now(store, found)


def _now(store: CredentialStore, found: StoredCredential) -> StoredCredential:
    """Return what is stored now in the place of a credential.

    Raises:
        AuthError: Nobody is signed in any more, or for other origins than those that the caller has checked.
    """
    now = store.find(found.place)
    if now is None or now.origins != found.origins:
        raise _over(found)
    return now


def _refreshed(kept: StoredCredential, secret: Secret | None, context: SignInContext) -> StoredCredential:
    how = kept.refresh
    if how.get("kind") == OPERATION:
        return _by_operation(kept, context)
    refresh_token = kept.secrets.get("refresh_token")
    try:
        flow = OAuthFlow(
            how["kind"],
            token_url=how["token_url"],
            refresh_url=how["refresh_url"],
            auth_methods=tuple(how["auth_methods"]),
        )
        client = OAuthClient(how["client_id"], secret, tuple(how["scopes"]), how["audience"])
    except (KeyError, TypeError):
        raise _over(kept) from None
    if flow.kind == CLIENT_CREDENTIALS:
        return with_token(kept, sign_in_by_client_credentials(flow, client, context))
    if refresh_token is None:
        raise _over(kept)
    return with_token(kept, refresh(flow, client, refresh_token, context))


def _by_operation(kept: StoredCredential, context: SignInContext) -> StoredCredential:
    given = kept.secrets.get("refresh_token") or kept.secrets.get("credential")
    try:
        refresh = OperationRefresh.from_text(_text(kept, "refresh_request"))
    except ValueError:
        raise _over(kept) from None
    if given is None:
        raise _over(kept)
    token = refresh.token(given, context, kept.secrets.values())
    secrets, how = operation_refresh_parts(token, refresh, context.clock(), kept.secrets)
    word, space, _ = _text(kept, "credential").partition(" ")
    secrets["credential"] = Secret(f"{word} {token.text}" if space else token.text)
    return replace(kept, secrets=secrets, expires_at=token.expires_at, refresh=how)


def _without_refresh(kept: StoredCredential) -> StoredCredential:
    return replace(kept, refresh={}, secrets={"credential": kept.secrets.get("credential", Secret(""))})


def _text(kept: StoredCredential, name: str) -> str:
    secret = kept.secrets.get(name)
    return "" if secret is None else secret.reveal()


def _over(kept: StoredCredential, error: AuthError | None = None) -> AuthError:
    return AuthError(
        f"The stored credential for `{visible(kept.scheme, keep='')}` is no longer good",
        why=error.why if error is not None else "It cannot be refreshed",
        hint=f"Sign in again: `{kept.sign_in_line()}`",
        **({} if error is None else error.details),
    )
