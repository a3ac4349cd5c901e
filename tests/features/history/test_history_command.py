"""`history` and `replay`: what was called is listed, shown in other forms, and called again with options applied to."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from dynacli.registry.record_call import ReceivedPath, RecordedCall, write_call
from tests.documents import (
    API_KEY,
    BEARER,
    delete,
    get,
    parameter,
    patch,
    pets,
    post,
    put,
    save,
    save_api,
    serve,
)
from tests.harness import RecordedRequest, Recorder, Response, assert_ended, json_response, run_cli

_TEXT = {"type": "string"}
_FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def api(server: Recorder) -> str:
    """An API with many kinds of inputs, whose server says what it is asked."""

    def response(request: RecordedRequest) -> Response:
        return json_response({"target": request.target})

    for path in ("/users", "/users/ann", "/users/bob", "/users/ann/tags"):
        server.responses[path] = response
    user = {"type": "object", "properties": {"name": _TEXT, "pin": {"type": "string", "format": "password"}}}
    found = [parameter("page", {"type": "integer"}), parameter("tag", {"type": "array", "items": _TEXT})]
    return save_api(
        get("/users", "listUsers", *found, parameter("apiKey", _TEXT), tags=["people"]),
        post("/users", "addUser", body=user),
        get("/users/{name}", "getUser", parameter("name", _TEXT, "path")),
        server=server,
    )


_SECRET = "canary-0123456789abcdef"


def _is_nowhere(home: Path) -> bool:
    """Return whether the secret is in none of the files of the history, and in nothing that it shows."""
    files = [path for path in (home / "state").rglob("*") if path.is_file()]
    assert files
    shown = [run_cli("history", "-o", "json").stdout]
    for number in range(1, len(json.loads(shown[0])) + 1):
        shown.append(run_cli("history", "show", str(number), "-o", "json").stdout)
        shown.append(run_cli("history", "show", str(number), "--as", "har").stdout)
    kept = [path.read_bytes().decode("latin-1") for path in files]
    assert [] == [
        text[max(text.find(_SECRET) - 90, 0) :][:160] for text in (*shown, *kept) if _SECRET in text
    ]
    return True


def _listed(*words: str) -> list[Any]:
    result = run_cli("history", *words, "-o", "json")
    assert (0, "") == (result.exit_code, result.stderr)
    return [row["n"] for row in result.json]


def test_the_list_is_chosen_from_by_api_failure_and_time(api: str, server: Recorder, home: Path) -> None:
    """`history API`, `--failed` and `--since` leave calls out, and each keeps its number."""
    other = save(pets("1", server.origin), "pets.json")
    for words in ((api, "list-users"), (other, "list-pets"), (api, "get-user", "nobody")):
        run_cli(*words)
    with sqlite3.connect(home / "state" / "history.sqlite") as db:
        db.execute("UPDATE calls SET at = at - 7200 WHERE n = 1")
    chosen = {
        words: _listed(*words)
        for words in ((), (api,), ("--failed",), ("--since", "1h"), (other, "--since=1h"))
    }
    assert {
        (): [1, 2, 3],
        (api,): [1, 3],
        ("--failed",): [1, 2],
        ("--since", "1h"): [1, 2],
        (other, "--since=1h"): [2],
    } == chosen


def test_a_length_of_time_that_is_none_is_refused() -> None:
    """The message shows how one is written."""
    result = run_cli("history", "--since", "yesterday")
    assert_ended(result, 2, "`--since 2h`")


def test_the_list_for_a_person(api: str) -> None:
    """A line each has the number, the time, the status, how it ended, how long it took, and the command line."""
    run_cli(api, "list-users", "--page", "1")
    run_cli(api, "get-user", "nobody")
    header, _, failed, fine = run_cli("history").stdout.splitlines()
    assert ["n", "at", "status", "exit", "seconds", "command"] == header.split()
    number, _, _, status, code, _, *command = failed.split()
    assert ["1", "404", "4", "dynacli", api, "get-user", "nobody"] == [number, status, code, *command]
    assert fine.endswith(f"  dynacli {api} list-users --page 1")
    narrow = run_cli("history", terminal=("stdout",)).stdout.splitlines()
    assert all(len(line.replace("\x1b[1m", "").replace("\x1b[22m", "")) <= 80 for line in narrow)
    assert narrow[-1].endswith("...")


def test_a_list_without_calls(api: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty list is not an error, and if no history is kept a note says so."""
    assert ([], "") == ((found := run_cli("history", "-o", "json")).json, found.stderr)
    monkeypatch.setenv("DYNACLI_HISTORY", "off")
    run_cli(api, "list-users")
    assert "\n" == (off := run_cli("history")).stdout
    assert "The history is off" in off.stderr


@pytest.mark.parametrize("name", ["list", "nosuch"])
def test_an_unknown_name_is_not_an_empty_history(name: str, api: str) -> None:
    """A mistyped name would look like an API without calls."""
    result = run_cli("history", name)
    assert_ended(result, 2, f"no call of `{name}`")
    assert "" == result.stdout
    assert 0 == run_cli("history", api).exit_code


def test_one_call_is_shown_by_its_number(api: str) -> None:
    """`history show N` has the facts of the list, and a number that there is not is refused."""
    run_cli(api, "list-users")
    shown = run_cli("history", "show", "1", "-o", "json").json
    assert run_cli("history", "-o", "json").json == [shown]
    assert "operation  list-users" in run_cli("history", "show", "1", "-o", "text").stdout
    missing = run_cli("history", "show", "2")
    assert_ended(missing, 2, "The history has no call 2")


@pytest.mark.parametrize("mode", ["headers", "full"])
def test_a_call_is_shown_in_other_forms(
    mode: str, api: str, server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As curl and HTTP the request is there in whole: kept with `full`, else built from the same words again."""
    monkeypatch.setenv("DYNACLI_HISTORY", mode)
    run_cli(api, "add-user", "--name", "Ann")
    asked = len(server.requests)
    curl = run_cli("history", "show", "1", "--as", "curl").stdout
    assert curl.startswith(f"curl {server.origin}/users -H ")
    assert """--data-raw '{"name":"Ann"}'""" in curl
    http = run_cli("history", "show", "1", "--as", "http").stdout
    assert http.startswith("POST /users HTTP/1.1\n")
    assert asked == len(server.requests)
    (entry,) = run_cli("history", "show", "1", "--as", "har").json["log"]["entries"]
    kept = entry["response"]["content"].get("text"), entry["request"].get("postData", {}).get("text")
    assert (('{"target": "/users"}', '{"name":"Ann"}') if mode == "full" else (None, "")) == kept
    assert (f"{server.origin}/users", 200) == (entry["request"]["url"], entry["response"]["status"])


def test_what_full_keeps_is_shown(api: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """`history show N` has the messages, too."""
    monkeypatch.setenv("DYNACLI_HISTORY", "full")
    run_cli(api, "add-user", "--name", "Ann")
    shown = run_cli("history", "show", "1", "-o", "json").json
    assert ('{"name":"Ann"}', '{"target": "/users"}') == (shown["request"]["body"], shown["response"]["body"])
    text = run_cli("history", "show", "1", "-o", "text").stdout
    assert "\nrequest\n  Accept: " in text
    assert '\n{"target": "/users"}' in text


@pytest.mark.parametrize("words", [("clear", "--dry-run"), ("--dry-run",), ("show", "1", "--report", "json")])
def test_options_of_calls_are_refused(words: tuple[str, ...], api: str) -> None:
    """The history makes no call that they could be about, and nothing is forgotten by mistake."""
    run_cli(api, "list-users")
    refused = run_cli("history", *words)
    assert_ended(refused, 2, "does not accept")
    assert [1] == _listed()


def test_bytes_are_kept_as_base64(api: str, server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that is not a text file comes out of the history as it was."""
    monkeypatch.setenv("DYNACLI_HISTORY", "full")
    server.responses["/users"] = Response(
        body=b"\xff\x00", headers={"Content-Type": "application/octet-stream"}
    )
    run_cli(api, "list-users", "-o", "@bytes")
    assert "/wA=" == run_cli("history", "show", "1", "-o", "json").json["response"]["body_base64"]
    (entry,) = run_cli("history", "show", "1", "--as", "har").json["log"]["entries"]
    assert ("/wA=", "base64") == (
        entry["response"]["content"]["text"],
        entry["response"]["content"]["encoding"],
    )


def test_the_help_of_history_names_its_commands() -> None:
    """`history --help` is about the list, and names the others; `replay` needs a number."""
    page = run_cli("history", "--help").stdout
    assert all(word in page for word in ("--failed", "--since", "show", "clear"))
    missing = run_cli("replay")
    assert (2, "") == (missing.exit_code, missing.stdout)
    assert "`N` is missing" in missing.stderr


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("first", "again", "target"),
    [
        pytest.param("list-users --page 1", "", "/users?page=1", id="as-it-was"),
        pytest.param("list-users --page 1", "--page 2", "/users?page=2", id="another-value"),
        pytest.param(
            "people list-users --page=1 --tag a", "--tag b --tag c", "/users?page=1&tag=b&tag=c", id="tag"
        ),
        pytest.param("GET /users?page=1 --tag a", "--page=3", "/users?page=3&tag=a", id="by-its-path"),
        pytest.param("get-user ann", "", "/users/ann", id="an-argument"),
        pytest.param("get-user ann", "--name bob", "/users/bob", id="an-argument-by-its-option"),
        pytest.param("get-user --name ann", "--name bob", "/users/bob", id="an-option-of-the-path"),
    ],
)
def test_a_call_is_made_again(first: str, again: str, target: str, api: str, server: Recorder) -> None:
    """Options after `replay N` take the place of their like, and the new call is kept as a line of its own."""
    assert 0 == run_cli(api, *first.split()).exit_code
    result = run_cli("replay", "1", *again.split())
    assert (0, target) == (result.exit_code, server.last.target)
    assert {"target": target} == result.json
    third = run_cli("replay", "1")
    assert (0, target) == (third.exit_code, server.last.target)
    assert [f"dynacli {api}"] * 3 == [
        row["command"][: len(f"dynacli {api}")] for row in run_cli("history", "-o", "json").json
    ]


def test_standard_options_are_laid_over_a_call(api: str, server: Recorder) -> None:
    """Options of dynacli's own count after `replay N` as after the operation."""
    run_cli("-o", "raw", api, "list-users", "-H", "X-A: 1", "--page", "1")
    assert "X-A: 2" in run_cli("replay", "1", "--dry-run", "-H", "X-A: 2").stdout
    result = run_cli("replay", "1", "-o", "yaml", "--refresh", "--timeout", "30")
    assert (0, "target: /users?page=1\n") == (result.exit_code, result.stdout)
    assert ["1"] == server.last.headers["x-a"]


@pytest.mark.parametrize(
    ("first", "again", "shown"),
    [
        (("API", "list-users", "-f", "missing"), ("--jq", ".target | length"), "6"),
        (("API", "list-users", "--jq", ".missing"), ("-f", "length(target)"), "6"),
        (("API", "--jq", ".missing", "list-users"), ("--filter=length(target)",), "6"),
        (("-f", "missing", "API", "list-users"), ("--jq", ".target | length"), "6"),
    ],
)
def test_either_filter_overrides_both(
    first: tuple[str, ...], again: tuple[str, ...], shown: str, api: str
) -> None:
    """A filter after `replay N` is instead of the earlier one in any language, and the new call can be replayed."""
    run_cli(*(api if word == "API" else word for word in first))
    for words in (again, ()):
        result = run_cli("replay", "1", *words)
        assert (0, shown) == (result.exit_code, result.stdout.strip())


@pytest.mark.parametrize(
    ("words", "message"),
    [
        pytest.param(("one",), "`one` is not the number of a call", id="no-number"),
        pytest.param(("0",), "`0` is not the number of a call", id="zero"),
        pytest.param(("9",), "The history has no call 9", id="no-call"),
        pytest.param(("1", "more"), "takes only options", id="an-argument"),
        pytest.param(("1", "--page"), "`--page` needs a value", id="no-value"),
        pytest.param(("1", "--nothing"), "no option `--nothing`", id="no-option"),
    ],
)
def test_a_replay_that_is_refused(words: tuple[str, ...], message: str, api: str, server: Recorder) -> None:
    """What cannot be applied to a call is refused, and nothing is sent."""
    run_cli(api, "list-users")
    result = run_cli("replay", *words)
    assert (2, 1) == (result.exit_code, len(server.requests))
    assert message in result.stderr


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("words", "again"),
    [
        pytest.param(
            ("list-users", "-H", "X-Auth-Token: SECRET"), ("-H", "X-Auth-Token: SECRET"), id="a-header"
        ),
        pytest.param(("list-users", "-HCookie: sid=SECRET"), ("--header=cookie: sid=SECRET",), id="a-cookie"),
        pytest.param(("list-users", "--api-key", "SECRET"), ("--api-key", "SECRET"), id="an-option"),
        pytest.param(("list-users", "--apiKey=SECRET"), ("--api-key=SECRET",), id="an-option-joined"),
        pytest.param(("add-user", "--pin", "SECRET"), ("--pin", "SECRET"), id="a-password"),
        pytest.param(
            ("add-user", "--body", '{"pin": "SECRET"}'), ("--body", '{"pin": "SECRET"}'), id="a-body"
        ),
        pytest.param(("add-user", "--set", 'pin="SECRET"'), None, id="a-field"),
        pytest.param(("GET", "/users?apiKey=SECRET"), None, id="in-a-path"),
    ],
)
def test_a_secret_is_not_replayed(
    words: tuple[str, ...], again: tuple[str, ...] | None, api: str, server: Recorder, home: Path
) -> None:
    """The history keeps no secret, so `replay` asks for it, and takes it instead of what is masked."""
    accept = ("--accept-origin", server.origin)
    assert 0 == run_cli(api, *(word.replace("SECRET", _SECRET) for word in words), *accept).exit_code
    first = server.last
    refused = run_cli("replay", "1")
    assert (2, 1) == (refused.exit_code, len(server.requests))
    assert "which the history does not store" in refused.stderr
    if again is not None:
        assert 0 == run_cli("replay", "1", *(word.replace("SECRET", _SECRET) for word in again)).exit_code
        assert (first.target, first.body) == (server.last.target, server.last.body)
        assert 2 == run_cli("replay", "1").exit_code
    assert _is_nowhere(home)


def test_a_document_with_a_secret_in_its_url_is_not_replayed(server: Recorder, home: Path) -> None:
    """The document is not asked for with a mask instead of the secret."""
    serve(server, pets("1", server.origin))
    server.responses["/pets"] = Response(body=b"[]")
    assert 0 == run_cli(f"{server.origin}/openapi.json?v={_SECRET}", "list-pets").exit_code
    refused = run_cli("replay", "1")
    assert _is_nowhere(home)
    assert_ended(refused, 2, "has a URL with a secret")


@pytest.mark.parametrize("mode", ["headers", "full"])
def test_no_password_is_in_the_history_however_deep_it_is(
    mode: str, server: Recorder, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Fields that have no option in help, and values of a map, are known by the document, as in a preview."""
    monkeypatch.setenv("DYNACLI_HISTORY", mode)
    pin = {"type": "object", "properties": {"pin": {"type": "string", "format": "password"}}}
    deep = pin
    for name in "hgfedcba":
        deep = {"type": "object", "properties": {name: deep}}
    body = {
        "type": "object",
        "properties": {"a": deep, "of": {"type": "object", "additionalProperties": pin}},
    }
    file = save_api(post("/a", "add-a", body=body), server=server)
    path = "a.a.b.c.d.e.f.g.h.pin"
    value: Any = _SECRET
    for name in reversed(path.split(".")):
        value = {name: value}
    for words in (
        (f"--{path}", _SECRET),
        (f"--of.some.pin={_SECRET}",),
        ("--set", f'{path}="{_SECRET}"'),
        ("--body", json.dumps(value)),
    ):
        assert _SECRET not in run_cli(file, "add-a", *words, "--dry-run").stdout
        assert run_cli(file, "add-a", *words).exit_code in {0, 4}
        assert _SECRET in server.requests[-1].body.decode()
    assert _is_nowhere(home)
    assert _SECRET not in run_cli(file, "add-a", "--set", f'{path}="{_SECRET}"', "--nothing").stderr


@pytest.mark.parametrize("mode", ["headers", "full"])
def test_no_secret_is_in_the_history(
    mode: str, server: Recorder, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither credentials of the environment, nor given ones, nor those of responses."""
    monkeypatch.setenv("DYNACLI_HISTORY", mode)
    monkeypatch.setenv("DYNACLI_TOKEN", _SECRET)
    monkeypatch.setenv("DYNACLI_KEY", _SECRET)
    secretive: dict[str, Any] = {
        "type": "object",
        "properties": {
            "user": {"type": "object", "properties": {"pin": {"type": "string", "format": "password"}}}
        },
    }
    schemes = {"bearer": BEARER, "key": API_KEY, "inQuery": {**API_KEY, "in": "query", "name": "k"}}
    reported = {"access_token": _SECRET, "name": "n", "nested": [{"apiKey": _SECRET}]}
    response = Response(
        body=json.dumps(reported).encode(),
        headers={"Set-Cookie": f"sid={_SECRET}", "Content-Type": "application/json"},
    )
    server.responses["/a"] = server.responses["/b"] = server.responses[f"/tokens/{_SECRET}"] = response
    code = _SECRET if mode == "headers" else "1"  # nothing tells that it is a secret
    server.responses["/tokens"] = json_response([{"id": 1, "token": _SECRET}])
    server.responses["/keys"] = json_response([{"id": 1, "key": _SECRET, "code": code}])
    api = save_api(
        get("/a", "bearer", security=[{"bearer": []}]),
        put("/a", "key", security=[{"key": []}]),
        delete("/a", "inQuery", security=[{"inQuery": []}]),
        post("/a", "form", body=secretive, media_type="application/x-www-form-urlencoded"),
        patch("/a", "body", body=secretive),
        post("/b", "upload", body=secretive["properties"]["user"], media_type="multipart/form-data"),
        get("/b", "cookie", parameter("sid", _TEXT, "cookie")),
        put("/b", "text", body=_TEXT, media_type="text/plain"),
        get("/tokens", "listTokens"),
        get("/tokens/{token}", "getToken", parameter("token", _TEXT, "path")),
        get("/keys/{id}", "getKey", parameter("id", _TEXT, "path")),
        get("/keys", "listKeys"),
        server=server,
        schemes=schemes,
    )
    accept = ("--accept-origin", server.origin)
    calls: list[tuple[str, ...]] = [
        ("bearer",),
        ("key",),
        ("in-query",),
        ("bearer", "-H", f"Authorization: Bearer {_SECRET}"),
        ("bearer", f"-HX-Api-Key:{_SECRET}"),
        ("form", "--user.pin", _SECRET),
        ("body", "--user.pin", _SECRET),
        ("body", f"--user.pin={_SECRET}"),
        ("body", "--body", json.dumps({"user": {"pin": _SECRET}, "list": [{"password": _SECRET}]})),
        ("body", "--body", f"no json, password {_SECRET}", "--validate", "off"),
        ("body", "--set", f'user.pin="{_SECRET}"'),
        ("body", "--set", json.dumps({"user": {"pin": _SECRET}}).join(("user=", ""))),
        ("get-token", _SECRET),
        ("list-tokens",),
        ("list-keys",),
        ("upload", "--pin", _SECRET, "--part-header", f"pin:X-Token:{_SECRET}"),
        ("text", "--body", f"the password is {_SECRET}"),
        ("text", "--body", f"a=b&password={_SECRET}"),
        ("cookie", "--sid", _SECRET),
        ("bearer", "--server", f"{server.origin}/?token={_SECRET}"),
    ]
    for words in calls:
        run_cli(api, *words, *accept)
    assert len(calls) - 1 == len(run_cli("history", "-o", "json").json)
    assert _is_nowhere(home)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("mode", ["headers", "full"])
@pytest.mark.parametrize(
    "path",
    [
        *(
            "/nope?token=#",
            "/nope?a=1&to%6ben=#",
            "/nope?a=1;api_key=#",
            "/nope?a[token]=#",
            "/nope?session_id=#",
        ),
        *("/nope;token=#", "/nope;jsessionid=#", "/nope#access_token=#", "/nope?at=https://u:#@a.example/"),
        *("/other/token/#", "/password-resets/#/items"),
        *(
            "/nope?sid=#",
            "/nope?a=1&code=#",
            "/nope?filter[otp]=#",
            "/nope?PHPSESSID=#",
            "/nope?login_code=#",
        ),
        *(
            "/nope?#",
            "/nope?a=1&#",
            "/nope?s=#",
            "/nope?state=#",
            "/nope?to=https%3A%2F%2Fa.example%3Fsid%3D#",
        ),
    ],
)
def test_no_secret_of_an_undocumented_path_is_in_the_history(
    path: str, mode: str, api: str, server: Recorder, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The operation has no query as its name, and what the response lists is not remembered under a secret."""
    monkeypatch.setenv("DYNACLI_HISTORY", mode)
    before, _, after = path.rpartition("#")
    path = f"{before}{_SECRET}{after}"
    server.responses[path.partition("#")[0].partition("?")[0]] = json_response([{"id": 1, "name": "n"}])
    for method in ("GET", "PURGE"):
        run_cli(api, method, path)
    assert 2 == len(run_cli("history", "-o", "json").json)
    assert _is_nowhere(home)
    assert _SECRET not in run_cli("history", "export", "--as", "har").stdout


def test_a_secret_that_an_older_version_stored_is_not_shown(api: str, home: Path) -> None:
    """The command, the operation and the URL are masked again when the history is read."""
    assert 0 == run_cli(api, "GET", "/users").exit_code
    words, path = json.dumps([api, "GET", f"/nope#token={_SECRET}"]), f"/nope;token={_SECRET}"
    with closing(sqlite3.connect(home / "state" / "history.sqlite")) as db, db:
        db.execute("UPDATE calls SET words = ?, operation = ?, url = ?", (words, f"GET {path}", path))
    listed = run_cli("history", "-o", "json").stdout
    assert 3 == listed.count("token=***")
    for more in (("list",), ("show", "1"), ("show", "1", "--as", "har"), ("export", "--as", "har")):
        assert _SECRET not in listed + run_cli("history", *more).stdout


@pytest.mark.parametrize(
    "path", ["/nope?state=open&a=b", "/nope?download", "/nope?country_code=DE&id=12345678"]
)
def test_an_undocumented_path_without_a_secret_is_repeated(path: str, api: str, server: Recorder) -> None:
    """Words, numbers and other names are stored as they were given."""
    run_cli(api, "GET", path)
    assert [api, "GET", path] == run_cli("history", "-o", "json").json[0]["command"].replace("'", "").split()[
        1:
    ]
    run_cli("replay", "1")
    assert [path] * 2 == [request.target for request in server.requests]


@pytest.mark.parametrize("words", [("GET", "/nope?sid=12"), ("GET", "/nope", "--query", "code=12")])
def test_a_masked_path_is_not_sent(words: tuple[str, ...], api: str, server: Recorder) -> None:
    """A replay asks for the secret, however short it is, instead of sending its mask."""
    run_cli(api, *words)
    assert "=12" not in run_cli("history", "-o", "json").stdout
    assert 2 == run_cli("replay", "1").exit_code
    assert 1 == len(server.requests)


@pytest.mark.parametrize("secret", [_SECRET, "12"])
def test_a_form_for_an_undocumented_path_may_hold_a_secret(secret: str, api: str) -> None:
    """It is read as a query is, and the rest of it stays."""
    run_cli(api, "POST", "/nope", "--content-type", _FORM, "--body", f"grant=code&code={secret}&a=b")
    assert run_cli("history", "-o", "json").json[0]["command"].endswith(" 'grant=code&code=***&a=b'")


def test_a_secret_header_for_an_undocumented_path_is_given_again(api: str, server: Recorder) -> None:
    """A replay asks for it by its option, as it does for a documented operation."""
    run_cli(api, "GET", "/nope", "-H", f"X-Session-Id:{_SECRET}")
    assert 2 == run_cli("replay", "1").exit_code
    run_cli("replay", "1", "-H", "X-Session-Id:another")
    assert [[_SECRET], ["another"]] == [request.headers["x-session-id"] for request in server.requests]


def test_a_query_that_the_document_does_not_have_may_hold_a_secret(api: str, home: Path) -> None:
    """Nothing tells about a pair that is added to a documented operation either."""
    run_cli(api, "list-users", "--query", f"sid={_SECRET}")
    assert _is_nowhere(home)


def test_a_secret_of_an_undocumented_path_is_shown_nowhere(api: str, server: Recorder) -> None:
    """What is printed of the request, and what its response repeats in its headers, has a mask instead."""
    path = f"/nope?sid={_SECRET}"
    server.responses["/nope"] = json_response([], Location=path)
    shown = run_cli(api, "GET", path, "--verbose").stderr
    shown += "".join(run_cli(api, "GET", path, "--dry-run", form).stdout for form in ("http", "curl", "json"))
    assert _SECRET not in shown
    assert 5 == shown.count("sid=***")


def test_each_row_is_masked_when_it_is_written_and_read(api: str, home: Path) -> None:
    """A secret that the maker of a row forgets is stored nowhere, and one that is stored is not shown."""
    assert 0 == run_cli(api, "GET", "/users").exit_code
    path = f"/nope?sid={_SECRET}"
    sent = {
        "url": path,
        "headers": [["X-Session-Id", _SECRET]],
        "body": f'{{"at": "{path}", "token": "{_SECRET}"}}',
    }
    got = {"headers": [["Location", path]], "body": _SECRET}
    words = json.dumps([api, "GET", path, "-H", f"X-Api-Key: {_SECRET}", f"--query=code={_SECRET}"])
    messages = json.dumps({"request": sent, "response": got})
    values = {"words": words, "operation": f"GET {path}", "url": path, "messages": messages}
    stored = home / "state" / "history.sqlite"
    with closing(sqlite3.connect(stored)) as db, db:
        db.execute(
            "UPDATE calls SET words = :words, operation = :operation, url = :url, messages = :messages",
            values,
        )
    for words_ in (
        ("-o", "json"),
        ("list",),
        ("show", "1"),
        ("show", "1", "--as", "har"),
        ("export", "--as", "har"),
    ):
        assert _SECRET not in run_cli("history", *words_).stdout
    call = RecordedCall(0.0, words, api, "s", f"GET {path}", "GET", path, 200, 0.1, 1, None, 0, messages)
    responded = ReceivedPath(0.0, "s", "/nope", "[]", f"sid={_SECRET}", 1, "[]")
    with closing(sqlite3.connect(stored)) as db, db:
        db.execute("DELETE FROM calls")
        write_call(db, call, [responded])
        assert 1 == db.execute("SELECT count(*) FROM calls").fetchone()[0]
    assert _is_nowhere(home)


def test_the_messages_of_an_older_history_are_masked(api: str, home: Path) -> None:
    """Fields of bodies, headers and userinfo tell their secrets for documented operations, too."""
    assert 0 == run_cli(api, "list-users").exit_code
    sent = {"url": f"http://u:{_SECRET}@h.example/users", "headers": [["Cookie", _SECRET]], "body": None}
    got = {"headers": [["X-Auth-Token", _SECRET]], "body": json.dumps([{"name": "n", "password": _SECRET}])}
    with closing(sqlite3.connect(home / "state" / "history.sqlite")) as db, db:
        db.execute("UPDATE calls SET messages = ?", (json.dumps({"request": sent, "response": got}),))
    shown = run_cli("history", "show", "1", "-o", "json")
    assert [{"name": "n", "password": "***"}] == json.loads(shown.json["response"]["body"])
    assert _SECRET not in shown.stdout + run_cli("history", "export", "--as", "har").stdout
