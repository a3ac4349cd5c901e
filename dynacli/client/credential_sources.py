"""Sources of credentials after environment variables: first the configuration, then the store."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from dynacli.auth.credential_store import CredentialStore, StoredCredential
from dynacli.auth.credentials import MUTUAL_TLS, CredentialSource, Held, kind_of
from dynacli.auth.missing_credential import expired_credential
from dynacli.client.call_settings import CallSettings
from dynacli.environment import Environment
from dynacli.errors import AuthError, RefusedError
from dynacli.http.built_request import Request
from dynacli.http.cookies import Cookie, goes_to, read_cookie
from dynacli.openapi.model.operation import SecurityScheme
from dynacli.options.command_table import feature
from dynacli.record import replace
from dynacli.request.choose_server import parse_origin
from dynacli.secrets import Secret
from dynacli.text.terminal import visible
from dynacli.urls import origin_of

if TYPE_CHECKING:
    from dynacli.http.exchange import Login

_SAME_SECONDS = 60.0
"""Minimum change of a cookie's expiry, in seconds, for which it is stored again."""


def credential_sources(
    env: Environment, api: str, settings: CallSettings, url: str, *, may_refresh: bool = True
) -> Sequence[CredentialSource]:
    """Return the sources of credentials for schemes without an environment variable.

    Args:
        api: Name of the API.
        url: URL to which the credential would be sent.
        may_refresh: True to refresh an expired token.
    """

    def configured(scheme: SecurityScheme) -> Held | None:
        tables = settings.auth_tables or {}
        table = tables.get(scheme.name)
        if not table and kind_of(scheme) == MUTUAL_TLS:
            # Any table may have the certificate: the user may have written it without knowing the scheme.
            table = next((table for table in tables.values() if "cert" in table), None)
        if not table:
            return None
        from dynacli.auth.references import held_by_reference

        return held_by_reference(scheme, table, env)

    return (configured, StoredSource(env, api, settings, url, may_refresh=may_refresh))


class RenewableSource(Protocol):
    """A source whose credential can be renewed if the server refuses it.

    Attributes:
        given: Scheme → id of its sign-in, for schemes whose credentials were used. These are bound to origins.
        lacking: The error if a credential exists but does not fit.
    """

    given: dict[str, str]
    lacking: AuthError | None

    def __call__(self, scheme: SecurityScheme) -> Held | None:
        """Return the credential for a scheme."""

    @property
    def is_renewable(self) -> bool:
        """True if the used credential can be renewed."""

    def renew(self) -> None:
        """Renew the used credential, although it has not expired."""


class StoredSource:
    """Credentials that `dynacli auth login` has stored.

    Attributes:
        used: The latest credential, with its secrets.
        given: Scheme → id of its sign-in, for schemes whose credentials were used. These are bound to origins.
        lacking: The error if a stored credential lacks scopes, or is a cookie for other paths.
    """

    def __init__(
        self, env: Environment, api: str, settings: CallSettings, url: str, *, may_refresh: bool
    ) -> None:
        self.used: StoredCredential | None = None
        self.given: dict[str, str] = {}
        self.lacking: AuthError | None = None
        self._api, self._profile, self._origin, self._url = api, settings.profile, origin_of(url), url
        self._cookies: list[StoredCredential] = []
        self._settings, self._may_refresh = settings, may_refresh
        self._accepted = set(map(parse_origin, settings.accepted_origins))
        self._env, self._store = env, CredentialStore(env)

    def __call__(self, scheme: SecurityScheme) -> Held | None:
        """Return the stored credential of a scheme; None if there is none, or if it lacks scopes or is for other paths.

        Raises:
            AuthError: The store is unusable, or the credential has expired and cannot be refreshed.
            RefusedError: The credential is bound to other origins.
            DynacliError: The provider that refreshes the credential cannot be reached.
        """
        kept = self._kept(scheme)
        if kept is None:
            return None
        if self._origin not in {*kept.origins, *self._accepted}:
            raise RefusedError(
                f"The stored credential for `{scheme.name}` is not sent to `{self._origin}`",
                reason=f"It was stored for {', '.join(f'`{origin}`' for origin in kept.origins)}",
                hint=f"If you trust it: `--accept-origin {self._origin}`",
                origin=self._origin,
            )
        missing = (
            [] if kept.scopes is None else [scope for scope in scheme.scopes if scope not in kept.scopes]
        )
        if missing and kept.scopes:
            self.lacking = _lacking(kept, missing)
            return None
        if kept.cookie and not goes_to(self._url, kept.cookie["path"], is_secure=kept.cookie["secure"]):
            self.lacking = _goes_elsewhere(kept)
            return None
        if kept.is_over(time.time()) and not kept.is_refreshable:
            raise expired_credential(kept)
        kept = self._store.with_secrets(kept)
        if kept.is_refreshable and self._may_refresh:
            kept = feature("sign_in.oauth_sign_in").in_time(self._env, self._settings, self._store, kept)
        self.used = kept
        text = kept.secrets.get("credential")
        if text is None:
            return None
        self.given[scheme.name] = kept.sign_in or text.reveal()
        if kept.cookie:
            self._cookies.append(kept)
        return Held(text.reveal(), "the stored credential", bool(kept.cookie))

    def _kept(self, scheme: SecurityScheme) -> StoredCredential | None:
        """Return the credential of the profile, or else of the API."""
        by_place = {kept.place: kept for kept in self._store.list()}
        profiles = dict.fromkeys((self._profile, ""))
        places = [(self._api, profile, scheme.name) for profile in profiles]
        return next((by_place[place] for place in places if place in by_place), None)

    def renew(self) -> None:
        """Refresh the used credential, although it has not expired.

        Raises:
            DynacliError: Refreshing failed.
        """
        if self.used is not None:
            self.used = feature("sign_in.oauth_sign_in").refreshed(
                self._env, self._settings, self._store, self.used
            )

    @property
    def has_cookies(self) -> bool:
        """True if a cookie was used, which a response may renew."""
        return bool(self._cookies)

    def guard(self, login: Login | None) -> Login | None:
        """Return a login that removes cookies from redirected requests to URLs they are not for.

        Args:
            login: Another login for the same call; None if there is none.
        """
        bound = [kept for kept in self._cookies if kept.cookie["path"] != "/" or kept.cookie["secure"]]
        return _CookieGuard(bound, login) if bound else login

    def take_cookies(self, set_cookies: Iterable[tuple[str, str]]) -> None:
        """Store new values of the used cookies from the responses of the call.

        Args:
            set_cookies: URL and value of each `Set-Cookie` header.

        Raises:
            AuthError: The store is unusable.
        """
        now = time.time()
        read = [read_cookie(url, text, now) for url, text in set_cookies]
        for kept in self._cookies:
            same = [
                cookie
                for cookie in read
                if cookie is not None
                and (cookie.name, cookie.path) == (kept.cookie["name"], kept.cookie["path"])
                and cookie.origin == self._origin
                and cookie.origin in kept.origins
            ]
            if same and not _says_the_same(kept, same[-1]):
                self._store.exchange(kept, _renewed(kept, same[-1], now))

    @property
    def is_renewable(self) -> bool:
        """True if the used credential can be refreshed."""
        return self.used is not None and self.used.is_refreshable


class _CookieGuard:
    """Removes cookies from redirected requests if they are for other paths."""

    def __init__(self, cookies: Sequence[StoredCredential], login: Login | None) -> None:
        self._places, self._login = [kept.cookie for kept in cookies], login

    def signed(self, request: Request) -> Request:
        """Return a request with only the cookies for its URL."""
        names = {
            place["name"]
            for place in self._places
            if not goes_to(request.url, place["path"], is_secure=place["secure"])
        }
        if names:
            headers = []
            for name, value in request.headers:
                pairs = value.split("; ") if name.lower() == "cookie" else [value]
                left = [
                    pair for pair in pairs if name.lower() != "cookie" or pair.partition("=")[0] not in names
                ]
                headers += [(name, "; ".join(left))] if left else []
            request = request._replace(headers=tuple(headers))
        return request if self._login is None else self._login.signed(request)

    def wants_again(self, request: Request, status: int, headers: Iterable[tuple[str, str]]) -> bool:
        """Return whether the request is signed and sent again."""
        return self._login is not None and self._login.wants_again(request, status, headers)


def _says_the_same(kept: StoredCredential, cookie: Cookie) -> bool:
    """Return whether a cookie is unchanged: many servers set the same one with each response."""
    ends = (kept.expires_at, cookie.expires_at)
    is_end_alike = ends[0] == ends[1] or (None not in ends and abs(ends[0] - ends[1]) < _SAME_SECONDS)  # type: ignore[operator]
    return is_end_alike and kept.secrets["credential"].reveal() == cookie.value


def _renewed(kept: StoredCredential, cookie: Cookie, now: float) -> StoredCredential:
    """Return a stored cookie with its new value. A cookie without a value has expired."""
    if not cookie.value or (cookie.expires_at is not None and cookie.expires_at <= now):
        return replace(kept, expires_at=now)
    return replace(
        kept,
        secrets={**kept.secrets, "credential": Secret(cookie.value)},
        expires_at=cookie.expires_at,
        cookie=cookie.place,
    )


def _goes_elsewhere(kept: StoredCredential) -> AuthError:
    secure = " over `https`" if kept.cookie["secure"] else ""
    return AuthError(
        f"The stored cookie for `{visible(kept.scheme, keep='')}` is not for this URL",
        reason=f"Its server limits it to the path `{visible(kept.cookie['path'], keep='')}`{secure}",
        hint="Call an operation below that path, or sign in with another operation",
    )


def _lacking(kept: StoredCredential, missing: Sequence[str]) -> AuthError:
    wanted = missing if "--scope" in kept.again else (*(kept.scopes or ()), *missing)
    listed = " and ".join(f"the scope `{visible(scope, keep='')}`" for scope in missing)
    line = kept.sign_in_line(*(word for scope in wanted for word in ("--scope", scope)))
    return AuthError(
        f"The stored token for `{visible(kept.scheme, keep='')}` lacks {listed}",
        reason=f"The operation requires {'it' if len(missing) == 1 else 'them'}",
        hint=f"Sign in again: `{line}`",
    )
