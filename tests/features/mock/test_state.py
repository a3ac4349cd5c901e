"""A mock with state lists, reads, changes and deletes what clients created."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.documents import document, operation, parameter, ref
from tests.features.mock.mocked import Mocked, mocked

_JSON = "application/json"
_PROBLEM = {"type": "object", "required": ["error"], "properties": {"error": {"type": "string"}}}
_PET = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        "id": {"type": "integer", "readOnly": True},
        "name": {"type": "string"},
        "secret": {"type": "string", "writeOnly": True},
        "tag": {"type": "string"},
        "createdAt": {"type": "string", "format": "date-time", "readOnly": True},
    },
}


def _responses(schema: Any, status: str = "200", **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {status: {"description": "OK"}}
    if schema is not None:
        made[status]["content"] = {_JSON: {"schema": schema}}
    made["404"] = {"description": "No", "content": {_JSON: {"schema": _PROBLEM}}}
    return {**made, **more}


def pets(wrapper: str = "") -> dict[str, Any]:
    """Return a document with pets and their toys, whose items are in a wrapper."""

    def one(name: str) -> Any:
        return (
            {"type": "object", "required": [wrapper], "properties": {wrapper: ref(name)}}
            if wrapper
            else ref(name)
        )

    id_ = parameter("petId", {"type": "integer"}, "path")
    paths = {
        "/pets": {
            "get": operation("listPets", responses=_responses({"type": "array", "items": ref("Pet")})),
            "post": operation("createPet", body=one("Pet"), responses=_responses(one("Pet"), "201")),
        },
        "/pets/{petId}": {
            "get": operation("getPet", id_, responses=_responses(one("Pet"))),
            "delete": operation("deletePet", id_, responses=_responses(None, "204")),
        },
    }
    return document(paths, components={"schemas": {"Pet": _PET}})


@pytest.fixture
def running() -> Iterator[Mocked]:
    """Return a mock of pets with state."""
    with mocked(pets(), is_stateful=True) as found:
        yield found


def test_a_created_item_is_read_listed_and_deleted(running: Mocked) -> None:
    """The id and other members are made, and members that only requests have stay out of responses."""
    made = running.ask("/pets", "POST", json={"name": "Rex", "secret": "s"})
    assert (201, 1, "Rex") == (made.status_code, made.json()["id"], made.json()["name"])
    assert {"id", "name", "createdAt"} == made.json().keys()
    assert made.json() == running.ask("/pets/1").json()
    assert [made.json()] == running.ask("/pets").json()
    assert 2 == running.ask("/pets", "POST", json={"name": "Max"}).json()["id"]
    gone = running.ask("/pets/1", "DELETE")
    assert (204, b"") == (gone.status_code, gone.content)
    assert ["Max"] == [pet["name"] for pet in running.ask("/pets").json()]
    for method in ("GET", "DELETE"):
        missing = running.ask("/pets/1", method)
        assert (404, {"error"}) == (missing.status_code, missing.json().keys())
    assert {"state", ""} >= {exchange.source for exchange in running.reported[:3]}
    assert not any(exchange.validation and exchange.validation.findings for exchange in running.reported)


@pytest.mark.parametrize("wrapper", ["data", "pet"])
def test_a_wrapper_is_taken_off_and_put_around(wrapper: str) -> None:
    """The state has the item alone."""
    with mocked(pets(wrapper), is_stateful=True) as running:
        made = running.ask("/pets", "POST", json={wrapper: {"name": "Rex"}}).json()
        assert ["Rex"] == [pet["name"] for pet in running.ask("/pets").json()]
        assert made == running.ask("/pets/1").json()
        assert (1, "Rex") == (made[wrapper]["id"], made[wrapper]["name"])


_TASK = {
    "type": "object",
    "required": ["id", "title"],
    "properties": {
        "id": {"type": "string"},
        "title": {"type": "string"},
        "state": {"enum": ["open", "done"]},
        "rank": {"type": "integer", "nullable": True},
        "made": {"type": "string", "readOnly": True},
    },
}
_ETAG = {"headers": {"ETag": {"schema": {"type": "string"}}, "Location": {"schema": {"type": "string"}}}}


def tasks(*query: dict[str, Any], listed: Any = None) -> dict[str, Any]:
    """Return a document with the tasks of projects."""
    project = parameter("project", {"type": "string"}, "path")
    task = parameter("task", {"type": "string"}, "path")
    one = _responses(ref("Task"))
    one["200"] |= _ETAG
    made = _responses(ref("Task"), "201")
    made["201"] |= _ETAG
    change = operation("changeTask", project, task, body=_TASK, responses=one)
    change["requestBody"]["content"] = {
        _JSON: {"schema": {"type": "object"}},
        "application/json-patch+json": {"schema": {}},
    }
    things = {"type": "array", "items": ref("Task")}
    name = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
    paths = {
        "/projects": {"post": operation("createProject", body=name, responses=_responses(name, "201"))},
        "/projects/{project}": {
            "delete": operation("deleteProject", project, responses=_responses(None, "204"))
        },
        "/projects/{project}/tasks": {
            "get": operation("listTasks", project, *query, responses=_responses(listed or things)),
            "post": operation("createTask", project, body=_TASK | {"required": ["title"]}, responses=made),
        },
        "/projects/{project}/tasks/{task}": {
            "get": operation("getTask", project, task, responses=one),
            "patch": change,
            "put": operation(
                "replaceTask", project, task, body=_TASK | {"required": ["title"]}, responses=one
            ),
            "delete": operation("deleteTask", project, task, responses=_responses(None, "204")),
        },
    }
    return document(paths, schemas={"Task": _TASK})


def _with_tasks(running: Mocked, count: int = 3) -> None:
    running.ask("/projects", "POST", json={"name": "a"})
    for number in range(1, count + 1):
        state = "open" if number % 2 else "done"
        task = {"title": f"T{number}", "state": state, "rank": -number}
        assert 201 == running.ask("/projects/a/tasks", "POST", json=task).status_code


def test_items_are_in_their_parents() -> None:
    """An unknown parent gets 404, and its items go with it."""
    with mocked(tasks(), is_stateful=True) as running:
        assert 404 == running.ask("/projects/a/tasks").status_code
        assert 404 == running.ask("/projects/a/tasks", "POST", json={"title": "T"}).status_code
        _with_tasks(running)
        running.ask("/projects", "POST", json={"name": "b"})
        assert [] == running.ask("/projects/b/tasks").json()
        assert 404 == running.ask("/projects/b/tasks/task-1").status_code
        assert 200 == running.ask("/projects/a/tasks/task-1").status_code
        assert 204 == running.ask("/projects/a", "DELETE").status_code
        running.ask("/projects", "POST", json={"name": "a"})
        assert [] == running.ask("/projects/a/tasks").json()


def test_a_given_id_is_kept_and_may_conflict() -> None:
    """The id of the client counts; the second item with it is refused."""
    with mocked(tasks(), is_stateful=True) as running:
        _with_tasks(running, 0)
        made = running.ask("/projects/a/tasks", "POST", json={"title": "T", "id": "x/../y"})
        assert "x/../y" == made.json()["id"]
        assert made.headers["location"].endswith("/projects/a/tasks/x%2F..%2Fy")
        assert 200 == running.client.get(made.headers["location"]).status_code
        again = running.ask("/projects/a/tasks", "POST", json={"title": "T", "id": "x/../y"})
        assert 422 == again.status_code


def test_patch_merges_and_put_replaces() -> None:
    """A patch keeps the other members, null removes one unless it is a value, and nothing changes the id."""
    with mocked(tasks(), is_stateful=True) as running:
        _with_tasks(running)
        path = "/projects/a/tasks/task-1"
        before = running.ask(path).json()
        patched = running.ask(path, "PATCH", json={"state": None, "rank": None, "id": "other"}).json()
        assert {"id": "task-1", "title": "T1", "rank": None, "made": before["made"]} == patched
        assert patched == running.ask(path).json()
        replaced = running.ask(path, "PUT", json={"title": "New"}).json()
        assert {"id": "task-1", "title": "New", "made": before["made"]} == replaced
        assert 404 == running.ask("/projects/a/tasks/none", "PUT", json={"title": "New"}).status_code


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("patch", "status", "title"),
    [
        ([{"op": "replace", "path": "/title", "value": "New"}], 200, "New"),
        ([{"op": "copy", "from": "/state", "path": "/title"}], 200, "open"),
        ([{"op": "test", "path": "/title", "value": "other"}], 422, "T1"),
        ([{"op": "replace", "path": "/title", "value": "New"}, {"op": "remove", "path": "/no"}], 422, "T1"),
        ([{"op": "explode", "path": "/title"}], 422, "T1"),
        ([{"op": "copy", "from": "", "path": f"/x{number}"} for number in range(64)], 422, "T1"),
        ({"op": "remove"}, 422, "T1"),
    ],
)
def test_a_json_patch_applies_whole_or_not_at_all(patch: Any, status: int, title: str) -> None:
    """As RFC 6902 says."""
    with mocked(tasks(), is_stateful=True) as running:
        _with_tasks(running)
        path = "/projects/a/tasks/task-1"
        headers = {"content-type": "application/json-patch+json"}
        assert status == running.ask(path, "PATCH", json=patch, headers=headers).status_code
        assert title == running.ask(path).json()["title"]


def test_another_version_is_not_changed() -> None:
    """`If-Match` with an old `ETag` is refused."""
    with mocked(tasks(), is_stateful=True) as running:
        _with_tasks(running)
        path = "/projects/a/tasks/task-1"
        old = {"if-match": running.ask(path).headers["etag"]}
        assert 200 == running.ask(path, "PATCH", json={"title": "New"}, headers=old).status_code
        for method in ("PATCH", "PUT"):
            assert 412 == running.ask(path, method, json={"title": "Newer"}, headers=old).status_code
        new = {"if-match": running.ask(path).headers["etag"]}
        assert 200 == running.ask(path, "PUT", json={"title": "Newer"}, headers=new).status_code


def _titles(response: Any) -> list[str]:
    found = response.json()
    return [task["title"] for task in (found if isinstance(found, list) else found["items"])]


def test_lists_are_filtered_and_sorted() -> None:
    """By the names of properties; what has no effect is reported."""
    text = {"type": "string"}
    document = tasks(*(parameter(name, text) for name in ("state", "sort", "expand")))
    with mocked(document, is_stateful=True) as running:
        _with_tasks(running)
        path = "/projects/a/tasks"
        assert ["T1", "T3"] == _titles(running.ask(f"{path}?state=open"))
        assert ["T1", "T2", "T3"] == _titles(running.ask(f"{path}?state=all"))
        assert ["T3", "T2", "T1"] == _titles(running.ask(f"{path}?sort=rank"))
        assert ["T1", "T2", "T3"] == _titles(running.ask(f"{path}?sort=rank:desc"))
        assert ["T1", "T2", "T3"] == _titles(running.ask(f"{path}?sort=nothing&expand=x"))
        assert "state; ignores `sort`, `expand`" == running.reported[-1].source


@pytest.mark.parametrize(
    ("names", "fields", "queries"),
    [
        (("page", "per_page"), {"total": 5}, ("per_page=2", "per_page=2&page=2", "per_page=2&page=3")),
        (("offset", "limit"), {"total": 5}, ("limit=2", "limit=2&offset=2", "limit=2&offset=4")),
        (("cursor", "limit"), {"next_cursor": "2"}, ("limit=2", "limit=2&cursor=2", "limit=2&cursor=4")),
    ],
)
def test_lists_have_the_documented_pages(
    names: tuple[str, str], fields: dict[str, Any], queries: tuple[str, ...]
) -> None:
    """By page, offset or cursor, with the totals."""
    kinds = {"page": "integer", "per_page": "integer", "offset": "integer", "limit": "integer"}
    query = [parameter(name, {"type": kinds.get(name, "string")}) for name in names]
    properties = {
        "items": {"type": "array", "items": ref("Task")},
        "total": {"type": "integer"},
        "next_cursor": {"type": "string", "nullable": True},
    }
    listed = {"type": "object", "required": ["items"], "properties": properties}
    with mocked(tasks(*query, listed=listed), is_stateful=True) as running:
        _with_tasks(running, 5)
        pages = [running.ask(f"/projects/a/tasks?{text}") for text in queries]
        assert [["T1", "T2"], ["T3", "T4"], ["T5"]] == [_titles(page) for page in pages]
        assert fields.items() <= pages[0].json().items()
        assert pages[2].json().get("next_cursor") is None
        assert 5 == len(_titles(running.ask("/projects/a/tasks")))


def test_made_ids_fit_the_path() -> None:
    """Also if the pattern of the path parameter is stricter than the field."""
    made = tasks()
    for path, item in made["paths"].items():
        for method in item.values() if path.endswith("{task}") else ():
            method["parameters"][1]["schema"]["pattern"] = "^t[0-9]+$"
    with mocked(made, is_stateful=True) as running:
        _with_tasks(running, 12)
        ids = [task["id"] for task in running.ask("/projects/a/tasks").json()]
        assert 12 == len(set(ids))
        assert {200} == {running.ask(f"/projects/a/tasks/{id_}").status_code for id_ in ids}
