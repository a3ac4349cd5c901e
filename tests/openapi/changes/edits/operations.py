"""Operations: added, removed, moved, called otherwise, their callbacks."""

from tests.openapi.changes.edits.base import ADMIN, CALLBACK, HEALTH, LIST, PETS
from tests.openapi.changes.edits.model import GONE, Of, edit, expected

__all__ = ["EDITS"]

EDITS = [
    edit(
        "an operation is new",
        PETS,
        {
            "/paths/~1health/head": {
                "operationId": "probe",
                "security": [],
                "responses": {"200": {"description": "All is well"}},
            }
        },
        added=("HEAD /health",),
        oasdiff=("endpoint-added INFO",),
    ),
    edit(
        "a path is new",
        PETS,
        {
            "/paths/~1owners": {
                "get": {"operationId": "listOwners", "responses": {"200": {"description": "They"}}}
            }
        },
        added=("GET /owners",),
        oasdiff=("endpoint-added INFO",),
    ),
    edit(
        "an operation is gone",
        PETS,
        {"/paths/~1pets~1{petId}/delete": GONE},
        removed=("DELETE /pets/{petId}",),
        oasdiff=("api-removed-without-deprecation ERR",),
    ),
    edit(
        "a path is gone",
        PETS,
        {"/paths/~1health": GONE},
        removed=("GET /health",),
        oasdiff=("api-path-removed-without-deprecation ERR",),
    ),
    edit(
        "an operation is called otherwise",
        PETS,
        {f"{HEALTH}/operationId": "isHealthy"},
        expected("operation-renamed", f"{HEALTH}/operationId", "health", "isHealthy"),
        oasdiff=("api-operation-id-removed INFO",),
    ),
    edit(
        "an operation loses its operationId",
        PETS,
        {f"{HEALTH}/operationId": GONE},
        expected("operation-renamed", f"{HEALTH}/operationId", "health"),
        oasdiff=("api-operation-id-removed INFO",),
    ),
    edit(
        "an operation moves to another path",
        PETS,
        {"/paths/~1health": GONE, "/paths/~1healthz": Of("/paths/~1health")},
        expected("operation-moved", "/paths/~1healthz/get", "GET /health", "GET /healthz", breaking=True),
        oasdiff=("api-path-removed-without-deprecation ERR", "endpoint-added INFO"),
    ),
    edit(
        "an operation moves to another method",
        PETS,
        {"/paths/~1health/post": Of(HEALTH), HEALTH: GONE},
        expected("operation-moved", "/paths/~1health/post", "GET /health", "POST /health", breaking=True),
        oasdiff=("api-removed-without-deprecation ERR", "endpoint-added INFO"),
    ),
    edit(
        "a path names its parameter anew",
        PETS,
        {
            "/paths/~1pets~1{petId}": GONE,
            "/paths/~1pets~1{id}": Of("/paths/~1pets~1{petId}"),
            "/components/parameters/petId/name": "id",
        },
        expected("parameter-renamed", "/components/parameters/petId/name", "petId", "id", breaking=False),
    ),
    edit(
        "an operation moves and its query grows",
        PETS,
        {
            "/paths/~1health": GONE,
            "/paths/~1healthz": Of("/paths/~1health"),
            "/paths/~1healthz/get/parameters": [
                {"name": "deep", "in": "query", "schema": {"type": "boolean"}}
            ],
        },
        expected("operation-moved", "/paths/~1healthz/get", "GET /health", "GET /healthz", breaking=True),
        expected(
            "parameter-added",
            "/paths/~1healthz/get/parameters/0",
            None,
            {"name": "deep", "in": "query", "schema": {"type": "boolean"}},
            breaking=False,
        ),
        oasdiff=("api-path-removed-without-deprecation ERR", "endpoint-added INFO"),
    ),
    edit(
        "an operation is deprecated",
        PETS,
        {f"{HEALTH}/deprecated": True},
        expected("deprecated", f"{HEALTH}/deprecated", False, True, breaking=False),
        oasdiff=("endpoint-deprecated INFO",),
    ),
    edit(
        "an operation is deprecated until a day",
        PETS,
        {f"{HEALTH}/deprecated": True, f"{HEALTH}/x-sunset": "2030-01-01"},
        expected("deprecated", f"{HEALTH}/deprecated", False, True, breaking=False),
        expected("sunset-changed", f"{HEALTH}/x-sunset", None, "2030-01-01"),
        oasdiff=("endpoint-deprecated-with-sunset INFO",),
    ),
    edit(
        "a summary is another one",
        PETS,
        {f"{LIST}/summary": "Every pet"},
        expected("summary-changed", f"{LIST}/summary", "All pets", "Every pet", breaking=False),
    ),
    edit(
        "a description comes",
        PETS,
        {f"{HEALTH}/description": "Tells whether all is well"},
        expected(
            "description-changed", f"{HEALTH}/description", None, "Tells whether all is well", breaking=False
        ),
    ),
    edit(
        "a description is broken into other lines",
        PETS,
        {"/info/description": "One  text of\ntwo lines\n"},
        before={"/info/description": "One text\nof two lines"},
    ),
    edit(
        "an operation has another tag",
        PETS,
        {f"{LIST}/tags": ["animals"]},
        expected("tags-changed", f"{LIST}/tags", ["pets"], ["animals"], breaking=False),
        oasdiff=("api-tag-added INFO", "api-tag-removed INFO"),
    ),
    edit(
        "a callback is gone",
        PETS,
        {f"{ADMIN}/callbacks/done": GONE},
        expected(
            "callback-removed",
            f"{ADMIN}/callbacks/done/{{$request.query.url}}/post",
            "done POST {$request.query.url}",
            None,
            breaking=True,
        ),
    ),
    edit(
        "a callback sends another type",
        PETS,
        {f"{CALLBACK}/id/type": "integer"},
        expected("type-changed", f"{CALLBACK}/id/type", "string", "integer", breaking=True),
    ),
    edit(
        "a callback sends another property",
        PETS,
        {f"{CALLBACK}/at": {"type": "string"}},
        expected("property-added", f"{CALLBACK}/at", None, {"type": "string"}, breaking=False),
    ),
    edit(
        "a callback is new",
        PETS,
        {f"{ADMIN}/callbacks/failed": Of(f"{ADMIN}/callbacks/done")},
        expected(
            "callback-added",
            f"{ADMIN}/callbacks/failed/{{$request.query.url}}/post",
            None,
            "failed POST {$request.query.url}",
        ),
    ),
    edit(
        "a deprecation is lifted",
        PETS,
        {f"{HEALTH}/deprecated": GONE},
        expected("deprecation-lifted", f"{HEALTH}/deprecated", True, False, breaking=False),
        before={f"{HEALTH}/deprecated": True},
        oasdiff=("endpoint-reactivated INFO",),
    ),
    edit(
        "a sunset comes earlier",
        PETS,
        {f"{HEALTH}/x-sunset": "2027-01-01"},
        expected("sunset-changed", f"{HEALTH}/x-sunset", "2030-01-01", "2027-01-01"),
        before={f"{HEALTH}/deprecated": True, f"{HEALTH}/x-sunset": "2030-01-01"},
        oasdiff=("api-sunset-date-changed-earlier ERR",),
        why="Until when a client needs the operation, the document does not tell.",
    ),
]
