"""`dynacli read`: a prefix that a script or an agent can be allowed, since its calls change nothing."""

from typing import Any

import pytest

from tests.documents import BEARER, document, operation, save, serve
from tests.harness import Answer, Recorder, run_cli

METHODS = ("get", "head", "options", "trace", "post", "put", "patch", "delete")
SAFE = ("get", "head", "options", "trace")


@pytest.fixture
def things(server: Recorder) -> str:
    """A document that has an operation of each method."""
    paths = {"/things": {method: operation(f"{method}Thing", tags=["things"]) for method in METHODS}}
    server.answers["/things"] = Answer(body=b"{}")
    return save(document(paths, [server.origin]), "api.json")


@pytest.mark.parametrize("method", METHODS)
def test_what_may_change_something_is_refused(method: str, things: str, server: Recorder) -> None:
    """Only safe methods are called; the others are refused before anything else is looked at."""
    words = ["read", things, f"{method}-thing", *([] if method in SAFE else ["--no-such-option"])]
    result = run_cli(*words)
    assert (0 if method in SAFE else 11, int(method in SAFE)) == (result.exit_code, len(server.requests))
    if method not in SAFE:
        assert "may change something" in result.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param(["things", "get-thing"], 0, id="by-tag"),
        pytest.param(["things", "post-thing"], 11, id="by-tag-refused"),
        pytest.param(["GET", "/things"], 0, id="by-path"),
        pytest.param(["POST", "/things"], 11, id="by-path-refused"),
        pytest.param(["post-thing", "--dry-run"], 11, id="not-even-shown"),
        pytest.param(["post-thing", "--help"], 0, id="its-help"),
    ],
)
def test_an_operation_is_named_as_without_it(words: list[str], code: int, things: str) -> None:
    """Everything behind `read` is what stands behind `dynacli`."""
    assert code == run_cli("read", things, *words).exit_code


def test_the_stand_in_can_be_read() -> None:
    """`demo` is an API here, whose server nobody can keep running by it."""
    assert 0 == run_cli("read", "demo", "list-workflows").exit_code
    assert 11 == run_cli("read", "demo", "create-workflow", "--name", "x").exit_code
    assert 2 == run_cli("read", "demo", "serve").exit_code


def test_no_verb_is_read() -> None:
    """A verb behind `read` is an API that there is not."""
    result = run_cli("read", "cache", "clear")
    assert 2 == result.exit_code
    assert "prefix" in run_cli("read", "--help").stdout


@pytest.mark.parametrize("header", ["X-HTTP-Method-Override", "x-method-override", "X-HTTP-Method"])
def test_a_header_makes_no_other_method_of_it(header: str, server: Recorder) -> None:
    """A GET with such a header, from an option or an input of the document, is refused: servers may delete."""
    declared = [{"name": header, "in": "header", "schema": {"type": "string"}}]
    paths = {"/a": {"get": operation("getA")}, "/b": {"get": operation("getB", parameters=declared)}}
    api = save(document(paths, [server.origin]), "api.json")
    server.answers["/a"] = server.answers["/b"] = Answer()
    by_option = run_cli("read", api, "get-a", "-H", f"{header}: DELETE")
    by_input = run_cli("read", api, "get-b", f"--{header.lower()}", "delete")
    assert (11, 11, 0) == (by_option.exit_code, by_input.exit_code, len(server.requests))
    assert "A header asks for DELETE, which may change something" in by_option.stderr
    assert 0 == run_cli("read", api, "get-b", f"--{header.lower()}", "GET").exit_code


def test_it_chooses_no_origin_for_a_credential(server: Recorder) -> None:
    """Another server gets the request without the credential, and no option of the call accepts its origin."""
    server.answers["/a"] = Answer()
    api = save(document({"/a": {"get": operation("getA")}}, ["https://api.example.com"]))
    words = (api, "get-a", "--server", server.origin, "--accept-origin", server.origin)
    result = run_cli("read", *words)
    assert (11, 0) == (result.exit_code, len(server.requests))
    assert server.origin in result.stderr
    assert (0, 0) == (run_cli(*words).exit_code, run_cli("read", *words[:4]).exit_code)


def _shop() -> dict[str, Any]:
    paths = {"/a": {"get": operation("getA", security=[{"auth": []}])}}
    return document(paths, None, {"auth": BEARER})


@pytest.fixture
def shop(server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """A registered API that is called with a token, which calls of no registered API have, too."""
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", canary)
    monkeypatch.setenv("DYNACLI_TOKEN", canary)
    server.answers["/a"] = Answer()
    url = serve(server, _shop())
    assert 0 == run_cli("api", "add", "shop", url).exit_code
    return url


@pytest.mark.parametrize(
    "words",
    [
        ["read", "shop", "get-a", "--server", "{other}"],
        ["--server", "{other}", "read", "shop", "get-a"],
        ["read", "--server", "{other}", "shop", "GET", "/a"],
        ["read", "shop", "GET", "/b", "--server", "{other}", "-H", "Authorization: Bearer mine"],
        ["read", "shop", "get-a", "--server", "http://{{h}}", "--server-var", "h={other_host}"],
        ["read", "shop", "get-a", "--profile", "template", "--server-var", "h={other_host}"],
        ["read", "{other}/openapi.json", "get-a"],
        ["read", "{other}/openapi.json", "get-a", "--server", "{other}"],
        ["read", "./api.json", "get-a", "--server", "{other}"],
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("shop")
def test_nothing_that_the_call_says_accepts_an_origin(
    words: list[str], server: Recorder, other_server: Recorder
) -> None:
    """Neither `--server`, nor its variables, nor the URL of a document lets a credential go anywhere."""
    serve(other_server, _shop())
    save(_shop())
    run_cli("api", "set", "shop", "profiles.template.server=http://{h}")
    run_cli("api", "set", "shop", f"profiles.template.server_vars.h={server.origin.partition('//')[2]}")
    names = {"other": other_server.origin, "other_host": other_server.origin.partition("//")[2]}
    result = run_cli(*(word.format(**names) for word in words), "--error-format", "json")
    assert (11, "refused") == (result.exit_code, result.error["kind"])
    assert {"/openapi.json"} >= {request.target for request in other_server.requests}
    assert "--accept-origin" not in result.error["hint"]


def test_what_a_person_accepted_before_is_called_with_the_credential(
    shop: str, server: Recorder, other_server: Recorder, canary: str
) -> None:
    """The document's own origin, `origins` and servers of the configuration count, also with `--server`."""
    other_server.answers["/a"] = Answer()
    other = ("--server", other_server.origin)
    assert 0 == run_cli("read", "shop", "get-a", "--server", server.origin).exit_code
    run_cli("api", "set", "shop", f"profiles.p.server={other_server.origin}")
    assert (0, 11) == tuple(
        run_cli("read", "shop", "get-a", *w).exit_code for w in (("--profile", "p"), other)
    )
    run_cli("api", "add", "shop", shop, "--accept-origin", other_server.origin)
    assert 0 == run_cli("read", "shop", "get-a", *other).exit_code
    sent = [request.headers.get("authorization") for request in other_server.requests]
    assert [[f"Bearer {canary}"]] * 2 == sent


def test_the_document_of_a_call_gets_no_credential(
    other_server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that wants a login for the document of a `read` gets none, as anybody may have named its URL."""
    monkeypatch.setenv("DYNACLI_TOKEN", canary)
    other_server.answers["/openapi.json"] = Answer(401, headers={"WWW-Authenticate": "Bearer"})
    url = f"{other_server.origin}/openapi.json"
    assert 0 != run_cli("read", url, "get-a").exit_code
    assert [None] == [request.headers.get("authorization") for request in other_server.requests]
    assert 0 != run_cli(url, "get-a").exit_code
    assert [f"Bearer {canary}"] == other_server.last.headers["authorization"]
