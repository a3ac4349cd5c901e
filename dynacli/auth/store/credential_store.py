"""The store of credentials: a file that lists them, with the secrets of those that are not in the system's keyring.

The file is replaced in one step, and what it says counts: secrets are in the keyring under a new name before the file
names them, and those that no credential names any more are removed after that. A process that dies in between leaves
the old credential whole, and the names of what is left over in the file.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any
from weakref import WeakKeyDictionary

from dynacli.auth.credentials import store_path
from dynacli.auth.secret import Secret
from dynacli.auth.store.stored_credential import KEYRING, Place, StoredCredential, from_json
from dynacli.environment import Environment, program
from dynacli.errors import AuthError, DynacliError
from dynacli.files import LOCK_SECONDS, hold_lock, locked, make_directory, sweep, write_file
from dynacli.record import record, replace
from dynacli.regular_files import regular_file

__all__ = ["CredentialStore"]

_VERSION = 1

_was_read: WeakKeyDictionary[Environment, dict[str, dict[str, Secret]]] = WeakKeyDictionary()
"""Surroundings of a run → name in the keyring → the secrets there. Nothing else is ever written under such a name, so
what another process stores has another one."""
_reading = threading.Lock()


@record
class _Content:
    """What the file says.

    Args:
        credentials: The credentials.
        leftovers: (name, number of pieces) of secrets in the keyring that no credential may have.
    """

    credentials: tuple[StoredCredential, ...] = ()
    leftovers: tuple[tuple[str, int], ...] = ()


class CredentialStore:
    """The credentials of one person, which several processes may use at once.

    Raises:
        AuthError: From any method, when the store or the keyring cannot be used.
    """

    def __init__(self, env: Environment) -> None:
        self.path = store_path(env)
        self._known = _was_read.setdefault(env, {})

    def list(self) -> tuple[StoredCredential, ...]:
        """Return all credentials in the order of their first storing, those in the keyring without secrets."""
        return self._read().credentials

    @property
    def has_leftovers(self) -> bool:
        """Whether the keyring still has secrets that no credential has, as it was locked when they were removed."""
        return bool(self._read().leftovers)

    def find(self, place: Place) -> StoredCredential | None:
        """Return a credential with its secrets; None where there is none."""
        found = next((kept for kept in self.list() if kept.place == place), None)
        return found and self.with_secrets(found)

    def with_secrets(self, credential: StoredCredential) -> StoredCredential:
        """Return a listed credential with its secrets; one that has taken its place since, with its own."""
        if credential.store != KEYRING:
            return credential
        # The calls of a series may be many, and a locked keyring is waited for by one of them at a time.
        with _reading:
            secrets = self._known.get(credential.keyring_id) or self._in_keyring(credential)
            if secrets is not None:
                self._known[credential.keyring_id] = secrets
                return replace(credential, secrets=secrets)
        now = next((kept for kept in self.list() if kept.place == credential.place), None)
        # A caller may have checked where it goes.
        if now and now.keyring_id != credential.keyring_id and now.origins == credential.origins:
            return self.with_secrets(now)
        raise AuthError(
            f"The keyring has lost the credential of `{credential.api}` for `{credential.scheme}`",
            hint=f"Sign in again: `{credential.sign_in_line()}`",
        )

    @staticmethod
    def _in_keyring(credential: StoredCredential) -> dict[str, Secret] | None:
        """Return the secrets of a credential; None where the keyring does not have them."""
        from dynacli.auth.store.keyring_values import read_value

        text = read_value(credential.keyring_id, credential.keyring_parts)
        try:
            return {str(key): Secret(str(value)) for key, value in json.loads(text or "").items()}
        except (ValueError, AttributeError):
            return None

    def put(self, credential: StoredCredential) -> None:
        """Keep a credential in the place of an earlier one, which stays until this one is stored whole."""
        with self._changing():
            self._put(self._read(), credential)

    def exchange(self, old: StoredCredential, new: StoredCredential) -> bool:
        """Keep a credential instead of one that was read, and return whether that was still there.

        It is not if a person has signed out or in since. One whose API was renamed is: the new one gets that name.

        Args:
            old: As it was read, with its secrets.
        """
        with self._changing():
            content = self._read()
            stored = next((each for each in content.credentials if _is_same(each, old)), None)
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
        """Check that a credential can be stored, before an old one is given away for it."""
        with self._changing():
            self._write_file(self._read())

    def remove(self, places: Collection[Place]) -> None:
        """Forget credentials."""
        self._change(lambda kept: None if kept.place in places else kept)

    def remove_api(self, api: str) -> None:
        """Forget all credentials of an API."""
        self._change(lambda kept: None if kept.api == api else kept)

    def rename_api(self, old: str, new: str) -> None:
        """Let the credentials of an API follow its new name."""
        self._change(lambda kept: replace(kept, api=new) if kept.api == old else kept)

    def _change(self, changed: Callable[[StoredCredential], StoredCredential | None]) -> None:
        """Put other credentials in the place of those that there are.

        Args:
            changed: Returns what a credential becomes; None for one that is forgotten.
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
    def refreshing(self, place: Place) -> Iterator[None]:
        """Keep other processes from refreshing a credential for as long as the block lasts."""
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
        )  # it brings `hashlib` and `random` along, which a look into the store does without

        from dynacli.auth.store.keyring_values import write_value

        name = token_hex(8)
        text = json.dumps({key: secret.reveal() for key, secret in credential.secrets.items()})
        # Named before they are there, so that they are found again should this process die now.
        most = len(text) // 1000 + 1
        content = replace(content, leftovers=(*content.leftovers, (name, most)))
        self._write_file(content)
        parts = write_value(name, text)
        content = replace(content, leftovers=tuple(left for left in content.leftovers if left[0] != name))
        return replace(credential, keyring_id=name, keyring_parts=parts), content

    @staticmethod
    def _names(credentials: Iterable[StoredCredential]) -> tuple[tuple[str, int], ...]:
        return tuple((each.keyring_id, each.keyring_parts) for each in credentials if each.keyring_id)

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
        from dynacli.auth.store.keyring_values import delete_value

        # What cannot be removed now is removed after the next change.
        with suppress(AuthError):
            for name, parts in leftovers:
                delete_value(name, parts)
            self._write_file(_Content(credentials))

    @contextmanager
    def _changing(self) -> Iterator[None]:
        directory = os.path.dirname(self.path)
        try:
            make_directory(directory)
            with locked(directory, "changing the stored credentials"):
                sweep(directory)  # what a process that was killed has written holds secrets
                yield
        except OSError as error:
            raise self._unusable(error.strerror or "", "written") from error
        except AuthError:
            raise
        except DynacliError as error:
            raise AuthError(error.message, why=error.why, hint=error.hint) from error

    def _read(self) -> _Content:
        try:
            with open(self.path, "rb", opener=regular_file) as file:
                raw = json.load(file)
            if raw["version"] > _VERSION:
                raise self._unusable(f"a newer {program().name} has written it", "read", hint="Use that one")
            return _Content(
                tuple(map(from_json, raw["credentials"])),
                tuple((str(name), int(parts)) for name, parts in raw.get("leftovers", [])),
            )
        except FileNotFoundError:
            return _Content()
        except OSError as error:
            raise self._unusable(error.strerror or "", "read") from error
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            from shlex import quote

            hint = f"Remove it with `rm {quote(self.path)}`, and sign in again"
            raise self._unusable("it is damaged", "read", hint=hint) from error

    def _write_file(self, content: _Content) -> None:
        form: dict[str, Any] = {
            "version": _VERSION,
            "credentials": [each.as_json(has_secrets=each.store != KEYRING) for each in content.credentials],
        }
        if content.leftovers:
            form["leftovers"] = [list(left) for left in content.leftovers]
        write_file(self.path, json.dumps(form, indent=1).encode())

    def _unusable(self, why: str, doing: str, hint: str = "") -> AuthError:
        return AuthError(f"The stored credentials in `{self.path}` cannot be {doing}", why=why, hint=hint)


def _is_same(stored: StoredCredential, read: StoredCredential) -> bool:
    """Return whether a stored credential is one that was read before; its API may have another name since."""
    forms = [replace(each, api="").as_json(has_secrets=each.store != KEYRING) for each in (stored, read)]
    return forms[0] == forms[1]
