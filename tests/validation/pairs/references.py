"""References, what stands beside them, circles, anchors, and dialects."""

from tests.documents import ref
from tests.validation.in_process_judge import JSON, answer_document, answered
from tests.validation.pairs.model import BOTH, V30, V31, Pair, value

_INT = {"type": "integer"}
_SCHEMAS = {"Int": _INT, "Hop": {"$ref": "#/components/schemas/Int"}}
_TREE = {
    "type": "object",
    "required": ["n"],
    "properties": {
        "n": _INT,
        "children": {"type": "array", "items": {"$ref": "#/components/schemas/Tree"}},
    },
}
_TEMPLATE = {
    "$id": "https://example.com/page",
    "type": "object",
    "properties": {"items": {"type": "array", "items": {"$dynamicRef": "#item"}}},
    "$defs": {"item": {"$dynamicAnchor": "item"}},
}
_PAGE_OF_INTS = {
    "$id": "https://example.com/page-of-ints",
    "$ref": "page",
    "$defs": {"item": {"$dynamicAnchor": "item", "type": "integer"}},
}


def _into_other_operation(path: str) -> Pair:
    document = answer_document({"200": {"description": "", "content": {JSON: {"schema": {}}}}})
    steps = (
        f"#/paths/{path.replace('/', '~1')}/post/requestBody/content/application~1json/schema/properties/n"
    )
    media = document["paths"]["/a"]["get"]["responses"]["200"]["content"][JSON]
    media["schema"] = {"properties": {"n": {"$ref": steps}}}
    schema = {"type": "object", "properties": {"n": _INT}}
    other = {
        "requestBody": {"content": {JSON: {"schema": schema}}},
        "responses": {"200": {"description": ""}},
    }
    document["paths"].setdefault(path, {})["post"] = other
    where = "of another path" if path != "/a" else "of the same path"
    return Pair(f"into an operation {where}", document, answered(b'{"n": "x"}'), ("/n type",))


PAIRS = [
    _into_other_operation("/a"),
    _into_other_operation("/b"),
    value("a reference to a component", ref("Int"), "x", "- type", schemas=_SCHEMAS),
    value("a reference over a hop", ref("Hop"), "x", "- type", schemas=_SCHEMAS),
    value("a reference inside", {"properties": {"a": ref("Int")}}, {"a": "x"}, "/a type", schemas=_SCHEMAS),
    value(
        "a name that is escaped",
        {"$ref": "#/components/schemas/a~1b%7Bc%7D"},
        "x",
        "- type",
        schemas={"a/b{c}": _INT},
        source="RFC 6901, 3 and 6",
    ),
    value(
        "beside a reference in 3.0",
        {**ref("Int"), "maximum": 0},
        5,
        schemas=_SCHEMAS,
        versions=V30,
        source="OpenAPI 3.0.4, Reference Object: properties added to it are ignored",
    ),
    value(
        "nullable beside a reference in 3.0",
        {"properties": {"a": {**ref("Int"), "nullable": True}}},
        {"a": None},
        "~ /a type",
        schemas=_SCHEMAS,
        versions=V30,
        source="OpenAPI 3.0.4, Reference Object: properties added to it are ignored",
    ),
    value(
        "beside a reference since 3.1",
        {**ref("Int"), "maximum": 0},
        5,
        "- maximum",
        schemas=_SCHEMAS,
        versions=V31,
        source="JSON Schema Core 2020-12, 8.2.3.1: $ref is a keyword among others",
    ),
    value(
        "both sides of a reference since 3.1",
        {**ref("Int"), "enum": [5]},
        "x",
        "- enum",
        "- type",
        schemas=_SCHEMAS,
        versions=V31,
    ),
    value(
        "a circle that data follows",
        ref("Tree"),
        {"n": 1, "children": [{"n": 2, "children": [{"n": "x"}, {}]}]},
        "/children/0/children/0/n type",
        "/children/0/children/1 required",
        schemas={"Tree": _TREE},
    ),
    value(
        "a circle of two",
        ref("A"),
        {"b": {"a": {"b": 5}}},
        "/b/a/b type",
        schemas={
            "A": {"properties": {"b": ref("B")}},
            "B": {"type": "object", "properties": {"a": ref("A")}},
        },
    ),
    value(
        "a reference into another schema",
        {"$ref": "#/components/schemas/Tree/properties/n"},
        "x",
        "- type",
        schemas={"Tree": _TREE},
    ),
    value(
        "a schema of its own $defs",
        ref("Outer"),
        {"a": "x"},
        "/a type",
        schemas={
            "Outer": {
                "properties": {"a": {"$ref": "#/components/schemas/Outer/$defs/inner"}},
                "$defs": {"inner": _INT},
            }
        },
        versions=V31,
    ),
    value(
        "an anchor",
        {"properties": {"a": {"$ref": "#amount"}}},
        {"a": "x"},
        "/a type",
        schemas={"Amount": {"$anchor": "amount", "type": "integer"}},
        versions=V31,
        source="JSON Schema Core 2020-12, 8.2.2",
    ),
    value(
        "an identifier is a base of references",
        ref("Outer"),
        {"a": "x", "b": 5},
        "/a type",
        "/b type",
        schemas={
            "Outer": {
                "$id": "https://example.com/outer",
                "properties": {"a": {"$ref": "#/$defs/int"}, "b": {"$ref": "text"}},
                "$defs": {"int": _INT},
            },
            "Text": {"$id": "https://example.com/text", "type": "string"},
        },
        versions=V31,
        source="OpenAPI 3.1.1, Relative References in API Description URIs; JSON Schema Core 2020-12, 8.2.1",
    ),
    value(
        "a dynamic reference without another scope",
        ref("Page"),
        {"items": [1, "x"]},
        schemas={"Page": _TEMPLATE},
        versions=V31,
    ),
    value(
        "a dynamic reference that is bound",
        ref("PageOfInts"),
        {"items": [1, "x"]},
        "/items/1 type",
        schemas={"Page": _TEMPLATE, "PageOfInts": _PAGE_OF_INTS},
        versions=V31,
        source="JSON Schema Core 2020-12, 8.2.3.2: the outermost scope that has the anchor",
    ),
    value(
        "a dynamic reference to the whole tree",
        ref("Strict"),
        {"children": [{"wrong": 1}]},
        "/children/0/wrong unevaluatedProperties",
        schemas={
            "Tree": {
                "$id": "https://example.com/tree",
                "$dynamicAnchor": "node",
                "properties": {"children": {"type": "array", "items": {"$dynamicRef": "#node"}}},
            },
            "Strict": {
                "$id": "https://example.com/strict",
                "$dynamicAnchor": "node",
                "$ref": "tree",
                "unevaluatedProperties": False,
            },
        },
        versions=V31,
        source="JSON Schema Core 2020-12, 8.2.3.2",
    ),
    value(
        "the bounds of an older dialect",
        {"$schema": "http://json-schema.org/draft-04/schema#", "minimum": 5, "exclusiveMinimum": True},
        5,
        "- exclusiveMinimum",
        versions=V31,
        source="OpenAPI 3.1.1, Specifying Schema Dialects",
    ),
    value(
        "a dialect that nobody knows",
        {"$schema": "https://example.com/dialect", "type": "integer"},
        "x",
        "- type",
        "? dialect",
        versions=V31,
    ),
    value("a reference to nowhere", ref("Missing"), 5, "? leads nowhere", versions=BOTH),
    value(
        "beside a property whose reference leads nowhere",
        {"properties": {"a": {"$ref": "#/nowhere"}, "b": _INT}},
        {"a": 1, "b": "x"},
        "/b type",
        "? the document's reference `#/nowhere` leads nowhere",
    ),
    value("a schema that is only itself", ref("A"), 5, "? nested too deeply", schemas={"A": ref("A")}),
    value(
        "beside a reference in an older dialect",
        {
            "properties": {"a": {**ref("Int"), "maximum": 0}},
            "$schema": "http://json-schema.org/draft-07/schema#",
        },
        {"a": 5},
        schemas=_SCHEMAS,
        versions=V31,
        source="JSON Schema draft 7, 8.3: all other properties in a $ref object are ignored",
    ),
]
