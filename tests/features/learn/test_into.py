"""`learn --into` adds to a document, and keeps what its author wrote."""

from pathlib import Path

import pytest
import yaml

from dynacli.text.yaml_edit import edited_yaml, with_line_comments
from tests.features.learn.traffic import call, write_har
from tests.harness import Result, assert_ended, run_cli

_MINE = """\
# My shop
openapi: 3.1.0
info:
  title: Shop   # the title
  version: '2'
servers:
- url: https://shop.example
paths:
  /orders/{number}:   # one order
    get:
      operationId: readOrder
      summary: Read an order
      parameters:
      - {name: number, in: path, required: true, schema: {type: integer}}
      responses:
        '200':
          description: The order
          content:
            application/json:
              schema:
                type: object
                required: [id, state]   # always
                properties:
                  id: {type: integer}
                  state:
                    type: string
                    enum:
                    - open   # new
                    - sent
# the end
"""
_TRAFFIC = [
    call("GET", "/orders/1?full=true", {"id": 1, "state": "late", "total": 3.5}),
    call("GET", "/orders/2", {"id": None, "total": 3}),
    call("GET", "/orders/3", {"code": "gone"}, status=410),
    call("DELETE", "/orders/3", status=204),
    call("GET", "/customers", [{"name": "x"}]),
]


def _into(directory: Path, text: str, *words: str, name: str = "openapi.yaml") -> tuple[Result, str]:
    path = directory / name
    path.write_text(text)
    result = run_cli("learn", write_har(directory, _TRAFFIC), "--into", str(path), *words)
    return result, path.read_text()


def test_what_the_author_wrote_stays(tmp_path: Path) -> None:
    """Comments, descriptions and names stay; operations, responses and properties are added, and types are wider."""
    result, text = _into(tmp_path, _MINE)
    assert_ended(result, 0, "3 operations from 5 exchanges", without=["do not match"])
    for comment in ("# My shop", "# the title", "# one order", "# new", "# the end"):
        assert comment in text
    document = yaml.safe_load(text)
    assert ["/orders/{number}", "/customers"] == list(document["paths"])
    item = document["paths"]["/orders/{number}"]
    assert ["readOrder", "deleteOrder"] == [item["get"]["operationId"], item["delete"]["operationId"]]
    assert {"200", "410"} == set(item["get"]["responses"])
    assert ["number", "full"] == [parameter["name"] for parameter in item["get"]["parameters"]]
    schema = item["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    assert ["id"] == schema["required"]
    assert ["integer", "null"] == schema["properties"]["id"]["type"]
    assert ["open", "sent", "late"] == schema["properties"]["state"]["enum"]
    assert {"type": "number"} == schema["properties"]["total"]
    files = str(tmp_path / "openapi.yaml"), str(tmp_path / "traffic.har")
    validated = run_cli("validate", *files, "--validate", "exact")
    assert 0 == validated.exit_code, validated


def test_a_second_time_changes_nothing(tmp_path: Path) -> None:
    """The same traffic adds nothing to a document that has it."""
    _, text = _into(tmp_path, _MINE)
    assert text == _into(tmp_path, text)[1]


def test_json_stays_json(tmp_path: Path) -> None:
    """A document in JSON keeps its indentation."""
    import json

    mine = json.dumps(yaml.safe_load(_MINE), indent=3)
    result, text = _into(tmp_path, mine, name="openapi.json")
    assert_ended(result, 0)
    assert text.startswith('{\n   "openapi"')
    assert "/customers" in json.loads(text)["paths"]


def test_a_limit_of_the_author_stays(tmp_path: Path) -> None:
    """An exchange that contradicts what the author wrote is reported, and the document stays."""
    result, text = _into(tmp_path, _MINE.replace("id: {type: integer}", "id: {type: integer, minimum: 5}"))
    assert_ended(result, 0, "1 exchange do", "validate")
    assert "minimum: 5" in text


@pytest.mark.parametrize(
    ("text", "exit_code", "said"),
    [
        ("swagger: '2.0'\ninfo: {title: x, version: '1'}\npaths: {}\n", 8, "3.1"),
        (_MINE.replace("openapi: 3.1.0", "openapi: 3.0.3"), 8, "3.1"),
        ("[1", 8, ""),
    ],
)
def test_other_documents_are_refused(tmp_path: Path, text: str, exit_code: int, said: str) -> None:
    """A document of an older version, or no document, stays as it is."""
    result, after = _into(tmp_path, text)
    assert_ended(result, exit_code, said)
    assert text == after


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a: 1 # x\n", {"a": 1, "b": 2}, "a: 1 # x\nb: 2\n"),
        ("a: 1 # x", {"a": 1, "b": 2}, "a: 1 # x\nb: 2\n"),
        ("a: {b: 1}\n", {"a": {"b": 1, "c": [2]}}, 'a: {b: 1, "c": [2]}\n'),
        ("a: {}\nb: 1\n", {"a": {"c": 2}, "b": 1}, "a:\n  c: 2\nb: 1\n"),
        ("a:\n- 1 # one\n- 2 # two\n- 3\n", {"a": [1, 3]}, "a:\n- 1 # one\n- 3\n"),
        ("a:\n  - 1\n# c\nb: 2\n", {"a": [1, 4], "b": 3}, "a:\n  - 1\n  - 4\n# c\nb: 3\n"),
        ("a: |\n  text\nb: 1\n", {"a": "text\n", "b": 1, "c": {"d": 1}}, "a: |\n  text\nb: 1\nc:\n  d: 1\n"),
        (
            "a:\n  b:\n    c: 1\n",
            {"a": {"b": {"c": 1, "d": 2}, "e": 3}},
            "a:\n  b:\n    c: 1\n    d: 2\n  e: 3\n",
        ),
        ("a: string # t\n", {"a": ["string", "null"]}, 'a: ["string", "null"] # t\n'),
        ("a: 1\nb: 2\n", {"b": 2}, "b: 2\n"),
        ("a:\n  b: 1\nc: 2\n", {"a": {"d": 3}, "c": 2}, 'a:\n  {"d": 3}\nc: 2\n'),
    ],
)
def test_only_what_differs_is_written(old: str, new: object, expected: str) -> None:
    """Comments and styles of everything else stay."""
    assert expected == edited_yaml(old, yaml.safe_load(old), new)
    assert new == yaml.safe_load(expected)


def test_comments_stand_at_the_end_of_lines() -> None:
    """A line that has a comment keeps it."""
    assert "a: 1  # x\nb: 2 # y" == with_line_comments("a: 1\nb: 2 # y", {1: "x", 2: "z"})


_FITTING = """\
openapi: 3.1.0
info: {title: Shop, version: '2'}
servers: [{url: 'https://shop.example'}]
paths:
  /orders:
    post:
      operationId: createOrder
      requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}}
      responses:
        '201':
          description: The order
          content: {application/json: {schema: {$ref: '#/components/schemas/Order'}}}
    get:
      operationId: listOrders
      responses:
        '200':
          description: A page
          content:
            application/json:
              schema:
                allOf:
                - type: object
                  properties: {data: {type: array, items: {$ref: '#/components/schemas/Order'}}}
                - type: object
                  properties: {meta: {type: object, properties: {total: {type: integer}}}}
components:
  schemas:
    Order:
      type: object
      required: [id, name]
      properties:
        id: {type: integer, readOnly: true}
        name: {type: string}
        address: {anyOf: [{type: 'null'}, {type: object, properties: {city: {type: string}}}]}
"""


def test_traffic_that_fits_changes_nothing(tmp_path: Path) -> None:
    """Read-only properties are not sent, branches of `allOf` share an object, and null has a branch of its own."""
    sent: list[dict[str, object]] = [{"name": "a", "address": None}, {"name": "b", "address": {"city": "c"}}]
    stored = [{"id": number, **order} for number, order in enumerate(sent)]
    traffic = [
        *(
            call("POST", "/orders", response, sent=order, status=201)
            for order, response in zip(sent, stored, strict=True)
        ),
        call("GET", "/orders", {"data": stored, "meta": {"total": 2}}),
    ]
    path = tmp_path / "openapi.yaml"
    path.write_text(_FITTING)
    assert 0 == run_cli("learn", write_har(tmp_path, traffic), "--into", str(path)).exit_code
    assert yaml.safe_load(_FITTING)["paths"] == yaml.safe_load(path.read_text())["paths"]
    assert yaml.safe_load(_FITTING)["components"] == yaml.safe_load(path.read_text())["components"], (
        path.read_text()
    )
