"""The form of a response to a call: its head, the default of an API, errors, streams."""

import json
from pathlib import Path

import pytest

from dynacli.http.item_reader import ItemReader
from tests.documents import get, pets, register, save, save_api
from tests.harness import Recorder, Response, assert_ended, json_response, run_cli

PETS = b'{"pets": [{"id": 1, "name": "Rex"}]}'


@pytest.fixture
def api(server: Recorder) -> str:
    """The document of the pets, saved, with the recording server in it."""
    server.responses["/pets"] = Response(body=PETS)
    return save(pets("1", server.origin))


def test_the_head_stands_before_the_body(api: str, server: Recorder) -> None:
    """`-i` writes the status line and the headers, with secrets masked, in front of the body as it came."""
    headers = {"Content-Type": "application/json", "Set-Cookie": "sid=opens-it", "X-Odd": "a\x1bb"}
    server.responses["/pets"] = Response(body=PETS, headers=headers)
    for words, body in (((), PETS.decode()), (("-o", "raw"), PETS.decode()), (("-o", "@out"), "")):
        head, _, rest = run_cli(api, "list-pets", "-i", *words).stdout.partition("\n\n")
        assert ("HTTP/1.1 200 OK", body) == (head.splitlines()[0], rest)
        assert "Content-Type: application/json" in head
        assert "opens-it" not in head
    shown = run_cli(api, "list-pets", "--include", terminal=("stdout",)).stdout
    assert "X-Odd: a\\x1bb\n" in shown
    assert PETS == Path("out").read_bytes()


def test_an_api_and_a_profile_have_a_default(home: Path, server: Recorder) -> None:
    """`output` of a profile goes before that of the API; an option before both."""
    server.responses["/pets"] = Response(body=PETS)
    register("shop", pets("1", server.origin))
    config = home / "config" / "config.toml"
    config.write_text(
        config.read_text() + '\noutput = "tsv"\n[apis.shop.profiles.raw]\noutput = "raw"\n'
        '[apis.shop.profiles.bad]\noutput = "xml"\n[apis.shop.profiles.worse]\noutput = 1\n'
    )

    def written(*words: str) -> str:
        return run_cli("shop", "list-pets", *words).stdout

    rows = "id\tname\n1\tRex\n"
    assert rows == written()
    assert PETS.decode() == written("--profile", "raw")
    assert PETS.decode() == written("-o", "auto")
    assert "id  name\n--  ----\n 1  Rex\n" == written("-o", "table")
    assert "name\nRex\n" == written("--columns", "name")
    assert "name\n----\nRex\n" == written("--columns", "name", "--profile", "raw")
    assert "1\n" == written("-f", "length(pets)", "--profile", "raw")
    bad = run_cli("shop", "list-pets", "--profile", "bad")
    assert_ended(bad, 12, '`output = "xml"` in the configuration is not an output format')
    worse = run_cli("shop", "list-pets", "--profile", "worse")
    assert_ended(worse, 12, "`output` must be the name of an output format")


@pytest.mark.parametrize("words", [("-o", "csv"), ("-f", "pets[].id"), ("--columns", "id")], ids=" ".join)
def test_an_error_is_not_filtered_away(api: str, server: Recorder, words: tuple[str, ...]) -> None:
    """What is asked for is about a result: a response that is no 2xx is written as it came."""
    body = b'{"message": "gone"}'
    server.responses["/pets"] = Response(410, body)
    result = run_cli(api, "list-pets", *words)
    assert (4, body) == (result.exit_code, result.stdout_bytes)


def test_the_code_of_a_form_that_does_not_fit(api: str) -> None:
    """It is 13, the response is printed as JSON, and what is wrong with the response is said anyway."""
    result = run_cli(api, "list-pets", "--columns", "nam", "--error-format", "json")
    assert (13, json.loads(PETS)) == (result.exit_code, result.json)
    assert ("format", ["name"]) == (result.error["kind"], result.error["near"])


def test_the_document_says_where_the_rows_are_and_in_which_order(server: Recorder) -> None:
    """The items are those of the document's list, and their columns stand in its order."""
    item = {"type": "object", "properties": {"id": {}, "b": {}, "a": {}}}
    lists = {name: {"type": "array", "items": item} for name in ("owners", "pets")}
    responses = {
        "200": {"description": "", "content": {"application/json": {"schema": {"properties": lists}}}}
    }
    word = save_api(get("/pets", "listPets", responses=responses), server=server)
    rows = {"owners": [{"id": 7}], "pets": [{"a": 1}, {"b": 2, "x": 3, "id": 4}]}
    server.responses["/pets"] = json_response(rows)
    assert "id,b,a,x\r\n,,1,\r\n4,2,,3\r\n" == run_cli(word, "list-pets", "-o", "csv").stdout
    server.responses["/pets"] = Response(body=b'{"owners": [], "pets": []}')
    assert "id,b,a\r\n" == run_cli(word, "list-pets", "-o", "csv").stdout


EVENTS = (
    b': hello\r\nevent: added\r\nid: 1\r\ndata: {"price":\r\ndata: 1.10}\r\n\r\n'
    b"retry: 5\r\n\r\ndata: plain\r\n\r\nevent: none\r\n\r\nid: 3\r\ndata\r\n"
)
LINES = b'\xef\xbb\xbf{"id": 1}\n\n{"id": 2, "x": "\xc3\xbc"}'
RECORDS = b'\x1e{"id": 1}\n\x1e{"id": 2, "x": "\xc3\xbc"}\n'
STREAMS = {
    "events": (
        "text/event-stream",
        EVENTS,
        ('{"event":"added","id":"1","data":{"price":1.10}}', '{"data":"plain"}', '{"id":"3","data":""}'),
    ),
    "lines": ("application/x-ndjson", LINES, ('{"id":1}', '{"id":2,"x":"ü"}')),
    "records": ("application/json-seq", RECORDS, ('{"id":1}', '{"id":2,"x":"ü"}')),
}


@pytest.mark.parametrize(("media_type", "body", "items"), STREAMS.values(), ids=list(STREAMS))
def test_the_items_of_a_stream(
    api: str, server: Recorder, media_type: str, body: bytes, items: tuple[str, ...]
) -> None:
    """Each event, line or record is an item, in each format."""
    server.responses["/pets"] = Response(body=body, headers={"Content-Type": media_type})

    def written(*words: str) -> str:
        return run_cli(api, "list-pets", "--validate", "off", *words).stdout

    assert "".join(f"{item}\n" for item in items) == written("-o", "ndjson")
    assert "[\n" + ",\n".join(items) + "\n]\n" == written("-o", "json")
    assert "json = [];\njson[0] = {};\n" == written("-o", "gron")[:25]
    assert written("-o", "yaml").startswith(
        "- event: added\n  id: '1'\n" if media_type[:4] == "text" else "- id: 1\n"
    )
    assert len(items) + 1 == written("-o", "csv").count("\n")
    assert body == run_cli(api, "list-pets", "--validate", "off").stdout_bytes


@pytest.mark.parametrize(("media_type", "body", "items"), STREAMS.values(), ids=list(STREAMS))
def test_a_stream_may_be_cut_anywhere(media_type: str, body: bytes, items: tuple[str, ...]) -> None:
    """The items are the same however the bytes come."""
    for size in (1, 2, 3, 7):
        reader = ItemReader(media_type)
        found = [item for at in range(0, len(body), size) for item in reader.feed(body[at : at + size])]
        assert [json.loads(item) for item in items] == [*found, *reader.end()]


def test_a_filter_sees_each_item_of_a_stream(api: str, server: Recorder) -> None:
    """An item of which nothing is left is left out."""
    server.responses["/pets"] = Response(body=EVENTS, headers={"Content-Type": "text/event-stream"})
    words = ("list-pets", "--validate", "off")
    assert "1.10\n" == run_cli(api, *words, "-f", "data.price", "-o", "lines").stdout
    assert "[\n1.10\n]\n" == run_cli(api, *words, "-f", "data.price").stdout
    failed = run_cli(api, *words, "-f", "length(id)", "-o", "lines")
    assert (13, "1\n") == (failed.exit_code, failed.stdout)
    assert "filter fails" in failed.stderr


def test_what_is_no_item_is_told(api: str, server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines that are no JSON, or too large, are left out, and the code is 13."""
    monkeypatch.setattr("dynacli.http.item_reader._MAX_ITEM", 20)
    body = b'{"id": 1}\nbroken\n"' + b"x" * 40 + b'"\n{"id": 2}\n'
    server.responses["/pets"] = Response(body=body, headers={"Content-Type": "application/x-ndjson"})
    result = run_cli(api, "list-pets", "--validate", "off", "-o", "csv")
    assert (13, "id\r\n1\r\n2\r\n") == (result.exit_code, result.stdout)
    assert "2 of the response's items could not be read" in result.stderr


def test_items_of_a_stream_that_make_no_table(api: str, server: Recorder) -> None:
    """They are written as JSON."""
    server.responses["/pets"] = Response(
        body=b'{"a": 1}\n2\n', headers={"Content-Type": "application/x-ndjson"}
    )
    result = run_cli(api, "list-pets", "--validate", "off", "-o", "table")
    assert (13, '[\n{"a":1},\n2\n]\n') == (result.exit_code, result.stdout)


def test_lists_of_verbs_have_each_format(api: str) -> None:
    """The lists that dynacli prints can be filtered, and be rows, as a response can."""
    names = ["list-pets", "create-pet", "get-pet"]
    assert names == run_cli("operations", api, "-f", "[].name", "-o", "lines").stdout.split()
    assert names == [
        json.loads(line)["name"] for line in run_cli("operations", api, "-o", "ndjson").stdout.splitlines()
    ]
    assert (
        "name,method\r\nlist-pets,GET\r\n"
        == run_cli("operations", api, "-o", "csv", "--columns", "name,method").stdout[:28]
    )
    assert "method" in run_cli("describe", api, "get-pet", "-o", "gron").stdout
    assert 13 == run_cli("operations", api, "--columns", "nam").exit_code
    refused = run_cli("describe", api, "get-pet", "-o", "csv", "--columns", "methd")
    assert_ended(refused, 13, "`method`")
