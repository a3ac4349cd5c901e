"""The response cache: where responses come from, which are stored, for whom, and what becomes of a damaged store."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import dynacli
from dynacli.errors import UsageError
from dynacli.features.cache import stored_responses
from tests.documents import document, operation, parameter, serve
from tests.harness import RecordedRequest, Recorder, Response, Result, assert_ended, json_response, run_cli

ITEM = {"type": "object", "properties": {"id": {"type": "integer"}}}
_JSON = {"application/json": {"schema": {"type": "array", "items": ITEM}}}
_GOOD = {"200": {"description": "It", "content": _JSON}, "default": {"description": "Else"}}


@pytest.fixture
def api(server: Recorder) -> str:
    """An API of the name `shop`, registered, whose GET has a new body and the same entity tag each time."""
    path = parameter("id", {"type": "string"}, "path")
    query = [parameter("q", {"type": "string"}), parameter("api_key", {"type": "string"})]
    query.append(parameter("X-Tenant", {"type": "string"}, "header"))
    token = {"token": {"type": "http", "scheme": "bearer"}}
    paths = {
        "/items": {
            "get": operation("listItems", *query, responses=_GOOD),
            "post": operation("addItem"),
        },
        "/items/{id}": {
            "get": operation("getItem", path),
            "patch": operation("changeItem", path, body={"type": "object"}),
            "delete": operation("removeItem", path),
        },
        "/items/{id}/parts": {"get": operation("listParts", path)},
        "/private": {"get": operation("getPrivate", security=[{"token": []}])},
        "/stream": {"get": operation("watchItems")},
    }
    made = document(paths, [server.origin], components={"securitySchemes": token})
    assert 0 == run_cli("api", "add", "shop", serve(server, made)).exit_code
    server.requests.clear()
    count = 0

    def respond(request: RecordedRequest) -> Response:
        nonlocal count
        count += 1
        if request.headers.get("if-none-match") == ['"1"']:
            return Response(304, b"", {"ETag": '"1"'})
        return json_response([{"id": count}], ETag='"1"')

    for name in ("/items", "/items/7", "/items/8", "/items/7/parts", "/private"):
        server.responses[name] = respond
    return "shop"


def _call(*words: str, cache: str = "1h") -> Result:
    result = run_cli("shop", *words, "--cache", cache)
    assert 0 == result.exit_code, result.stderr
    return result


def _stored(home: Path) -> list[Path]:
    return sorted((home / "cache" / "responses").rglob("*.response"))


SPECS = {
    "off": (2, ""),
    "revalidate": (2, "revalidated"),
    "auto": (2, "revalidated"),  # the server gives no lifetime
    "10m": (1, "hit"),
    "0s": (2, "revalidated"),
}


@pytest.mark.parametrize(("spec", "requests", "cache"), [(spec, *row) for spec, row in SPECS.items()])
def test_the_spec_decides_about_the_second_call(
    api: str, server: Recorder, spec: str, requests: int, cache: str
) -> None:
    """A stored response is used, confirmed by the server, or not asked for."""
    first = run_cli(api, "list-items", "--cache", spec, "-v")
    assert (spec != "off") == ("* cache: miss" in first.stderr), first.stderr
    again = run_cli(api, "list-items", "--cache", spec, "-v")
    assert requests == len(server.requests)
    assert bool(cache) == (f"* cache: {cache}" in again.stderr), again.stderr
    assert bool(cache) == ("cache" in again.stderr), again.stderr
    assert (first.stdout == again.stdout) == bool(cache)
    assert "> GET" in again.stderr
    assert "< HTTP/1.1 200 OK" in again.stderr
    (row, _) = run_cli("history", "-o", "json").json
    assert (cache or None) == row["cache"]
    if cache == "hit":
        assert re.search(r"(?m)^\* cache: hit, \d+ s old$", again.stderr)


def test_a_wrong_spec_is_a_usage_error(api: str, server: Recorder, home: Path) -> None:
    """Whether an option, the configuration or a program gives it, nothing is sent."""
    for wrong in ("10", "ten", "10x", "-1s", ""):
        assert 2 == run_cli(api, "list-items", "--cache", wrong).exit_code, wrong
    assert 2 == run_cli("api", "set", api, "cache=10x").exit_code
    assert 2 == run_cli("config", "set", "cache_limit=ten").exit_code
    assert 0 == run_cli("config", "set", "cache_limit=1 MiB", "apis.shop.cache=1h").exit_code
    assert 0 == run_cli("config", "set", "cache_limit=", "apis.shop.cache=").exit_code
    with (home / "config" / "config.toml").open("a") as file:
        file.write('cache = "10x"\n')
    result = run_cli(api, "list-items")
    assert (2, []) == (result.exit_code, server.requests)
    assert "`10x` does not say how responses are stored" in result.stderr
    with pytest.raises(UsageError):
        dynacli.open_api(api, cache="10x")


def test_a_profile_wins_over_its_api_and_the_option_over_both(api: str, server: Recorder, home: Path) -> None:
    """The configuration gives a spec to an API and to each of its profiles."""
    with (home / "config" / "config.toml").open("a") as file:
        file.write('cache = "1h"\n[apis.shop.profiles.live]\ncache = "off"\n')
    for _ in range(2):
        assert 0 == run_cli(api, "list-items").exit_code
    assert 1 == len(server.requests)
    for _ in range(2):
        assert 0 == run_cli(api, "list-items", "--profile", "live").exit_code
    assert 3 == len(server.requests)
    assert 0 == run_cli(api, "list-items", "--cache", "off").exit_code
    assert 4 == len(server.requests)


def test_offline_uses_a_response_of_any_age(
    api: str, server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says how old the response is, sends nothing, and fails with 6 if there is none."""
    server.responses["/items"] = json_response([{"id": 1}], **{"Cache-Control": "no-cache"})
    first = _call("list-items", cache="auto")
    now = stored_responses.wall_clock()
    monkeypatch.setattr(stored_responses, "wall_clock", lambda: now + 3 * 86_400)
    result = _call("list-items", "--offline", cache="revalidate")
    assert first.stdout == result.stdout
    assert "The response is from the cache, 3 days old" in result.stderr
    for words in (("list-items", "--q", "x"), ("add-item",), ("get-item", "7")):
        missing = run_cli(api, *words, "--offline", "--cache", "auto")
        assert 6 == missing.exit_code
        assert "No stored response" in missing.stderr
    assert 1 == len(server.requests)


@pytest.mark.usefixtures("api")
def test_a_response_is_only_for_who_asked_for_it(
    server: Recorder, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another profile, credential, header, query or media type gets a response of its own."""
    with (home / "config" / "config.toml").open("a") as file:
        file.write("[apis.shop.profiles.live]\n[apis.shop.profiles.other]\nquery = {}\n")
    calls: list[tuple[str, tuple[str, ...]]] = [
        ("one", ("get-private",)),
        ("two", ("get-private",)),
        ("one", ("get-private", "--profile", "live")),
        ("one", ("get-private", "--profile", "other")),
        ("one", ("get-private", "--auth", "none")),
        ("one", ("get-private", "--auth", "none", "-H", "Authorization: Basic YTpi")),
        ("one", ("get-private", "--auth", "none", "-H", "Authorization: Basic YTpj")),
        ("one", ("get-private", "-H", "Accept: application/xml")),
        ("one", ("list-items",)),
        ("one", ("list-items", "--api-key", "first-secret")),
        ("one", ("list-items", "--api-key", "other-secret")),
        ("one", ("list-items", "--x-tenant", "1")),
        ("one", ("list-items", "--x-tenant", "2")),
        ("one", ("list-items", "-H", "X-Org: 1")),
        ("one", ("list-items", "-H", "X-Org: 2")),
    ]
    seen = []
    for _ in range(2):
        for number, (token, words) in enumerate(calls, 1):
            monkeypatch.setenv("DYNACLI_SHOP_TOKEN", token)
            seen.append(_call(*words).stdout)
            assert min(len(seen), len(calls)) == len(server.requests), (number, words)
    assert seen[: len(calls)] == seen[len(calls) :]
    assert len(set(seen)) == len(calls)


@pytest.mark.usefixtures("api")
def test_a_response_is_only_for_its_api(server: Recorder) -> None:
    """A second API with the same server does not see the responses of the first."""
    _call("list-items")
    assert 0 == run_cli("api", "add", "copy", f"{server.origin}/openapi.json").exit_code
    server.requests.clear()
    assert 0 == run_cli("copy", "list-items", "--cache", "1h").exit_code
    assert 1 == len(server.requests)


@pytest.mark.usefixtures("api")
def test_no_secret_is_in_the_store(
    server: Recorder, canary: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the credential, nor a cookie, nor a secret in the URL; a response that repeats them is not stored."""
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", canary)
    cookie = {
        "Set-Cookie": "session=1234567; Path=/",
        "X-Auth-Token": "abcdefgh",
        "X-Session-Id": "s-e-s-s",
        "Vary": "Authorization",
    }
    server.responses["/private"] = json_response([{"id": 1}], **cookie)
    for _ in range(2):
        assert "1" in _call("get-private").stdout
        _call("list-items", "--api-key", canary)
    assert 2 == len(server.requests)
    assert 2 == len(_stored(home))
    for path in _stored(home):
        assert 0o600 == path.stat().st_mode & 0o777
        content = path.read_bytes()
        for secret in (b"1234567", b"abcdefgh", b"s-e-s-s", b"api_key", server.origin.encode()):
            assert secret not in content


@pytest.mark.usefixtures("api")
def test_a_secret_that_an_older_version_stored_is_not_shown(
    server: Recorder, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Headers that were stored before their names counted as those of secrets are left out."""
    server.responses["/items"] = json_response([], **{"X-Session-Id": "s-e-s-s"})
    with monkeypatch.context() as older:
        older.setattr("dynacli.features.cache.stored_responses.stored_headers", lambda headers: headers)
        _call("list-items")
    assert b"s-e-s-s" in _stored(home)[0].read_bytes()
    server.requests.clear()
    again = _call("list-items", "--verbose")
    assert [] == server.requests
    assert "s-e-s-s" not in again.stdout + again.stderr


@pytest.mark.parametrize(
    "response", [json_response({"your": "tok-en-123"}), json_response([], ETag='"tok-en-123"')]
)
def test_a_response_that_repeats_a_credential_is_not_stored(
    api: str, server: Recorder, home: Path, response: Response, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that sends the credential back, in a header or the body, does not bring it into the store."""
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", "tok-en-123")
    server.responses["/private"] = response
    assert 0 == run_cli(api, "get-private", "--cache", "1h").exit_code
    assert [] == _stored(home)


CHANGES: dict[str, tuple[tuple[str, ...], Response, set[str]]] = {
    "a change": (("change-item", "7", "--body", "{}"), Response(), {"/items/8"}),
    "a removal": (("remove-item", "7", "--yes"), Response(204, b"", {}), {"/items/8"}),
    "a new item": (("add-item",), Response(201), set()),
    "a failure": (
        ("change-item", "7", "--body", "{}"),
        Response(500),
        {"/items", "/items/7", "/items/7/parts", "/items/8"},
    ),
    "a conflict": (
        ("change-item", "7", "--body", "{}"),
        Response(409),
        {"/items", "/items/7", "/items/7/parts", "/items/8"},
    ),
    "another place": (
        ("change-item", "7", "--body", "{}"),
        Response(headers={"Content-Location": "/items/8"}),
        set(),
    ),
    "a new place": (
        ("change-item", "7", "--body", "{}"),
        Response(303, b"", {"Location": "../items/8"}),
        set(),
    ),
    "another origin": (
        ("change-item", "7", "--body", "{}"),
        Response(headers={"Location": "http://example.com/items/8"}),
        {"/items/8"},
    ),
}
"""Call, its response, and the paths whose responses stay."""


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("words", "response", "stay"), CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("profile", ["", "live"])
def test_a_change_removes_what_it_may_have_made_wrong(
    api: str,
    server: Recorder,
    home: Path,
    words: tuple[str, ...],
    response: Response,
    stay: set[str],
    profile: str,
) -> None:
    """The responses of its path go, and of those above and below it; of all profiles, and without `--cache`, too."""
    with (home / "config" / "config.toml").open("a") as file:
        file.write("[apis.shop.profiles.live]\n")
    reading = {
        "/items": ("list-items",),
        "/items/7": ("get-item", "7"),
        "/items/8": ("get-item", "8"),
        "/items/7/parts": ("list-parts", "7"),
    }
    for read in reading.values():
        _call(*read, *(("--profile", profile) if profile else ()))
    respond = server.responses["/items/7"]

    def changed(request: RecordedRequest) -> Response:
        assert callable(respond)
        return respond(request) if request.method == "GET" else response

    server.responses["/items/7"] = server.responses["/items"] = changed
    run_cli(api, *words)
    server.requests.clear()
    for read in reading.values():
        _call(*read, *(("--profile", profile) if profile else ()))
    assert reading.keys() - stay == {request.target for request in server.requests}


@pytest.mark.exhaustive
def test_what_waits_compares_or_changes_never_uses_the_store(
    api: str, server: Recorder, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`--wait`, `check`, `diff` and `edit` ask the server, whatever the configuration says."""
    with (home / "config" / "config.toml").open("a") as file:
        file.write('cache = "1h"\n')
    assert 0 == run_cli(api, "list-items").exit_code
    assert 0 == run_cli(api, "get-item", "7").exit_code
    monkeypatch.setenv("EDITOR", "true")
    for words in (
        (api, "list-items", "--wait", "@"),
        ("check", api, "--only", "list-items"),
        ("diff", api, "list-items", "--against", server.origin),
        ("edit", api, "get-item", "7", "--dry-run"),
    ):
        server.requests.clear()
        run_cli(*words)
        assert server.requests, words
    for words in (("diff", api, "list-items", "--against", "x"), ("edit", api, "get-item", "7")):
        assert 2 == run_cli(*words, "--cache", "1h").exit_code


def test_a_stored_response_is_validated_filtered_and_judged_as_a_new_one(api: str, server: Recorder) -> None:
    """Findings, formats and exit codes are those of the response that came."""
    server.responses["/items"] = json_response([{"id": "no number"}])
    for _ in range(2):
        result = run_cli(api, "list-items", "--cache", "1h", "--validate", "strict", "-f", "[0].id")
        assert (9, '"no number"\n') == (result.exit_code, result.stdout)
        assert "/0/id" in result.stderr
    assert 1 == len(server.requests)
    server.responses["/items/7"] = json_response({"error": "gone"}, 404, **{"Cache-Control": "max-age=60"})
    for _ in range(2):
        result = run_cli(api, "get-item", "7", "--cache", "auto")
        assert (4, '{"error": "gone"}') == (result.exit_code, result.stdout)
    assert 2 == len(server.requests)
    assert (
        2
        == run_cli(
            api, "list-items", "--cache", "1h", "--validate", "strict", "-Q", "more=1", "--nope"
        ).exit_code
    )


def test_a_response_that_was_valid_is_validated_for_another_document(api: str, server: Recorder) -> None:
    """What was found valid is taken for valid as long as document, request and level are the same."""
    for level in ("warn", "warn", "strict"):
        assert 0 == run_cli(api, "list-items", "--cache", "1h", "--validate", level).exit_code
    document = server.responses["/openapi.json"]
    assert isinstance(document, Response)
    changed = document.body.replace(b'"integer"', b'"string"')
    server.responses["/openapi.json"] = Response(body=changed)
    assert 0 == run_cli("api", "refresh", api, "--accept").exit_code
    server.requests.clear()
    for level, code in (("warn", 0), ("strict", 9)):
        result = run_cli(api, "list-items", "--cache", "1h", "--validate", level)
        assert_ended(result, code, "/0/id")
    assert [] == server.requests


def test_pages_and_rows_use_the_store(api: str, server: Recorder) -> None:
    """`--all` and `batch` ask for no page and no row a second time."""
    Path("rows.csv").write_text("id\n7\n8\n", encoding="utf-8")
    for _ in range(2):
        assert 0 == run_cli(api, "list-items", "--all", "--cache", "1h").exit_code
        assert 0 == run_cli("batch", api, "get-item", "rows.csv", "--cache", "1h").exit_code
    assert 3 == len(server.requests)


def test_a_program_uses_the_store(api: str, server: Recorder) -> None:
    """`open_api` takes a spec, and without one it is off."""
    for cache, requests, did in (("1h", 1, "miss"), ("1h", 1, "hit"), ("", 2, "")):
        with dynacli.open_api(api, cache=cache) as opened:
            assert did == opened.call("list-items").cache
        assert requests == len(server.requests)


def test_a_program_that_downloads_or_compares_stores_nothing(api: str, server: Recorder, home: Path) -> None:
    """A download takes what is stored; `diff` asks both servers."""
    with dynacli.open_api(api, cache="1h") as opened:
        opened.download("get-item", "item.json", id="7")
        assert [] == _stored(home)
        assert "miss" == opened.call("get-item", id="7").cache
        assert "hit" == opened.download("get-item", "item.json", id="7").cache
        server.requests.clear()
        assert opened.diff("get-item", against=server.origin, id="7").differences
        assert 2 == len(server.requests)


@pytest.mark.usefixtures("api")
def test_a_file_is_made_of_a_stored_response_and_not_stored(server: Recorder, home: Path) -> None:
    """`-o @FILE` takes what is stored, and a download stores nothing."""
    _call("get-item", "7", "-o", "@first.json")
    assert [] == _stored(home)
    _call("get-item", "7")
    _call("get-item", "7", "-o", "@second.json")
    assert 2 == len(server.requests)
    assert '[{"id": 2}]' == Path("second.json").read_text(encoding="utf-8")


NOT_STORED: dict[str, Response] = {
    "no-store": json_response([], **{"Cache-Control": "no-store"}),
    "no-store beside a lifetime": json_response([], **{"Cache-Control": "max-age=60, No-Store"}),
    "no-store at the end": json_response([], **{"Cache-Control": f"{'x, ' * 3000}no-store"}),
    "a stream": Response(200, b"[]\n", {"Content-Type": "application/x-ndjson"}),
    "events": Response(200, b"data: 1\n\n", {"Content-Type": "text/event-stream"}),
    "partial content": json_response([], 206, **{"Content-Range": "bytes 0-1/9"}),
    "everything varies": json_response([], Vary="*"),
    "100,000 names vary": json_response([], Vary=",".join(f"n{number}" for number in range(10_000))),
    "a status that is no success": json_response([], 500),
    "too large": json_response("x" * 5000),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("response", NOT_STORED.values(), ids=NOT_STORED)
def test_such_a_response_is_not_stored(
    api: str, server: Recorder, home: Path, response: Response, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No time that the person gives overrides what must not or cannot be stored."""
    monkeypatch.setattr(stored_responses, "LARGEST", 4000)
    server.responses["/items"] = response
    for _ in range(2):
        run_cli(api, "list-items", "--cache", "1h", "--validate", "off")
    assert 2 == len(server.requests)
    assert [] == _stored(home)


@pytest.mark.usefixtures("api")
def test_variants_are_kept_side_by_side_up_to_a_number(
    server: Recorder, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each value of a header in `Vary` has a response of its own; the oldest go if there are too many."""
    monkeypatch.setattr(stored_responses, "_MOST_VARIANTS", 2)
    # Each value of most headers has a directory of its own; not that of this one.
    server.responses["/items"] = lambda request: json_response(request.headers["pragma"], Vary="Pragma")
    for language in ("de", "en", "en", "de"):
        assert language in _call("list-items", "-H", f"Pragma: {language}").stdout
    assert 2 == len(server.requests)
    _call("list-items", "-H", "Pragma: fr")
    assert 2 == len(_stored(home))


def _write(content: Callable[[bytes], bytes]) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content(path.read_bytes()))


def _replaced(make: Callable[[Path], object]) -> Callable[[Path], object]:
    def damage(path: Path) -> None:
        path.unlink()
        make(path)

    return damage


DAMAGES: dict[str, Callable[[Path], object]] = {
    "empty": _write(lambda _: b""),
    "cut": _write(lambda content: content[:-1]),
    "longer": _write(lambda content: content + b" "),
    "one bit": _write(lambda content: content[:-2] + bytes([content[-2] ^ 1]) + content[-1:]),
    "another head": _write(lambda content: content.replace(b'"status": 200', b'"status": 201')),
    "no JSON": _write(lambda content: content[:65] + b"[" * 5000 + b"\n" + content[66:]),
    "zeros": _write(lambda content: bytes(len(content))),
    "a directory": _replaced(lambda path: path.mkdir()),
    "a pipe": _replaced(os.mkfifo),
    "a link": _replaced(lambda path: path.symlink_to("/etc/passwd")),
    "a link in a circle": _replaced(lambda path: path.symlink_to(path)),
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
@pytest.mark.usefixtures("api")
def test_a_damaged_response_is_fetched_again(
    server: Recorder, home: Path, damage: Callable[[Path], object]
) -> None:
    """Whatever stands in its place is replaced, and nothing is said."""
    _call("list-items")
    (path,) = _stored(home)
    damage(path)
    assert "" == _call("list-items").stderr
    assert 2 == len(server.requests)
    assert "" == _call("list-items").stderr
    assert 2 == len(server.requests)


@pytest.mark.usefixtures("api")
def test_a_response_counts_only_where_it_was_stored(server: Recorder, home: Path) -> None:
    """Who can write the cache, and does not have the key, cannot make one response of another."""
    _call("get-item", "7")
    (first,) = _stored(home)
    content = first.read_bytes()
    _call("get-item", "8")
    second = next(path for path in _stored(home) if path != first)
    second.write_bytes(content)
    _call("get-item", "8")
    assert 3 == len(server.requests)
    (home / "state" / "responses.key").unlink()
    _call("get-item", "7")
    assert 4 == len(server.requests)


def _put_file(home: Path) -> None:
    (home / "cache" / "responses").write_text("mine", encoding="utf-8")


def _put_shared(home: Path) -> None:
    (home / "cache" / "responses").mkdir()
    (home / "cache" / "responses").chmod(0o777)


def _put_link(home: Path) -> None:
    (home / "elsewhere").mkdir()
    (home / "cache" / "responses").symlink_to(home / "elsewhere")


def _put_key(home: Path) -> None:
    (home / "state").mkdir(exist_ok=True)
    (home / "state" / "responses.key").symlink_to("/proc/self/mem")


def _put_short_key(home: Path) -> None:
    (home / "state").mkdir(exist_ok=True)
    (home / "state" / "responses.key").write_bytes(b"short")
    (home / "state" / "responses.key").chmod(0o600)


def _put_known_key(home: Path) -> None:
    (home / "state").mkdir(exist_ok=True)
    (home / "state" / "responses.key").write_bytes(bytes(32))
    (home / "state" / "responses.key").chmod(0o644)


def _put_state(home: Path) -> None:
    (home / "state").mkdir(exist_ok=True)
    (home / "state").chmod(0o777)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "put",
    [_put_file, _put_shared, _put_link, _put_key, _put_short_key, _put_known_key, _put_state],
)
def test_a_store_that_cannot_be_used_is_a_warning(
    api: str, server: Recorder, home: Path, put: Callable[[Path], object]
) -> None:
    """The call goes on without it, says so once, and writes nothing there."""
    put(home)
    result = run_cli(api, "list-items", "--all", "--cache", "1h")
    assert 0 == result.exit_code
    assert 1 == result.stderr.count("The response cache cannot be used"), result.stderr
    assert 1 == len(server.requests)
    assert [] == _stored(home)


@pytest.mark.usefixtures("api")
def test_the_oldest_responses_go_first(server: Recorder, home: Path) -> None:
    """All files together take at most `cache_limit`."""
    config = home / "config" / "config.toml"
    config.write_text('cache_limit = "40 KiB"\n' + config.read_text(encoding="utf-8"), encoding="utf-8")
    for number in range(12):
        _call("list-items", "--q", str(number))
        for count, path in enumerate(sorted(_stored(home), key=lambda found: found.stat().st_mtime_ns)):
            os.utime(path, (count, count))
    sizes = [path.stat().st_blocks * 512 for path in _stored(home)]
    assert 5 <= len(sizes) <= 10
    assert sum(sizes) <= 40 * 1024
    server.requests.clear()
    _call("list-items", "--q", "11")
    _call("list-items", "--q", "0")
    assert ["/items?q=0"] == [request.target for request in server.requests]
    shown = run_cli("cache", "info", "--responses", "-o", "json").json
    assert 40 * 1024 == shown["limit"] >= shown["bytes"] > 0
    assert len(_stored(home)) == shown["responses"]


@pytest.mark.sampled(0)
@pytest.mark.parametrize(
    ("limit", "size", "is_stored"),
    [
        ('"40 KiB"', 30_000, True),
        ('"40 KiB"', 45_000, False),
        ('"0"', 5, False),
        ('"1 GiB"', 33 << 20, False),
    ],
)
def test_a_response_that_is_too_large_is_reported(
    limit: str, size: int, is_stored: bool, api: str, server: Recorder, home: Path
) -> None:
    """A response may take the whole `cache_limit`, at most 32 MiB; of a larger one a warning says so once."""
    config = home / "config" / "config.toml"
    config.write_text(f"cache_limit = {limit}\n" + config.read_text(encoding="utf-8"), encoding="utf-8")
    server.responses["/items"] = Response(200, b'"' + b"x" * (size - 2) + b'"')
    for _ in range(2):
        result = run_cli(api, "list-items", "--cache", "1h", "--validate", "off")
        assert 0 == result.exit_code
        assert is_stored == ("not stored" not in result.stderr), result.stderr
    assert (1 if is_stored else 2, int(is_stored)) == (len(server.requests), len(_stored(home)))
    named = "32 MiB" if size > 1 << 20 else "`cache_limit`, "
    assert int(not is_stored) == result.stderr.count(f"it is larger than {named}")


@pytest.mark.exhaustive
def test_the_store_is_cleared(api: str, home: Path) -> None:
    """All responses, or those of an API, and with the documents unless it is asked for one of both."""
    for words, left, is_document in (
        (("--responses", api), 1, True),
        (("--responses",), 0, True),
        ((), 0, False),
    ):
        _call("list-items")
        assert 0 == run_cli("demo", "list-workflows", "--cache", "1h").exit_code
        assert 0 == run_cli("cache", "clear", *words).exit_code
        assert left == len(_stored(home)), words
        assert is_document == any((home / "cache" / "documents").glob("*/current.json"))
    assert 2 == run_cli("cache", "clear", "--responses", "--history").exit_code
    assert "0.0 KiB" in run_cli("cache", "info", "--responses").stdout


@pytest.mark.usefixtures("api")
def test_a_clock_that_was_set_back_makes_nothing_fresh(
    server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A response of the future is asked for again, and its age is never negative."""
    _call("list-items")
    now = stored_responses.wall_clock()
    monkeypatch.setattr(stored_responses, "wall_clock", lambda: now - 86_400)
    assert "cache: revalidated" in _call("list-items", "-v").stderr
    monkeypatch.setattr(stored_responses, "wall_clock", lambda: now - 2 * 86_400)
    assert "less than" not in _call("list-items", "-v", "--offline").stderr
    assert 2 == len(server.requests)


@pytest.mark.usefixtures("api")
def test_a_confirmation_of_another_response_is_not_believed(server: Recorder) -> None:
    """A 304 with another strong entity tag is asked again without a condition (RFC 9111, section 4.3.4)."""
    _call("list-items", cache="revalidate")
    server.responses["/items"] = lambda request: (
        Response(304, b"", {"ETag": '"2"'})
        if "if-none-match" in request.headers
        else json_response([{"id": 9}])
    )
    result = _call("list-items", "-v", cache="revalidate")
    assert '[{"id": 9}]' == result.stdout
    assert "cache: miss" in result.stderr
    assert 3 == len(server.requests)


@pytest.mark.exhaustive
def test_a_run_without_the_option_opens_no_store(api: str, home: Path, server: Recorder) -> None:
    """It makes no file, and imports no module of the cache."""
    code = (
        "import sys; from dynacli.__main__ import main; main(); "
        "print([name for name in sys.modules if 'cach' in name and name.startswith('dynacli')], file=sys.stderr)"
    )
    words = [sys.executable, "-c", code, api, "list-items"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "[]\n" == done.stderr
    assert not (home / "cache" / "responses").exists()
    assert not (home / "state" / "responses.key").exists()
    assert 1 == len(server.requests)
    assert json.loads(done.stdout)


@pytest.mark.exhaustive
def test_the_demo_is_one_server_whatever_its_port(home: Path) -> None:
    """Each run starts it elsewhere, and a stored response is found again."""
    results = [run_cli("demo", "list-workflows", "--cache", "1h", "-v") for _ in range(2)]
    assert ["* cache: miss" in results[0].stderr, "* cache: hit" in results[1].stderr] == [True, True]
    assert 1 == len(_stored(home))
