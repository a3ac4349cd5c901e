"""`dynacli learn` writes a document that describes traffic, and that loads like any other document."""

from pathlib import Path

import yaml

from tests.features.learn.traffic import call, learn, learned
from tests.harness import assert_ended, run_cli

_ORDERS = [
    call(
        "GET",
        "/orders?limit=10",
        {"items": [{"id": 1, "state": "open", "note": None}, {"id": 2, "state": "sent", "note": "x"}]},
    ),
    call("GET", "/orders/1", {"id": 1, "state": "open", "note": None}),
    call("GET", "/orders/2", {"id": 2, "state": "sent", "note": "x"}),
    call("GET", "/orders/99", {"code": "none", "message": "No"}, status=404),
    call("POST", "/orders", {"id": 3, "state": "open", "note": None}, status=201, sent={"state": "open"}),
    call("DELETE", "/orders/3", status=204),
]


def test_the_document_has_the_operations_of_the_traffic(tmp_path: Path) -> None:
    """A path parameter, the query, the bodies and the responses are in it."""
    document = learned(tmp_path, _ORDERS)
    assert {"/orders": ["get", "post"], "/orders/{orderId}": ["get", "delete"]} == {
        path: list(item) for path, item in document["paths"].items()
    }
    assert ["listOrders", "createOrder", "getOrder", "deleteOrder"] == [
        operation["operationId"] for item in document["paths"].values() for operation in item.values()
    ]
    get = document["paths"]["/orders/{orderId}"]["get"]
    assert [{"name": "orderId", "in": "path", "required": True, "schema": {"type": "integer"}}] == get[
        "parameters"
    ]
    assert {"$ref": "#/components/schemas/Order"} == get["responses"]["200"]["content"]["application/json"][
        "schema"
    ]
    order = document["components"]["schemas"]["Order"]
    assert {"type": ["string", "null"]} == order["properties"]["note"]
    assert ["id", "note", "state"] == order["required"]


def test_the_document_is_used_as_any_other(tmp_path: Path) -> None:
    """It loads without a finding, and its operations are commands."""
    assert_ended(learn(tmp_path, _ORDERS), 0, "4 operations from 6 exchanges with https://shop.example")
    path = str(tmp_path / "openapi.yaml")
    assert "4 operations" in run_cli("doctor", path).stdout
    assert "GET /orders/7 " in run_cli(path, "get-order", "7", "--dry-run").stdout


def test_the_order_of_the_exchanges_does_not_matter(tmp_path: Path) -> None:
    """The same traffic in another order gives the same file, byte for byte."""
    learn(tmp_path, _ORDERS)
    first = (tmp_path / "openapi.yaml").read_bytes()
    learn(tmp_path, _ORDERS[::-1])
    assert first == (tmp_path / "openapi.yaml").read_bytes()


def test_an_existing_file_stays(tmp_path: Path) -> None:
    """A document that exists is never replaced."""
    path = tmp_path / "openapi.yaml"
    assert_ended(learn(tmp_path, _ORDERS), 0)
    path.write_text("openapi: 3.1.0 # mine\n")
    result = run_cli("learn", str(tmp_path / "traffic.har"), "--out", str(path))
    assert_ended(result, 12, "exists")
    assert {"openapi": "3.1.0"} == yaml.safe_load(path.read_text())
