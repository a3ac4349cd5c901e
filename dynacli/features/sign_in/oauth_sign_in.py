"""Signing in with OAuth: choosing the flow and the client, and storing and refreshing the token.

Only one process at a time refreshes a token, and a token is replaced only after the new one is stored. The password
flow (RFC 6749, section 4.3) signs in without asking, with the name and password in the API's variables.
"""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from secrets import token_hex
from typing import Any
from urllib.parse import urljoin, urlsplit
from weakref import WeakKeyDictionary

from dynacli.auth.credential_store import (
    FILE,
    KEYRING,
    CredentialStore,
    Keeping,
    StoredCredential,
    has_keyring,
)
from dynacli.auth.credentials import Held, Variables
from dynacli.auth.missing_credential import expired_credential
from dynacli.auth.oauth_flows import CLIENT_CREDENTIALS, CODE, DEVICE, IMPLICIT, PASSWORD, OAuthFlow, flows_of
from dynacli.auth.references import referred
from dynacli.auth.tls_login import TlsLogin, context_besides
from dynacli.client.call_settings import CallSettings
from dynacli.client.credentials.chosen_security import tls_settings
from dynacli.environment import Environment, invocation
from dynacli.errors import AuthError, DynacliError, NetworkError, RefusedError, TimedOutError, UsageError
from dynacli.features.sign_in.oauth import (
    OAuthClient,
    SignInContext,
    Token,
    check_endpoint,
    discover_flows,
    refresh,
    sign_in_by_client_credentials,
    sign_in_by_password,
)
from dynacli.features.sign_in.operation_token import BY_OPERATION, OperationRefresh, OperationToken
from dynacli.openapi.document.json_trees import dict_or_empty, escaped
from dynacli.openapi.model.operation import SecurityScheme
from dynacli.openapi.references import follow_reference
from dynacli.record import replace
from dynacli.registry.opened_api import OpenedApi
from dynacli.request.choose_server import choose_server
from dynacli.secrets import MASK, Secret
from dynacli.text.terminal import visible
from dynacli.urls import origin_of

_METADATA = ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration")
"""Paths of a provider's metadata at its origin (RFC 8414; OpenID Connect Discovery 1.0)."""
_MOST_STEPS = 4

Accept = Callable[[Iterable[str]], None]
"""Checks that the user accepts some origins; raises a `RefusedError` if not."""
_LOGIN = "login"
"""Name of the secret that marks a stored token as obtained with a name and password."""
_DIGITS = 4
"""Stored digits of a password's hash: enough to notice another password, too few to recover it."""
_REFUSED = frozenset({400, 401, 403, 422})


_Key = tuple[str, str, str]
_in_memory: WeakKeyDictionary[Environment, dict[_Key, StoredCredential]] = WeakKeyDictionary()
"""Environment → (API, profile, scheme) → token of this run, so that several calls sign in once."""
_signing_in = threading.RLock()


def find_flows(
    api: OpenedApi, scheme: SecurityScheme, base: str, accept: Accept, context: SignInContext
) -> tuple[OAuthFlow, ...]:
    """Return the OAuth flows of a scheme, from the document or from the provider's metadata.

    Args:
        base: URL of the API's server.
        accept: Checks the origin of the metadata before fetching.

    Raises:
        AuthError: The metadata is invalid.
        DynacliError: The provider cannot be reached, or dynacli may not contact it.
    """
    flows = flows_of(_scheme_object(api, scheme.name), f"{base}/")
    url = _metadata_url(api, scheme, base)
    if not url or (flows and scheme.type != "openIdConnect"):
        return flows

    accept([_checked_origin(url)])
    return discover_flows(url, context)


def _metadata_url(api: OpenedApi, scheme: SecurityScheme, base: str) -> str:
    """Return the URL of the provider's metadata, if the document has it; else empty."""
    key = "openIdConnectUrl" if scheme.type == "openIdConnect" else "oauth2MetadataUrl"
    named = _scheme_object(api, scheme.name).get(key)
    return urljoin(f"{base}/", named) if isinstance(named, str) and named else ""


def _scheme_object(api: OpenedApi, name: str) -> Mapping[str, Any]:
    """Return the Security Scheme Object with a name."""
    _, described = api.catalog.component(f"/components/securitySchemes/{escaped(name)}")
    return dict_or_empty(follow_reference(described, api.catalog.resolve))


def discover_device_flow(
    api: OpenedApi,
    scheme: SecurityScheme,
    base: str,
    flows: Iterable[OAuthFlow],
    accept: Accept,
    context: SignInContext,
) -> tuple[OAuthFlow, ...]:
    """Return the provider's flows from its metadata, if they include the device flow; else none.

    Raises:
        DynacliError: The provider cannot be reached, or dynacli may not contact it.
    """
    endpoints = [flow.token_url or flow.authorization_url for flow in flows]
    urls = dict.fromkeys(url for endpoint in endpoints for url in _usual_metadata(endpoint))
    named = _metadata_url(api, scheme, base)
    for url in [named] if named else urls:
        accept([_checked_origin(url)])
        try:
            found = discover_flows(url, context)
        except AuthError:
            continue
        if any(flow.kind == DEVICE for flow in found):
            return found
    return ()


def _usual_metadata(endpoint: str) -> Iterator[str]:
    """Yield possible URLs of the metadata of the provider with this endpoint.

    Providers with many tenants have metadata for each: for `/realms/shop/protocol/openid-connect/token` below
    `/realms/shop` (Keycloak), for `/oauth2/default/v1/token` below `/oauth2/default` (Okta).
    """
    origin = _checked_origin(endpoint)
    yield from (f"{origin}{path}" for path in _METADATA)
    steps = urlsplit(endpoint).path.split("/")[1:-1]
    for count in range(min(len(steps), _MOST_STEPS), 0, -1):
        yield f"{origin}/{'/'.join(steps[:count])}{_METADATA[-1]}"


def chosen_flow(
    api: str,
    flows: Iterable[OAuthFlow],
    wanted: str,
    *,
    has_browser: bool,
    has_person: bool,
    has_secret: bool,
) -> OAuthFlow:
    """Return the flow to sign in with.

    Args:
        wanted: The requested kind; empty to choose the one that fits.
        has_browser: True if a browser can be opened here.
        has_person: True if dynacli can ask the user.
        has_secret: True if the client has a secret, with which it can sign in without a user.

    Raises:
        UsageError: The provider does not offer the requested kind, or the document has no flow.
    """
    by_kind = {flow.kind: flow for flow in reversed(tuple(flows))}
    by_code = [CODE, DEVICE] if has_browser else [DEVICE, CODE]
    order = [*by_code, CLIENT_CREDENTIALS, PASSWORD, IMPLICIT]
    if has_secret and not has_person:
        order = [CLIENT_CREDENTIALS, *order]
    for kind in [wanted] if wanted else order:
        if kind in by_kind:
            return by_kind[kind]
    raise UsageError(
        f"`{api}` has no such way to sign in"
        if wanted
        else f"The document of `{api}` names no way to sign in",
        reason=f"The provider offers {', '.join(f'`{kind}`' for kind in by_kind)}"
        if by_kind
        else "It names no endpoint of a provider",
        hint="Sign in without that option"
        if by_kind
        else f"Give a token: `{invocation('auth login', 'API')} --with-token`",
    )


def needed_scopes(api: OpenedApi, scheme: str) -> tuple[str, ...]:
    """Return the scopes that safe operations need, from the first alternative with the scheme."""
    found: dict[str, None] = {}
    for summary in api.catalog.each_summary():
        if summary.method in {"GET", "HEAD"}:
            security = api.catalog.operation(summary.name).security
            fitting = (item for alternative in security for item in alternative if item.name == scheme)
            found.update(dict.fromkeys(next(fitting, SecurityScheme(scheme)).scopes))
    return tuple(found)


def accepting(
    accepted: Iterable[str], ask: Callable[[str], bool] | None, scheme: SecurityScheme
) -> Callable[[Iterable[str]], None]:
    """Return a function that checks the origins of a provider, which only the document names.

    Args:
        accepted: Origins that the user has accepted.
        ask: Asks the user about another one; None if dynacli cannot ask.
    """
    known = set(accepted)

    def accept(origins: Iterable[str]) -> None:
        for origin in origins:
            if origin not in known and (ask is None or not ask(origin)):
                raise RefusedError(
                    f"Nothing is sent to the provider `{origin}`",
                    reason=f"The document names it for `{visible(scheme.name, keep='')}`, and you have not accepted it",
                    hint=f"If you trust it: `--accept-origin {origin}`",
                    origin=origin,
                )
            known.add(origin)

    return accept


def credential_of(
    api: OpenedApi,
    scheme: SecurityScheme,
    token: Token,
    flow: OAuthFlow,
    client: OAuthClient,
    keeping: Keeping,
    typed_secret: Secret | None = None,
) -> StoredCredential:
    """Return a token for storing, with the data for refreshing it.

    The endpoints are stored as accepted now. A later document cannot change them.

    Args:
        typed_secret: Secret of the client, if the configuration has no reference to it.
    """
    refresh: dict[str, Any] = {}
    if flow.kind == CLIENT_CREDENTIALS or token.refresh_token is not None:
        refresh = {
            "kind": flow.kind,
            "token_url": flow.token_url,
            "refresh_url": flow.refresh_url,
            "auth_methods": list(flow.auth_methods),
            "client_id": client.client_id,
            "scopes": list(client.scopes),
            "audience": client.audience,
        }
    secrets = {"client_secret": typed_secret} if refresh and typed_secret else {}
    kept = StoredCredential(
        api.name,
        keeping.profile,
        scheme.name,
        scheme.type,
        keeping.store,
        keeping.origins,
        secrets,
        refresh=refresh,
        again=keeping.again,
        sign_in=token_hex(8),
    )
    return _with_token(kept, token)


def _with_token(kept: StoredCredential, token: Token) -> StoredCredential:
    """Return a credential with its token replaced."""
    secrets = {**kept.secrets, "credential": token.access_token}
    if token.refresh_token is not None:
        secrets["refresh_token"] = token.refresh_token
    return replace(kept, secrets=secrets, expires_at=token.expires_at, scopes=token.scopes or kept.scopes)


def provider_origins(flow: OAuthFlow) -> tuple[str, ...]:
    """Return the origins that receive secrets when the user signs in and when the token is refreshed.

    Raises:
        RefusedError: dynacli does not accept one of the endpoints.
    """
    urls = (flow.token_url, flow.device_url if flow.kind == DEVICE else "", flow.refresh_url)
    return tuple(dict.fromkeys(_checked_origin(url) for url in urls if url))


def _checked_origin(url: str) -> str:
    check_endpoint(url, "endpoint")
    return origin_of(url)


def in_time(
    env: Environment, settings: CallSettings, store: CredentialStore, kept: StoredCredential
) -> StoredCredential:
    """Return a credential that is valid for a call, refreshed if it ends soon.

    Args:
        kept: The credential from the store, with its secrets.

    Raises:
        AuthError: The credential has expired and cannot be refreshed.
        DynacliError: The credential has expired, and the provider cannot be reached.
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
            error.reason += (
                f"; the stored token for `{visible(kept.scheme, keep='')}` has ended, and is refreshed there"
            )
        raise


def refreshed(
    env: Environment, settings: CallSettings, store: CredentialStore, kept: StoredCredential
) -> StoredCredential:
    """Return the credential with a new token, even if the old one has not expired.

    Args:
        settings: Settings of the calls with this credential.

    Raises:
        DynacliError: As in `refresh_credential`.
    """
    if kept.refresh.get("kind") == BY_OPERATION:
        certificates = tls_settings(settings, ())
        tls = TlsLogin(env, certificates, "").context("") if certificates else None
    else:
        tls = context_besides(env, settings.ca)

    def client_secret() -> Secret | None:
        return referred((settings.auth_tables or {}).get(kept.scheme, {}), "client_secret", env)

    context = SignInContext(clock=time.time, timeout=min(settings.timeout or 30.0, 30.0), tls=tls)
    return refresh_credential(store, kept, client_secret, context)


def operation_refresh_parts(
    token: OperationToken, refresh: OperationRefresh, now: float, secrets: dict[str, Secret] | None = None
) -> tuple[dict[str, Secret], dict[str, Any]]:
    """Return the secrets and the other data for refreshing a token by an operation.

    If there is no refresh token, the token must be refreshed before it expires: after half of its life.

    Args:
        now: Seconds since the epoch.
        secrets: Secrets that are already stored.
    """
    made = {**(secrets or {}), "refresh_request": Secret(refresh.as_text())}
    if token.refresh_token is not None:
        made["refresh_token"] = token.refresh_token
    how: dict[str, Any] = {"kind": BY_OPERATION, "operation": refresh.operation}
    if "refresh_token" not in made and token.expires_at is not None:
        how["early"] = (token.expires_at - now) / 2
    return made, how


def refresh_credential(
    store: CredentialStore,
    found: StoredCredential,
    client_secret: Callable[[], Secret | None],
    context: SignInContext,
) -> StoredCredential:
    """Return the credential with a refreshed token, and its secrets.

    Args:
        found: The credential from the store, with its secrets.
        client_secret: Returns the client's secret from the configuration, if it has one.
        context: Settings for contacting the provider.

    Raises:
        AuthError: The provider refuses or returns no token, or the user has signed out.
        DynacliError: The provider cannot be reached.
    """
    with store.refreshing(found.place):
        # Another process may have refreshed the token meanwhile; then its token is used.
        kept = _now(store, found)
        if not kept.is_refreshable:
            raise _over(found)
        if _revealed_secret(kept, "credential") != _revealed_secret(found, "credential"):
            return kept
        store.check_writable()  # the provider may invalidate the old refresh token when it issues a new one
        try:
            secret = kept.secrets.get("client_secret") or client_secret()
            made = _refreshed(kept, secret, context)
        except AuthError as error:
            is_refused = error.details.get("oauth_error") == "invalid_grant"
            if not is_refused and error.details.get("status") != 401:
                raise
            # A program that ignores this lock, or another machine with a copy of the store, may have used it.
            if store.exchange(kept, _without_refresh(kept)):
                raise _over(found, error) from error
            return _now(store, found)
        # If the user signed out or in again meanwhile, that wins.
        return made if store.exchange(kept, made) else _now(store, found)


def _now(store: CredentialStore, found: StoredCredential) -> StoredCredential:
    """Return the credential that is stored now.

    Raises:
        AuthError: The user has signed out, or the stored credential is for other origins than before.
    """
    now = store.find(found.place)
    if now is None or now.origins != found.origins:
        raise _over(found)
    return now


def _refreshed(kept: StoredCredential, secret: Secret | None, context: SignInContext) -> StoredCredential:
    how = kept.refresh
    if how.get("kind") == BY_OPERATION:
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
        return _with_token(kept, sign_in_by_client_credentials(flow, client, context))
    if refresh_token is None:
        raise _over(kept)
    return _with_token(kept, refresh(flow, client, refresh_token, context))


def _by_operation(kept: StoredCredential, context: SignInContext) -> StoredCredential:
    given = kept.secrets.get("refresh_token") or kept.secrets.get("credential")
    try:
        refresh = OperationRefresh.from_text(_revealed_secret(kept, "refresh_request"))
    except ValueError:
        raise _over(kept) from None
    if given is None:
        raise _over(kept)
    token = refresh.token(given, context, kept.secrets.values())
    secrets, how = operation_refresh_parts(token, refresh, context.clock(), kept.secrets)
    word, space, _ = _revealed_secret(kept, "credential").partition(" ")
    secrets["credential"] = Secret(f"{word} {token.text}" if space else token.text)
    return replace(kept, secrets=secrets, expires_at=token.expires_at, refresh=how)


def _without_refresh(kept: StoredCredential) -> StoredCredential:
    return replace(kept, refresh={}, secrets={"credential": kept.secrets.get("credential", Secret(""))})


def _revealed_secret(kept: StoredCredential, name: str) -> str:
    secret = kept.secrets.get(name)
    return "" if secret is None else secret.reveal()


def _over(kept: StoredCredential, error: AuthError | None = None) -> AuthError:
    return AuthError(
        f"The stored credential for `{visible(kept.scheme, keep='')}` is no longer valid",
        reason=error.reason if error is not None else "It cannot be refreshed",
        hint=f"Sign in again: `{kept.sign_in_line()}`",
        **({} if error is None else error.details),
    )


class PasswordSource:
    """Provides tokens for the name and password in the API's variables.

    Attributes:
        given: Scheme → name and password, for schemes whose tokens were used.
        lacking: None, because dynacli signs in again if scopes are missing.

    Args:
        origins: Origins that the user has accepted for the API's credentials.
        origin: Origin of the call.
        check_origin: Raises a `RefusedError` if the token may not be sent to it.
        may_send: True if dynacli may contact the provider; False in a dry run.
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
        self.given: dict[str, str] = {}
        self.lacking: AuthError | None = None
        self._env, self._api, self._settings, self._origins = env, api, settings, origins
        self._origin, self._check_origin, self._may_send = origin, check_origin, may_send
        self._names = variables.login()
        self._user, self._password = map(variables.text, self._names)
        self._store = CredentialStore(env)
        self._used: tuple[SecurityScheme, StoredCredential] | None = None
        self._is_new = False

    def __call__(self, scheme: SecurityScheme) -> Held | None:
        """Return the token of a scheme that has a password flow; None for other schemes.

        Raises:
            AuthError: The provider refuses, or the store is unusable.
            RefusedError: The user has not accepted the provider or the origin of the call.
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
        self.given[scheme.name] = f"{self._user}:{self._password}"
        return Held(kept.secrets["credential"].reveal(), self._names[0])

    @property
    def is_renewable(self) -> bool:
        """True if the token in use is from an earlier sign-in, so that a new one may help."""
        return self._used is not None and not self._is_new

    def renew(self) -> None:
        """Get a new token, although the current one has not expired.

        Raises:
            DynacliError: Getting the token failed.
        """
        if self._used is not None:
            with _signing_in:
                self._renewed(*self._used)

    def _current(self, scheme: SecurityScheme) -> StoredCredential | None:
        """Return the available token of this name and password, refreshed if it ends soon; None if there is none."""
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
        """Return a newer token, with the refresh token if that works, else with the password."""
        if kept.is_refreshable and self._stored(scheme) is not None:
            with suppress(AuthError):
                return self._remembered(refreshed(self._env, self._settings, self._store, kept))
        return self._signed_in(scheme)

    def _signed_in(self, scheme: SecurityScheme) -> StoredCredential:
        """Sign in, and store the token if possible. A credential of `auth login` is not overwritten."""
        settings, api = self._settings, self._api
        table = (settings.auth_tables or {}).get(scheme.name, {})
        context = SignInContext(
            timeout=min(settings.timeout or 30.0, 30.0), tls=context_besides(self._env, settings.ca)
        )
        flow = self._flow(scheme, context)
        secret = None
        if table:
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
        made = marked_with_login(made, self._user, self._password)
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
        base = choose_server(api.servers, api.uri, settings.server, settings.server_variables)
        accept = accepting(self._origins, None, scheme)
        found = find_flows(api, scheme, base, accept, context)
        flow = next((oauth_flow for oauth_flow in found if oauth_flow.kind == PASSWORD), None)
        if flow is None:
            raise AuthError(
                f"`{scheme.name}` has no usable password flow",
                hint="Give a token instead, in the variable `_TOKEN`",
            )
        accept(provider_origins(flow))
        return flow

    def _store_word(self, scheme: SecurityScheme, stored: StoredCredential | None) -> str:
        """Return the store for the token, a file only if the user already uses one; empty to store nothing."""
        listed = self._store.list()
        if stored is None and any(stored.place == self._place(scheme) for stored in listed):
            return ""
        if stored is not None:
            return stored.store if _LOGIN in stored.secrets else ""
        if any(stored.store == FILE for stored in listed):
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


def marked_with_login(kept: StoredCredential, user: str, password: str) -> StoredCredential:
    """Return a token with a mark by which it is recognised as a token of this name and password."""
    return replace(kept, secrets={**kept.secrets, _LOGIN: Secret(_mark(token_hex(8), user, password))})


def _mark(salt: str, user: str, password: str) -> str:
    digits = sha256(f"{salt}{password}".encode()).hexdigest()[:_DIGITS]
    return f"{salt}:{digits}:{user}"
