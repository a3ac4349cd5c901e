"""What a server may take a request for, besides what it is: other methods, other paths, other hosts."""

import json
import os
import time
from pathlib import Path

import pytest

from dynacli.client.readings import SentValues, overrides_of, path_steps_of, readings_of
from dynacli.http.built_request import Request, RequestParts
from dynacli.urls import server_of
from tests.documents import delete, document, get, operation, parameter, post, save, save_api
from tests.harness import Recorder, Response, run_cli

_PARTS = RequestParts({}, (), {}, ())
_URL = "https://api.example.com/things"
_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data; boundary=x"
_JSON = "application/json"


def _part(disposition: str, value: str = "DELETE", end: str = "\r\n", more: str = "") -> bytes:
    lines = ["--x", disposition, *([more] if more else []), "", value, "--x--", ""]
    return end.join(lines).encode()


HEADERS = [
    ("X-HTTP-Method-Override", "DELETE"),
    ("x-http-method-override", "delete"),
    ("X_HTTP_Method_Override", "DELETE"),
    ("X.HTTP.Method.Override", "DELETE"),
    ("X-HTTP-Method", "DELETE"),
    ("X-Method-Override", "DELETE"),
    ("X-HTTP-Method-Override", "PATCH, DELETE"),
    ("X-HTTP-Method-Override", '"DELETE"'),
    ("Http-Method-Override", "DELETE"),
    ("X-Original-Method", "DELETE"),
    ("X-Forwarded-Method", "DELETE"),
    ("X-HTTP-Verb", "delete"),
    ("X-Verb-Override", "DELETE"),
]


@pytest.mark.parametrize(("name", "value"), HEADERS)
def test_a_header_asks_for_a_method(name: str, value: str) -> None:
    """In all spellings that CGI, WSGI and frameworks read."""
    request = Request("POST", _URL, ((name, value),), b"", _PARTS)
    assert "DELETE" in overrides_of(request).asked


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Access-Control-Request-Method", "DELETE"),
        ("X-Payment-Method", "card"),
        ("X-Override-Reason", "a card"),
        ("Authorization", "Bearer DELETE"),
    ],
)
def test_a_header_that_is_about_something_else_asks_for_none(name: str, value: str) -> None:
    """Such as the question of a browser, before it sends another request."""
    assert ({}, "") == overrides_of(Request("POST", _URL, ((name, value),), b"", _PARTS))


FIELDS = [
    "_method=DELETE",
    "a=b&_method=delete",
    "a=b;_method=DELETE",
    "%5Fmethod=DELETE",
    "%255Fmethod=DELETE",
    "%u005fmethod=DELETE",
    "_%6dethod=DELETE",
    "_METHOD=DELETE",
    ".method=DELETE",
    "+_method=DELETE",
    "[method=DELETE",
    "[_method]=DELETE",
    "_method[]=DELETE",
    "_method%5B0%5D=DELETE",
    "_method%00x=DELETE",
    "%EF%BB%BF_method=DELETE",
    "_method=GET&_method=DELETE",
    "_method=%44ELETE",
    "_method=+DELETE+",
    "__METHOD_OVERRIDE__=DELETE",
    "_HttpMethod=DELETE",
    "$httpMethod=DELETE",
    "X-HTTP-Method-Override=DELETE",
    "x_http_method_override=DELETE",
]
"""Pairs of a query or a form, each of which some server reads as DELETE."""

BODIES = {
    **{f"form {text}": (_FORM, text.encode()) for text in FIELDS},
    "form with a charset": (f"{_FORM}; charset=utf-8", b"_method=DELETE"),
    "form under another type": ("image/png", b"_method=DELETE"),
    "form, IIS": (_FORM, b"_method=%u0044ELETE"),
    "form that is JSON too": (_FORM, b'{"a":"&_method=DELETE&b="}'),
    "form without a type": ("", b"_method=DELETE"),
    "form in UTF-16": (_FORM, "_method=DELETE".encode("utf-16")),
    "JSON": (_JSON, b'{"_method":"DELETE"}'),
    "JSON with an escape": (_JSON, rb'{"\u005fmethod":"DELETE"}'),
    "JSON twice": (_JSON, b'{"_method":"DELETE","_method":"GET"}'),
    "JSON in UTF-16": (_JSON, '{"_method":"DELETE"}'.encode("utf-16")),
    "JSON behind a byte order mark": (_JSON, b'\xef\xbb\xbf{"_method":"DELETE"}'),
    "multipart": (_MULTIPART, _part('Content-Disposition: form-data; name="_method"')),
    "multipart under another type": ("image/png", _part('Content-Disposition: form-data; name="_method"')),
    "multipart, LF": (_MULTIPART, _part('Content-Disposition: form-data; name="_method"', end="\n")),
    "multipart, CR": (_MULTIPART, _part('Content-Disposition: form-data; name="_method"', end="\r")),
    "multipart, single quotes": (_MULTIPART, _part("Content-Disposition: form-data; name='_method'")),
    "multipart, no quotes": (_MULTIPART, _part("content-disposition:form-data;NAME=_method")),
    "multipart, blanks": (_MULTIPART, _part('Content-Disposition : form-data ; name = "_method"')),
    "multipart, folded": (_MULTIPART, _part('Content-Disposition: form-data;\r\n name="_method"')),
    "multipart, extended": (_MULTIPART, _part("Content-Disposition: form-data; name*=utf-8''%5Fmethod")),
    "multipart, dot": (_MULTIPART, _part('Content-Disposition: form-data; name=".method"')),
    "multipart, escaped": (_MULTIPART, _part('Content-Disposition: form-data; name="\\_method"')),
    "multipart, two names": (_MULTIPART, _part('Content-Disposition: form-data; name="a"; name="_method"')),
    "multipart, typed": (
        _MULTIPART,
        _part('Content-Disposition: form-data; name="_method"', more="Content-Type: text/plain"),
    ),
}
"""Bodies that ask for DELETE."""

DOUBTS = {
    "JSON that is none": (_JSON, b'{"_method":"DELETE",}'),
    "JSON that is none, as a form": (_FORM, b'{"_method":"DELETE",}'),
    "JSON that is deep": (_JSON, b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b',"_method":"DELETE"}'),
    "form in EBCDIC": (f"{_FORM}; charset=cp037", "_method=DELETE".encode("cp037")),
    "form in UTF-7": (f"{_FORM}; charset=utf-7", b"+AF8-method=DELETE"),
    "empty value": (_FORM, b"_method="),
    "multipart, in pieces": (
        _MULTIPART,
        _part('Content-Disposition: form-data; name*0="_met"; name*1="hod"'),
    ),
    "multipart, in pieces beside the whole name": (
        _MULTIPART,
        _part('Content-Disposition: form-data; name*0="_met"; name*1="hod"', more="X-Note: the _method"),
    ),
    "multipart, encoded as a method": (
        _MULTIPART,
        _part(
            'Content-Disposition: form-data; name="_method"',
            "POST",
            more="Content-Transfer-Encoding: base64",
        ),
    ),
    "form with more fields than are read": (_FORM, b"_method=GET&" * 10_001 + b"_method=DELETE"),
    "multipart, encoded": (
        _MULTIPART,
        _part(
            'Content-Disposition: form-data; name="_method"',
            "REVMRVRF",
            more="Content-Transfer-Encoding: base64",
        ),
    ),
    "value that is encoded twice": (_FORM, b"_method=D%2545LETE"),
    "value in base64": (_FORM, b"_method=REVMRVRF"),
    "multipart, encoded before the name": (
        _MULTIPART,
        _part(
            "Content-Transfer-Encoding: base64",
            "REVMRVRF",
            more='Content-Disposition: form-data; name="_method"',
        ),
    ),
    "JSON behind a comment": (_JSON, b'/**/{"_method":"DELETE"}'),
    "JSON in single quotes": (_JSON, b"{'_method':'DELETE'}"),
    "multipart, no value": (_MULTIPART, b'--x\r\nContent-Disposition: form-data; name="_method"'),
}
"""Bodies of which it is not clear which method they ask for."""


def _request(media_type: str, body: bytes) -> Request:
    headers = (("Content-Type", media_type),) if media_type else ()
    return Request("POST", _URL, headers, body, _PARTS)


@pytest.mark.parametrize("text", FIELDS)
def test_a_query_asks_for_a_method(text: str) -> None:
    """In all spellings that servers read."""
    assert "DELETE" in overrides_of(Request("POST", f"{_URL}?{text}", (), None, _PARTS)).asked
    assert "DELETE" in overrides_of(Request("POST", f"{_URL};{text}", (), None, _PARTS)).asked


@pytest.mark.parametrize(("media_type", "body"), BODIES.values(), ids=BODIES)
def test_a_body_asks_for_a_method(media_type: str, body: bytes) -> None:
    """Whatever its media type, charset and line ends."""
    assert "DELETE" in overrides_of(_request(media_type, body)).asked


@pytest.mark.parametrize(("media_type", "body"), DOUBTS.values(), ids=DOUBTS)
def test_a_body_that_is_not_clear_may_ask_for_any(media_type: str, body: bytes) -> None:
    """In doubt the stricter reading counts."""
    assert overrides_of(_request(media_type, body)).doubt


@pytest.mark.parametrize(
    ("headers", "is_whole"),
    [
        ((), False),
        ((("Content-Type", _FORM),), False),
        ((("Content-Type", "text/plain"),), False),
        ((("Content-Type", "image/png"), ("Content-Type", _FORM)), False),
        ((("Content-Type", f"image/png, {_FORM}"),), False),
        ((("Content-Type", "image/png"), ("Connection", "close, Content-Type")), False),
        ((("Content-Type", "image/png"), ("Content_Type", _FORM)), False),
        ((("Content-Type", f"image/png; {_FORM}"),), False),
        ((("X-HTTP-Method-Override", "=?utf-8?b?REVMRVRF?="),), True),
        ((("Content-Type", _JSON), ("Content-Encoding", "gzip")), True),
        ((("Content-Type", _FORM), ("Content-Encoding", "identity"), ("Content-Encoding", "br")), True),
    ],
)
def test_what_is_not_seen_of_a_body_may_ask_for_any(
    headers: tuple[tuple[str, str], ...], is_whole: bool
) -> None:
    """Unless its media type, named once and clearly, has no fields."""
    assert overrides_of(Request("POST", _URL, headers, b"x", _PARTS), is_whole=is_whole).doubt
    plain = Request("POST", _URL, (("Content-Type", "image/png"), *headers[2:]), b"x", _PARTS)
    assert ({}, "") == overrides_of(plain, is_whole=False)


@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        (_JSON, b'{"payment_method":"card","method":"DELETE","note":"_method=DELETE & more"}'),
        (_JSON, b'{"httpMethod":"DELETE","_method_id":"DELETE"}'),
        (_FORM, b"method=DELETE&payment_method=DELETE&the_method=DELETE"),
        (_MULTIPART, _part('Content-Disposition: form-data; name="method"')),
        (_MULTIPART, _part('Content-Disposition: form-data; name="a"', "name=_method")),
        ("text/plain", b"the _method is: DELETE"),
        (_JSON, b"[" * 100_000 + b"]" * 100_000),
    ],
)
def test_a_body_that_asks_for_nothing(media_type: str, body: bytes) -> None:
    """A field of a like name, and a mention within a value, are data."""
    assert ({}, "") == overrides_of(_request(media_type, body))


@pytest.mark.sampled(3)
@pytest.mark.no_cover
@pytest.mark.parametrize(
    "piece",
    [
        b'name="_method"\r\n',
        b'Content-Disposition: form-data; name="_method"\r\n',
        b'Content-Disposition: form-data; name="\n ',
        b"&_%6dethod",
        b"_" * 999 + b"&_method&",
        b"____",
        b"name = ' ",
        b'{"_method":',
        b"name*0 ",
    ],
)
def test_a_large_body_is_looked_at_in_linear_time(piece: bytes) -> None:
    """The event loop of the proxy looks at up to 1 MiB of a body that a client chooses."""
    request = _request("", piece * (1024 * 1024 // len(piece)))
    start = time.monotonic()
    overrides_of(request)
    assert time.monotonic() - start < 8


@pytest.mark.parametrize(
    "path",
    [
        *("/Things/a", "//things/a", "/things//a", "/things/a/", "/./things/a", "/things/./a", "/%74hings/a"),
        *(
            "/things%2fa",
            "/things\\a",
            "/things%5ca",
            "/things;v=1/a",
            "/things/a;v=1",
            "/things./a",
            "/things/a%20",
        ),
        *("/things/A?b=c", "/things/a#b", "/.;x/things/a", "/%u0074hings/a", "/TH\u0130NGS/a"),
        *("/%EF%BD%94hings/a", "/th%C4%B1ngs/a", "/th%C4%B0ngs/a"),
    ],
)
def test_spellings_of_a_path(path: str) -> None:
    """Servers take each of them for the same path."""
    assert ("things", "a") == path_steps_of(path)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/x/../a",
            "/x/%2e%2e/a",
            "/x/..%2fa",
            "/x/..;/a",
            "/x/%252e%252e/a",
            "/x/.../a",
            "/x%00/a",
            "/x/.. /a",
        ),
        *("/x/%c1%a1", "/x/%e9", "/x/%u002e%u002e/a", "/x/%25u0061"),
    ],
)
def test_paths_that_are_not_clear(path: str) -> None:
    """They may lead anywhere."""
    assert path_steps_of(path) is None


@pytest.mark.parametrize(
    ("path", "readings"),
    [
        ("/things/a", ["/things/a"]),
        ("/things/a%3Fb", ["/things/a%3Fb", "/things/a"]),
        ("/things/a%23b%3f", ["/things/a%23b%3f", "/things/a"]),
        ("/index.php/things", ["/index.php/things", "//things"]),
        ("/index.php", ["/index.php"]),
        ("/a/index.php/things", ["/a/index.php/things"]),
    ],
)
def test_readings_of_a_path(path: str, readings: list[str]) -> None:
    """A server may decode a path before it looks for the query, and run a script that the path names."""
    assert readings == list(readings_of(path))


@pytest.mark.parametrize(
    ("query", "headers", "body", "is_found"),
    [
        ("Action=erase", (), b"", True),
        ("Action=erase&Action=list", (), b"", True),
        ("Action=list;Action=erase", (), b"", True),
        ("action[]=ERASE", (), b"", True),
        ("action[0]=ERASE", (), b"", True),
        ("Action=list", (("Content-Type", _FORM),), b"a=b&Action=erase", True),
        ("", (("Content-Type", _JSON),), b'{"Action":"erase"}', True),
        (
            "",
            (("Content-Type", _MULTIPART),),
            _part('Content-Disposition: form-data; name="Action"', "erase"),
            True,
        ),
        ("", (("Content-Type", _JSON), ("Content-Encoding", "gzip")), b"x", True),
        ("Action=list", (("Content-Type", _FORM),), b"Other=erase", False),
        ("Action=list", (("Content-Type", "image/png"), ("Content-Encoding", "gzip")), b"x", False),
        ("Action=list&Reaction=erase", (("Action", "erase"),), b"", False),
    ],
)
def test_values_that_tell_operations_apart(
    query: str, headers: tuple[tuple[str, str], ...], body: bytes, is_found: bool
) -> None:
    """Any of several, in any case of letters, and in the body, too; a body that is not clear may have it."""
    values = SentValues(Request("POST", f"{_URL}?{query}", headers, body, _PARTS))
    assert is_found == values.may_have("query", "Action", ["erase"])


@pytest.mark.parametrize("value", ["erase", "list, Erase"])
def test_headers_that_tell_operations_apart(value: str) -> None:
    """Also one of several values in one header."""
    values = SentValues(Request("POST", _URL, (("X_Action", value),), b"", _PARTS))
    assert values.may_have("header", "X-Action", ["erase"])


def test_a_query_of_a_post_asks_for_a_method_although_it_may_be_a_filter() -> None:
    """A GET may be filtered by `method`; a POST with it is taken for what it may become."""
    asked = [
        overrides_of(Request(method, f"{_URL}?method=DELETE", (), None, _PARTS), is_strict=False).asked
        for method in ("POST", "GET")
    ]
    assert [True, False] == ["DELETE" in methods for methods in asked]


@pytest.mark.parametrize(
    ("query", "body", "routes"),
    [
        ("rest_route=/secret", b"", ["/secret"]),
        ("_url=/a/b&note=/c", b"", ["/a/b"]),
        ("r=site%2Findex", b"", ["/site/index"]),
        ("kohana_uri=/secret", b"", ["/secret"]),
        ("r=7&url=https://api.example.com/x", b"", []),
        ("", b"rest%5Froute=/secret", ["/secret"]),
        ("", b"_url=/secret", []),
    ],
)
def test_fields_that_name_another_path(query: str, body: bytes, routes: list[str]) -> None:
    """Those of front controllers."""
    request = Request("POST", f"{_URL}?{query}", (("Content-Type", _FORM),), body, _PARTS)
    assert routes == list(SentValues(request).routes())


@pytest.mark.sampled(2)
@pytest.mark.no_cover
@pytest.mark.parametrize(
    "piece", [b"rest_route=/&", b'{"a":', b"%72", b"--x\r\nContent-Disposition: form-data\r\n"]
)
def test_fields_are_looked_for_in_linear_time(piece: bytes) -> None:
    """The event loop of the proxy looks at up to 1 MiB of a body that a client chooses."""
    request = _request("", piece * (1024 * 1024 // len(piece)))
    start = time.monotonic()
    list(SentValues(request).routes())
    assert time.monotonic() - start < 8


@pytest.mark.no_cover
def test_nested_members_are_looked_at_in_linear_time() -> None:
    """The values of those that are not looked for are not written out on each level."""
    body = b'{"_method":' * 900 + b"[" + b"1," * 400_000 + b"1]" + b"}" * 900
    start = time.monotonic()
    assert overrides_of(_request(_JSON, body)).doubt
    assert time.monotonic() - start < 8


HOSTS = (
    *(
        "localhost",
        "LOCALHOST",
        "localhost.",
        "127.1",
        "127.0.1",
        "2130706433",
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",
    ),
    *(
        "017700000001",
        "127.0.0.2",
        "0.0.0.0",
        "0",
        "[::1]",
        "[0:0:0:0:0:0:0:1]",
        "[::]",
        "[::ffff:127.0.0.1]",
    ),
    *(
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "a.localhost",
        "ip6-localhost",
        "127。0。0。1",
    ),
    *("%6cocalhost", "[::ffff:0:127.0.0.1]"),
)


@pytest.mark.parametrize("host", HOSTS)
def test_spellings_of_this_machine(host: str) -> None:
    """All of them are one server."""
    assert server_of("http://127.0.0.1:8000/a") == server_of(f"http://{host}:8000/b")


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("https://api.example.com", "https://API.example.com.:443/x", True),
        ("https://api.example.com", "http://api.example.com:80", True),
        ("https://bücher.example", "https://xn--bcher-kva.example", True),
        ("http://10.0.0.5:81", "http://0xa.5:81", True),
        ("http://10.0.0.5:81", "http://[::ffff:a00:5]:81", True),
        ("http://10.0.0.5:81", "http://10.0.0.5:82", False),
        ("http://10.0.0.5:81", "http://10.0.0.6:81", False),
        ("https://api.example.com", "https://api.example.org", False),
    ],
)
def test_spellings_of_a_server(one: str, other: str, is_same: bool) -> None:
    """Names in any case and script, with the default port or without; other servers are other ones."""
    assert is_same == (server_of(one) == server_of(other))


_ID = parameter("id", {"type": "string"}, "path")
_ANY: dict[str, object] = {
    "content": {kind: {"schema": {}} for kind in (_JSON, "application/octet-stream", "text/plain")}
}


def _registered(server: Recorder, policy: str) -> Path:
    """Register an API with a policy, and return its document."""
    file = save_api(
        get("/secret", "getSecret", tags=["admin"]),
        get("/{id}", "getAny", _ID),
        get("/admin/{id}", "getAdmin", _ID, tags=["admin"]),
        get("/things/{id}", "getThing", _ID),
        delete("/things/{id}", "removeThing", _ID, tags=["Danger Zone"]),
        post("/things/{id}", "pokeThing", _ID, requestBody=_ANY),
        get("/do#Action=list", "list", parameter("Action", {"enum": ["list"]}, required=True)),
        get("/do#Action=erase", "erase", parameter("Action", {"enum": ["erase"]}, required=True)),
        server=server,
        file="shop.json",
    )
    assert 0 == run_cli("api", "add", "shop", file).exit_code
    configuration = Path(os.environ["DYNACLI_CONFIG_DIR"], "config.toml")
    configuration.write_text(f"{configuration.read_text()}\n[apis.shop.policy]\n{policy}\n")
    return Path(file)


_OVERRIDE = ("-H", "X-HTTP-Method-Override: DELETE")


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("policy", "words", "code"),
    [
        ("deny = ['get-secret']", ("get-any", "SECRET"), 11),
        ("deny = ['get-secret']", ("get-any", "secret"), 11),
        ("deny = ['get-secret']", ("get-any", "secret.json"), 11),
        ("deny = ['get-secret']", ("get-any", "secret;v=1"), 11),
        ("deny = ['get-secret']", ("get-any", "secrets"), 0),
        ("deny = ['get-admin']", ("get-any", "admin/7"), 11),
        ("deny = ['get-admin']", ("get-any", "a/7"), 0),
        ("allow = ['get-any']", ("get-any", "a/7"), 0),
        ("allow = ['get-any']", ("get-any", "secret"), 11),
        ("deny = ['get-admin']", ("get-any", "7", "--server", "ORIGIN/admin"), 11),
        ("deny = ['get-any']", ("get-secret",), 0),
        ("deny = ['get-secret']", ("get-any", "x", "-H", "X-Original-URL: /secret"), 11),
        ("deny = ['get-secret']", ("get-any", "x", "-H", "X-Rewrite-Url: https://h/secret?a"), 11),
        ("deny = ['erase']", ("list", "--action", "list"), 0),
        ("deny = ['erase']", ("list", "--query.Action", "erase"), 11),
        ("deny = ['erase']", ("list", "--action", "Erase"), 11),
        ("deny = ['erase']", ("list", "--query.action", "erase"), 11),
        ("deny = ['get-secret']", ("get-any", "secret?x"), 11),
        ("deny = ['get-secret']", ("get-any", "index.php/secret"), 11),
        ("deny = ['get-secret']", ("get-any", "index.php/other"), 0),
        ("deny = ['get-secret']", ("get-any", "x", "-H", "X-Forwarded-Uri: /secret"), 11),
        ("deny = ['get-secret']", ("get-any", "x", "-H", "PATH_INFO: /secret"), 11),
        ("deny = ['get-secret']", ("get-admin", "secret", "-H", "SCRIPT_NAME: /admin"), 11),
        ("deny = ['get-secret']", ("get-admin", "secret"), 0),
        ("deny = ['get-secret']", ("FOO", "/secret"), 11),
        ("deny = ['get-secret']", ("FOO", "/x/../secret"), 11),
        ("deny = ['get-secret']", ("QUERY", "/secret"), 11),
        ("deny = ['get-secret']", ("OPTIONS", "/secret"), 0),
        ("deny = ['remove-thing']", ("PUT", "/things/1"), 11),
        ("deny = ['remove-thing']", ("POST", "/things/1"), 0),
        ("deny = ['DELETE']", ("PUT", "/things/1"), 0),
        ("deny = ['remove-thing']", ("poke-thing", "1", *_OVERRIDE), 11),
        ("deny = ['danger-zone']", ("poke-thing", "1", *_OVERRIDE), 11),
        ("deny = ['poke-*']", ("get-thing", "1"), 0),
        ("allow = ['poke-thing']", ("poke-thing", "1", *_OVERRIDE), 11),
        ("allow = ['poke-thing']", ("poke-thing", "1"), 0),
        ("deny = ['DELETE']", ("poke-thing", "1", "--body", "@big.json"), 0),
        ("deny = ['DELETE']", ("poke-thing", "1", "--content-type", "octet", "--body", "@big.json"), 0),
        ("deny = ['DELETE']", ("poke-thing", "1", "--content-type", "text", "--body", "@big.json"), 0),
        ("deny = ['DELETE']", ("poke-thing", "1", "--body", "1", "-H", "Content-Encoding: gzip"), 11),
        ("deny = ['QUERY']", ("poke-thing", "1", "--body", "1", "-H", "Content-Encoding: gzip"), 0),
        ("deny = ['get-thing']", ("HEAD", "/things/1"), 11),
        ("confirm = ['GET']", ("HEAD", "/things/1"), 11),
        ("confirm = ['GET']", ("HEAD", "/things/1", "--yes"), 0),
        ("allow = ['HEAD']", ("HEAD", "/things/1"), 0),
        ("deny = ['POST']", ("HEAD", "/things/1"), 0),
        ("deny = ['admin']", ("get-secret",), 11),
        ("deny = ['Admin']", ("get-secret",), 11),
        ("confirm = ['admin']", ("get-secret",), 11),
        ("confirm = ['admin']", ("get-secret", "--yes"), 0),
        ("allow = ['admin']", ("get-secret",), 11),
        ("allow = ['tag:admin']", ("get-secret",), 0),
    ],
)
def test_a_policy_decides_on_all_that_a_server_may_read(
    policy: str, words: tuple[str, ...], code: int, server: Recorder
) -> None:
    """Methods, paths, and the operation that a tag without `tag:` means; what is clear is not refused."""
    if "@big.json" in words:
        Path("big.json").write_text(json.dumps(["a"] * 1_000_000))
    _registered(server, policy)
    words = tuple(word.replace("ORIGIN", server.origin) for word in words)
    result = run_cli("shop", *words, "--validate", "off", "--no-fail")
    assert code == result.exit_code, result.stderr
    assert (code == 0) == bool(server.requests)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("policy", "location", "code"),
    [
        ("deny = ['get-secret']", "/secret", 11),
        ("deny = ['get-secret']", "ORIGIN/x/../Secret?a", 11),
        ("allow = ['get-thing']", "/secret", 11),
        ("confirm = ['admin']", "/admin/7", 11),
        ("deny = ['DELETE']", "/things/2?_method=DELETE", 11),
        ("deny = ['get-secret']", "/admin/7", 0),
        ("allow = ['get-thing']", "/things/2", 0),
        ("deny = ['get-secret']", "OTHER/secret", 0),
    ],
)
def test_a_policy_decides_where_redirects_lead(
    policy: str, location: str, code: int, server: Recorder, other_server: Recorder
) -> None:
    """An input often says it, as in `?next=/secret`; the paths of another server mean something else."""
    _registered(server, policy)
    location = location.replace("ORIGIN", server.origin).replace("OTHER", other_server.origin)
    server.responses["/things/1"] = Response(302, b"", {"Location": location})
    result = run_cli("--error-format", "json", "shop", "get-thing", "1", "--validate", "off", "--no-fail")
    assert code == result.exit_code, result.stderr
    assert (1 if code or location.startswith(other_server.origin) else 2) == len(server.requests)
    if code:
        assert "The redirect of" in result.error["message"]


def test_a_policy_holds_at_each_value_of_a_server_variable(server: Recorder) -> None:
    """The servers of an API are all that its document lists."""
    port = server.origin.rpartition(":")[2]
    paths = {"/things/{id}": {"delete": operation("removeThing", _ID)}}
    hosts = {"host": {"default": "eu.example.com", "enum": ["eu.example.com", "127.0.0.1"]}}
    shop = document(paths) | {"servers": [{"url": f"http://{{host}}:{port}", "variables": hosts}]}
    assert 0 == run_cli("api", "add", "shop", save(shop, "shop.json")).exit_code
    assert 0 == run_cli("api", "set", "shop", "policy.deny=DELETE").exit_code
    copy = save_api(paths, server=server, file="copy.json")
    assert 11 == run_cli(copy, "remove-thing", "1", "--yes").exit_code
    assert [] == server.requests


@pytest.mark.sampled(3)
@pytest.mark.parametrize("host", ["localhost", "127.1", "2130706433", "[::ffff:127.0.0.1]", "LOCALHOST."])
def test_a_policy_holds_at_its_servers_by_any_name(host: str, server: Recorder) -> None:
    """Another document that calls the same server is bound, however its address is spelled."""
    file = _registered(server, "deny = ['DELETE', 'get-secret']")
    other = json.loads(file.read_text())
    port = server.origin.rpartition(":")[2]
    other["servers"] = [{"url": f"http://{host}:{port}"}]
    save(other, "other.json")
    for words in (("remove-thing", "1"), ("HEAD", "/Secret"), ("get-any", "secret")):
        result = run_cli("./other.json", *words, "--yes", "--validate", "off", "--no-fail")
        assert 11 == result.exit_code, result.stderr
    assert [] == server.requests
    server.responses["/things/1"] = Response(body=b"{}")
    assert 0 == run_cli("./other.json", "get-thing", "1", "--server", server.origin).exit_code


@pytest.mark.parametrize("way", ["document", "source", "server"])
def test_a_policy_set_without_a_person_frees_from_no_other(way: str, server: Recorder) -> None:
    """Whatever its API calls later: its document, another one, or a server that is configured."""
    file = _registered(server, "deny = ['remove-thing']")
    paths = json.loads(file.read_text())["paths"]
    elsewhere = save_api(paths, file="second.json")
    assert 0 == run_cli("api", "add", "second", elsewhere).exit_code
    assert 0 == run_cli("api", "set", "second", "policy.confirm=PATCH").exit_code
    if way == "document":
        save_api(paths, server=server, file="second.json")
        assert 0 == run_cli("api", "refresh", "second", "--accept").exit_code
    else:
        value = (
            server.origin
            if way == "server"
            else Path(save_api(paths, server=server, file="third.json")).resolve()
        )
        assert 0 == run_cli("api", "set", "second", f"{way}={value}").exit_code
    assert 11 == run_cli("second", "remove-thing", "1", "--yes").exit_code
    assert 11 == run_cli("api", "set", "second", "policy.additional=false", "--yes").exit_code
    assert [] == server.requests


def test_a_policy_is_free_of_others_if_a_person_wrote_it(server: Recorder) -> None:
    """So one server can have two names with two policies."""
    file = _registered(server, "deny = ['remove-thing']")
    second = save(json.loads(file.read_text()), "second.json")
    assert 0 == run_cli("api", "add", "second", second).exit_code
    configuration = Path(os.environ["DYNACLI_CONFIG_DIR"], "config.toml")
    kept = configuration.read_text()
    configuration.write_text(f"{kept}\n[apis.second.policy]\ndeny = ['PATCH']\n")
    assert 0 == run_cli("second", "remove-thing", "1", "--validate", "off", "--no-fail").exit_code
    configuration.write_text(f"{kept}\n[apis.second.policy]\ndeny = ['PATCH']\nadditional = true\n")
    assert 11 == run_cli("second", "remove-thing", "1", "--validate", "off", "--no-fail").exit_code


@pytest.mark.parametrize("policy", ["deny = ['tag:danger-*']", "confirm = ['Danger Zone']"])
def test_a_tag_that_a_policy_is_about_is_not_lost_silently(policy: str, server: Recorder) -> None:
    """The document before stays in use until someone accepts the new one."""
    file = _registered(server, policy)
    changed = json.loads(file.read_text())
    changed["paths"]["/things/{id}"]["delete"]["tags"] = ["Other"]
    changed["paths"]["/secret"]["get"]["tags"] = ["Danger Zone"]
    save(changed, "shop.json")
    result = run_cli("api", "refresh", "shop")
    assert 11 == result.exit_code
    assert "`DELETE /things/{id}` has no tag `Danger Zone` any more" in result.stderr
    assert 11 == run_cli("shop", "remove-thing", "1").exit_code
    assert [] == server.requests
    assert 0 == run_cli("api", "refresh", "shop", "--accept").exit_code
    assert 0 == run_cli("shop", "remove-thing", "1", "--validate", "off", "--no-fail").exit_code
