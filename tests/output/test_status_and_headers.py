"""`-i` with a filter or a format of values: one object of status, headers and body."""

import json
from pathlib import Path

import pytest

from tests.documents import get, pets, save, save_api
from tests.harness import RecordedRequest, Recorder, Response, json_response, run_cli

PETS = b'{"pets": [{"id": 1, "price": 1.10}]}'
_SECRET = {"Set-Cookie": "sid=opens-it", "X-Session-Id": "opens-it-too"}
HEADERS = {"Content-Type": "application/json", "ETag": '"33a"', **_SECRET}


@pytest.fixture
def api(server: Recorder) -> str:
    """The document of the pets, saved, with the recording server in it."""
    server.responses["/pets"] = Response(body=PETS, headers=HEADERS)
    return save(pets("1", server.origin))


def test_a_filter_sees_status_headers_and_body(api: str) -> None:
    """The result is one object, whose headers have lists of values under names in lower case."""
    filtered = run_cli(
        api, "list-pets", "-i", "-f", "{s: status, e: headers.etag[0], p: body.pets[0].price}", "-o", "ndjson"
    )
    assert (0, '{"s":200,"e":"\\"33a\\"","p":1.10}\n') == (filtered.exit_code, filtered.stdout)


@pytest.mark.parametrize("form", ["json", "yaml", "gron", "csv", "table", "ndjson", "lines"])
def test_each_format_of_values_has_one_object(api: str, form: str) -> None:
    """It is one object in each format, numbers keep their digits, and no secret is in it."""
    result = run_cli(api, "list-pets", "-i", "-o", form)
    assert 0 == result.exit_code, result
    assert "1.10" in result.stdout
    assert "33a" in result.stdout
    assert "opens-it" not in result.stdout + run_cli(api, "list-pets", "--verbose").stderr
    assert not result.stdout.startswith("HTTP/")
    if form == "csv":
        assert ["status,headers,body", "200"] == [
            result.stdout.splitlines()[0],
            result.stdout.splitlines()[1].split(",")[0],
        ]
    if form in {"json", "ndjson", "lines"}:
        assert (200, json.loads(PETS)) == (
            json.loads(result.stdout)["status"],
            json.loads(result.stdout)["body"],
        )


@pytest.mark.parametrize(("status", "code"), [(304, 3), (404, 4), (503, 5)])
def test_an_error_is_such_an_object_too(api: str, server: Recorder, status: int, code: int) -> None:
    """A status of 3xx to 5xx gives the object as well, and the exit code of the status."""
    body = b"" if status == 304 else b'{"message": "gone"}'
    server.responses["/pets"] = Response(status, body, {"Content-Type": "application/json"})
    result = run_cli(api, "list-pets", "--retries", "0", "-i", "-f", "{s: status, b: body.message}")
    assert (code, {"s": status, "b": None if status == 304 else "gone"}) == (result.exit_code, result.json)


@pytest.mark.parametrize(
    ("media_type", "content", "value"),
    [
        ("text/plain", b"hello", "hello"),
        ("application/json", b"{broken", "{broken"),
        ("image/png", b"\x89PNG\x00", {"base64": "iVBORwA="}),
        ("application/json", b"", None),
    ],
)
def test_a_body_without_a_value_is_its_text(
    api: str, server: Recorder, media_type: str, content: bytes, value: object
) -> None:
    """The body is its value, else its text, else base64; null if there is none."""
    server.responses["/pets"] = Response(body=content, headers={"Content-Type": media_type})
    result = run_cli(api, "list-pets", "--validate", "off", "-i", "-o", "json")
    assert (0, value) == (result.exit_code, result.json["body"])


def test_it_is_written_into_a_file(api: str) -> None:
    """A filter with `-o @FILE` puts the object's part there, and nothing on standard output."""
    result = run_cli(api, "list-pets", "-i", "-f", "status", "-o", "@out")
    assert ("", "200\n") == (result.stdout, Path("out").read_text())


def test_all_pages_have_one_head(server: Recorder) -> None:
    """With `--all`, the body is the merged list, and status and headers are those of the first page."""

    def respond(request: RecordedRequest) -> Response:
        page = 2 if "page=2" in request.target else 1
        link = {} if page == 2 else {"Link": f'<{server.origin}/things?page=2>; rel="next"'}
        return json_response([{"id": page}], 200, **{"X-Page": str(page), **link})

    parameters = [{"name": "page", "in": "query", "schema": {"type": "integer"}}]
    responses = {"200": {"description": "", "content": {"application/json": {"schema": {"type": "array"}}}}}
    word = save_api(get("/things", "listThings", parameters=parameters, responses=responses), server=server)
    server.responses["/things"] = respond
    for words in (("-f", "@"), ("-o", "json"), ("-o", "ndjson")):
        result = run_cli(word, "list-things", "--all", "-i", *words)
        assert (0, ["1"], [{"id": 1}, {"id": 2}]) == (
            result.exit_code,
            result.json["headers"]["x-page"],
            result.json["body"],
        )


def test_each_item_of_a_stream_is_a_body(api: str, server: Recorder) -> None:
    """A filter applies to each item, beside the status and the headers of the response."""
    server.responses["/pets"] = Response(
        body=b'{"id": 1}\n{"id": 2}\n', headers={"Content-Type": "application/jsonl"}
    )
    words = ("-i", "-f", "{s: status, id: body.id}", "-o", "ndjson", "--validate", "off")
    assert '{"s":200,"id":1}\n{"s":200,"id":2}\n' == run_cli(api, "list-pets", *words).stdout


def test_a_filter_that_fails_shows_the_object(api: str) -> None:
    """The object is printed as JSON, and the exit code is 13."""
    result = run_cli(api, "list-pets", "-i", "-f", "sort(headers)")
    assert (13, 200) == (result.exit_code, result.json["status"])


def test_a_call_that_waits_has_it_too(api: str) -> None:
    """`--wait` looks at the body, and the result is the object."""
    result = run_cli(api, "list-pets", "--wait", "pets", "-i", "-f", "status")
    assert (0, "200\n") == (result.exit_code, result.stdout)


def test_a_batch_has_the_headers_of_each_row(api: str) -> None:
    """`-i` adds the headers to each line of the result, and `--resume` keeps them."""
    Path("rows.ndjson").write_text("{}\n")
    result = run_cli("batch", api, "list-pets", "rows.ndjson", "-i")
    assert ['"33a"'] == result.json["headers"]["etag"]
    assert "opens-it" not in result.stdout
    Path("earlier.ndjson").write_text(result.stdout)
    assert (
        result.stdout
        == run_cli("batch", api, "list-pets", "rows.ndjson", "-i", "--resume", "earlier.ndjson").stdout
    )
    assert "headers" not in run_cli("batch", api, "list-pets", "rows.ndjson").json
