"""The sources of credentials besides environment variables, in their order: the configuration, then the store."""

import time
from collections.abc import Sequence

from dynacli.auth.credential_store import CredentialStore, StoredCredential
from dynacli.auth.credentials import MUTUAL_TLS, Held, Source, kind_of
from dynacli.auth.missing_credential import expired_credential
from dynacli.client.call_settings import CallSettings
from dynacli.environment import Environment
from dynacli.errors import AuthError, RefusedError
from dynacli.openapi.model.operation import SecurityScheme
from dynacli.request.choose_server import parse_origin
from dynacli.text.terminal import visible

__all__ = ["StoredSource", "credential_sources"]


def credential_sources(
    env: Environment, api: str, settings: CallSettings, origin: str, *, may_refresh: bool = True
) -> Sequence[Source]:
    """Return the sources that are asked for what no environment variable has.

    Args:
        api: The name of the API.
        origin: Where the credential would go.
        may_refresh: Whether a token that has ended is refreshed.
    """

    def configured(scheme: SecurityScheme) -> Held | None:
        tables = settings.auth_tables or {}
        table = tables.get(scheme.name)
        if not table and kind_of(scheme) == MUTUAL_TLS:
            # A certificate is shown whatever its table is called: it may be written before there is a document.
            table = next((each for each in tables.values() if "cert" in each), None)
        if not table:
            return None
        from dynacli.auth.references import held_by_reference

        return held_by_reference(scheme, table, env)

    return (configured, StoredSource(env, api, settings, origin, may_refresh=may_refresh))


class StoredSource:
    """What `dynacli auth login` has stored.

    Attributes:
        used: What was found last, with its secrets.
        given: The names of the schemes whose credentials it gave; they are bound to the origin that they go to.
        lacking: Why what is stored does not do, if it lacks scopes.
    """

    def __init__(
        self, env: Environment, api: str, settings: CallSettings, origin: str, *, may_refresh: bool
    ) -> None:
        self.used: StoredCredential | None = None
        self.given: set[str] = set()
        self.lacking: AuthError | None = None
        self._api, self._profile, self._origin = api, settings.profile, origin
        self._settings, self._may_refresh = settings, may_refresh
        self._accepted = set(map(parse_origin, settings.accepted_origins))
        self._env, self._store = env, CredentialStore(env)

    def __call__(self, scheme: SecurityScheme) -> Held | None:
        """Return what is stored for a scheme; None also if it lacks scopes.

        Raises:
            AuthError: The store cannot be used, or the credential has expired and cannot be refreshed.
            RefusedError: The credential is bound to other origins.
            DynacliError: The provider that refreshes it cannot be reached.
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
        missing = [] if kept.scopes is None else [each for each in scheme.scopes if each not in kept.scopes]
        if missing and kept.scopes:
            self.lacking = _lacking(kept, missing)
            return None
        if kept.is_over(time.time()) and not kept.is_refreshable:
            raise expired_credential(kept)
        kept = self._store.with_secrets(kept)
        if kept.is_refreshable and self._may_refresh:
            from dynacli.client.credentials.oauth_sign_in import in_time

            kept = in_time(self._env, self._settings, self._store, kept)
        self.used = kept
        text = kept.secrets.get("credential")
        if text is None:
            return None
        self.given.add(scheme.name)
        return Held(text.reveal(), "the stored credential")

    def _kept(self, scheme: SecurityScheme) -> StoredCredential | None:
        """Return the credential of the profile, else that of the API itself."""
        by_place = {kept.place: kept for kept in self._store.list()}
        profiles = dict.fromkeys((self._profile, ""))
        places = [(self._api, profile, scheme.name) for profile in profiles]
        return next((by_place[place] for place in places if place in by_place), None)

    def renew(self) -> None:
        """Refresh what was used, although it has not ended.

        Raises:
            DynacliError: It cannot be refreshed.
        """
        if self.used is not None:
            from dynacli.client.credentials.oauth_sign_in import refreshed

            self.used = refreshed(self._env, self._settings, self._store, self.used)

    @property
    def is_renewable(self) -> bool:
        """Whether what was used can be refreshed."""
        return self.used is not None and self.used.is_refreshable


def _lacking(kept: StoredCredential, missing: Sequence[str]) -> AuthError:
    wanted = missing if "--scope" in kept.again else (*(kept.scopes or ()), *missing)
    listed = " and ".join(f"the scope `{visible(scope, keep='')}`" for scope in missing)
    line = kept.sign_in_line(*(word for scope in wanted for word in ("--scope", scope)))
    return AuthError(
        f"The stored token for `{visible(kept.scheme, keep='')}` lacks {listed}",
        reason="The operation asks for it",
        hint=f"Sign in for it, too: `{line}`",
    )
