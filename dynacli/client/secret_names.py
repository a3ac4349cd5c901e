"""The secrets that names tell: in headers, fields and pairs, and bodies without them.

`names` are further names of secrets, which the document tells.
"""

import json
import re
from collections.abc import Container, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from dynacli.auth.secret import MASK, Masker, Secret
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.inputs.call_inputs import CallValues
from dynacli.http.built_request import Request
from dynacli.http.semantics import is_form, is_structured
from dynacli.request.assemble_body import encode
from dynacli.urls import is_secret_header, is_secret_name, with_masked_secrets

_USERINFO = r"(://)[^/?#@\s]*@"
_STEP = r"[^.\[\]]+"
_IN_TEXT = r"[A-Za-z_-]+"


def is_secret_path(path: str, names: Container[str] = ()) -> bool:
    """Return whether the value at a path is a secret: of a header, an option, or a field such as `login.token`."""
    steps = re.findall(_STEP, path.strip("-"))
    return bool(steps) and is_secret_header(steps[-1].strip(), names)


def without_passwords(
    described: DescribedOperation, values: CallValues, request: Request
) -> tuple[Request, Masker]:
    """Return a request whose body has no input that the document calls a password, and what takes them out of any text.

    Args:
        values: What the request was built of.
        request: Without its credentials and secret parameters.
    """
    names, content = password_names(described), request.body
    value, is_json = values.form, False
    if value is None and isinstance(content, bytes):
        with suppress(ValueError, RecursionError):
            value, is_json = _read_json(content), True
    masker = Masker(map(Secret, secret_texts(value, names, guesses=False)))

    def masked(piece: Any) -> Any:
        if not isinstance(piece, bytes):
            return piece
        text = masker.mask(piece.decode("utf-8", "surrogateescape"))
        # Of a body that dynacli has not built, such as XML, it is not known where a field ends.
        is_given = values.form is None and not names.isdisjoint(re.findall(_IN_TEXT, text))
        return (mask_text(text, names, guesses=False) if is_json or is_given else text).encode(
            "utf-8", "surrogateescape"
        )

    if values.form is not None and is_structured(values.media_type) and not is_form(values.media_type):
        # In these formats a secret may be escaped, or have its length before it.
        content = encode(masker.mask_value(values.form), values.media_type, described.sent_schema)
    whole = described.media_type.value.format if described.media_type is not None else ""
    if content is not None and whole == "password":
        content = MASK.encode()
    elif isinstance(content, bytes | None):
        content = masked(content)
    else:
        content = content.changed(masked)
    return request._replace(body=content), masker


def password_names(described: DescribedOperation) -> set[str]:
    """Return the names of all fields in an operation's body that the document calls passwords, however deep.

    Raises:
        DamagedCatalogError: The catalog is damaged.
    """
    names, catalog, body = set[str](), described.api.catalog, described.operation.body
    if body is None:
        return names
    fields = (field for media_type in body.content for field in media_type.fields)
    names.update(field.path[-1] for field in fields if field.value.format == "password")
    if not described.is_documented:
        return names
    stack: list[Any] = [catalog.part(described.operation.name)["operation"].get("requestBody")]
    followed: set[str] = set()
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            stack.extend(node)
        if not isinstance(node, dict):
            continue
        ref, properties = node.get("$ref"), node.get("properties")
        if isinstance(ref, str) and ref not in followed:
            followed.add(ref)
            with suppress(LookupError, ValueError):
                stack.append(catalog.resolve(ref))
        for name, schema in properties.items() if isinstance(properties, dict) else ():
            if _is_password(schema):
                names.add(name)
        stack.extend(node.values())
    return names


def _is_password(schema: Any) -> bool:
    while isinstance(schema, dict) and schema.get("format") != "password":
        schema = schema.get("items")
    return isinstance(schema, dict)


def mask_text(text: str, names: Iterable[str], *, guesses: bool = True) -> str:
    """Return a body, or a part of one, with the fields masked that are secrets by their names.

    Text that is neither JSON nor a form is masked as a whole if it has such a name in it.

    Args:
        names: The names of further fields that are secrets.
        guesses: Whether a name such as `token` tells by itself that a field of JSON is one.
    """
    known = frozenset(names)
    try:
        value = _read_json(text)
    except (ValueError, RecursionError):
        if "=" in text and not any(char.isspace() for char in text):
            return with_masked_secrets(f"?{text}", known)[1:]
        found = any(word in known or is_secret_name(word) for word in re.findall(_IN_TEXT, text))
        return MASK if found else text
    masked = mask_fields(value, known, guesses=guesses)
    return text if masked == value else json.dumps(masked, ensure_ascii=False)


def _read_json(text: str | bytes) -> Any:
    from dynacli.text.json_budget import read_limited  # most calls have no body

    return read_limited(text)


def mask_word(word: str, names: Container[str]) -> str:
    """Return a word with the secrets masked that it has if it is a URL.

    Args:
        names: The names of further parameters that are secrets.
    """
    return with_masked_secrets(re.sub(_USERINFO, rf"\1{MASK}@", word), names)


def mask_fields(value: Any, names: frozenset[str] = frozenset(), *, guesses: bool = True) -> Any:
    """Return a JSON value with the texts masked that are secrets by the names of their fields.

    Args:
        names: The names of further fields that are secrets.
        guesses: As in `mask_text`.
    """
    if isinstance(value, dict):
        return {
            key: MASK
            if _is_secret_field(key, member, names, guesses)
            else mask_fields(member, names, guesses=guesses)
            for key, member in value.items()
        }
    if isinstance(value, list):
        return [mask_fields(item, names, guesses=guesses) for item in value]
    return value


def secret_texts(value: Any, names: Container[str], name: str = "", *, guesses: bool = True) -> Iterator[str]:
    """Yield the texts in a JSON value, which may have a name itself, that are secrets by the names of their fields."""
    if isinstance(value, Mapping):
        for key, member in value.items():
            yield from secret_texts(member, names, str(key), guesses=guesses)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from secret_texts(item, names, name, guesses=guesses)
    elif _is_secret_field(name, value, names, guesses) and str(value):
        yield str(value)


def json_secrets(text: str | bytes, names: Container[str]) -> Iterator[str]:
    """Yield the secrets in a JSON text, as `secret_texts` does; nothing if the text is not JSON."""
    with suppress(ValueError, RecursionError):
        yield from secret_texts(_read_json(text), names)


def _is_secret_field(name: str, value: Any, names: Container[str], guesses: bool) -> bool:
    if isinstance(value, str):
        return name in names or (guesses and is_secret_name(name))
    return name in names and type(value) in {int, float}
