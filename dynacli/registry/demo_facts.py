"""Facts about the demo API for other rooms: its paths, roles, keys and misbehaviours, and where its document is.

Its document ships with dynacli, is used if none newer is known, and is never written.
Importing this module is cheap, because help and completion need it.
"""

import os
import re
from collections.abc import Mapping
from types import MappingProxyType

from dynacli.record import record

BASE_PATH = "/api/armature/v1"

ROLES = ("viewer", "editor", "admin", "owner")

# Well-known on purpose: they have the form of Armature's keys and open nothing but the demo API,
# which keeps its data in memory and listens on loopback only.
API_KEYS: Mapping[str, str] = MappingProxyType(
    {role: f"amt_demo{role}_opens-only-the-stand-in" for role in ROLES}
)

MISBEHAVIOURS = (
    "wrong-type",
    "missing-field",
    "undocumented-field",
    "undocumented-status",
    "wrong-media-type",
    "truncated-json",
    "hang",
)
_LIVE_URL = re.compile(r"https://[a-z0-9.-]+\.armature\.(?:app|tech)(?::443)?/api/armature/v1/openapi")
"""The URLs of the live document, which the shipped document replaces."""


@record
class DemoServer:
    """A demo API that accepts connections.

    Args:
        origin: Scheme, host and port, for example `http://127.0.0.1:8901`.
        document_url: The URL of its OpenAPI document, which needs no API key.
        api_keys: Role → API key, for each of `ROLES`.
    """

    origin: str
    document_url: str
    api_keys: Mapping[str, str]


def demo_at(origin: str) -> DemoServer:
    """Return the demo API that has an origin."""
    return DemoServer(origin, f"{origin}{BASE_PATH}/openapi", API_KEYS)


def document_path() -> str:
    """Return the path of the shipped OpenAPI document: inside the package, or beside it in a checkout."""
    package = os.path.dirname(os.path.dirname(__file__))
    inside = os.path.join(package, "shipped", "armature.json")
    beside = os.path.join(os.path.dirname(package), "cache", "armature.json")
    return inside if os.path.exists(inside) else beside


def shipped_for(url: str) -> str | None:
    """Return the path of the shipped document if it replaces the document at a URL; None for other URLs."""
    path = document_path()
    return path if _LIVE_URL.fullmatch(url.partition("?")[0]) and os.path.isfile(path) else None
