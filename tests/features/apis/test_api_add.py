"""`api add`: from a base URL to a registered API; what was tried is told, and nothing needs a prompt."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.documents import PETS, operation, pets, save, serve
from tests.dry_runs import dry_run
from tests.harness import Recorder, Response, Result, assert_ended, json_response, run_cli

HTML = {"Content-Type": "text/html"}


def _response(document: Any) -> Response:
    return json_response(document)


def _page(text: str) -> Response:
    return Response(200, f"<!doctype html><html>{text}</html>".encode(), HTML)


def _entry(home: Path) -> str:
    path = home / "config" / "config.toml"
    return path.read_text() if path.exists() else ""


def _tried(result: Result) -> str:
    """Return what is reported of the places that were looked at, on one line."""
    text = result.stderr.partition("Looked for a document at:\n")[2]
    return " ".join(line.strip() for line in text.splitlines() if line.startswith("  "))


def test_a_url_of_a_document_is_taken_as_it_is(server: Recorder, home: Path) -> None:
    """If the URL gives a document there is one request, and nothing is reported of a search."""
    server.responses["/v1/spec"] = _response(pets("1", server.origin))
    result = run_cli("api", "add", "shop", f"{server.origin}/v1/spec")
    assert (0, "", 'shop: "Pets 1", 3 operations\nTry: dynacli shop --help\n') == (
        result.exit_code,
        result.stdout,
        result.stderr,
    )
    assert 1 == len(server.requests)
    assert f'source = "{server.origin}/v1/spec"' in _entry(home)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("base", ["", "/", "/api", "/api/v1?x=1"])
def test_the_usual_places_are_looked_at(base: str, server: Recorder, home: Path) -> None:
    """From a base URL the document is found, what was tried is told, and the URL of the document is kept."""
    server.responses["/openapi.json"] = _response(pets("1", server.origin))
    server.responses["/api"] = _page("Hello")
    result = run_cli("api", "add", "shop", f"{server.origin}{base}")
    assert (0, "") == (result.exit_code, result.stdout)
    assert f'{server.origin}/openapi.json document, OpenAPI 3.0.3 "Pets" 1, 3 operations' in " ".join(
        _tried(result).split()
    )
    assert "404" in _tried(result)
    assert result.stderr.endswith('shop: "Pets 1", 3 operations\nTry: dynacli shop --help\n')
    assert f'source = "{server.origin}/openapi.json"' in _entry(home)
    assert PETS == [row["name"] for row in run_cli("operations", "shop", "-o", "json").json]


@pytest.mark.parametrize(
    ("page", "path"),
    [
        (
            Response(
                200, b"{}", {"Link": '</hidden>; rel="service-desc"', "Content-Type": "application/json"}
            ),
            "/hidden",
        ),
        (Response(404, b"{}", {"Link": '</hidden>; rel="describedby"'}), "/hidden"),
        (_page('<redoc spec-url="/hidden"></redoc>'), "/hidden"),
        (_page('<script>SwaggerUIBundle({url: "/hidden", dom_id: "#ui"})</script>'), "/hidden"),
        (_page('<a href="/files/openapi.json">Download</a>'), "/files/openapi.json"),
    ],
    ids=["service-desc", "describedby", "redoc", "swagger-ui", "link"],
)
def test_what_a_page_says_is_followed(page: Response, path: str, server: Recorder, home: Path) -> None:
    """`Link` headers and the pages of Swagger UI and ReDoc lead to the document."""
    server.responses["/"] = page
    server.responses[path] = _response(pets("1", server.origin))
    assert 0 == run_cli("api", "add", "shop", server.origin).exit_code
    assert f'source = "{server.origin}{path}"' in _entry(home)


def test_a_catalog_of_apis_is_read(server: Recorder, home: Path) -> None:
    """`/.well-known/api-catalog` leads to the document (RFC 9727)."""
    linkset = {"linkset": [{"anchor": f"{server.origin}/", "service-desc": [{"href": "/hidden"}]}]}
    server.responses["/.well-known/api-catalog"] = Response(
        200, json.dumps(linkset).encode(), {"Content-Type": "application/linkset+json"}
    )
    server.responses["/hidden"] = _response(pets("1", server.origin))
    assert 0 == run_cli("api", "add", "shop", server.origin).exit_code
    assert f'source = "{server.origin}/hidden"' in _entry(home)


def test_several_documents_are_told_and_the_first_is_taken(server: Recorder) -> None:
    """If a page names several, all are told with the command that takes them together."""
    urls = '[{"url": "/one", "name": "One"}, {"url": "/two", "name": "Two"}]'
    server.responses["/"] = _page(f"<script>SwaggerUIBundle({{urls: {urls}}})</script>")
    server.responses["/one"] = _response(pets("1", server.origin))
    server.responses["/two"] = _response(
        {**pets("1", server.origin), "paths": {"/toys": {"get": operation("listToys")}}}
    )
    result = run_cli("api", "add", "shop", server.origin)
    assert 0 == result.exit_code
    assert "There are several documents, and the first is taken:\n" in result.stderr
    (line,) = [line for line in result.stderr.splitlines() if line.startswith("All of them in one API: ")]
    assert f"dynacli api add shop {server.origin}/one {server.origin}/two" == line.partition(": ")[2]
    again = run_cli(*line.partition("dynacli ")[2].split())
    assert (0, 0) == (again.exit_code, dry_run("shop", "list-toys").exit_code)


@pytest.mark.exhaustive
def test_nothing_found_says_where_it_was_looked_for(server: Recorder, home: Path) -> None:
    """A host without a document ends with 8, with everything that was tried, and nothing is kept."""
    server.responses["/"] = _page("Hello")
    result = run_cli("api", "add", "shop", server.origin, "--error-format", "json")
    assert (8, f"No OpenAPI document was found at `{server.origin}/`", "") == (
        result.exit_code,
        result.error["message"],
        _entry(home),
    )
    assert {"url": f"{server.origin}/openapi.json", "result": "404"}.items() <= {
        key: value
        for attempt in result.error["tried"]
        if attempt["url"] == f"{server.origin}/openapi.json"
        for key, value in attempt.items()
    }.items()
    reported = _tried(result)
    assert 5 == reported.count(server.origin)
    assert f"and {len(result.error['tried']) - 5} more; `-v` lists them" in reported
    verbose = run_cli("api", "add", "shop", server.origin, "-v", "--error-format", "json")
    assert len(verbose.error["tried"]) == _tried(verbose).count(server.origin)
    assert not [path for path in (home / "cache").rglob("*") if path.is_file()]


def test_no_discovery_looks_nowhere_else(server: Recorder) -> None:
    """`--no-discovery` takes the URL for the document's own; so do `--offline` and a file."""
    server.responses["/openapi.json"] = _response(pets("1", server.origin))
    result = run_cli("api", "add", "shop", server.origin, "--no-discovery")
    assert (8, 1) == (result.exit_code, len(server.requests))
    assert 8 == run_cli("api", "add", "shop", server.origin, "--offline").exit_code
    assert 8 == run_cli("api", "add", "shop", "./absent.json").exit_code
    assert 1 == len(server.requests)


def test_a_document_with_a_fault_is_the_one_that_is_meant(server: Recorder) -> None:
    """If the URL gives a document that cannot be used, its own error is told and no other one is taken."""
    server.responses["/v1/openapi.json"] = _response({**pets("1", server.origin), "openapi": "4.0.0"})
    server.responses["/openapi.json"] = _response(pets("1", server.origin))
    result = run_cli("api", "add", "shop", f"{server.origin}/v1/openapi.json")
    assert_ended(result, 8, "OpenAPI 4.0.0 documents are not supported")


def test_another_origin_is_told_and_not_asked(
    server: Recorder, other_server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page that leads to another origin is reported, never asked, and no search has a credential."""
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", canary)
    other_server.responses["/openapi.json"] = _response(pets("1", server.origin))
    server.responses["/"] = _page(f'<redoc spec-url="{other_server.origin}/openapi.json"></redoc>')
    result = run_cli("api", "add", "shop", server.origin)
    assert (8, []) == (result.exit_code, other_server.requests)
    assert f"{other_server.origin}/openapi.json" in result.stderr
    assert canary not in repr(server.requests)


def test_a_host_is_told_to_be_a_url() -> None:
    """A word without a scheme is explained."""
    result = run_cli("api", "add", "shop", "api.example.com", "--error-format", "json")
    assert (2, "If it is a host, write `https://api.example.com`") == (result.exit_code, result.error["hint"])


def test_a_server_that_is_down_is_a_network_error(home: Path) -> None:
    """A base URL if nothing listens ends with 6, without a search."""
    result = run_cli("api", "add", "shop", "http://127.0.0.1:9")
    assert (6, "", "") == (result.exit_code, _tried(result), _entry(home))


SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "basic": {"type": "http", "scheme": "basic"},
    "key": {"type": "apiKey", "in": "header", "name": "X-Key"},
    "oauth": {
        "type": "oauth2",
        "flows": {"clientCredentials": {"tokenUrl": "https://id.example/t", "scopes": {}}},
    },
    "hoba": {"type": "http", "scheme": "hoba"},
    "mtls": {"type": "mutualTLS"},
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("security", "lines"),
    [
        ([{"bearer": []}], ["Credentials: bearer (a bearer token): set DYNACLI_SHOP_TOKEN"]),
        (
            [{"basic": []}],
            [
                "Credentials: basic (user name and password): set DYNACLI_SHOP_USERNAME and DYNACLI_SHOP_PASSWORD"
            ],
        ),
        ([{"key": []}], ["Credentials: key (an API key in header `X-Key`): set DYNACLI_SHOP_KEY"]),
        ([{"oauth": []}], ["Credentials: oauth (an OAuth 2 access token): set DYNACLI_SHOP_TOKEN"]),
        (
            [{"mtls": []}],
            [
                (
                    "Credentials: mtls (a client certificate): "
                    "name it in the configuration, as `dynacli help auth-config` says"
                )
            ],
        ),
        (
            [{"hoba": []}],
            ["Credentials: hoba (HTTP hoba): not supported yet; give the header that it needs with -H"],
        ),
        (
            [{"bearer": []}, {"key": []}],
            [
                "Credentials: bearer (a bearer token): set DYNACLI_SHOP_TOKEN",
                "         or: key (an API key in header `X-Key`): set DYNACLI_SHOP_KEY",
            ],
        ),
        ([{}], []),
        ([], []),
    ],
    ids=["bearer", "basic", "key", "oauth", "mtls", "hoba", "either", "optional", "none"],
)
def test_it_says_which_credentials_there_are(security: list[Any], lines: list[str], server: Recorder) -> None:
    """Each way to sign in has a line with the variables that give it."""
    document = {**pets("1", server.origin), "security": security}
    document["components"]["securitySchemes"] = SCHEMES
    server.responses["/d"] = _response(document)
    result = run_cli("api", "add", "shop", f"{server.origin}/d")
    login = ["Sign in: dynacli auth login shop"] if any(": set " in line for line in lines) else []
    reported = ['shop: "Pets 1", 3 operations', *lines, *login, "Try: dynacli shop --help"]
    assert reported == result.stderr.splitlines()


def test_what_is_set_is_said_to_be(server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable that is set already is said to be, its value never."""
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", canary)
    document = {**pets("1", server.origin), "security": [{"bearer": []}]}
    document["components"]["securitySchemes"] = SCHEMES
    document["paths"]["/pets"]["get"]["security"] = []
    server.responses["/d"] = _response(document)
    lines = run_cli("api", "add", "shop", f"{server.origin}/d").stderr.splitlines()
    assert [
        "Credentials: bearer (a bearer token): set DYNACLI_SHOP_TOKEN (set)",
        "1 of 3 operations needs none",
    ] == lines[1:-1]


@pytest.mark.parametrize("terminal", [(), ("stdin", "stdout", "stderr")], ids=["pipe", "terminal"])
def test_nothing_is_asked_of_the_person(terminal: tuple[str, ...], server: Recorder) -> None:
    """Adding needs no prompt, at a terminal or without one."""
    server.responses["/openapi.json"] = _response(pets("1", server.origin))
    result = run_cli("api", "add", "shop", server.origin, terminal=terminal)
    assert (0, "") == (result.exit_code, result.stdout)
    assert PETS[0] in run_cli("operations", "shop").stdout


def test_what_a_server_says_does_not_drive_the_terminal(server: Recorder) -> None:
    """Control characters in a title or a link are made visible."""
    document = pets()
    document["info"]["title"] = "Pets\x1b]0;owned\x07\u202e"
    server.responses["/"] = _page(
        '<redoc spec-url="/a%1b[31mb\x1b[31m"></redoc><a href="/openapi.json\x07">x</a>'
    )
    server.responses["/openapi.json"] = _response(document)
    result = run_cli("api", "add", "shop", server.origin, terminal=("stderr",))
    assert 0 == result.exit_code
    assert [] == [char for char in ("\x1b]", "\x07", "\u202e") if char in result.stderr]


def test_adding_again_finds_it_again(server: Recorder, home: Path) -> None:
    """The same base URL leads to the same document, which is not other one."""
    server.responses["/openapi.json"] = _response(pets("1", server.origin))
    for _ in range(2):
        assert 0 == run_cli("api", "add", "shop", server.origin).exit_code
    assert 1 == _entry(home).count("[apis.shop]")


# The options that are about calls


STAGING = {
    "servers": [
        {"url": "https://one.example"},
        {"url": "https://{x}.example", "variables": {"x": {"default": "y"}}},
    ]
}


def _sent_to(*words: str) -> str:
    """Return the URL that a call would go to."""
    result = run_cli(*words, "list-pets", "--dry-run", "json")
    return str(result.json["url"]).partition("/pets")[0] if result.exit_code == 0 else result.stderr


def test_a_server_is_kept(server: Recorder, home: Path) -> None:
    """`--server` and similar ones of `api add` hold for each call; an option of the call wins."""
    server.responses["/d.json"] = _response({**pets("1", server.origin), **STAGING})
    url = f"{server.origin}/d.json"
    words = ("--server", "1", "--server-var", "x=z", "--timeout", "3", "--validate", "strict")
    assert 0 == run_cli("api", "add", "shop", url, *words).exit_code
    assert {"server", "server_vars", "timeout", "validate"} <= set(
        tomllib.loads(_entry(home))["apis"]["shop"]
    )
    assert "https://z.example" == _sent_to("shop")
    assert "https://z.example" in run_cli("shop").stdout
    assert "https://one.example" == _sent_to("shop", "--server", "0")
    assert 0 == run_cli("api", "add", "shop", url, "--server", f"{server.origin}/v2").exit_code
    assert f"{server.origin}/v2" == _sent_to("shop")
    assert {"timeout": 3, "validate": "strict"}.items() <= tomllib.loads(_entry(home))["apis"]["shop"].items()


def test_a_profile_is_written(server: Recorder, home: Path) -> None:
    """With `--profile` the options go into that profile, and leave the rest of it and its comments alone."""
    server.responses["/d.json"] = _response({**pets("1", server.origin), **STAGING})
    words = ("api", "add", "shop", f"{server.origin}/d.json")
    assert 0 == run_cli(*words).exit_code
    path = home / "config" / "config.toml"
    path.write_text(_entry(home) + "\n[apis.shop.profiles.mine]  # my own\ntimeout = 9 # long\n")
    assert 0 == run_cli(*words, "--profile", "mine", "--server", "https://m.example").exit_code
    assert 0 == run_cli(*words, "--profile", "other", "--server", "https://o.example").exit_code
    assert {
        "mine": {"timeout": 9, "server": "https://m.example"},
        "other": {"server": "https://o.example"},
    } == (tomllib.loads(_entry(home))["apis"]["shop"]["profiles"])
    assert "# my own" in _entry(home)
    assert "# long" in _entry(home)
    found = [_sent_to("shop", *more) for more in ((), ("--profile", "mine"), ("--profile", "other"))]
    assert ["https://one.example", "https://m.example", "https://o.example"] == found


@pytest.mark.parametrize(
    ("words", "phrase"),
    [
        (("--profile", "absent"), "has no profile `absent`"),
        (("--server", "9"), "There is no server `9`"),
        (("--server", "ftp://x.example"), "not a URL that can be sent to"),
        (("--server", "https://x.example?api_key=abc"), "`api_key` of the URL holds a secret"),
        (("--server-var", "x=1"), "has no variable `x`"),
        (("--server-var", "x"), "has no `=`"),
        (("--dry-run",), "does not accept `--dry-run`"),
        (("--report", "json"), "does not accept `--report`"),
        (("--show-secrets",), "does not accept `--show-secrets`"),
        (("--no-fail",), "does not accept `--no-fail`"),
        (("-o", "json"), "does not accept `--output`"),
        (("--body", "{}"), "does not accept `--body`"),
        (("--example",), "does not accept `--example`"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_what_cannot_be_kept_is_refused(
    words: tuple[str, ...], phrase: str, server: Recorder, home: Path
) -> None:
    """An option that would be forgotten is an error, and nothing is registered."""
    server.responses["/d.json"] = _response({**pets("1", server.origin), **STAGING})
    result = run_cli(*words, "api", "add", "shop", f"{server.origin}/d.json")
    assert_ended(result, 2, phrase)
    assert "" == _entry(home)


@pytest.mark.sampled(8)
@pytest.mark.parametrize("verb", ["refresh", "rollback", "pin", "unpin", "remove", "rename"])
@pytest.mark.parametrize(
    "option",
    [("--dry-run",), ("--server", "1"), ("--timeout", "3"), ("--body", "{}")],
    ids=lambda words: words[0],
)
def test_a_change_is_not_made_with_an_option_that_it_forgets(
    verb: str, option: tuple[str, ...], server: Recorder, home: Path
) -> None:
    """`api remove NAME --dry-run` removes nothing; so the other commands that change what is registered."""
    server.responses["/d.json"] = _response(pets("1", server.origin))
    run_cli("api", "add", "shop", f"{server.origin}/d.json")
    before = _entry(home)
    result = run_cli(*option, "api", verb, "shop", *(["other"] if verb == "rename" else []))
    assert (2, f"`api {verb}` does not accept `{option[0]}`", before, 1) == (
        result.exit_code,
        result.stderr.partition("error: ")[2].splitlines()[0],
        _entry(home),
        len(server.requests),
    )


@pytest.mark.parametrize("query", ["access_token=abc", "v=1&apiKey=abc", "X-Amz-Signature=abc", "sig=abc"])
def test_a_secret_in_a_url_is_not_kept(query: str, server: Recorder, home: Path) -> None:
    """A URL whose query holds a secret is refused with the way to do it, before anything is sent."""
    server.responses["/d.json"] = _response(pets("1", server.origin))
    result = run_cli("api", "add", "shop", f"{server.origin}/d.json?{query}")
    assert_ended(result, 2, without=["abc"])
    assert [] == server.requests
    assert "" == _entry(home)
    assert "DYNACLI_SHOP_TOKEN" in result.stderr


@pytest.mark.parametrize("query", ["version=1", "keyword=pets", "token=", "monkey=1"])
def test_another_query_is_kept(query: str, server: Recorder, home: Path) -> None:
    """Other parameters of a URL belong to it."""
    server.responses["/d.json"] = _response(pets("1", server.origin))
    assert 0 == run_cli("api", "add", "shop", f"{server.origin}/d.json?{query}").exit_code
    assert f"/d.json?{query}" in _entry(home)


def test_a_found_document_is_fetched_once(server: Recorder) -> None:
    """What the search has downloaded is not downloaded again, and the given URL is asked once."""
    server.responses |= {"/": _page("Hello"), "/openapi.json": _response(pets("1", server.origin))}
    assert 0 == run_cli("api", "add", "shop", server.origin).exit_code
    targets = [request.target for request in server.requests]
    assert (1, 1) == (targets.count("/"), targets.count("/openapi.json"))


_FAILING = {
    "no document": ("/none.json",),
    "a broken document": ("/broken.json",),
    "no server of it": ("/openapi.json", "--server", "nonsense"),
    "a broken further one": ("/openapi.json", "/broken.json"),
    "no overlay": ("/openapi.json", "--overlay", "missing.yaml"),
    "a name that is taken": ("/openapi.json",),
}


@pytest.mark.parametrize("case", _FAILING)
def test_nothing_is_left_of_an_api_that_is_not_added(case: str, server: Recorder, home: Path) -> None:
    """The cache has the same files as before, also if the document itself can be used."""
    serve(server, pets())
    server.responses["/broken.json"] = json_response({})
    if case == "a name that is taken":
        assert 0 == run_cli("api", "add", "shop", save(pets("2"))).exit_code
    before = _files(home)
    words = [f"{server.origin}{word}" if word.startswith("/") else word for word in _FAILING[case]]
    assert 0 != run_cli("api", "add", "shop", *words, "--no-discovery").exit_code
    assert before == _files(home)


def test_a_document_that_was_there_before_stays(server: Recorder, home: Path) -> None:
    """It is that of calls by its URL."""
    url = serve(server, pets())
    assert 0 == run_cli(url).exit_code
    before = _files(home)
    serve(server, pets("2"))
    assert 2 == run_cli("api", "add", "shop", url, "--server", "nonsense").exit_code
    assert before < _files(home)


def _files(home: Path) -> set[Path]:
    return {path for path in (home / "cache").rglob("*") if path.is_file()}
