"""Servers on sockets of this machine: `unix:/ABSOLUTE/PATH[:/BASE]`."""

import json
import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp import Client
from mcp_types import CallToolResult

from dynacli.errors import DynacliError, NetworkError, RefusedError, UsageError
from dynacli.http.sockets import check_socket, parse_socket
from dynacli.openapi.model.operation import Server
from dynacli.request.choose_server import choose_server, parse_origin
from dynacli.urls import join_url, origin_of, server_of, split_url, url_on_the_wire
from tests.documents import BEARER, document, get, operation, parameter, save, save_api, serve
from tests.features.mcp.clients import converse
from tests.harness import Recorder, Response, assert_ended, recording, run_cli

PATHS = {
    "/pets": {"get": operation("list-pets", parameters=[parameter("limit", {"type": "integer"})])},
    "/mine": {"get": operation("get-mine", security=[{"token": []}]), "post": operation("add-mine")},
}
SCHEMES = {"securitySchemes": {"token": BEARER}}


@pytest.fixture
def on_socket(tmp_path: Path) -> Iterator[Recorder]:
    """A recording server on a socket."""
    with recording(str(tmp_path / "app.sock")) as recorder:
        recorder.responses["/v1/pets"] = recorder.responses["/v1/mine"] = Response()
        yield recorder


@pytest.fixture
def api() -> str:
    """A document that names no server."""
    return save_api(PATHS, servers=[], components=SCHEMES)


def test_the_parts_of_a_url_of_a_socket() -> None:
    """The path of the socket ends with `:`, and the rest is a path, a query and a fragment as in any URL."""
    url = "unix:/run/app.sock:/v1/pets?limit=3#top"
    parts = split_url(url)
    assert ("/run/app.sock", "/v1/pets", "limit=3", "top") == (parts.netloc, *parts[2:])
    assert url == parts.geturl()
    assert "unix:/run/app.sock" == origin_of(url)
    assert "http://localhost/v1/pets?limit=3#top" == url_on_the_wire(url)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("/other", "unix:/run/app.sock:/other"),
        ("next?page=2", "unix:/run/app.sock:/v1/next?page=2"),
        ("?page=2", "unix:/run/app.sock:/v1/pets?page=2"),
        ("http://localhost/other", "unix:/run/app.sock:/other"),
        ("http://localhost:80/other", "http://localhost:80/other"),
        ("https://localhost/other", "https://localhost/other"),
        ("http://127.0.0.1/other", "http://127.0.0.1/other"),
        ("unix:/run/other.sock:/", "unix:/run/other.sock:/"),
    ],
)
def test_a_reference_of_a_response_starts_from_the_socket(reference: str, expected: str) -> None:
    """Only a relative reference, and the origin that the header `Host` names, stay on the socket."""
    assert expected == join_url("unix:/run/app.sock:/v1/pets?limit=3", reference)


BAD_ADDRESSES = {
    "unix:": "relative",
    "unix:run/app.sock": "relative",
    "unix:./app.sock": "relative",
    "unix:~/app.sock": "relative",
    "unix:/": "`/` at its end",
    "unix:/run/app.sock/": "`/` at its end",
    "unix:///run/app.sock": "`//`",
    "unix:/run/../app.sock": "`..`",
    "unix:/run/app sock": "character",
    "unix:/run/app\n.sock": "character",
    "unix:/run/app\x1b[31m.sock": "character",
    "unix:/run/app\u202e.sock": "character",
    "unix:/run/app\0.sock": "character",
    "unix:/run/a?b.sock": "character",
    "unix:/run/a%2fb.sock": "character",
    "unix:/run/user@host.sock": "character",
    "unix:/run/{name}.sock": "character",
    f"unix:/run/{'a' * 200}": "longer",
}


@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_an_address_is_absolute_and_plain(address: str) -> None:
    """A path that is relative, or could be read in two ways, is a usage error wherever a person writes it."""
    for read in (parse_socket, parse_origin):
        with pytest.raises(UsageError, match="cannot be used") as caught:
            read(address)
        assert BAD_ADDRESSES[address] in caught.value.reason
    with pytest.raises(UsageError):
        choose_server((), "", address)


def test_three_slashes_get_the_right_address() -> None:
    """The form of `DOCKER_HOST` is refused, with the address that is meant."""
    with pytest.raises(UsageError) as caught:
        parse_socket("unix:///var/run/docker.sock:/v1")
    assert "Write `unix:/var/run/docker.sock`" == caught.value.hint


def test_a_call_goes_over_the_socket(api: str, on_socket: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--server` names a socket; the header `Host` is `localhost`, and a proxy of the environment is not used."""
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    result = run_cli(api, "list-pets", "--limit", "3", "--server", f"{on_socket.origin}:/v1", "-v")
    assert (0, "{}") == (result.exit_code, result.stdout)
    assert ("/v1/pets?limit=3", ["localhost"]) == (on_socket.last.target, on_socket.last.headers["host"])
    assert f"> GET {on_socket.origin}:/v1/pets?limit=3" in result.stderr


def test_a_call_without_a_base_path(api: str, on_socket: Recorder) -> None:
    """Without `:/BASE`, the path of the operation is the whole path."""
    on_socket.responses["/pets"] = Response()
    assert 0 == run_cli(api, "list-pets", "--server", on_socket.origin).exit_code


def test_dry_runs_show_the_socket(api: str, on_socket: Recorder) -> None:
    """Each format of `--dry-run` names the socket as its reader expects it; curl and Python code run as they are."""
    call = (api, "list-pets", "--limit", "3", "--server", f"{on_socket.origin}:/v1", "--dry-run")
    path = on_socket.origin.removeprefix("unix:")
    assert f"{on_socket.origin}:/v1/pets?limit=3" == run_cli(*call, "json").json["url"]
    assert run_cli(*call, "http").stdout.startswith("GET /v1/pets?limit=3 HTTP/1.1\nHost: localhost\n")
    curl = run_cli(*call, "curl").stdout
    assert f"curl --unix-socket {path} 'http://localhost/v1/pets?limit=3'" in curl
    request = run_cli(*call, "har").json["log"]["entries"][0]["request"]
    assert ("http://localhost/v1/pets?limit=3", path) == (request["url"], request["_unixSocket"])
    code = run_cli(*call, "python").stdout
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ("200\n{}\n", "/v1/pets?limit=3") == (ran.stdout, on_socket.last.target)


def test_history_and_replay(api: str, on_socket: Recorder) -> None:
    """The history has the address of the socket, and `replay` sends the request there again."""
    run_cli(api, "list-pets", "--server", f"{on_socket.origin}:/v1")
    assert f"{on_socket.origin}:/v1/pets" == run_cli("history", "-o", "json").json[0]["url"]
    assert "--unix-socket" in run_cli("history", "show", "1", "--as", "curl").stdout
    assert 0 == run_cli("replay", "1").exit_code
    assert 2 == len(on_socket.requests)


def test_an_api_is_registered_from_a_socket(
    on_socket: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document that came from a socket has its calls there, and its credentials are bound to it."""
    served = document(PATHS, ["/v1"], components=SCHEMES)
    url = serve(on_socket, served)
    assert f"{on_socket.origin}/openapi.json" == url
    assert 0 == run_cli("api", "add", "app", f"{on_socket.origin}:/openapi.json").exit_code
    assert f"credentials go to {on_socket.origin}\n" in run_cli("api", "show", "app").stdout
    monkeypatch.setenv("DYNACLI_APP_TOKEN", canary)
    assert 0 == run_cli("app", "get-mine").exit_code
    assert [f"Bearer {canary}"] == on_socket.last.headers["authorization"]
    assert on_socket.origin in run_cli("auth", "explain", "app", "get-mine").stdout
    assert 0 == run_cli("api", "refresh", "app").exit_code


def test_a_credential_does_not_go_to_a_new_socket(
    on_socket: Recorder, server: Recorder, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A socket is an origin like any other: `read` gives it no credential, and `--accept-origin` accepts it."""
    serve(server, document(PATHS, ["/v1"], components=SCHEMES))
    assert 0 == run_cli("api", "add", "app", f"{server.origin}/openapi.json").exit_code
    monkeypatch.setenv("DYNACLI_APP_TOKEN", canary)
    call = ("app", "get-mine", "--server", f"{on_socket.origin}:/v1")
    assert 11 == run_cli("read", *call).exit_code
    assert 0 == run_cli("read", "app", "list-pets", "--server", f"{on_socket.origin}:/v1").exit_code
    assert "authorization" not in on_socket.last.headers
    assert 0 == run_cli(*call, "--accept-origin", on_socket.origin).exit_code
    assert [f"Bearer {canary}"] == on_socket.last.headers["authorization"]


@pytest.mark.parametrize("first", ["unix:{path}", "unix:{path}:/v1"])
def test_a_document_cannot_choose_a_socket(first: str, on_socket: Recorder, server: Recorder) -> None:
    """`unix:` in the servers of a document is left out, and cannot be chosen by its index or its name."""
    path = on_socket.origin.removeprefix("unix:")
    server.responses["/pets"] = Response()
    hidden = {
        "url": "{scheme}:" + path,
        "variables": {"scheme": {"default": "unix"}},
        "description": "hidden",
    }
    made: dict[str, Any] = document(PATHS, [])
    made["servers"] = [
        {"url": first.format(path=path), "description": "local"},
        {"url": server.origin},
        hidden,
    ]
    api = save(made)
    assert 0 == run_cli("api", "add", "pets", api).exit_code
    assert "used only if the document came from it" in run_cli("api", "show", "pets").stdout
    assert 0 == run_cli(api, "list-pets").exit_code
    for word in ("0", "2", "local", "hidden"):
        result = run_cli(api, "list-pets", "--server", word)
        assert 2 == result.exit_code, word
        assert "chooses a socket" in result.stderr, word
    assert ([], 1) == (on_socket.requests, len(server.requests))


def test_the_server_of_an_api_can_be_a_socket(api: str, on_socket: Recorder) -> None:
    """`server` in the configuration names a socket, and an address that cannot be used is not written."""
    assert 0 == run_cli("api", "add", "app", api, "--server", f"{on_socket.origin}:/v1").exit_code
    assert 0 == run_cli("app", "list-pets").exit_code
    assert 2 == run_cli("api", "set", "app", "server=unix:app.sock").exit_code
    assert 0 == run_cli("app", "list-pets").exit_code
    assert 2 == len(on_socket.requests)


@pytest.mark.parametrize(("target", "code"), [("/v1/pets?page=2", 0), ("http://localhost/v1/pets?page=2", 0)])
def test_pages_stay_on_the_socket(on_socket: Recorder, target: str, code: int) -> None:
    """The next page of a list is on the same socket, also by the host that the server was called by."""
    pages = [
        Response(200, b'[{"id": 1}]', {"Link": f'<{target}>; rel="next"', "Content-Type": "application/json"})
    ]
    pages += [Response(200, b'[{"id": 2}]')]
    on_socket.responses["/v1/pets"] = lambda _: pages.pop(0)
    api = save_api(get("/pets", "list-pets"), servers=[])
    result = run_cli(
        api, "list-pets", "--all", "--server", f"{on_socket.origin}:/v1", "-f", "[].id", "-o", "json"
    )
    assert (code, [1, 2]) == (result.exit_code, result.json), result.stderr


def test_no_page_leads_to_a_socket(on_socket: Recorder, server: Recorder) -> None:
    """A server on the network cannot name a socket as the place of its next page (11)."""
    link = {"Link": f'<{on_socket.origin}:/v1/pets>; rel="next"', "Content-Type": "application/json"}
    server.responses["/pets"] = Response(200, b'[{"id": 1}]', link)
    api = save_api(get("/pets", "list-pets"), server=server)
    assert 11 == run_cli(api, "list-pets", "--all").exit_code
    assert [] == on_socket.requests


def test_a_reference_cannot_lead_to_a_socket(on_socket: Recorder, server: Recorder) -> None:
    """A document reads no file over a socket that it did not come from."""
    on_socket.responses["/pets.json"] = Response()
    made = document({"/pets": {"$ref": f"{on_socket.origin}:/pets.json"}}, [server.origin])
    for name, source in (("file", save(made)), ("url", serve(server, made))):
        assert "is not the origin of the document" in run_cli("api", "add", name, source).stderr
    assert [] == on_socket.requests


def test_an_agent_calls_an_api_on_a_socket(on_socket: Recorder) -> None:
    """A registered API on a socket is called over MCP as any other."""
    serve(on_socket, document(PATHS, ["/v1"]))
    run_cli("api", "add", "app", f"{on_socket.origin}:/openapi.json")

    async def act(client: Client) -> CallToolResult:
        return await client.call_tool("call", {"api": "app", "operation": "list-pets"})

    assert not converse(["app"], act).is_error
    assert "/v1/pets" == on_socket.last.target


def test_recorded_traffic_of_a_socket(api: str, on_socket: Recorder) -> None:
    """A HAR that dynacli wrote belongs to the operations of the API on that socket, and curl's option is read."""
    run_cli("api", "add", "app", api, "--server", f"{on_socket.origin}:/v1")
    run_cli("app", "list-pets")
    Path("calls.har").write_text(run_cli("history", "show", "1", "--as", "har").stdout)
    assert "1 of 3 operations seen" in run_cli("validate", "app", "calls.har").stdout
    path = on_socket.origin.removeprefix("unix:")
    line = f"curl --unix-socket {path} http://docker/v1/pets?limit=3"
    assert run_cli("import", "curl", line, "--api", "app").stdout.startswith(
        "dynacli app list-pets --limit 3"
    )
    assert 2 == run_cli("import", "curl", line.replace(path, "app.sock")).exit_code


def test_the_proxy_does_not_forward_to_a_socket(api: str, on_socket: Recorder) -> None:
    """Every user of the machine could use the socket by the port of the proxy, so `proxy` refuses it (11)."""
    result = run_cli("proxy", api, "--upstream", on_socket.origin, "--port", "0")
    assert (11, []) == (result.exit_code, on_socket.requests)


def test_the_servers_of_a_document_from_a_socket() -> None:
    """The document's own socket can be among its servers; another one is left out."""
    servers = (Server("unix:/run/other.sock:/a"), Server("unix:/run/app.sock:/b"))
    assert "unix:/run/app.sock:/b" == choose_server(servers, "unix:/run/app.sock:/openapi.json")


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:9/x", "https://localhost/x", "unix:/run/docker.sock:/x"]
)
def test_no_redirect_leads_from_a_socket(api: str, on_socket: Recorder, target: str) -> None:
    """A redirect from a socket to anywhere else is refused."""
    on_socket.responses["/v1/pets"] = Response(302, b"", {"Location": target})
    result = run_cli(api, "list-pets", "--server", f"{on_socket.origin}:/v1")
    assert_ended(result, 11, "redirects away from its socket")


@pytest.mark.parametrize("target", ["/v1/mine", "mine", "http://localhost/v1/mine"])
def test_a_redirect_stays_on_its_socket(api: str, on_socket: Recorder, target: str) -> None:
    """A relative redirect, and one to the host that the server was called by, is followed on the socket."""
    on_socket.responses["/v1/pets"] = Response(302, b"", {"Location": target})
    assert 0 == run_cli(api, "list-pets", "--server", f"{on_socket.origin}:/v1").exit_code
    assert "/v1/mine" == on_socket.last.target


def test_no_redirect_leads_to_a_socket(on_socket: Recorder, server: Recorder) -> None:
    """A server on the network cannot send dynacli to a socket."""
    server.responses["/pets"] = Response(302, b"", {"Location": f"{on_socket.origin}:/v1/pets"})
    assert 11 == run_cli(save_api(PATHS, server=server), "list-pets").exit_code
    assert [] == on_socket.requests


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o770])
def test_a_directory_that_others_can_write(
    tmp_path: Path, mode: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There the socket must be yours or root's, and every user may replace it unless the directory is sticky."""
    folder = tmp_path / "shared"
    folder.mkdir()
    with recording(str(folder / "app.sock")):
        folder.chmod(mode)
        if mode == 0o777:
            with pytest.raises(RefusedError, match="Nothing is sent"):
                check_socket(str(folder / "app.sock"))
        else:
            check_socket(str(folder / "app.sock"))
        _give_to_another_user(folder / "app.sock", monkeypatch)
        with pytest.raises(RefusedError):
            check_socket(str(folder / "app.sock"))


@pytest.mark.parametrize("mode", [0o1777, 0o770])
def test_no_credential_goes_where_others_can_write(
    tmp_path: Path, mode: int, canary: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a directory that others can write to, a socket gets requests, and no credential, document or not (11)."""
    folder = tmp_path / "shared"
    folder.mkdir()
    with recording(str(folder / "app.sock")) as recorder:
        recorder.responses["/v1/pets"] = recorder.responses["/v1/mine"] = Response()
        serve(recorder, document(PATHS, ["/v1"], components=SCHEMES))
        assert 0 == run_cli("api", "add", "app", f"{recorder.origin}:/openapi.json").exit_code
        monkeypatch.setenv("DYNACLI_APP_TOKEN", canary)
        assert 0 == run_cli("app", "get-mine").exit_code
        folder.chmod(mode)
        count = len(recorder.requests)
        for words in (
            ("app", "get-mine"),
            ("app", "list-pets", "-H", f"X-Api-Key: {canary}"),
            ("auth", "login", "app", "--store", "file", "--operation", "add-mine"),
        ):
            result = run_cli(*words)
            assert_ended(result, 11, "No credential is sent to the socket")
        assert count == len(recorder.requests)
        assert 0 == run_cli("app", "list-pets").exit_code


def _give_to_another_user(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_socket_of_another_user(api: str, on_socket: Recorder) -> None:
    """Nothing is sent to a socket of another user, unless its directory is theirs, and only theirs to write."""
    path = Path(on_socket.origin.removeprefix("unix:"))
    os.chown(path, 65534, 65534)
    call = (api, "list-pets", "--server", f"{on_socket.origin}:/v1")
    result = run_cli(*call)
    assert_ended(result, 11, "who gets all that is sent there")
    assert [] == on_socket.requests
    os.chown(path.parent, 65534, 65534)
    assert 0 == run_cli(*call).exit_code
    path.parent.chmod(0o775)
    assert 11 == run_cli(*call).exit_code


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_symbolic_link_of_another_user(tmp_path: Path, on_socket: Recorder) -> None:
    """A link that another user has put into a shared directory does not lead to a socket of yours."""
    (tmp_path / "shared").mkdir()
    link = tmp_path / "shared" / "link.sock"
    link.symlink_to(on_socket.origin.removeprefix("unix:"))
    (tmp_path / "shared").chmod(0o1777)
    check_socket(str(link))
    os.lchown(link, 65534, 65534)
    with pytest.raises(RefusedError):
        check_socket(str(link))


@pytest.mark.usefixtures("on_socket")
def test_links_are_followed_as_the_system_does(tmp_path: Path) -> None:
    """`..` after a link means the directory above its target, and a loop is an error of the network."""
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "link").symlink_to("a/b")
    (tmp_path / "up.sock").symlink_to("link/../../app.sock")
    (tmp_path / "loop").symlink_to("loop")
    check_socket(str(tmp_path / "up.sock"))
    with pytest.raises(NetworkError):
        check_socket(str(tmp_path / "loop"))


def test_what_is_no_socket_or_does_not_listen(api: str, tmp_path: Path) -> None:
    """A missing or dead socket is a failure of the network (6), and another file a usage error (2)."""
    (tmp_path / "file").touch()
    for name, code, said in (
        ("missing.sock", 6, "There is no socket"),
        ("file", 2, "is not a socket"),
        ("file/app.sock", 6, "There is no socket"),
        (".", 2, "cannot be used"),
    ):
        result = run_cli(api, "list-pets", "--server", f"unix:{tmp_path}/{name}")
        assert code == result.exit_code, name
        assert said in result.stderr, name


def test_a_socket_that_no_one_listens_on(api: str, tmp_path: Path) -> None:
    """A socket whose server has ended is a failure of the network (6), which the error says."""
    path = tmp_path / "dead.sock"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    # In a process of its own: httpcore does not close a socket that it could not connect, and Python warns of that.
    words = (api, "list-pets", "--server", f"unix:{path}", "--retries", "0")
    ran = subprocess.run(
        [sys.executable, "-m", "dynacli", *words], capture_output=True, text=True, check=False
    )
    assert 6 == ran.returncode
    assert f"Nothing listens on the socket `{path}`" in ran.stderr


@pytest.mark.skipif(os.geteuid() == 0, reason="root may use every socket")
def test_a_socket_that_is_not_permitted(api: str, on_socket: Recorder) -> None:
    """A socket that this user may not write to is a failure of the network, with a hint at its group."""
    os.chmod(on_socket.origin.removeprefix("unix:"), stat.S_IRUSR)
    result = run_cli(api, "list-pets", "--server", on_socket.origin)
    assert_ended(result, 6, "You may not use the socket")


def test_a_policy_holds_under_every_name_of_a_socket(tmp_path: Path, on_socket: Recorder) -> None:
    """A link to a socket is the same server for the policy of the API that is registered there."""
    serve(on_socket, document(PATHS, ["/v1"]))
    run_cli("api", "add", "app", f"{on_socket.origin}:/openapi.json")
    run_cli("config", "set", 'apis.app.policy.deny=["add-mine"]')
    link = tmp_path / "link.sock"
    link.symlink_to(on_socket.origin.removeprefix("unix:"))
    assert server_of(on_socket.origin) == server_of(f"unix:{link}:/v1")
    on_socket.requests.clear()
    for address in (on_socket.origin, f"unix:{link}"):
        result = run_cli(save_api(PATHS, servers=[]), "add-mine", "--server", f"{address}:/v1")
        assert 11 == result.exit_code
    assert [] == on_socket.requests


@pytest.mark.exhaustive
def test_uvicorn_on_a_socket(api: str, tmp_path: Path) -> None:
    """A call goes to a server of another program on a socket: uvicorn with `--uds`."""
    (tmp_path / "app.py").write_text(APP)
    path = tmp_path / "uvicorn.sock"
    command = [sys.executable, "-m", "uvicorn", "app:app", "--uds", str(path), "--log-level", "error"]
    with subprocess.Popen(command, cwd=tmp_path) as process:
        try:
            deadline = time.monotonic() + 20
            while not path.exists() and time.monotonic() < deadline:
                time.sleep(0.02)
            result = run_cli(api, "list-pets", "--limit", "3", "--server", f"unix:{path}:/v1")
            seen: dict[str, Any] = json.loads(result.stdout)
            assert {"path": "/v1/pets", "query": "limit=3", "host": "localhost"} == seen
        finally:
            process.terminate()


APP = """
import json

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    host = dict(scope["headers"])[b"host"].decode()
    body = json.dumps({"path": scope["path"], "query": scope["query_string"].decode(), "host": host})
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body.encode()})
"""


def test_the_errors_are_of_dynacli() -> None:
    """Each refusal has a reason and a hint."""
    for path in ("/nowhere/app.sock", "/etc/passwd"):
        with pytest.raises(DynacliError) as caught:
            check_socket(path)
        assert caught.value.reason
        assert caught.value.hint
