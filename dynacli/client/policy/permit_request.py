"""A request as it was built is held against the policy once more: it may be taken for more than its operation says.

Many servers take a request for one of another method where a header or a field named `_method` asks for it (Rails,
Laravel, Symfony; Salesforce: `_HttpMethod`), and any name of an API leads to the same server. A path with an empty
value, `/keys/` for `/keys/{id}`, is that of the list for many servers, which ignore or merge such slashes.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from dynacli.client.call_settings import CallSettings
from dynacli.client.described_operation import DescribedOperation
from dynacli.model.operation import METHOD_OVERRIDES
from dynacli.request.built_request import Request

__all__ = ["ANY_METHOD", "permit_request"]

_FIELDS = frozenset({"_method", "_httpmethod"})
_PARAMETER = re.compile(r"\{([^{}]*)\}")
_METHOD = re.compile(r"[A-Za-z][A-Za-z-]{1,30}")
_PART = re.compile(
    rb'name="?(_method|_httpmethod)"?[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n([^\r\n]*)', re.IGNORECASE
)
ANY_METHOD = ("DELETE", "PATCH", "PUT")
"""What a field may ask for whose value is not known, because it is read while it is sent."""


def permit_request(described: DescribedOperation, settings: CallSettings, request: Request) -> None:
    """Let a request be sent where the policy does, whatever method it asks for, and wherever it goes.

    Raises:
        RefusedError: The policy denies it, that of another API does, or nobody agreed.
    """
    asked = {method.upper(): source for method, source in _asked(request) if _METHOD.fullmatch(method)}
    if asked:
        settings.permit(described, asked)
    if "" in request.parts.path.values():
        for other in _at_paths_without_empty_values(described, request):
            settings.permit(other, asked)
    if settings.others is not None:
        settings.others.permit(described, settings, request, asked)


def _at_paths_without_empty_values(
    described: DescribedOperation, request: Request
) -> list[DescribedOperation]:
    """Return the operations that a server may take a request for whose path has an empty value."""
    from dynacli.client.operation_at import operation_at
    from dynacli.client.undocumented_operation import UndocumentedOperation
    from dynacli.model.operation import Operation

    api, operation, values = described.api, described.operation, request.parts.path
    template = operation.path.partition("#")[0].partition("?")[0]
    path = _PARAMETER.sub(lambda match: values.get(match[1], match[0]), template)
    path = re.sub("/+", "/", path)
    shorter = path.rstrip("/") or "/"
    matches = (operation_at(api.catalog, request.method, each) for each in (path, shorter))
    found: list[DescribedOperation] = [
        DescribedOperation(api, match[0]) for match in matches if match is not None
    ]
    unknown = Operation(f"{request.method} {shorter}", "", request.method, shorter)
    return found or [UndocumentedOperation(api, unknown)]


def _asked(request: Request) -> Iterator[tuple[str, str]]:
    """Yield each method that a request asks for, and by what."""
    for name, value in request.headers:
        if name.lower() in METHOD_OVERRIDES:
            yield value.strip(), "a header"
    found = [*parse_qsl(urlsplit(request.url).query), *_fields(request)]
    for name, value in found:
        if name.lower() in _FIELDS:
            yield value.strip(), f"`{name}`"


def _fields(request: Request) -> Iterator[tuple[str, str]]:
    """Yield the fields of a body that are texts, whatever its media type is said to be."""
    if isinstance(request.body, bytes):
        yield from _fields_in(request.body)
    elif request.body is not None:
        pieces = request.body.pieces
        yield from _fields_in(b"".join(piece if isinstance(piece, bytes) else b"" for piece in pieces))


def _fields_in(content: bytes) -> Iterator[tuple[str, str]]:
    for name, value in _PART.findall(content):
        methods = (value.decode("latin-1"),) if value and not value.startswith(b"--") else ANY_METHOD
        yield from ((name.decode(), method) for method in methods)
    value = _json(content)
    if isinstance(value, dict):
        yield from ((key, each) for key, each in value.items() if isinstance(each, str))
    elif value is None:
        yield from parse_qsl(content.decode("latin-1"))


def _json(content: bytes) -> Any:
    """Return the JSON value of a body; None where it is none."""
    import json

    try:
        return json.loads(content) if content.lstrip()[:1] in (b"{", b"[") else None
    except (ValueError, RecursionError):
        return None
