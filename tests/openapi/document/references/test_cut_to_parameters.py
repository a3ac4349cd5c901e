"""The parameters of a document are the same whether all of its references are replaced, or theirs alone."""

from typing import Any

import pytest

from dynacli.openapi.document.references.cut_document import cut_to_parameters
from dynacli.openapi.document.references.resolve import resolve
from tests.documents import document, load_tree, operation, parameter

_PET = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "owner": {"$ref": "#/components/schemas/Owner"},
        "cat": {"$ref": "#/components/schemas/Cat"},
    },
}
_OWNER = {"type": "object", "properties": {"pets": {"items": {"$ref": "#/components/schemas/Pet"}}}}
_CAT = {"type": "object", "properties": {"kind": {"type": "string"}, "lives": {"type": "integer"}}}
_CHOICE = {
    "discriminator": {"propertyName": "kind", "mapping": {"cat": "Cat", "dog": "#/components/schemas/Dog"}},
    "anyOf": [{"type": "object"}],
}
_SCHEMAS = {
    "Pet": _PET,
    "Owner": _OWNER,
    "Alias": {"$ref": "#/components/schemas/Pet"},
    "Cat": _CAT,
    "Dog": {"allOf": [{"$ref": "#/components/schemas/Cat"}, {"description": "A dog"}]},
    "Choice": _CHOICE,
    "Unused": {"properties": {"a": {"$ref": "#/components/schemas/Cat"}}},
}


def _filter(schema: Any) -> dict[str, Any]:
    return parameter("filter", schema)


def _to(pointer: str) -> dict[str, Any]:
    return {"$ref": f"#/{pointer}"}


def _path(*parameters: Any, body: Any = None) -> dict[str, Any]:
    return {"/pets": {"get": operation("listPets", *parameters, body=body)}}


_CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "schema": (_path(_filter(_to("components/schemas/Cat"))), {}),
    "recursive-schema": (_path(_filter(_to("components/schemas/Pet"))), {}),
    "component": (
        _path(_to("components/parameters/Filter")),
        {"Filter": _filter(_to("components/schemas/Dog"))},
    ),
    "of-path-item": (
        {"/pets": {"parameters": [_filter(_to("components/schemas/Dog"))], **_path()["/pets"]}},
        {},
    ),
    "path-item-elsewhere": (
        {**_path(_filter(_to("components/schemas/Cat"))), "/cats": _to("paths/~1pets")},
        {},
    ),
    "operation-elsewhere": (
        {**_path(_filter(_to("components/schemas/Cat"))), "/cats": {"get": _to("paths/~1pets/get")}},
        {},
    ),
    "part-of-target": (
        _path(_filter(_to("components/schemas/Pet/properties/name")), _filter(_to("components/schemas/Pet"))),
        {},
    ),
    "through-reference": (_path(_filter(_to("components/schemas/Alias/properties/cat"))), {}),
    "item-of-list": (_path(_filter(_to("components/schemas/Dog/allOf/1"))), {}),
    "item-with-reference": (_path(_filter(_to("components/schemas/Dog/allOf/0"))), {}),
    "schema-of-body": (
        _path(
            _filter(_to("paths/~1pets/get/requestBody/content/application~1json/schema")),
            body={"items": _to("components/schemas/Cat")},
        ),
        {},
    ),
    "mapping": (_path(_filter(_to("components/schemas/Choice"))), {}),
    "nowhere": (_path(_filter(_to("components/schemas/None")), _to("paths/~1pets/get/parameters/7")), {}),
    "whole-document": (_path(_filter({"$ref": "#"})), {}),
    "no-operation": ({"/pets": None, "/cats": {"get": 1}, "x-more": _to("components/schemas/Cat")}, {}),
}


@pytest.mark.parametrize("case", _CASES.values(), ids=_CASES)
def test_parameters_are_the_same(case: tuple[dict[str, Any], dict[str, Any]]) -> None:
    """Wherever their references lead: elsewhere in the paths, into a list, through other references, or nowhere."""
    paths, parameters = case
    loaded = load_tree(document(paths, components={"schemas": _SCHEMAS, "parameters": parameters}))
    assert _parameters(loaded.resolved) == _parameters(loaded.resolved_parameters)


def _parameters(tree: dict[str, Any]) -> list[Any]:
    """Return all parameters of a document, and what its mappings lead to."""
    items = [item for item in tree["paths"].values() if isinstance(item, dict)]
    operations = [item["get"] for item in items if isinstance(item.get("get"), dict)]
    found = [holder.get("parameters") for holder in (*items, *operations)]
    if "discriminator" in repr(found):
        found += [tree["components"]["schemas"][name] for name in ("Cat", "Dog")]
    return found


def test_what_no_parameter_refers_to_is_left_out() -> None:
    """Bodies, responses and the schemas of these stay out, and what is there is the document's own."""
    paths = _path(_filter(_to("components/schemas/Cat")), body=_to("components/schemas/Unused"))
    tree = document(paths, components={"schemas": _SCHEMAS})
    cut = cut_to_parameters(tree)
    assert {"parameters"} == cut["paths"]["/pets"]["get"].keys()
    assert {"schemas": {"Cat": _CAT}} == cut["components"]
    assert cut["components"]["schemas"]["Cat"] is _CAT
    assert _CAT == resolve(cut)["paths"]["/pets"]["get"]["parameters"][0]["schema"]


def test_document_without_paths_has_no_parameters() -> None:
    """A document of webhooks alone has nothing to replace."""
    assert {"openapi": "3.1.0"} == cut_to_parameters({"openapi": "3.1.0", "webhooks": {"a": {"get": {}}}})
