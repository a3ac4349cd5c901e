"""`dynacli validate` finds in recorded traffic what a call would find, and shows no secret of it."""

import base64
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from dynacli.traffic.read_har import read_har
from tests.documents import operation, parameter, post, save_api
from tests.harness import run_cli

_PET = {
    "type": "object",
    "required": ["id"],
    "properties": {"id": {"type": "integer"}, "token": {"type": "string"}, "kind": {"enum": ["cat", "dog"]}},
}
_JSON = {"application/json": {"schema": _PET}}
_SERVER = "https://api.example.com/v1"
_SECRET = "s3cr3t-0f-s0meb0dy"


def _document() -> str:
    responses = {"200": {"description": "", "content": _JSON}}
    get = operation("getPet", parameter("id", {"type": "integer"}, "path"), responses=responses)
    limit, kinds = parameter("limit", {"type": "integer"}), parameter("kinds", {"type": "array"})
    kinds.update(explode=False, schema={"type": "array", "items": {"enum": ["cat", "dog"]}})
    post = operation("addPet", limit, kinds, responses=responses)
    post["requestBody"] = {"required": True, "content": _JSON}
    return save_api({"/pets/{id}": {"get": get}, "/pets": {"post": post}}, server=_SERVER)


def _entry(path: str, *, method: str = "GET", **fields: Any) -> dict[str, Any]:
    """An entry, with a response that the document allows unless another is given."""
    request = {"method": method, "url": path if "://" in path else f"{_SERVER}{path}", "headers": []}
    return {
        "request": {**request, **fields.pop("request", {})},
        "response": {**_response('{"id":1}'), **fields.pop("response", {})},
        **fields,
    }


def _response(text: str | None, media_type: str = "application/json", **content: Any) -> dict[str, Any]:
    content = {"size": 9, "mimeType": media_type, **({} if text is None else {"text": text}), **content}
    headers = [{"name": ":status", "value": "200"}, {"name": "content-type", "value": media_type}]
    return {"status": 200, "statusText": "OK", "headers": headers, "content": content}


def _posted(text: str) -> dict[str, Any]:
    return {"postData": {"mimeType": "application/json", "text": text}}


def _validated(*entries: dict[str, Any], words: tuple[str, ...] = ()) -> Any:
    har = json.dumps({"log": {"version": "1.2", "pages": [], "entries": entries}})
    return run_cli("validate", _document(), "-", "-o", "json", *words, stdin=har.encode())


def _found(entry: dict[str, Any], *words: str) -> tuple[int, list[str], list[str]]:
    """The exit code; the findings; the reasons why something was not validated."""
    result = _validated(entry, words=words)
    rows = json.loads(result.stdout)
    findings = [f"{row['where']} {row['pointer']} {row['rule']}" for item in rows for row in item["findings"]]
    return result.exit_code, findings, [text for row in rows for text in row["not_validated"]]


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("entry", "findings"),
    [
        (_entry("/pets/1"), []),
        (_entry("/pets/x"), ["request path/id type"]),
        (_entry("/pets/1", response=_response('{"id":"1"}')), ["response /id type"]),
        (
            _entry(
                "/pets/1", response=_response(base64.b64encode(b'{"id":"1"}').decode(), encoding="base64")
            ),
            ["response /id type"],
        ),
        (_entry("/pets/1", response=_response('{"id":1}{"id":2}')), []),
        (_entry("/pets/1", response=_response('{"id":1}\n{\n"id":"2"}')), ["response /1/id type"]),
        (_entry("/pets/1", response=_response('{"id":1}{"id":')), ["response /1 unreadable-body"]),
        (_entry("/pets/1", response=_response('{"id":1},{"id":2}')), ["response  unreadable-body"]),
        (_entry("/pets/1", response={"status": 201}), ["response status undocumented-status"]),
        (_entry("/pets", method="POST", request=_posted('{"id":2}')), []),
        (_entry("/pets?kinds=cat%2Cdog", method="POST", request=_posted('{"id":2}')), []),
        (
            _entry("/pets?limit=many&kinds=cat,cow", method="POST", request=_posted("{}")),
            ["request query/limit type", "request query/kinds/1 enum", "request  required"],
        ),
        (_entry("/pets", method="POST"), ["request  missing-body"]),
        (
            _entry("/pets", method="POST", request=_posted('{"kind":"dog"}'), response=_response("{}")),
            ["request  required", "response  required"],
        ),
    ],
)
def test_the_findings_in_an_exchange(entry: dict[str, Any], findings: list[str]) -> None:
    """The request is validated, and the response, and findings are a failure."""
    exit_code, found, not_validated = _found(entry)
    assert sorted(findings) == sorted(found)
    assert [] == not_validated
    assert (9 if findings else 0) == exit_code


def test_objects_in_a_response_with_a_length_are_no_stream() -> None:
    """A recorded response is taken for a stream if a call would take it for one."""
    entry = _entry("/pets/1", response=_response('{"id":1}{"id":2}'))
    entry["response"]["headers"].append({"name": "Content-Length", "value": "16"})
    assert (9, ["response  unreadable-body"], []) == _found(entry)


@pytest.mark.parametrize(
    "sent",
    [
        {"bodySize": 12, "postData": {"mimeType": "application/json"}},
        {
            "bodySize": 0,
            "headers": [
                {"name": "content-length", "value": "12"},
                {"name": "content-type", "value": "application/json"},
            ],
        },
    ],
    ids=["size", "header"],
)
def test_bodies_that_the_recording_left_out(sent: dict[str, Any]) -> None:
    """They are not validated, which is said, and nothing is found missing or learned."""
    entry = _entry("/pets", method="POST", request=sent, response=_response(None))
    exit_code, found, not_validated = _found(entry, "--learn", "learned.yaml")
    assert (0, [], ["the recording does not have the body"]) == (exit_code, found, not_validated)
    assert not Path("learned.yaml").exists()
    assert "no overlay can mend" not in _validated(entry, words=("--learn", "learned.yaml")).stderr


def test_secrets_are_masked_in_all_that_is_written() -> None:
    """So are those of headers, cookies, the query and the bodies, whatever form is asked for."""
    headers = [
        {"name": "authorization", "value": f"Bearer header-{_SECRET}"},
        {"name": "cookie", "value": f"sid=cookie-{_SECRET}"},
        {"name": "Cookie", "value": f"sid=capital-{_SECRET}"},
    ]
    entry = _entry(
        f"/pets?access_token=query-{_SECRET}&limit=query-{_SECRET}",
        method="POST",
        request={
            "headers": headers,
            **_posted(json.dumps({"id": f"body-{_SECRET}", "token": f"body-{_SECRET}"})),
        },
        response=_response(json.dumps({"id": f"response-{_SECRET}", "token": f"response-{_SECRET}"})),
    )
    for words in (
        ("-o", "json"),
        ("-o", "auto"),
        ("-o", "html"),
        ("--report", "json"),
        ("--report", "sarif"),
    ):
        result = _validated(entry, words=words)
        assert 9 == result.exit_code
        assert _SECRET not in result.stdout + result.stderr
        assert "***" in result.stdout + result.stderr


def test_passwords_are_masked_however_deep_they_are() -> None:
    """The document calls them so, also where no option of a call leads."""
    deep: dict[str, Any] = {
        "type": "object",
        "properties": {"pin": {"type": "integer", "format": "password"}},
    }
    value: Any = {"pin": _SECRET}
    for name in "hgfedcba":
        deep, value = {"type": "object", "properties": {name: deep}}, {name: value}
    responses = {"200": {"description": "", "content": _JSON}}
    file = save_api(post("/a", "add-a", body=deep, responses=responses), server=_SERVER)
    entry = _entry("/a", method="POST", request=_posted(json.dumps(value)))
    har = json.dumps({"log": {"version": "1.2", "pages": [], "entries": [entry]}}).encode()
    for form in ("json", "auto", "html"):
        result = run_cli("validate", file, "-", "-o", form, stdin=har)
        assert 9 == result.exit_code
        assert _SECRET not in result.stdout + result.stderr


def test_what_belongs_to_no_operation_is_counted_by_host() -> None:
    """A server that fits is named; if nothing belongs to an operation, that is an error."""
    staging = _entry("https://staging.example.com/api/pets/1")
    logo = _entry("https://cdn.example.com/logo.png?token=" + _SECRET)
    result = _validated(_entry("/pets/1"), staging, logo, logo)
    assert 0 == result.exit_code
    assert "2 with https://cdn.example.com, 1 with https://staging.example.com" in result.stderr
    assert "`--server https://staging.example.com/api` (1)" in result.stderr
    assert _SECRET not in result.stderr
    assert "1 with no host" in _validated(_entry("/pets/1"), _entry("about://")).stderr
    nothing = _validated(staging, logo)
    assert (2, "") == (nothing.exit_code, nothing.stdout)
    assert "--server https://staging.example.com/api" in nothing.stderr
    assert 0 == _validated(staging, words=("--server", "https://staging.example.com/api")).exit_code


def test_exchanges_that_came_to_the_same_are_counted() -> None:
    """Each kind is listed once."""
    wrong = _entry("/pets/1", response=_response('{"id":"1"}'))
    rows = json.loads(_validated(*[_entry("/pets/1")] * 3, *[wrong] * 4).stdout)
    assert [3, 4] == [call["times"] for call in rows[0]["calls"]]
    assert "7" in run_cli("validate", _document(), _saved(*[_entry("/pets/1")] * 7)).stdout


def _saved(*entries: dict[str, Any]) -> str:
    # With the mark that programs for Windows write.
    Path("traffic.har").write_text(json.dumps({"log": {"entries": entries}}), encoding="utf-8-sig")
    return "traffic.har"


def test_findings_that_the_configuration_switches_off() -> None:
    """They count here as little as in calls."""
    wrong = _saved(_entry("/pets/1", response=_response('{"id":"1"}')))
    run_cli("api", "add", "pets", _document())
    assert 9 == run_cli("validate", "pets", wrong).exit_code
    assert 0 == run_cli("validate", "pets", wrong, "--validate", "warn").exit_code
    run_cli("ignore", "pets", "type", "get-pet", "--reason", "known")
    assert 0 == run_cli("validate", "pets", wrong).exit_code


def test_what_is_learned_makes_the_document_agree() -> None:
    """With the overlay nothing is found any more."""
    wrong, api = _saved(_entry("/pets/1", response=_response('{"id":"1"}'))), _document()
    assert 9 == run_cli("validate", api, wrong, "--learn", "learned.yaml").exit_code
    run_cli("api", "add", "pets", api, "--overlay", "learned.yaml")
    assert 0 == run_cli("validate", "pets", wrong).exit_code


def test_an_exchange_without_a_response() -> None:
    """Its request is validated anyway."""
    blocked = _entry("/pets/x", response={"status": 0, "_error": "net::ERR_BLOCKED_BY_CLIENT"})
    result = _validated(blocked, words=("-o", "auto"))
    assert 9 == result.exit_code
    assert "path/id" in result.stdout


class _Endless:
    """A HAR of 20 megabytes that is made while it is read."""

    def __init__(self, entries: int) -> None:
        entry = _entry("/pets/1", response=_response(json.dumps({"id": 1, "token": '"\\é' * 1_000})))
        self._entry, self._left = json.dumps(entry).encode(), entries
        self._begun = b'{"log":{"version":"1.2","entries":['

    def read(self, size: int, /) -> bytes:
        pieces, length = [self._begun], 0
        self._begun = b""
        while self._left and length < size:
            self._left -= 1
            pieces.append(self._entry + (b"," if self._left else b"]}}"))
            length += len(self._entry)
        return b"".join(pieces)


@pytest.mark.exhaustive
def test_a_recording_of_any_size_takes_little_memory() -> None:
    """One entry after the other is in memory."""
    tracemalloc.start()
    try:
        assert 3_000 == sum(1 for _ in read_har(_Endless(3_000)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 5_000_000


@pytest.mark.parametrize("size", [1, 2, 3, 7, 100])
def test_pieces_may_end_anywhere(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The entries are the same."""
    import io

    from dynacli.traffic import read_har as reader

    monkeypatch.setattr(reader, "_PIECE", size)
    entries = [{"log": {"entries": [1]}, "é": '\\"[{\U0001f600', "n": [1.5e10, True, None]}] * 3
    tree = {"a": {"entries": [0]}, "log": {"creator": {"entries": ["x"]}, "entries": entries}}
    for ascii_ in (True, False):
        content = json.dumps(tree, ensure_ascii=ascii_).encode()
        assert entries == list(reader.har_entries(io.BytesIO(content)))
        with pytest.raises(ValueError):  # noqa: PT011  - what is cut has no message of its own
            list(reader.har_entries(io.BytesIO(content[:-12])))
