"""The text of a body: whether it is JSON, text or binary, and the message of a server in it.

RFC 9110, section 8.3; RFC 6839 for `+json`.
"""

import codecs
import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

from dynacli.text.terminal import visible

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
_MAX_LENGTH = 300
_MAX_ERRORS = 3
_MAX_LOOKED_AT = 100
"""Maximum number of members of a list or an object to search for error texts."""
_MAX_TEXTS = 20
_MAX_DEPTH = 3
_TEXTS = (
    # RFC 9457 (problem details), RFC 6749 (OAuth 2.0), and the fields of most other APIs
    *("title", "detail", "message", "error_description", "error_message", "errorMessage"),
    *("error", "msg", "reason", "description", "faultstring"),
)
_HOLDERS = ("error", "errors", "detail", "details", "fault", "message")
FIELD_ERRORS = (
    "errors",
    "fieldErrors",
    "field_errors",
    "validationErrors",
    "validation_errors",
    "violations",
)
"""Keys of objects that map names of inputs to errors, as in Rails and ASP.NET."""
_OF_NO_FIELD = frozenset({"", "__all__", "_schema", "base", "nonFieldErrors", "non_field_errors"})
"""Keys under which Django, marshmallow and Rails list errors that belong to no single input."""
_PLACES = ("loc", "field")


def is_json_content(media_type: str, text: str) -> bool:
    """Return whether content is JSON: by its media type, or without a media type by its first character."""
    name = _essence(media_type)
    return bool(_JSON_TYPE.fullmatch(name)) if name else text.lstrip()[:1] in {"{", "["}


def decoded(body: bytes, media_type: str) -> str | None:
    """Return the content as text by its `charset`, without a byte order mark; None if it is binary.

    Content of a text type is text even if some bytes cannot be decoded. Such bytes become escapes.
    Content of another type is text if it is UTF-8 without control characters.
    """
    name = _essence(media_type)
    is_text = bool(_TEXT_TYPES.fullmatch(name))
    if not is_text and (_BINARY_TYPES.fullmatch(name) or not _looks_like_text(body)):
        return None
    return body.decode(charset_of(media_type), "backslashreplace").removeprefix("\ufeff")


def _essence(media_type: str) -> str:
    return media_type.partition(";")[0].strip().lower()


def charset_of(media_type: str) -> str:
    """Return Python's name for the charset of a media type; UTF-8 if it has none or an unknown one."""
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


def server_message(value: Any, mask: Callable[[str], str] = str) -> str:
    """Return the message in the JSON value of an error; empty if it has none.

    Args:
        value: The value; None if the response has none.
        mask: Returns a text without secrets.

    Returns:
        One line that a terminal can show, at most 300 characters.
    """
    found = [" ".join(mask(part).split()) for part in islice(_texts_of(value, 0), _MAX_TEXTS)]
    said = "; ".join(_without_repetition(found))
    line = visible(re.sub(r"(?<!\.)\.(?=; )", "", said), keep="")
    return line if len(line) <= _MAX_LENGTH else line[:_MAX_LENGTH] + "..."


def _without_repetition(texts: list[str]) -> Iterator[str]:
    """Yield the texts that are not a part of another one: `detail` often repeats `title`."""
    folded = [text.casefold().rstrip(".") for text in texts]
    for index, text in enumerate(folded):
        others = [*(other for other in folded if other != text), *folded[:index]]
        part = re.compile(rf"(?<!\w){re.escape(text)}(?!\w)")
        if text and not any(map(part.search, others)):
            yield texts[index]


def _texts_of(value: Any, depth: int, field: str = "") -> Iterator[str]:
    """Yield the texts of an error object, or of the first errors of a list.

    Args:
        value: The error object or the list of errors.
        depth: Number of enclosing values.
        field: Name of the input that the errors refer to; empty if unknown.
    """
    if isinstance(value, str):
        yield f"{field}: {value}" if field else value
    elif isinstance(value, list):
        with_text = 0
        for item in value[:_MAX_LOOKED_AT]:
            texts = list(_texts_of(item, depth + 1, field))
            yield from texts
            with_text += bool(texts)
            if with_text == _MAX_ERRORS:
                return
    elif isinstance(value, dict) and depth <= _MAX_DEPTH:
        place = _named_input(value) or field
        # A code is useful to a reader if there is no text, and if it belongs to one of several errors.
        names = [name for name in _TEXTS if isinstance(value.get(name), str)]
        has_code = bool(depth) and isinstance(value.get("code"), str)
        texts = [value[name] for name in names or ["code"] * has_code]
        yield from (f"{place}: {text}" if place else text for text in texts)
        for name in dict.fromkeys((*_HOLDERS, *FIELD_ERRORS)):
            if isinstance(value.get(name), dict | list):
                yield from _texts_of(value[name], depth + 1, field)
        if not texts or not depth:
            yield from islice(_texts_of_fields(value, depth, field, has_text=bool(texts)), _MAX_ERRORS)


def _texts_of_fields(value: dict[str, Any], depth: int, field: str, *, has_text: bool) -> Iterator[str]:
    """Yield the texts of an object whose keys are the names of inputs: `{"name": ["This field is required."]}`.

    Args:
        value: The object.
        depth: As for `_texts_of`.
        field: As for `_texts_of`.
        has_text: Whether the object also has a message, so that its other keys may not be inputs.
    """
    for name, item in islice(value.items(), _MAX_LOOKED_AT):
        if name in _PLACES or (name in _HOLDERS and isinstance(item, dict | list)):
            continue
        items = item if isinstance(item, list) else [item]
        is_sentence = any(isinstance(text, str) and " " in text.strip() for text in items)
        if has_text:
            is_error = is_sentence and isinstance(item, list)
        elif isinstance(item, str):
            is_error = is_sentence
        else:
            is_error = name not in FIELD_ERRORS
        if is_error:
            inside = field if name in _OF_NO_FIELD else f"{field}.{name}" if field else name
            yield from _texts_of(item, depth + 1, inside)


def _named_input(error: dict[str, Any]) -> str:
    """Return the input that an error names, such as FastAPI's `loc`; empty if it names none."""
    place = next((error[key] for key in _PLACES if key in error), None)
    if isinstance(place, list):
        place = ".".join(str(step) for step in place if isinstance(step, str | int))
    return place if isinstance(place, str) else ""
