"""Stored tokens refreshed: by one process at a time, and none is forgotten before its successor is stored."""

from collections.abc import Callable

from dynacli.auth.oauth.oauth_flow import CLIENT_CREDENTIALS, OAuthClient, OAuthFlow, SignInContext
from dynacli.auth.oauth.token_endpoint import refresh, sign_in_by_client_credentials
from dynacli.auth.secret import Secret
from dynacli.auth.store.credential_store import CredentialStore
from dynacli.auth.store.stored_credential import StoredCredential
from dynacli.client.credentials.oauth_sign_in import with_token
from dynacli.errors import AuthError
from dynacli.record import replace

__all__ = ["refresh_credential"]


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
        kept = store.find(found.place)
        if kept is None or not kept.is_refreshable:
            raise _over(found)
        if _text(kept, "credential") != _text(found, "credential"):
            return kept
        try:
            secret = kept.secrets.get("client_secret") or client_secret()
            made = _refreshed(kept, secret, context)
        except AuthError as error:
            if error.details.get("oauth_error") != "invalid_grant":
                raise
            # A program without this lock, or another machine with a copy of the store, may have used the token.
            now = store.find(found.place)
            if now is not None and _text(now, "refresh_token") != _text(kept, "refresh_token"):
                return now
            store.put(_without_refresh(kept))
            raise _over(found, error) from error
        store.put(made)
        return made


def _refreshed(kept: StoredCredential, secret: Secret | None, context: SignInContext) -> StoredCredential:
    how = kept.refresh
    try:
        flow = OAuthFlow(
            how["kind"],
            token_url=how["token_url"],
            refresh_url=how["refresh_url"],
            auth_methods=tuple(how["auth_methods"]),
        )
        client = OAuthClient(how["client_id"], secret, tuple(how["scopes"]), how["audience"])
        if flow.kind == CLIENT_CREDENTIALS:
            return with_token(kept, sign_in_by_client_credentials(flow, client, context))
        return with_token(kept, refresh(flow, client, kept.secrets["refresh_token"], context))
    except (KeyError, TypeError):
        raise _over(kept) from None


def _without_refresh(kept: StoredCredential) -> StoredCredential:
    return replace(kept, refresh={}, secrets={"credential": kept.secrets.get("credential", Secret(""))})


def _text(kept: StoredCredential, name: str) -> str:
    secret = kept.secrets.get(name)
    return "" if secret is None else secret.reveal()


def _over(kept: StoredCredential, error: AuthError | None = None) -> AuthError:
    return AuthError(
        f"The stored credential for `{kept.scheme}` is no longer good",
        why=error.why if error is not None else "It cannot be refreshed",
        hint=f"Sign in again: `dynacli auth login {kept.api}`",
        **({} if error is None else {"oauth_error": error.details["oauth_error"]}),
    )
