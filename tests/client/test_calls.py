"""A call: the request goes out as the document describes it, and the response comes back as it was sent."""

import gzip
import json
import threading
import zlib
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from tests.documents import api_of, get, operation, post, save, save_api
from tests.harness import RecordedRequest, Recorder, Response, run_cli

PETS = {
    "/pets": {
        "get": operation(
            "listPets",
            parameters=[
                {"name": "limit", "in": "query", "schema": {"type": "integer"}},
                {"name": "tag", "in": "query", "schema": {"type": "array", "items": {"type": "string"}}},
                {"name": "X-Trace", "in": "header", "schema": {"type": "string"}},
                {"name": "sid", "in": "cookie", "schema": {"type": "string"}},
            ],
        ),
        "head": operation("countPets"),
        "post": operation(
            "addPet",
            requestBody={
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {
                            "type": "object",
                            "required": ["name"],
                            "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
                        }
                    }
                },
            },
        ),
        "delete": operation("dropPets"),
    },
    "/pets/{petId}": {
        "get": operation(
            "getPet",
            parameters=[{"name": "petId", "in": "path", "required": True, "schema": {"type": "string"}}],
        )
    },
}


@pytest.fixture
def api(server: Recorder) -> str:
    """The document of the pets, saved, with the recording server in it."""
    server.responses["/pets"] = Response(body=b'{"b": 1,\n "a": [1.0, 2]}')
    return save_api(PETS, server=server)


def test_a_call_sends_what_was_given(api: str, server: Recorder) -> None:
    """Query, header and cookie parameters arrive where the document puts them, and nothing else comes along."""
    words = ("--limit", "3", "--tag", "a b", "--tag", "c&d", "--x-trace", "t1", "--sid", "s1")
    result = run_cli(api, "list-pets", *words)
    assert (0, "") == (result.exit_code, result.stderr)
    (request,) = server.requests
    assert ("GET", "/pets?limit=3&tag=a%20b&tag=c%26d", b"") == (request.method, request.target, request.body)
    assert (["t1"], ["sid=s1"]) == (request.headers["x-trace"], request.headers["cookie"])
    expected = {"host", "accept", "accept-encoding", "connection", "user-agent", "x-trace", "cookie"}
    assert expected == set(request.headers)
    assert request.headers["user-agent"][0].startswith("dynacli/")


def test_a_body_is_sent_once_with_its_type(api: str, server: Recorder) -> None:
    """Body options become one JSON body with its length and type."""
    assert 0 == run_cli(api, "add-pet", "--name", "Tom", "--age", "3").exit_code
    (request,) = server.requests
    assert ("POST", {"name": "Tom", "age": 3}) == (request.method, json.loads(request.body))
    assert ["application/json"] == request.headers["content-type"]
    assert [str(len(request.body))] == request.headers["content-length"]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("value", "segment"),
    [
        ("a/b", "a%2Fb"),
        ("a b", "a%20b"),
        ("ä", "%C3%A4"),
        ("%41", "%2541"),
        ("?a#b", "%3Fa%23b"),
        ("...", "..."),
        ("a;b=c,d", "a%3Bb%3Dc%2Cd"),
        ("~-_.", "~-_."),
        ("http://x", "http%3A%2F%2Fx"),
    ],
    ids=lambda value: value.encode("unicode_escape").decode(),
)
def test_a_path_value_stays_one_segment(api: str, server: Recorder, value: str, segment: str) -> None:
    """A path value is quoted so that the server gets it as one segment, whatever the HTTP client thinks of it."""
    run_cli(api, "get-pet", value)
    assert f"/pets/{segment}" == server.last.target


_CLIMBING = [
    "..",
    ".",
    "%2e%2e",
    "%2E.",
    "%252e%252e",
    "a/../b",
    "../pets",
    "..%2Fpets",
    "a\\b",
    "%5c",
    "a\nb",
]


@pytest.mark.sampled(8)
@pytest.mark.parametrize(
    ("level", "value"),
    # Without validation the empty value is sent, if the policy allows it.
    [*product(["warn", "off"], _CLIMBING), ("warn", "")],
    ids=lambda value: value.encode("unicode_escape").decode() or "empty",
)
def test_a_path_value_cannot_climb(api: str, server: Recorder, value: str, level: str) -> None:
    """A path value that a client or server could resolve to another path is refused, whatever the validation."""
    result = run_cli(api, "get-pet", "--validate", level, "--", value)
    assert (2, [], "") == (result.exit_code, server.requests, result.stdout)


def test_a_template_cannot_climb(server: Recorder) -> None:
    """A document's own path with `..` in it is refused: the client would resolve it away."""
    api = save_api(get("/public/../admin", "climb"), server=server)
    result = run_cli(api, "climb")
    assert (11, []) == (result.exit_code, server.requests)


def test_a_pipe_gets_the_bytes_as_they_came(api: str) -> None:
    """Without a terminal the body is written byte for byte."""
    assert b'{"b": 1,\n "a": [1.0, 2]}' == run_cli(api, "list-pets").stdout_bytes


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("body", "media_type"),
    [
        (b"\x89PNG\r\n\x1a\n\x00\xff", "image/png"),
        (b"caf\xe9\r\n", "text/plain; charset=iso-8859-1"),
        (b"\xff\xfe{\x00", "application/json"),
        (b"{", "application/json"),
        (b"a\x1b[31mb", "text/plain"),
        (b"plain", ""),
    ],
    ids=["binary", "latin-1", "not UTF-8", "not JSON", "escape sequence", "no type"],
)
@pytest.mark.parametrize("output", ["auto", "raw"])
def test_bytes_are_exact(api: str, server: Recorder, body: bytes, media_type: str, output: str) -> None:
    """Whatever a response holds, a pipe and `-o raw` get it unchanged."""
    server.responses["/pets"] = Response(200, body, {"Content-Type": media_type} if media_type else {})
    assert body == run_cli(api, "list-pets", "-o", output, "--validate", "off").stdout_bytes


@pytest.mark.parametrize(
    ("output", "expected"),
    [
        ("json", '{\n  "b": 1,\n  "a": [\n    1.0,\n    2\n  ]\n}\n'),
        ("yaml", "b: 1\na:\n- 1.0\n- 2\n"),
    ],
)
def test_a_response_is_converted(api: str, output: str, expected: str) -> None:
    """`-o json` lays out, `-o yaml` converts; order and numbers stay."""
    assert expected == run_cli(api, "list-pets", "-o", output).stdout


def test_a_response_goes_into_a_file(api: str) -> None:
    """`-o @FILE` keeps the exact bytes, and standard output stays empty."""
    result = run_cli(api, "list-pets", "-o", "@pets.json")
    assert (0, "", "") == (result.exit_code, result.stdout, result.stderr)
    assert b'{"b": 1,\n "a": [1.0, 2]}' == Path("pets.json").read_bytes()


def test_a_response_that_cannot_be_written_is_no_usage_error(api: str, server: Recorder) -> None:
    """A binary response under `-o json` is exit 13: the code of wrong usage would say that nothing was sent."""
    server.responses["/pets"] = Response(200, b"\x89PNG\x00", {"Content-Type": "image/png"})
    result = run_cli(api, "list-pets", "-o", "json", "--validate", "off")
    assert (13, b"\x89PNG\x00", 1) == (result.exit_code, result.stdout_bytes, len(server.requests))
    assert "-o @FILE" in result.stderr


@pytest.mark.parametrize("output", ["json", "yaml"])
def test_a_response_that_cannot_be_written_is_validated(api: str, server: Recorder, output: str) -> None:
    """The result and the report come before the end of a call whose response cannot be written in the format."""
    server.responses["/pets"] = Response(200, b"\x89PNG\x00", {"Content-Type": "image/png"})
    words = ("list-pets", "-o", output, "--validate", "strict", "--report", "json=r.json")
    result = run_cli(api, *words)
    assert (13, b"\x89PNG\x00", 1) == (result.exit_code, result.stdout_bytes, len(server.requests))
    validation, _, rest = result.stderr.partition("[undocumented-media-type]")
    assert validation.startswith("warning: The response does not match the document")
    assert f"error: The response cannot be shown as {output.upper()}" in rest
    report = json.loads(Path("r.json").read_text())
    assert (["undocumented-media-type"], 200) == (
        [finding["rule"] for finding in report["findings"]],
        report["status"],
    )
    assert "cannot be shown" in report["calls"][0]["error"]


def test_the_status_of_a_response_that_cannot_be_written_is_told(api: str, server: Recorder) -> None:
    """A 500 stays one if its body cannot be written in the format that is asked for."""
    server.responses["/pets"] = Response(500, b"\x89PNG\x00", {"Content-Type": "image/png"})
    result = run_cli(api, "list-pets", "-o", "json")
    assert (5, b"\x89PNG\x00") == (result.exit_code, result.stdout_bytes)
    assert "warning: The response cannot be shown as JSON: it is binary" in result.stderr


def test_head_has_no_body(api: str, server: Recorder) -> None:
    """The response of a HEAD is its head alone, and its announced length is not waited for."""
    server.responses["/pets"] = Response(200, b"12345", {"Content-Type": "application/json"})
    result = run_cli(api, "count-pets", "-v")
    assert (0, "") == (result.exit_code, result.stdout)
    assert "< Content-Length: 5\n" in result.stderr
    assert "* 0 bytes" in result.stderr


def test_no_content_is_no_output(api: str, server: Recorder) -> None:
    """A 204 prints nothing and succeeds."""
    server.responses["/pets"] = Response(204, b"", {})
    result = run_cli(api, "drop-pets", "--validate", "off")
    assert (0, "", "") == (result.exit_code, result.stdout, result.stderr)


def test_heads_are_shown_on_request(api: str, server: Recorder) -> None:
    """`-v` shows both heads on standard error; standard output is the body as ever."""
    result = run_cli(api, "list-pets", "-v", "--limit", "1")
    lines = result.stderr.splitlines()
    assert f"> GET {server.origin}/pets?limit=1" == lines[0]
    assert "< HTTP/1.1 200 OK" in lines
    assert "< Content-Type: application/json" in lines
    assert lines[-2].startswith("* 24 bytes in ")
    assert "* validated: the request and the response by compiled schemas" == lines[-1]
    assert b'{"b": 1,\n "a": [1.0, 2]}' == result.stdout_bytes


def test_heads_are_not_shown_for_what_was_not_sent(api: str, server: Recorder) -> None:
    """`-v` shows no request head when the document does not allow the request."""
    result = run_cli(api, "add-pet", "--body", "[]", "-v")
    assert (2, []) == (result.exit_code, server.requests)
    assert "> POST" not in result.stderr


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("deflate", lambda data: zlib.compress(data, wbits=-15)),
        ("identity", bytes),
    ],
    ids=["gzip", "deflate", "raw deflate", "identity"],
)
def test_one_encoding_is_undone(api: str, server: Recorder, encoding: str, encode: Any) -> None:
    """A compressed response is decompressed before it is validated and written."""
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    server.responses["/pets"] = Response(200, encode(b'{"a":1}'), headers)
    result = run_cli(api, "list-pets")
    assert (0, '{"a":1}', "") == (result.exit_code, result.stdout, result.stderr)


@pytest.mark.parametrize(
    ("encoding", "body", "phrase"),
    [
        ("gzip, gzip", gzip.compress(gzip.compress(b"{}")), "2 times over"),
        ("compress", b"{}", "not asked for"),
        ("br", b"{}", "not `br`"),
        ("gzip", b"{}", "not `gzip`"),
        ("gzip", gzip.compress(b'{"a":1}')[:-6], "has no end"),
    ],
    ids=["chained", "unknown", "not-brotli", "wrong", "cut"],
)
def test_hostile_encodings_are_network_errors(
    api: str, server: Recorder, encoding: str, body: bytes, phrase: str
) -> None:
    """A chained, unknown, wrong or cut encoding is exit 6 with nothing on standard output."""
    headers = {"Content-Type": "application/json", "Content-Encoding": encoding}
    server.responses["/pets"] = Response(200, body, headers)
    result = run_cli(api, "list-pets", "--error-format", "json")
    assert (6, "", "network") == (result.exit_code, result.stdout, result.error["kind"])
    assert phrase in f"{result.error['message']}: {result.error['reason']}"


@pytest.mark.exhaustive
def test_a_bomb_is_not_shown(api: str, server: Recorder) -> None:
    """Nothing is laid out that is larger than 64 MiB, however small it was when it came."""
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    server.responses["/pets"] = Response(200, gzip.compress(bytes(65 * 2**20)), headers)
    result = run_cli(api, "list-pets", "-o", "json")
    assert (6, "") == (result.exit_code, result.stdout)
    assert "larger than 64 MiB" in result.stderr


@pytest.mark.exhaustive
def test_a_large_response_fits_into_a_file(api: str, server: Recorder) -> None:
    """What is too large to be shown can be kept with `-o @FILE`."""
    headers = {"Content-Type": "application/octet-stream", "Content-Encoding": "gzip"}
    server.responses["/pets"] = Response(200, gzip.compress(bytes(65 * 2**20)), headers)
    result = run_cli(api, "list-pets", "-o", "@large.bin", "--validate", "off")
    assert (0, 65 * 2**20) == (result.exit_code, Path("large.bin").stat().st_size)


def test_a_truncated_response_is_a_network_error(api: str, server: Recorder) -> None:
    """A body shorter than its announced length is exit 6, and none of it is printed."""
    headers = {"Content-Type": "application/json", "Content-Length": "1000", "Connection": "close"}
    server.responses["/pets"] = Response(200, b'{"a":1}', headers)
    result = run_cli(api, "list-pets")
    assert (6, "", 1) == (result.exit_code, result.stdout, len(server.requests))


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("word", "phrase"),
    [
        ("X-A", "has no `:`"),
        (": b", "has no name"),
        ("X-A: b\r\nX-B: c", "control character"),
        ("X-A: b\nX-B: c", "control character"),
        ("X-A: b\0", "control character"),
        ("X A: b", "letters, digits"),
        ("X-A: \u20ac", "cannot carry"),
        ("Host: evil.example", "belongs to the connection"),
        ("Content-Length: 0", "belongs to the connection"),
        ("transfer-encoding: chunked", "belongs to the connection"),
    ],
    ids=repr,
)
def test_a_header_cannot_be_injected(api: str, server: Recorder, word: str, phrase: str) -> None:
    """`-H` that would end a header, or belongs to the connection, is refused, and no value is repeated."""
    result = run_cli(api, "list-pets", "-H", word)
    assert (2, []) == (result.exit_code, server.requests)
    assert phrase in result.stderr
    assert "X-B: c" not in result.stderr


def test_a_header_parameter_cannot_inject(api: str, server: Recorder) -> None:
    """A line break in a header or cookie parameter never becomes another header."""
    for words in (("--x-trace", "a\r\nX-B: c"), ("--sid", "a\r\nX-B: c"), ("--sid", "a; admin=1")):
        run_cli(api, "list-pets", "--validate", "off", *words)
    assert all("x-b" not in request.headers for request in server.requests)
    assert all("; admin" not in "".join(request.headers.get("cookie", [])) for request in server.requests)


def test_a_header_of_the_person_wins(api: str, server: Recorder) -> None:
    """`-H` replaces a header that dynacli would have set, in any case, and may hold Latin-1."""
    run_cli(api, "list-pets", "-H", "accept: text/plain", "-H", "X-Name: Zo\xeb", "-H", "User-Agent: me")
    headers = server.last.headers
    assert (["text/plain"], ["me"]) == (headers["accept"], headers["user-agent"])
    assert ["Zo\xeb"] == headers["x-name"]


def test_a_request_is_never_sent_twice(server: Recorder, home: Path) -> None:
    """A cache that is damaged while the request is under way is not reason to send it again."""

    def spoil(request: RecordedRequest) -> Response:  # noqa: ARG001
        for path in (home / "cache").rglob("*.sqlite"):
            path.write_bytes(b"\0" * path.stat().st_size)
        return Response(body=b'{"child": {"child": {}}}')

    made = api_of(post("/nodes", "add-node"), server=server)
    media = made["paths"]["/nodes"]["post"]["responses"]["200"]["content"]["application/json"]
    media["schema"] = {"$ref": "#/components/schemas/Node"}
    node = {"type": "object", "properties": {"child": {"$ref": "#/components/schemas/Node"}}}
    made["components"] = {"schemas": {"Node": node}}
    server.responses["/nodes"] = spoil
    result = run_cli(save(made), "add-node", "--validate", "exact")
    assert (1, b'{"child": {"child": {}}}') == (len(server.requests), result.stdout_bytes)
    assert result.exit_code in {0, 12}
    server.responses["/nodes"] = Response()
    assert 0 == run_cli("./api.json", "add-node").exit_code


def test_many_runs_in_one_process_are_alike(api: str, server: Recorder) -> None:
    """`main` can be called many times: the same results, and no thread is left over."""
    before = set(threading.enumerate())
    results = [run_cli(api, "list-pets", "--limit", "1") for _ in range(5)]
    failures = [run_cli(api, "list-pets", "--limit", "x") for _ in range(2)]
    assert 1 == len({(result.exit_code, result.stdout, result.stderr) for result in results})
    assert 1 == len({(failure.exit_code, failure.stdout, failure.stderr) for failure in failures})
    assert (0, 2, 5) == (results[0].exit_code, failures[0].exit_code, len(server.requests))
    left = {thread for thread in set(threading.enumerate()) - before if thread.name.startswith("dynacli")}
    assert set() == left
