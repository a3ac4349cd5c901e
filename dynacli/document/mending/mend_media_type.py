"""Media types with an evident mistake: the one that is meant."""

import re
from difflib import get_close_matches
from functools import lru_cache

__all__ = ["meant_media_type", "told_typo"]

_USUAL = (
    *("application/json", "application/problem+json", "application/hal+json", "application/vnd.api+json"),
    *("application/merge-patch+json", "application/json-patch+json", "application/x-ndjson"),
    *("application/xml", "application/octet-stream", "application/pdf", "application/zip"),
    *("application/x-www-form-urlencoded", "multipart/form-data", "text/event-stream"),
    *("text/plain", "text/html", "text/csv", "text/xml", "image/png", "image/jpeg"),
)
_RIGHT = re.compile(
    r"(application|audio|example|font|haptics|image|message|model|multipart|text|video|x-[a-z0-9-]+|\*)"
    r"/[!#$%&'*+.^_`|~0-9a-z-]+"
)
"""A registered type (RFC 9110, section 8.3.1) and any subtype: `application/jose` is no mistake for `json`."""

_LIKENESS = 0.93


@lru_cache(maxsize=256)
def meant_media_type(name: str) -> str:
    r"""Return the media type that is meant by one that there cannot be; else the name as it is.

    The separator is wrong or missing (`applicationjson`, `application\\json`), or the type is misspelled
    (`aplication/json`). Parameters stay.
    """
    plain, semicolon, parameters = name.partition(";")
    essence = plain.strip().lower()
    if _RIGHT.fullmatch(essence):
        return name
    by_letters = {_letters(usual): usual for usual in _USUAL}
    near = get_close_matches(_letters(essence), by_letters, 1, _LIKENESS)
    return f"{by_letters[near[0]]}{semicolon}{parameters}" if near else name


def told_typo(name: str, meant: str) -> str:
    """Return the warning about a media type that is read as another one."""
    return f"There is no media type `{name[:60]}`; it is read as `{meant}`"


def _letters(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text)
