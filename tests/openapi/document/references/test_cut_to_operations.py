"""A part of a document has the operations that were asked for, what they need, and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from dynacli.openapi.document.references.cut_document import cut_to_operations
from tests.documents import api_of, delete, document, operation, parameter, route, save
from tests.harness import run_cli
from tests.real_documents import own_and_real


def _to(pointer: str) -> dict[str, Any]:
    return {"$ref": f"#/{pointer}"}


def _whole() -> dict[str, Any]:
    get = operation("getPet", _to("components/parameters/Id"), tags=["pets"])
    get["responses"]["200"] |= {
        "content": {"application/json": {"schema": _to("components/schemas/Pet")}},
        "links": {"self": {"operationId": "getPet"}, "owner": {"operationId": "getOwner"}},
    }
    get["security"] = [{"key": []}]
    schemas = {
        "Pet": {
            "discriminator": {"propertyName": "kind", "mapping": {"cat": "Cat"}},
            "example": {"links": {"a": {}}},
        },
        "Cat": {"properties": {"friend": _to("components/schemas/Pet"), "links": {"type": "object"}}},
        "Owner": {"type": "object"},
    }
    whole = api_of(
        {"/pets/{id}": {"get": get}},
        delete("/pets/{id}", "endPet", _to("components/parameters/Id")),
        route("get", "/owners", "getOwner", tags=["owners"]),
        components={
            "schemas": schemas,
            "parameters": {"Id": parameter("id", {"type": "string"}, "path")},
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
                "other": {"type": "http"},
            },
        },
    )
    return whole | {"tags": [{"name": "pets", "parent": "all"}, {"name": "owners"}, {"name": "all"}]}


def test_what_is_kept() -> None:
    """The operation, its tag, scheme and components, also through a mapping; links that lead to no other operation."""
    whole = _whole()
    before = json.dumps(whole)
    cut = cut_to_operations(whole, {("/pets/{id}", "GET")})
    assert before == json.dumps(whole)
    assert [("/pets/{id}", ["get"])] == [(path, list(item)) for path, item in cut["paths"].items()]
    assert ["pets", "all"] == [tag["name"] for tag in cut["tags"]]
    assert {"Pet", "Cat"} == set(cut["components"]["schemas"])
    assert whole["components"]["schemas"]["Pet"] == cut["components"]["schemas"]["Pet"]
    assert whole["components"]["schemas"]["Cat"] == cut["components"]["schemas"]["Cat"]
    assert {"key"} == set(cut["components"]["securitySchemes"])
    assert {"self"} == set(cut["paths"]["/pets/{id}"]["get"]["responses"]["200"]["links"])


def test_operations_are_named_by_name_and_tag() -> None:
    """A word that names neither is an error; the part can be called."""
    api = save(_whole())
    part = run_cli("document", api, "--only", "end-pet", "--only", "owners")
    assert ["/owners", "/pets/{id}"] == sorted(part.json["paths"])
    Path("part.json").write_bytes(part.stdout_bytes)
    assert ["end-pet", "get-owner"] == sorted(
        row["name"] for row in run_cli("operations", "./part.json", "-o", "json").json
    )
    resolved = run_cli("document", api, "--only", "end-pet", "--resolved").json
    assert "$ref" not in json.dumps(resolved["paths"])
    result = run_cli("document", api, "--only", "nothing")
    assert (2, "") == (result.exit_code, result.stdout)


def test_what_stands_in_an_operation_that_is_left_out() -> None:
    """It becomes a component, and comes along into its place if there are none; a component is kept whole."""
    lost, get = operation("addPet"), operation("getPet")
    response = lost["responses"]["200"]
    pet = {
        "type": "object",
        "properties": {"friend": _to("paths/~1pets/post/responses/200/content/a~1b/schema")},
    }
    response["content"] = {"a/b": {"schema": pet}}
    found = {"a/b": _to("paths/~1pets/post/responses/200/content/a~1b")}
    found["c/d"] = {"schema": _to("components/responses/Owner/content/a~1b/schema")}
    get["responses"] |= {
        "201": _to("paths/~1pets/post/responses/200"),
        "202": {"description": "", "content": found},
    }
    owner = {"description": "", "content": {"a/b": {"schema": {"type": "string"}}}}
    whole = document({"/pets": {"get": get, "post": lost}}, components={"responses": {"Owner": owner}})
    before = json.dumps(whole)
    cut = cut_to_operations(whole, {("/pets", "GET")})
    assert before == json.dumps(whole)
    assert ["get"] == list(cut["paths"]["/pets"])
    schema = "pets_post_responses_200_content_a_b_schema"
    friend = {"type": "object", "properties": {"friend": _to(f"components/schemas/{schema}")}}
    assert {schema: friend} == cut["components"]["schemas"]
    moved = {"description": response["description"], "content": {"a/b": {"schema": friend}}}
    assert {"Owner": owner, "pets_post_responses_200": moved} == cut["components"]["responses"]
    responses = cut["paths"]["/pets"]["get"]["responses"]
    assert _to("components/responses/pets_post_responses_200") == responses["201"]
    assert {"schema": friend} == responses["202"]["content"]["a/b"]
    assert not list(OpenAPIV30SpecValidator(cut).iter_errors())


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    "path",
    own_and_real(
        [],
        [
            "qdrant.json",
            "scalar-galaxy-3.1.yaml",
        ],
    ),
)
def test_parts_of_real_documents(path: Path) -> None:
    """The part of a few operations is as valid as the whole, and they build the same requests from it."""
    names = [row["name"] for row in run_cli("operations", str(path), "-o", "json").json]
    for name in (names[0], names[len(names) // 2], names[-1]):
        part = run_cli("document", str(path), "--only", name)
        tree = part.json
        validator = OpenAPIV30SpecValidator if tree["openapi"].startswith("3.0") else OpenAPIV31SpecValidator
        # A whole document may be wrong, but nothing may be missing.
        errors = [str(error) for error in validator(tree).iter_errors()]
        assert not [error for error in errors if "esolv" in error or "ointer" in error]
        Path("part.json").write_bytes(part.stdout_bytes)
        words = ("--server=https://a.example", "--validate=off", "--dry-run=http", "--example")
        whole_request = run_cli(*words, str(path), name)
        part_request = run_cli(*words, "./part.json", name)
        assert whole_request.exit_code == part_request.exit_code
        assert _stable(whole_request.stdout) == _stable(part_request.stdout)


def _stable(request: str) -> list[str]:
    """Return the lines of a request without its random key."""
    return [line for line in request.splitlines() if not line.lower().startswith("idempotency-key")]
