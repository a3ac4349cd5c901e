"""A credential that is kept between runs, and its form in the store."""

from shlex import quote
from typing import Any

from dynacli.auth.secret import Secret
from dynacli.environment import invocation_words
from dynacli.record import record
from dynacli.text.terminal import visible

__all__ = ["FILE", "KEYRING", "LAST_MOMENT", "Keeping", "Place", "StoredCredential", "from_json"]

FILE, KEYRING = "file", "keyring"
"""The stores."""

_MARGIN = 30.0
"""Seconds before its end at which a token is refreshed, since a call takes some time to arrive."""

LAST_MOMENT = 253_402_300_799
"""The end of the year 9999 in seconds since the epoch, after which there are no dates."""

_CLOCK_SKEW = 300.0
"""Seconds by which the clocks of machines that share a store may differ."""

Place = tuple[str, str, str]
"""(API, profile, scheme): what a credential is for; the profile is empty where the API itself is meant."""


@record
class Keeping:
    """How a credential is kept.

    Args:
        profile: The name of the profile; empty for calls without one.
        store: `file` or `keyring`.
        origins: Where it may be sent.
        again: The options of `auth login` that sign in in the same way.
    """

    profile: str
    store: str
    origins: tuple[str, ...]
    again: tuple[str, ...] = ()


@record
class StoredCredential:
    """A credential that is kept between runs.

    Args:
        api: The API's name, or the source of its document where it is not registered.
        profile: The name of the profile; empty for calls without one.
        scheme: The security scheme, as the document names it.
        kind: `bearer`, `basic`, `apiKey`, `digest`, `oauth2` or `openIdConnect`.
        store: `file` or `keyring`.
        origins: Where it may be sent.
        secrets: Its secrets by name: `credential`, which is `USERNAME:PASSWORD` for `basic` and `digest`, and for a
            token that can be refreshed `refresh_token` and perhaps `client_secret`. Empty until they are read.
        expires_at: When it ends, in seconds since the epoch; None where nobody knows.
        stored_at: When it was stored, in seconds since the epoch; None where nobody knows.
        scopes: The scopes that it was given, where the server says so.
        refresh: How it is refreshed, without secrets; empty where it cannot be.
        keyring_id: The name of its secrets in the keyring.
        keyring_parts: How many pieces they are kept in there.
        again: As of `Keeping`.
    """

    api: str
    profile: str
    scheme: str
    kind: str
    store: str
    origins: tuple[str, ...]
    secrets: dict[str, Secret] = {}  # noqa: RUF012 - a record has no defaults that change
    expires_at: float | None = None
    stored_at: float | None = None
    scopes: tuple[str, ...] | None = None
    refresh: dict[str, Any] = {}  # noqa: RUF012 - as above
    keyring_id: str = ""
    keyring_parts: int = 0
    again: tuple[str, ...] = ()

    @property
    def place(self) -> Place:
        """What the credential is for."""
        return self.api, self.profile, self.scheme

    def is_over(self, now: float) -> bool:
        """Return whether the credential has ended.

        Args:
            now: In seconds since the epoch.
        """
        return self.expires_at is not None and self.expires_at <= now

    def is_due(self, now: float) -> bool:
        """Return whether the credential has to be refreshed before it is used; one that cannot be is due at its end.

        What was stored by a clock that was ahead of this one is due, since nobody knows when it ends.

        Args:
            now: In seconds since the epoch.
        """
        early = self.refresh.get("early")
        margin = max(_MARGIN, early if isinstance(early, int | float) else 0.0) if self.refresh else 0.0
        is_of_future = self.stored_at is not None and self.stored_at > now + _CLOCK_SKEW
        return self.is_over(now + margin) or (self.is_refreshable and is_of_future)

    @property
    def is_refreshable(self) -> bool:
        """Whether a new one can be had without asking the person."""
        return bool(self.refresh)

    def sign_in_line(self, *more: str) -> str:
        """Return the command line that signs in again.

        Args:
            more: Further words of it.
        """
        words = (
            visible(word, keep="") for word in (*invocation_words("auth login", self.api), *self.again, *more)
        )
        return " ".join(map(quote, words))

    def as_json(self, *, has_secrets: bool) -> dict[str, Any]:
        """Return the form in the store."""
        form: dict[str, Any] = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in self.__dict__.items()
            if name != "secrets"
        }
        if has_secrets:
            form["secrets"] = {name: secret.reveal() for name, secret in self.secrets.items()}
        return form


def from_json(form: Any) -> StoredCredential:
    """Return a credential for its form in the store.

    Raises:
        ValueError: It is no such form.
    """
    texts = ("api", "profile", "scheme", "kind", "store")
    if not isinstance(form, dict) or not all(isinstance(form.get(key), str) for key in texts):
        raise ValueError("a credential has no name")
    expires_at, stored_at = form.get("expires_at"), form.get("stored_at")
    scopes, refresh = form.get("scopes"), form.get("refresh") or {}
    parts, secrets = form.get("keyring_parts", 0), form.get("secrets", {})
    again = form.get("again", [])
    is_sound = (
        _are_texts(form.get("origins"))
        and (scopes is None or _are_texts(scopes))
        and _are_texts(again)
        and all(map(_is_moment, (expires_at, stored_at)))
        and isinstance(refresh, dict)
        and isinstance(parts, int)
        and isinstance(secrets, dict)
        and _are_texts(list(secrets.values()))
    )
    if not is_sound:
        raise ValueError("a credential has a value of the wrong type")
    return StoredCredential(
        form["api"],
        form["profile"],
        form["scheme"],
        form["kind"],
        form["store"],
        tuple(form["origins"]),
        {name: Secret(text) for name, text in secrets.items()},
        expires_at,
        stored_at,
        None if scopes is None else tuple(scopes),
        refresh,
        str(form.get("keyring_id", "")),
        parts,
        tuple(again),
    )


def _is_moment(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and 0 <= value <= LAST_MOMENT)


def _are_texts(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)
