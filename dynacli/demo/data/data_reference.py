"""The fixed points of the data: the current time, the namespace of identifiers, and the source of variety.

The data depends on no clock and no random number, so output that is quoted anywhere stays true.
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
    """Return the UUIDv5 (RFC 9562, section 5.5) for the words that identify a record."""
    return str(uuid5(_NAMESPACE, "/".join(parts)))


def chance(*parts: str) -> int:
    """Return a number from 0 to 999 that looks random, but depends only on the parts."""
    return int.from_bytes(sha256("/".join(parts).encode()).digest()[:4], "big") % 1000


def timestamp(moment: datetime) -> str:
    """Return a time in the form of RFC 3339, to the second; it must be in UTC."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
