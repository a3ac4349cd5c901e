"""`api add` of a document that names no server: the paths start at its origin, or below the URL that was given."""

import os
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.documents import document, operation, parameter
from tests.harness import Recorder, Response, assert_ended, json_response, run_cli

BELOW = "/apis/registry/v3"
INFO = {"/system/info": {"get": operation("getInfo")}}
GROUPS = {
    "/groups": {"post": operation("createGroup", body={"type": "object"})},
    "/groups/{id}": {"get": operation("getGroup", parameter("id", {"type": "string"}, "path"))},
}
LOCKED = Response(401)


def _serve(server: Recorder, paths: Any, **at: Response) -> None:
    """Let a server have a document outside the base URL of its operations, to which the base URL links."""
    where = "/api-specifications/registry/v3/openapi.json"
    server.responses[where] = json_response(document({**paths, **GROUPS}, servers=None))
    page = f'<html><a href="{where}">openapi.json</a></html>'
    server.responses[BELOW] = Response(body=page.encode(), headers={"Content-Type": "text/html"})
    server.responses |= {path.replace("_", "/"): response for path, response in at.items()}


def _server() -> str:
    text = Path(os.environ["DYNACLI_CONFIG_DIR"], "config.toml").read_text()
    return str(tomllib.loads(text)["apis"]["reg"].get("server", ""))


@pytest.mark.parametrize("given", [BELOW, f"{BELOW}/"])
def test_the_base_url_is_below_the_given_one(given: str, server: Recorder) -> None:
    """A safe call is known below the given URL and not at the origin, so calls go below it, without a credential."""
    _serve(server, INFO)
    server.responses[f"{BELOW}/"] = server.responses[BELOW]
    server.responses[f"{BELOW}/system/info"] = json_response({"name": "Registry"})
    added = run_cli("api", "add", "reg", f"{server.origin}{given}")
    assert (0, f"{server.origin}{BELOW}") == (added.exit_code, _server()), added.stderr
    assert (
        f"The document names no server, so calls go to {server.origin}{BELOW}: `GET /system/info`"
        in added.stderr
    )
    tried = [request for request in server.requests if request.target.endswith("/system/info")]
    assert {"GET"} == {request.method for request in tried}
    assert not [request for request in tried if "authorization" in request.headers]
    assert 0 == run_cli("reg", "get-info").exit_code
    assert f"{BELOW}/system/info" == server.last.target


def test_the_url_of_the_document_is_enough(server: Recorder) -> None:
    """A document below the base URL shows it, too."""
    server.responses["/shop/v1/openapi.json"] = json_response(document(INFO, servers=None))
    server.responses["/shop/system/info"] = LOCKED
    assert 0 == run_cli("api", "add", "reg", f"{server.origin}/shop/v1/openapi.json").exit_code
    assert f"{server.origin}/shop" == _server()


@pytest.mark.parametrize("at_root", [Response(), Response(500)])
def test_the_origin_is_the_base_url_if_it_knows_the_operation(at_root: Response, server: Recorder) -> None:
    """That is what the specification says of a document without servers, so there is nothing to say."""
    _serve(server, INFO)
    server.responses |= {"/system/info": at_root, f"{BELOW}/system/info": Response()}
    added = run_cli("api", "add", "reg", f"{server.origin}{BELOW}")
    assert_ended(added, 0, without=["names no server"])
    assert "" == _server()


@pytest.mark.parametrize(
    ("paths", "response"),
    [({}, Response()), (INFO, LOCKED), (INFO, Response(404))],
    ids=["nothing to try", "locked everywhere", "unknown everywhere"],
)
def test_an_unknown_base_url_is_a_warning(paths: Any, response: Response, server: Recorder) -> None:
    """If no trial tells it, the command that sets the given URL is printed, and calls go to the origin."""
    _serve(server, paths)
    server.responses |= {"/system/info": response, f"{BELOW}/system/info": response}
    added = run_cli("api", "add", "reg", f"{server.origin}{BELOW}")
    assert (0, "") == (added.exit_code, _server())
    assert (
        f"If its paths start at {server.origin}{BELOW}: `dynacli api set reg server={server.origin}{BELOW}`"
        in (added.stderr)
    )


def test_a_server_that_is_named_is_not_tried(server: Recorder) -> None:
    """`--server` and the servers of a document say where the paths start."""
    _serve(server, INFO)
    server.responses[f"{BELOW}/system/info"] = Response()
    added = run_cli("api", "add", "reg", f"{server.origin}{BELOW}", "--server", f"{server.origin}/other")
    assert (0, f"{server.origin}/other") == (added.exit_code, _server())
    assert not [request for request in server.requests if request.target.endswith("/system/info")]


def test_a_call_that_is_unknown_names_the_url_above_the_document(server: Recorder) -> None:
    """The hint of a 404 names a URL that is likely the base."""
    server.responses["/shop/v1/openapi.json"] = json_response(document(INFO, servers=None))
    result = run_cli(f"{server.origin}/shop/v1/openapi.json", "get-info")
    assert 4 == result.exit_code
    assert f"such as `{server.origin}/shop/v1`, give it with `--server URL`" in result.stderr
