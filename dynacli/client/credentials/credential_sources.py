"""The sources of credentials besides environment variables, in their order: the configuration, then the store."""

from collections.abc import Sequence
from time import time

from dynacli.auth.credentials import Held, Source
from dynacli.auth.store.credential_store import CredentialStore
from dynacli.auth.store.stored_credential import StoredCredential
from dynacli.client.call_settings import CallSettings
from dynacli.environment import Environment
from dynacli.errors import AuthError, RefusedError
from dynacli.library.opened_api import OpenedApi
from dynacli.model.operation import SecurityScheme
from dynacli.request.choose_server import parse_origin

__all__ = ["credential_sources"]


def credential_sources(
    env: Environment, api: OpenedApi, settings: CallSettings, origin: str
) -> Sequence[Source]:
    """Return the sources that are asked for what no environment variable has.

    Args:
        origin: Where the credential would go.
    """

    def configured(scheme: SecurityScheme) -> Held | None:
        table = (settings.auth_tables or {}).get(scheme.name)
        if not table:
            return None
        from dynacli.auth.references import held_by_reference

        return held_by_reference(scheme, table, env)

    return (configured, _Stored(env, api, settings, origin).find)


class _Stored:
    """What `dynacli auth login` has stored."""

    def __init__(self, env: Environment, api: OpenedApi, settings: CallSettings, origin: str) -> None:
        self._api, self._profile, self._origin = api, settings.profile, origin
        self._accepted = set(map(parse_origin, settings.accepted_origins))
        self._store = CredentialStore(env)

    def find(self, scheme: SecurityScheme) -> Held | None:
        """Return what is stored for a scheme.

        Raises:
            AuthError: The store cannot be used, or the credential has expired.
            RefusedError: The credential is bound to other origins.
        """
        kept = self._kept(scheme)
        if kept is None:
            return None
        if self._origin not in {*kept.origins, *self._accepted}:
            raise RefusedError(
                f"The stored credential for `{scheme.name}` is not sent to `{self._origin}`",
                why=f"It was stored for {', '.join(f'`{origin}`' for origin in kept.origins)}",
                hint=f"If you trust it: `--accept-origin {self._origin}`",
                origin=self._origin,
            )
        if kept.expires_at is not None and kept.expires_at <= time():
            raise AuthError(
                f"The stored credential for `{scheme.name}` has expired",
                hint=f"Sign in again: `dynacli auth login {self._api.name}`",
            )
        text = self._store.with_secrets(kept).secrets.get("credential")
        return Held(text.reveal(), "the stored credential") if text is not None else None

    def _kept(self, scheme: SecurityScheme) -> StoredCredential | None:
        """Return the credential of the profile, else that of the API itself."""
        by_place = {kept.place: kept for kept in self._store.list()}
        profiles = dict.fromkeys((self._profile, ""))
        places = [(self._api.name, profile, scheme.name) for profile in profiles]
        return next((by_place[place] for place in places if place in by_place), None)
