"""Links in headers are read as RFC 8288 says, whatever else is in the headers."""

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dynacli.features.apis.discovery._leads import leads_of
from dynacli.features.apis.discovery.discovered import Lead, Role
from dynacli.http.link_values import Link, parse_links


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('</a>; rel="service-desc"', [Link("/a", ("service-desc",))]),
        ("</a>;rel=service-desc", [Link("/a", ("service-desc",))]),
        ("</a> ; REL = Service-Desc ; Type = a/b", [Link("/a", ("service-desc",), media_type="a/b")]),
        ('<a?b=c,d;e>; rel="x"', [Link("a?b=c,d;e", ("x",))]),
        ('</a>; rel="x y  z"', [Link("/a", ("x", "y", "z"))]),
        ('</a>; rel="x"; rel="y"', [Link("/a", ("x",))]),
        ('</a>; rel="x", </b>; rel="y"', [Link("/a", ("x",)), Link("/b", ("y",))]),
        ('</a>; title="a, <b>; rel=\\"z\\""; rel="x", <b>', [Link("/a", ("x",)), Link("b", ())]),
        ("</a>; title*=UTF-8''a%20b; rel=x", [Link("/a", ("x",))]),
        ('</a>; rel="x"; anchor="#b"', [Link("/a", ("x",), "#b")]),
        ("</a>;;; rel=x;", [Link("/a", ("x",))]),
        ("</a>; rel", [Link("/a", ())]),
        ("</a>; rel=", [Link("/a", ())]),
        ("</a>", [Link("/a", ())]),
        ("<>; rel=x", [Link("", ("x",))]),
        (", ,</a>; rel=x,,", [Link("/a", ("x",))]),
        ("nonsense, </a>; rel=x", [Link("/a", ("x",))]),
        ('</a>; rel="x', [Link("/a", ())]),
        ('</a>; rel="x, </b>; rel=y', [Link("/a", ()), Link("/b", ("y",))]),
        ("</a", []),
        ("", []),
    ],
)
def test_links_are_read(value: str, expected: list[Link]) -> None:
    """Quoted and plain parameters, several links and several relations; what is malformed is left out."""
    assert expected == parse_links([value])


def test_several_headers_are_one_list() -> None:
    """Headers of the same name are read one after the other."""
    assert ["/a", "/b", "/c"] == [link.target for link in parse_links(["</a>", "</b>, </c>"])]


@pytest.mark.exhaustive
@given(st.lists(st.text(alphabet=st.sampled_from('<>;,="\\ \tabrel/\n\u00e9\U0001f600'))))
@example(['<a>; rel="\\'])
@example(["<a>;rel=x," * 300])
def test_no_header_is_too_broken(values: list[str]) -> None:
    """Whatever a header holds, it is read without an error, and into few links."""
    links = parse_links(values)
    assert len(links) <= 200
    assert all(isinstance(lead, Lead) for lead in leads_of(links))


_URL = st.text(alphabet=st.sampled_from("/abc.?=&;,%20"), min_size=1)
_TOKEN = st.text(alphabet=st.sampled_from("abc-"), min_size=1)


@given(st.lists(st.tuples(_URL, st.lists(_TOKEN, min_size=1), st.text(alphabet='ab,;<>\\"= ')), max_size=9))
def test_a_header_written_by_the_rules_is_read_back(links: list[tuple[str, list[str], str]]) -> None:
    """Any text may be in the titles of its links."""
    titles = [title.replace("\\", "\\\\").replace('"', '\\"') for _, _, title in links]
    value = ", ".join(
        f'<{target}>; title="{title}"; rel="{" ".join(relations)}"'
        for (target, relations, _), title in zip(links, titles, strict=True)
    )
    assert [Link(target, tuple(relations)) for target, relations, _ in links] == parse_links([value])


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        (Link("/a", ("service-desc",)), [Lead("/a", Role.DOCUMENT, is_stated=True)]),
        (Link("/a", ("next", "describedby")), [Lead("/a", Role.DOCUMENT, is_stated=True)]),
        (Link("/a", ("api-catalog",)), [Lead("/a", Role.CATALOG, is_stated=True)]),
        (Link("/a", ("item",)), [Lead("/a", Role.API, is_stated=True)]),
        (Link("/a", ("service-doc",)), [Lead("/a", Role.PAGE)]),
        (Link("/a", ("service-desc", "item")), [Lead("/a", Role.DOCUMENT, is_stated=True)]),
        (
            Link("/a", ("alternate",), media_type="application/openapi+json"),
            [Lead("/a", is_stated=True)],
        ),
        (Link("/a", ("alternate",), media_type="text/html"), []),
        (Link("/a", ("stylesheet", "service-meta")), []),
        (Link("", ("service-desc",)), []),
        (Link("/a", ()), []),
    ],
    ids=lambda value: " ".join(value.relations) or "none" if isinstance(value, Link) else "",
)
def test_only_relations_of_descriptions_count(link: Link, expected: list[Lead]) -> None:
    """The relation of a link gives the role of its target; other relations are left out."""
    assert expected == leads_of([link])


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    "piece",
    ["<", "<a>", ",", ", ,", "a,", '<a>;a="', '<a>;a="\\"', "<a>;;", "<a>;a= ", ";a=b", "<a>; rel=x, "],
)
def test_a_header_is_read_in_linear_time(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice the text takes about twice the time, whatever it repeats."""
    monkeypatch.setattr("dynacli.http.link_values._MAX_LINKS", 10**9)

    def seconds(size: int) -> float:
        text = piece * (size // len(piece)) + ">"
        started = time.process_time()
        parse_links([text])
        return time.process_time() - started

    once = min(seconds(40_000) for _ in range(3))
    # Eight times the text: quadratic time would be 64 times as long.
    assert min(seconds(320_000) for _ in range(2)) < 24 * once + 0.05
