"""The fixed points that the data hangs on: one moment, one namespace, one source of variety.

There is no clock and no random number anywhere in the data,
so an output that was written down once stays true.
"""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid5

__all__ = ["NOW", "RANGES", "chance", "identifier", "timestamp"]

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)

RANGES = {
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
}

_NAMESPACE = UUID("6e8f0f6a-5f0c-5d0a-8c39-0a7d5a1c2b11")


def identifier(*parts: str) -> str:
    """Returns the UUIDv5 (RFC 9562, section 5.5) of a thing from what it is."""
    return str(uuid5(_NAMESPACE, "/".join(parts)))


def chance(*parts: str) -> int:
    """Returns a number from 0 to 999 that looks drawn and depends on the parts alone."""
    return int.from_bytes(sha256("/".join(parts).encode()).digest()[:4], "big") % 1000


def timestamp(moment: datetime) -> str:
    """Returns a moment in RFC 3339 form, in UTC, to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
