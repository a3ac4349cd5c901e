"""A small API of seven items that can be paged in one way alone: its document, and a server that responds so."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from tests.documents import JSON, api_of, parameter, route, save
from tests.harness import RecordedRequest, Recorder, Response

ITEMS = [{"id": f"i{number}"} for number in range(1, 8)]
SIZE = 3
string: dict[str, Any] = {"type": "string"}
integer: dict[str, Any] = {"type": "integer"}
array: dict[str, Any] = {
    "type": "array",
    "items": {"type": "object", "properties": {"id": {"type": "string"}}},
}

Reply = Callable[[dict[str, str]], tuple[Any, dict[str, str]]]
"""The query, or the members of the body, of a request → the value of the response, and its headers."""


def record(**properties: Any) -> dict[str, Any]:
    """Return the schema of an object."""
    return {"type": "object", "properties": properties}


@dataclass(frozen=True)
class ListedApi:
    """A small API.

    Attributes:
        reply: Responds to a request; `{origin}` in it stands for the server.
        schema: The schema of the response.
        inputs: Query parameter → its schema.
        headers: The headers that the document gives the response.
        links: The links that the document gives the response.
        more: Further members of the Operation Object.
        body: The schema of the body of a search; None if the list is a GET.
    """

    reply: Reply
    schema: Any
    inputs: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, Any] = field(default_factory=dict)
    links: Mapping[str, Any] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None

    def document(self, origin: str) -> dict[str, Any]:
        """Return its document."""
        response: dict[str, Any] = {"description": "", "content": {JSON: {"schema": self.schema}}}
        if self.headers:
            response["headers"] = {name: {"schema": schema} for name, schema in self.headers.items()}
        if self.links:
            response["links"] = dict(self.links)
        return api_of(
            route(
                "post" if self.body else "get",
                "/things",
                "searchThings" if self.body else "listThings",
                *(parameter(name, schema) for name, schema in self.inputs.items()),
                body=self.body,
                responses={"200": response},
                **self.more,
            ),
            server=origin,
        )

    def start(self, server: Recorder) -> str:
        """Let a server respond so, and return the word that names the document."""

        def response(request: RecordedRequest) -> Response:
            query = dict(parse_qsl(request.target.partition("?")[2]))
            given = {**query, **(json.loads(request.body) if request.body else {})}
            value, headers = self.reply(given)
            text = json.dumps(value).replace("{origin}", server.origin)
            reported = {name: text_.replace("{origin}", server.origin) for name, text_ in headers.items()}
            return Response(200, text.encode(), {"Content-Type": JSON, **reported})

        server.responses["/things"] = response
        return save(self.document(server.origin), "things.json")

    def start_otherwise(self, server: Recorder, at: int, instead: Callable[[], Response]) -> str:
        """Do as `start` does, with another response to one request, counted from 1."""
        word = self.start(server)
        whole = server.responses["/things"]
        assert callable(whole)
        server.responses["/things"] = lambda request: (
            instead() if len(server.requests) == at else whole(request)
        )
        return word

    @property
    def command(self) -> str:
        """The name of its operation."""
        return "search-things" if self.body else "list-things"
