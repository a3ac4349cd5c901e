"""The secrets in a recorded exchange, as the document and the names of things tell them."""

import json
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, unquote, urlsplit

from dynacli.auth.secret import Masker, Secret
from dynacli.client.answers.mask_body import is_secret_header, password_fields, secret_texts
from dynacli.client.sign_request import is_secret_parameter
from dynacli.library.opened_api import OpenedApi
from dynacli.model.media_types import essence, is_form, is_json
from dynacli.model.operation import Operation
from dynacli.traffic.recorded_request import RecordedExchange
from dynacli.urls import is_secret_name

__all__ = ["keys_of", "masker_of", "secret_names"]


def secret_names(operation: Operation) -> frozenset[str]:
    """Return the names of headers (in lower case), parameters and fields that the document calls secret."""
    names = {name for _, name in operation.api_keys}
    names |= {each.name for each in operation.parameters if is_secret_parameter(each)}
    names |= password_fields(operation)
    return frozenset({*names, *(name.lower() for name in names)})


def keys_of(api: OpenedApi) -> frozenset[str]:
    """Return the names under which the API takes keys in any operation, for what belongs to none of them."""
    schemes = (scheme for sign_in in api.catalog.overview().sign_ins for scheme in sign_in.schemes)
    names = {scheme.parameter for scheme in schemes if scheme.type == "apiKey"}
    return frozenset({*names, *(name.lower() for name in names)})


def masker_of(recorded: RecordedExchange, path_values: Mapping[str, str], names: frozenset[str]) -> Masker:
    """Return what takes the secrets of an exchange out of whatever is shown.

    Args:
        path_values: Name of a path parameter → its percent-encoded text.
        names: Those of `secret_names`.
    """
    return Masker(Secret(text) for text in _secrets(recorded, path_values, names) if text)


def _secrets(
    recorded: RecordedExchange, path_values: Mapping[str, str], names: frozenset[str]
) -> Iterator[str]:
    request, answer = recorded.request, recorded.answer
    for name, value in (*request.headers, *(answer.headers if answer is not None else ())):
        if is_secret_header(name, names):
            yield from _parts_of_header(name.lower(), value)
    parts = urlsplit(request.url)
    yield parts.password or ""
    pairs = [*parse_qsl(parts.query), *((name, unquote(text)) for name, text in path_values.items())]
    yield from (value for name, value in pairs if name in names or (is_secret_name(name) and name != "key"))
    yield from (value for name, value in parse_qsl(parts.query) if name == "key")
    yield from _of_body(recorded.content, request.header("content-type"), names)
    if answer is not None:
        media_type = next((value for name, value in answer.headers if name.lower() == "content-type"), "")
        yield from _of_body(answer.body, media_type, names)


def _parts_of_header(name: str, value: str) -> Iterator[str]:
    yield value
    if name == "set-cookie":
        yield value.partition(";")[0].partition("=")[2].strip()
    elif name == "cookie":
        yield from (pair.partition("=")[2].strip() for pair in value.split(";"))
    else:
        yield value.partition(" ")[2]  # `Bearer TOKEN`


def _of_body(body: bytes | None, media_type: str, names: frozenset[str]) -> Iterator[str]:
    if not body:
        return
    if is_form(essence(media_type)):
        pairs = parse_qsl(body.decode("utf-8", "replace"))
        yield from (value for name, value in pairs if name in names or is_secret_name(name))
    elif is_json(media_type):
        try:
            yield from secret_texts(json.loads(body), names)
        except (ValueError, RecursionError):
            return  # it cannot be read, and so no part of it is shown
