"""Which certificates the connections of a call are made with, as the configuration says."""

from collections.abc import Sequence

from dynacli.auth.credentials import Alternative
from dynacli.auth.tls_login import TlsSettings
from dynacli.client.call_settings import CallSettings
from dynacli.client.credentials.chosen_security import NEVER, NO_SCHEME

__all__ = ["tls_settings"]


def tls_settings(settings: CallSettings, security: Sequence[Alternative]) -> TlsSettings | None:
    """Return the certificates of a call; None where the configuration names none.

    A client certificate under the name of one of the call's schemes counts before those of others: servers want one
    also where the document does not say so.

    Args:
        security: The alternatives that count for the call.
    """
    tables = dict(settings.auth_tables or {})
    if settings.auth == NO_SCHEME or settings.signs == NEVER:
        tables = {}
    ordered = [scheme.name for alternative in security for scheme in alternative]
    named = [tables[name] for name in (*ordered, *tables) if tables.get(name, {}).get("cert")]
    if not named:
        return TlsSettings(settings.ca) if settings.ca else None
    keys = ("cert", "cert_key", "passphrase")
    cert, cert_key, passphrase = (str(named[0].get(key, "")) for key in keys)
    return TlsSettings(settings.ca, cert, cert_key, passphrase)
