"""Whether the content of a response is JSON, text or binary (RFC 9110, section 8.3; RFC 6839 for `+json`)."""

import codecs
import re

__all__ = ["charset_of", "decoded", "is_json"]

_TEXT_TYPES = re.compile(
    r"text/.*|application/(?:.*\+)?(?:json|xml|yaml|toml|sql|graphql)"
    r"|application/(?:x-)?(?:ndjson|jsonl|json-lines|json-seq|javascript|ecmascript|yaml|sh|www-form-urlencoded)"
    r"|image/svg\+xml|application/graphql-response\+json"
)
_BINARY_TYPES = re.compile(r"(?:image|audio|video|font)/.*")
_JSON_TYPE = re.compile(r"(?:application|text)/json|[^/]+/[^/]+\+json")
_CHARSET = re.compile(r";\s*charset\s*=\s*\"?([A-Za-z0-9._:+-]{1,40})", re.IGNORECASE)

# Only character sets: Python's registry also has codecs that evaluate escapes or take quadratic time.
_CHARSETS = re.compile(
    r"utf-(?:8|8-sig|16|32)(?:-[bl]e)?|ascii|iso8859-\d+|cp\d+|koi8-[ru]|mac-.*"
    r"|shift_jis.*|euc_.*|gb2312|gbk|gb18030|big5.*|iso2022_.*|tis-620|hz"
)


def is_json(media_type: str, text: str) -> bool:
    """Return whether content is JSON: by its media type, or without a media type by its first character."""
    name = _name(media_type)
    return bool(_JSON_TYPE.fullmatch(name)) if name else text.lstrip()[:1] in {"{", "["}


def decoded(body: bytes, media_type: str) -> str | None:
    """Return the content as text by its `charset`, without a byte order mark; None where it is binary.

    Content of a text type is text even where some bytes cannot be decoded; those become escapes.
    Content of another type is text where it is UTF-8 without control characters.
    """
    name = _name(media_type)
    is_text = bool(_TEXT_TYPES.fullmatch(name))
    if not is_text and (_BINARY_TYPES.fullmatch(name) or not _looks_like_text(body)):
        return None
    return body.decode(charset_of(media_type), "backslashreplace").removeprefix("\ufeff")


def _name(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def charset_of(media_type: str) -> str:
    """Return Python's name for the charset of a media type; UTF-8 where it has none or an unknown one."""
    found = _CHARSET.search(media_type)
    if found:
        try:
            name = codecs.lookup(found[1]).name
        except LookupError:
            return "utf-8"
        if _CHARSETS.fullmatch(name):
            return name
    return "utf-8"


def _looks_like_text(body: bytes) -> bool:
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return not re.search(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]", text)
