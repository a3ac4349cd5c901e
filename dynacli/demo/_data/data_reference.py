"""The fixed points of the data: what the demo API starts with, the current time, and the source of variety.

The data depends on no clock and no random number, so output that is quoted anywhere stays true.
"""

import json
import os
from datetime import UTC, datetime, timedelta
from hashlib import sha1, sha256
from typing import Any

__all__ = ["NOW", "RANGES", "chance", "identifier", "rows_of", "starting_data", "timestamp"]

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)

RANGES = {
    "24h": timedelta(hours=24),
    "7d": timedelta(days=7),
    "30d": timedelta(days=30),
    "90d": timedelta(days=90),
}

_NAMESPACE = bytes.fromhex("6e8f0f6a5f0c5d0a8c390a7d5a1c2b11")


def starting_data() -> dict[str, Any]:
    """Return what every demo API starts with, read from the file that ships; the caller may change it.

    A collection of many records is a table of `columns` and `rows`, newest first; see `rows_of`.
    """
    with open(os.path.join(os.path.dirname(__file__), "starting_data.json"), encoding="utf-8") as file:
        data: dict[str, Any] = json.load(file)
    return data


def rows_of(table: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows of a table as objects."""
    columns = table["columns"]
    return [dict(zip(columns, row, strict=True)) for row in table["rows"]]


def identifier(*parts: str) -> str:
    """Return the UUIDv5 (RFC 9562, section 5.5) for the words that identify a record.

    The import of `uuid` takes longer than the answer to a request.
    """
    made = bytearray(sha1(_NAMESPACE + "/".join(parts).encode(), usedforsecurity=False).digest()[:16])
    made[6] = made[6] & 0x0F | 0x50
    made[8] = made[8] & 0x3F | 0x80
    digits = made.hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def chance(*parts: str) -> int:
    """Return a number from 0 to 999 that looks random, but depends only on the parts."""
    return int.from_bytes(sha256("/".join(parts).encode()).digest()[:4], "big") % 1000


def timestamp(moment: datetime) -> str:
    """Return a time in the form of RFC 3339, to the second; it must be in UTC."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
