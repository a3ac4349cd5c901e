"""Who is signed in to an API without a variable, as the configuration and the list of stored credentials say.

No secret is read: a keyring could ask its owner, and a command could take its time.
"""

from collections.abc import Mapping, Sequence
from time import time
from typing import Any, NamedTuple

from dynacli.auth.credentials import MUTUAL_TLS, WITH_PASSWORD, Alternative, kind_of
from dynacli.auth.store.credential_store import CredentialStore
from dynacli.auth.store.stored_credential import StoredCredential
from dynacli.client.profiles import signing_of
from dynacli.environment import Environment
from dynacli.errors import AuthError
from dynacli.library.configuration.configuration import profiles_in
from dynacli.library.opened_api import OpenedApi
from dynacli.model.operation import SecurityScheme

__all__ = ["SignedIn", "signed_in"]


class SignedIn(NamedTuple):
    """How a person is signed in.

    Args:
        words: What signs in, for the words `by ...`; empty where nothing does.
        origins: Where stored credentials go; None where they go to all accepted origins.
        expired: The scheme whose stored credential has expired; empty for none.
    """

    words: str = ""
    origins: frozenset[str] | None = None
    expired: str = ""


def signed_in(
    env: Environment, api: OpenedApi, profile: str, alternatives: Sequence[Alternative]
) -> SignedIn:
    """Return how a person is signed in by the first alternative that is complete.

    Args:
        profile: The name of the profile; empty for none.
        alternatives: The ways to sign in that the document has.
    """
    chosen = profiles_in(api.entry).get(profile, {})
    tables = signing_of(api.entry.get("auth"), chosen.get("auth"))["auth_tables"]
    try:
        stored = {
            (each.profile, each.scheme): each for each in CredentialStore(env).list() if each.api == api.name
        }
    except AuthError:  # help is there also where the store is damaged
        stored = {}
    expired = ""
    for alternative in alternatives:
        found = [_source(scheme, tables, stored, profile) for scheme in alternative]
        if not found or None in found:
            continue
        kept = [each for each in found if isinstance(each, StoredCredential)]
        old = [each for each in kept if not each.is_refreshable and each.is_over(time())]
        if old:
            expired = expired or old[0].scheme
            continue
        words = ["the configuration"] if len(kept) < len(found) else []
        words += ["the stored credential" if len(kept) == 1 else "stored credentials"] if kept else []
        origins = frozenset.intersection(*(frozenset(each.origins) for each in kept)) if kept else None
        return SignedIn(" and ".join(words), origins)
    return SignedIn(expired=expired)


def _source(
    scheme: SecurityScheme,
    tables: Mapping[str, Mapping[str, Any]],
    stored: Mapping[tuple[str, str], StoredCredential],
    profile: str,
) -> StoredCredential | bool | None:
    """Return the stored credential for a scheme, True where the configuration has one, None for neither."""
    table, kind = tables.get(scheme.name, {}), kind_of(scheme)
    keys = ("username", "password") if kind in WITH_PASSWORD else ("key",) if kind == "apiKey" else ("token",)
    if any(key in table for key in ("sign", *(("cert",) if kind == MUTUAL_TLS else keys))):
        return True
    return stored.get((profile, scheme.name)) or stored.get(("", scheme.name))
