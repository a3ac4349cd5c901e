"""What a page names is found by text patterns, in time that grows as the page does."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynacli.features.apis.discovery._leads import (
    MAX_CHARACTERS,
    SearchedOrigin,
    leads_in_query,
    read_config,
    read_page,
)
from dynacli.features.apis.discovery.discovered import Lead, Role


def _references(text: str) -> list[str]:
    return [lead.reference for lead in read_page(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("swagger-ui url: '/a'", ["/a"]),
        ("swagger-ui url : `/a`", ["/a"]),
        ("swagger-ui 'url': \"/a\"", ["/a"]),
        ("swagger-ui baseUrl: '/a', urls_x: '/b', my-url: '/c'", []),
        ("swagger-ui url: location.origin + '/b'", []),
        ("swagger-ui url: window.location.origin + '/b/api-docs.json'", ["/b/api-docs.json"]),
        ("swagger-ui url: ''", []),
        ("swagger-ui url: '#/a', url: '/a.css', url: '/logo.png', url: '/x.html'", []),
        ("swagger-ui url: 'https://petstore.swagger.io/v2/swagger.json'", []),
        ("url: '/a'", []),
        ("swagger-ui {urls: [{url: '/a'}, {name: 'b', url: '/b'}]}", ["/a", "/b"]),
        ("swagger-ui " + "url: '/a' " * 3, ["/a"]),
        ("swagger-ui url: '\\u002Fa\\u002Fb'", ["/a/b"]),
        ("swagger-ui data-x='&#x2F;a&#x2F;openapi.json'", ["/a/openapi.json"]),
        ("<rapi-doc spec-url = '/a'>", ["/a"]),
        ("see openapi and /a/openapix and /openapi.txt", []),
        ("/a/openapi/ /b/openapi?x=1 /c/openapi#x ./openapi ../openapi", None),
        ("<a href=/openapi.json>", ["/openapi.json"]),
        ("<a href='/a/swagger-ui.html'>", ["/a/swagger-ui.html"]),
        ("my-openapi-3.yaml, swagger.yml; pets-api-docs.json", None),
        ("/roads/coast.json /package.json /a.yaml", []),
        ("http://a.example/openapi.json", ["http://a.example/openapi.json"]),
        ("a" * 600 + "/openapi.json", []),
    ],
    ids=range(23),
)
def test_references_are_found(text: str, expected: list[str] | None) -> None:
    """Settings of a viewer count in a viewer only; what ends like a document counts anywhere."""
    words = [word.rstrip(",;") for word in text.split()]
    assert (words if expected is None else expected) == _references(text)


def test_what_is_stated_comes_first() -> None:
    """Link relations come before settings, and settings before what is merely mentioned."""
    text = (
        "swagger-ui /c/openapi.json <script src='x/swagger-initializer.js'> configUrl: '/conf' url: '/b' "
        "<a rel='service-desc' href=/a> <link rel=stylesheet href=/x.css>"
    )
    assert [
        Lead("/a", is_stated=True),
        Lead("/conf", Role.SETUP),
        Lead("/b"),
        Lead("/c/openapi.json"),
        Lead("x/swagger-initializer.js", Role.SETUP),
    ] == read_page(text)


def test_a_page_names_few_places() -> None:
    """However much a page names, there is an end."""
    text = "swagger-ui " + "".join(f"url: '/{n}' /m/{n}/openapi.json " for n in range(1000))
    assert len(read_page(text)) < 30


@pytest.mark.parametrize(
    ("tree", "expected"),
    [
        ({"url": "/a"}, ["/a"]),
        ({"urls": [{"url": "/a", "name": "A"}, {"url": "/b"}]}, ["/a", "/b"]),
        ({"urls": [{"url": 1}, None, "x", {}], "url": None}, []),
        ({"urls": "x"}, []),
        ([{"url": "/a"}], []),
        (None, []),
    ],
    ids=["one", "several", "broken", "no list", "list", "nothing"],
)
def test_a_configuration_names_documents(tree: object, expected: list[str]) -> None:
    """The configuration that Swagger UI loads has a `url` or several."""
    assert expected == [lead.reference for lead in read_config(tree)]


@given(st.text(alphabet=st.sampled_from("<>\"'`=:;,/\\&#%?{}[]() \nurlinkaopenapi.jsonswagger-ui\u00e9")))
def test_no_page_is_too_broken(text: str) -> None:
    """Whatever a page holds, it is read without an error, and so is its URL."""
    home = SearchedOrigin("https://api.example.com/v1")
    for lead in read_page(f"swagger-ui {text}") + leads_in_query(f"https://a.example/?{text}"):
        address = home.find(lead.reference, home.url)
        assert address is None or address.url.startswith(("http://", "https://"))


_PIECES = {
    "quotes": "\"'`",
    "settings": "url=",
    "open setting": 'url:"',
    "spaced setting": "url      ",
    "tags": "<link ",
    "attributes": '<link rel=a b="',
    "attribute names": "a-",
    "bases": "<base ",
    "entities": "&aaaa",
    "escapes": "\\u002",
    "paths": "/openapi",
    "path ends": "/openapi/",
    "files": "/a.json ",
    "mentions": '"/x/openapi.json" ',
    "viewers": "redoc redoc(",
    "calls": "createApiReference( ",
    "one word": "x",
    "open quote": "spec-url='",
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("viewer", ["", "swagger-ui "], ids=["page", "viewer"])
@pytest.mark.parametrize("piece", _PIECES.values(), ids=_PIECES)
def test_a_page_is_read_in_linear_time(piece: str, viewer: str) -> None:
    """Eight times the page takes about eight times the time, whatever it repeats."""

    def seconds(size: int) -> float:
        text = viewer + piece * (size // len(piece))
        started = time.process_time()
        read_page(text)
        return time.process_time() - started

    once = min(seconds(40_000) for _ in range(3))
    # Quadratic time would be 64 times as long.
    assert min(seconds(320_000) for _ in range(2)) < 24 * once + 0.05


@pytest.mark.exhaustive
@pytest.mark.no_cover
def test_a_page_of_5_mb_is_read_at_once() -> None:
    """Garbage of 5 MB costs little, and what is after it is not looked at."""
    garbage = "<a href='x?y=\"url:swagger-ui" * (MAX_CHARACTERS // 28)
    started = time.process_time()
    found = _references(garbage[:MAX_CHARACTERS] + " url: '/late' /late/openapi.json")
    assert time.process_time() - started < 10
    assert [] == [url for url in found if "late" in url]


@pytest.mark.parametrize(
    ("base", "reference", "expected"),
    [
        ("https://a.example/v1/x", "y", ("https://a.example/v1/y", True)),
        ("https://a.example/v1/x", "/y?z=1#f", ("https://a.example/y?z=1", True)),
        ("https://a.example/v1", "../../y", ("https://a.example/y", True)),
        ("https://a.example/v1", " /y\n", ("https://a.example/y", True)),
        ("https://a.example/v1", "https://A.example:443/y", ("https://a.example/y", True)),
        ("https://a.example/v1", "http://a.example/y", ("https://a.example/y", True)),
        ("https://a.example/v1", "http://a.example:8080/y", ("http://a.example:8080/y", False)),
        ("https://a.example/v1", "https://a.example:444/y", ("https://a.example:444/y", False)),
        ("https://a.example:8443/v1", "http://a.example/y", ("http://a.example/y", False)),
        ("http://a.example/v1", "https://a.example/y", ("https://a.example/y", False)),
        ("https://a.example/v1", "//b.example/y", ("https://b.example/y", False)),
        ("https://a.example/v1", "/é", ("https://a.example/%C3%A9", True)),
        (
            "https://bücher.example/",
            "https://xn--bcher-kva.example/y",
            ("https://xn--bcher-kva.example/y", True),
        ),
        ("https://a.example/v1", "https://a.example@b.example/y", None),
        ("https://a.example/v1", "/{version}/openapi.json", None),
        ("https://a.example/v1", "${base}/openapi.json", None),
        ("https://a.example/v1", "javascript:alert(1)", None),
        ("https://a.example/v1", "file:///etc/passwd", None),
        ("https://a.example/v1", "mailto:a@a.example", None),
        ("https://a.example/v1", "http://[::1/", None),
        ("https://a.example/v1", "https://a.example:99999/", ("https://a.example:99999/", False)),
        ("https://a.example/v1", "a b", None),
        ("https://a.example/v1", "/\x1b[31m", None),
        ("https://a.example/v1", "/" + "a" * 3000, None),
        ("https://a.example/v1", "", None),
    ],
)
def test_a_reference_stays_at_its_origin_or_is_told(
    base: str, reference: str, expected: tuple[str, bool] | None
) -> None:
    """Only the scheme, host and port that were named are home; `http` of the same host is asked over `https`."""
    assert expected == SearchedOrigin(base).find(reference, base)
