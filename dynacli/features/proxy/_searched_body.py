"""Searching responses for secrets while they pass, so that a client never sees the credential of the API.

A server may repeat the request in its response, also in another encoding.
"""

from __future__ import annotations

import codecs
import html
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator

from dynacli.secrets import MASK, Masker

_SHORTEST = 8
"""Minimum length of an encoded secret that is searched for. Shorter texts occur by chance."""
_WHOLE_CHARS = (0, 2, 3)
"""Number of characters in Base64 that also depend on bytes before a text, if there are 0, 1 or 2."""
_ASCII = bytes(range(0x20, 0x7F)).decode()
_WIDE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
_CHARSET = re.compile(r"charset\s*=\s*[\"']?([^\s\"';,]+)", re.IGNORECASE)


class SecretSearch:
    """Replaces secrets in bytes that arrive in pieces: plain, escaped, in Base64, in hexadecimal digits, in UTF-16.

    Args:
        masker: The masker of the request.
    """

    def __init__(self, masker: Masker) -> None:
        forms = {form for text in masker.forms for form in _forms_of(text)}
        self._forms = sorted(forms, key=len, reverse=True)  # a secret may be a part of another one
        self._pattern = re.compile(b"|".join(map(re.escape, self._forms))) if forms else None

    def mask(self, text: str) -> str:
        """Return a header's value without secrets."""
        content = text.encode("latin-1", "replace")
        if self._pattern is None:
            return text
        return self._pattern.sub(MASK.encode(), content).decode("latin-1")

    def masked(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the pieces without secrets. The beginning of a secret waits for the next piece."""
        if self._pattern is None:
            yield from pieces
            return
        rest = b""
        for piece in pieces:
            content = rest + piece
            done, end = self._replaced(self._pattern, content)
            rest = content[end:]
            if done:
                yield done
        if rest:
            yield self._pattern.sub(MASK.encode(), rest)

    def _replaced(self, pattern: re.Pattern[bytes], content: bytes) -> tuple[bytes, int]:
        """Return the beginning of a content without secrets, and the position of the rest, which may begin a secret."""
        parts: list[bytes] = []
        start, end = 0, self._held_from(content, 0)
        # Looking for each text is ten times as fast as the pattern.
        has_any = any(form in content for form in self._forms)
        for found in pattern.finditer(content) if has_any else ():
            if found.start() >= end:
                break
            parts += [content[start : found.start()], MASK.encode()]
            start = found.end()
            if start > end:
                end = self._held_from(content, start)
        parts.append(content[start:end])
        return b"".join(parts), end

    def _held_from(self, content: bytes, start: int) -> int:
        """Return the first position from which the rest of a content is the beginning of a longer secret."""
        first = len(content)
        for form in self._forms:
            at = content.find(form[:1], max(start, len(content) - len(form) + 1), first)
            while at >= 0:
                if form.startswith(content[at:]):
                    first = at
                    break
                at = content.find(form[:1], at + 1, first)
        return first


def _forms_of(text: str) -> Iterator[bytes]:
    value = text.encode("utf-8", "surrogatepass")
    yield value
    if text.isascii():
        yield from (text.encode(encoding) for encoding in _WIDE)
    further = {
        text.replace("/", "\\/").encode("utf-8", "surrogatepass"),
        html.escape(text).encode("utf-8", "surrogatepass"),
        re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), text).encode("utf-8", "surrogatepass"),
        value.hex().encode(),
        value.hex().upper().encode(),
        "".join(f"\\u{ord(char):04x}" for char in text).encode(),
    }
    for before, whole in enumerate(_WHOLE_CHARS):
        moved = bytes(before) + value
        known = slice(whole, len(moved) * 8 // 6)
        further.update((b64encode(moved)[known], urlsafe_b64encode(moved)[known]))
    yield from (form for form in further if len(form) >= _SHORTEST)


def is_searchable(media_type: str) -> bool:
    """Return whether text of a media type has the characters of a secret as ASCII, UTF-16 or UTF-32 has them."""
    found = _CHARSET.search(media_type)
    if found is None:
        return True
    try:
        name = codecs.lookup(found[1]).name
        return name.startswith(("utf-16", "utf-32")) or _ASCII.encode(name) == _ASCII.encode()
    except (LookupError, UnicodeError, ValueError, TypeError, AttributeError):
        return False
