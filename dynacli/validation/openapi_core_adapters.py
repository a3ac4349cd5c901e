"""A request and an answer, as openapi-core's protocols have them.

Only `dynacli.validation.openapi_core_setup` imports this module.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from openapi_core.datatypes import RequestParameters
from werkzeug.datastructures import Headers, ImmutableMultiDict

__all__ = ["Lowered", "RequestView", "ResponseView"]


@dataclass
class Parameters(RequestParameters):
    querystring: Mapping[str, str] = field(default_factory=dict)


class RequestView:
    """A request as openapi-core's protocol has it."""

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
        self.parameters = Parameters(
            query=ImmutableMultiDict(query),
            header=Headers(dict(headers)),
            cookie=ImmutableMultiDict(cookies),
            path=dict(path),
            querystring=dict([querystring] if querystring else []),
        )


class Lowered(dict[str, str]):
    """Headers, found in any case (RFC 9110, section 5.1), repeated ones joined (section 5.3).

    Args:
        headers: As they came.
    """

    def __init__(self, headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> None:
        super().__init__()
        self._all: dict[str, list[str]] = {}
        for name, value in headers.items() if isinstance(headers, Mapping) else headers:
            self._all.setdefault(name.lower(), []).append(value)
        self.update({name: ", ".join(values) for name, values in self._all.items()})

    def several(self, name: str) -> list[str]:
        """Return the values of a header, each as it came."""
        return self._all.get(name.lower(), [])

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.lower())

    def __contains__(self, name: object) -> bool:
        return super().__contains__(str(name).lower())


class ResponseView:
    """An answer as openapi-core's protocol has it."""

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
        self.headers = Lowered(headers)
