"""Items of arrays."""

from tests.validation.pairs.model import V31, value

_INT = {"type": "integer"}
_TEXT = {"type": "string"}


def _array(**more: object) -> dict[str, object]:
    return {"type": "array", "items": {}, **more}


PAIRS = [
    value("items that fit", _array(items=_INT), [1, 2]),
    value("each item that does not", _array(items=_INT), [1, "x", None, 2], "/1 type", "/2 type"),
    value("no items at all", _array(items=_INT), []),
    value("items of items", _array(items=_array(items=_INT)), [[1], ["x"]], "/1/0 type"),
    value("properties of items", _array(items={"required": ["a"]}), [{"a": 1}, {}], "/1 required"),
    value("items are about arrays", {"items": _INT}, {"0": "x"}),
    value("the fewest items", _array(minItems=1), [], "- minItems"),
    value("the most items", _array(maxItems=2), [1, 2, 3], "- maxItems"),
    value("items that differ", _array(uniqueItems=True), [1, 2, "1", True, None, [], {}]),
    value("items that are the same", _array(uniqueItems=True), ["a", "b", "a"], "- uniqueItems"),
    value("1 and 1.0 are the same", _array(uniqueItems=True), b"[1, 1.0]", "- uniqueItems"),
    value("1 and true are not the same", _array(uniqueItems=True), [1, True, 0, False]),
    value(
        "objects in another order",
        _array(uniqueItems=True),
        [{"a": 1, "b": 2}, {"b": 2, "a": 1}],
        "- uniqueItems",
    ),
    value("arrays in another order", _array(uniqueItems=True), [[1, 2], [2, 1]]),
    value("1 and true, nested", _array(uniqueItems=True), [{"a": [1]}, {"a": [True]}]),
    value(
        "the same, nested",
        _array(uniqueItems=True),
        [{"a": [1, {"b": 0}]}, {"a": [1.0, {"b": 0}]}],
        "- uniqueItems",
    ),
    value("an object and an array of pairs", _array(uniqueItems=True), [{"a": 1}, [["a", 1]]]),
    value("an empty object and an empty array", _array(uniqueItems=True), [{}, [], "", 0, None, False]),
    value("the same where it may be", _array(uniqueItems=False), [1, 1]),
    value("positions", {"prefixItems": [_TEXT, _INT]}, ["a", 1, None], versions=V31),
    value(
        "positions that do not fit",
        {"prefixItems": [_TEXT, _INT]},
        [1, "a"],
        "/0 type",
        "/1 type",
        versions=V31,
    ),
    value("fewer than positions", {"prefixItems": [_TEXT, _INT]}, ["a"], versions=V31),
    value(
        "items behind positions",
        {"prefixItems": [_TEXT], "items": _INT},
        ["a", 1, "b"],
        "/2 type",
        versions=V31,
    ),
    value(
        "a position that is never allowed", {"prefixItems": [True, False]}, [1, 2], "/1 false", versions=V31
    ),
    value("contains", {"contains": {"const": 5}}, [1, 5], versions=V31),
    value("contains nothing of it", {"contains": {"const": 5}}, [1], "- contains", versions=V31),
    value("an empty array contains nothing", {"contains": {}}, [], "- contains", versions=V31),
    value("contains none, and need not", {"contains": _INT, "minContains": 0}, ["x"], versions=V31),
    value("contains too few", {"contains": _INT, "minContains": 2}, [1, "x"], "- minContains", versions=V31),
    value("contains too many", {"contains": _INT, "maxContains": 1}, [1, 2], "- maxContains", versions=V31),
    value("a number of nothing", {"minContains": 2}, [1], versions=V31),
    value(
        "unevaluated items",
        {"prefixItems": [_TEXT], "unevaluatedItems": False},
        ["a", 1],
        "/1 unevaluatedItems",
        versions=V31,
        source="JSON Schema Core 2020-12, 11.2",
    ),
    value(
        "unevaluated items across allOf",
        {"allOf": [{"prefixItems": [_TEXT, _INT]}], "unevaluatedItems": False},
        ["a", 1],
        versions=V31,
    ),
    value(
        "unevaluated items by a schema",
        {"prefixItems": [_TEXT], "unevaluatedItems": _INT},
        ["a", 1, "b", "c"],
        "/2 type",
        "/3 type",
        versions=V31,
    ),
    value(
        "evaluated by unevaluated items that are all allowed",
        {"allOf": [{"unevaluatedItems": True}], "unevaluatedItems": False},
        ["a"],
        versions=V31,
    ),
    value(
        "contains evaluates what it fits",
        {"contains": _TEXT, "unevaluatedItems": False},
        ["a", 1],
        "/1 unevaluatedItems",
        versions=V31,
        source="JSON Schema Core 2020-12, 10.3.1.3: contains has an annotation since 2020-12",
    ),
    value(
        "items evaluate all",
        {"$ref": "#/components/schemas/Ints", "unevaluatedItems": False},
        [1, 2],
        versions=V31,
        schemas={"Ints": {"type": "array", "items": _INT}},
    ),
    value(
        "positions of an older dialect",
        {"$schema": "http://json-schema.org/draft-07/schema#", "items": [_INT], "additionalItems": False},
        ["x", 2],
        "- additionalItems",
        "/0 type",
        versions=V31,
        source="OpenAPI 3.1.1, Specifying Schema Dialects",
    ),
    value(
        "no items behind positions", {"prefixItems": [{}], "items": False}, [1, 2], "- items", versions=V31
    ),
]
