"""Which server a request goes to: the document offers, the person decides."""

from http.server import BaseHTTPRequestHandler

import pytest

from dynacli.errors import RefusedError, UsageError
from dynacli.openapi.model.operation import Server
from dynacli.openapi.model.server_objects import named_servers
from dynacli.request.choose_server import check_path, choose_server, parse_origin
from dynacli.urls import origin_of
from tests.documents import api_of, get, operation, save, save_api, serve
from tests.harness import Recorder, Response, run_cli, serving

URI = "https://docs.example.com/specs/v1/openapi.json"
TWO = (Server("https://one.example.com/v1/"), Server("https://two.example.com", "Staging"))
MANY = (
    Server("https://eu.example.com", "Production, Europe", name="eu"),
    Server("https://us.example.com", "Production, America"),
    Server(
        "https://{stage}.example.com",
        "Everything else",
        {"stage": {"default": "test", "enum": ["test", "dev"]}},
    ),
)
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
        (TWO, "staging", {}, "https://two.example.com"),
        (TWO, "two.example.com", {}, "https://two.example.com"),
        (MANY, "eu", {}, "https://eu.example.com"),
        (MANY, "EU", {}, "https://eu.example.com"),
        (MANY, "america", {}, "https://us.example.com"),
        (MANY, "2", {"stage": "dev"}, "https://dev.example.com"),
        (MANY, "https://{stage}.example.com", {}, "https://test.example.com"),
        (MANY, "/v2", {}, "https://docs.example.com/v2"),
        (MANY, "//cdn.example.com", {}, "https://cdn.example.com"),
        ((Server(""),), "", {}, "https://docs.example.com"),
        ((Server("."),), "", {}, "https://docs.example.com/specs/v1"),
        ((Server("v2/"),), "", {}, "https://docs.example.com/specs/v1/v2"),
        (
            (Server("https://a.example.com/{base}", "", {"base": {"default": ""}}),),
            "",
            {},
            "https://a.example.com",
        ),
        ((Server("{base}", "", {"base": {"default": "/v3"}}),), "", {}, "https://docs.example.com/v3"),
        (
            (
                Server(
                    "{scheme}://a.example.com",
                    "",
                    {"scheme": {"default": "https", "enum": ["https", "http"]}},
                ),
            ),
            "",
            {"scheme": "http"},
            "http://a.example.com",
        ),
        # Its own default, which its enum does not have: the document's fault, and still what it says.
        (
            (Server("https://{r}.example.com", "", {"r": {"default": "eu", "enum": ["us"]}}),),
            "",
            {},
            "https://eu.example.com",
        ),
        ((Server("https://a.example.com/ä"),), "", {}, "https://a.example.com/%C3%A4"),
    ],
)
def test_a_server_is_chosen(
    servers: tuple[Server, ...], wanted: str, variables: dict[str, str], expected: str
) -> None:
    """The first server, or the one named by index, name, description or URL, or by a part that no other has.

    Relative ones start from where the document came from.
    """
    assert expected == choose_server(servers, URI, wanted, variables)


@pytest.mark.parametrize(
    ("server", "wanted", "variables", "phrase"),
    [
        (TWO[0], "7", {}, "no server `7`"),
        (TWO[0], "Production", {}, "no server `Production`"),
        (TWO[0], "0x", {}, "no server `0x`"),
        (TWO[0], "one.ex", {}, "no server `one.ex`"),
        (REGIONS, "", {"region": "mars"}, "cannot be `mars`"),
        (
            Server("https://{h}", variables={"h": {"default": None, "enum": ["a.b"]}}),
            "",
            {},
            "`h` has no value",
        ),
        (REGIONS, "", {"planet": "mars"}, "no variable `planet`"),
        (Server("https://{host}"), "", {}, "`host` has no value"),
        (
            Server("https://{host}", variables={"host": {"default": "{your-host}"}}),
            "",
            {},
            "`host` has no value",
        ),
        (
            Server("https://{host}", variables={"host": {"default": "<your host>"}}),
            "",
            {},
            "`host` has no value",
        ),
        (Server("https://{host}"), "", {"host": "a.example\r\nX: y"}, "not a URL"),
        (Server("https://{host}"), "", {"host": "a.example\\@b.example"}, "user name"),
        (Server("https://{host}"), "", {"host": "a.example\\b"}, "not a URL"),
        (Server("https://{host}"), "", {"host": "me:secret@b.example"}, "user name"),
        (Server("ftp://a.example"), "", {}, "not a URL"),
        (Server("javascript:alert(1)"), "", {}, "not a URL"),
        (Server("https://"), "", {}, "not a URL"),
        (Server("https://a b.example"), "", {}, "not a URL"),
        (Server("https://a.example:99999"), "", {}, "not a URL"),
        (Server("https://[::1"), "", {}, "not a URL"),
        (Server("//[::1"), "", {}, "not a URL"),
        (Server("https://b\u00fccher.example"), "", {}, "not a URL"),
        (Server("https://\u2460.example"), "", {}, "not a URL"),
        (Server("https://a%2eexample"), "", {}, "not a URL"),
    ],
    ids=repr,
)
def test_an_unusable_server_is_refused(
    server: Server, wanted: str, variables: dict[str, str], phrase: str
) -> None:
    """A server that does not exist, has no value or is not a plain URL is a usage error that shows no password."""
    with pytest.raises(UsageError) as caught:
        choose_server((server,), URI, wanted, variables)
    assert phrase in caught.value.message
    assert "secret" not in repr(caught.value.as_json())


@pytest.mark.parametrize(
    ("servers", "wanted", "variables", "expected"),
    [
        (
            MANY,
            "production",
            {},
            (
                "`production` is a part of several servers",
                (
                    "Servers of the document: `0` is `https://eu.example.com` (eu, Production, Europe); "
                    "`1` is `https://us.example.com` (Production, America)"
                ),
                "Give an index, a name, a description or a whole URL",
            ),
        ),
        (
            TWO,
            "9",
            {},
            (
                "There is no server `9`",
                (
                    "Servers of the document: `0` is `https://one.example.com/v1/`; "
                    "`1` is `https://two.example.com` (Staging)"
                ),
                "Give an index, a name, a description or a whole URL",
            ),
        ),
        (
            MANY,
            "",
            {"stage": "dev"},
            (
                "The server `https://eu.example.com` has no variable `stage`",
                "It has none",
                "`--server 2` has it",
            ),
        ),
        (
            MANY,
            "2",
            {"stage": "live"},
            ("The server variable `stage` cannot be `live`", "It takes one of `test`, `dev`", ""),
        ),
    ],
    ids=["ambiguous", "no-such-index", "variable-of-another", "not-in-the-enum"],
)
def test_a_wrong_choice_names_the_choices(
    servers: tuple[Server, ...], wanted: str, variables: dict[str, str], expected: tuple[str, str, str]
) -> None:
    """The message says which servers, variables and values there are."""
    with pytest.raises(UsageError) as caught:
        choose_server(servers, URI, wanted, variables)
    assert expected == (caught.value.message, caught.value.reason, caught.value.hint)


def test_a_relative_server_that_was_given_is_named_as_such() -> None:
    """A file gives nothing that the person's own relative server could start from."""
    with pytest.raises(UsageError, match="The server `/v2` is relative"):
        choose_server(TWO, "file:///home/me/openapi.json", "/v2")


def test_a_file_needs_an_absolute_server() -> None:
    """A relative server of a document from a file leads nowhere, and the message says what to do."""
    with pytest.raises(UsageError) as caught:
        choose_server((Server("/v1"),), "file:///home/me/openapi.json")
    assert "`--server https://api.example.com`" in caught.value.hint


def test_a_host_without_a_scheme_is_called_securely() -> None:
    """If a document from a file says the host alone, nothing but the scheme is missing."""
    servers = (Server("//api.example.com/v1"),)
    assert "https://api.example.com/v1" == choose_server(servers, "file:///home/me/openapi.json")


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
    with pytest.raises(UsageError, match="not an origin"):
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


@pytest.mark.parametrize("slashes", [0, 1, 2])
def test_a_value_that_may_hold_slashes_makes_the_path_that_much_deeper(slashes: int) -> None:
    """The check knows how many slashes came with values, and allows these and no more."""
    base, template = "https://a.example.com/v1", "/f/{path}"
    check_path(f"{base}/f/a/b/c", base, template, 2)
    if slashes < 2:
        with pytest.raises(RefusedError):
            check_path(f"{base}/f/a/b/c", base, template, slashes)
    with pytest.raises(RefusedError):
        check_path(f"{base}/f/a/../c", base, template, 2)


def test_slashes_stay_where_the_document_says_so(server: Recorder) -> None:
    """A path parameter with `allowReserved` sends its slashes, others encode them, and neither climbs."""
    parameter = {"name": "path", "in": "path", "required": True, "schema": {"type": "string"}}
    api = save_api(
        get("/raw/{path}", "raw", parameters=[{**parameter, "allowReserved": True}]),
        get("/one/{path}", "one", parameters=[parameter]),
        server=server,
    )
    run_cli(api, "raw", "src/main.py")
    run_cli(api, "one", "src/main.py")
    assert ["/raw/src/main.py", "/one/src%2Fmain.py"] == [request.target for request in server.requests]
    for value in ("src/../main.py", "/etc", "a//b"):
        assert 2 == run_cli(api, "raw", value).exit_code
    assert 2 == len(server.requests)


def test_the_query_of_a_server_is_not_sent_and_the_document_is_told(server: Recorder) -> None:
    """`servers` of OpenAPI 3.2 forbids query and fragment; they are left out with a warning that says where."""
    server.responses["/v1/a"] = Response()
    api = save_api(get("/a", "get-a"), server=f"{server.origin}/v1?key=1#top")
    result = run_cli(api, "get-a")
    assert (0, "/v1/a") == (result.exit_code, server.last.target)
    (warning,) = run_cli("api", "show", api, "-o", "json").json["warnings"]
    assert ("The query and the fragment of a server's URL are not sent", "/servers/0/url") == (
        warning["message"],
        warning["pointer"],
    )


def test_the_self_of_a_document_is_no_base_of_its_servers(server: Recorder) -> None:
    """`$self` identifies a document; its servers start from where it was fetched (OpenAPI 3.2.0)."""
    server.responses["/v1/a"] = Response()
    made = api_of(get("/a", "get-a"), server="/v1")
    url = serve(server, {**made, "openapi": "3.2.0", "$self": "https://elsewhere.example/api.json"})
    result = run_cli(url, "get-a")
    assert (0, "/v1/a") == (result.exit_code, server.last.target)


def test_servers_are_listed_with_the_index_that_chooses_them() -> None:
    """Help and description number the servers from 0, with names, descriptions and variables."""
    made = api_of(get("/a", "get-a"), server=None)
    made["servers"] = [
        {"url": "https://one.example.com", "name": "prod", "description": "The real one"},
        {
            "url": "https://{stage}.example.com:{port}",
            "variables": {"stage": {"enum": ["a", "b"]}, "port": {"default": 80}},
        },
    ]
    api = save({**made, "openapi": "3.2.0"})
    expected = [
        '  0  https://one.example.com  "prod, The real one"',
        "  1  https://{stage}.example.com:{port}",
    ]
    help_lines = run_cli(api, "--help").stdout.splitlines()
    start = help_lines.index(f"  Servers  {expected[0]}")
    assert f"{' ' * 11}{expected[1]}" == help_lines[start + 1]
    described = run_cli("-o", "text", "describe", api, "get-a").stdout.splitlines()
    start = described.index("Servers")
    assert [*expected, "     stage  one of a, b; needs a value", "     port  default 80"] == described[
        start + 1 : start + 5
    ]
    servers = run_cli("describe", api, "get-a", "-o", "json").json["servers"]
    assert {
        "url": "https://one.example.com",
        "description": "The real one",
        "variables": {},
        "name": "prod",
    } == servers[0]


def test_the_most_specific_servers_win(server: Recorder, other_server: Recorder) -> None:
    """Servers of an operation go before those of its path, and those before the document's."""
    own = operation("own", servers=[{"url": f"{server.origin}/operation"}])
    item = {"get": own, "post": operation("path"), "servers": [{"url": f"{server.origin}/path"}]}
    paths = {"/a": item, "/b": {"get": operation("top")}}
    api = save_api(paths, server=f"{server.origin}/document")
    for word in ("own", "path", "top"):
        run_cli(api, word)
    assert ["/operation/a", "/path/a", "/document/b"] == [request.target for request in server.requests]
    run_cli(api, "own", "--server", other_server.origin)
    assert ["/a"] == [request.target for request in other_server.requests]


def test_a_relative_server_starts_from_the_document(server: Recorder) -> None:
    """A document from a URL with a relative server, or none, is called where it came from."""
    server.responses["/v1/a"] = Response()
    url = serve(server, api_of(get("/a", "get-a"), server="/v1"))
    assert (0, "{}") == ((result := run_cli(url, "get-a")).exit_code, result.stdout)


def test_a_server_variable_is_given_by_name(server: Recorder) -> None:
    """`--server-var` fills a variable of the server's URL."""
    made = api_of(get("/a", "get-a"), server=None)
    made["servers"] = [{"url": f"{server.origin}/{{base}}", "variables": {"base": {"default": "v1"}}}]
    api = save(made)
    run_cli(api, "get-a")
    run_cli(api, "get-a", "--server-var", "base=v2")
    assert ["/v1/a", "/v2/a"] == [request.target for request in server.requests]
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

    try:
        with serving(Handler, "::1") as origin:
            result = run_cli(save_api(get("/a", "get-a"), server=origin), "get-a")
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    assert (0, "{}") == (result.exit_code, result.stdout)
    assert [origin.removeprefix("http://")] == hosts


@pytest.mark.parametrize(
    ("url", "is_meant"),
    [
        ("https://api.example.com", True),
        ("http://API.example.com/v1", True),
        ("//api.example.com:8080/v1", True),
        ("https://evil.example/api.example.com", False),
        ("https://evil.example/https://api.example.com", False),
        ("https://evil.example?api.example.com", False),
        ("https://evil.example#api.example.com", False),
        ("https://api.example.com.evil.example", False),
        ("https://evil-api.example.com", False),
        ("https://api.example.com@evil.example", False),
        ("api.example.com", False),
        ("evil//api.example.com", False),
    ],
)
def test_a_host_is_compared_with_hosts_alone(url: str, is_meant: bool) -> None:
    """A host that a person wrote is found in no other part of a server's URL."""
    servers = (Server("https://one.example.com"), Server(url))
    assert ([servers[1]] if is_meant else []) == named_servers(servers, "api.example.com")


@pytest.mark.parametrize(
    "word", ["api\u3002example\u3002com", "\uff41pi.example.com", "http\uff1a//a.example"]
)
def test_a_url_in_other_characters_is_no_name(word: str) -> None:
    """What browsers read as a host is compared with URLs alone."""
    assert [] == named_servers((Server("https://evil.example", word),), word)
