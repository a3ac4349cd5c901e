"""`--har` writes what was sent and what came, as an HTTP Archive, without secrets."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft6Validator  # type: ignore[import-untyped]
from referencing import Registry
from referencing.jsonschema import DRAFT6

from dynacli import __version__
from dynacli.errors import NetworkError
from dynacli.features.check.check_page import har_calls
from dynacli.features.check.check_records import Exchange, PlannedCall
from dynacli.http.built_request import Request, RequestParts
from dynacli.http.exchange import WireResponse
from dynacli.output.har import HarCall, har_of
from dynacli.registry.demo_facts import API_KEYS
from dynacli.secrets import Masker, Secret
from tests.harness import run_cli
from tests.npm_programs import package

_CALL: dict[str, Any] = {
    "operation": "get-a",
    "started": 1700000000.5,
    "seconds": 0.25,
    "method": "GET",
    "url": "http://h/a?x=1&y=&x=%C3%A4",
    "headers": (("Accept", "application/json"),),
}
_RESPONSE: dict[str, Any] = {
    "status": 200,
    "reason": "OK",
    "http_version": "HTTP/1.1",
    "response_headers": (("Content-Type", "application/json"), ("Content-Length", "2")),
    "response_body": b"{}",
}


def _entries(**changes: Any) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads(har_of([HarCall(**{**_CALL, **_RESPONSE, **changes})]))["log"][
        "entries"
    ]
    return entries


def test_an_entry() -> None:
    """A call is an entry with all that HAR 1.2 asks for."""
    log = json.loads(har_of([HarCall(**_CALL, **_RESPONSE)]))["log"]
    assert {"version": "1.2", "creator": {"name": "dynacli", "version": __version__}} == {
        key: log[key] for key in ("version", "creator")
    }
    assert log["entries"] == [
        {
            "startedDateTime": "2023-11-14T22:13:20.500Z",
            "time": 250.0,
            "request": {
                "method": "GET",
                "url": "http://h/a?x=1&y=&x=%C3%A4",
                "httpVersion": "HTTP/1.1",
                "cookies": [],
                "headers": [{"name": "Accept", "value": "application/json"}],
                "queryString": [
                    {"name": "x", "value": "1"},
                    {"name": "y", "value": ""},
                    {"name": "x", "value": "ä"},
                ],
                "headersSize": -1,
                "bodySize": 0,
            },
            "response": {
                "status": 200,
                "statusText": "OK",
                "httpVersion": "HTTP/1.1",
                "cookies": [],
                "headers": [
                    {"name": "Content-Type", "value": "application/json"},
                    {"name": "Content-Length", "value": "2"},
                ],
                "content": {"size": 2, "mimeType": "application/json", "text": "{}"},
                "redirectURL": "",
                "headersSize": -1,
                "bodySize": 2,
            },
            "cache": {},
            "timings": {"send": 0, "wait": 250.0, "receive": 0},
            "comment": "get-a",
        }
    ]


@pytest.mark.parametrize(
    ("media_type", "body", "expected"),
    [
        pytest.param(
            "application/json",
            b'{"a":"\xc3\xa4"}',
            {"mimeType": "application/json", "text": '{"a":"ä"}'},
            id="json",
        ),
        pytest.param(
            "application/x-www-form-urlencoded",
            b"a=1&b=%C3%A4",
            {
                "mimeType": "application/x-www-form-urlencoded",
                "params": [{"name": "a", "value": "1"}, {"name": "b", "value": "ä"}],
            },
            id="form",
        ),
        pytest.param(
            "image/png",
            b"\x89PNG",
            {"mimeType": "image/png", "text": base64.b64encode(b"\x89PNG").decode(), "_encoding": "base64"},
            id="bytes",
        ),
    ],
)
def test_what_was_sent(media_type: str, body: bytes, expected: dict[str, Any]) -> None:
    """The body stands there as its media type has it."""
    request = _entries(headers=(("Content-Type", media_type),), body=body, body_size=len(body))[0]["request"]
    assert (expected, len(body)) == (request["postData"], request["bodySize"])


@pytest.mark.parametrize(
    ("media_type", "body", "expected"),
    [
        pytest.param("text/plain; charset=latin-1", b"\xe4", {"text": "ä"}, id="text-of-another-charset"),
        pytest.param("image/png", b"\x89", {"text": "iQ==", "encoding": "base64"}, id="bytes"),
        pytest.param("", b"\x00\x01", {"text": "AAE=", "encoding": "base64"}, id="bytes-of-no-type"),
        pytest.param("", b"", {}, id="nothing"),
    ],
)
def test_what_came(media_type: str, body: bytes, expected: dict[str, str]) -> None:
    """A body is text, or base64 that says so."""
    content = _entries(response_headers=(("content-type", media_type),), response_body=body)[0]["response"][
        "content"
    ]
    assert {"size": len(body), "mimeType": media_type, **expected} == content


def test_what_was_compressed() -> None:
    """The size on the wire is what the server says, and the rest was saved."""
    headers = (("content-encoding", "gzip"), ("content-length", "30"))
    response = _entries(response_headers=headers, response_body=b"a" * 100)[0]["response"]
    assert (30, 100, 70) == (
        response["bodySize"],
        response["content"]["size"],
        response["content"]["compression"],
    )


def test_redirects() -> None:
    """Each is an entry of its own that says where it leads."""
    found = _entries(hops=((302, "http://h/a"), (301, "http://h/b")), final_url="http://h/c")
    assert [
        ("http://h/a", 302, "http://h/b"),
        ("http://h/b", 301, "http://h/c"),
        ("http://h/c", 200, ""),
    ] == [
        (entry["request"]["url"], entry["response"]["status"], entry["response"]["redirectURL"])
        for entry in found
    ]


def test_a_body_that_was_not_kept() -> None:
    """A body that was read while it was sent has its size, if the size is known."""
    request = _entries(headers=(("Content-Type", "image/png"),), body_size=7)[0]["request"]
    assert (7, "", "image/png") == (
        request["bodySize"],
        request["postData"]["text"],
        request["postData"]["mimeType"],
    )


def test_no_response() -> None:
    """A call that failed is an entry with status 0."""
    calls = [HarCall(**_CALL, error="`http://h` cannot be reached")]
    entry = json.loads(har_of(calls))["log"]["entries"][0]
    assert (0, "`http://h` cannot be reached") == (entry["response"]["status"], entry["_error"])


def test_cookies() -> None:
    """Cookies have their names and attributes, and never their values."""
    found = _entries(
        headers=(("Cookie", "sid=s3cret; theme=dark"), ("Authorization", "Bearer s3cret")),
        response_headers=(
            (
                "Set-Cookie",
                "sid=n3wsecret; Path=/a; Domain=h; Expires=Wed, 21 Oct 2015 07:28:00 GMT; HttpOnly; Secure",
            ),
            ("set-cookie", "theme=dark; Expires=never"),
        ),
    )[0]
    assert found["request"]["cookies"] == [{"name": "sid", "value": "***"}, {"name": "theme", "value": "***"}]
    assert found["request"]["headers"] == [
        {"name": "Cookie", "value": "sid=***; theme=***"},
        {"name": "Authorization", "value": "Bearer ***"},
    ]
    assert found["response"]["cookies"] == [
        {
            "name": "sid",
            "value": "***",
            "path": "/a",
            "domain": "h",
            "expires": "2015-10-21T07:28:00.000Z",
            "httpOnly": True,
            "secure": True,
        },
        {"name": "theme", "value": "***"},
    ]
    assert "s3cret" not in json.dumps(found)
    assert "n3wsecret" not in json.dumps(found)


def test_the_order() -> None:
    """Entries stand in the order in which the calls began, however they were planned."""
    calls = [
        HarCall(**{**_CALL, "operation": name, "started": at}, **_RESPONSE)
        for name, at in (("b", 2), ("a", 1))
    ]
    assert ["a", "b"] == [entry["comment"] for entry in json.loads(har_of(calls))["log"]["entries"]]


def _exchange(response: WireResponse | None = None, error: Any = None) -> Exchange:
    """A call whose key stands in its query, and that the server sends back in every way."""
    parts = RequestParts({}, (), {}, ())
    request = Request(
        "POST", "http://h/a?key=s3cret%2Fkey", (("X-Key", "s3cret/key"),), b'{"k":"s3cret/key"}', parts
    )
    return Exchange(
        PlannedCall("a"),
        request,
        request,
        Masker([Secret("s3cret/key")]),
        response,
        error,
        started=1.0,
        seconds=1.0,
    )


def test_secrets() -> None:
    """Secrets are masked in URLs, headers and bodies of both directions, in bytes as well as in text."""
    response = WireResponse(
        200,
        "OK",
        "HTTP/1.1",
        "http://h/a?key=s3cret%2Fkey",
        (("X-Echo", "s3cret/key"), ("Content-Type", "image/png")),
        b"\x89\xff s3cret/key \x00",
        1.0,
        ((302, "http://h/b?key=s3cret%2Fkey"),),
    )
    text = har_of(
        har_calls([_exchange(response), _exchange(error=NetworkError("failed", reason="s3cret/key"))])
    )
    assert "s3cret" not in text
    content = json.loads(text)["log"]["entries"][1]["response"]["content"]
    assert b"\x89\xff *** \x00" == base64.b64decode(content["text"])


def test_the_whole_way(tmp_path: Path) -> None:
    """A check writes what it sent and what came to a file for the user alone, and its key is not in it."""
    file = tmp_path / "calls.har"
    result = run_cli("check", "demo", "--only", "get-org", "-o", "json", "--har", str(file))
    assert (0, 0o600) == (result.exit_code, file.stat().st_mode & 0o777)
    text = file.read_text(encoding="utf-8")
    (entry,) = json.loads(text)["log"]["entries"]
    assert ("get-org", 200) == (entry["comment"], entry["response"]["status"])
    assert json.loads(entry["response"]["content"]["text"])["organization"]["id"] == "org_demo"
    assert {"name": "Authorization", "value": "Bearer ***"} in entry["request"]["headers"]
    assert API_KEYS["editor"] not in text
    assert (
        0 < datetime.now(UTC).timestamp() - datetime.fromisoformat(entry["startedDateTime"]).timestamp() < 60
    )


@pytest.mark.outside
def test_it_fits_the_schema() -> None:
    """Every form of entry is what npm's `har-schema` says of HAR 1.2."""
    folder = package("har-schema") / "lib"
    schemas = [json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")]
    registry = Registry().with_resources(
        (schema["$id"], DRAFT6.create_resource(schema)) for schema in schemas if "$id" in schema
    )
    main = next(schema for schema in schemas if schema.get("$id") == "har.json#")
    calls = [
        HarCall(**_CALL, **_RESPONSE),
        HarCall(**{**_CALL, **_RESPONSE, "hops": ((302, "http://h/a"),), "final_url": "http://h/c"}),
        HarCall(**_CALL, error="no"),
        HarCall(**{**_CALL, "headers": (("Cookie", "a=b"),), "body": b"\xff", "body_size": 1}, **_RESPONSE),
        HarCall(
            **{
                **_CALL,
                **_RESPONSE,
                "response_headers": (("set-cookie", "a=b; expires=Wed, 21 Oct 2015 07:28:00 GMT; path=/"),),
            }
        ),
    ]
    validator = Draft6Validator(main, registry=registry, format_checker=Draft6Validator.FORMAT_CHECKER)
    assert [] == [
        f"{error.json_path}: {error.message}" for error in validator.iter_errors(json.loads(har_of(calls)))
    ]
    assert not validator.is_valid({"log": {"version": "1.2", "entries": [{}]}})
