"""The documents that travel with dynacli: the layer beneath the cache, which is never written.

Each stands for the URLs where its live document is, as far as nothing newer is known of those.
"""

import os
import re

import dynacli

__all__ = ["shipped_for", "shipped_path"]

_LIVE = {
    "armature.json": re.compile(
        r"https://[a-z0-9.-]+\.armature\.(?:app|tech)(?::443)?/api/armature/v1/openapi"
    )
}
"""File name → the URLs of its live document."""


def shipped_path(name: str) -> str:
    """Return where a shipped document is: inside the package, or beside it in a checkout.

    Args:
        name: Its file name.
    """
    package = os.path.dirname(dynacli.__file__)
    inside = os.path.join(package, "shipped", name)
    return inside if os.path.exists(inside) else os.path.join(os.path.dirname(package), "cache", name)


def shipped_for(url: str) -> str | None:
    """Return where the document is that travels with dynacli and stands for the one at a URL; None for most URLs."""
    plain = url.partition("?")[0]
    found = (shipped_path(name) for name, urls in _LIVE.items() if urls.fullmatch(plain))
    return next((path for path in found if os.path.isfile(path)), None)
