"""What the demo API responds fits its document, and does not where it was told to misbehave."""

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters

from dynacli.errors import UsageError
from dynacli.features.demo.demo_server import running
from dynacli.registry.demo_facts import API_KEYS, BASE_PATH, MISBEHAVIOURS, document_path

DOCUMENT: dict[str, Any] = json.loads(Path(document_path()).read_bytes())


@dataclass(frozen=True)
class Case:
    """An operation with the request that its examples make."""

    operation_id: str
    method: str
    path: str
    template: str
    body: Any
    query: Mapping[str, str]
    good: int


@dataclass
class Asked:
    """A request in the form that openapi-core takes."""

    host_url: str
    path: str
    method: str
    body: bytes | None = None
    content_type: str = "application/json"
    parameters: RequestParameters = field(default_factory=RequestParameters)


@dataclass
class Received:
    """A response in the form that openapi-core takes."""

    status_code: int
    content_type: str
    data: bytes
    headers: Mapping[str, Any] = field(default_factory=dict)


def _target(entry: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in entry:
        _, _, kind, name = entry["$ref"].split("/")
        entry = DOCUMENT["components"][kind][name]
    return entry


def _cases() -> Iterator[Case]:
    for template, item in DOCUMENT["paths"].items():
        for method, operation in item.items():
            if method == "parameters":
                continue
            listed = [
                _target(entry) for entry in (*item.get("parameters", ()), *operation.get("parameters", ()))
            ]
            # A parameter of the operation replaces the one of its path.
            examples = {(entry["in"], entry["name"]): entry["example"] for entry in listed}
            query = {
                name: ",".join(value) if isinstance(value, list) else str(value)
                for (place, name), value in examples.items()
                if place == "query"
            }
            body = None
            if "requestBody" in operation:
                media = operation["requestBody"]["content"]["application/json"]
                body = next(iter(media["examples"].values()))["value"]
            yield Case(
                operation["operationId"],
                method.upper(),
                template.replace("{id}", examples.get(("path", "id"), "")),
                template,
                body,
                query,
                min(int(status) for status in operation["responses"]),
            )


CASES = tuple(_cases())
BROKEN = tuple(kind for kind in MISBEHAVIOURS if kind not in {"truncated-json", "hang"})

each_operation = pytest.mark.parametrize("case", CASES, ids=[case.operation_id for case in CASES])


@cache
def _validate() -> OpenAPI:
    return OpenAPI.from_dict(DOCUMENT)


@pytest.fixture(scope="module")
def clients() -> Iterator[dict[str, httpx.Client]]:
    """A client for a demo API that behaves, and one for each way in which all its operations misbehave."""
    with ExitStack() as stack:
        made = {}
        for kind in ("none", *MISBEHAVIOURS):
            misbehave = {} if kind == "none" else {case.operation_id: kind for case in CASES}
            server = stack.enter_context(running(misbehave=misbehave))
            headers = {"Authorization": f"Bearer {server.api_keys['editor']}"}
            client = httpx.Client(base_url=f"{server.origin}{BASE_PATH}", headers=headers)
            made[kind] = stack.enter_context(client)
        yield made


def _ask(client: httpx.Client, case: Case, *, query: bool = False) -> httpx.Response:
    body = {} if case.body is None else {"json": case.body}
    return client.request(case.method, case.path, params=case.query if query else None, **body)


def _errors(response: httpx.Response) -> list[str]:
    """Returns the types of what openapi-core has against a response."""
    request = Asked(
        f"{response.request.url.scheme}://{response.request.url.netloc.decode()}",
        response.request.url.path,
        response.request.method.lower(),
    )
    media_type = response.headers["content-type"].partition(";")[0]
    validated = Received(response.status_code, media_type, response.content, dict(response.headers))
    return [type(error).__name__ for error in _validate().iter_response_errors(request, validated)]


@pytest.mark.sampled(3)
@each_operation
def test_examples_are_answered_as_documented(case: Case, clients: dict[str, httpx.Client]) -> None:
    """The request that an operation's examples make gets the documented good status and a fitting body."""
    response = _ask(clients["none"], case)
    assert case.good == response.status_code, response.text
    assert _errors(response) == []


@pytest.mark.parametrize(
    "case", [case for case in CASES if case.query], ids=[case.operation_id for case in CASES if case.query]
)
def test_query_examples_find_something(case: Case, clients: dict[str, httpx.Client]) -> None:
    """All query examples of an operation together make a good request with a response that is not empty."""
    # `category` and `categorySlug` narrow each other down; the examples go together anyway.
    response = _ask(clients["none"], case, query=True)
    assert case.good == response.status_code, response.text
    assert _errors(response) == []
    assert any(value for value in response.json().values() if isinstance(value, list | dict))


@pytest.mark.parametrize(
    ("path", "headers", "expected"),
    [
        ("/org", {"Authorization": ""}, 401),
        ("/workflows/wf_search-issues", {"Authorization": f"Bearer {API_KEYS['viewer']}"}, 403),
        ("/workflows/wf_nothing", {}, 404),
        ("/runs?page=0", {}, 400),
    ],
    ids=["401", "403", "404", "400"],
)
def test_error_responses_fit_too(
    path: str, headers: dict[str, str], expected: int, clients: dict[str, httpx.Client]
) -> None:
    """Each kind of refusal has the documented error shape."""
    method = "DELETE" if expected == 403 else "GET"
    response = clients["none"].request(method, path, headers=headers)
    assert expected == response.status_code
    assert _errors(response) == []


def _unmentioned(schema: dict[str, Any], value: Any, where: str = "") -> Iterator[str]:
    """Yields the fields of a value that its schema, if it lists properties, does not mention."""
    branches = [_target(schema)]
    for branch in branches:
        branches += [_target(part) for part in branch.get("allOf", ())]
    if isinstance(value, list):
        items = next(branch["items"] for branch in branches if "items" in branch)
        for index, item in enumerate(value):
            yield from _unmentioned(items, item, f"{where}/{index}")
    elif isinstance(value, dict):
        listed = {name: inner for branch in branches for name, inner in branch.get("properties", {}).items()}
        is_open = not listed or any(branch.get("additionalProperties") is True for branch in branches)
        for name, item in value.items():
            if name in listed:
                yield from _unmentioned(listed[name], item, f"{where}/{name}")
            elif not is_open:
                yield f"{where}/{name}"


def _schema(case: Case) -> dict[str, Any]:
    operation = DOCUMENT["paths"][case.template][case.method.lower()]
    schema: dict[str, Any] = operation["responses"][str(case.good)]["content"]["application/json"]["schema"]
    return schema


@pytest.mark.sampled(8)
@each_operation
def test_good_responses_hold_nothing_undocumented(case: Case, clients: dict[str, httpx.Client]) -> None:
    """A good response has no field that the document does not mention."""
    assert list(_unmentioned(_schema(case), _ask(clients["none"], case).json())) == []


_FINDINGS = {
    "wrong-type": ["InvalidData"],
    "missing-field": ["InvalidData"],
    "undocumented-field": [],
    "undocumented-status": ["ResponseNotFound"],
    "wrong-media-type": ["DataValidationError"],
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("kind", BROKEN)
@each_operation
def test_misbehaviour_breaks_the_document(case: Case, kind: str, clients: dict[str, httpx.Client]) -> None:
    """Each kind of misbehaviour makes the response of each operation differ from the document in its own way."""
    response = _ask(clients[kind], case)
    assert _FINDINGS[kind] == _errors(response)
    if kind == "undocumented-field":
        found = list(_unmentioned(_schema(case), response.json()))
        assert len(found) == 1
        assert found[0].endswith("/internalNote")


@pytest.mark.sampled(3)
@each_operation
def test_truncated_json_does_not_parse(case: Case, clients: dict[str, httpx.Client]) -> None:
    """A truncated response is complete as HTTP, says that it is JSON, and is not."""
    response = _ask(clients["truncated-json"], case)
    assert (case.good, "application/json") == (response.status_code, response.headers["content-type"])
    with pytest.raises(json.JSONDecodeError):
        response.json()


def test_a_hanging_response_never_comes(clients: dict[str, httpx.Client]) -> None:
    """A request to an operation that hangs ends with the client's patience."""
    with pytest.raises(httpx.ReadTimeout):
        clients["hang"].get("/org", timeout=0.2)


def test_only_good_responses_misbehave(clients: dict[str, httpx.Client]) -> None:
    """A refusal stays as documented whatever the operation was told to do."""
    for kind in MISBEHAVIOURS:
        response = clients[kind].get("/workflows/wf_nothing")
        assert response.status_code == 404
        assert _errors(response) == []


def test_the_next_operation_misbehaves_only_where_it_exists() -> None:
    """`listWorkflowVersions` can misbehave with `with_next`, and is unknown without."""
    misbehave = {"listWorkflowVersions": "wrong-type"}
    with running(with_next=True, misbehave=misbehave) as server:
        headers = {"Authorization": f"Bearer {API_KEYS['viewer']}"}
        url = f"{server.origin}{BASE_PATH}/workflows/wf_plan-meeting/versions"
        row = httpx.get(url, headers=headers).json()["rows"][0]
    assert row["version"] == "of another type"
    with pytest.raises(UsageError, match="listWorkflowVersions"), running(misbehave=misbehave):
        pass


@pytest.mark.parametrize(
    ("misbehave", "named"),
    [({"getOrgs": "hang"}, "getOrg,"), ({"getOrg": "sulk"}, "truncated-json")],
    ids=["operation", "kind"],
)
def test_unknown_misbehaviour_is_refused(misbehave: dict[str, str], named: str) -> None:
    """An unknown operation or kind is a usage error that lists the choices, and nothing is started."""
    with pytest.raises(UsageError) as caught, running(misbehave=misbehave):
        pass
    assert named in caught.value.hint
