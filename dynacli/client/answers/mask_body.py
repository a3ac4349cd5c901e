"""What is a secret in a message by its name, and a body without it; `names` are further ones, as the document tells."""

import json
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

from dynacli.auth.secret import MASK
from dynacli.client.sign_request import SECRET_HEADERS
from dynacli.model.operation import Operation
from dynacli.urls import is_secret_name, with_masked_secrets

__all__ = ["is_secret_header", "mask_text", "password_fields", "secret_texts"]

_IN_TEXT = re.compile(r"[A-Za-z_-]+")


def is_secret_header(name: str, names: Container[str] = ()) -> bool:
    """Return whether the value of a header, or of a place that is called like one, is a secret."""
    plain = name.lower()
    return plain in SECRET_HEADERS or plain in names or "session" in plain or is_secret_name(name)


def password_fields(operation: Operation) -> set[str]:
    """Return the names of the fields in an operation's body that the document calls passwords."""
    content = operation.body.content if operation.body is not None else ()
    fields = (field for media_type in content for field in media_type.fields)
    return {field.path[-1] for field in fields if field.value.format == "password"}


def mask_text(text: str, names: Iterable[str]) -> str:
    """Return a body, or a part of one, with the fields masked that are secrets by their names.

    Text that is neither JSON nor a form is masked as a whole where it has such a name in it.

    Args:
        names: The names of further fields that are secrets.
    """
    known = frozenset(names)
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        if "=" in text and not any(char.isspace() for char in text):
            return with_masked_secrets(f"?{text}", known)[1:]
        found = any(word in known or is_secret_name(word) for word in _IN_TEXT.findall(text))
        return MASK if found else text
    masked = _mask_fields(value, known)
    return text if masked == value else json.dumps(masked, ensure_ascii=False)


def _mask_fields(value: Any, names: frozenset[str]) -> Any:
    """Return a JSON value with the texts masked that are secrets by the names of their fields.

    Args:
        names: The names of further fields that are secrets.
    """
    if isinstance(value, dict):
        return {
            key: MASK if _is_secret_field(key, member, names) else _mask_fields(member, names)
            for key, member in value.items()
        }
    if isinstance(value, list):
        return [_mask_fields(item, names) for item in value]
    return value


def secret_texts(value: Any, names: Container[str], name: str = "") -> Iterator[str]:
    """Yield the texts in a JSON value, which may have a name itself, that are secrets by the names of their fields."""
    if isinstance(value, Mapping):
        for key, member in value.items():
            yield from secret_texts(member, names, str(key))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from secret_texts(item, names, name)
    elif _is_secret_field(name, value, names) and str(value):
        yield str(value)


def _is_secret_field(name: str, value: Any, names: Container[str]) -> bool:
    if isinstance(value, str):
        return name in names or is_secret_name(name)
    return name in names and type(value) in {int, float}
