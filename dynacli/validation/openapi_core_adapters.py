"""Requests and answers in the form that openapi-core's protocols ask for.

Only `dynacli.validation.openapi_core_setup` imports this module.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from openapi_core.datatypes import RequestParameters
from werkzeug.datastructures import Headers, ImmutableMultiDict

__all__ = ["CaseInsensitiveHeaders", "OpenAPIRequest", "OpenAPIResponse"]


@dataclass
class _Parameters(RequestParameters):
    """openapi-core's parameters, with the `querystring` of OpenAPI 3.2 beside them."""

    querystring: Mapping[str, str] = field(default_factory=dict)


class OpenAPIRequest:
    """A request in the form of openapi-core's protocol `Request`."""

    host_url = ""
    path = ""

    def __init__(
        self,
        method: str,
        content_type: str,
        body: bytes | None,
        path: Mapping[str, str],
        query: list[tuple[str, str]],
        headers: Mapping[str, str],
        cookies: Mapping[str, str],
        querystring: tuple[str, str] | None,
    ) -> None:
        self.method = method
        self.content_type = content_type
        self.body = body
        self.parameters = _Parameters(
            query=ImmutableMultiDict(query),
            header=Headers(dict(headers)),
            cookie=ImmutableMultiDict(cookies),
            path=dict(path),
            querystring=dict([querystring] if querystring else []),
        )


class CaseInsensitiveHeaders(dict[str, str]):
    """Headers whose names have no case (RFC 9110, section 5.1), repeated ones joined (section 5.3).

    Args:
        headers: The headers in their order.
    """

    def __init__(self, headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> None:
        super().__init__()
        self._all: dict[str, list[str]] = {}
        for name, value in headers.items() if isinstance(headers, Mapping) else headers:
            self._all.setdefault(name.lower(), []).append(value)
        self.update({name: ", ".join(values) for name, values in self._all.items()})

    def several(self, name: str) -> list[str]:
        """Return the values of a header that may be repeated, not joined."""
        return self._all.get(name.lower(), [])

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())


class OpenAPIResponse:
    """An answer in the form of openapi-core's protocol `Response`."""

    def __init__(
        self,
        status_code: int,
        content_type: str,
        data: bytes,
        headers: Mapping[str, str] | Iterable[tuple[str, str]],
    ) -> None:
        self.status_code = status_code
        self.content_type = content_type
        self.data = data
        self.headers = CaseInsensitiveHeaders(headers)
