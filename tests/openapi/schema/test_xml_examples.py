"""An example of a body of XML is written as the `xml` keywords of its schema say."""

from typing import Any
from xml.etree import ElementTree as ET

import pytest

from dynacli.media._xml_value import xml_text
from tests.documents import post, save_api
from tests.harness import examples_of, run_cli

_SCHEMAS: dict[str, Any] = {
    "Person": {
        "type": "object",
        "properties": {"id": {"type": "integer", "xml": {"attribute": True}}, "name": {"type": "string"}},
    },
    "Tag": {"type": "object", "xml": {"name": "tag"}, "properties": {"a": {}}},
}
_PERSON = {"$ref": "#/components/schemas/Person"}
_TEXT = {"type": "string"}


def _resolve(ref: str) -> Any:
    return _SCHEMAS[ref.rpartition("/")[2]]


def _of(name: str, schema: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {name: schema}, "xml": {"name": "r"}}


def _animals(items: dict[str, Any] | None = None, **array: Any) -> dict[str, Any]:
    """Return the array of the specification's examples ("XML Arrays")."""
    return _of("animals", {"type": "array", "items": {**_TEXT, **({"xml": items} if items else {})}, **array})


_TWO = {"animals": ["x", "y"]}


@pytest.mark.parametrize(
    ("value", "schema", "expected"),
    [
        ({"id": 1, "name": "a<b"}, _PERSON, '<Person id="1"><name>a&lt;b</name></Person>'),
        ({"id": 'a"b'}, _PERSON, '<Person id="a&quot;b"/>'),
        ({"a": None}, {"$ref": "#/components/schemas/Tag"}, "<tag><a/></tag>"),
        ({"a": True}, {"type": "object"}, "<root><a>true</a></root>"),
        ({"n": {"a": 1}}, _of("n", {"$ref": "#/components/schemas/Tag"}), "<r><tag><a>1</a></tag></r>"),
        (
            {"a": "b"},
            _of("a", {"xml": {"namespace": "http://x.y/z", "prefix": "p"}}),
            '<r><p:a xmlns:p="http://x.y/z">b</p:a></r>',
        ),
        (
            {"a": "b"},
            {"xml": {"name": "r", "namespace": "http://x.y/z"}},
            '<r xmlns="http://x.y/z"><a>b</a></r>',
        ),
        (_TWO, _animals(), "<r><animals>x</animals><animals>y</animals></r>"),
        (_TWO, _animals({"name": "animal"}), "<r><animal>x</animal><animal>y</animal></r>"),
        (
            _TWO,
            _animals({"name": "animal"}, xml={"wrapped": True}),
            "<r><animals><animal>x</animal><animal>y</animal></animals></r>",
        ),
        (
            _TWO,
            _animals(xml={"name": "aliens", "wrapped": True}),
            "<r><aliens><animals>x</animals><animals>y</animals></aliens></r>",
        ),
        (
            _TWO,
            _animals({"name": "animal"}, xml={"name": "aliens", "wrapped": True}),
            "<r><aliens><animal>x</animal><animal>y</animal></aliens></r>",
        ),
        ({"1 a": {"b/c": 2}}, {"type": "object"}, "<root><_1_a><b_c>2</b_c></_1_a></root>"),
        ([1, 2], {"type": "array", "items": {"xml": {"name": "i"}}}, "<root><i>1</i><i>2</i></root>"),
    ],
)
def test_a_value_is_written_as_its_schema_says(value: Any, schema: Any, expected: str) -> None:
    """Names, attributes, namespaces and arrays are those of the specification ("XML Object")."""
    written = xml_text(value, schema, _resolve)
    assert expected == written
    ET.fromstring(written)  # noqa: S314  - it is well-formed, and our own


@pytest.mark.parametrize("media_type", ["application/xml", "text/xml; charset=utf-8", "application/atom+xml"])
def test_a_body_of_xml_has_an_example(media_type: str) -> None:
    """If a body can only be XML, `--example` writes what is required."""
    schema = {**_SCHEMAS["Person"], "required": ["id", "name"], "xml": {"name": "person"}}
    _save(media_type, schema)
    result = run_cli("./api.json", "a", "--example", "--dry-run", "json")
    assert (0, "") == (result.exit_code, result.stderr)
    assert '<person id="1"><name>string</name></person>' == result.json["body"]
    assert [["dynacli", "./api.json", "a", "--example"]] == examples_of(
        run_cli("./api.json", "a", "--help").stdout
    )


def test_a_body_of_yaml_has_an_example() -> None:
    """A name that YAML 1.1 reads as a boolean is quoted."""
    _save("application/yaml", {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}})
    assert "'n': 1\n" == run_cli("./api.json", "a", "--example", "--dry-run", "json").json["body"]


def _save(media_type: str, schema: dict[str, Any]) -> None:
    save_api(post("/a", body=schema, media_type=media_type))
