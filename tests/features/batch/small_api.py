"""A small API whose operations are called by rows, and what the tests know of it."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.documents import BEARER, delete, get, parameter, post, put, save_api
from tests.harness import RecordedRequest, Recorder, Response, Result, json_response, run_cli

if TYPE_CHECKING:
    from collections.abc import Callable

API = "./api.json"
_STRING = {"type": "string"}


def lines(result: Result) -> list[dict[str, Any]]:
    """Return the lines of a result."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def ndjson(*rows: Any, path: str = "rows.ndjson") -> str:
    """Write rows, and return the name of their file."""
    Path(path).write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    return path


class SmallApi:
    """Pets that can be read, made and removed; a pet that is made gets the next number, and one above 90 is not there.

    Attributes:
        served: Method and target of each request, in the order in which they came.
        before: Called with each request before it gets a response.
    """

    def __init__(self, server: Recorder) -> None:
        self.server = server
        self.before: Callable[[RecordedRequest], object] = lambda request: None  # noqa: ARG005
        pet = {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string", "minLength": 2},
                "age": {"type": "integer"},
                "tags": {"type": "array", "items": _STRING},
                "owner": {"type": "object", "properties": {"id": {"type": "integer"}}},
            },
        }
        response = {
            "200": {"description": "", "content": {"application/json": {"schema": {"type": "object"}}}}
        }
        by_id = parameter("petId", {"type": "integer", "minimum": 1}, "path")
        save_api(
            post("/pets", "createPet", body=pet, responses=response),
            get(
                "/pets/{petId}",
                "getPet",
                by_id,
                parameter("page-size", {"type": "integer", "maximum": 10}),
                responses=response,
            ),
            put("/pets/{petId}", "putPet", by_id, body=pet, responses=response),
            delete("/pets/{petId}", "removePet", by_id, responses=response),
            get("/safe", security=[{"token": []}], responses=response),
            server=server,
            schemes={"token": BEARER},
        )
        self.created = 0
        for path in ("/pets", "/safe", *(f"/pets/{number}" for number in range(100))):
            server.responses[path] = self._response

    def _response(self, request: RecordedRequest) -> Response:
        self.before(request)
        if request.method == "POST":
            self.created += 1
            return json_response({"id": self.created, "sent": json.loads(request.body)})
        number = request.target.partition("?")[0].rpartition("/")[2]
        if number.isdecimal() and int(number) > 90:
            return Response(404, b'{"error":"no such pet"}')
        return json_response({"pet": number})

    @property
    def served(self) -> list[str]:
        return [f"{request.method} {request.target}" for request in self.server.requests]

    @property
    def bodies(self) -> list[Any]:
        """The bodies that were sent."""
        return [json.loads(request.body) for request in self.server.requests if request.body]

    def run(self, *words: str, **more: Any) -> Result:
        """Run `dynacli batch` on the API."""
        return run_cli("batch", API, *words, **more)
