"""The document that ships with dynacli, Armature's: used where none newer is known, and never written."""

import os
import re

from dynacli.demo.demo_facts import document_path

__all__ = ["shipped_for"]

_LIVE_URL = re.compile(r"https://[a-z0-9.-]+\.armature\.(?:app|tech)(?::443)?/api/armature/v1/openapi")
"""The URLs of the live document, in place of which the shipped document is used."""


def shipped_for(url: str) -> str | None:
    """Return the path of the shipped document where it replaces the document at a URL; None for other URLs."""
    path = document_path()
    return path if _LIVE_URL.fullmatch(url.partition("?")[0]) and os.path.isfile(path) else None
