"""The overview of an API: short for any document, true of who is signed in, with commands that run."""

import shlex
from typing import Any

import pytest

from dynacli.openapi.model.kebab_names import kebab
from dynacli.text.terminal import cell_width
from tests.documents import (
    API_KEY,
    BASIC,
    BEARER,
    api_of,
    document,
    get,
    operation,
    parameter,
    route,
    save,
    save_api,
    serve,
)
from tests.harness import Recorder, Response, run_cli

STRING = {"type": "string"}
LONG = "long-" * 40
HOSTILE = "\x1b]0;owned\x07\u202e\nsecond line"


def _many(count: int, tag: str = "") -> dict[str, Any]:
    """Return paths with a number of operations; `{}` in their tag stands for the operation's number."""
    return {
        f"/things{number}/{{id}}": {
            "get": operation(
                f"getThing{number}", parameter("id", STRING, "path"), tags=[tag.format(number)] if tag else []
            )
        }
        for number in range(count)
    }


HIDDEN = {**operation("hidden", tags=["secret"]), "x-cli-hidden": True}

DOCUMENTS = {
    "nothing": document({}),
    "one operation": api_of(get("/a")),
    "one hidden operation": document({"/a": {"get": HIDDEN}}),
    "no tags": document(_many(300)),
    "a tag each": document(_many(25, "tag{}")),
    "1,000 tags": document(_many(1000, "tag {}")),
    "some without a tag": api_of(_many(30, "things"), get("/a")),
    "long names": {
        **api_of(
            get("/a", LONG, tags=[LONG], summary=LONG),
            _many(30, f"{LONG}{{}}"),
            schemes={LONG: BEARER, f"{LONG}2": API_KEY},
            info={"title": LONG, "version": LONG, "description": LONG},
            security=[{LONG: [], f"{LONG}2": []}],
        ),
        "servers": [{"url": f"https://{LONG}.example", "description": LONG} for _ in range(9)],
    },
    "wide letters": api_of(
        get("/a", tags=["検索"], summary="検索" * 80),
        _many(30, "検索"),
        info={"title": "検索" * 80, "version": "1", "description": "検索" * 80},
    ),
    "hostile texts": api_of(
        get("/a", tags=[HOSTILE], summary=HOSTILE),
        servers=[f"https://a.example/{HOSTILE}", HOSTILE],
        schemes={HOSTILE: {"type": "http", "scheme": HOSTILE}},
        info={"title": HOSTILE, "version": HOSTILE, "description": HOSTILE},
        tags=[{"name": HOSTILE, "description": HOSTILE}],
        security=[{HOSTILE: []}],
    ),
    "much of everything": document(
        _many(25, "tag{}"),
        version="3.1.0",
        servers=[f"https://{name}.example" for name in "abcdef"],
        info={"title": "Much", "version": "1", "description": "Words that go on. " * 9},
        schemes={"one": BEARER, "two": BASIC, "three": API_KEY},
        security=[{"one": []}, {"two": []}, {"three": []}],
        webhooks={"happened": {"post": {"summary": "It happened"}}},
    ),
}


@pytest.mark.sampled(2)
@pytest.mark.parametrize("columns", ["", "40", "80", "120"])
@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_page_is_short(name: str, columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It has at most 40 lines of at most 100 columns; only a command, which must run, may leave the terminal."""
    monkeypatch.setenv("COLUMNS", columns)
    result = run_cli(save(DOCUMENTS[name]))
    assert 0 == result.exit_code
    assert all(letter == "\n" or letter.isprintable() for letter in result.stdout)
    lines = result.stdout.splitlines()
    assert len(lines) <= 40
    for line in lines:
        is_command = line.startswith("  dynacli ")
        assert cell_width(line) <= (100 if is_command else min(int(columns or 80), 100)), line


@pytest.mark.sampled(3)
@pytest.mark.parametrize("columns", ["40", "80"])
@pytest.mark.parametrize("name", ["one operation", "a tag each", "much of everything"])
def test_few_operations_are_all_listed(name: str, columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to 25 operations are on the page, on a narrow terminal as well."""
    monkeypatch.setenv("COLUMNS", columns)
    made = DOCUMENTS[name]
    page = run_cli(save(made)).stdout
    for item in made["paths"].values():
        assert f"\n  {kebab(item['get']['operationId'])}" in page


@pytest.mark.exhaustive
def test_the_tags_with_most_operations_come_first() -> None:
    """Of more operations the tags are listed, with their numbers; the others are counted, the untagged ones too."""
    paths = {**_many(20, "few{}"), **{f"{path}/a": item for path, item in _many(9).items()}}
    for number, item in enumerate(_many(7, "Most Used").values()):
        item["get"]["operationId"] = f"used{number}"
        paths[f"/used{number}/{{id}}"] = item
    for number in range(200):
        paths[f"/more{number}"] = {"get": operation(f"more{number}", tags=[f"more{number}"])}
    page = run_cli(save_api(paths)).stdout
    assert "236 operations in 221 tags" in page
    rows = page[page.index("\nTags") :].splitlines()[2:]
    assert ["  most-used      7", "  few0           1"] == rows[:2]
    end = rows.index("")
    assert ["  without a tag  9", f"  {221 - (end - 2)} more tags: dynacli operations ./api.json"] == rows[
        end - 2 : end
    ]


def test_hidden_operations_do_not_count() -> None:
    """What `x-cli-hidden` hides is not counted, listed or a command; a deprecated operation is not a first choice."""
    paths = {
        "/a": {"get": HIDDEN},
        "/b": {"get": operation("old", deprecated=True)},
        "/c": {"get": operation("new", summary="Show the news")},
    }
    page = run_cli(save_api(paths)).stdout
    assert "OpenAPI 3.0.3, 2 operations, " in page
    assert (False, False, True) == tuple(word in page for word in ("hidden", "secret", "old"))
    assert [
        ["./api.json", "new"],
        ["search", "./api.json", "show", "the", "news"],
    ] == _commands(page)


def _commands(page: str) -> list[list[str]]:
    return [shlex.split(line)[1:] for line in page.splitlines() if line.startswith("  dynacli ")]


@pytest.mark.parametrize("count", [3, 30])
def test_the_next_commands_run(count: int, server: Recorder) -> None:
    """Each of them ends with 0 as it stands, and none of them changes anything."""
    paths = {
        **_many(count, "odd {}s"),
        "/plain": {
            "get": operation("listPlain"),
            "post": operation("addPlain", body=STRING, summary="Add a plain thing."),
        },
        "/needy": {"get": operation("listNeedy", parameter("q", STRING, required=True))},
    }
    url = serve(server, document(paths, (server.origin,)))
    server.responses["/plain"] = Response(200, b"[]")
    commands = _commands(run_cli(url).stdout)
    assert [url, "list-plain"] == commands[0]
    assert ["search", url, "add", "a", "plain", "thing"] == commands[1 if count == 3 else 2]
    assert (2 if count == 3 else 3) == len(commands)
    for words in commands:
        assert 0 == run_cli(*words).exit_code
    assert {"GET"} == {request.method for request in server.requests}


def test_a_read_that_acts_is_not_proposed(server: Recorder) -> None:
    """Copying a proposed line must not stop or send anything."""
    paths = {"/irc/stop": {"get": operation("")}, "/plain/list": {"get": operation("listPlain")}}
    assert ["list-plain"] == _commands(run_cli(serve(server, document(paths, (server.origin,)))).stdout)[0][
        1:
    ]


def test_a_call_needs_a_server_to_be_proposed() -> None:
    """A file whose document names no server has no call that runs as it stands."""
    page = run_cli(save_api(get("/a"), server=None)).stdout
    assert "none in the document; give --server URL" in page
    assert [] == _commands(page)


@pytest.mark.parametrize(
    ("path", "method", "summary", "wish"),
    [
        ("/x", "post", "Create a project", "create a project"),
        ("/x", "post", "Sends a message (to all). Or not", "sends a message"),
        ("/projects", "post", "Projects", "create project"),
        ("/projects", "get", "", "list projects"),
        ("/projects/{id}", "delete", "Project Deletion", "delete project"),
        ("/events/clear/warning", "post", "Events Clear Warning", ""),
        ("/status", "get", "Status", ""),
        ("/x", "post", "Create a project in the workspace of the team that you name", ""),
        ("/projekte", "post", "Lege ein Projekt an", ""),
    ],
)
def test_a_search_is_proposed_in_plain_words(path: str, method: str, summary: str, wish: str) -> None:
    """Those of a short summary that begins with a verb, else those of the path; none rather than a name."""
    parameters = [parameter("id", STRING, "path")] if "{" in path else []
    made = api_of(route(method, path, "glances_events_x", *parameters, summary=summary))
    found = [words[2:] for words in _commands(run_cli(save(made)).stdout) if words[0] == "search"]
    assert ([wish.split()] if wish else []) == found


def test_what_cannot_be_copied_is_no_command() -> None:
    """Standard input is read once, so that no command begins with it again."""
    made = save_api(get("/a"))
    with open(made, "rb") as file:
        result = run_cli("-", stdin=file.read())
    assert (0, []) == (result.exit_code, _commands(result.stdout))


SCHEMES = {
    "bearer": BEARER,
    "basic": BASIC,
    "key": API_KEY,
    "hoba": {"type": "http", "scheme": "hoba"},
    "mtls": {"type": "mutualTLS"},
}


@pytest.mark.parametrize(
    ("security", "variables", "reported"),
    [
        ([], [], "Sign in    the document declares no credentials"),
        ([{"bearer": []}], [], "Sign in    set DYNACLI_TOKEN; 1 of 3 operations need none"),
        ([{"bearer": []}], ["DYNACLI_TOKEN"], "Signed in  by DYNACLI_TOKEN"),
        ([{"bearer": []}], ["DYNACLI_BEARER"], "Signed in  by DYNACLI_BEARER"),
        ([{"bearer": []}], ["DYNACLI_KEY"], "Sign in    set DYNACLI_TOKEN; 1 of 3 operations need none"),
        (
            [{"basic": []}],
            ["DYNACLI_USERNAME", "DYNACLI_PASSWORD"],
            "Signed in  by DYNACLI_USERNAME and DYNACLI_PASSWORD",
        ),
        (
            [{"bearer": []}, {"key": []}],
            [],
            "Sign in    set DYNACLI_TOKEN, or DYNACLI_KEY; 1 of 3 operations need none",
        ),
        ([{"bearer": []}, {"key": []}], ["DYNACLI_KEY"], "Signed in  by DYNACLI_KEY"),
        ([{"bearer": [], "key": []}], ["DYNACLI_KEY"], "Sign in    set DYNACLI_TOKEN and DYNACLI_KEY"),
        ([{"mtls": []}], ["DYNACLI_TOKEN"], "Sign in    by a certificate: `cert` of `auth.mtls` in the"),
        (
            [{"hoba": []}],
            [],
            "Sign in    `hoba` is not supported yet: give the header that it needs with",
        ),
    ],
)
def test_it_says_who_is_signed_in(
    security: list[Any], variables: list[str], reported: str, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variables that sign in, or those that would; never what they hold."""
    for name in variables:
        monkeypatch.setenv(name, canary)
    paths = {
        "/a": {"get": operation("a"), "put": operation("b")},
        "/c": {"put": operation("c", security=[{}] if security else [])},
    }
    made = document(paths, schemes=SCHEMES, security=security)
    assert reported in run_cli(save(made)).stdout


def test_a_call_that_wants_a_credential_is_proposed_to_those_who_have_it(
    server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it the simplest call that is open to all is."""
    paths = {
        "/a": {"get": operation("mine", security=[{"bearer": []}])},
        "/b/{id}": {"get": operation("open", parameter("id", STRING, "path"))},
    }
    made = document(paths, (server.origin,), schemes=SCHEMES)
    url = serve(server, made)
    assert "open" == _commands(run_cli(url).stdout)[0][1]
    monkeypatch.setenv("DYNACLI_TOKEN", "secret")
    assert "mine" == _commands(run_cli(url).stdout)[0][1]


def test_the_server_is_the_one_that_calls_go_to(server: Recorder) -> None:
    """A relative server is resolved, `--server` and a profile count, and several have their numbers."""
    made = api_of(get("/a"), server="/v1")
    url = serve(server, made)
    assert f"  Server     {server.origin}/v1\n" in run_cli(url).stdout
    assert "  Server     https://other.example\n" in run_cli("--server", "https://other.example", url).stdout
    made["servers"] = [{"url": f"https://{name}.example"} for name in "abcde"]
    page = run_cli(save(made)).stdout
    assert "  Servers    0  https://a.example\n             1  https://b.example\n" in page
    assert "             and 2 more, which `describe` lists\n" in page


def test_the_age_of_the_document_is_told(server: Recorder) -> None:
    """Of a document at a URL it learns when it was fetched, of a file when it changed."""
    made = api_of(get("/a"))
    assert "1 operation, fetched less than a minute ago" in run_cli(serve(server, made)).stdout
    assert "1 operation, changed less than a minute ago" in run_cli(save(made)).stdout


def test_help_and_no_words_are_the_same_page() -> None:
    """`dynacli API --help` is the overview, and so is the API alone; neither fails."""
    api = save_api(_many(3))
    alone, helped = run_cli(api), run_cli(api, "--help")
    assert (0, 0) == (alone.exit_code, helped.exit_code)
    assert alone.stdout == helped.stdout


@pytest.mark.exhaustive
def test_colours_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal there are some, with NO_COLOR or in a pipe none."""
    api = save(DOCUMENTS["1,000 tags"])
    assert "\x1b[1m" in run_cli(api, terminal=("stdout",)).stdout
    assert "\x1b" not in run_cli(api).stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run_cli(api, terminal=("stdout",)).stdout
