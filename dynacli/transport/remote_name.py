"""The name that a server gives to a file, made safe to write under (RFC 6266, RFC 8187)."""

import re
import unicodedata
from urllib.parse import unquote, unquote_to_bytes, urlsplit

__all__ = ["file_name"]

_LONGEST = 200
"""Bytes of a name; with what is put beside it while it is written it stays below the 255 of file systems."""
_PARAMETER = re.compile(r';\s*(filename\*?)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))', re.IGNORECASE)
_NOT_ON_WINDOWS = re.compile(r'[<>:"|?*]')
_DEVICES = re.compile(r"(?:con|prn|aux|nul|com\d|lpt\d)(?:\..*)?", re.IGNORECASE)
"""Names that mean a device on Windows, whatever stands behind their first dot."""
_UNKNOWN = "download"


def file_name(disposition: str, url: str) -> str:
    """Return the name of a file: the one in `Content-Disposition`, else the last segment of the URL's path.

    It has no directory, no leading dot or hyphen and no control characters, and can be used on Windows.

    Args:
        disposition: The value of `Content-Disposition`; empty where there is none.
    """
    found = {key.lower(): quoted or token for key, quoted, token in _PARAMETER.findall(f";{disposition}")}
    segment = unquote(urlsplit(url).path.rstrip("/").rpartition("/")[2])
    names = (_extended(found.get("filename*", "")), _plain(found.get("filename", "")), segment)
    return next(filter(None, map(_safe, names)), _UNKNOWN)


def _extended(value: str) -> str:
    """Return the text of an extended value, `UTF-8'en'na%C3%AFve`; empty where it is none."""
    charset, _, rest = value.partition("'")
    _, quote, text = rest.partition("'")
    if not quote or charset.lower() not in {"utf-8", "iso-8859-1"}:
        return ""
    return unquote_to_bytes(text).decode(charset, "replace")


def _plain(value: str) -> str:
    """Return the text of a value in a header, which many servers send in UTF-8."""
    value = re.sub(r"\\(.)", r"\1", value)
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def _safe(name: str) -> str:
    """Return a name that can do no harm; empty where nothing is left of it."""
    name = unicodedata.normalize("NFC", re.split(r"[/\\]", name)[-1])
    # Control, format (bidi) and private characters, and surrogates, have no place in a name.
    name = "".join(letter for letter in name if not unicodedata.category(letter).startswith("C"))
    name = _NOT_ON_WINDOWS.sub("_", name).lstrip(".- ").rstrip(". ")
    if _DEVICES.fullmatch(name):
        name = f"_{name}"
    while len(name.encode()) > _LONGEST:
        stem, dot, ending = name.rpartition(".")
        name = stem[:-1] + dot + ending if stem and len(ending) <= 10 else name[:-1]
    return name
