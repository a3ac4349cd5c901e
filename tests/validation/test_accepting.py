"""What is accepted without asking openapi-core, and what never is."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from openapi_schema_validator import OAS30ReadValidator, OAS31Validator, OAS32Validator

from dynacli.errors import DocumentError
from dynacli.http.semantics import is_json
from dynacli.openapi.catalog.catalog_file import Catalog
from dynacli.openapi.catalog.catalog_writer import catalog_in_memory
from dynacli.openapi.catalog.compiler.compile_document import compile_document
from dynacli.openapi.model.operation import Dialect
from dynacli.openapi.schema.evaluation import compiled_schema
from dynacli.openapi.schema.evaluation._keyword_translations import LATER, TRANSLATIONS
from dynacli.openapi.schema.evaluation.translation import VALIDATING_KEYWORDS, PlainSchema, SchemaSource
from dynacli.openapi.schema.example_value import example_value
from dynacli.validation.validate_by_level import (
    LevelValidator,
    OperationSchemas,
    accepts_request,
    accepts_response,
)
from dynacli.validation.validated_messages import ValidatedResponse
from dynacli.validation.validator import Validator
from tests.documents import (
    api_of,
    catalog_of,
    get,
    load_file,
    parameter,
    post,
    save_api,
)
from tests.harness import Response, recording, run_cli
from tests.real_documents import OWN, documents
from tests.validation.in_process_validator import JSON, responded, response_document, sent
from tests.validation.mutations import mutations

_VERSIONS: tuple[Dialect, ...] = ("3.0", "3.1", "3.2")
_WRITTEN = {"3.0": "3.0.4", "3.1": "3.1.1", "3.2": "3.2.0"}


def _schemas(tree: dict[str, Any]) -> OperationSchemas:
    catalog = catalog_of(tree)
    return OperationSchemas(catalog, catalog.operation(catalog.summaries()[0].name))


def _is_accepted(
    value: Any, schema: Any, version: str = "3.1.1", headers: dict[str, Any] | None = None, **schemas: Any
) -> bool:
    response: dict[str, Any] = {"description": "", "content": {JSON: {"schema": schema}}}
    if headers is not None:
        response["headers"] = {name: {"schema": header} for name, header in headers.items()}
    tree = response_document({"200": response}, version, **schemas)
    came = dict.fromkeys(headers or (), "5")
    return accepts_response(_schemas(tree), responded(json.dumps(value).encode(), headers=came))


_PERSON = {
    "type": "object",
    "required": ["name"],
    "additionalProperties": False,
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "born": {"type": "string", "format": "date"},
        "friends": {"type": "array", "items": {"$ref": "#/components/schemas/Person"}},
    },
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("version", _VERSIONS)
@pytest.mark.parametrize(
    ("value", "is_right"),
    [
        ({"name": "a"}, True),
        ({"name": "a", "born": "2020-02-29", "friends": [{"name": "b"}]}, True),
        ({"name": ""}, False),
        ({"born": "2020-02-29"}, False),
        ({"name": "a", "born": "2021-02-29"}, False),
        ({"name": "a", "friends": [{"name": "b", "age": 1}]}, False),
        ([], False),
    ],
)
def test_what_is_plainly_right_is_accepted(value: Any, is_right: bool, version: Dialect) -> None:
    """A value is accepted if, and only if, its schema allows it."""
    schema = {"$ref": "#/components/schemas/Person"}
    assert is_right is _is_accepted(value, schema, _WRITTEN[version], Person=_PERSON)


@pytest.mark.parametrize(
    ("schema", "header", "is_right"),
    [
        ({"type": "integer"}, {"type": "integer", "maximum": 5}, True),
        ({"type": "integer"}, {"type": "string"}, True),
        ({"type": "integer"}, {"type": "integer", "maximum": 4}, False),
        ({"type": "integer"}, {"type": "array", "items": {"type": "integer"}}, False),
        ({"type": "integer"}, {"oneOf": [{"type": "integer"}, {"type": "string"}]}, False),
        (
            {"type": "integer", "$schema": "https://example.com/dialect"},
            {"type": "string"},
            False,
        ),
        ({"patternProperties": {"a": {}}}, {"type": "string"}, True),
        ({"$ref": "#/components/schemas/Nowhere"}, {"type": "string"}, False),
        ({"type": "integer", "pattern": "("}, {"type": "string"}, True),
    ],
)
def test_what_is_in_doubt_is_asked_about(schema: Any, header: Any, is_right: bool) -> None:
    """A header of several types, another dialect, or a keyword that is misused: openapi-core decides."""
    assert is_right is _is_accepted(1, schema, headers={"X-Count": header})


@pytest.mark.parametrize(
    ("responses", "response", "is_right"),
    [
        ({"204": {"description": ""}}, responded(status=204), True),
        ({"2XX": {"description": ""}}, responded(status=202), True),
        ({"default": {"description": ""}}, responded(status=404), True),
        ({"204": {"description": ""}}, responded(b"{}", status=204), False),
        ({"200": {"description": ""}}, responded(status=201), False),
        ({"200": {"$ref": "#/components/responses/None"}}, responded(), False),
        ({"200": {"description": "", "content": {JSON: {}}}}, responded(b"{}"), False),
        ({"200": {"description": "", "content": {JSON: {"schema": True}}}}, responded(b"{}"), True),
        ({"200": {"description": "", "content": {JSON: {"schema": True}}}}, responded(b"{"), False),
        ({"200": {"description": "", "content": {JSON: {"schema": True}}}}, responded(), False),
        (
            {"200": {"description": "", "content": {JSON: {"schema": True}}}},
            responded(b"1", media_type="text/plain"),
            False,
        ),
        (
            {"200": {"description": "", "headers": {"X-A": {"required": True, "schema": {}}}}},
            responded(),
            False,
        ),
    ],
)
def test_status_and_media_type_are_plainly_documented(
    responses: dict[str, Any], response: Any, is_right: bool
) -> None:
    """A response that the document does not describe, or not wholly, is asked about."""
    if "$ref" in responses.get("200", {}):
        with pytest.raises(LookupError):
            accepts_response(_schemas(response_document(responses)), response)
        return
    assert is_right is accepts_response(_schemas(response_document(responses)), response)


def _request_schemas(*parameters: Any, body: Any = None) -> OperationSchemas:
    return _schemas(api_of(post("/a/{id}", "a", *parameters, body=body), server=None))


_ID = parameter("id", {"type": "integer"}, "path")


@pytest.mark.parametrize(
    ("more", "request_", "is_right"),
    [
        ((), {}, True),
        ((), {"values": {("path", "id"): "x"}}, False),
        ((), {"values": {}}, False),
        ((parameter("q", {"type": "integer"}),), {"query": [("q", "1")]}, False),
        ((parameter("q", {"type": "integer"}, required=True),), {}, False),
        ((parameter("q", {"type": "integer"}),), {}, True),
        ((parameter("accept", {"type": "integer"}, "header"),), {"headers": {"Accept": "*/*"}}, True),
        ((), {"body": b"{}", "media_type": JSON}, False),
        ((), {"querystring": ("a", "b")}, False),
        ((), {"credentials": frozenset()}, False),
        ((1,), {}, False),
    ],
)
def test_a_request_is_accepted_with_its_values(more: Any, request_: dict[str, Any], is_right: bool) -> None:
    """Each parameter that is sent has a valid value, and each that must be sent is."""
    given: dict[str, Any] = {"path": {"id": "5"}, "values": {("path", "id"): 5}, **request_}
    made = _request_schemas(_ID)
    made.operation = {**made.operation, "parameters": [_ID, *more]}
    assert is_right is accepts_request(made, sent(**given))


@pytest.mark.parametrize(("body", "is_right"), [(b'{"n": 1}', True), (b'{"n": "1"}', False), (None, False)])
def test_a_body_is_accepted_by_its_schema(body: bytes | None, is_right: bool) -> None:
    """JSON bodies are read and accepted like those of responses."""
    schemas = _request_schemas(_ID, body={"type": "object", "properties": {"n": {"type": "integer"}}})
    request = sent(path={"id": "5"}, values={("path", "id"): 5}, body=body, media_type=JSON)
    assert is_right is accepts_request(schemas, request)


@pytest.mark.parametrize("version", _VERSIONS)
def test_the_keywords_are_those_of_openapi_core(version: Dialect) -> None:
    """A keyword that openapi-core evaluates and that is not known here would be taken for an annotation."""
    keywords = {"3.0": OAS30ReadValidator, "3.1": OAS31Validator, "3.2": OAS32Validator}[version].VALIDATORS
    annotations = {"deprecated", "description", "discriminator", "example", "externalDocs", "nullable", "xml"}
    annotations |= {"readOnly", "writeOnly", "x-internal", "$id", "$schema"}
    # Flags beside `minimum` and `maximum` in 3.0, and numbers in the normal form.
    exclusive = {"exclusiveMinimum", "exclusiveMaximum"}
    assert (set(keywords) - annotations) | exclusive == VALIDATING_KEYWORDS[version]
    assert {"$ref", "$dynamicRef"} >= VALIDATING_KEYWORDS[version] - TRANSLATIONS.keys()


_TREE = {
    "anyOf": [
        {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/Tree"}}, "required": [name]}
        for name in ("b", "c", "d", "a")
    ]
}


def test_alternatives_that_lead_to_themselves_end_in_doubt(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of four alternatives is tried at each of forty levels: no one waits for that."""
    monkeypatch.setattr(compiled_schema, "_MAX_ENTRIES", 2_000)
    value: Any = {"b": 1, "a": 1}
    for _ in range(40):
        value = {"a": value}
    began = time.process_time()
    assert not _is_accepted(value, {"$ref": "#/components/schemas/Tree"}, Tree=_TREE)
    assert time.process_time() - began < 5


def test_a_reference_may_be_compiled_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a densely connected document only those schemas are compiled that a value reaches."""
    schemas: dict[str, Any] = {
        f"S{number}": {
            "type": "object",
            "properties": {
                "next": {"$ref": f"#/components/schemas/S{number + 1}"},
                "n": {"type": "integer"},
            },
        }
        for number in range(100)
    }
    schemas["S100"] = {"type": "object", "minimum": "a", "properties": {"n": {"type": "integer"}}}
    monkeypatch.setattr(compiled_schema, "_AT_ONCE", 10)
    source = SchemaSource("3.1", "response", lambda ref: (schemas[ref.rpartition("/")[2]], None))
    plain = PlainSchema(schemas["S0"], source, 1_000, 10)
    assert LATER in json.dumps(plain.root)
    assert len(plain.root["$defs"]) < 20

    def value(levels: int, last: Any) -> Any:
        return {"next": value(levels - 1, last)} if levels else {"n": last}

    start = {"$ref": "#/components/schemas/S0"}
    assert _is_accepted(value(60, 1), start, **schemas)
    assert not _is_accepted(value(60, "1"), start, **schemas)
    assert _is_accepted(value(60, "1"), {"not": start}, **schemas)
    assert not _is_accepted(value(100, "1"), start, **schemas)


_RESPONSE = {
    "200": {"description": "", "content": {JSON: {"schema": {"type": "array", "items": {"type": "integer"}}}}}
}


@pytest.mark.parametrize(
    ("words", "body", "reported"),
    [
        ((), b"[1]", "the request and the response by compiled schemas"),
        ((), b"[true]", "the request by compiled schemas, the response by openapi-core"),
        (("--validate", "strict"), b"[1]", "the request and the response by openapi-core"),
        (("--validate", "exact"), b"[1]", "the request and the response by openapi-core"),
        (("--report", "json=@report.json"), b"[1]", "the request and the response by openapi-core"),
    ],
)
def test_a_verbose_call_says_who_validated(words: tuple[str, ...], body: bytes, reported: str) -> None:
    """At `warn` openapi-core is asked about what is not accepted; the other levels and reports always ask it."""
    with recording() as server:
        api = save_api(get("/a", responses=_RESPONSE), server=server)
        server.responses["/a"] = Response(200, body, {"Content-Type": JSON})
        result = run_cli(api, "a", "-v", *words)
    assert f"* validated: {reported}\n" in result.stderr


def test_preparing_compiles_or_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the request is under way, the schemas of responses are compiled, or openapi-core is imported."""
    asked: list[bool] = []
    monkeypatch.setattr(LevelValidator, "_asked", lambda _: asked.append(True))
    for content, is_asked in [
        ({JSON: {"schema": {"type": "integer"}}}, False),
        ({}, False),
        ({"text/plain": {"schema": {}}}, True),
        ({JSON: {"schema": {"$ref": "#/components/schemas/Circle"}}}, True),
    ]:
        tree = response_document(
            {"200": {"description": "", "content": content}}, Circle={"$ref": "#/components/schemas/Circle"}
        )
        catalog = catalog_of(tree)
        asked.clear()
        LevelValidator(catalog, catalog.operation(catalog.summaries()[0].name)).prepare()
        assert is_asked is bool(asked)


@pytest.mark.long
def test_over_whole_documents_nothing_wrong_is_accepted(
    folder: Path, nothing_wrong_is_accepted: list[bool]
) -> None:
    """Responses of every kind to operations of every document, right and changed ones, are validated in both ways."""
    right = 0
    for path in documents(folder):
        catalog = _catalog_in(path)
        if catalog is None:
            continue
        for name in [summary.name for summary in catalog.summaries()][:: 1 if folder == OWN else 40]:
            validator = Validator(catalog, catalog.operation(name))
            for response in _responses(catalog, name):
                right += not validator.response(response).has_something_to_report
        catalog.close()
    # What is right is nearly always accepted, or the short way would be of no use.
    assert sum(nothing_wrong_is_accepted) >= 0.9 * right > 20


def _catalog_in(path: Path) -> Catalog | None:
    try:
        return catalog_in_memory(compile_document(load_file(path, str(path.parent.parent))), [])
    except DocumentError:
        return None


def _responses(catalog: Catalog, name: str) -> Iterator[ValidatedResponse]:
    """Yield responses of each documented status with JSON: the example of its schema, and changed in a few places."""
    schemas = OperationSchemas(catalog, catalog.operation(name))
    random = Random(name)  # noqa: S311  - the same responses each time
    for status, response in (schemas.operation.get("responses") or {}).items():
        try:
            described = schemas.object_of(response) or {}
            content = described.get("content") or {}
            written = next(text for text in content if is_json(text))
            schema = (schemas.object_of(content[written]) or {})["schema"]
            value = example_value(schema, catalog.resolve, direction="response")
        except (LookupError, ValueError, StopIteration, RecursionError, TypeError):
            continue
        number = int(status.upper().replace("X", "0")) if status[0].isdigit() else 400
        for made in (value, *mutations(value, random, 4)):
            yield responded(json.dumps(made).encode(), number, written)
