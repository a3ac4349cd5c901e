"""What a response holds, in few words: the names of its fields, two levels deep."""

from typing import Any

import pytest

from dynacli.openapi.model.media_types import success_response
from dynacli.openapi.model.operation import Field, Parameter, ValueType
from dynacli.openapi.schema.response_outline import response_outline, unreturned_fields

STRING = {"type": "string"}
NODE = {"$ref": "#/Node"}
TARGETS: dict[str, Any] = {
    "#/Node": {
        "type": "object",
        "properties": {"id": STRING, "parent": NODE, "children": {"type": "array", "items": NODE}},
    },
    "#/Base": {"properties": {"id": STRING}},
    "#/Loop": {"allOf": [{"$ref": "#/Loop"}]},
}


def _things(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties}


def _list(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


def _resolve(reference: str) -> Any:
    return TARGETS[reference]


def _outline(schema: Any, media_type: str = "application/json", **others: Any) -> list[str]:
    content = {media_type: {"schema": schema} if schema is not None else {}, **others}
    return response_outline({"description": "", "content": content}, _resolve).text_lines()


ROW = _things(id=STRING, tags=_list(STRING), owner=_things(login=STRING))


@pytest.mark.parametrize(
    ("schema", "lines"),
    [
        pytest.param(
            _things(page=STRING, rows=_list(ROW)),
            ["rows[]: id, tags[]", "rows[].owner: login", "page"],
            id="a list with its page",
        ),
        pytest.param(_list(ROW), ["[]: id, tags[]", "[].owner: login"], id="a bare list"),
        pytest.param(_list(_list(STRING)), ["[][]: string"], id="a list of lists"),
        pytest.param(ROW, ["id, tags[]", "owner: login"], id="one thing"),
        pytest.param(
            _things(data=ROW, included=_list(ROW), ok=STRING),
            ["data: id, tags[]", "data.owner: login", "included[], ok"],
            id="a wrapper",
        ),
        pytest.param(
            _things(id=STRING, rows=_list(ROW)),
            ["id", "rows[]: id, tags[], owner{}"],
            id="a thing with a list among its fields",
        ),
        pytest.param(
            NODE,
            ["id", "children[]: id, parent{}, children[]", "parent: id, parent{}, children[]"],
            id="a circle",
        ),
        pytest.param({"$ref": "#/Loop"}, ["any value"], id="a circle of nothing"),
        pytest.param({"allOf": [{"$ref": "#/Base"}, _things(name=STRING)]}, ["id, name"], id="allOf"),
        pytest.param({"oneOf": [_things(cat=STRING), _things(dog=STRING)]}, ["cat, dog"], id="oneOf"),
        pytest.param({"anyOf": [{"$ref": "#/Base"}, {"type": "null"}]}, ["id"], id="anyOf with null"),
        pytest.param(
            {"type": "object", "additionalProperties": _things(size=STRING)},
            ["<any name>: size"],
            id="a map of objects",
        ),
        pytest.param(
            {"type": "object", "additionalProperties": {"type": "integer"}}, ["<any name>"], id="a map"
        ),
        pytest.param({"type": "string", "format": "uuid"}, ["string (uuid)"], id="a scalar"),
        pytest.param({"type": ["integer", "null"]}, ["integer"], id="a nullable scalar"),
        pytest.param({"type": "object"}, ["object"], id="an object of which nothing is said"),
        pytest.param(_things(id=STRING, key={**STRING, "writeOnly": True}), ["id"], id="writeOnly"),
        pytest.param({"type": "string", "format": "binary"}, ["bytes (application/json)"], id="bytes"),
        pytest.param({"$ref": "#/Nowhere"}, ["any value"], id="a reference that leads nowhere"),
        pytest.param(None, ["not described (application/json)"], id="no schema"),
        pytest.param(
            _things(**{f"f{number}_url": STRING for number in range(40)}, name=STRING),
            [", ".join([*(f"f{number}_url" for number in range(29)), "name", "11 more"])],
            id="many fields",
        ),
        pytest.param(_things(**{"a\x1b[2J": STRING}), ["a\\x1b[2J"], id="a name that drives a terminal"),
    ],
)
def test_the_fields_of_a_json_response(schema: Any, lines: list[str]) -> None:
    """Lists come before what is reported about them, except if the response is one thing."""
    assert lines == _outline(schema)


@pytest.mark.parametrize(
    ("media_type", "schema", "lines"),
    [
        ("application/x-ndjson", ROW, ["a stream, each item of it:", "id, tags[]", "owner: login"]),
        ("text/event-stream", _list(ROW), ["a stream, each item of it:", "id, tags[]", "owner: login"]),
        ("text/plain", STRING, ["text (text/plain)"]),
        ("image/png", {}, ["bytes (image/png)"]),
        ("application/xml", ROW, ["id, tags[]", "owner: login"]),
        ("*/*", ROW, ["id, tags[]", "owner: login"]),
    ],
)
def test_responses_of_other_media_types(media_type: str, schema: Any, lines: list[str]) -> None:
    """Streams by their items, text and bytes by their media type, and JSON first if there are several."""
    assert lines == _outline(schema, media_type)
    several = {"text/csv": {"schema": STRING}, "application/json": {"schema": {"type": "integer"}}}
    assert ["integer", "or text/csv"] == response_outline({"content": several}, _resolve).text_lines()


@pytest.mark.parametrize(
    ("responses", "lines"),
    [
        ({}, ["not described"]),
        ({"204": {"description": ""}, "default": {"content": {"text/plain": {}}}}, ["nothing"]),
        ({"default": {"content": {"application/json": {"schema": ROW}}}}, ["id, tags[]", "owner: login"]),
        (
            {"201": {"content": {"application/json": {"schema": ROW}}}, "202": {}},
            ["id, tags[]", "owner: login"],
        ),
        ({"404": {"content": {"application/json": {"schema": ROW}}}}, ["not described"]),
    ],
)
def test_which_response_counts(responses: dict[str, Any], lines: list[str]) -> None:
    """A success with a body, else a success without one; what gets a response by default, if no success is named."""
    assert lines == response_outline(success_response(responses, lambda value: value), _resolve).text_lines()


@pytest.mark.parametrize(
    ("enum", "description", "names"),
    [
        (("created", "-cost", "id"), "", ("cost",)),
        ((), "One of `id`, `costUsd`, `owner.login` or `-`", ("costUsd",)),
        (("createdAt:asc", "cost:desc"), "", ("cost",)),
        (("asc", "desc"), "", ()),
        (("best", "worst"), "", ()),
        ((), "By `cost`", ()),
    ],
)
def test_what_is_sorted_by_and_not_returned(
    enum: tuple[str, ...], description: str, names: tuple[str, ...]
) -> None:
    """Only if the document lists the keys, and the response has some of them."""
    schema = _list(_things(id=STRING, created_at=STRING, owner=_things(login=STRING)))
    outline = response_outline({"content": {"application/json": {"schema": schema}}}, _resolve)
    value = ValueType("string", enum=enum)
    found = unreturned_fields(
        [
            Parameter("sort", "query", "sort", value, description=description),
            Field(("label",), "label", ValueType("string", enum=("id", "cost"))),
        ],
        outline,
    )
    assert [names] * bool(names) == [unreturned.names for unreturned in found]


@pytest.mark.parametrize(
    ("name", "description", "is_named"),
    [
        ("team", "Filter by team", True),
        ("teamName", "Things are filtered by the name of their team", True),
        ("team", "The team", False),
        ("owner", "Filter by owner", False),
        ("created_before", "Filter by a date", False),
        ("q", "Filter by words", False),
        ("aspect_filter", "Filter by aspects", False),
    ],
)
def test_what_is_filtered_by_and_not_returned(name: str, description: str, is_named: bool) -> None:
    """Only if the description says that it filters, and its name is that of a field, not of a range."""
    schema = _list(_things(id=STRING, created_at=STRING, owner=_things(login=STRING)))
    outline = response_outline({"content": {"application/json": {"schema": schema}}}, _resolve)
    parameter = Parameter(name, "query", name, ValueType("string"), description=description)
    found = [unreturned_field.text for unreturned_field in unreturned_fields([parameter], outline)]
    assert [f"filterable (--{name}), but not returned: {name}"] * is_named == found
