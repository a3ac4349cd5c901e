"""Whether you are signed in to an API, and whether an operation has its credential.

No secret is read, because a keyring could ask for a password, and a command could be slow.
"""

from collections.abc import Mapping, Sequence
from time import time
from typing import Any, NamedTuple

from dynacli.auth.credential_store import CredentialStore, StoredCredential
from dynacli.auth.credentials import MUTUAL_TLS, WITH_PASSWORD, Alternative, kind_of, variables_of
from dynacli.auth.missing_credential import needed_variables, set_variables
from dynacli.client.credentials.chosen_security import NEVER
from dynacli.client.profiles import signing_of
from dynacli.environment import Environment, invocation
from dynacli.errors import AuthError
from dynacli.openapi.model.operation import Operation, SecurityScheme
from dynacli.registry.configuration import DEMO, profiles_in
from dynacli.registry.opened_api import OpenedApi


class SignedIn(NamedTuple):
    """The way in which the user is signed in.

    Args:
        words: Source of the credential, to follow the word `by`; empty if there is none.
        origins: Origins to which stored credentials go; None if they go to all accepted origins.
        expired: Scheme of an expired stored credential; empty if there is none.
    """

    words: str = ""
    origins: frozenset[str] | None = None
    expired: str = ""


def signed_in(
    env: Environment, api: OpenedApi, profile: str, alternatives: Sequence[Alternative]
) -> SignedIn:
    """Return how the user is signed in, by the first complete alternative.

    Args:
        profile: Name of the profile; empty for none.
        alternatives: Alternatives of security schemes in the document.
    """
    chosen = profiles_in(api.entry).get(profile, {})
    tables = signing_of(api.entry.get("auth"), chosen.get("auth"))["auth_tables"]
    try:
        stored = {
            (stored.profile, stored.scheme): stored
            for stored in CredentialStore(env).list()
            if stored.api == api.name
        }
    except AuthError:  # help works even if the store is damaged
        stored = {}
    expired = ""
    for alternative in alternatives:
        sources = [_source_of_credential(scheme, tables, stored, profile) for scheme in alternative]
        if not sources or None in sources:
            continue
        kept = [stored for stored in sources if isinstance(stored, StoredCredential)]
        old = [stored for stored in kept if not stored.is_refreshable and stored.is_over(time())]
        if old:
            expired = expired or old[0].scheme
            continue
        words = ["the configuration"] if len(kept) < len(sources) else []
        words += ["the stored credential" if len(kept) == 1 else "stored credentials"] if kept else []
        origins = frozenset.intersection(*(frozenset(stored.origins) for stored in kept)) if kept else None
        return SignedIn(" and ".join(words), origins)
    return SignedIn(expired=expired)


def _source_of_credential(
    scheme: SecurityScheme,
    tables: Mapping[str, Mapping[str, Any]],
    stored: Mapping[tuple[str, str], StoredCredential],
    profile: str,
) -> StoredCredential | bool | None:
    """Return the stored credential of a scheme; True if the configuration has one, else None."""
    table, kind = tables.get(scheme.name, {}), kind_of(scheme)
    keys = ("username", "password") if kind in WITH_PASSWORD else ("key",) if kind == "apiKey" else ("token",)
    if any(key in table for key in ("sign", *(("cert",) if kind == MUTUAL_TLS else keys))):
        return True
    return stored.get((profile, scheme.name)) or stored.get(("", scheme.name))


def is_never_signed(api: OpenedApi, profile: str) -> bool:
    """Return whether the configuration turns credentials off for all calls."""
    profiles = profiles_in(api.entry)
    return bool(signing_of(api.entry.get("auth"), profiles.get(profile, {}).get("auth"))["signs"] == NEVER)


def credential_state(
    env: Environment, api: OpenedApi, operation: Operation, profile: str = ""
) -> dict[str, Any] | None:
    """Return `{"scheme", "state", "hint"}` for the credential of a call; None if it needs none.

    The state is `present`, `missing` or `expired`. Names of schemes that are used together are joined. The hint is a
    command that signs in; None if the credential is present, or only a header can help.

    Args:
        profile: Name of the profile; empty for none.

    Raises:
        FileError: The configuration cannot be read.
    """
    if not operation.security or not all(operation.security) or is_never_signed(api, profile):
        return None
    variables = variables_of(env, api.prefix)
    states = {}
    for alternative in operation.security:
        name = " with ".join(scheme.name for scheme in alternative)
        # Each command that runs the demo API sets its key.
        if set_variables(alternative, variables) or api.name == DEMO:
            return _state(name, "present")
        state = signed_in(env, api, profile, [alternative])
        if state.words:
            return _state(name, "present")
        states[name] = "expired" if state.expired else "missing"
    name = next((name for name, state in states.items() if state == "expired"), next(iter(states)))
    login = invocation("auth login", api.name) if api.is_registered else ""
    needed = next(filter(None, (needed_variables(item, variables) for item in operation.security)), [])
    return _state(name, states[name], login or (f"set {' and '.join(needed)}" if needed else None))


def _state(scheme: str, state: str, hint: str | None = None) -> dict[str, Any]:
    return {"scheme": scheme, "state": state, "hint": hint}
