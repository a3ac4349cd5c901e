"""The time for which a server lets its document be used without asking again (RFC 9111, section 4.2.1)."""

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

__all__ = ["max_age_of"]

_DIRECTIVE = re.compile(r'([a-z0-9-]+)(?:\s*=\s*(?:"([^"]*)"|([^\s,"]*)))?', re.IGNORECASE)
_NEVER = frozenset({"no-store", "no-cache"})


def max_age_of(headers: Mapping[str, str]) -> float | None:
    """Return for how many seconds an answer is fresh from now on; None where the server does not say.

    `no-store` and `no-cache` make it 0: the document is kept all the same, because without it there would be no
    command, and is due at once.
    `s-maxage` is for caches that several people share, and is ignored.
    """
    directives: dict[str, str] = {}
    for name, quoted, plain in _DIRECTIVE.findall(headers.get("cache-control", "")[:1000]):
        directives.setdefault(name.lower(), quoted or plain)
    if not _NEVER.isdisjoint(directives):
        return 0.0
    lifetime = _seconds(directives.get("max-age"))
    if lifetime is None:
        lifetime = _until_expiry(headers)
    if lifetime is None:
        return None
    return max(lifetime - (_seconds(headers.get("age")) or 0.0), 0.0)


def _seconds(text: str | None) -> float | None:
    """Return a number of seconds (RFC 9111, section 1.2.2); None where the text is no number."""
    text = (text or "").strip()
    # Ten digits are 300 years; larger numbers are legal, and mean the same.
    return float(text[:10]) if text.isascii() and text.isdigit() else None


def _until_expiry(headers: Mapping[str, str]) -> float | None:
    expires, date = headers.get("expires"), headers.get("date")
    if expires is None or date is None:
        return None
    try:
        # Both times are by the server's clock, so ours may be wrong.
        return (parsedate_to_datetime(expires) - parsedate_to_datetime(date)).total_seconds()
    except (ValueError, TypeError, OverflowError):
        return 0.0  # an invalid date counts as past (RFC 9111, section 5.3)
