"""The rules by which `learn` describes paths, parameters, bodies and credentials: a table for each."""

from pathlib import Path
from typing import Any

import pytest

from tests.features.learn.traffic import SERVER, call, learned

_LOGINS = ("ann", "bob", "cyd")


def _users(*names: str, **more: Any) -> list[dict[str, Any]]:
    return [call("GET", f"/users/{name}", {"login": name, **more}) for name in names]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        (["/orders/1"], ["/orders/{orderId}"]),
        (["/orders/01ARZ3NDEKTSV4RRFFQ69G5FAV"], ["/orders/{orderId}"]),
        (["/orders/8c5a4b0e-0d3c-4d0e-9f5c-2f1d3a4b5c6d"], ["/orders/{orderId}"]),
        (["/commits/6dcb09b5b57875f334f61aebed695e2e4193db5e"], ["/commits/{commitId}"]),
        (["/rates/2026-01-31"], ["/rates/{rateId}"]),
        (["/people/ann@example.com"], ["/people/{peopleId}"]),
        (["/people/ann%40example.com"], ["/people/{peopleId}"]),
        (["/customers/cus_9s6XKzkNRiz8i3"], ["/customers/{customerId}"]),
        (["/run-steps/1/logs/2"], ["/run-steps/{runStepId}/logs/{logId}"]),
        (["/categories/1"], ["/categories/{categoryId}"]),
        (["/7"], ["/{id}"]),
        (["/a/1/2"], ["/a/{aId}/{aId2}"]),
        (["/users/me", "/users/1"], ["/users/me", "/users/{userId}"]),
        (["/v1/orders/1", "/v2/orders/2"], ["/v1/orders/{orderId}", "/v2/orders/{orderId}"]),
        (["/releases/latest"], ["/releases/latest"]),
        (["/servers/1/actions/poweron"], ["/servers/{serverId}/actions/poweron"]),
        (["/oauth2/token"], ["/oauth2/token"]),
        (["/orders/"], ["/orders/"]),
        (["/"], ["/"]),
    ],
)
def test_segments_that_are_identifiers_are_parameters(
    paths: list[str], expected: list[str], tmp_path: Path
) -> None:
    """Their text alone shows it; words are literal."""
    document = learned(tmp_path, [call("GET", path, {"a": 1}) for path in paths])
    assert expected == list(document["paths"])


def test_names_that_are_values_of_bodies_are_parameters(tmp_path: Path) -> None:
    """At least three with the same required properties."""
    assert ["/users/{userId}"] == list(learned(tmp_path, _users(*_LOGINS))["paths"])
    assert "# review: " in (tmp_path / "openapi.yaml").read_text()
    assert 2 == len(learned(tmp_path, _users(*_LOGINS[:2]))["paths"])


def test_names_in_the_list_above_are_parameters(tmp_path: Path) -> None:
    """A list shows which names are values."""
    users = [call("GET", f"/users/{name}", {"age": 3}) for name in _LOGINS]
    assert 3 == len(learned(tmp_path, users)["paths"])
    listed = call("GET", "/users", [{"login": name} for name in _LOGINS])
    assert ["/users", "/users/{userId}"] == list(learned(tmp_path, [*users, listed])["paths"])


def test_two_names_may_identify_one_resource(tmp_path: Path) -> None:
    """As the owner and the name of a repository do."""
    names = [("ann", "hello"), ("ann", "world"), ("bob", "tool"), ("cyd", "site"), ("cyd", "blog")]
    repos = [call("GET", f"/repos/{a}/{b}", {"owner": a, "name": b, "size": 1}) for a, b in names]
    assert ["/repos/{repoId}/{repoId2}"] == list(learned(tmp_path, repos)["paths"])


@pytest.mark.parametrize(
    "entries",
    [
        [call("GET", f"/settings/{name}", {"value": name * 2}) for name in ("theme", "lang", "zone")],
        [call("POST", f"/servers/1/actions/{name}", {"command": name}) for name in ("on", "off", "reset")],
        [call("GET", f"/users/{name}", {name: name}) for name in _LOGINS],
        [
            *_users("orders", "teams", "bills"),
            *(call("GET", f"/{name}", []) for name in ("orders", "teams", "bills")),
        ],
        [call("GET", f"/about/{name}", {"name": name}) for name in _LOGINS],
    ],
)
def test_other_names_stay_literal(entries: list[dict[str, Any]], tmp_path: Path) -> None:
    """Without evidence, names are not values."""
    assert not [path for path in learned(tmp_path, entries)["paths"] if "{" in path.replace("{serverId}", "")]


def test_a_template_of_the_user_wins(tmp_path: Path) -> None:
    """`--path` may be repeated."""
    entries = [*_users("ann", "me"), call("GET", "/a/1", {"b": 1})]
    document = learned(tmp_path, entries, "--path", "/users/{login}", "--path", "/users/me", "--path", "/a/1")
    assert ["/a/1", "/users/me", "/users/{login}"] == list(document["paths"])


def test_names_of_operations(tmp_path: Path) -> None:
    """By method and path, and unique."""
    entries = [
        call("GET", "/api/v1/orders", [{"id": 1}]),
        call("POST", "/api/v1/orders", {"id": 1}),
        call("GET", "/api/v1/orders/1", {"id": 1}),
        call("PUT", "/api/v1/orders/1", {"id": 1}),
        call("PATCH", "/api/v1/orders/1", {"id": 1}),
        call("DELETE", "/api/v1/orders/1", status=204),
        call("GET", "/api/v1/orders/1/line-items", {"items": [{"id": 1}], "total": 1}),
        call("GET", "/api/v2/orders", [{"id": 1}]),
        call("GET", "/api/v1/status", {"ok": True}),
    ]
    document = learned(tmp_path, entries)
    operations = [item for path in document["paths"].values() for item in path.values()]
    assert {
        *("listOrders", "createOrder", "getOrder", "replaceOrder", "updateOrder", "deleteOrder"),
        *("listOrderLineItems", "listOrders2", "getStatus"),
    } == {operation["operationId"] for operation in operations}
    assert {("orders",), ("status",)} == {tuple(operation["tags"]) for operation in operations}


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("queries", "expected"),
    [
        (["n=1", "n=22"], {"schema": {"type": "integer"}}),
        (["n=1", "n=2", "n=3"], {"required": True, "schema": {"type": "integer"}}),
        (["n=1", "n=2", ""], {"schema": {"type": "integer"}}),
        (["n=1.5", "n=2"], {"schema": {"type": "number"}}),
        (["n=true", "n=false"], {"schema": {"type": "boolean"}}),
        (["n=007"], {"schema": {"type": "string"}}),
        (["n=1", "n=x"], {"schema": {"type": "string"}}),
        (["n=true", "n=1"], {"schema": {"type": "string"}}),
        (["n=1&n=2"], {"schema": {"type": "array", "items": {"type": "integer"}}}),
        (["n="], {"allowEmptyValue": True, "schema": {"type": "string"}}),
        (["n=a,b"], {"schema": {"type": "string"}}),
        (["n=-3"], {"schema": {"type": "integer"}}),
        (["n=2026-01-01T00:00:00Z"] * 2, {"schema": {"type": "string"}}),
    ],
)
def test_query_parameters(queries: list[str], expected: dict[str, Any], tmp_path: Path) -> None:
    """Their type is that of all texts, and three exchanges make one required."""
    document = learned(tmp_path, [call("GET", f"/orders?{query}", {"a": 1}) for query in queries])
    assert [{"name": "n", "in": "query", **expected}] == document["paths"]["/orders"]["get"]["parameters"]


def test_a_name_in_brackets_is_one_parameter(tmp_path: Path) -> None:
    """`filter[x]` is a parameter by its whole name."""
    document = learned(tmp_path, [call("GET", "/orders?filter[state]=open&filter%5Bage%5D=3", {"a": 1})])
    assert ["filter[age]", "filter[state]"] == [
        parameter["name"] for parameter in document["paths"]["/orders"]["get"]["parameters"]
    ]


def _schema(values: list[Any], directory: Path) -> Any:
    document = learned(directory, [call("GET", "/orders/1", {"p": value}) for value in values])
    media = document["paths"]["/orders/{orderId}"]["get"]["responses"]["200"]["content"]["application/json"]
    return media["schema"]["properties"]["p"]


_DAYS = [f"2026-01-0{day}T10:00:00Z" for day in range(1, 4)]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, 2], {"type": "integer"}),
        ([1, 2.5], {"type": "number"}),
        ([1, None], {"type": ["integer", "null"]}),
        ([None, None], {}),
        ([1, "x"], {"type": ["string", "integer"]}),
        (_DAYS, {"type": "string", "format": "date-time"}),
        (_DAYS[:2], {"type": "string"}),
        ([*_DAYS, "soon"], {"type": "string"}),
        ([f"a{number}@b.example" for number in range(3)], {"type": "string", "format": "email"}),
        ([f"https://a.example/{number}" for number in range(3)], {"type": "string", "format": "uri"}),
        (["open", "shut"] * 25, {"type": "string", "enum": ["open", "shut"]}),
        (["open", "shut"] * 24, {"type": "string"}),
        ([*["open", "shut"] * 25, "rare"], {"type": "string"}),
        ([f"s{number % 11}" for number in range(66)], {"type": "string"}),
        (["an open one", "shut"] * 25, {"type": "string"}),
        ([[]], {"type": "array", "items": {}}),
        ([[1], [2.5, None]], {"type": "array", "items": {"type": ["number", "null"]}}),
        ([{}], {"type": "object"}),
        (
            [{"a": 1, "b": 2}, {"a": 1}],
            {
                "type": "object",
                "required": ["a"],
                "properties": {"a": {"type": "integer"}, "b": {"type": "integer"}},
            },
        ),
        ([{"a": 1}], {"type": "object", "properties": {"a": {"type": "integer"}}}),
        (
            [{"2026-01-01": 1, "2026-01-02": 2.5}],
            {"type": "object", "additionalProperties": {"type": "number"}},
        ),
        (
            [{"17": {"a": 1}}],
            {
                "type": "object",
                "additionalProperties": {"type": "object", "properties": {"a": {"type": "integer"}}},
            },
        ),
        ([10**30], {"type": "integer"}),
    ],
)
def test_schemas(values: list[Any], expected: dict[str, Any], tmp_path: Path) -> None:
    """Of all samples of a property."""
    assert expected == _schema(values, tmp_path)


def test_objects_of_several_kinds_are_alternatives_if_a_property_tells_them_apart(tmp_path: Path) -> None:
    """Else they are one object."""
    dog, cat = {"kind": "dog", "barks": True}, {"kind": "cat", "lives": 9}
    items = _schema([[dog, cat, dog, cat]], tmp_path)["items"]
    assert [["barks", "kind"], ["kind", "lives"]] == sorted(branch["required"] for branch in items["anyOf"])
    assert ["cat", "dog"] == [branch["properties"]["kind"]["const"] for branch in items["anyOf"]]
    assert "anyOf" not in _schema([[dog, cat]], tmp_path)["items"]
    plain = [{key: value for key, value in pet.items() if key != "kind"} for pet in (dog, cat)]
    assert {"barks", "lives"} == set(_schema([plain * 2], tmp_path)["items"]["properties"])


def test_a_secret_name_has_no_enumeration(tmp_path: Path) -> None:
    """Its values never are in the document."""
    document = learned(tmp_path, [call("GET", "/a", {"token": f"word{'ab'[n % 2]}"}) for n in range(60)])
    assert "word" not in str(document)


def test_forms_and_multipart_bodies(tmp_path: Path) -> None:
    """Their fields have types, too."""
    form = {"postData": {"mimeType": "application/x-www-form-urlencoded", "text": "n=1&tag=a&tag=b"}}
    parts = '--x\r\nContent-Disposition: form-data; name="note"\r\n\r\nhi\r\n--x--\r\n'
    multipart = {"postData": {"mimeType": "multipart/form-data; boundary=x", "text": parts}}
    entries = [call("POST", "/a", {"b": 1}, request=request) for request in (form, form, multipart)]
    content = learned(tmp_path, entries)["paths"]["/a"]["post"]["requestBody"]["content"]
    assert {
        "n": {"type": "integer"},
        "tag": {"type": "array", "items": {"type": "string"}},
    } == content["application/x-www-form-urlencoded"]["schema"]["properties"]
    assert ["n", "tag"] == content["application/x-www-form-urlencoded"]["schema"]["required"]
    assert {"note": {"type": "string"}} == content["multipart/form-data"]["schema"]["properties"]


def test_a_body_is_required_only_if_all_requests_have_one(tmp_path: Path) -> None:
    """And a response may be a text, or bytes."""
    entries = [
        call("POST", "/a", sent={"b": 1}, status=204),
        call("POST", "/a", status=204),
        call("POST", "/b", "done", sent={"b": 1}, media_type="text/plain"),
        call("GET", "/c", "x", media_type="application/octet-stream"),
    ]
    paths = learned(tmp_path, entries)["paths"]
    assert "required" not in paths["/a"]["post"]["requestBody"]
    assert paths["/b"]["post"]["requestBody"]["required"]
    assert {"text/plain": {"schema": {"type": "string"}}} == paths["/b"]["post"]["responses"]["200"][
        "content"
    ]
    assert {"application/octet-stream": {}} == paths["/c"]["get"]["responses"]["200"]["content"]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("headers", "path", "expected"),
    [
        ({"Authorization": "Bearer x"}, "/a", {"type": "http", "scheme": "bearer"}),
        ({"authorization": "Basic eDp5"}, "/a", {"type": "http", "scheme": "basic"}),
        ({"Authorization": "x"}, "/a", {"type": "apiKey", "in": "header", "name": "Authorization"}),
        ({"X-API-Key": "x"}, "/a", {"type": "apiKey", "in": "header", "name": "x-api-key"}),
        ({}, "/a?api_key=x", {"type": "apiKey", "in": "query", "name": "api_key"}),
        (
            {"Cookie": "theme=dark; sessionid=x"},
            "/a",
            {"type": "apiKey", "in": "cookie", "name": "sessionid"},
        ),
    ],
)
def test_security_schemes(
    headers: dict[str, str], path: str, expected: dict[str, str], tmp_path: Path
) -> None:
    """By what was seen; `{}` if some exchanges had no credential."""
    document = learned(tmp_path, [call("GET", path, {"b": 1}, headers=headers)])
    ((name, scheme),) = document["components"]["securitySchemes"].items()
    operation = document["paths"]["/a"]["get"]
    assert (expected, [{name: []}]) == (scheme, operation["security"])
    assert "parameters" not in operation
    both = learned(tmp_path, [call("GET", path, {"b": 1}, headers=headers), call("GET", "/a", {"b": 1})])
    assert [{name: []}, {}] == both["paths"]["/a"]["get"]["security"]
    refused = [call("GET", path, {"b": 1}, headers=headers), call("GET", "/a", {"e": 1}, status=401)]
    assert [{name: []}] == learned(tmp_path, refused)["paths"]["/a"]["get"]["security"]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "entry",
    [
        call("OPTIONS", "/a", status=204),
        call("GET", "/a", status=304),
        call("GET", "/app.js", "x", media_type="text/plain"),
        call("GET", "/style.css", "x", media_type="text/plain"),
        call("GET", "/font.woff2", "x", media_type="application/octet-stream"),
        call("GET", "/page", "<html>", media_type="text/html; charset=utf-8"),
        call("GET", "/none", {"e": 1}, status=404),
        call("CONNECT", "/a", {"e": 1}),
        call("GET", "/a", status=0),
        call("GET", "wss://shop.example/socket", status=101),
        call("GET", "data:application/json,{}", {}),
    ],
)
def test_what_is_no_call_of_an_api_does_not_count(entry: dict[str, Any], tmp_path: Path) -> None:
    """Nor is it in the document."""
    document = learned(tmp_path, [call("GET", "/orders/1", {"b": 1}), entry])
    assert ["/orders/{orderId}"] == list(document["paths"])
    assert [{"url": SERVER}] == document["servers"]


def test_components_have_names_and_are_used(tmp_path: Path) -> None:
    """Shapes that repeat become one component, also if a property was always null in one of them."""
    order = {"id": 1, "buyer": {"name": "x", "mail": "y"}, "note": "n"}
    entries = [
        call("GET", "/orders", {"data": [order], "next": None}),
        call("GET", "/orders/1", {**order, "note": None}),
        call("GET", "/orders/1", {"code": 1, "text": "x"}, status=500),
        call("GET", "/teams/1", {"code": 1, "text": "x"}, status=404),
        call("GET", "/teams/1", {"lead": {"name": "x", "mail": "y"}}),
    ]
    document = learned(tmp_path, entries)
    schemas = document["components"]["schemas"]
    assert {"Order", "Error", "Buyer"} == set(schemas)
    assert {"$ref": "#/components/schemas/Buyer"} == schemas["Order"]["properties"]["buyer"]
