"""The tree of the tags: `parent` and `kind` of OpenAPI 3.2, `x-tagGroups`, and what shows it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from dynacli.environment import Environment
from dynacli.openapi.model.tag_tree import compile_tag_tree, tag_tree
from dynacli.registry.open_by_name import open_named_api
from tests.documents import document, operation, save
from tests.harness import run_cli

TAGS = [
    {"name": "shop"},
    {"name": "new", "kind": "badge"},
    {"name": "orders", "parent": "shop", "kind": "nav"},
    {"name": "Refund requests", "parent": "orders"},
]
GROUPS = [{"name": "Shop", "tags": ["orders", "Refund requests"]}, {"name": "Other", "tags": ["health"]}]


def _tree(**parts: Any) -> Any:
    return tag_tree({"tag_tree": compile_tag_tree(parts)})


@pytest.mark.parametrize(
    ("parts", "paths"),
    [
        ({"tags": TAGS}, ["shop", "shop / orders", "shop / orders / Refund requests", "new"]),
        (
            {"x-tagGroups": GROUPS},
            ["Shop", "Shop / orders", "Shop / Refund requests", "Other", "Other / health"],
        ),
        (
            {"tags": TAGS, "x-tagGroups": GROUPS},  # `parent` is the standard
            [
                *("Shop", "Other", "Other / health", "shop", "shop / orders"),
                *("shop / orders / Refund requests", "new"),
            ],
        ),
        ({"tags": [{"name": "a", "parent": "b"}, {"name": "b", "parent": "a"}]}, ["a", "a / b"]),
        ({"tags": [{"name": "a", "parent": "a"}]}, []),
        ({"tags": [{"name": "a", "parent": "unknown"}]}, []),
        ({"tags": [{"name": "a"}, {"name": "b"}]}, []),
        ({"tags": "a", "x-tagGroups": {"name": 1}}, []),
        ({"tags": [None, {"name": 7}], "x-tagGroups": [{"name": "g", "tags": [1, {}]}]}, []),
        ({}, []),
    ],
)
def test_paths(parts: dict[str, Any], paths: list[str]) -> None:
    """Each tag is after those above it. A circle, an unknown parent and a wrong type do no harm."""
    tree = _tree(**parts)
    titles = [tree.title(tag) for tag in tree.order]
    assert sorted(paths) == sorted(titles)
    for number, tag in enumerate(tree.order):
        assert {*tree.path(tag)[:-1]} <= {*tree.order[:number]}


def test_a_chain_of_tags_is_cut() -> None:
    """The titles of a hostile chain stay short."""
    tree = _tree(tags=[{"name": f"t{n}", "parent": f"t{n + 1}"} for n in range(2000)] + [{"name": "t2000"}])
    assert max(len(tree.path(tag)) for tag in tree.order) <= 9


def test_marks_do_not_group() -> None:
    """A badge is no group, unless an operation has no other tag."""
    tree = _tree(tags=TAGS)
    assert ["orders", "new", ""] == [tree.main_tag(tags) for tags in (["new", "orders"], ["new"], [])]
    assert [["orders"], ["new"]] == [tree.grouping(tags) for tags in (["new", "orders"], ["new"])]


@pytest.fixture(name="api")
def _api() -> str:
    paths = {
        "/refunds": {"get": operation("listRefunds", tags=["new", "Refund requests"])},
        "/orders": {"get": operation("listOrders", tags=["orders"])},
        "/open-orders": {"get": operation("listOpenOrders", tags=["orders"])},
        "/shop": {"get": operation("getShop", tags=["shop"])},
        "/health": {"get": operation("getHealth")},
    }
    return save(document(paths, version="3.2.0", tags=TAGS))


def _plain(text: str) -> list[str]:
    return [re.sub(r"\x1b\[\d+m", "", line).strip('" ') for line in text.splitlines()]


def test_the_overview_and_the_list_have_the_tree(api: str) -> None:
    """Operations are below the path of their tag, in the order of the tree; a pipe has a plain line for each."""
    titles = ["shop", "shop / orders", "shop / orders / Refund requests", "Without a tag"]
    for words in ((api,), ("operations", api)):
        lines = _plain(run_cli(*words, terminal=("stdout",)).stdout)
        assert titles == [line for line in lines if line in titles]
    assert 5 == len(run_cli("operations", api, "-o", "text").stdout.splitlines())


@pytest.mark.parametrize(
    ("tag", "names"),
    [("shop", 4), ("orders", 3), ("refund-requests", 1), ("Refund requests", 1), ("new", 1)],
)
def test_a_tag_includes_those_below_it(api: str, tag: str, names: int) -> None:
    """`--tag` takes a tag with everything below it."""
    assert names == len(run_cli("operations", api, "--tag", tag, "-o", "json").json)


def test_a_group_that_is_no_tag() -> None:
    """A group of `x-tagGroups` works as a tag, and the overview of a large document counts its operations once."""
    paths = {
        f"/a{n}": {"get": operation(f"getA{n}", tags=["orders" if n % 2 else "health"])} for n in range(30)
    }
    api = save({**document(paths), "x-tagGroups": GROUPS})
    assert 15 == len(run_cli("operations", api, "--tag", "Shop", "-o", "json").json)
    page = run_cli(api).stdout
    assert re.search(r"(?m)^  shop +15\n    orders +15\n  other +15\n    health +15$", page)


def test_an_export_has_the_tree(api: str) -> None:
    """The titles of the HTML page and of the Markdown page have the path of each tag."""
    for form, title in (("html", "<h2>shop / orders</h2>"), ("markdown", "## shop / orders\n")):
        assert 0 == run_cli("export", api, "--to", form, "--out", f"page.{form}").exit_code
        with open(f"page.{form}", encoding="utf-8") as page:
            assert title in page.read()


def test_the_explorer_groups_by_the_tree(api: str) -> None:
    """Its groups have the paths of the tags."""
    pytest.importorskip("textual")
    from dynacli.features.explorer._operation_list import grouped

    opened = open_named_api(api, Environment())
    groups = grouped(list(opened.catalog.each_summary()), tag_tree(opened.catalog.meta))
    assert ["shop", "shop / orders", "shop / orders / Refund requests", "/health"] == [
        group.name for group in groups
    ]
    opened.catalog.close()


@pytest.mark.parametrize(("lines", "has_tags"), [("40", False), ("50", True)])
def test_a_tall_terminal_keeps_the_tags(monkeypatch: pytest.MonkeyPatch, lines: str, has_tags: bool) -> None:
    """The overview has more than 40 lines only if the terminal has them."""
    monkeypatch.setenv("LINES", lines)
    shown = _plain(run_cli("demo", terminal=("stdout",)).stdout)
    assert has_tags == ("workflows" in shown) == (len(shown) > 40)
    assert len(run_cli("demo").stdout.splitlines()) <= 40
