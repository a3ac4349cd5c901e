"""Matching the media type of a message with those of the document (RFC 9110, sections 8.3.1 and 12.5.1)."""

from collections.abc import Iterable, Mapping

__all__ = ["best_match", "is_binary", "is_json", "is_media_type", "split"]


def split(text: str) -> tuple[str, dict[str, str]]:
    """Return a media type's name in lower case, and its parameters."""
    name, *rest = text.split(";")
    parameters = {}
    for item in rest:
        key, has_value, value = item.partition("=")
        if has_value:
            parameters[key.strip().lower()] = value.strip().strip('"')
    return name.strip().lower(), parameters


def is_json(name: str) -> bool:
    """Return whether a media type is JSON, by its name or suffix (RFC 6839, section 3.1)."""
    return name.endswith(("/json", "+json"))


def is_media_type(text: str) -> bool:
    """Return whether a text has the form of a media type or of a range of them."""
    main, slash, sub = split(text)[0].partition("/")
    return bool(main and slash and sub) or main == "*"


def is_binary(name: str) -> bool:
    """Return whether OpenAPI takes bodies of a media type as bytes: not as text, JSON, XML, a form or parts."""
    return not (
        is_json(name)
        or name.endswith(("/xml", "+xml", "/x-www-form-urlencoded"))
        or name.startswith(("text/", "multipart/"))
    )


def best_match(text: str, keys: Iterable[str]) -> str | None:
    """Return the key that matches a media type most closely, None where none does.

    Args:
        text: The value of `Content-Type`. It is empty where there is none, and then only `*/*` matches.
        keys: The media types and ranges of the document.
    """
    name, parameters = split(text)
    best, best_rank = None, 0
    for key in keys:
        if name and _written(key) == _written(text):
            return key  # a key such as `application/json;simple`, where `simple` is no parameter
        rank = _rank(name, parameters, key)
        if rank > best_rank:
            best, best_rank = key, rank
    return best


def _written(text: str) -> str:
    return "".join(text.split()).lower()


def _rank(name: str, parameters: Mapping[str, str], key: str) -> int:
    wanted, wanted_parameters = split(key)
    if wanted == name:
        return 10 + sum(
            1 if parameters.get(item, "").lower() == value.lower() else -1
            for item, value in wanted_parameters.items()
        )
    main, _, sub = name.partition("/")
    if wanted.startswith((f"{main}/*+", "*/*+")) and sub.rpartition("+")[2] == wanted.rpartition("+")[2]:
        return 3
    if name and wanted == f"{main}/*":
        return 2
    return 1 if wanted in {"*/*", "*"} else 0
