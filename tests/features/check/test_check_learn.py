"""`check --learn` writes an overlay after which the document agrees with what was seen."""

import json
import subprocess
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dynacli.environment import Environment
from dynacli.features.check.learn_overlay import LearnedOverlay, ObservedResponse, learn_overlay, overlay_text
from dynacli.features.demo.demo_server import running
from dynacli.openapi.document.overlay import apply_overlay
from dynacli.openapi.schema.infer_schema import infer_schema
from dynacli.registry.demo_facts import BASE_PATH, document_path
from dynacli.registry.open_by_name import open_named_api
from dynacli.registry.opened_api import OpenedApi
from dynacli.secrets import Masker, Secret
from tests.harness import Response, recording, run_cli
from tests.npm_programs import program
from tests.sampling import examples
from tests.validation.in_process_validator import responded, validate_value, validator_of

JSON = "application/json"
_PERSON = {
    "type": "object",
    "required": ["id", "name"],
    "properties": {
        "id": {"type": "integer", "format": "int32", "minimum": 1},
        "name": {"type": "string", "maxLength": 5},
        "kind": {"type": "string", "enum": ["a", "b"]},
        "born": {"type": "string", "format": "date"},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 2, "uniqueItems": True},
    },
}
_GOOD = {"id": 1, "name": "x"}


def _document(version: str, schema: Any = None, **schemas: Any) -> dict[str, Any]:
    """A document of any version whose operation responds with people."""
    pointer = "#/definitions" if version == "2.0" else "#/components/schemas"
    schema = schema or {"type": "array", "items": {"$ref": f"{pointer}/Person"}}
    response: dict[str, Any] = {"description": "", "schema": schema}
    if version != "2.0":
        response = {"description": "", "content": {JSON: {"schema": schema}}}
        response["headers"] = {"X-Total": {"required": True, "schema": {"type": "integer"}}}
    document: dict[str, Any] = {
        "info": {"title": "t", "version": "1"},
        "paths": {"/it's/{id}": {"get": {"operationId": "a", "responses": {"200": response}}}},
    }
    schemas = {"Person": _PERSON, **schemas}
    if version == "2.0":
        return {"swagger": "2.0", "produces": [JSON], **document, "definitions": schemas}
    return {"openapi": f"{version}.0", **document, "components": {"schemas": schemas}}


def _seen(
    body: Any, status: int = 200, media_type: str = JSON, masker: Masker | None = None, total: str = "1"
) -> ObservedResponse:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    pairs = {"X-Total": total, **({"Content-Type": media_type} if media_type else {})}
    return ObservedResponse(
        "a", "GET", "/it's/{id}", status, tuple(pairs.items()), content, masker or Masker()
    )


def _api(tmp_path: Path, document: dict[str, Any]) -> OpenedApi:
    file = tmp_path / "document.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    return open_named_api(str(file), Environment())


def _learn(tmp_path: Path, document: dict[str, Any], *seen: ObservedResponse) -> LearnedOverlay:
    api = _api(tmp_path, document)
    try:
        return learn_overlay(api, seen)
    finally:
        api.catalog.close()


def _findings(document: dict[str, Any], *seen: ObservedResponse) -> list[str]:
    """What a validator finds who knows nothing of how the document came about."""
    validator = validator_of(document)
    return [
        f"{finding.rule} {finding.pointer}"
        for response in seen
        for finding in validator.response(
            responded(response.body, response.status, response.content_type, response.headers), is_exact=True
        ).findings
    ]


_NEW = {"when": "2024-01-31T10:00:00Z", "at": "https://a.b/c?d=e", "n": [1, 2.5], "deep": {"x": None}}

_EACH: list[Any] = [
    pytest.param([_seen([{**_GOOD, "new": 1}])], "undocumented-property", id="property"),
    pytest.param(
        [_seen([{**_GOOD, "new": _NEW}, {**_GOOD, "new": None}])], "undocumented-property", id="nested"
    ),
    pytest.param(
        [_seen([{**_GOOD, "new": 1}]), _seen([{**_GOOD, "new": "a"}, {**_GOOD, "new": [{}]}])],
        "undocumented-property",
        id="property-of-several-types",
    ),
    pytest.param([_seen([{"id": 1}, {"name": "x"}])], "required", id="required"),
    pytest.param([_seen([{**_GOOD, "id": "q"}])], "type", id="type"),
    pytest.param([_seen([{**_GOOD, "id": 1.5}])], "type", id="number"),
    pytest.param([_seen([{**_GOOD, "id": [1]}, {**_GOOD, "id": None}])], "type", id="list-or-null"),
    pytest.param([_seen([{**_GOOD, "tags": {"a": 1}}])], "type", id="object-for-a-list"),
    pytest.param([_seen([{**_GOOD, "name": None}])], "type", id="null"),
    pytest.param([_seen([{**_GOOD, "kind": None}])], "type", id="null-in-an-enum"),
    pytest.param([_seen([{**_GOOD, "kind": "c"}, {**_GOOD, "kind": "d"}])], "enum", id="enum"),
    pytest.param([_seen([{**_GOOD, "id": 0}])], "minimum", id="minimum"),
    pytest.param([_seen([{**_GOOD, "id": 2**40}])], "format", id="int32"),
    pytest.param([_seen([{**_GOOD, "name": "abcdefg"}])], "maxLength", id="length"),
    pytest.param([_seen([{**_GOOD, "tags": ["a", "b", "a"]}])], "maxItems", id="items"),
    pytest.param([_seen([{**_GOOD, "born": "yesterday"}])], "format", id="format"),
    pytest.param([_seen({"a": 1})], "type", id="the-whole-body"),
    pytest.param([_seen({"a": 1}, 203), _seen({"b": 1}, 203)], "undocumented-status", id="status"),
    pytest.param([_seen({"title": "x"}, 404, "application/problem+json")], "undocumented-status", id="error"),
    pytest.param([_seen(b"", 204, "")], "undocumented-status", id="status-without-body"),
    pytest.param([_seen(b"<p>", 500, "text/html; charset=utf-8")], "undocumented-status", id="page"),
]


def _each_in_a_version(cases: list[Any], versions: str) -> list[Any]:
    """Return the cases, each for one version in turn."""
    pairs = zip(cases, cycle(versions.split()), strict=False)
    return [pytest.param(version, *case.values, id=f"{case.id}-{version}") for case, version in pairs]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("version", "seen", "rule"), _each_in_a_version(_EACH, "2.0 3.0 3.1 3.2"))
def test_the_document_agrees_afterwards(
    tmp_path: Path, version: str, seen: list[ObservedResponse], rule: str
) -> None:
    """Whatever is wrong is found before, and nothing is once the overlay is applied."""
    document = _document(version)
    assert rule in [finding.split(" ")[0] for finding in _findings(document, *seen)]
    found = _learn(tmp_path, document, *seen)
    assert () == found.unmended
    assert found.overlay is not None
    written = yaml.safe_load(overlay_text(found.overlay, "o.yaml"))
    assert written == json.loads(overlay_text(found.overlay, "o.json"))
    after = apply_overlay(document, written)
    assert [] == _findings(after, *seen)
    assert [] == _findings(after, _seen([_GOOD]))  # what was good before stays so


_EACH_OF_3 = [
    pytest.param([_seen(b"<p>", media_type="text/html")], "undocumented-media-type", id="media-type"),
    pytest.param([_seen(b"\x89PNG", media_type="image/png")], "undocumented-media-type", id="bytes"),
    pytest.param([_seen([_GOOD], total="many")], "type", id="header-of-another-type"),
]


@pytest.mark.parametrize(("version", "seen", "rule"), _each_in_a_version(_EACH_OF_3, "3.0 3.1 3.2"))
def test_media_types_and_headers(
    tmp_path: Path, version: str, seen: list[ObservedResponse], rule: str
) -> None:
    """What OpenAPI 3 says beside the schema of a body is learned as well."""
    test_the_document_agrees_afterwards(tmp_path, version, seen, rule)


def test_a_header_that_is_missing(tmp_path: Path) -> None:
    """It is not required any more."""
    document = _document("3.1")
    seen = ObservedResponse("a", "GET", "/it's/{id}", 200, (("Content-Type", JSON),), b"[]", Masker())
    found = _learn(tmp_path, document, seen)
    assert (1, ()) == (len(found.overlay["actions"]) if found.overlay else 0, found.unmended)
    assert [] == _findings(apply_overlay(document, found.overlay), seen)


_SCHEMAS = [
    pytest.param({"type": "object", "additionalProperties": False}, {"a": 1}, id="no-others"),
    pytest.param(
        {"allOf": [{"properties": {"a": {"type": "string"}}}, {"properties": {"b": {"type": "string"}}}]},
        {"a": "", "b": "", "c": 1},
        id="all-of",
    ),
    pytest.param(
        {
            "oneOf": [
                {
                    "type": "object",
                    "required": ["k"],
                    "properties": {"k": {"enum": ["x"]}, "a": {"type": "string"}},
                },
                {
                    "type": "object",
                    "required": ["k"],
                    "properties": {"k": {"enum": ["y"]}, "b": {"type": "string"}},
                },
            ]
        },
        {"k": "y", "b": 1, "c": 1},
        id="the-branch-that-was-meant",
    ),
    pytest.param({"anyOf": [{"type": "string"}, {"type": "integer"}]}, [1], id="another-branch"),
    pytest.param({"oneOf": [{"type": "string"}, {"type": "integer"}]}, None, id="null-beside-branches"),
    pytest.param({"$ref": "#/components/schemas/A~B"}, 1, id="reference-with-escapes"),
    pytest.param(
        {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/A~B"}}, {"k": 1}, id="map"
    ),
    pytest.param({"type": "string", "pattern": "^a", "minLength": 3}, "b", id="pattern"),
    pytest.param({"type": "number", "multipleOf": 0.5, "maximum": 1}, 1.75, id="multiple-of"),
    pytest.param(
        {"type": "object", "properties": {"n": {"$ref": "#/components/schemas/Node"}}},
        {"n": {"n": {"n": {"v": "x", "w": 1}}}},
        id="recursive",
    ),
]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("version", ["3.0", "3.1"])
@pytest.mark.parametrize(("schema", "value"), _SCHEMAS)
def test_schemas_of_every_make(tmp_path: Path, version: str, schema: Any, value: Any) -> None:
    """The change is made where the schema stands, after references and inside of compositions."""
    node = {
        "type": "object",
        "properties": {"n": {"$ref": "#/components/schemas/Node"}, "v": {"type": "integer"}},
    }
    document = _document(version, schema, **{"A~B": {"type": "string"}, "Node": node})
    found = _learn(tmp_path, document, _seen(value))
    assert (True, ()) == (found.overlay is not None, found.unmended)
    assert [] == _findings(apply_overlay(document, found.overlay), _seen(value))


_LINES = b'{"id":1,"name":"x","new":1}\n{"id":2}\n'


@pytest.mark.parametrize(
    ("version", "media"),
    [
        pytest.param("3.0", {"schema": _PERSON}, id="of-an-item"),
        pytest.param("3.1", {"schema": {"type": "array", "items": _PERSON}}, id="of-the-whole"),
        pytest.param("3.2", {"itemSchema": _PERSON}, id="item-schema"),
    ],
)
def test_one_value_after_the_other(tmp_path: Path, version: str, media: Any) -> None:
    """What is seen in the items of a sequence is learned of the schema that speaks of them."""
    document = _document(version)
    response = document["paths"]["/it's/{id}"]["get"]["responses"]["200"]
    response["content"] = {"application/x-ndjson": media}
    seen = _seen(_LINES, media_type="application/x-ndjson")
    assert {"required /1", "undocumented-property /0/new"} == {*_findings(document, seen)}
    found = _learn(tmp_path, document, seen)
    assert (True, ()) == (found.overlay is not None, found.unmended)
    assert [] == _findings(apply_overlay(document, found.overlay), seen)


@pytest.mark.parametrize("version", ["3.0", "3.1", "3.2"])
def test_a_sequence_that_is_new(tmp_path: Path, version: str) -> None:
    """Its items are described, in 3.2 as what they are."""
    document = _document(version)
    seen = _seen(_LINES, media_type="application/x-ndjson")
    found = _learn(tmp_path, document, seen)
    assert (True, ()) == (found.overlay is not None, found.unmended)
    after = apply_overlay(document, found.overlay)
    assert [] == _findings(after, seen)
    media = after["paths"]["/it's/{id}"]["get"]["responses"]["200"]["content"]["application/x-ndjson"]
    assert ["itemSchema" if version == "3.2" else "schema"] == [*media]


_texts = st.sampled_from(["", "x", "2024-01-31", "2024-02-30", "2024-01-31T10:00:00Z", "https://a.b/c", "1"])
_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(-1e9, 1e9) | _texts,
    lambda inside: (
        st.lists(inside, max_size=3) | st.dictionaries(st.sampled_from("abc~/"), inside, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(_values, min_size=1, max_size=4), st.sampled_from(["3.0.3", "3.1.0", "3.2.0"]))
def test_a_schema_allows_what_it_was_made_of(values: list[Any], version: str) -> None:
    """Whatever the values are, the validator finds nothing in any of them, at the level `exact`."""
    dialect: Any = version[:3]
    schema = infer_schema(values, dialect)
    for value in values:
        assert [] == validate_value(schema, value, version, is_exact=True).findings


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param([1, -2], {"type": "integer"}, id="integers"),
        pytest.param([1, 2.0], {"type": "number"}, id="numbers"),
        pytest.param(["a", None], {"type": ["string", "null"]}, id="or-null"),
        pytest.param([True, "a", 1], {"type": ["string", "integer", "boolean"]}, id="several"),
        pytest.param(
            [[], [1], ["a"]], {"type": "array", "items": {"type": ["string", "integer"]}}, id="items"
        ),
        pytest.param([[]], {"type": "array", "items": {}}, id="no-items"),
        pytest.param([{}], {"type": "object"}, id="no-properties"),
        pytest.param(
            [{"a": 1}, {"b": "x", "a": None}],
            {"type": "object", "properties": {"a": {"type": ["integer", "null"]}, "b": {"type": "string"}}},
            id="properties",
        ),
        pytest.param(
            [{f"k{number}": number for number in range(101)}],
            {"type": "object", "additionalProperties": {"type": "integer"}},
            id="a-map",
        ),
        pytest.param(["2024-01-31"], {"type": "string", "format": "date"}, id="date"),
        pytest.param(["2024-01-31", "soon"], {"type": "string"}, id="not-all-are-dates"),
        pytest.param(["2024-02-30"], {"type": "string"}, id="no-such-day"),
        pytest.param(
            ["2024-01-31T10:00:00.123456789+01:00"], {"type": "string", "format": "date-time"}, id="time"
        ),
        pytest.param(["2024-01-31 10:00:00"], {"type": "string"}, id="not-that-form"),
        pytest.param(
            ["f81d4fae-7dec-11d0-a765-00a0c91e6bf6"], {"type": "string", "format": "uuid"}, id="uuid"
        ),
        pytest.param(["https://a.b/c?d#e"], {"type": "string", "format": "uri"}, id="uri"),
        pytest.param(["https://a b"], {"type": "string"}, id="no-uri"),
    ],
)
def test_what_values_speak_for(values: list[Any], expected: dict[str, Any]) -> None:
    """A schema is as narrow as all values allow, and nothing is required or enumerated."""
    assert expected == infer_schema(values, "3.1")


def test_what_comes_out(tmp_path: Path) -> None:
    """Each place is one action, the values of all responses are in it, and the order is that of the document."""
    seen = [
        _seen([{**_GOOD, "new": {"a": 1}}]),
        _seen([{**_GOOD, "new": {"b": None}}, {"id": "q"}]),
        _seen(1, 203),
    ]
    found = _learn(tmp_path, _document("3.1"), *seen)
    assert found.overlay is not None
    file = f"file://{tmp_path}/document.json"
    properties = "$['components']['schemas']['Person']['properties']"
    assert found.overlay == {
        "overlay": "1.0.0",
        "info": {"title": "What the responses of t say", "version": "1.0.0"},
        "extends": file,
        "actions": [
            {
                "target": "$['paths'][\"/it's/{id}\"]['get']['responses']",
                "description": "203: added (responses of `a`); 203/headers/X-Total: added (responses of `a`)",
                "update": {
                    "203": {
                        "description": "Non-Authoritative Information",
                        "content": {JSON: {"schema": {"type": "integer"}}},
                        "headers": {"X-Total": {"schema": {"type": "integer"}}},
                    }
                },
            },
            {"target": "$['components']['schemas']['Person']['required']", "remove": True},
            {
                "target": "$['components']['schemas']['Person']",
                "description": "`name` may be absent (responses of `a`)",
                "update": {"required": ["id"]},
            },
            {"target": f"{properties}['id']", "remove": True},
            {
                "target": properties,
                "description": "new: added (responses of `a`); id: allows string (responses of `a`)",
                "update": {
                    "id": {"type": ["integer", "string"], "format": "int32", "minimum": 1},
                    "new": {
                        "type": "object",
                        "properties": {"a": {"type": "integer"}, "b": {"type": "null"}},
                    },
                },
            },
        ],
    }


def test_names_that_are_data(tmp_path: Path) -> None:
    """If an object has more new names than anyone would list, it may have any."""
    document = _document("3.1")
    seen = _seen([{**_GOOD, **{f"k{number}": number for number in range(101)}}])
    found = _learn(tmp_path, document, seen)
    assert (True, ()) == (found.overlay is not None, found.unmended)
    after = apply_overlay(document, found.overlay)
    assert {"type": "integer"} == after["components"]["schemas"]["Person"]["additionalProperties"]
    assert [] == _findings(after, seen)


def test_what_stands_in_another_file(tmp_path: Path) -> None:
    """An overlay is about one file: what another one would have to say is left."""
    schemas = tmp_path / "schemas.json"
    schemas.write_text(json.dumps({"Person": _PERSON}), encoding="utf-8")
    document = _document("3.1", {"$ref": "schemas.json#/Person"})
    found = _learn(tmp_path, document, _seen({**_GOOD, "id": "q"}), _seen({}, 203))
    assert [("a", "type")] == [(operation, finding.rule) for operation, finding in found.unmended]
    assert found.overlay is not None
    assert ["$['paths'][\"/it's/{id}\"]['get']['responses']"] == [
        action["target"] for action in found.overlay["actions"]
    ]


def test_what_agrees_needs_nothing(tmp_path: Path) -> None:
    """There is no overlay if there is nothing to change."""
    assert LearnedOverlay(None, ()) == _learn(tmp_path, _document("3.1"), _seen([_GOOD]))


@pytest.mark.parametrize(
    ("seen", "rule"),
    [
        pytest.param(_seen(b"[{"), "unreadable-body", id="half-a-body"),
        pytest.param(_seen(b""), "missing-body", id="no-body"),
        pytest.param(_seen(b"x", media_type=""), "undocumented-media-type", id="no-media-type"),
    ],
)
def test_what_no_document_can_say(tmp_path: Path, seen: ObservedResponse, rule: str) -> None:
    """It is left over, and does not keep the rest from being learned."""
    found = _learn(tmp_path, _document("3.1"), _seen([{**_GOOD, "id": "q"}]), seen)
    assert [("a", rule)] == [(operation, finding.rule) for operation, finding in found.unmended]
    assert found.overlay is not None


def test_what_the_configuration_ignores_is_not_learned(tmp_path: Path) -> None:
    """A finding that is switched off, or a status that says nothing of the document, is not reason for a change."""
    seen = _seen([{"id": 1}], 404)
    seen.ignored = frozenset({("undocumented-status", "status")})
    assert LearnedOverlay(None, ()) == _learn(tmp_path, _document("3.1"), seen)


def test_no_secret_is_learned(tmp_path: Path) -> None:
    """A value or a name that holds a secret of the call does not get into the overlay."""
    secret = "the-token-of-the-call"
    masker = Masker([Secret(secret)])
    body = [{**_GOOD, "kind": secret, "new": {secret: secret}}]
    found = _learn(tmp_path, _document("3.1"), _seen(body, masker=masker))
    assert found.overlay is not None
    assert secret not in json.dumps(found.overlay)


_MISBEHAVIOURS = {
    "a": Response(200, b'[{"id":1,"name":"x","new":{"at":"2024-01-31"}},{"id":"q","name":null}]'),
    "b": Response(203, b'{"a":1}'),
    "c": Response(200, b"<p>", {"Content-Type": "text/html"}),
    "d": Response(418, b'{"title":"no"}', {"Content-Type": "application/problem+json"}),
}


@pytest.mark.parametrize("version", ["2.0", "3.0", "3.1"])
def test_the_whole_way(tmp_path: Path, version: str) -> None:
    """A check teaches, the overlay is applied, and the next check with the new document finds nothing."""
    with recording() as recorder:
        document = _document(version)
        document["paths"] = {}
        for name, response in _MISBEHAVIOURS.items():
            if version == "2.0" and name == "c":
                continue  # there a response has one schema for all of its media types
            recorder.responses[f"/{name}"] = response
            path = _document(version)["paths"]["/it's/{id}"]["get"]
            path["responses"]["200"].pop("headers", None)
            document["paths"][f"/{name}"] = {"get": {**path, "operationId": name}}
        words = ["--server", recorder.origin]
        (tmp_path / "before.json").write_text(json.dumps(document), encoding="utf-8")
        overlay = tmp_path / "overlay.yaml"
        first = run_cli("check", str(tmp_path / "before.json"), *words, "--learn", str(overlay))
        assert 9 == first.exit_code
        after = apply_overlay(document, yaml.safe_load(overlay.read_bytes()))
        (tmp_path / "after.json").write_text(json.dumps(after), encoding="utf-8")
        again = tmp_path / "again.yaml"
        second = run_cli("check", str(tmp_path / "after.json"), *words, "--learn", str(again))
        assert (0, False) == (second.exit_code, again.exists())
        assert f"There is nothing to learn: `{again}` is not written" in second.stderr


@pytest.mark.sampled(0)
@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("get-run", "wrong-type"),
        ("list-workflows", "missing-field"),
        ("search-runs", "undocumented-field"),
        ("get-org", "undocumented-status"),
        ("get-insight-topic", "wrong-media-type"),
    ],
)
def test_what_the_stand_in_does_wrong(tmp_path: Path, operation: str, kind: str) -> None:
    """Each way that it can misbehave teaches its document what then agrees with it."""
    overlay = tmp_path / "overlay.json"
    words = ["check", "demo", "--only", operation, "--misbehave", f"{operation}={kind}", "-o", "json"]
    assert 9 == run_cli(*words, "--learn", str(overlay)).exit_code
    document = json.loads(Path(document_path()).read_bytes())
    after = tmp_path / "after.json"
    after.write_text(json.dumps(apply_overlay(document, json.loads(overlay.read_bytes()))), encoding="utf-8")
    with running(misbehave={_ids()[operation]: kind}) as server:
        words = [
            "--server",
            f"{server.origin}{BASE_PATH}",
            "-H",
            f"Authorization: Bearer {server.api_keys['editor']}",
        ]
        result = run_cli("check", str(after), "--only", operation, "-o", "json", *words)
    assert (0, "") == (result.exit_code, result.stderr)


def _ids() -> dict[str, str]:
    operations = json.loads(run_cli("operations", "demo", "-o", "json").stdout_bytes)
    return {operation["name"]: operation["operation_id"] for operation in operations}


def test_what_is_left_is_said(tmp_path: Path) -> None:
    """Half a body teaches nothing, which is said with what is wrong with it."""
    file = tmp_path / "overlay.yaml"
    words = ["--only", "get-org", "--misbehave", "get-org=truncated-json", "--learn", str(file)]
    result = run_cli("check", "demo", *words)
    assert (9, False) == (result.exit_code, file.exists())
    said = " ".join(result.stderr.split())
    assert "warning: What is left here no overlay can fix: get-org: the body is not JSON" in said


_HOSTILE_NAMES = {
    "$ref": "https://a.example/",
    "__proto__": {"a": 1},
    "a\n- target: $\n  update: {servers: []}": 1,
    "'] | $.servers[*": 1,
    "\x1b[2J\x9b31m": 1,
    "\u202eabc": 1,
    "<<": {"a": 1},
}


@pytest.mark.parametrize("file", ["o.yaml", "o.json"])
def test_names_of_a_hostile_server_are_names_only(file: str, tmp_path: Path) -> None:
    """The overlay has each as a property, changes nothing else, and shows no character that hides or moves text."""
    document = _document("3.1")
    overlay = _learn(tmp_path, document, _seen([{**_GOOD, **_HOSTILE_NAMES}])).overlay
    assert overlay is not None
    text = overlay_text(overlay, file).decode()
    read = json.loads(text) if file.endswith("json") else yaml.safe_load(text)
    assert (overlay, True) == (read, text.replace("\n", "").isprintable())
    changed = apply_overlay(document, read)
    assert {*_PERSON["properties"], *_HOSTILE_NAMES} == set(_without_properties(changed))
    _without_properties(expected := json.loads(json.dumps(document)))
    assert expected == changed
    assert len(overlay["actions"][0]["description"].splitlines()) == 1


def _without_properties(document: dict[str, Any]) -> dict[str, Any]:
    """Take the properties out of the document's schema, and return them."""
    properties: dict[str, Any] = document["components"]["schemas"]["Person"].pop("properties")
    return properties


@pytest.mark.parametrize(
    "seen",
    [
        _seen(b'[{"id": 1, "name": "x", "\\ud800": 1}]'),
        _seen([], media_type="application/j\x1b[2json"),
        _seen([], media_type="application/x'] | $.servers['+json"),
    ],
)
def test_what_no_file_can_hold_is_not_learned(seen: ObservedResponse, tmp_path: Path) -> None:
    """A lone surrogate or a media type that is none would make an overlay that cannot be read."""
    learned = _learn(tmp_path, _document("3.1"), seen)
    assert (None, 1) == (learned.overlay, len(learned.unmended))


def test_the_file_is_whole_or_untouched(tmp_path: Path) -> None:
    """A directory that is not there is said before anything is sent."""
    with recording() as recorder:
        (tmp_path / "document.json").write_text(json.dumps(_document("3.1")), encoding="utf-8")
        words = ["--server", recorder.origin, "--learn", str(tmp_path / "no" / "overlay.yaml")]
        result = run_cli("check", str(tmp_path / "document.json"), *words)
        assert (12, []) == (result.exit_code, recorder.requests)


@pytest.mark.outside
@pytest.mark.parametrize("version", ["2.0", "3.0", "3.1"])
def test_another_program_makes_the_same_of_it(tmp_path: Path, version: str) -> None:
    """`overlayjs` of npm's `openapi-overlays-js` applies the overlay to the same effect."""
    document = _document(version)
    seen = [observation for case in _EACH for observation in case.values[0]]
    found = _learn(tmp_path, document, *seen)
    assert found.overlay is not None
    (tmp_path / "overlay.yaml").write_bytes(overlay_text(found.overlay, "overlay.yaml"))
    words = [program("overlayjs"), "--openapi", "document.json", "--overlay", "overlay.yaml"]
    run = subprocess.run(words, cwd=tmp_path, capture_output=True, check=True, text=True)
    assert apply_overlay(document, found.overlay) == yaml.safe_load(run.stdout)
