"""Bodies that call themselves JSON and are one JSON object after another: a stream, as some servers send it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dynacli.client.api_client import open_api
from dynacli.errors import NetworkError
from dynacli.http.json_objects import begins_with_two_objects, one_a_line
from tests.documents import save_api
from tests.harness import Recorder, Response, run_cli

JSON = "application/json"
ITEM = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}


def _api(origin: str, schema: Any = ITEM, version: str = "3.1.0") -> str:
    responses = {"200": {"description": "", "content": {JSON: {"schema": schema}}}}
    return save_api(
        {"/a": {"get": {"operationId": "a", "responses": responses}}}, server=origin, openapi=version
    )


def _cuts(body: bytes) -> Iterator[list[bytes]]:
    """Yield a body in pieces: whole, byte by byte, and cut in two anywhere."""
    yield [body]
    yield [body[at : at + 1] for at in range(len(body))]
    for at in range(1, len(body)):
        yield [body[:at], body[at:]]


@pytest.mark.parametrize(
    ("expected", "body"),
    [
        (True, b'{"a":1}\n{"a":2}\n'),
        (True, b'{"a":1}{"a":2}'),
        (True, b'\xef\xbb\xbf\r\n{"a":\n1}\r\n\r\n \t{'),
        (True, b'{"a":"}{","b":{}}\n{"a":2}'),
        (False, b'{"a":1}'),
        (False, b'\xef\xbb\xbf{\n "a": 1\n}\n\n\n'),
        (False, b'{"a":"} {","b":[{},{}]}\n'),
        (False, b'[{"a":1},{"a":2}]'),
        (False, b'[{"a":1}]{"a":1}{"a":2}'),
        (False, b'"}{"'),
        (False, b"1\n2\n"),
        (False, b"{{name}} {{value}}"),
        (False, b'{"a":1},{"a":2}'),
        (False, b'{"a":1} and {"a":2}'),
        (False, b""),
        (False, b"\n\n"),
    ],
)
def test_what_is_one_object_after_another(expected: bool, body: bytes) -> None:
    """Two objects without a comma are a stream, wherever the pieces are cut; no JSON text is one."""
    for pieces in _cuts(body):
        begun: list[bytes] = []
        rest = iter(pieces)
        assert expected == begins_with_two_objects(rest, begun)
        assert body == b"".join([*begun, *rest])


@pytest.mark.parametrize("begin", [b" ", b"[", b'[{"a":1},', b'"', b"\xef\xbb\xbf["])
def test_only_objects_are_looked_at(begin: bytes) -> None:
    """Other bodies are passed on with the first piece that has more than space."""
    begun: list[bytes] = []
    pieces = iter([b" ", begin, b"[1", b'{"a":1}{"a":2}'])
    assert not begins_with_two_objects(pieces, begun)
    assert (3 if begin == b" " else 2) == len(begun)


def test_space_is_looked_at_up_to_a_limit() -> None:
    """A body of nothing but space is not kept without end."""
    begun: list[bytes] = []
    assert not begins_with_two_objects(iter([b"\n" * 500_000] * 9), begun)
    assert 3 == len(begun)


def test_a_large_first_object_is_not_looked_for() -> None:
    """A body whose first object has no end in a mebibyte is read no further ahead, and is JSON as before."""
    pieces = iter([b'{"a":"' + b"x" * 1_100_000, b'"}{"a":1}'])
    assert not begins_with_two_objects(pieces, [])
    assert b'"}{"a":1}' == next(pieces)


@pytest.mark.parametrize(
    ("expected", "body"),
    [
        (b'{"a":1}\n{"a":2}\n', b'{"a":1}\n{"a":2}\n'),
        (b'{"a":1}\n{"a":2}\n', b'{"a":1}{"a":2}'),
        (b'{"a":1}\n{"a":2}\n', b'{"a":1}\r\n\n\r\n{"a":2}\r\n'),
        (b'{  "a": "\\"}\\\\"}\n[ 1]\n', b'{\n "a": "\\"}\\\\"}[\n1]'),
        (b'{"a":1}\n12\n"x\\n{"\n {"a":{}}\n', b'{"a":1}\n12\n"x\\n{"\n {"a":{}}'),
    ],
)
def test_each_value_has_a_line(expected: bytes, body: bytes) -> None:
    """Line feeds within a value are spaces, those after it are one; JSON Lines stay as they are."""
    for pieces in _cuts(body):
        assert expected == b"".join(one_a_line(pieces))


def _chunked(body: bytes) -> Response:
    """Return a response that states no length; it comes in pieces of seven bytes."""
    pieces = [body[at : at + 7] for at in range(0, len(body), 7)]
    framed = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in [*pieces, b""])
    return Response(200, framed, {"Content-Type": JSON, "Transfer-Encoding": "chunked"})


def _served(server: Recorder, body: bytes) -> None:
    server.responses["/a"] = _chunked(body)


@pytest.mark.parametrize("version", ["3.0.3", "3.1.0", "3.2.0"])
@pytest.mark.parametrize("schema", [ITEM, {"type": "array", "items": ITEM}])
def test_it_is_printed_and_validated_item_by_item(server: Recorder, schema: Any, version: str) -> None:
    """The objects are items by the schema of the JSON body, or of its items if it is an array."""
    _served(server, b'{"id":1}{\n"id":"x"}')
    result = run_cli(_api(server.origin, schema, version), "a", "--validate", "strict")
    assert (9, '{"id":1}\n{ "id":"x"}\n') == (result.exit_code, result.stdout)
    assert "/1/id: expected integer" in result.stderr
    assert "media type" not in result.stderr


def test_filters_formats_files_and_limits(server: Recorder, tmp_path: Path) -> None:
    """What the options do to a stream they do to this one."""
    api, target = _api(server.origin), tmp_path / "out"
    body = b'{"id":1}\n{"id":2}\n{"id":3}\n'
    named = Response(200, body, {"Content-Type": "application/x-ndjson"})
    for words in (("-f", "id"), ("-o", "yaml"), ("-o", "ndjson"), ("-o", "table"), ("-o", "csv")):
        found = []
        for server.responses["/a"] in (named, _chunked(body)):
            found.append(run_cli(api, "a", "--validate", "off", *words).stdout.rpartition("\r\n\r\n")[2])
        assert found[0] == found[1] != ""
    _served(server, body)
    assert 0 == run_cli(api, "a", "-o", f"@{target}").exit_code
    assert b'{"id":1}\n{"id":2}\n{"id":3}\n' == target.read_bytes()


def test_a_download_is_as_it_was_sent(
    server: Recorder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`-O` and `--resume` write the bytes of the server: they may be continued by their number."""
    monkeypatch.chdir(tmp_path)
    _served(server, b'{"id":\n1}{"id":2}')
    api = _api(server.origin)
    assert 0 == run_cli(api, "a", "-O").exit_code
    assert 0 == run_cli(api, "a", "-o", "@b", "--resume").exit_code
    assert [b'{"id":\n1}{"id":2}'] * 2 == [(tmp_path / name).read_bytes() for name in ("a", "b")]


@pytest.mark.parametrize(
    ("body", "schema"),
    [
        (b'{\n "id": 1,\n "s": "}{"\n}\n\n', ITEM),
        (b'[{"id":1},\n{"id":2}]\n', {"type": "array"}),
        (b"12", {"type": "integer"}),
        (b"\xef\xbb\xbf{}\n", {}),
        (b'"}{"', {}),
    ],
)
def test_json_is_printed_as_before(server: Recorder, body: bytes, schema: Any) -> None:
    """A body of one JSON value is the same with and without a length, in a pipe and converted."""
    api = _api(server.origin, schema)
    whole = Response(200, body, {"Content-Type": JSON})
    found = []
    for server.responses["/a"] in (whole, _chunked(body)):
        found.append([run_cli(api, "a", *words) for words in ((), ("-o", "json"), ("-f", "@"))])
    for with_length, without in zip(*found, strict=True):
        assert (with_length.exit_code, with_length.stdout, with_length.stderr) == (
            without.exit_code,
            without.stdout,
            without.stderr,
        )


def test_a_response_with_a_length_is_no_stream(server: Recorder) -> None:
    """Whoever states a length sends no stream, and two objects are not JSON."""
    server.responses["/a"] = Response(200, b'{"id":1}{"id":2}', {"Content-Type": JSON})
    result = run_cli(_api(server.origin), "a", "--validate", "strict")
    assert (9, '{"id":1}{"id":2}') == (result.exit_code, result.stdout)


def test_the_python_api_yields_the_items(server: Recorder) -> None:
    """`stream` has items, and `call` has them all as a list."""
    _served(server, b'{"id":1}{"id":2}')
    with open_api(_api(server.origin)) as api:
        with api.stream("a") as response:
            assert (True, [{"id": 1}, {"id": 2}]) == (response.is_stream, list(response))
            assert not response.findings
        assert [{"id": 1}, {"id": 2}] == api.call("a").data


def _endless(server: Recorder, body: bytes, **more: str) -> None:
    """Let the server send a stream that does not go on, or with the header `Connection: close` breaks off."""
    headers = {"Content-Type": JSON, "Transfer-Encoding": "chunked", **more}
    chunk = b"%x\r\n%b\r\n" % (len(body), body)
    server.responses["/a"] = Response(200, chunk + b"ff\r\n", headers)


@pytest.mark.parametrize("words", [(), ("--validate", "strict"), ("-o", "ndjson"), ("--timeout", "60")])
def test_max_items_counts_the_items(server: Recorder, words: tuple[str, ...]) -> None:
    """`--max-items` ends the call after as many items, as of a stream that is called one, with one request."""
    _endless(server, b'{"id":1}{"id":2}{"id":3}')
    result = run_cli(_api(server.origin), "a", "--max-items", "2", *words)
    assert (0, '{"id":1}\n{"id":2}\n', "") == (result.exit_code, result.stdout, result.stderr)
    assert 1 == len(server.requests)


@pytest.mark.parametrize("kind", ["application/x-ndjson", "text/event-stream"])
def test_max_items_counts_the_items_of_an_undocumented_stream(server: Recorder, kind: str) -> None:
    """The response decides whether it is a stream, and not the document."""
    items = [b"data: 1\n\n", b"data: 2\n\n"] if "event" in kind else [b"1\n", b"2\n"]
    headers = {"Content-Type": kind, "Content-Length": "1000"}
    server.responses["/a"] = Response(200, b"".join(items), headers)
    result = run_cli(_api(server.origin), "a", "--max-items", "1", "--validate", "off")
    assert (0, items[0]) == (result.exit_code, result.stdout_bytes)


def test_all_items_of_a_stream(server: Recorder, tmp_path: Path) -> None:
    """`--all` writes them as they come, and a file has what came before the stream broke off."""
    _endless(server, b'{"id":1}{"id":2}{"id', Connection="close")
    api, target = _api(server.origin), tmp_path / "items"
    assert '{"id":1}\n{"id":2}\n' == run_cli(api, "a", "--all").stdout[:18]
    for words in (("--all",), ("--max-items", "3")):
        result = run_cli(api, "a", *words, "-o", f"@{target}")
        assert (6, b'{"id":1}\n{"id":2}\n') == (result.exit_code, target.read_bytes())
        assert "has the 2 items that came" in result.stderr
        target.unlink()


def test_items_that_cannot_be_read_are_an_error(server: Recorder) -> None:
    """The exit code is that of a call without `--max-items`."""
    _served(server, b'{"id":1}{"id":2}no\n{"id":3}')
    api, words = _api(server.origin), ("-o", "csv", "--validate", "off")
    found = [run_cli(api, "a", *words, *more) for more in ((), ("--max-items", "9"))]
    assert found[0].exit_code == found[1].exit_code == 13
    assert found[0].stderr == found[1].stderr


def test_pages_of_python_have_the_items(server: Recorder) -> None:
    """`pages` yields one page with as many items; if the stream breaks off, the error comes after the page."""
    _endless(server, b'{"id":1}{"id":2}{"id', Connection="close")
    with open_api(_api(server.origin)) as api:
        [page] = api.pages("a", max_items=1)
        assert ([{"id": 1}], [{"id": 1}]) == (page.items, page.data)
        pages = api.pages("a", max_items=3)
        assert [{"id": 1}, {"id": 2}] == next(pages).items
        with pytest.raises(NetworkError):
            next(pages)
        _served(server, b'{"id":1}{"id":2}')
        assert [{"id": 1}, {"id": 2}] == list(api.items("a"))


def test_check_validates_the_items(server: Recorder) -> None:
    """`check` finds what is wrong with an item."""
    _served(server, b'{"id":1}\n{"id":"x"}\n')
    result = run_cli("check", _api(server.origin), "-o", "json")
    [row] = json.loads(result.stdout)
    assert ["/1/id"] == [finding["pointer"] for finding in row["findings"]]
