"""What children do with the store of credentials: steps of `tests.registry.forked_runs`."""

from pathlib import Path
from typing import Any

import keyring

# Imported before there are children, which take what they need of it.
import dynacli.client.credential_sources
import dynacli.features.sign_in.oauth_sign_in  # noqa: F401
from dynacli.auth.credential_store import CredentialStore, StoredCredential
from dynacli.environment import Environment
from dynacli.errors import AuthError
from dynacli.secrets import Secret
from tests.auth.fake_keyring import Keyring
from tests.registry.forked_runs import run


def _store(directory: str) -> CredentialStore:
    keyring.set_keyring(Keyring(Path(directory, "keyring.json")))
    return CredentialStore(Environment(variables={"DYNACLI_STATE_DIR": directory}))


def call(directory: str, *words: str) -> list[Any]:
    """Run the program with the keyring of a directory."""
    keyring.set_keyring(Keyring(Path(directory, "keyring.json")))
    return run(*words)


def put(directory: str, where: str, api: str, token: str) -> None:
    """Store a token for an API."""
    secrets = {"credential": Secret(token)}
    credential = StoredCredential(api, "", "auth", "bearer", where, ("http://127.0.0.1",), secrets)
    _store(directory).put(credential)


def logout(directory: str, api: str) -> None:
    """Forget what is stored for an API."""
    _store(directory).remove_api(api)


def stored(directory: str) -> tuple[dict[str, str], int]:
    """Return API → token of what is stored, and how many secrets are in the keyring."""
    store = _store(directory)
    found = {}
    for kept in store.list():
        try:
            found[kept.api] = store.with_secrets(kept).secrets["credential"].reveal()
        except AuthError as error:
            found[kept.api] = error.message
    path = Path(directory, "keyring.json")
    return found, len(Keyring(path).kept)
