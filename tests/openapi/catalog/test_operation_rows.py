"""An operation that was kept as a row is the operation that it was."""

import json
from pathlib import Path
from typing import Any

import pytest

from dynacli.openapi.catalog.catalog_file import OperationRows, operation_from_row
from dynacli.openapi.catalog.catalog_writer import catalog_in_memory
from dynacli.openapi.catalog.compiler.compile_document import compile_document
from dynacli.openapi.document.load import load
from tests.documents import operation, parameter, save_api
from tests.harness import run_cli
from tests.real_documents import OWN, own_and_real


@pytest.mark.parametrize(
    "path",
    own_and_real(
        ["bookshop.yaml", "observatory.json", "ferries.yaml", "warehouse.json"],
        ["adyen-checkout-v71.json", "box.json", "museum.yaml", "qdrant.json"],
    ),
)
def test_a_row_gives_back_the_operation(path: Path) -> None:
    """Every parameter, option, branch and response of the operations of whole documents."""
    compiled = compile_document(load(path.read_bytes(), path.name, path.as_uri()))
    kept: list[Any] = []

    def share(value: Any) -> int:
        kept.append(json.dumps(value))
        return len(kept) - 1

    rows = OperationRows(share)
    for compiled_row in compiled.operations:
        row = json.loads(json.dumps(rows.operation(compiled_row.operation)))
        assert compiled_row.operation == operation_from_row(row, lambda number: json.loads(kept[number]))


@pytest.mark.parametrize("name", ["qdrant.json", "xero-accounting.yaml"])
def test_a_catalog_is_at_most_twice_the_document(corpus: Path, name: str) -> None:
    """However many options its operations have."""
    path = corpus / name
    compiled = compile_document(load(path.read_bytes(), name, path.as_uri()))
    catalog = catalog_in_memory(compiled, [])
    ((pages,),) = catalog.rows("PRAGMA page_count")
    ((size,),) = catalog.rows("PRAGMA page_size")
    catalog.close()
    assert 2 * path.stat().st_size >= pages * size


@pytest.mark.exhaustive
def test_options_do_not_blow_up_a_catalog() -> None:
    """Fifty bookshops in one document keep the options of each, in two and a half times its size."""
    tree = load((OWN / "bookshop.yaml").read_bytes(), "bookshop.yaml").tree
    paths = {f"/{number}{path}": item for number in range(50) for path, item in tree["paths"].items()}
    content = json.dumps({**tree, "paths": paths}).encode()
    catalog = catalog_in_memory(compile_document(load(content, "bookshops.json")), [])
    ((pages,),) = catalog.rows("PRAGMA page_count")
    ((size,),) = catalog.rows("PRAGMA page_size")
    assert 400 == len(catalog.summaries())
    catalog.close()
    assert 2.5 * len(content) >= pages * size


@pytest.mark.exhaustive
def test_a_body_of_many_media_types_keeps_its_options_once() -> None:
    """Three hundred media types of one schema: the page names the first ones, and each is sent as itself."""
    schema = {"type": "object", "properties": {f"p{number}": {"type": "string"} for number in range(100)}}
    raw = operation("a", body=schema, media_type="application/vnd.v0+json")
    raw["requestBody"]["content"] = {
        f"application/vnd.v{number}+json": {"schema": schema} for number in range(300)
    }
    api = save_api({"/a": {"post": raw}})
    compiled = compile_document(
        load(Path("api.json").read_bytes(), "api.json", Path("api.json").absolute().as_uri())
    )
    kept: dict[str, int] = {}
    rows = OperationRows(lambda value: kept.setdefault(json.dumps(value), len(kept)))
    row = rows.operation(compiled.operations[0].operation)
    assert (1, 300) == (
        len({content["options"] for content in row["body"]["content"]}),
        len(row["body"]["content"]),
    )
    result = run_cli("--dry-run", "json", api, "a", "--p7", "x", "--content-type", "v299")
    assert "application/vnd.v299+json" == dict(result.json["headers"])["Content-Type"]


def test_an_operation_is_read_by_two_statements() -> None:
    """However many parameters, media types and responses it has, and the part of the document by two more."""
    parameters = (parameter(f"p{number}", {"type": "string"}) for number in range(40))
    raw = operation("a", *parameters, body={"type": "object"})
    content = raw["requestBody"]["content"]
    schemas = ({"type": "object", "properties": {f"q{number}": {"type": "string"}}} for number in range(40))
    content |= {
        f"application/vnd.v{number}+json": {"schema": schema} for number, schema in enumerate(schemas)
    }
    raw["responses"] = {str(status): {"description": f"Response {status}"} for status in range(200, 240)}
    tree = {"openapi": "3.0.3", "info": {"title": "A", "version": "1"}, "paths": {"/a": {"post": raw}}}
    compiled = compile_document(load(json.dumps(tree).encode(), "api.json", "file:///api.json"))
    catalog = catalog_in_memory(compiled, [])
    statements: list[str] = []
    catalog._db.set_trace_callback(statements.append)
    assert compiled.operations[0].operation == catalog.operation("a")
    assert 2 == len(statements), statements
    catalog.part("a")
    assert len(statements) <= 4, statements
    catalog.close()


def test_operations_of_one_path_keep_what_they_share_once() -> None:
    """Parameters, responses, and what stands at the path: two operations have the same of each."""
    shared = {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}
    tree = {
        "openapi": "3.0.3",
        "info": {"title": "Pets", "version": "1"},
        "paths": {
            "/a/{id}": {
                "parameters": [shared],
                "get": {"operationId": "a", "responses": {"200": {"description": "OK"}}},
                "delete": {"operationId": "b", "responses": {"200": {"description": "OK"}}},
            }
        },
    }
    compiled = compile_document(load(json.dumps(tree).encode(), "api.json", "file:///api.json"))
    catalog = catalog_in_memory(compiled, [])
    assert [(3,)] == catalog.rows("SELECT count(*) FROM shared")
    for compiled_row in compiled.operations:
        assert compiled_row.operation == catalog.operation(compiled_row.operation.name)
        assert compiled_row.part == catalog.part(compiled_row.operation.name)
    catalog.close()
