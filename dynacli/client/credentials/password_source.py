"""Signing in by OAuth's password flow (RFC 6749, section 4.3), with the name and password of the API's variables."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from secrets import token_hex
from weakref import WeakKeyDictionary

from dynacli.auth.credentials import Held, Variables
from dynacli.auth.oauth.oauth_flow import PASSWORD, OAuthClient, OAuthFlow, SignInContext
from dynacli.auth.oauth.token_endpoint import sign_in_by_password
from dynacli.auth.secret import MASK, Secret
from dynacli.auth.store.credential_store import FILE, KEYRING, CredentialStore, Keeping, StoredCredential
from dynacli.auth.tls_login import context_besides
from dynacli.client.call_settings import CallSettings
from dynacli.client.credentials.oauth_sign_in import (
    accepting,
    credential_of,
    find_flows,
    needed_scopes,
    provider_origins,
    refreshed,
)
from dynacli.environment import Environment
from dynacli.errors import AuthError
from dynacli.openapi.model.operation import SecurityScheme
from dynacli.record import replace
from dynacli.registry.opened_api import OpenedApi
from dynacli.request.choose_server import choose_server

__all__ = ["PasswordSource", "marked"]

_LOGIN = "login"
"""The name of the secret by which a stored token is known again as that of a name and password."""
_DIGITS = 4
"""How much of the hash of a password is kept: enough to notice another password, and too little to find it by."""

_REFUSED = frozenset({400, 401, 403, 422})

_Key = tuple[str, str, str]
_in_memory: WeakKeyDictionary[Environment, dict[_Key, StoredCredential]] = WeakKeyDictionary()
"""Surroundings of a run → (API, profile, scheme) → the token of this run: the calls of a series sign in once."""
_signing_in = threading.RLock()


class PasswordSource:
    """Gives the token that the name and password of the variables lead to.

    Attributes:
        given: The names of the schemes whose tokens it gave, which go to the origin that was checked.
        lacking: None, as scopes that are missing are asked for.

    Args:
        origins: The origins that a person has accepted for the API's credentials.
        origin: Where the token would go.
        check_origin: Raises a `RefusedError` if it may not go there.
        may_send: Whether the provider may be asked; a dry run only tells that it would be.
    """

    def __init__(
        self,
        env: Environment,
        api: OpenedApi,
        variables: Variables,
        settings: CallSettings,
        origins: frozenset[str],
        origin: str,
        check_origin: Callable[[], None],
        *,
        may_send: bool,
    ) -> None:
        self.given: set[str] = set()
        self.lacking: AuthError | None = None
        self._env, self._api, self._settings, self._origins = env, api, settings, origins
        self._origin, self._check_origin, self._may_send = origin, check_origin, may_send
        self._names = variables.login()
        self._user, self._password = map(variables.text, self._names)
        self._store = CredentialStore(env)
        self._used: tuple[SecurityScheme, StoredCredential] | None = None
        self._is_new = False

    def __call__(self, scheme: SecurityScheme) -> Held | None:
        """Return the token for a scheme that has the flow; None for any other.

        Raises:
            AuthError: The provider refuses, or the store cannot be used.
            RefusedError: Nobody accepted the provider, or where the token would go.
            DynacliError: The provider cannot be reached.
        """
        if not (scheme.has_password_flow and self._user and self._password):
            return None
        if not self._may_send:
            return Held(MASK, self._names[0])
        self._check_origin()
        with _signing_in:
            kept = self._current(scheme) or self._signed_in(scheme)
        self._used = scheme, kept
        self.given.add(scheme.name)
        return Held(kept.secrets["credential"].reveal(), self._names[0])

    @property
    def is_renewable(self) -> bool:
        """Whether what was used may be too old."""
        return self._used is not None and not self._is_new

    def renew(self) -> None:
        """Get a new token, although the one that was used has not ended.

        Raises:
            DynacliError: There is none.
        """
        if self._used is not None:
            with _signing_in:
                self._renewed(*self._used)

    def _current(self, scheme: SecurityScheme) -> StoredCredential | None:
        """Return the token of this name and password that is at hand, refreshed if it ends soon; None for none."""
        place = self._place(scheme)
        kept = _in_memory.get(self._env, {}).get(place)
        if kept is None or not self._is_own(kept):
            kept = self._stored(scheme)
        if kept is None or not self._is_own(kept) or self._origin not in kept.origins:
            return None
        missing = [scope for scope in scheme.scopes if scope not in (kept.scopes or scheme.scopes)]
        if missing:
            return None
        return self._renewed(scheme, kept) if kept.is_due(time.time()) else self._remembered(kept)

    def _renewed(self, scheme: SecurityScheme, kept: StoredCredential) -> StoredCredential:
        """Return a newer token: by the refresh token if there is one and it is good, else by the password."""
        if kept.is_refreshable and self._stored(scheme) is not None:
            with suppress(AuthError):
                return self._remembered(refreshed(self._env, self._settings, self._store, kept))
        return self._signed_in(scheme)

    def _signed_in(self, scheme: SecurityScheme) -> StoredCredential:
        """Sign in, and keep the token where this system keeps credentials, unless a person has signed in there."""
        settings, api = self._settings, self._api
        table = (settings.auth_tables or {}).get(scheme.name, {})
        context = SignInContext(
            timeout=min(settings.timeout or 30.0, 30.0), tls=context_besides(self._env, settings.ca)
        )
        flow = self._flow(scheme, context)
        secret = None
        if table:
            from dynacli.auth.references import referred

            secret = referred(table, "client_secret", self._env)
        scopes = table.get("scopes") or (*needed_scopes(api, scheme.name), *scheme.scopes)
        scopes = tuple(dict.fromkeys(scopes.split() if isinstance(scopes, str) else scopes))
        client = OAuthClient(table.get("client_id", ""), secret, scopes, table.get("audience", ""))
        try:
            token = sign_in_by_password(flow, client, self._user, Secret(self._password), context)
        except AuthError as error:
            if (
                error.details.get("oauth_error") == "invalid_grant"
                or error.details.get("endpoint_status") in _REFUSED
            ):
                error.hint = f"Check `{self._names[0]}` and `{self._names[1]}`"
            raise
        stored = self._stored(scheme)
        word = self._store_word(scheme, stored)
        keeping = Keeping(settings.profile, word or FILE, (self._origin,))
        made = credential_of(api, scheme, token, flow, client, keeping)
        made = marked(made, self._user, self._password)
        if word:
            with suppress(AuthError):  # the next run signs in again
                if stored is None:
                    self._store.put(made)
                else:
                    self._store.exchange(stored, made)
                made = self._stored(scheme) or made
        self._is_new = True
        return self._remembered(made)

    def _flow(self, scheme: SecurityScheme, context: SignInContext) -> OAuthFlow:
        settings, api = self._settings, self._api
        base = choose_server(api.servers, api.uri, settings.server, dict(settings.server_variables))
        accept = accepting(self._origins, None, scheme)
        found = find_flows(api, scheme, base, accept, context)
        flow = next((each for each in found if each.kind == PASSWORD), None)
        if flow is None:
            raise AuthError(
                f"`{scheme.name}` has no usable password flow",
                hint="Give a token instead, in the variable `_TOKEN`",
            )
        accept(provider_origins(flow))
        return flow

    def _store_word(self, scheme: SecurityScheme, stored: StoredCredential | None) -> str:
        """Return the store that keeps the token; empty if none may: a file only if a person has asked for one."""
        from dynacli.auth.store.keyring_values import has_keyring

        listed = self._store.list()
        if stored is None and any(each.place == self._place(scheme) for each in listed):
            return ""
        if stored is not None:
            return stored.store if _LOGIN in stored.secrets else ""
        if any(each.store == FILE for each in listed):
            return FILE
        return KEYRING if has_keyring() else ""

    def _stored(self, scheme: SecurityScheme) -> StoredCredential | None:
        return self._store.find(self._place(scheme))

    def _place(self, scheme: SecurityScheme) -> _Key:
        return self._api.name, self._settings.profile, scheme.name

    def _remembered(self, kept: StoredCredential) -> StoredCredential:
        _in_memory.setdefault(self._env, {})[kept.place] = kept
        return kept

    def _is_own(self, kept: StoredCredential) -> bool:
        mark = kept.secrets.get(_LOGIN)
        if mark is None:
            return False
        salt = mark.reveal().partition(":")[0]
        return mark.reveal() == _mark(salt, self._user, self._password)


def marked(kept: StoredCredential, user: str, password: str) -> StoredCredential:
    """Return a token with what tells later that it came of a name and a password; the password is not in it."""
    return replace(kept, secrets={**kept.secrets, _LOGIN: Secret(_mark(token_hex(8), user, password))})


def _mark(salt: str, user: str, password: str) -> str:
    digits = sha256(f"{salt}{password}".encode()).hexdigest()[:_DIGITS]
    return f"{salt}:{digits}:{user}"
