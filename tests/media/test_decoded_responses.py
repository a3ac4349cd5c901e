"""Responses of YAML, XML and forms: filters, formats and validation work on their values."""

from pathlib import Path
from typing import Any

import pytest

from tests.documents import get, save_api
from tests.harness import RecordedRequest, Recorder, Response, assert_ended, run_cli

_PET = {
    "type": "object",
    "xml": {"name": "pet"},
    "required": ["id"],
    "properties": {
        "id": {"type": "integer", "xml": {"attribute": True}},
        "price": {"type": "number"},
        "tags": {
            "type": "array",
            "items": {"type": "string", "xml": {"name": "tag"}},
            "xml": {"wrapped": True},
        },
    },
}
_TYPES = ("application/xml", "application/yaml", "application/x-www-form-urlencoded", "application/json")
_BODIES = {
    "application/xml": b'<?xml version="1.0"?>\n<pet id="7"><price>1.10</price>'
    b"<tags><tag>a</tag><tag>b</tag></tags></pet>",
    "text/xml; charset=utf-8": b'<pet id="7"><price>1.10</price><tags><tag>a</tag><tag>b</tag></tags></pet>',
    "application/yaml": b"id: 7\nprice: 1.10\ntags: [a, b]\n",
    "application/vnd.pet+yaml": b"---\nid: 0x7\nprice: +1.10\ntags:\n- a\n- b\n",
    "application/x-www-form-urlencoded": b"id=7&price=1.10&tags=a&tags=b",
}


@pytest.fixture
def api(server: Recorder) -> str:
    """A document whose responses are pets in several media types."""
    content = {
        name: {"schema": {"$ref": "#/components/schemas/Pet"}} for name in (*_TYPES, "text/xml", "*/*")
    }
    responses = {"200": {"description": "", "content": content}, "default": {"description": ""}}
    return save_api(get("/pet", "getPet", responses=responses), server=server, schemas={"Pet": _PET})


def _run(server: Recorder, api: str, media_type: str, body: bytes, *words: str, status: int = 200) -> Any:
    server.responses["/pet"] = Response(status, body, {"Content-Type": media_type})
    return run_cli(api, "get-pet", *words)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("media_type", _BODIES)
def test_the_value_is_that_of_json(server: Recorder, api: str, media_type: str) -> None:
    """Each format has the value with its types and digits, and it is valid."""
    body = _BODIES[media_type]

    def run(*words: str) -> Any:
        return _run(server, api, media_type, body, "--validate", "strict", *words)

    result = run("-f", "@", "-o", "json")
    assert (0, '{\n  "id": 7,\n  "price": 1.10,\n  "tags": [\n    "a",\n    "b"\n  ]\n}\n', "") == (
        result.exit_code,
        result.stdout,
        result.stderr,
    )
    assert "1.10\n" == run("-f", "price").stdout
    assert "a\nb\n" == run("-f", "tags", "-o", "lines").stdout
    assert "id: 7\nprice: 1.10\ntags:\n- a\n- b\n" == run("-o", "yaml").stdout
    assert {"id": 7, "price": 1.1, "tags": ["a", "b"]} == run("-o", "json").json
    assert body == run().stdout_bytes, "a pipe gets the bytes"


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/xml", b'<pet id="x"/>'),
        ("application/yaml", b"id: x"),
        ("application/x-www-form-urlencoded", b"id=x"),
    ],
)
def test_the_value_is_validated(server: Recorder, api: str, media_type: str, body: bytes) -> None:
    """A value that does not match the document is a finding with its place."""
    result = _run(server, api, media_type, body, "--validate", "strict")
    assert_ended(result, 9, "/id: expected integer, got string `x` [type]")


@pytest.mark.parametrize(
    ("media_type", "body", "said"),
    [
        ("application/xml", b"<!DOCTYPE a><a/>", "it has a document type"),
        (
            "application/yaml",
            b"a: [1",
            "it is not YAML: a `]` or `}` is missing before this, at line 1, column 6",
        ),
        (
            "application/yaml",
            b"a: &a [x]\nb: !!python/object/apply:os.system ['touch pwned']\nc: {[1]: 2}",
            "cannot be a list",
        ),
        ("application/yaml", b"a: 1\n--- \nb: 2", "a second YAML document starts here"),
        ("application/yaml", b"[" * 5000, "nested deeper than 200 levels"),
        pytest.param(
            "application/yaml",
            b"a: &a [x,x,x,x,x,x,x,x,x,x]\n"
            + b"".join(
                b"%c: &%c [%s]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 10)) for n in range(8)
            ),
            "more than 2,000,000 values",
            marks=pytest.mark.exhaustive,
        ),
    ],
    ids=["doctype", "cut", "key", "two", "deep", "aliases"],
)
def test_a_body_that_is_not_read_is_printed_as_it_came(
    server: Recorder, api: str, media_type: str, body: bytes, said: str
) -> None:
    """Exit code 13, the reason, and the bytes."""
    result = _run(server, api, media_type, body, "--validate", "off", "-f", "a")
    assert (13, body) == (result.exit_code, result.stdout_bytes)
    assert said in result.stderr
    assert not Path("pwned").exists()


def test_the_rows_of_xml_make_a_table(server: Recorder) -> None:
    """Items are found as in JSON."""
    schema = {"type": "array", "xml": {"name": "pets"}, "items": _PET}
    responses = {"200": {"description": "", "content": {"application/xml": {"schema": schema}}}}
    word = save_api(get("/pet", "listPets", responses=responses), server=server)
    body = b'<pets><pet id="1"><price>2.50</price></pet><pet id="2"/></pets>'
    server.responses["/pet"] = Response(200, body, {"Content-Type": "application/xml"})
    assert "id,price\r\n1,2.50\r\n2,\r\n" == run_cli(word, "list-pets", "-o", "csv").stdout


def test_a_number_of_yaml_is_no_text(server: Recorder, api: str) -> None:
    """Numbers of YAML 1.2 are numbers; infinity and not-a-number, which JSON lacks, are null; keys are texts."""
    body = b"a: [.5, 1., 1e3, 0o17, -.inf, .NaN, no, 2024-01-01, 12345678901234567890123, 1.10e400]\n1: {true: null}"
    result = _run(server, api, "application/yaml", body, "--validate", "off", "-f", "@", "-o", "json")
    expected = '[0.5,1.0,1e3,15,null,null,"no","2024-01-01",12345678901234567890123,1.10e400]'
    assert expected in result.stdout.replace("\n    ", "").replace("\n  ]", "]")
    assert {"true": None} == result.json["1"]


def test_a_call_waits_for_a_value_of_yaml(server: Recorder, api: str) -> None:
    """`--wait` looks at the value, too."""
    result = _run(server, api, "application/yaml", b"id: 7", "--wait", "id == `7`", "-f", "id")
    assert (0, "7\n") == (result.exit_code, result.stdout)


def test_a_batch_has_the_value(server: Recorder, api: str) -> None:
    """The `data` of a row is the value."""
    server.responses["/pet"] = Response(200, _BODIES["application/xml"], {"Content-Type": "application/xml"})
    Path("rows.ndjson").write_text("{}\n")
    assert 7 == run_cli("batch", api, "get-pet", "rows.ndjson").json["data"]["id"]


def test_a_response_of_the_library_has_the_value(server: Recorder, api: str) -> None:
    """`Response.data` is the value; of a body that cannot be read it is the text."""
    import dynacli

    server.responses["/pet"] = Response(200, _BODIES["application/xml"], {"Content-Type": "application/xml"})
    with dynacli.open_api(api) as opened:
        assert {"id": 7, "price": 1.1, "tags": ["a", "b"]} == opened.call("get-pet").data
        server.responses["/pet"] = Response(200, b"<a", {"Content-Type": "application/xml"})
        assert "<a" == opened.call("get-pet").data


@pytest.mark.parametrize("media_type", ["application/yaml", "application/xml"])
def test_pages_of_other_formats_are_merged(server: Recorder, media_type: str) -> None:
    """With `--all`, the items of all pages are one list of JSON."""

    def respond(request: RecordedRequest) -> Response:
        page = 2 if "page=2" in request.target else 1
        body = (
            f"rows:\n- id: {page}\n"
            if media_type.endswith("yaml")
            else f"<r><rows><id>{page}</id></rows></r>"
        )
        link = {} if page == 2 else {"Link": f'<{server.origin}/things?page=2>; rel="next"'}
        return Response(200, body.encode(), {"Content-Type": media_type, **link})

    item = {"type": "object", "properties": {"id": {"type": "integer"}}}
    schema = {"type": "object", "properties": {"rows": {"type": "array", "items": item}}}
    responses = {"200": {"description": "", "content": {media_type: {"schema": schema}}}}
    parameters = [{"name": "page", "in": "query", "schema": {"type": "integer"}}]
    word = save_api(get("/things", "listThings", parameters=parameters, responses=responses), server=server)
    server.responses["/things"] = respond
    result = run_cli(word, "list-things", "--all", "--validate", "strict")
    assert (0, {"rows": [{"id": 1}, {"id": 2}]}) == (result.exit_code, result.json), result.stderr
    assert "1\n2\n" == run_cli(word, "list-things", "--all", "-f", "rows[].id", "-o", "lines").stdout
