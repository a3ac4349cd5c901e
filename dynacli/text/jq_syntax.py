"""Filters that look like programs of jq."""

from __future__ import annotations

import re
from typing import Final

_LIKE_JQ: Final = re.compile(r"^\s*\.|\|\s*\.|\bselect\s*\(|\bmap\s*\(\s*\.|^\s*\[\s*\.")

_PATH: Final = re.compile(r"\s*\.(?:[A-Za-z_]\w*(?:\[\d*\])?(?:\.(?=[A-Za-z_])|\s*$))+")


def reads_like_jq(text: str) -> bool:
    """Return whether a filter that JMESPath cannot parse was probably written for jq."""
    return _LIKE_JQ.search(text) is not None


def jmespath_of_path(program: str) -> str:
    """Return the JMESPath expression of a plain path such as `.rows[].id`; empty for any other program."""
    return program.strip().removeprefix(".") if _PATH.fullmatch(program) else ""
