"""A Swagger 2.0 document is used like any other, from its bytes to the result on a response."""

import json
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV2SpecValidator, OpenAPIV30SpecValidator

from dynacli.errors import DocumentError
from dynacli.features.swagger2.conversion import convert_swagger
from dynacli.openapi.document.json_trees import join, split
from dynacli.openapi.document.objects import operations_of
from dynacli.openapi.document.parse import parse_document
from dynacli.openapi.document.references.scan import follow_references, scan
from tests.features.swagger2.conversions import faults_of_places
from tests.harness import Recorder, Response, run_cli
from tests.real_documents import OWN

PET = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}


def _document(server: Recorder, **more: Any) -> str:
    """Let a server have a document with an operation of each kind, and return its URL."""
    fine = {"200": {"description": "fine", "schema": {"$ref": "#/definitions/Pet"}}}
    made = {
        "swagger": "2.0",
        "info": {"title": "Pets", "version": "1"},
        "host": server.origin.partition("://")[2],
        "basePath": "/v1",
        "schemes": ["http"],
        "produces": ["application/json"],
        "securityDefinitions": {
            "basic": {"type": "basic"},
            "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
        },
        "definitions": {"Pet": PET},
        "paths": {
            "/pets": {
                "get": {
                    "operationId": "listPets",
                    "parameters": [
                        {
                            "name": "tag",
                            "in": "query",
                            "type": "array",
                            "items": {"type": "string"},
                            "collectionFormat": "multi",
                        },
                        {"name": "id", "in": "query", "type": "array", "items": {"type": "integer"}},
                    ],
                    "responses": fine,
                },
                "post": {
                    "operationId": "addPet",
                    "parameters": [
                        {
                            "name": "pet",
                            "in": "body",
                            "required": True,
                            "schema": {"$ref": "#/definitions/Pet"},
                        }
                    ],
                    "responses": fine,
                },
                "put": {
                    "operationId": "fillIn",
                    "parameters": [{"name": "name", "in": "formData", "type": "string", "required": True}],
                    "responses": fine,
                },
            },
            "/photo": {
                "post": {
                    "operationId": "sendPhoto",
                    "consumes": ["application/x-www-form-urlencoded", "multipart/form-data"],
                    "parameters": [{"name": "photo", "in": "formData", "type": "file", "required": True}],
                    "responses": {"200": {"description": "fine"}},
                },
                "get": {
                    "operationId": "getPhoto",
                    "produces": ["image/png"],
                    "responses": {"200": {"description": "fine", "schema": {"type": "file"}}},
                },
            },
        },
        **more,
    }
    server.responses["/swagger.json"] = Response(body=json.dumps(made, indent=1).encode())
    for path in ("/v1/pets", "/v1/photo"):
        server.responses[path] = Response(body=b'{"name":"Rex"}')
    return f"{server.origin}/swagger.json"


def test_every_kind_of_input_is_sent(server: Recorder) -> None:
    """Queries by their collectionFormat, bodies, forms and files arrive as the document says."""
    url = _document(server)
    strict = ("--validate", "strict")
    assert (
        0
        == run_cli(url, "list-pets", "--tag", "a", "--tag", "b", "--id", "1", "--id", "2", *strict).exit_code
    )
    assert "/v1/pets?tag=a&tag=b&id=1,2" == server.last.target
    assert 0 == run_cli(url, "add-pet", "--name", "Rex", *strict).exit_code
    assert (["application/json"], b'{"name":"Rex"}') == (
        server.last.headers["content-type"],
        server.last.body,
    )
    assert 0 == run_cli(url, "fill-in", "--name", "Rex", *strict).exit_code
    assert b"name=Rex" == server.last.body
    Path("rex.png").write_bytes(b"\x89PNG")
    assert 0 == run_cli(url, "send-photo", "--photo", "@rex.png").exit_code
    assert server.last.headers["content-type"][0].startswith("multipart/form-data; boundary=")
    assert b'name="photo"; filename="rex.png"' in server.last.body
    assert b"\r\n\r\n\x89PNG\r\n" in server.last.body


def test_a_file_comes_back(server: Recorder) -> None:
    """A response of `type: file` is asked for as what the operation produces, and written as it came."""
    url = _document(server)
    server.responses["/v1/photo"] = Response(body=b"\x89PNG\r\n\x00", headers={"Content-Type": "image/png"})
    result = run_cli(url, "get-photo", "--validate", "strict")
    assert (0, b"\x89PNG\r\n\x00") == (result.exit_code, result.stdout_bytes)
    assert server.last.headers["accept"][0].startswith("image/png")


def test_a_picture_without_a_schema_is_asked_for_as_what_it_is(server: Recorder) -> None:
    """`produces` is asked for if the response has no schema; then only its media type is validated."""
    url = _document(server, produces=["image/svg+xml"])
    for media_type, code in (("image/svg+xml", 0), ("text/html", 9)):
        server.responses["/v1/photo"] = Response(body=b"<svg/>", headers={"Content-Type": media_type})
        Path("rex.png").write_bytes(b"")
        result = run_cli(url, "send-photo", "--photo", "@rex.png", "--validate", "strict")
        assert (code, b"<svg/>") == (result.exit_code, result.stdout_bytes)
        assert ["image/svg+xml, */*;q=0.1"] == server.last.headers["accept"]
    server.responses["/v1/photo"] = Response(body=b"", headers={"Content-Type": "text/html"})
    assert 0 == run_cli(url, "send-photo", "--photo", "@rex.png", "--validate", "strict").exit_code


def test_a_request_is_held_against_the_document(server: Recorder) -> None:
    """What the Swagger document does not allow is refused, and nothing is sent."""
    url = _document(server)
    result = run_cli(url, "add-pet", "--body", "{}")
    assert (2, "") == (result.exit_code, result.stdout)
    assert "name" in result.stderr
    assert {"/swagger.json"} == {request.target for request in server.requests}


def test_a_finding_names_the_line_in_the_swagger_document(server: Recorder) -> None:
    """The result on a response points into the document that the person has, not into the converted one."""
    url = _document(server)
    server.responses["/v1/pets"] = Response(body=b'{"name":7}')
    result = run_cli(url, "list-pets", "--validate", "strict")
    lines = server.responses["/swagger.json"].body.decode().splitlines()  # type: ignore[union-attr]
    definition = lines.index('  "Pet": {')
    expected = (
        definition
        + 1
        + next(index for index, line in enumerate(lines[definition:]) if '"type": "string"' in line)
    )
    assert 9 == result.exit_code
    assert f"line {expected}" in result.stderr


def test_a_warning_names_the_line_in_the_swagger_document() -> None:
    """What could not be carried over is told with its place."""
    Path("swagger.yaml").write_text(
        "swagger: '2.0'\n"
        "info: {title: P, version: '1'}\n"
        "host: api.example.com\n"
        "schemes: [https]\n"
        "paths:\n"
        "  /pets:\n"
        "    get:\n"
        "      parameters:\n"
        "      - {name: a, in: body}\n"
        "      - name: b\n"
        "        in: query\n"
        "        type: array\n"
        "        items: {type: string}\n"
        "        collectionFormat: brackets\n"
        "      responses: {'200': {description: fine}}\n"
    )
    shown = run_cli("api", "show", "./swagger.yaml", "-o", "json").json
    (warning,) = shown["warnings"]
    assert ("/paths/~1pets/get/parameters/1/collectionFormat", 14) == (warning["pointer"], warning["line"])
    assert "`collectionFormat: brackets` is unknown; commas separate the items" == warning["message"]


def test_files_of_a_swagger_document_are_put_together() -> None:
    """Parameters, responses and definitions in other files are converted as those in the document."""
    Path("parts").mkdir()
    Path("parts/parameters.yaml").write_text(
        "limit: {name: limit, in: query, type: integer, maximum: 5}\n"
        "pet: {name: pet, in: body, required: true, schema: {$ref: pet.yaml}}\n"
    )
    Path("parts/pet.yaml").write_text(json.dumps(PET))
    Path("swagger.yaml").write_text(
        "swagger: '2.0'\n"
        "info: {title: P, version: '1'}\n"
        "host: api.example.com\n"
        "schemes: [https]\n"
        "paths:\n"
        "  /pets:\n"
        "    post:\n"
        "      operationId: addPet\n"
        "      parameters:\n"
        "      - $ref: parts/parameters.yaml#/limit\n"
        "      - $ref: parts/parameters.yaml#/pet\n"
        "      responses: {'200': {description: fine, schema: {$ref: parts/pet.yaml}}}\n"
    )
    words = ("./swagger.yaml", "add-pet", "--limit", "3", "--name", "Rex", "--dry-run", "json")
    built = run_cli(*words)
    assert ("https://api.example.com/pets?limit=3", '{"name":"Rex"}') == (
        built.json["url"],
        built.json["body"],
    )
    assert 2 == run_cli(*words, "--limit", "6").exit_code


@pytest.mark.parametrize(
    ("scheme", "header", "expected"),
    [("basic", "authorization", "Basic em9lOmh1bnRlcjI="), ("key", "x-key", "hunter2")],
)
def test_credentials_are_sent(
    server: Recorder, scheme: str, header: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Basic authentication and API keys of a Swagger document work as in any other."""
    assert 0 == run_cli("api", "add", "shop", _document(server, security=[{scheme: []}])).exit_code
    for name, value in (("USERNAME", "zoe"), ("PASSWORD", "hunter2"), ("KEY", "hunter2")):
        monkeypatch.setenv(f"DYNACLI_SHOP_{name}", value)
    assert 0 == run_cli("shop", "list-pets").exit_code
    assert [expected] == server.last.headers[header]


def _operations(tree: dict[str, Any]) -> list[tuple[str, str]]:
    items = {path: follow_references(tree, item) for path, item in (tree.get("paths") or {}).items()}
    return [
        (path, entry.method)
        for path, item in items.items()
        if isinstance(item, dict)
        for entry in operations_of(item)
    ]


def _faults(validator: Any, tree: dict[str, Any]) -> set[tuple[str | int, ...]]:
    """Return where the official schema finds a fault, as far as the steps tell a path or a component apart."""
    places = [tuple(error.absolute_path)[:3] for error in validator(tree).iter_errors()]
    # Faults within schemas are told from the schema on: `type` alone says nothing of where.
    return {
        place if place[0] == "components" else place[:2] for place in places if place and place[0] in tree
    }


def test_whole_documents_are_converted_whole(folder: Path) -> None:
    """Each Swagger document keeps its operations, and is valid 3.0 but for the faults that it has itself."""
    found = 0
    for path in sorted(folder.rglob("*")):
        if path.suffix not in (".json", ".yaml", ".yml") or b"swagger" not in path.read_bytes():
            continue
        try:
            tree = parse_document(path.read_bytes(), name=path.name).tree
        except DocumentError:
            continue  # a part of a document, or none
        if not str(tree.get("swagger")).startswith("2") or "$ref" in tree["paths"]:
            continue
        conversion = convert_swagger(tree)
        found += 1
        assert _operations(tree) == _operations(conversion.tree), path
        assert [] == faults_of_places(tree, conversion), path
        assert len(scan(tree).dangling) == len(scan(conversion.tree).dangling), path
        # The validators follow references out of the document, those in data too.
        # What is invalid on purpose can be so by what only the schema of 3.0 sees, the status `888` for one.
        if scan(tree).external or {"unknown", "invalid"} & set(path.parts):
            continue
        faults = [join(place) for place in _faults(OpenAPIV30SpecValidator, conversion.tree)]
        places = {split(conversion.origins.locate(fault).pointer) for fault in faults}
        assert _faults(OpenAPIV2SpecValidator, tree) >= places, path
    assert found >= (1 if folder == OWN else 60)


@pytest.mark.parametrize(
    ("field", "version", "shown"),
    [("swagger", "2.0", "  Swagger     2.0,"), ("openapi", "3.0.3", "  OpenAPI     3.0.3,")],
)
def test_a_document_is_called_by_the_name_of_its_specification(field: str, version: str, shown: str) -> None:
    """Until version 3 the specification is Swagger, and `api show` says so."""
    document = {field: version, "info": {"title": "Pets", "version": "1"}, "paths": {}}
    Path("api.json").write_text(json.dumps(document))
    assert shown in run_cli("api", "show", "./api.json", "-o", "text").stdout


def test_a_discriminator_stands_for_all_that_inherit() -> None:
    """Their properties are options, and the discriminator is filled in: 2.0 knows them by their names alone."""
    kind = {"kind": {"type": "string"}, "name": {"type": "string"}}
    definitions = {
        "Pet": {"type": "object", "discriminator": "kind", "required": ["kind"], "properties": kind},
        "Cat": {"allOf": [{"$ref": "#/definitions/Pet"}, {"properties": {"lives": {"type": "integer"}}}]},
        "Lion": {"allOf": [{"$ref": "#/definitions/Cat"}, {"properties": {"mane": {"type": "boolean"}}}]},
        "Stone": {"type": "object", "discriminator": "kind", "properties": kind},
    }
    body = {"in": "body", "name": "pet", "required": True, "schema": {"$ref": "#/definitions/Pet"}}
    document = {
        "swagger": "2.0",
        "info": {"title": "Pets", "version": "1"},
        "host": "127.0.0.1:9",
        "paths": {"/a": {"post": {"operationId": "add", "parameters": [body], "responses": {}}}},
        "definitions": definitions,
    }
    Path("api.json").write_text(json.dumps(document))
    for words, expected in (
        (("--mane", "true"), {"mane": True, "kind": "Lion"}),
        (("--kind", "Cat", "--lives", "9"), {"kind": "Cat", "lives": 9}),
        (("--example",), {"kind": "Pet"}),
    ):
        made = run_cli("./api.json", "add", *words, "--dry-run", "json")
        assert (0, expected) == (made.exit_code, json.loads(made.json["body"]))
    schemas = run_cli("document", "./api.json", "--bundled", "-o", "json").json["components"]["schemas"]
    assert ["Pet", "Cat", "Lion"] == list(schemas["Pet"]["discriminator"]["mapping"])
    assert {"propertyName": "kind"} == schemas["Stone"]["discriminator"]
