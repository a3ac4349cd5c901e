"""Which server a request goes to: the document offers, the person decides."""

import socket
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from dynacli.catalog.model import Server
from dynacli.errors import RefusedError, UsageError
from dynacli.request.servers import check_path, choose_server, origin_of, parse_origin
from tests.harness import Answer, Recorder, run_cli
from tests.small_documents import document, operation, save, serve

URI = "https://docs.example.com/specs/v1/openapi.json"
TWO = (Server("https://one.example.com/v1/"), Server("https://two.example.com", "Staging"))
REGIONS = Server(
    "https://{region}.example.com/{base}",
    variables={"region": {"default": "eu", "enum": ["eu", "us"]}, "base": {"default": "v2"}},
)


@pytest.mark.parametrize(
    ("servers", "wanted", "variables", "expected"),
    [
        ((), "", {}, "https://docs.example.com"),
        (TWO, "", {}, "https://one.example.com/v1"),
        (TWO, "1", {}, "https://two.example.com"),
        (TWO, "Staging", {}, "https://two.example.com"),
        (TWO, "https://one.example.com/v1/", {}, "https://one.example.com/v1"),
        (TWO, "http://three.example.com:8080/x/", {}, "http://three.example.com:8080/x"),
        (TWO, "http://[::1]:8080", {}, "http://[::1]:8080"),
        ((Server("/api/"),), "", {}, "https://docs.example.com/api"),
        ((Server("../v2"),), "", {}, "https://docs.example.com/specs/v2"),
        ((Server("//cdn.example.com/a"),), "", {}, "https://cdn.example.com/a"),
        ((REGIONS,), "", {}, "https://eu.example.com/v2"),
        ((REGIONS,), "", {"region": "us", "base": "v3"}, "https://us.example.com/v3"),
        ((Server("https://a.example.com/b?c=d#e"),), "", {}, "https://a.example.com/b"),
        ((Server("https://a.example.com/ä"),), "", {}, "https://a.example.com/%C3%A4"),
    ],
)
def test_a_server_is_chosen(
    servers: tuple[Server, ...], wanted: str, variables: dict[str, str], expected: str
) -> None:
    """The first server, or the one named by index, description or URL; relative ones start from the document."""
    assert expected == choose_server(servers, URI, wanted, variables)


@pytest.mark.parametrize(
    ("server", "wanted", "variables", "phrase"),
    [
        (TWO[0], "7", {}, "no server `7`"),
        (TWO[0], "Production", {}, "no server `Production`"),
        (REGIONS, "", {"region": "mars"}, "cannot be `mars`"),
        (REGIONS, "", {"planet": "mars"}, "no variable `planet`"),
        (Server("https://{host}"), "", {}, "`host` has no value"),
        (Server("https://{host}"), "", {"host": "a.example\r\nX: y"}, "no URL"),
        (Server("https://{host}"), "", {"host": "a.example\\@b.example"}, "user name"),
        (Server("https://{host}"), "", {"host": "a.example\\b"}, "no URL"),
        (Server("https://{host}"), "", {"host": "me:secret@b.example"}, "user name"),
        (Server("ftp://a.example"), "", {}, "no URL"),
        (Server("javascript:alert(1)"), "", {}, "no URL"),
        (Server("https://"), "", {}, "no URL"),
        (Server("https://a b.example"), "", {}, "no URL"),
        (Server("https://a.example:99999"), "", {}, "no URL"),
        (Server("https://[::1"), "", {}, "no URL"),
        (Server("//[::1"), "", {}, "no URL"),
        (Server("https://b\u00fccher.example"), "", {}, "no URL"),
        (Server("https://\u2460.example"), "", {}, "no URL"),
        (Server("https://a%2eexample"), "", {}, "no URL"),
    ],
    ids=repr,
)
def test_an_unusable_server_is_refused(
    server: Server, wanted: str, variables: dict[str, str], phrase: str
) -> None:
    """A server that does not exist, has no value or is no plain URL is a usage error that shows no password."""
    with pytest.raises(UsageError) as caught:
        choose_server((server,), URI, wanted, variables)
    assert phrase in caught.value.what
    assert "secret" not in repr(caught.value.as_json())


def test_a_file_needs_an_absolute_server() -> None:
    """A relative server of a document from a file leads nowhere, and the message says what to do."""
    with pytest.raises(UsageError) as caught:
        choose_server((Server("/v1"),), "file:///home/me/openapi.json")
    assert "`--server https://api.example.com`" in caught.value.hint


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://API.Example.com/a?b", "https://api.example.com"),
        ("https://api.example.com:443/", "https://api.example.com"),
        ("http://api.example.com:443/", "http://api.example.com:443"),
        ("HTTP://api.example.com:80", "http://api.example.com"),
        ("http://[2001:DB8::1]:8080/a", "http://[2001:db8::1]:8080"),
    ],
)
def test_an_origin_is_scheme_host_and_port(url: str, expected: str) -> None:
    """Origins are compared in one form: lower case, without the default port."""
    assert expected == origin_of(url)
    assert expected == parse_origin(url)


@pytest.mark.parametrize(
    "text", ["", "api.example.com", "https://", "https://a:99999", "ftp://a", "https://me@a", "https://[::1"]
)
def test_a_word_that_is_no_origin_is_refused(text: str) -> None:
    """`--accept-origin` takes a whole origin and nothing that only looks like one."""
    with pytest.raises(UsageError, match="no origin"):
        parse_origin(text)


@pytest.mark.parametrize(
    ("path", "template", "is_allowed"),
    [
        ("/v1/a/b", "/a/{x}", True),
        ("/v1/a/%2Fb", "/a/{x}", True),
        ("/v1/a/...", "/a/{x}", True),
        ("/v1/a/b/", "/a/{x}/", True),
        ("/v1/a", "/a#second", True),
        ("/v1/a/b/c", "/a/{x}", False),
        ("/v1/a", "/a/{x}", False),
        ("/v1/a/..", "/a/{x}", False),
        ("/v1/a/%2e%2E", "/a/{x}", False),
        ("/v1/./a", "/./a", False),
    ],
)
def test_a_path_is_as_deep_as_its_template(path: str, template: str, is_allowed: bool) -> None:
    """A built path has the segments of server and template, none of them `.` or `..`."""
    base = "https://a.example.com/v1"
    if is_allowed:
        check_path(f"https://a.example.com{path}?q=/..", base, template)
    else:
        with pytest.raises(RefusedError):
            check_path(f"https://a.example.com{path}", base, template)


def test_the_most_specific_servers_win(server: Recorder, other_server: Recorder) -> None:
    """Servers of an operation go before those of its path, and those before the document's."""
    own = operation("own", servers=[{"url": f"{server.origin}/operation"}])
    item = {"get": own, "post": operation("path"), "servers": [{"url": f"{server.origin}/path"}]}
    paths = {"/a": item, "/b": {"get": operation("top")}}
    api = save(document(paths, [f"{server.origin}/document"]))
    for word in ("own", "path", "top"):
        run_cli(api, word)
    assert ["/operation/a", "/path/a", "/document/b"] == [one.target for one in server.requests]
    run_cli(api, "own", "--server", other_server.origin)
    assert ["/a"] == [one.target for one in other_server.requests]


def test_a_relative_server_starts_from_the_document(server: Recorder) -> None:
    """A document from a URL with a relative server, or none, is called where it came from."""
    server.answers["/v1/a"] = Answer()
    url = serve(server, document({"/a": {"get": operation("get-a")}}, ["/v1"]))
    assert (0, "{}") == ((result := run_cli(url, "get-a")).exit_code, result.stdout)


def test_a_server_variable_is_given_by_name(server: Recorder) -> None:
    """`--server-var` fills a variable of the server's URL."""
    made = document({"/a": {"get": operation("get-a")}})
    made["servers"] = [{"url": f"{server.origin}/{{base}}", "variables": {"base": {"default": "v1"}}}]
    api = save(made)
    run_cli(api, "get-a")
    run_cli(api, "get-a", "--server-var", "base=v2")
    assert ["/v1/a", "/v2/a"] == [one.target for one in server.requests]
    result = run_cli(api, "get-a", "--server-var", "base=../x")
    assert (11, 2) == (result.exit_code, len(server.requests))
    assert 2 == run_cli(api, "get-a", "--server-var", "base").exit_code


def test_a_server_with_an_ipv6_address_is_called() -> None:
    """A host in brackets is connected to, and its `Host` header has the brackets."""
    hosts: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            hosts.append(self.headers["Host"])
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *args: Any) -> None:
            pass

    class SixServer(HTTPServer):
        address_family = socket.AF_INET6

    try:
        server = SixServer(("::1", 0), Handler)
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        origin = f"http://[::1]:{server.server_port}"
        result = run_cli(save(document({"/a": {"get": operation("get-a")}}, [origin])), "get-a")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert (0, "{}") == (result.exit_code, result.stdout)
    assert [f"[::1]:{server.server_port}"] == hosts
