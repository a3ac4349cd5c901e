"""A credential goes to an origin only when a person accepted it for this API; a document accepts nothing."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from dynacli.request.choose_server import written_origin
from tests.documents import BEARER, api_of, document, get, operation, save, save_api, serve
from tests.harness import Recorder, Response, Result, run_cli


def _document(servers: list[str] | None = None, **more: Any) -> dict[str, Any]:
    paths = {"/items": {"get": operation("list-items", security=[{"auth": []}], **more)}}
    return document(paths, servers, {"auth": BEARER})


def _sent(server: Recorder) -> list[str]:
    """Return the `Authorization` of every call that a server got, without the fetching of the document."""
    return [
        "".join(request.headers.get("authorization", []))
        for request in server.requests
        if request.target == "/items"
    ]


def _configured(home: Path) -> list[str]:
    text = (home / "config" / "config.toml").read_text()
    origins: list[str] = tomllib.loads(text)["apis"]["shop"]["origins"]
    return origins


@pytest.fixture(autouse=True)
def token(canary: str, monkeypatch: pytest.MonkeyPatch, server: Recorder, other_server: Recorder) -> str:
    """Have a credential for everything that is called, and servers that would take it."""
    monkeypatch.setenv("DYNACLI_TOKEN", canary)
    monkeypatch.setenv("DYNACLI_SHOP_TOKEN", canary)
    server.responses["/items"] = other_server.responses["/items"] = Response()
    return canary


def test_the_documents_own_origin_is_accepted(server: Recorder, token: str) -> None:
    """A document from a URL, registered or not, may have the credential at that origin."""
    url = serve(server, _document(["/"]))
    assert 0 == run_cli(url, "list-items").exit_code
    run_cli("api", "add", "shop", url)
    assert 0 == run_cli("shop", "list-items").exit_code
    assert [f"Bearer {token}"] * 2 == _sent(server)


@pytest.mark.parametrize("registered", [True, False], ids=["registered", "ad hoc"])
@pytest.mark.parametrize("place", ["document", "operation"])
def test_another_origin_is_refused(
    server: Recorder, other_server: Recorder, registered: bool, place: str
) -> None:
    """A server of another origin gets nothing, wherever the document names it: exit 11 without a terminal."""
    made = _document([other_server.origin])
    if place == "operation":
        made["paths"]["/items"]["get"]["servers"] = made.pop("servers")
    word = serve(server, made)
    if registered:
        run_cli("api", "add", "shop", word)
        word = "shop"
    result = run_cli(word, "list-items", "--error-format", "json")
    assert (11, "", []) == (result.exit_code, result.stdout, other_server.requests)
    assert ("refused", other_server.origin) == (result.error["kind"], result.error["origin"])
    assert f"`--accept-origin {other_server.origin}`" in result.error["hint"]


def test_a_file_accepts_no_origin(server: Recorder) -> None:
    """A document from a file has no origin of its own, so every server is new."""
    result = run_cli(save(_document([server.origin])), "list-items")
    assert (11, []) == (result.exit_code, server.requests)


def test_another_port_is_another_origin(server: Recorder, other_server: Recorder) -> None:
    """The same host on another port is another origin, and so is another name of the same host."""
    url = serve(server, _document([other_server.origin]))
    assert 11 == run_cli(url, "list-items").exit_code
    port = server.origin.rpartition(":")[2]
    named = serve(server, _document([f"http://localhost:{port}"]))
    assert 11 == run_cli(named, "list-items", "--refresh").exit_code
    assert ([], []) == (_sent(server), other_server.requests)


def test_an_option_accepts_an_origin_once(server: Recorder, other_server: Recorder, token: str) -> None:
    """`--accept-origin` lets the credential go for this call, and is not remembered."""
    url = serve(server, _document([other_server.origin]))
    run_cli("api", "add", "shop", url)
    assert 0 == run_cli("shop", "list-items", "--accept-origin", f"{other_server.origin}/v1").exit_code
    assert 11 == run_cli("shop", "list-items").exit_code
    assert [f"Bearer {token}"] == _sent(other_server)


def test_an_accepted_origin_is_no_pattern(server: Recorder, other_server: Recorder) -> None:
    """Accepting one origin accepts no other one, and a malformed one is a usage error."""
    url = serve(server, _document([other_server.origin]))
    assert 11 == run_cli(url, "list-items", "--accept-origin", "http://127.0.0.1").exit_code
    assert 2 == run_cli(url, "list-items", "--accept-origin", "*").exit_code
    assert [] == other_server.requests


def test_a_server_that_the_person_names_is_accepted(
    server: Recorder, other_server: Recorder, token: str
) -> None:
    """`--server URL` is the person's own word; an index or a description is the document's."""
    url = serve(server, _document(["/", other_server.origin]))
    assert 11 == run_cli(url, "list-items", "--server", "1").exit_code
    assert [] == other_server.requests
    assert 0 == run_cli(url, "list-items", "--server", other_server.origin).exit_code
    assert [f"Bearer {token}"] == _sent(other_server)


def test_registering_can_accept_an_origin(server: Recorder, other_server: Recorder, token: str) -> None:
    """`api add --accept-origin` accepts it for good."""
    url = serve(server, _document([other_server.origin]))
    run_cli("api", "add", "shop", url, "--accept-origin", other_server.origin)
    assert 0 == run_cli("shop", "list-items").exit_code
    assert [f"Bearer {token}"] == _sent(other_server)


def _asked(response: bytes, *words: str) -> Result:
    return run_cli(*words, stdin=response, terminal=("stdin", "stderr"))


def test_a_person_is_asked_once(server: Recorder, other_server: Recorder, token: str, home: Path) -> None:
    """On a terminal the origin is shown and asked for; a yes is remembered in the configuration."""
    url = serve(server, _document([other_server.origin]))
    run_cli("api", "add", "shop", url)
    result = _asked(b"y\n", "shop", "list-items")
    assert 0 == result.exit_code
    assert f"Send the credential to {other_server.origin} from now on? [y/N] " in result.stderr
    assert [server.origin, other_server.origin] == _configured(home)
    assert 0 == run_cli("shop", "list-items").exit_code
    assert [f"Bearer {token}"] * 2 == _sent(other_server)


@pytest.mark.parametrize("response", [b"n\n", b"\n", b"", b"yesterday\n"], ids=repr)
def test_everything_but_yes_is_no(
    server: Recorder, other_server: Recorder, home: Path, response: bytes
) -> None:
    """Without a clear yes nothing is sent and nothing is remembered."""
    run_cli("api", "add", "shop", serve(server, _document([other_server.origin])))
    assert 11 == _asked(response, "shop", "list-items").exit_code
    assert [] == other_server.requests
    assert [server.origin] == _configured(home)


@pytest.mark.parametrize("option", ["--no-input", "--yes"])
def test_options_that_never_prompt_never_accept(
    server: Recorder, other_server: Recorder, option: str
) -> None:
    """`--no-input` and `--yes` do not ask, and a yes to everything is not a yes to an origin."""
    url = serve(server, _document([other_server.origin]))
    result = _asked(b"y\n", url, "list-items", option)
    assert (11, []) == (result.exit_code, other_server.requests)
    assert "[y/N]" not in result.stderr


def test_a_dry_run_asks_nobody(server: Recorder, other_server: Recorder, home: Path) -> None:
    """`--dry-run` shows the request without the credential, and neither asks nor remembers."""
    run_cli("api", "add", "shop", serve(server, _document([other_server.origin])))
    result = _asked(b"y\n", "shop", "list-items", "--dry-run", "json")
    assert 0 == result.exit_code
    assert "[y/N]" not in result.stderr
    assert "Authorization" not in dict(result.json["headers"])
    assert [server.origin] == _configured(home)


def test_a_new_document_cannot_move_the_credential(
    server: Recorder, other_server: Recorder, token: str
) -> None:
    """A refreshed document that names another server does not take the credential there."""
    url = serve(server, _document(["/"]))
    run_cli("api", "add", "shop", url)
    assert 0 == run_cli("shop", "list-items").exit_code
    serve(server, _document([other_server.origin]))
    assert 11 == run_cli("shop", "list-items", "--refresh").exit_code
    assert ([f"Bearer {token}"], []) == (_sent(server), other_server.requests)


@pytest.mark.parametrize(
    "header", ["Authorization: Bearer {}", "Cookie: sid={}", "X-Key: {}", "X-Auth-Token: {}"]
)
def test_a_credential_given_as_a_header_stays_home_too(
    server: Recorder, other_server: Recorder, token: str, header: str
) -> None:
    """A credential in `-H` goes where the others go: not to a server that the document alone has chosen."""
    made = _document([other_server.origin])
    made["components"]["securitySchemes"]["key"] = {"type": "apiKey", "in": "header", "name": "X-Key"}
    made["paths"]["/items"]["get"]["security"] = [{"auth": []}, {"key": []}, {}]
    url = serve(server, made)
    word = header.format(token)
    assert 11 == run_cli(url, "list-items", "-H", word).exit_code
    assert [] == other_server.requests
    assert 0 == run_cli(url, "list-items", "-H", word, "--server", other_server.origin).exit_code
    assert token in repr(other_server.last)


def test_a_secret_header_of_a_profile_stays_home_too(
    server: Recorder, other_server: Recorder, home: Path
) -> None:
    """A header whose name tells that its value is a secret goes to accepted origins only."""
    made = api_of(get("/items", "list-items"))
    made["paths"]["/items"]["get"]["servers"] = [{"url": "/"}, {"url": other_server.origin}]
    run_cli("api", "add", "shop", serve(server, made))
    with (home / "config" / "config.toml").open("a") as file:
        file.write('[apis.shop.profiles.p]\nheaders = {X-Api-Key = "key-of-p"}\n')
    words = ("shop", "list-items", "--profile", "p")
    assert 0 == run_cli(*words).exit_code
    assert ["key-of-p"] == server.last.headers["x-api-key"]
    assert 11 == run_cli(*words, "--server", "1").exit_code
    assert 11 == run_cli("read", *words, "--server", other_server.origin).exit_code
    assert [] == other_server.requests


def test_a_plain_header_goes_anywhere(server: Recorder, other_server: Recorder) -> None:
    """A header that is not a credential needs no accepted origin."""
    made = api_of(get("/items", "list-items"), server=other_server)
    assert 0 == run_cli(serve(server, made), "list-items", "-H", "X-Trace: 1").exit_code
    assert ["1"] == other_server.last.headers["x-trace"]


def test_without_a_credential_any_server_is_called(server: Recorder, other_server: Recorder) -> None:
    """An operation that needs no credential goes to another origin without a question, and without a secret."""
    made = api_of(get("/items", "list-items"), server=other_server, schemes={"auth": BEARER})
    assert 0 == run_cli(serve(server, made), "list-items").exit_code
    assert [""] == _sent(other_server)


def test_fetching_a_document_takes_no_credential(server: Recorder, token: str) -> None:
    """The document itself is fetched without any credential."""
    run_cli("api", "add", "shop", serve(server, _document(["/"])))
    run_cli("api", "refresh", "shop")
    assert 2 == len(server.requests)
    assert token not in repr(server.requests)


def test_netrc_and_cookies_are_not_used(
    server: Recorder, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither `~/.netrc` nor a cookie of an earlier response is sent."""
    netrc = home / ".netrc"
    netrc.write_text("machine 127.0.0.1 login me password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server.responses["/open"] = Response(headers={"Content-Type": "application/json", "Set-Cookie": "sid=1"})
    api = save_api(get("/open", "get-open"), server=server)
    for _ in range(2):
        assert 0 == run_cli(api, "get-open").exit_code
    assert all(not {"authorization", "cookie"} & set(request.headers) for request in server.requests)


def test_an_echoed_secret_is_masked(server: Recorder, token: str) -> None:
    """A server that sends the secret back in reason, header or finding does not get it into a message."""
    schema = {"type": "object", "properties": {"echo": {"type": "integer"}}}
    responses = {"200": {"description": "", "content": {"application/json": {"schema": schema}}}}
    url = serve(server, _document(["/"], responses=responses))
    echoing = {"Content-Type": "application/json", "X-Echo": token, "Location": f"/{token}"}
    server.responses["/items"] = Response(200, f'{{"echo":"{token}"}}'.encode(), echoing)
    for words in (("-v",), ("--validate", "strict"), ("--validate", "strict", "--error-format", "json")):
        result = run_cli(url, "list-items", "-o", "@answer.json", *words)
        assert result.exit_code in {0, 9}
        assert "***" in result.stderr
    server.responses["/items"] = Response(302, b"", {"Location": f"http://{token}@127.0.0.1/"})
    assert 11 == run_cli(url, "list-items").exit_code
    server.responses["/items"] = Response(302, b"", {"Location": f"/{token}"})
    assert 4 == run_cli(url, "list-items", "-o", "@answer.json").exit_code


def _baits(url: str) -> list[str]:
    """Return spellings of a URL, each of which a document may take for a description."""
    host = url.partition("://")[2]
    return [
        *(url, f"{url}/", f" {url} ", url.upper(), f"{url}/v1", f"see {url}", f"//{host}", f"/{host}"),
        *(host, f"{host}/v1", f"me@{host}", f"http:{host}", f"http:/{host}", f"\\\\{host}", "localhost"),
    ]


@pytest.mark.exhaustive
@pytest.mark.parametrize("key", ["name", "description"])
def test_no_text_of_a_document_takes_the_place_of_a_url(
    key: str, server: Recorder, other_server: Recorder, token: str
) -> None:
    """A URL in any spelling is compared with URLs alone, for a call and in the configuration."""
    url = serve(server, {**_document(), "openapi": "3.2.0"})
    run_cli("api", "add", "shop", url)
    for bait in _baits(server.origin):
        made = {**_document(), "openapi": "3.2.0", "servers": [{"url": other_server.origin, key: bait}]}
        path = save(made, "bait.json")
        for words in (
            (path, "list-items", "--server", bait),
            (path, "list-items", "--server", server.origin),
        ):
            run_cli(*words)
        run_cli("api", "add", "shop", path, "--server", bait)
        run_cli("shop", "list-items")
        run_cli("api", "remove", "shop", "--yes")
        assert [] == other_server.requests, bait
    # `api add` looks for the base URL of a document without servers, and gives no credential.
    assert {"", f"Bearer {token}"} == set(_sent(server))


@pytest.mark.parametrize(
    ("wanted", "variables", "expected"),
    [
        ("https://api.example.com/v1", {}, "https://api.example.com"),
        (" HTTPS://API.example.com:443/@me/{x}", {}, "https://api.example.com"),
        ("https://{host}/v1", {"host": "api.example.com"}, "https://api.example.com"),
        ("https://{host}/v1", {}, ""),
        ("https://api.example.com{more}", {}, ""),
        ("{scheme}://api.example.com", {}, ""),
        ("https://me@api.example.com", {}, ""),
        ("https://api.example.com\\.evil.example", {}, ""),
        ("https:api.example.com", {}, ""),
        ("//api.example.com", {}, ""),
        ("/v2", {}, ""),
        ("see https://api.example.com", {}, ""),
        ("0", {"host": "api.example.com"}, ""),
        ("", {}, ""),
    ],
)
def test_only_a_whole_url_names_an_origin(wanted: str, variables: dict[str, str], expected: str) -> None:
    """What a person leaves to the document, such as a variable of the host or an index, accepts nothing."""
    assert expected == written_origin(wanted, variables)


def test_a_variable_of_the_document_accepts_no_origin(server: Recorder, other_server: Recorder) -> None:
    """A template that the document completes is the document's, even if a person wrote it or gives a value."""
    made = _document()
    template = "http://{host}"
    made["servers"] = [
        {"url": template, "variables": {"host": {"default": other_server.origin.partition("//")[2]}}}
    ]
    api = save(made)
    host = server.origin.partition("//")[2]
    for words in (("--server", template), ("--server-var", f"host={host}"), ("--server", "0")):
        assert 11 == run_cli(api, "list-items", *words).exit_code, words
    assert ([], []) == (server.requests, other_server.requests)
    assert 0 == run_cli(api, "list-items", "--server", template, "--server-var", f"host={host}").exit_code


def test_the_server_of_the_configuration_is_the_persons_word(
    server: Recorder, other_server: Recorder, token: str
) -> None:
    """A URL in the configuration accepts its origin, and a name or an index there accepts nothing."""
    api = save(_document([other_server.origin]))
    run_cli("api", "add", "shop", api, "--server", server.origin)
    assert 0 == run_cli("shop", "list-items").exit_code
    run_cli("api", "set", "shop", "server=0")
    assert 11 == run_cli("shop", "list-items").exit_code
    assert ([f"Bearer {token}"], []) == (_sent(server), other_server.requests)
