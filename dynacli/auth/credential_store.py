"""The credential store: a file that lists the credentials, with their secrets in the system's keyring or in the file.

The file is replaced in one step, and decides which credentials exist. New secrets are written to the keyring under a
new name, then the file is replaced, then the old secrets are removed. If a process dies in between, the old credential
is still complete, and the file lists the leftover names.

Secrets are split into pieces that every keyring accepts: Windows stores at most 2,560 bytes, two for each character
(`CRED_MAX_CREDENTIAL_BLOB_SIZE`). A locked keyring may wait for its owner forever
(https://github.com/jaraco/keyring/issues/477), so dynacli sets a time limit.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from shlex import quote
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

from dynacli.auth.credentials import store_path
from dynacli.environment import Environment, invocation, invocation_words, program
from dynacli.errors import AuthError, DynacliError
from dynacli.files import LOCK_SECONDS, hold_lock, locked, make_directory, regular_file, sweep, write_file
from dynacli.record import record, replace
from dynacli.secrets import Secret
from dynacli.text.terminal import visible

FILE, KEYRING = "file", "keyring"
"""The two stores for secrets."""

_MARGIN = 30.0
"""Time in seconds before its expiry at which a token is refreshed, because a call takes time to arrive."""

LAST_MOMENT = 253_402_300_799
"""The end of the year 9999, the last year of Python's dates, in seconds since 1970."""

_CLOCK_SKEW = 300.0
"""Allowed difference in seconds between the clocks of machines that share a store."""

StorePlace = tuple[str, str, str]
"""(API, profile, scheme), which identify a credential; the profile is empty for calls without one."""
_VERSION = 1
_KEYRING_SECONDS = 5.0
"""Time limit for the keyring."""
_PIECE = 1200
"""Maximum number of characters of a secret in one entry of the keyring."""


_was_read: WeakKeyDictionary[Environment, dict[str, dict[str, Secret]]] = WeakKeyDictionary()
"""Environment → name in the keyring → its secrets. Names are never reused, so other processes cannot change them."""
_reading = threading.Lock()
_T = TypeVar("_T")


@record
class Keeping:
    """The settings for storing a credential.

    Args:
        profile: Name of the profile; empty for calls without one.
        store: `file` or `keyring`.
        origins: The origins to which the credential may be sent.
        again: The options of `auth login` to sign in again in the same way.
    """

    profile: str
    store: str
    origins: tuple[str, ...]
    again: tuple[str, ...] = ()


@record
class StoredCredential:
    """A credential in the store.

    Args:
        api: Name of the API, or the source of its document if it is not registered.
        profile: Name of the profile; empty for calls without one.
        scheme: Name of the security scheme in the document.
        kind: `bearer`, `basic`, `apiKey`, `digest`, `oauth2` or `openIdConnect`.
        store: `file` or `keyring`.
        origins: The origins to which the credential may be sent.
        secrets: The secrets by name; empty until they are read. `credential` is `USERNAME:PASSWORD` for `basic` and
            `digest`. A refreshable token also has a `refresh_token`, and may have a `client_secret`.
        expires_at: Time of expiry, in seconds since 1970; None if unknown.
        stored_at: Time of storing, in seconds since 1970; None if unknown.
        scopes: The granted scopes; None if the server does not tell them.
        refresh: Settings for refreshing, without secrets; empty if the credential cannot be refreshed.
        keyring_id: Name of the secrets in the keyring.
        keyring_parts: Number of pieces of the secrets in the keyring.
        again: As in `Keeping`.
        cookie: `name`, `path` and `secure` of a cookie; empty for other credentials.
        sign_in: Random name of the sign-in, which stays when the credential is refreshed; empty for older credentials.
    """

    api: str
    profile: str
    scheme: str
    kind: str
    store: str
    origins: tuple[str, ...]
    secrets: dict[str, Secret] = {}  # noqa: RUF012 - records do not change
    expires_at: float | None = None
    stored_at: float | None = None
    scopes: tuple[str, ...] | None = None
    refresh: dict[str, Any] = {}  # noqa: RUF012 - as above
    keyring_id: str = ""
    keyring_parts: int = 0
    again: tuple[str, ...] = ()
    cookie: dict[str, Any] = {}  # noqa: RUF012 - as above
    sign_in: str = ""

    @property
    def place(self) -> StorePlace:
        """The API, profile and scheme of the credential."""
        return self.api, self.profile, self.scheme

    def is_over(self, now: float) -> bool:
        """Return whether the credential has expired.

        Args:
            now: Current time, in seconds since 1970.
        """
        return self.expires_at is not None and self.expires_at <= now

    def is_due(self, now: float) -> bool:
        """Return whether the credential must be refreshed before its next use, or has expired.

        A refreshable credential with a time of storing in the future is due, because its time of expiry is unreliable.

        Args:
            now: Current time, in seconds since 1970.
        """
        early = self.refresh.get("early")
        margin = max(_MARGIN, early if isinstance(early, int | float) else 0.0) if self.refresh else 0.0
        is_of_future = self.stored_at is not None and self.stored_at > now + _CLOCK_SKEW
        return self.is_over(now + margin) or (self.is_refreshable and is_of_future)

    @property
    def is_refreshable(self) -> bool:
        """Whether dynacli can get a new credential without asking the user."""
        return bool(self.refresh)

    def sign_in_line(self, *more: str) -> str:
        """Return the command that signs in again.

        Args:
            more: Further arguments of the command.
        """
        words = (
            visible(word, keep="") for word in (*invocation_words("auth login", self.api), *self.again, *more)
        )
        return " ".join(map(quote, words))

    def as_json(self, *, has_secrets: bool) -> dict[str, Any]:
        """Return the credential as JSON for the store."""
        form: dict[str, Any] = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in self.__dict__.items()
            if name != "secrets"
        }
        if has_secrets:
            form["secrets"] = {name: secret.reveal() for name, secret in self.secrets.items()}
        return form


def _from_json(form: Any) -> StoredCredential:
    """Return a credential from its JSON in the store.

    Raises:
        ValueError: The JSON is not a credential.
    """
    texts = ("api", "profile", "scheme", "kind", "store")
    if not isinstance(form, dict) or not all(isinstance(form.get(key), str) for key in texts):
        raise ValueError("a credential has no name")
    expires_at, stored_at = form.get("expires_at"), form.get("stored_at")
    scopes, refresh = form.get("scopes"), form.get("refresh") or {}
    parts, secrets = form.get("keyring_parts", 0), form.get("secrets", {})
    again, cookie = form.get("again", []), form.get("cookie") or {}
    is_sound = (
        _are_texts(form.get("origins"))
        and (scopes is None or _are_texts(scopes))
        and _are_texts(again)
        and all(map(_is_moment, (expires_at, stored_at)))
        and isinstance(refresh, dict)
        and (cookie == {} or _is_place_of_cookie(cookie))
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
        cookie,
        str(form.get("sign_in", "")),
    )


def _is_place_of_cookie(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("name"), str)
        and isinstance(value.get("path"), str)
        and isinstance(value.get("secure"), bool)
    )


def _is_moment(value: Any) -> bool:
    return value is None or (isinstance(value, int | float) and 0 <= value <= LAST_MOMENT)


def _are_texts(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


@record
class _Content:
    """The content of the file.

    Args:
        credentials: The credentials.
        leftovers: (name, number of pieces) of secrets in the keyring that must be removed.
    """

    credentials: tuple[StoredCredential, ...] = ()
    leftovers: tuple[tuple[str, int], ...] = ()


class CredentialStore:
    """The credentials of one user, which several processes may use at the same time.

    Raises:
        AuthError: The store or the keyring cannot be used; every method may raise it.
    """

    def __init__(self, env: Environment) -> None:
        self.path = store_path(env)
        self._known = _was_read.setdefault(env, {})

    def list(self) -> tuple[StoredCredential, ...]:
        """Return all credentials in the order in which they were stored first, without secrets of the keyring."""
        return self._read().credentials

    @property
    def has_leftovers(self) -> bool:
        """Whether the keyring still has secrets of removed credentials, for example because it was locked."""
        return bool(self._read().leftovers)

    def find(self, place: StorePlace) -> StoredCredential | None:
        """Return a credential with its secrets; None if there is none."""
        found = next((kept for kept in self.list() if kept.place == place), None)
        return found and self.with_secrets(found)

    def with_secrets(self, credential: StoredCredential) -> StoredCredential:
        """Return a listed credential with its secrets, or the credential that has replaced it since."""
        if credential.store != KEYRING:
            return credential
        # Of many parallel calls, only one at a time waits for a locked keyring.
        with _reading:
            secrets = self._known.get(credential.keyring_id) or self._in_keyring(credential)
            if secrets is not None:
                self._known[credential.keyring_id] = secrets
                return replace(credential, secrets=secrets)
        now = next((kept for kept in self.list() if kept.place == credential.place), None)
        # The origins must be the same, because a caller may have checked them.
        if now and now.keyring_id != credential.keyring_id and now.origins == credential.origins:
            return self.with_secrets(now)
        raise AuthError(
            f"The keyring no longer has the credential of `{credential.api}` for `{credential.scheme}`",
            hint=f"Sign in again: `{credential.sign_in_line()}`",
        )

    @staticmethod
    def _in_keyring(credential: StoredCredential) -> dict[str, Secret] | None:
        """Return the secrets of a credential; None if the keyring does not have them."""
        text = _read_value(credential.keyring_id, credential.keyring_parts)
        try:
            return {str(key): Secret(str(value)) for key, value in json.loads(text or "").items()}
        except (ValueError, AttributeError):
            return None

    def put(self, credential: StoredCredential) -> None:
        """Store a credential and replace an earlier one, which stays until the new one is complete."""
        with self._changing():
            self._put(self._read(), credential)

    def exchange(self, old: StoredCredential, new: StoredCredential) -> bool:
        """Replace a credential, and return whether the old one was still stored.

        If the user has signed in or out since, nothing is stored. If the API was renamed, the new credential gets the
        new name.

        Args:
            old: The credential as it was read, with its secrets.
            new: The new credential.
        """
        with self._changing():
            content = self._read()
            stored = next(
                (credential for credential in content.credentials if _is_same(credential, old)), None
            )
            if stored is None:
                return False
            self._put(content, replace(new, api=stored.api))
            return True

    def _put(self, content: _Content, credential: StoredCredential) -> None:
        credential = replace(credential, stored_at=time.time())
        if credential.store == KEYRING:
            credential, content = self._into_keyring(credential, content)
        by_place = {kept.place: kept for kept in content.credentials}
        dropped = [by_place[credential.place]] if credential.place in by_place else []
        by_place[credential.place] = credential
        leftovers = (*content.leftovers, *self._names(dropped))
        self._write(tuple(by_place.values()), leftovers, keep=credential.keyring_id)
        if credential.keyring_id:
            self._known[credential.keyring_id] = credential.secrets

    def check_writable(self) -> None:
        """Check that a credential can be stored, before an old one is exchanged for it."""
        with self._changing():
            self._write_file(self._read())

    def remove(self, places: Collection[StorePlace]) -> None:
        """Remove credentials."""
        self._change(lambda kept: None if kept.place in places else kept)

    def remove_api(self, api: str) -> None:
        """Remove all credentials of an API."""
        self._change(lambda kept: None if kept.api == api else kept)

    def rename_api(self, old: str, new: str) -> None:
        """Move the credentials of an API to its new name."""
        self._change(lambda kept: replace(kept, api=new) if kept.api == old else kept)

    def _change(self, changed: Callable[[StoredCredential], StoredCredential | None]) -> None:
        """Change all credentials.

        Args:
            changed: Returns the new credential for an old one; None to remove it.
        """
        if not os.path.exists(self.path):
            return
        with self._changing():
            content = self._read()
            after = [changed(kept) for kept in content.credentials]
            dropped = [kept for kept, new in zip(content.credentials, after, strict=True) if new is None]
            kept = tuple(new for new in after if new is not None)
            if kept != content.credentials:
                self._write(kept, (*content.leftovers, *self._names(dropped)))

    @contextmanager
    def refreshing(self, place: StorePlace) -> Iterator[None]:
        """Prevent other processes from refreshing a credential during the block."""
        from hashlib import sha256

        name = sha256("\0".join(place).encode("utf-8", "surrogateescape")).hexdigest()[:16]
        try:
            with hold_lock(
                os.path.join(os.path.dirname(self.path), f"{name}.lock"), 3 * LOCK_SECONDS
            ) as is_alone:
                if not is_alone:
                    raise AuthError(
                        f"Another {program().name} has been refreshing the credential for `{place[2]}` for too long",
                        hint="Wait for it or end it, then try again",
                    )
                yield
        except OSError as error:
            raise self._unusable(error.strerror or "", "written") from error

    def _into_keyring(
        self, credential: StoredCredential, content: _Content
    ) -> tuple[StoredCredential, _Content]:
        from secrets import (
            token_hex,
        )  # it imports `hashlib` and `random`, which reading the store does not need

        name = token_hex(8)
        text = json.dumps({key: secret.reveal() for key, secret in credential.secrets.items()})
        # The file names the secrets before they exist, so that they are found if this process dies.
        most = len(text) // 1000 + 1
        content = replace(content, leftovers=(*content.leftovers, (name, most)))
        self._write_file(content)
        parts = _write_value(name, text)
        content = replace(content, leftovers=tuple(left for left in content.leftovers if left[0] != name))
        return replace(credential, keyring_id=name, keyring_parts=parts), content

    @staticmethod
    def _names(credentials: Iterable[StoredCredential]) -> tuple[tuple[str, int], ...]:
        return tuple(
            (credential.keyring_id, credential.keyring_parts)
            for credential in credentials
            if credential.keyring_id
        )

    def _write(
        self,
        credentials: tuple[StoredCredential, ...],
        leftovers: tuple[tuple[str, int], ...],
        keep: str = "",
    ) -> None:
        leftovers = tuple(dict.fromkeys(left for left in leftovers if left[0] != keep))
        self._write_file(_Content(credentials, leftovers))
        if not leftovers:
            return

        # Secrets that cannot be removed now are removed after the next change.
        with suppress(AuthError):
            for name, parts in leftovers:
                _delete_value(name, parts)
            self._write_file(_Content(credentials))

    @contextmanager
    def _changing(self) -> Iterator[None]:
        directory = os.path.dirname(self.path)
        try:
            make_directory(directory)
            with locked(directory, "changing the stored credentials"):
                sweep(directory)  # an unfinished file of a killed process holds secrets
                yield
        except OSError as error:
            raise self._unusable(error.strerror or "", "written") from error
        except AuthError:
            raise
        except DynacliError as error:
            raise AuthError(error.message, reason=error.reason, hint=error.hint) from error

    def _read(self) -> _Content:
        try:
            with open(self.path, "rb", opener=regular_file) as file:
                raw = json.load(file)
            if raw["version"] > _VERSION:
                raise self._unusable(f"a newer {program().name} has written it", "read", hint="Use that one")
            return _Content(
                tuple(map(_from_json, raw["credentials"])),
                tuple((str(name), int(parts)) for name, parts in raw.get("leftovers", [])),
            )
        except FileNotFoundError:
            return _Content()
        except OSError as error:
            raise self._unusable(error.strerror or "", "read") from error
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            hint = f"Remove it with `rm {quote(self.path)}`, and sign in again"
            raise self._unusable("it is damaged", "read", hint=hint) from error

    def _write_file(self, content: _Content) -> None:
        form: dict[str, Any] = {
            "version": _VERSION,
            "credentials": [
                credential.as_json(has_secrets=credential.store != KEYRING)
                for credential in content.credentials
            ],
        }
        if content.leftovers:
            form["leftovers"] = [list(left) for left in content.leftovers]
        write_file(self.path, json.dumps(form, indent=1).encode())

    def _unusable(self, reason: str, doing: str, hint: str = "") -> AuthError:
        return AuthError(
            f"The stored credentials in `{self.path}` cannot be {doing}", reason=reason, hint=hint
        )


def _is_same(stored: StoredCredential, read: StoredCredential) -> bool:
    """Return whether a stored credential is the same as one read earlier, even if its API was renamed."""
    forms = [replace(item, api="").as_json(has_secrets=item.store != KEYRING) for item in (stored, read)]
    return forms[0] == forms[1]


def has_keyring() -> bool:
    """Return whether this system has a keyring that can store secrets."""
    import keyring

    def find() -> bool:
        # The backends `fail` and `null` have the priorities 0 and -1, and store nothing.
        return float(keyring.get_keyring().priority) > 0

    return _within_time(find, "looked for")


def _write_value(name: str, value: str) -> int:
    """Store a value under a new name, and return the number of its pieces.

    Raises:
        AuthError: The keyring refuses the value, or is locked.
    """
    import keyring

    pieces = [value[start : start + _PIECE] for start in range(0, len(value), _PIECE)] or [""]
    for number, piece in enumerate(pieces):
        _within_time(partial(keyring.set_password, program().name, f"{name}/{number}", piece), "written to")
    return len(pieces)


def _read_value(name: str, parts: int) -> str | None:
    """Return a value; None if the keyring has lost it.

    Raises:
        AuthError: The keyring cannot be read, or is locked.
    """
    import keyring

    pieces = []
    for number in range(parts):
        piece = _within_time(partial(keyring.get_password, program().name, f"{name}/{number}"), "read")
        if piece is None:
            return None
        pieces.append(piece)
    return "".join(pieces)


def read_password(service: str, user: str) -> str | None:
    """Return a password that the user or another program has stored in the keyring; None if there is none.

    Raises:
        AuthError: The keyring cannot be read, or is locked.
    """
    import keyring

    return _within_time(partial(keyring.get_password, service, user), "read")


def _delete_value(name: str, parts: int) -> None:
    """Remove a value, if it exists.

    Raises:
        AuthError: The keyring cannot be changed, or is locked.
    """
    import keyring
    from keyring.errors import PasswordDeleteError

    def delete(number: int) -> None:
        with suppress(PasswordDeleteError):
            keyring.delete_password(program().name, f"{name}/{number}")

    for number in range(parts):
        _within_time(partial(delete, number), "written to")


def _within_time(act: Callable[[], _T], doing: str) -> _T:
    """Return the result of a function of the keyring.

    Raises:
        AuthError: The function fails, or takes too long.
    """
    outcome: list[Any] = []

    def run() -> None:
        try:
            outcome.extend([act(), None])
        except Exception as error:  # noqa: BLE001 - each backend raises its own, and any means the same here
            outcome.extend([None, error])

    # A daemon thread, so that the process can end while the keyring is still waiting.
    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(_KEYRING_SECONDS)
    if not outcome:
        raise AuthError(
            f"The system's keyring could not be {doing} within {_KEYRING_SECONDS:.0f} s",
            reason="It may be locked",
            hint=f"Unlock it, or keep credentials in a file: `{invocation('auth login', 'API')} --store file`",
        )
    value, error = outcome
    if error is not None:
        # The text of the error may quote the value.
        raise AuthError(
            f"The system's keyring could not be {doing}",
            reason=f"It says {type(error).__name__}",
            hint=f"Unlock it, or keep credentials in a file: `{invocation('auth login', 'API')} --store file`",
        ) from None
    return cast("_T", value)
