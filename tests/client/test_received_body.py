"""The body of a response is read once with Python's numbers, and once with exact ones if those are printed."""

import json
from typing import Any

import pytest

from dynacli.http.semantics import Reading, ReceivedBody
from dynacli.import_orjson import orjson
from dynacli.openapi.model.find_items import find_items
from tests.documents import JSON, get, operation, parameter, register_api
from tests.harness import Recorder, Response, assert_ended, json_response, run_cli

_MARK = "the only pet of this name"


@pytest.fixture(name="parses")
def _parses(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The name of each parser that was given the body of the response, in order."""
    read: list[str] = []
    decode, loads = json.JSONDecoder.decode, orjson.loads

    def noted_decode(self: json.JSONDecoder, text: str, *more: Any) -> Any:
        if _MARK in text:
            read.append("json")
        return decode(self, text, *more)

    class Noted:
        def __getattr__(self, name: str) -> Any:
            return getattr(orjson, name)

        def loads(self, content: bytes) -> Any:
            if _MARK.encode() in content:
                read.append("orjson")
            return loads(content)

    monkeypatch.setattr(json.JSONDecoder, "decode", noted_decode)
    monkeypatch.setattr("dynacli.import_orjson.orjson", Noted())
    return read


_PET = {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}
_LIST = {
    "type": "object",
    "properties": {"pets": {"type": "array", "items": _PET}, "total": {"type": "integer"}},
}


@pytest.fixture(name="shop")
def _shop(server: Recorder) -> Recorder:
    """The API `shop`, which responds with the first of three pets."""
    responses = {"200": {"description": "OK", "content": {JSON: {"schema": _LIST}}}}
    page, size = (parameter(name, {"type": "integer"}) for name in ("page", "per_page"))
    pet = operation("getPet", parameter("petId", {"type": "integer"}, "path"))
    paths = {
        "/pets": {"get": operation("listPets", page, size, responses=responses)},
        "/pets/{petId}": {"get": pet},
    }
    register_api("shop", paths, server=server)
    server.responses["/pets"] = json_response({"pets": [{"id": 1, "name": _MARK, "weight": 1.5}], "total": 3})
    return server


@pytest.mark.sampled(3)
@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("most", "words"),
    [
        (1, ()),
        (1, ("--validate", "off")),
        (1, ("--validate", "strict", "-o", "json")),
        (1, ("--validate", "exact", "--no-fail")),
        (2, ("-o", "table")),
        (2, ("-o", "agent")),
        (2, ("-f", "pets[].name")),
        (2, ("--max-items", "1", "-o", "table")),
    ],
)
def test_the_body_of_a_response_is_parsed_no_more_than_needed(
    parses: list[str], most: int, words: tuple[str, ...]
) -> None:
    """Validator, history and page note read it together; exact numbers are read for the output alone."""
    result = run_cli("shop", "list-pets", *words)
    assert 0 == result.exit_code
    assert _MARK in result.stdout
    assert most == len(parses), parses


def test_no_reader_accepts_for_the_validator_what_is_no_json(shop: Recorder) -> None:
    """`NaN`, which the notes about pages accept, is a finding in each format."""
    shop.responses["/pets"] = Response(200, b'{"pets": [{"id": 1, "name": "a", "weight": NaN}], "total": 3}')
    for output in ("auto", "table", "agent", "json"):
        result = run_cli("shop", "list-pets", "--validate", "strict", "-o", output)
        assert "the body is not JSON, which has no `NaN`" in result.stderr, result


def test_one_reading_of_a_body_is_in_memory() -> None:
    """The reading that was asked for last replaces the one before; the strict one is a plain one, too."""
    body, reads = ReceivedBody(b"1.0", JSON), list[str]()

    def read(text: bytes) -> str:
        reads.append(text.decode())
        return f"reading {len(reads)}"

    asked: list[Reading] = ["exact", "exact", "strict", "plain", "exact", "plain", "strict"]
    found = [body.value(reading, read) for reading in asked]
    assert [f"reading {number}" for number in (1, 1, 2, 2, 3, 4, 5)] == found


@pytest.mark.parametrize("more", [(), ("--all",), ("--max-items", "2")])
def test_all_pages_are_decoded_as_one_page_is(shop: Recorder, more: tuple[str, ...]) -> None:
    """JSON in UTF-16 without a `charset` has no items, and no format that needs a value writes it."""
    shop.responses["/pets"] = Response(body=json.dumps({"pets": [{"id": 1}]}).encode("utf-16"))
    result = run_cli("shop", "list-pets", *more, "-o", "table")
    assert_ended(result, 13, "it is called JSON, and is not")


def test_all_pages_are_read_in_their_charset(shop: Recorder) -> None:
    """The parameter `charset` says how a page is decoded."""
    body = json.dumps({"pets": [{"id": 1, "name": "Zoë"}], "total": 1}, ensure_ascii=False).encode("latin-1")
    shop.responses["/pets"] = Response(
        body=body, headers={"Content-Type": "application/json; charset=latin1"}
    )
    assert "name,id\r\nZoë,1\r\n" == run_cli("shop", "list-pets", "--all", "-o", "csv").stdout


@pytest.mark.parametrize("body", ['[{"id": 1', "<html>Sign in</html>"])
def test_a_list_that_cannot_be_read_is_not_an_empty_one(server: Recorder, body: str) -> None:
    """With `--all`, too, a response that is not what its media type says is printed as it came."""
    responses = {
        "200": {"description": "OK", "content": {JSON: {"schema": {"type": "array", "items": _PET}}}}
    }
    page = parameter("page", {"type": "integer"})
    register_api("shop", get("/pets", "listPets", page, responses=responses), server=server)
    server.responses["/pets"] = Response(body=body.encode())
    one, every = (run_cli("shop", "list-pets", *more) for more in ((), ("--all",)))
    assert body in one.stdout
    assert one.stdout_bytes == every.stdout_bytes
    assert 13 == run_cli("shop", "list-pets", "--all", "-o", "table").exit_code


def test_items_are_found_once(monkeypatch: pytest.MonkeyPatch, shop: Recorder) -> None:
    """The table and the note for an agent have the items of the body; nothing looks for them again."""
    pets = [{"id": number, "name": "a" * 1000} for number in range(10)]
    shop.responses["/pets"] = json_response({"pets": pets, "total": 10})
    searches: list[Any] = []

    def noted(value: Any, known: Any = None) -> Any:
        searches.append(value)
        return find_items(value, known)

    for module in ("media.body_value", "output.written_items", "output.agent_text"):
        monkeypatch.setattr(f"dynacli.{module}.find_items", noted)
    monkeypatch.setenv("CLAUDECODE", "1")
    for output in ("csv", "agent"):
        result = run_cli("shop", "list-pets", "-o", output)
        assert (0, 1) == (result.exit_code, len(searches)), result
        searches.clear()


@pytest.mark.parametrize("output", ["auto", "csv", "agent"])
def test_a_note_for_an_agent_reads_no_body_again(
    monkeypatch: pytest.MonkeyPatch, parses: list[str], shop: Recorder, output: str
) -> None:
    """Its count of items is of the reading that the history and the note about pages have, too."""
    monkeypatch.setenv("CLAUDECODE", "1")
    pets = [{"id": number, "name": _MARK * 40} for number in range(10)]
    shop.responses["/pets"] = json_response({"pets": pets, "total": 30})
    result = run_cli("shop", "list-pets", "-o", output)
    assert output == "agent" or "and 10 items; less: " in result.stderr, result
    assert (1 if output == "auto" else 2) == len(parses), parses


def test_the_body_of_an_error_is_parsed_once(parses: list[str], shop: Recorder) -> None:
    """Its message and the inputs that it names are of the value that the validator has read."""
    shop.responses["/pets"] = json_response({"message": f"page is not {_MARK}", "field": "page"}, 400)
    result = run_cli("shop", "list-pets", "--page", "7")
    assert (True, True) == ("Check --page" in result.stderr, _MARK in result.stderr), result
    assert 1 == len(parses), parses
