"""From the URL of an API to its documents: each way, their order, and what is never done."""

import gzip
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest

from dynacli.errors import DocumentError, DynacliError, NetworkError, RefusedError
from dynacli.features.apis.discovery import search_origin
from dynacli.features.apis.discovery._leads import BELOW, CATALOG, FIRST, SECOND, places_of_host
from dynacli.features.apis.discovery._probes import Probes
from dynacli.features.apis.discovery.discovered import Discovery, TriedUrl, Way
from dynacli.features.apis.discovery.discovery_report import lines_of_found, lines_of_tried
from dynacli.features.apis.discovery.search_origin import MAX_REQUESTS, discover
from tests.harness import Recorder, Response, free_port, json_response, run_cli, serving
from tests.served_document import until

HTML = {"Content-Type": "text/html; charset=utf-8"}
YAML = {"Content-Type": "application/yaml"}
LINKSET = {"Content-Type": 'application/linkset+json; profile="https://www.rfc-editor.org/info/rfc9727"'}
SPEC = "/hidden/description"
"""A place that no one would guess."""


def _document(title: str = "Pets", version: str = "3.1.0", path: str = "/pets", **more: Any) -> bytes:
    operation = {"get": {"responses": {"200": {"description": "ok"}}}}
    field = "swagger" if version == "2.0" else "openapi"
    tree = {field: version, "info": {"title": title, "version": "1"}, "paths": {path: operation}, **more}
    return json.dumps(tree).encode()


def _page(text: str) -> Response:
    return Response(200, f"<!doctype html><html><body>{text}</body></html>".encode(), HTML)


def _linking(value: str, status: int = 200, body: bytes = b"{}") -> Response:
    return Response(status, body, {"Content-Type": "application/json", "Link": value})


def _linkset(*contexts: dict[str, Any], **more: str) -> Response:
    return Response(200, json.dumps({"linkset": contexts}).encode(), {**LINKSET, **more})


@pytest.fixture(autouse=True)
def _in_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a stage of the search wait for the one before, however slow this machine is at the moment."""
    monkeypatch.setattr(search_origin, "_AHEAD_SECONDS", 30.0)


class _Everywhere(dict[str, Any]):
    """The same response at every path."""

    def __init__(self, response: Any) -> None:
        self.response = response

    def get(self, *_: Any) -> Any:
        return self.response


def _targets(server: Recorder) -> list[str]:
    return [request.target for request in server.requests]


def _urls(discovery: Discovery) -> list[str]:
    return [document.url for document in discovery.documents]


def _results(discovery: Discovery | DynacliError, origin: str) -> dict[str, str]:
    """Return what came, by path; places that were not there are left out."""
    if isinstance(discovery, Discovery):
        tried = [attempt._asdict() for attempt in discovery.tried]
    else:
        tried = discovery.details["tried"]
    return {
        attempt["url"].removeprefix(origin): attempt["result"]
        for attempt in tried
        if attempt["result"] != "404"
    }


# The document itself


def test_a_document_is_the_response_after_one_request(server: Recorder) -> None:
    """A URL that gives a document is not searched any further, and its bytes are at hand."""
    server.responses["/pets"] = Response(200, _document(), {"Content-Type": "text/plain", "ETag": '"1"'})
    found = discover(f"{server.origin}/pets?v=1")
    (found_document,) = found.documents
    assert ["/pets?v=1"] == _targets(server)
    assert ("OpenAPI 3.1.0", "Pets", "1", 1, Way.GIVEN) == (
        found_document.openapi,
        found_document.title,
        found_document.version,
        found_document.operations,
        found_document.way,
    )
    assert (_document(), '"1"', f"{server.origin}/pets?v=1") == (
        found_document.fetched.content,
        found_document.fetched.etag,
        found_document.fetched.uri,
    )
    expected = 'document, OpenAPI 3.1.0 "Pets" 1, 1 operation'
    assert (TriedUrl(f"{server.origin}/pets?v=***", expected),) == found.tried


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("body", "phrase"),
    [
        (b'{"openapi": "3.1.0", "paths": {', "cannot be read"),
        (b"openapi: 3.1.0\npaths: [", "cannot be read"),
        (b'{"swaggerVersion": "1.2", "apis": []}', "Swagger 1"),
        (b'{"swagger": "1.2", "apis": []}', "1.2 documents are not supported"),
        (b'{"openapi": "4.0.0", "paths": {}}', "4.0.0 documents are not supported"),
        (bytes(50 * 2**20 + 1), "larger than 50 MiB"),
    ],
    ids=["cut JSON", "cut YAML", "Swagger 1", "Swagger 1.2", "OpenAPI 4", "too large"],
)
def test_a_document_that_cannot_be_used_is_not_searched_for(
    server: Recorder, body: bytes, phrase: str
) -> None:
    """If the URL has what is meant as a document, its own fault is the error."""
    server.responses["/api.json"] = Response(200, body)
    with pytest.raises(DocumentError, match=phrase):
        discover(f"{server.origin}/api.json")
    assert ["/api.json"] == _targets(server)


# Each way alone


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("root", "more"),
    [
        (_linking(f'<{SPEC}>; rel="service-desc"'), {}),
        (_linking(f"<{SPEC}>; rel=describedby"), {}),
        (_linking(f'</x>; rel="next", <{SPEC}>; rel="service-desc https://x.example/r"; type="a/b"'), {}),
        (_linking(f'<{SPEC}>; rel="alternate"; type="application/vnd.oai.openapi+json;version=3.0"'), {}),
        (_linking(f'<{SPEC}>; rel="service-desc"', 401), {}),
        (_linking(f'<{SPEC}>; rel="service-desc"', 404), {}),
        (_page(f'<link rel="service-desc" href="{SPEC}">'), {}),
        (_page(f"<LINK href='{SPEC}' rel='describedby' />"), {}),
        (_page(f'<base href="/hidden/"><link rel=service-desc href={SPEC.removeprefix("/hidden/")}>'), {}),
        (Response(404), {f"/{CATALOG}": _linkset({"anchor": "/", "service-desc": [{"href": SPEC}]})}),
        (
            _linking('</catalog>; rel="api-catalog"'),
            {"/catalog": _linkset({"service-desc": [{"href": SPEC}]})},
        ),
        (
            Response(404),
            {
                f"/{CATALOG}": Response(
                    200, b"{}", {**LINKSET, "Link": f'<{SPEC}>; rel="service-desc"; anchor="/pets"'}
                )
            },
        ),
        (
            Response(404),
            {
                f"/{CATALOG}": _linkset({"api-catalog": [{"href": "/more"}]}),
                "/more": _linkset({"service-desc": [{"href": SPEC}]}),
            },
        ),
        (
            Response(404),
            {
                f"/{CATALOG}": _linkset({"item": [{"href": "/pets"}]}),
                "/pets": _linking(f'<{SPEC}>; rel="service-desc"'),
            },
        ),
        (
            Response(404),
            {
                f"/{CATALOG}": Response(
                    200,
                    f'</pets>; rel="up",\n<{SPEC}>\n ; rel="service-desc"; anchor="/pets"\n'.encode(),
                    {"Content-Type": "application/linkset"},
                )
            },
        ),
        (
            _linking('</manual>; rel="service-doc"'),
            {"/manual": _page(f'<redoc spec-url="{SPEC}"></redoc>')},
        ),
        (json_response({"openapi": SPEC}), {}),
    ],
    ids=[
        *("service-desc", "describedby", "several links", "alternate of its type", "of a 401", "of a 404"),
        *("HTML", "HTML describedby", "HTML base", "catalog", "linked catalog", "links of a catalog"),
        *("nested catalog", "item of a catalog", "catalog as text", "service-doc", "named in JSON"),
    ],
)
def test_an_api_says_where_its_document_is(
    server: Recorder, root: Response, more: dict[str, Response]
) -> None:
    """Links, catalogs and documentation that the API states lead to its document, and nothing is guessed then."""
    server.responses |= {"/v1": root, SPEC: Response(200, _document()), **more}
    found = discover(f"{server.origin}/v1")
    assert [f"{server.origin}{SPEC}"] == _urls(found)
    assert {"/v1", SPEC, f"/{CATALOG}", *more} >= set(_targets(server))


@pytest.mark.sampled(3)
@pytest.mark.parametrize("place", [*FIRST, *BELOW, *SECOND, "api/armature/v1/openapi"])
def test_the_usual_places_are_tried(server: Recorder, place: str) -> None:
    """A document at any usual place is found from the root of the origin."""
    server.responses[f"/{place}"] = Response(200, _document())
    found = discover(server.origin)
    assert ([f"{server.origin}/{place}"], [Way.USUAL]) == (
        _urls(found),
        [document.way for document in found.documents],
    )


@pytest.mark.parametrize(
    ("host", "is_asked"),
    [
        ("armature.app", True),
        ("acme.armature.tech", True),
        ("eu.acme.armature.app.", True),
        ("127.0.0.1", True),
        ("127.1.2.3", True),
        ("::1", True),
        ("localhost", True),
        ("notarmature.app", False),
        ("armature.app.example.com", False),
        ("armature.dev", False),
        ("10.0.0.1", False),
        ("api.example.com", False),
    ],
)
def test_the_path_of_armature_is_for_its_own_hosts(host: str, is_asked: bool) -> None:
    """Other people's servers are not asked for it; the demo API listens on a loopback address."""
    assert (("api/armature/v1/openapi",) if is_asked else ()) == places_of_host(host)


def test_a_strangers_server_is_not_asked_for_the_path_of_armature(
    server: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All usual places are asked for, but for that one."""
    monkeypatch.setenv("HTTP_PROXY", server.origin)
    with pytest.raises(DocumentError):
        discover("http://api.example.com")
    places = {target.removeprefix("http://api.example.com/") for target in _targets(server)}
    assert {*FIRST, *BELOW, *SECOND, CATALOG, ""} == places


@pytest.mark.sampled(3)
@pytest.mark.parametrize("given", ["/api/v1", "/api/v1/", "/api/v1/index.html", "/api/v1?key=1#x"])
@pytest.mark.parametrize("place", ["/api/v1/openapi", "/api/v1/swagger.json", "/openapi.json"])
def test_the_usual_places_are_under_the_given_path_too(server: Recorder, given: str, place: str) -> None:
    """They are tried under the path that was given, then under the root, and never with the query."""
    server.responses[place] = Response(200, _document())
    assert [f"{server.origin}{place}"] == _urls(discover(server.origin + given))
    assert [] == [target for target in _targets(server)[1:] if "key" in target]


def test_what_is_under_the_given_path_ends_the_search(server: Recorder) -> None:
    """The root of the origin, which may belong to someone else, is asked only if nothing was found."""
    server.responses["/api/v1/openapi"] = server.responses["/openapi.json"] = Response(200, _document())
    assert [f"{server.origin}/api/v1/openapi"] == _urls(discover(f"{server.origin}/api/v1"))
    assert "/openapi.json" not in _targets(server)


_VIEWERS = {
    "Swagger UI": '<div id="swagger-ui"></div><script>SwaggerUIBundle({url: "%s", dom_id: "#swagger-ui"})',
    "Swagger UI, JSON": 'swagger-ui <script>const c = {"dom_id":"#a","url":"%s"}</script>',
    "Swagger UI, list": "swagger-ui SwaggerUIBundle({urls: [{name: \"A\", url: '%s'}]})",
    "JSON in a string": 'swagger-ui JSON.parse(\'{"urls":[{"url":"%s","name":"V1"}]}\')',
    "escaped JSON": 'swagger-ui JSON.parse("{\\"url\\":\\"%s\\"}")',
    "entities": "swagger-ui <div data-config='{&quot;url&quot;:&quot;%s&quot;}'>",
    "ReDoc": "<redoc spec-url='%s'></redoc>",
    "ReDoc, minified": "<redoc spec-url=%s></redoc>",
    "ReDoc, call": 'Redoc.init("%s", {}, document.getElementById("redoc"))',
    "RapiDoc": '<rapi-doc spec-url="%s"></rapi-doc>',
    "Scalar": '<script id="api-reference" data-url="%s"></script><script src="/@scalar/api-reference">',
    "Scalar, call": "Scalar.createApiReference('#app', { url: '%s' })",
    "Elements": '<elements-api apiDescriptionUrl="%s" router="hash" />',
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("text", _VIEWERS.values(), ids=_VIEWERS)
@pytest.mark.parametrize("path", ["/manual", "/docs", "/swagger-ui/index.html"])
def test_a_page_that_shows_the_api_names_the_document(server: Recorder, text: str, path: str) -> None:
    """A viewer, whether it was given or found, names the document that it shows."""
    server.responses |= {path: _page(text % SPEC), SPEC: Response(200, _document())}
    given = path if path == "/manual" else ""
    found = discover(server.origin + given)
    assert [f"{server.origin}{SPEC}"] == _urls(found)
    assert [Way.NAMED if given else Way.PAGE] == [document.way for document in found.documents]


def test_springdoc_is_followed_through_its_script_and_configuration(server: Recorder) -> None:
    """The page loads a script, that a configuration, and that lists the documents of several groups."""
    config = {
        "configUrl": "/x/swagger-config",
        "urls": [{"url": f"/x/{name}", "name": name} for name in "ab"],
    }
    example = "https://petstore.swagger.io/v2/swagger.json"
    script = f'window.ui = SwaggerUIBundle({{ url: "{example}", "configUrl" : "/x/conf" }})'.encode()
    server.responses |= {
        "/app/swagger-ui.html": Response(302, b"", {"Location": "/app/swagger-ui/index.html"}),
        "/app/swagger-ui/index.html": _page(
            '<script src="./swagger-initializer.js"></script> Swagger UI swagger-ui'
        ),
        "/app/swagger-ui/swagger-initializer.js": Response(200, script, {"Content-Type": "text/javascript"}),
        "/x/conf": json_response(config),
        "/x/a": Response(200, _document("OpenAPI definition", path="/a")),
        "/x/b": Response(200, _document("OpenAPI definition", path="/b")),
    }
    found = discover(f"{server.origin}/app/swagger-ui.html")
    assert [f"{server.origin}/x/a", f"{server.origin}/x/b"] == _urls(found)
    assert "petstore" not in repr(found.tried)


def test_a_configuration_in_the_query_of_a_viewer_counts(server: Recorder) -> None:
    """Viewers are set up by their own URL, too, to which frameworks redirect."""
    location = "/ui/index.html?configUrl=/x/conf&url=%2Fhidden%2Fdescription"
    server.responses |= {
        "/ui": Response(302, b"", {"Location": location}),
        "/ui/index.html": _page("swagger-ui"),
        SPEC: Response(200, _document()),
    }
    assert [f"{server.origin}{SPEC}"] == _urls(discover(f"{server.origin}/ui"))


def test_a_script_is_relative_to_the_page_that_loads_it(server: Recorder) -> None:
    """What a script names is relative to the page, not to the script."""
    server.responses |= {
        "/ui/": _page('swagger-ui <script src="static/swagger-initializer.js">'),
        "/ui/static/swagger-initializer.js": Response(
            200, b"SwaggerUIBundle({url: './description'})", {"Content-Type": "text/javascript"}
        ),
        "/ui/description": Response(200, _document()),
    }
    assert [f"{server.origin}/ui/description"] == _urls(discover(f"{server.origin}/ui/"))


@pytest.mark.parametrize(
    ("page", "script", "place"),
    [
        ("/v1/reference", "/v1/reference/swagger-ui-init.js", "/v1/reference-json"),
        ("/v1/reference", "/v1/reference/static/swagger-initializer.js", "/v1/reference/json"),
        ("/ref/index.html", "/ref/swagger-ui-init.js", "/ref-json"),
    ],
    ids=["NestJS", "Fastify", "NestJS, index"],
)
def test_a_document_beside_its_viewer_is_found(server: Recorder, page: str, script: str, place: str) -> None:
    """Frameworks whose viewer does not name the document have it at a URL beside the viewer's."""
    server.responses |= {
        page: _page(f'swagger-ui <script src="{script}"></script>'),
        place: Response(200, _document()),
    }
    assert [f"{server.origin}{place}"] == _urls(discover(server.origin + page))


def test_a_document_inside_a_script_is_told(server: Recorder) -> None:
    """If a viewer has the document inside, no URL gives it, and the error says so."""
    script = b'var options = {\n  "swaggerDoc": {\n    "openapi": "3.0.0"}}'
    server.responses |= {
        "/api-docs": _page('swagger-ui <script src="/api-docs/swagger-ui-init.js"></script>'),
        "/api-docs/swagger-ui-init.js": Response(200, script, {"Content-Type": "application/javascript"}),
    }
    with pytest.raises(DocumentError) as caught:
        discover(server.origin)
    assert f"`{server.origin}/api-docs/swagger-ui-init.js` has it in a script" in caught.value.reason


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    "text",
    [
        "Send <code>GET /api/pets/v1/openapi</code> to fetch it",
        "The document is at /api/pets/v1/openapi.",
        '<a href="/api/pets/v1/openapi">it</a>',
        "<a href=/api/pets/v1/openapi>it</a>",
        "curl {origin}/api/pets/v1/openapi > api.json",
        "**{origin}/api/pets/v1/openapi**",
        '{{"links": {{"description": "\\/api\\/pets\\/v1\\/openapi"}}}}',
    ],
    ids=["code", "sentence", "href", "minified", "absolute", "Markdown", "JSON"],
)
def test_a_page_that_mentions_a_document_leads_to_it(server: Recorder, text: str) -> None:
    """A path that ends like a document's is followed, wherever it stands in the page."""
    server.responses |= {
        "/": Response(200, text.format(origin=server.origin).encode(), {"Content-Type": "text/plain"}),
        "/api/pets/v1/openapi": Response(200, _document()),
    }
    assert [f"{server.origin}/api/pets/v1/openapi"] == _urls(discover(server.origin))
    assert 2 == len(server.requests)


def test_text_in_any_script_is_read(server: Recorder) -> None:
    """Paths and titles may be in any alphabet; a path is asked for as a URL has it."""
    server.responses |= {
        "/": _page('<link rel="service-desc" href="/описание/openapi.json">'),
        "/%D0%BE%D0%BF%D0%B8%D1%81%D0%B0%D0%BD%D0%B8%D0%B5/openapi.json": Response(
            200, _document("Кошки\n\x1b[1m")
        ),
    }
    found = discover(server.origin)
    assert "Кошки [1m" == found.documents[0].title
    assert all(line.isprintable() for line in lines_of_found(found.documents) + lines_of_tried(found.tried))


# Which is the best


def test_what_the_api_states_ends_the_search(server: Recorder) -> None:
    """A description that the API states is taken, however good a guess would be."""
    server.responses |= {
        "/": _linking(f'<{SPEC}>; rel="service-desc"', body=b'{"see": "/named/openapi.json"}'),
        SPEC: Response(200, _document("Stated", "2.0")),
        "/named/openapi.json": Response(200, _document("Named")),
        "/openapi.json": Response(200, _document("Usual")),
    }
    assert ["Stated"] == [document.title for document in discover(server.origin).documents]
    assert ["/", SPEC] == _targets(server)


def test_a_broken_statement_does_not_end_it(server: Recorder) -> None:
    """If what the API states is not a document, the other ways are tried."""
    server.responses |= {
        "/": _linking(f'<{SPEC}>; rel="service-desc", </gone>; rel="describedby"'),
        SPEC: Response(200, b'{"openapi": "3.1.0", '),
        "/openapi.json": Response(200, _document("Usual")),
    }
    found = discover(server.origin)
    assert ["Usual"] == [document.title for document in found.documents]
    assert _results(found, server.origin)[SPEC].startswith("not a document: cannot be read")


def test_the_usual_places_come_before_what_pages_name(server: Recorder) -> None:
    """Documents of several ways are all there, those of the better way first."""
    server.responses |= {
        "/docs": _page('swagger-ui {url: "/a-page/names"}'),
        "/a-page/names": Response(200, _document("Page")),
        "/api-docs": Response(200, _document("Late")),
        "/swagger.json": Response(200, _document("Old", "2.0")),
        "/openapi.yaml": Response(200, b"openapi: 3.0.0\ninfo: {title: YAML}\npaths: {/a: {get: {}}}", YAML),
        "/openapi": Response(200, b'{"openapi": "3.1.0", "info": {"title": "Empty"}, "paths": {}}'),
    }
    titles = [document.title for document in discover(server.origin).documents]
    assert ["Late", "YAML", "Old", "Empty", "Page"] == titles


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (
            _document(),
            b"openapi: 3.1.0\ninfo: {title: Pets, version: '1'}\npaths: {/pets: {get: {}}}",
            "first",
        ),
        (
            b"openapi: 3.1.0\ninfo: {title: Pets, version: '1'}\npaths: {/pets: {get: {}}}",
            _document(),
            "second",
        ),
        (_document(), _document(), "first"),
        (_document(version="2.0"), _document(), "second"),
        (_document(version="2.0", basePath="/v1"), _document(path="/v1/pets"), "second"),
        (_document(version="2.0", basePath="/v1"), _document(servers=[{"url": "/v1"}]), "second"),
        (_document(), _document(path="/cats"), "both"),
        (_document(), _document("Cats"), "both"),
    ],
    ids=[
        *("JSON and YAML", "YAML and JSON", "the same twice", "2.0 and 3.1", "base path", "servers"),
        *("other paths", "other title"),
    ],
)
def test_documents_of_the_same_api_are_found_once(
    server: Recorder, first: bytes, second: bytes, expected: str
) -> None:
    """Of several the newer version of OpenAPI stays, JSON before YAML; other APIs all stay."""
    server.responses |= {"/openapi.json": Response(200, first), "/openapi": Response(200, second)}
    names = {f"{server.origin}/openapi.json": "first", f"{server.origin}/openapi": "second"}
    found = [names[url] for url in _urls(discover(server.origin))]
    assert (["first", "second"] if expected == "both" else [expected]) == found


def test_a_catalog_lists_several_apis_in_its_order(server: Recorder) -> None:
    """Each API of a catalog is one find, in the order of the catalog."""
    contexts = [
        {"anchor": f"{server.origin}/{name}", "service-desc": [{"href": f"{server.origin}/{name}/spec"}]}
        for name in ("zebra", "ant", "gone", "mole")
    ]
    server.responses |= {
        f"/{CATALOG}": _linkset(*contexts),
        **{
            f"/{name}/spec": Response(200, _document(name, path=f"/{name}"))
            for name in ("zebra", "ant", "mole")
        },
    }
    found = discover(server.origin)
    assert ["zebra", "ant", "mole"] == [document.title for document in found.documents]
    assert "a catalog, 4 links" == _results(found, server.origin)[f"/{CATALOG}"]


def test_catalogs_are_followed_one_level_deep(server: Recorder) -> None:
    """A catalog may name catalogs; what those name is not followed, so that none can lead on forever."""
    server.responses |= {
        f"/{CATALOG}": _linkset({"api-catalog": [{"href": "/c1"}]}),
        **{f"/c{n}": _linkset({"api-catalog": [{"href": f"/c{n + 1}"}]}) for n in range(1, 9)},
    }
    with pytest.raises(DocumentError):
        discover(server.origin)
    assert ["/c1"] == [target for target in _targets(server) if target.startswith("/c")]


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    "body",
    [
        b'{"linkset": 7}',
        b'{"linkset": [7, null, "x", [], {"service-desc": 7}, {"service-desc": [{"href": 7}, "x", null]}]}',
        b'{"linkset": {"service-desc": {"href": "/nothing"}}}',
        b'{"linkset": [{"service-desc": [{"href": "http://[::1"}, {"href": ""}, {"href": "a\\u0000b"}]}]}',
        b'{"linkset": [{"item": [{"href": "javascript:alert(1)"}, {"href": "mailto:a@b.example"}]}]}',
        b'{"linkset": [',
        b"\xff\xfe\x00",
        b"[" * 100_000,
    ],
    ids=["number", "mixed", "object", "malformed", "schemes", "cut", "binary", "deep"],
)
def test_a_broken_catalog_leads_nowhere(server: Recorder, body: bytes) -> None:
    """What a catalog has wrong is left out, and the search goes on."""
    server.responses |= {
        f"/{CATALOG}": Response(200, body, LINKSET),
        "/openapi.json": Response(200, _document()),
    }
    assert [f"{server.origin}/openapi.json"] == _urls(discover(server.origin))


# Validated by content


@pytest.mark.exhaustive
def test_an_application_that_serves_every_path_is_no_document(server: Recorder) -> None:
    """A page at a document's usual place is a page, and its text is read only once."""
    server.responses = _Everywhere(_page("<script src=/app.js></script> see ours/openapi.json"))
    with pytest.raises(DocumentError) as caught:
        discover(server.origin)
    assert 8 == caught.value.exit_code
    assert {"not a document: an HTML page"} == set(_results(caught.value, server.origin).values())
    assert ["/ours/openapi.json"] == [
        target for target in _targets(server) if target.endswith("ours/openapi.json")
    ]


@pytest.mark.sampled(4)
@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"message": "hello"}', "not a document"),
        (b"[]", "not a document"),
        (b"", "empty"),
        (b'{"swagger-config": [1]}', "not a document"),
        (b'{"openapi": {"url": "x"}}', "not a document: has no version in its field `openapi`"),
        (b'{"asyncapi": "3.0.0", "x": "openapi"}', "not a document: an AsyncAPI document"),
        (b"just text about openapi", "not a document: plain text"),
        (b"\x89PNG openapi", "not a document: a PNG image"),
        (b"<?xml version='1.0'?><a/>", "not a document: XML"),
    ],
    ids=["JSON", "list", "empty", "other JSON", "no version", "AsyncAPI", "text", "image", "XML"],
)
def test_other_content_is_named(server: Recorder, body: bytes, expected: str) -> None:
    """What is not a document does not count, whatever its server calls it, and the record says what it is."""
    server.responses["/openapi.json"] = Response(200, body)
    server.responses["/v2/api-docs"] = Response(200, _document())
    found = discover(server.origin)
    assert [f"{server.origin}/v2/api-docs"] == _urls(found)
    assert expected == _results(found, server.origin)["/openapi.json"]


def test_a_compressed_document_in_utf_16_is_found(server: Recorder) -> None:
    """The encoding of the transport and of the text are undone before it is validated."""
    body = gzip.compress(_document().decode().encode("utf-16"))
    server.responses["/openapi.json"] = Response(200, body, {"Content-Encoding": "gzip"})
    assert [1] == [document.operations for document in discover(server.origin).documents]


# Same origin


def test_a_link_to_another_origin_is_told_and_not_followed(server: Recorder, other_server: Recorder) -> None:
    """Documents elsewhere are named in the record and the hint; their host hears nothing of it."""
    other = f"{other_server.origin}/spec?key=hunter2"
    other_server.responses["/spec"] = Response(200, _document())
    server.responses["/"] = _linking(f'<{other}>; rel="service-desc"')
    with pytest.raises(DocumentError) as caught:
        discover(server.origin)
    assert [] == other_server.requests
    expected = "another origin: give it yourself if you trust it"
    assert expected == _results(caught.value, server.origin)[f"{other_server.origin}/spec?key=***"]
    assert f"`{other_server.origin}/spec?key=***`" in caught.value.hint
    assert "hunter2" not in repr(caught.value.as_json())


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "reference",
    [
        "{other}/spec",
        "//{host}/spec",
        "http://me:secret@{own}/spec",
        "http://{own}@{host}/spec",
        "http:\\\\{host}\\spec",
        "/\\{host}/spec",
        "file:///etc/passwd",
    ],
    ids=["absolute", "no scheme", "userinfo", "host as userinfo", "backslashes", "mixed slashes", "file"],
)
def test_no_spelling_leads_to_another_origin(
    server: Recorder, other_server: Recorder, reference: str
) -> None:
    """However a reference is written, no request goes elsewhere, and none has a password from it."""
    own, host = server.origin.removeprefix("http://"), other_server.origin.removeprefix("http://")
    written = reference.format(own=own, host=host, other=other_server.origin)
    server.responses["/"] = _page(f'swagger-ui <script>SwaggerUIBundle({{url: "{written}"}})</script>')
    with pytest.raises(DocumentError):
        discover(server.origin)
    assert [] == other_server.requests
    assert [] == [request for request in server.requests if "authorization" in request.headers]


def test_a_redirect_to_another_origin_is_not_followed(server: Recorder, other_server: Recorder) -> None:
    """A place that redirects elsewhere is told; the other host hears nothing of it."""
    other_server.responses["/openapi.json"] = Response(200, _document())
    server.responses["/openapi.json"] = Response(
        302, b"", {"Location": f"{other_server.origin}/openapi.json?k=1"}
    )
    with pytest.raises(DocumentError) as caught:
        discover(server.origin)
    assert [] == other_server.requests
    expected = f"redirects to another origin, `{other_server.origin}`"
    assert expected == _results(caught.value, server.origin)["/openapi.json"]


@pytest.mark.exhaustive
def test_where_the_api_itself_redirects_elsewhere_its_origin_is_searched(
    server: Recorder, other_server: Recorder
) -> None:
    """A root that redirects to a site of documentation does not hide the document beside it."""
    server.responses["/"] = Response(302, b"", {"Location": f"{other_server.origin}/manual"})
    with pytest.raises(RefusedError, match="redirects to another origin") as caught:
        discover(f"{server.origin}/")
    assert (11, f"If you trust it, give the new URL: `{other_server.origin}/manual`") == (
        caught.value.exit_code,
        caught.value.hint,
    )
    assert len(caught.value.details["tried"]) > 30
    server.responses["/openapi.json"] = Response(200, _document())
    assert [f"{server.origin}/openapi.json"] == _urls(discover(f"{server.origin}/"))
    assert [] == other_server.requests


def test_a_server_that_only_encrypts_is_asked_once(server: Recorder) -> None:
    """A redirect to https of the same host is told at once: every place would respond alike."""
    server.responses["/"] = Response(301, b"", {"Location": server.origin.replace("http:", "https:")})
    with pytest.raises(RefusedError) as caught:
        discover(f"{server.origin}/")
    assert ["/"] == _targets(server)
    assert "https://127.0.0.1" in caught.value.hint


def test_nothing_secret_is_sent(server: Recorder, monkeypatch: pytest.MonkeyPatch, home: Any) -> None:
    """No credential of any file, and no cookie that the server sets, is part of a request."""
    netrc = home / ".netrc"
    netrc.write_text("machine 127.0.0.1 login me password hunter2\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    server.responses["/"] = Response(200, b"{}", {"Set-Cookie": "session=1; Path=/"})
    with pytest.raises(DocumentError):
        discover(server.origin)
    assert len(server.requests) > 30
    assert {"GET"} == {request.method for request in server.requests}
    assert [] == [
        request for request in server.requests if {"cookie", "authorization"} & set(request.headers)
    ]


# A public host stays public


class _FakeNames:
    """A name whose address is public when it is first looked up, and this machine ever after."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, addresses: list[str]) -> None:
        self.addresses = addresses
        self.connected: list[str] = []
        connect, peer = socket.socket.connect, socket.socket.getpeername
        peers: dict[int, str] = {}

        def look_up(_host: str, port: int, *_: Any, **__: Any) -> list[Any]:
            address = self.addresses.pop(0) if len(self.addresses) > 1 else self.addresses[0]
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

        def connect_here(connection: socket.socket, address: Any) -> None:
            self.connected.append(address[0])
            peers[connection.fileno()] = address[0]
            connect(connection, ("127.0.0.1", address[1]))

        def pretended(connection: socket.socket) -> Any:
            return (peers.get(connection.fileno()) or peer(connection)[0], 80)

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        monkeypatch.setattr(socket.socket, "connect", connect_here)
        monkeypatch.setattr(socket.socket, "getpeername", pretended)


@pytest.mark.parametrize("private", ["127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.0.1", "100.64.0.1"])
def test_a_public_host_never_leads_to_a_private_address(
    server: Recorder, monkeypatch: pytest.MonkeyPatch, private: str
) -> None:
    """A name that leads to a private address after a public one is not asked anything there."""
    _FakeNames(monkeypatch, ["93.184.216.34", private])
    server.responses["/"] = Response(200, b"{}", {"Connection": "close"})
    server.responses["/openapi.json"] = Response(200, _document())
    with pytest.raises(RefusedError, match="private address") as caught:
        discover(server.origin.replace("127.0.0.1", "api.example.com"))
    assert (["/"], 11) == (_targets(server), caught.value.exit_code)


@pytest.mark.parametrize(
    "addresses",
    [["10.0.0.1", "127.0.0.1"], ["93.184.216.34", "93.184.216.35"], ["127.0.0.1", "93.184.216.34"]],
    ids=["private", "public", "private first"],
)
def test_a_private_host_that_the_person_named_is_asked(
    server: Recorder, monkeypatch: pytest.MonkeyPatch, addresses: list[str]
) -> None:
    """A host that is private from the start, or stays public, is asked."""
    names = _FakeNames(monkeypatch, addresses)
    server.responses["/"] = Response(200, b"{}", {"Connection": "close"})
    server.responses["/openapi.json"] = Response(200, _document())
    found = discover(server.origin.replace("127.0.0.1", "api.example.com"))
    assert (1, True) == (len(found.documents), len(names.connected) > 1)


# Failures


def test_a_host_that_is_not_there_is_a_network_error() -> None:
    """If nothing listens, the first request says so, and no place is tried."""
    port = free_port()
    with pytest.raises(NetworkError, match="refuses the connection"):
        discover(f"http://127.0.0.1:{port}/")


@pytest.mark.exhaustive
def test_an_empty_search_tells_everything_that_was_tried(server: Recorder) -> None:
    """The error has the number of places, the list of them in a fixed order, and what to do."""
    errors = []
    for _ in range(2):
        with pytest.raises(DocumentError) as caught:
            discover(f"{server.origin}/api?token=hunter2")
        errors.append(caught.value.as_json())
    assert errors[0] == errors[1]
    error = errors[0]["error"]
    assert (8, f"No OpenAPI document was found at `{server.origin}/api`") == (
        error["exit_code"],
        error["message"],
    )
    assert error["reason"].startswith(f"{len(error['tried'])} places were looked at")
    assert "Give the URL of the document itself, or a file" == error["hint"]
    assert {"url": f"{server.origin}/api?token=***", "result": "404"} == error["tried"][0]
    assert "hunter2" not in repr(error)
    lines = lines_of_tried(TriedUrl(**attempt) for attempt in error["tried"])
    assert (len(error["tried"]), True) == (len(lines), lines[0].endswith("  404"))


@pytest.mark.exhaustive
@pytest.mark.parametrize("status", [401, 403])
def test_a_place_that_wants_a_credential_is_told(server: Recorder, status: int) -> None:
    """If the API or its document is locked, the search goes on, and the error says what is wanted."""
    server.responses["/v1"] = Response(status)
    with pytest.raises(DocumentError) as caught:
        discover(f"{server.origin}/v1")
    assert f"`{server.origin}/v1` responds with {status}: it wants a credential" in caught.value.reason
    assert status == caught.value.details["status"]
    server.responses["/openapi.json"] = Response(200, _document())
    assert [f"{server.origin}/openapi.json"] == _urls(discover(f"{server.origin}/v1"))


def test_a_server_that_limits_requests_is_left_alone(server: Recorder) -> None:
    """After a 429 nothing is guessed any more."""
    server.responses["/"] = Response(429)
    with pytest.raises(DocumentError, match="No OpenAPI document") as caught:
        discover(server.origin)
    assert ["/", f"/{CATALOG}"] == _targets(server)
    assert "limits how often it is asked" in caught.value.reason


@pytest.mark.exhaustive
def test_there_is_a_limit_to_the_requests(server: Recorder) -> None:
    """A page that names any number of documents does not make any number of requests."""

    def response(request: Any) -> Response:
        links = " ".join(f"{request.target}/{n}/openapi.json" for n in range(100))
        return _page(links + " swagger-ui " + " ".join(f'url: "{request.target}/{n}"' for n in range(100)))

    server.responses = _Everywhere(response)
    with pytest.raises(DocumentError):
        discover(server.origin)
    assert len(server.requests) <= MAX_REQUESTS


@pytest.mark.exhaustive
def test_all_link_headers_count_over_six_connections(server: Recorder) -> None:
    """Several `Link` headers all count, and there are at most six connections at once."""

    class Twice(dict[str, str]):
        def items(self) -> Any:
            return [("Link", '</a>; rel="next"'), ("Link", f'<{SPEC}>; rel="service-desc"')]

    at_once, most, lock = 0, 0, threading.Lock()

    def slow(_: Any) -> Response:
        nonlocal at_once, most
        with lock:
            at_once += 1
            most = max(most, at_once)
        time.sleep(0.05)
        with lock:
            at_once -= 1
        return Response(404)

    server.responses |= {f"/{place}": slow for place in (*FIRST, *BELOW, *SECOND)}
    server.responses["/"] = Response(200, b"{}", Twice())
    with pytest.raises(DocumentError) as caught:
        discover(server.origin)
    assert SPEC in [attempt["url"].removeprefix(server.origin) for attempt in caught.value.details["tried"]]
    assert 1 < most <= 6


# Time


@contextmanager
def _slow(writers: dict[str, Any]) -> Iterator[str]:
    """Run a server whose responses are written by functions of the connection's file, and give its origin."""
    is_over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            writer = writers.get(self.path) or writers.get("*")
            if writer is None:
                self.send_error(404)
            else:
                writer(self.wfile, is_over)

    with serving(Handler) as origin:
        try:
            yield origin
        finally:
            is_over.set()


def _whole(body: bytes, status: str = "200 OK") -> Any:
    head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    return lambda out, _over: out.write(head + body)


def _hanging(_out: Any, is_over: threading.Event) -> None:
    is_over.wait(30)


def _dripping(out: Any, is_over: threading.Event) -> None:
    out.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    while not is_over.wait(0.02):
        out.write(b"<p>")
        out.flush()


def _endless(out: Any, is_over: threading.Event) -> None:
    out.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while not is_over.is_set():
        out.write(bytes(2**20))


@pytest.mark.sampled(0)
@pytest.mark.parametrize("writer", [_hanging, _dripping], ids=["hanging", "dripping"])
def test_a_place_that_does_not_respond_is_left(writer: Any) -> None:
    """One place that hangs costs its own time only, and the document beside it is found."""
    with _slow({"/": _whole(b"{}"), "/swagger.json": writer, "/openapi.json": _whole(_document())}) as origin:
        found = discover(origin, seconds=1.5)
    assert [f"{origin}/openapi.json"] == _urls(found)
    assert "timed out" == _results(found, origin)["/swagger.json"]


@pytest.mark.sampled(0)
@pytest.mark.parametrize("writer", [_hanging, _dripping], ids=["hanging", "dripping"])
def test_a_server_that_never_responds_is_left_in_time(writer: Any) -> None:
    """However a server holds every request up, the search ends when its time is over, and says so."""
    with _slow({"/": _whole(b"{}"), "*": writer}) as origin, pytest.raises(DocumentError) as caught:
        discover(origin, seconds=0.5)
    assert "timed out" in _results(caught.value, origin).values()


@pytest.mark.sampled(0)
@pytest.mark.parametrize("writer", [_hanging, _dripping], ids=["hanging", "dripping"])
def test_a_root_that_never_ends_does_not_hide_the_document(writer: Any) -> None:
    """A root that is a stream of its own is left after a while, and the places are tried."""
    with _slow({"/": writer, "/openapi.json": _whole(_document())}) as origin:
        found = discover(f"{origin}/", seconds=1)
    assert [f"{origin}/openapi.json"] == _urls(found)
    assert "timed out" == found.tried[0].result


@pytest.mark.exhaustive
def test_a_slow_document_that_was_given_is_waited_for() -> None:
    """What the person named may be large and slow: the patience with pages does not hold for it."""

    def slowly(out: Any, is_over: threading.Event) -> None:
        body = _document()
        out.write(f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body[:20])
        out.flush()
        is_over.wait(0.6)
        out.write(body[20:])

    with _slow({"/pets": slowly}) as origin:
        assert [f"{origin}/pets"] == _urls(discover(f"{origin}/pets", seconds=0.2))


class _Clock:
    """A clock that a test puts forward; an event tells that the search has looked at it since then."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self.looks = 0
        self.is_noticed = threading.Event()

    def monotonic(self) -> float:
        if self.ahead:
            self.looks += 1
            if self.looks > 4:
                self.is_noticed.set()
        return time.monotonic() + self.ahead


def test_a_document_that_is_coming_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A large document whose beginning came in time is taken when its end comes later."""
    clock, made = _Clock(), []

    class Noted(Probes):
        def __init__(self, *words: Any) -> None:
            super().__init__(*words)
            made.append(self)

    def slowly(out: Any, _: threading.Event) -> None:
        body = _document("large")
        out.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body[:20])
        out.flush()
        until(lambda: any(made[0].is_sending(number) for number in [*made[0]._busy]), "it is coming")
        clock.ahead = 100.0
        clock.is_noticed.wait(10)
        out.write(body[20:])

    monkeypatch.setattr(search_origin, "Probes", Noted)
    monkeypatch.setattr(search_origin, "_AHEAD_SECONDS", 0.01)
    monkeypatch.setattr(search_origin, "RIVAL_SECONDS", 1000.0)
    monkeypatch.setattr(search_origin, "time", clock)
    with _slow({"/": _whole(b"{}"), "/openapi.json": slowly}) as origin:
        found = discover(origin, seconds=20)
    assert (["large"], True) == ([document.title for document in found.documents], clock.is_noticed.is_set())


@pytest.mark.exhaustive
def test_an_endless_response_is_cut_at_the_limit() -> None:
    """A place that sends more than 50 MiB is told, and the document beside it is found."""
    with _slow(
        {"/": _whole(b"{}"), "/swagger.json": _endless, "/openapi.json": _whole(_document())}
    ) as origin:
        found = discover(origin)
    assert [f"{origin}/openapi.json"] == _urls(found)
    assert "larger than 50 MiB" == _results(found, origin)["/swagger.json"]


def test_a_response_that_breaks_off_is_told() -> None:
    """Half a response is not a document."""
    half = _document()[:30]
    broken = lambda out, _over: out.write(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + half)  # noqa: E731
    with _slow({"/": _whole(b"{}"), "/openapi.json": broken, "/openapi": _whole(_document())}) as origin:
        found = discover(origin)
    assert "the response broke off" == _results(found, origin)["/openapi.json"]


def test_ctrl_c_ends_a_search_at_once() -> None:
    """Ctrl-C is felt while requests hang, and their connections are cut."""
    was_interrupted = threading.Lock()

    def interrupting(_out: Any, is_over: threading.Event) -> None:
        if was_interrupted.acquire(blocking=False):
            os.kill(os.getpid(), signal.SIGINT)
        is_over.wait()

    with _slow({"/": _whole(b"{}"), "*": interrupting}) as origin, pytest.raises(KeyboardInterrupt):
        discover(origin, seconds=600)
    assert not [thread for thread in threading.enumerate() if thread.name == "dynacli-discovery"]


def test_the_budgets_are_those_of_the_manual() -> None:
    """The figures of the manual are those of the code."""
    assert (62, 30.0, 5.0, 10.0) == (
        search_origin.MAX_REQUESTS,
        search_origin.NAMED_SECONDS,
        search_origin.SEARCH_SECONDS,
        search_origin.RIVAL_SECONDS,
    )


_SIGN_IN = b"""<html><form action="/login"><input name=p type="password"></form>
<a href="https://docs.example.com/openapi-manual.html">API documentation</a></html>"""


def test_a_sign_in_page_is_told(server: Recorder) -> None:
    """A document that redirects to a form for a password leads to `-H`, and not to the links of the form."""
    server.responses["/login"] = Response(200, _SIGN_IN, {"Content-Type": "text/html"})
    server.responses["/openapi.json"] = Response(302, b"", {"Location": "/login?next=x"})
    expected = f"api add NAME {server.origin}/openapi.json -H NAME:VALUE`"
    for url in (server.origin, f"{server.origin}/openapi.json"):
        result = run_cli("api", "add", "shop", url, "--error-format", "json")
        assert 8 == result.exit_code
        assert expected in result.error["hint"]
        assert "is a sign-in page" in result.error["message"] + result.error["reason"]
    assert 1 == [request.target for request in server.requests[-2:]].count("/openapi.json")  # no search


def test_a_manual_elsewhere_is_no_document(server: Recorder) -> None:
    """A page of another origin that the given page links to is not offered as the document."""
    page = b'<a href="https://docs.example.com/openapi.html">OpenAPI documentation</a>'
    server.responses["/"] = Response(200, page, {"Content-Type": "text/html"})
    with pytest.raises(DocumentError) as caught:
        discover(server.origin)
    assert "docs.example.com" not in caught.value.hint


def test_an_agent_reads_a_few_of_the_places(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error has five of them, and the number of the others; a 404 says least, so it comes last."""
    server.responses["/"] = Response(200, b"<p>Hello</p>", HTML)
    server.responses["/api/v1/openapi.json"] = Response(500)
    monkeypatch.setenv("AI_AGENT", "1")
    result = run_cli("api", "add", "shop", server.origin)
    results = [place["result"] for place in result.error["tried"]]
    assert (8, 5, ["404"] * 3) == (result.exit_code, len(results), results[2:])
    assert result.error["more_tried"] > 20
