"""What a dynamic reference means hangs on what led to it, and every way to a template gets its own."""

import json
from pathlib import Path
from typing import Any

import pytest

from dynacli.openapi.document.load import load
from tests.documents import catalog_of, load_file, save_files
from tests.validation.in_process_validator import compact, response_document, validate_value

_BASE = "https://example.com/"
_PAGE = {
    "$id": f"{_BASE}page",
    "type": "object",
    "properties": {"items": {"type": "array", "items": {"$dynamicRef": "#item"}}},
    "$defs": {"item": {"$dynamicAnchor": "item"}},
}


def _page_of(name: str, item: Any) -> dict[str, Any]:
    return {"$id": f"{_BASE}{name}", "$ref": "page", "$defs": {"item": {"$dynamicAnchor": "item", **item}}}


_PAGES: dict[str, Any] = {
    "Page": _PAGE,
    "Numbers": _page_of("numbers", {"type": "number"}),
    "Texts": _page_of("texts", {"type": "string"}),
    # What is outermost counts.
    "Positive": {**_page_of("positive", {"exclusiveMinimum": 0}), "$ref": "numbers"},
    "Both": {"allOf": [{"$ref": "#/components/schemas/Numbers"}, {"$ref": "#/components/schemas/Texts"}]},
}


@pytest.mark.parametrize(
    ("name", "items", "expected"),
    [
        ("Page", [1, "x", None], []),
        ("Numbers", [1, "x"], ["/items/1 type"]),
        ("Texts", [1, "x"], ["/items/0 type"]),
        ("Positive", [1, -1, "x"], ["/items/1 exclusiveMinimum"]),
        ("Both", [1], ["/items/0 type"]),
    ],
)
def test_a_template_is_validated_by_the_schema_that_fills_it_in(
    name: str, items: Any, expected: list[str]
) -> None:
    """A template that several schemas fill in means something else for each of them."""
    validation = validate_value({"$ref": f"#/components/schemas/{name}"}, {"items": items}, **_PAGES)
    assert expected == compact(validation)


def test_a_template_and_its_users_may_be_in_different_files() -> None:
    """A dynamic reference finds the anchor of a schema in another file."""
    document = response_document({}, A={"$ref": "numbers.json"}, B={"$ref": "texts.json"})
    files = {
        "api.json": document,
        "page.json": {key: value for key, value in _PAGE.items() if key != "$id"},
        "numbers.json": {
            "$ref": "page.json",
            "$defs": {"item": {"$dynamicAnchor": "item", "type": "number"}},
        },
        "texts.json": {"$ref": "page.json", "$defs": {"item": {"$dynamicAnchor": "item", "type": "string"}}},
    }
    tree = load_file(save_files(files)).tree
    schemas = tree["components"]["schemas"]
    kinds = []
    for name in ("A", "B"):
        page = schemas[schemas[name]["$ref"].rpartition("/")[2]]
        item = page["properties"]["items"]["items"]["$ref"].removeprefix("#/components/schemas/").split("/")
        found = schemas
        for step in item:
            found = found[step]
        kinds.append(found["type"])
    assert ["number", "string"] == kinds


def test_findings_about_a_copy_name_the_place_of_its_template() -> None:
    """A copy of a template has the origin of the template."""
    document = response_document({}, **_PAGES)
    catalog = catalog_of(document)
    steps = [
        schema["$ref"].removeprefix("#") for schema in (catalog.component("/components/schemas/Numbers")[1],)
    ]
    assert ["/components/schemas/Page/properties/items"] == [
        catalog.place(f"{step}/properties/items")[1] for step in steps
    ]


def test_schemas_that_do_not_meet_are_not_copied() -> None:
    """Schemas with the same dynamic anchor that do not lead to each other stay as they are."""
    schemas: dict[str, Any] = {
        name: {"$id": f"{_BASE}{name}", "$dynamicAnchor": "node", "items": {"$dynamicRef": "#node"}}
        for name in ("A", "B")
    }
    tree = load(json.dumps(response_document({}, **schemas)).encode(), "document").tree
    assert {name: {"items": {"$ref": f"#/components/schemas/{name}"}} for name in ("A", "B")} == tree[
        "components"
    ]["schemas"]


@pytest.mark.exhaustive
def test_templates_that_lead_to_each_other_are_read_in_bounded_time() -> None:
    """Each template leads to all others and has an anchor of its own, which would make countless copies."""
    count = 25
    schemas: dict[str, Any] = {
        f"S{number}": {
            "$id": f"{_BASE}s{number}",
            "$defs": {"t": {"$dynamicAnchor": f"t{number % 7}", "title": str(number)}},
            "allOf": [{"$ref": f"s{other}"} for other in range(count)],
            "items": {"$dynamicRef": f"#t{number % 7}"},
        }
        for number in range(count)
    }
    loaded = load(json.dumps(response_document({}, **schemas)).encode(), "document")
    assert len(loaded.tree["components"]["schemas"]) <= count + 1_000


def test_the_working_directory_is_not_read(tmp_path: Path) -> None:
    """A template that is not there is not looked for in files of the same name."""
    Path("page").write_text('{"type": "integer"}')
    validation = validate_value({"$ref": "#/components/schemas/Numbers"}, {}, Numbers=_PAGES["Numbers"])
    assert ["? the document's reference `page` leads nowhere"] == compact(validation)
    assert tmp_path.is_dir()
