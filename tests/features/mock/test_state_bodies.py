"""The item in a request: in a form, in the query, one of several, or named by its body."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.documents import document, operation, parameter, ref
from tests.features.mock.mocked import Mocked, mocked

_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"
_PET = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "id": {"type": "integer"},
        "name": {"type": "string"},
        "age": {"type": "integer"},
        "tame": {"type": "boolean"},
        "tags": {"type": "array", "items": {"type": "string"}},
    },
}
_MANY = {"type": "array", "items": ref("Pet")}


def _responses(schema: Any, status: str = "200") -> dict[str, Any]:
    found = {"description": "OK", "content": {_JSON: {"schema": schema}}}
    return {status: found, "404": {"description": "No"}, "409": {"description": "Taken"}}


@pytest.fixture
def running() -> Iterator[Mocked]:
    """Return a mock of pets as in the Petstore."""
    id_ = parameter("petId", {"type": "integer"}, "path")
    names = [parameter(name, {"type": "string"}) for name in ("name", "age", "trace")]
    create = operation("addPet", body=ref("Pet"), responses=_responses(ref("Pet"), "201"))
    for media_type in (_FORM, "multipart/form-data"):
        create["requestBody"]["content"][media_type] = {"schema": ref("Pet")}
    paths = {
        "/pets": {
            "get": operation("listPets", responses=_responses(_MANY)),
            "post": create,
            "put": operation("updatePet", body=ref("Pet"), responses=_responses(ref("Pet"))),
        },
        "/pets/createWithList": {
            "post": operation("addPets", body=_MANY, responses=_responses(_MANY, "201"))
        },
        "/pets/deleteAll": {"post": operation("purge", body={"type": "array", "items": {"type": "integer"}})},
        "/pets/{petId}": {
            "get": operation("getPet", id_, responses=_responses(ref("Pet"))),
            "post": operation("renamePet", id_, *names, responses=_responses(ref("Pet"))),
            "delete": operation("deletePet", id_),
        },
    }
    with mocked(document(paths, components={"schemas": {"Pet": _PET}}), is_stateful=True) as found:
        yield found


def test_put_at_the_collection_changes_the_item_that_the_body_names(running: Mocked) -> None:
    """As in the Petstore. An unknown id is 404."""
    running.ask("/pets", "POST", json={"name": "Rex", "age": 3})
    changed = running.ask("/pets", "PUT", json={"id": 1, "name": "Max"})
    assert (200, {"id": 1, "name": "Max"}) == (changed.status_code, changed.json())
    assert changed.json() == running.ask("/pets/1").json()
    assert 404 == running.ask("/pets", "PUT", json={"id": 2, "name": "Tom"}).status_code
    assert 1 == len(running.ask("/pets").json())


@pytest.mark.parametrize("kind", ["data", "files"])
def test_the_fields_of_a_form_have_the_types_of_the_document(running: Mocked, kind: str) -> None:
    """Numbers, booleans and arrays are not strings."""
    form = {"name": "7", "age": "3", "tame": "true", "tags": ["1", "2"]}
    sent: dict[str, Any] = {"data": form} if kind == "data" else {"data": form, "files": {"x": b""}}
    made = running.ask("/pets", "POST", **sent).json()
    expected = {"id": 1, "name": "7", "age": 3, "tame": True, "tags": ["1", "2"]}
    assert expected.items() <= made.items()
    assert made == running.ask("/pets/1").json()


def test_a_request_without_a_body_changes_what_its_query_names(running: Mocked) -> None:
    """If the operation takes no body; other parameters change nothing."""
    running.ask("/pets", "POST", json={"name": "Rex", "tags": ["a"]})
    changed = running.ask("/pets/1?name=Max&age=4&trace=x", "POST").json()
    assert {"id": 1, "name": "Max", "age": 4, "tags": ["a"]} == changed
    assert changed == running.ask("/pets/1").json()


def test_an_array_creates_several_items_or_none(running: Mocked) -> None:
    """An array of other values creates nothing."""
    made = running.ask("/pets/createWithList", "POST", json=[{"name": "Rex"}, {"name": "Max", "id": 7}])
    assert (201, [("Rex", 1), ("Max", 7)]) == (
        made.status_code,
        [(pet["name"], pet["id"]) for pet in made.json()],
    )
    assert made.json() == running.ask("/pets").json()
    for ids in ((8, 7), (9, 9)):
        several = [{"name": "Tom", "id": id_} for id_ in ids]
        assert 409 == running.ask("/pets/createWithList", "POST", json=several).status_code
    assert 200 == running.ask("/pets/deleteAll", "POST", json=[1]).status_code
    assert made.json() == running.ask("/pets").json()


def test_a_path_names_an_item_in_other_ways() -> None:
    """By a second field, as in `{id_or_name}`, and by two fields together."""
    text = {"type": "string"}
    id_ = {"type": "integer", "readOnly": True}
    zone = {"type": "object", "required": ["id", "name"], "properties": {"id": id_, "name": text}}
    record = {"type": "object", "required": ["name", "type"], "properties": {"name": text, "type": text}}
    of_zone = parameter("id_or_name", text, "path")
    pair = [of_zone, parameter("rr_name", text, "path"), parameter("rr_type", text, "path")]
    records = _responses({"type": "array", "items": record})
    paths = {
        "/zones": {"post": operation("addZone", body=zone, responses=_responses(zone, "201"))},
        "/zones/{id_or_name}": {
            "get": operation("getZone", of_zone, responses=_responses(zone)),
            "delete": operation("deleteZone", of_zone),
        },
        "/zones/{id_or_name}/records": {
            "get": operation("listRecords", of_zone, responses=records),
            "post": operation("addRecord", of_zone, body=record, responses=_responses(record, "201")),
        },
        "/zones/{id_or_name}/records/{rr_name}/{rr_type}": {
            "get": operation("getRecord", *pair, responses=_responses(record)),
            "delete": operation("deleteRecord", *pair),
        },
    }
    with mocked(document(paths), is_stateful=True) as running:
        zones = [running.ask("/zones", "POST", json={"name": name}).json() for name in ("a.org", "b.org")]
        assert 2 == len({zone["id"] for zone in zones})
        assert zones == [running.ask(f"/zones/{zone['id']}").json() for zone in zones]
        assert zones == [running.ask(f"/zones/{zone['name']}").json() for zone in zones]
        for name, status in (("www", 201), ("api", 201), ("www", 409)):
            record = {"name": name, "type": "A"}
            assert status == running.ask("/zones/a.org/records", "POST", json=record).status_code
        assert ["www", "api"] == [
            record["name"] for record in running.ask(f"/zones/{zones[0]['id']}/records").json()
        ]
        assert "api" == running.ask("/zones/a.org/records/api/A").json()["name"]
        assert 404 == running.ask("/zones/a.org/records/other/A").status_code
        assert 404 == running.ask("/zones/b.org/records/www/A").status_code
