"""The links of the root: what its words say counts, whatever its path ends with; one level deep, within bounds."""

import time
from typing import Any

import pytest

from dynacli.errors import DocumentError
from dynacli.features.apis.discovery._leads import read_index
from dynacli.features.apis.discovery.search_origin import discover
from tests.documents import pets
from tests.harness import Recorder, Response, json_response

HTML = {"Content-Type": "text/html"}
DOCUMENT = json_response(pets())


def _page(text: str) -> Response:
    return Response(200, f"<html>{text}</html>".encode(), HTML)


def _json(tree: Any) -> Response:
    return json_response(tree)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("root", "path"),
    [
        (_page('<a href="/x/y">OpenAPI specification</a>'), "/x/y"),
        (_page('<a href="/rest/v1/full-spec">here</a>'), "/rest/v1/full-spec"),
        (_page('<a href="/x/y"><code><b>OpenAPI</b> specification</code></a>'), "/x/y"),
        (_page('<A HREF="/x/y"><img src="a.png"> <span>Open<abbr>API</abbr> spec</span></A>'), "/x/y"),
        (_page('<a href="/x/specs/v3">Core</a>'), "/x/specs/v3"),
        (_json({"version": 1, "links": {"spec": "/x/y"}}), "/x/y"),
        (_json({"_links": {"openapi": {"href": "/x/y"}}}), "/x/y"),
        (_json({"links": [{"rel": "swagger", "href": "/x/y"}]}), "/x/y"),
        (_json({"fullSpec": "/x/y"}), "/x/y"),
        (_json(["/a", "/my/spec.yaml"]), "/my/spec.yaml"),
    ],
    ids=[
        *("text", "end of path", "within elements", "beside elements", "version", "key", "HAL", "rel"),
        *("camel case", "list"),
    ],
)
@pytest.mark.parametrize("given", ["", "/v1"], ids=["root given", "another given"])
def test_the_root_names_the_document(server: Recorder, root: Response, path: str, given: str) -> None:
    """A link of the root leads to the document at a place that no one would guess, whichever URL is given."""
    server.responses |= {"/": root, path: DOCUMENT}
    assert [f"{server.origin}{path}"] == [
        document.url for document in discover(server.origin + given).documents
    ]


def test_a_linked_page_names_the_document_and_no_further_pages(server: Recorder) -> None:
    """A page of documentation that the root links to is read, its own links to pages are not followed."""
    server.responses |= {
        "/": _page('<a href="/help">Developers</a> <a href="/blog">Blog</a>'),
        "/help": _page('<a href="/further">API docs</a> <code>/hidden/openapi.json</code>'),
        "/hidden/openapi.json": DOCUMENT,
    }
    found = discover(server.origin)
    assert [f"{server.origin}/hidden/openapi.json"] == [document.url for document in found.documents]
    assert {"/", "/help", "/hidden/openapi.json"} == {request.target for request in server.requests}


@pytest.mark.sampled(4)
@pytest.mark.parametrize("given", ["/", "/v1"])
@pytest.mark.parametrize("status", [401, 404, 500])
def test_a_root_that_refuses_leads_to_the_document_all_the_same(
    server: Recorder, status: int, given: str
) -> None:
    """Links count in the content of an error, too, but a document there does not."""
    server.responses |= {
        "/": Response(
            status,
            b'<html><a href="/hidden">API description (OpenAPI spec)</a>',
            {"Content-Type": "text/html"},
        ),
        "/v1": Response(status, DOCUMENT.body),
        "/hidden": DOCUMENT,
    }
    assert [f"{server.origin}/hidden"] == [
        document.url for document in discover(server.origin + given).documents
    ]


def test_a_link_whose_label_is_in_an_element_leads_to_a_page(server: Recorder) -> None:
    """The words above a version in the path say what is there; the label ends with its link."""
    server.responses |= {
        "/": _page('<a href="apis/registry/v3"><code>registry</code></a><a href="/blog">Blog</a> spec'),
        "/apis/registry/v3": _page("<p>See /hidden/openapi.json</p>"),
        "/hidden/openapi.json": DOCUMENT,
    }
    assert [f"{server.origin}/hidden/openapi.json"] == [
        document.url for document in discover(server.origin).documents
    ]
    assert "/blog" not in {request.target for request in server.requests}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("piece", ["<a >", "<a b>", "<a b><", "<", "<a b>x<i>", "<a b></i>", "<a <"])
def test_links_are_read_in_linear_time(piece: str) -> None:
    """A hostile page takes little time, whatever it repeats."""
    started = time.process_time()
    read_index((piece * (500_000 // len(piece))).encode())
    assert time.process_time() - started < 2


def test_a_large_error_is_left_unread(server: Recorder) -> None:
    """Of an error's content only so much is read as a page with links has."""
    server.responses["/"] = Response(404, b'<html><a href="/spec">' + bytes(2**21))
    with pytest.raises(DocumentError):
        discover(server.origin)
    assert "/spec" not in {request.target for request in server.requests}


@pytest.mark.parametrize("place", ["/server/specs/oas", "/api/spec.yaml"])
def test_common_places_without_any_link_are_found(server: Recorder, place: str) -> None:
    """Some places are common enough to be tried."""
    server.responses[place] = DOCUMENT
    assert [f"{server.origin}{place}"] == [document.url for document in discover(server.origin).documents]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[" * 100_000,
        b'{"users": "/api/users", "spec": 7, "docs": "no reference"}',
        b"<a href='#spec'>x</a><a href='/spec.png'>spec</a><a href='mailto:spec@x'>spec</a><a>spec</a>",
        b"plain spec /x",
        b'{"specific": "/x"}',
    ],
    ids=["empty", "cut", "deep", "resources", "other links", "text", "part of a word"],
)
def test_other_links_are_left_out(content: bytes) -> None:
    """What leads nowhere near a document is not followed."""
    assert [] == read_index(content)


def test_there_are_few() -> None:
    """However many links a page has, eight are followed, those to documents first."""
    links = "".join(f'<a href="/{n}">docs</a>' for n in range(100)) + '<a href="/s">spec</a>'
    found = read_index(f"<html>{links}".encode())
    assert (8, "/s") == (len(found), found[0].reference)
