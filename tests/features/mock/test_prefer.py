"""A client picks the response of a mock as it does with Prism: by the header `Prefer`, or by the query.

The cases follow Prism's guide: https://github.com/stoplightio/prism/blob/master/docs/guides/01-mocking.md
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.documents import api_of, get, operation, parameter
from tests.features.mock.mocked import Mocked, mocked

_PET = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        "id": {"type": "integer", "format": "int64"},
        "name": {"type": "string", "example": "doggie"},
        "photoUrls": {"type": "array", "items": {"type": "string"}},
    },
}
_CAT = {"id": 2, "name": "Fluffy", "photoUrls": []}
_DOG = {"id": 1, "name": "Spot", "photoUrls": ["https://example.com/dog.jpg"]}
_GONE = {"message": "no such pet"}
_MADE = {"id": 1, "name": "doggie", "photoUrls": ["string"]}


def _content(schema: Any, **more: Any) -> dict[str, Any]:
    return {"description": "", "content": {"application/json": {"schema": schema, **more}}}


def _document() -> dict[str, Any]:
    examples = {
        "cat": {"value": _CAT},
        "dog": {"$ref": "#/components/examples/dog"},
        "far": {"externalValue": "https://example.com/far.json"},
    }
    responses = {
        "200": _content({"$ref": "#/components/schemas/Pet"}, examples=examples),
        "404": _content({"type": "object"}, example=_GONE),
        "5XX": _content({"type": "object", "properties": {"code": {"type": "integer"}}}),
        "204": {"description": "nothing"},
    }
    pet = operation("getPet", parameter("petId", {"type": "integer"}, "path"), responses=responses)
    return api_of(
        {"/pets/{petId}": {"get": pet}},
        get("/pets", "listPets", responses={"200": _content({"type": "array", "items": _PET})}),
        components={"schemas": {"Pet": _PET}, "examples": {"dog": {"value": _DOG}}},
    )


@pytest.fixture(scope="module")
def pets() -> Iterator[Mocked]:
    """The mock of a document with named examples."""
    with mocked(_document()) as running:
        yield running


@pytest.mark.parametrize(
    ("target", "prefer", "status", "body"),
    [
        pytest.param("/pets/123", "", 200, _CAT, id="the first example"),
        pytest.param("/pets/123", "example=dog", 200, _DOG, id="a named one, behind a reference"),
        pytest.param("/pets/123", "code=200, example=dog", 200, _DOG, id="with its status"),
        pytest.param("/pets/123", 'code=200; example="dog"', 200, _DOG, id="quoted"),
        pytest.param("/pets/123", "Code=404", 404, _GONE, id="a status"),
        pytest.param("/pets/123", "code=503", 503, {"code": 1}, id="a status of a range"),
        pytest.param("/pets/123", "code=204", 204, None, id="without a body"),
        pytest.param("/pets/123", "dynamic=false", 200, _CAT, id="not made up"),
        pytest.param("/pets/123?__code=404", "", 404, _GONE, id="by the query"),
        pytest.param(
            "/pets/123?__example=dog", "respond-async, wait=100", 200, _DOG, id="others are passed over"
        ),
        pytest.param("/pets/123?__code=404", "code=200", 200, _CAT, id="the header counts before the query"),
        pytest.param("/pets", "", 200, [_MADE], id="made of the schema"),
    ],
)
def test_the_response_that_is_preferred(
    pets: Mocked, target: str, prefer: str, status: int, body: Any
) -> None:
    """Status and example are those that the client names, else the lowest success with its first example."""
    response = pets.ask(target, prefer=prefer)
    assert (status, body) == (response.status_code, response.json() if response.content else None)


@pytest.mark.parametrize(
    ("prefer", "status", "detail"),
    [
        ("code=418", 404, "The document has no response 418 of this operation"),
        ("example=bird", 404, "no example `bird`"),
        ("example=far", 404, "has no value in the document"),
        ("code=204, example=cat", 404, "has no body"),
        ("code=abc", 400, "`code=abc` names no status"),
        ("code=99", 400, "`code=99` names no status"),
        ("dynamic=perhaps", 400, "neither `true` nor `false`"),
    ],
)
def test_a_preference_that_cannot_be_met(pets: Mocked, prefer: str, status: int, detail: str) -> None:
    """The response is a problem that says why, and is told as the source of the response."""
    response = pets.ask("/pets/123", prefer=prefer)
    assert (status, "application/problem+json") == (response.status_code, response.headers["content-type"])
    assert detail in response.json()["detail"]
    assert detail in pets.reported[-1].source


def test_a_wrong_request_is_no_matter_of_preference(pets: Mocked) -> None:
    """What is wrong with the request decides, whatever the client prefers."""
    assert 422 == pets.ask("/pets/abc", prefer="code=200, example=dog").status_code


def test_dynamic_responses_differ_and_come_again() -> None:
    """Values differ from one response to the next, fit the schema, and are the same in the next run of the server."""
    runs = []
    for _ in range(2):
        with mocked(_document()) as running:
            runs.append([running.ask("/pets", prefer="dynamic=true").json() for _ in range(4)])
            assert all(exchange.validation and exchange.validation.is_valid for exchange in running.reported)
    assert runs[0] == runs[1]
    assert 4 == len({str(body) for body in runs[0]})
    with mocked(_document(), is_dynamic=True) as running:
        assert _CAT != running.ask("/pets/1").json()
        assert _CAT == running.ask("/pets/1", prefer="dynamic=false").json()
    with mocked(_document(), has_examples=False) as running:
        assert [_MADE] * 2 == [running.ask("/pets/1").json() for _ in range(2)]
        assert _DOG == running.ask("/pets/1", prefer="example=dog").json()
