"""`check -o html` writes one page that has everything in it, and that no text of a document or server can change."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.auth.headless_browser import headless_browser
from tests.documents import document, save
from tests.harness import Recorder, Result, json_response, run_cli

_HOSTILE = "</pre><script>alert(1)</script><img src=x onerror=alert(1)>\"'&amp;\x1b[31m"


class _Page(HTMLParser):
    """The text of a page by its tags, and whatever its attributes point at."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.ids: set[str] = set()
        self.links: set[str] = set()
        self.handlers: set[str] = set()
        self.texts: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            if name in {"src", "href"}:
                self.links.add(value or "")
            if name == "id":
                self.ids.add(value or "")
            if name.startswith("on"):
                self.handlers.add(name)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        """All that is read on the page, in one line."""
        return " ".join(" ".join(self.texts).split())


def _checked(*words: str) -> Result:
    return run_cli("check", "demo", "--misbehave", "search-runs=wrong-type", "-o", "html", *words)


@pytest.mark.exhaustive
def test_the_page_has_the_table_the_findings_and_the_coverage() -> None:
    """A finding stands on it with the marked place, and the result in the table leads there."""
    result = _checked()
    page = _Page(result.stdout)
    assert result.exit_code == 9
    assert {"findings-search-runs"} == page.ids
    assert {"#findings-search-runs"} == page.links
    for words in (
        "17 of 23 operations called",
        "expected string, got integer `12345` [type]",
        "document line",
        "tag operations called documented responses seen operations with findings",
        "5 of 5",
        "get-org GET /org 1 200 1 of 3",
    ):
        assert words in page.text
    marked = re.findall("<mark>    \\| +(.*)</mark>", result.stdout)
    assert ["&quot;workflowName&quot;: 12345,", "^^^^^"] == marked


def test_the_page_needs_nothing_from_elsewhere() -> None:
    """There is no script, and nothing that a browser would load; the page forbids both besides."""
    html = _checked("--only", "search-runs").stdout
    page = _Page(html)
    assert set() == page.tags & {"script", "img", "link", "iframe", "object", "form", "base"}
    assert "default-src 'none'" in html
    assert "url(" not in html
    assert "@import" not in html


def test_no_text_of_a_document_or_server_becomes_markup(server: Recorder) -> None:
    """Titles, tags, paths, keys, values and media types are text, whatever they hold."""
    response = {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": False}
    get = {
        "tags": [_HOSTILE],
        "operationId": "look",
        "responses": {
            "200": {"description": _HOSTILE, "content": {"application/json": {"schema": response}}}
        },
    }
    whole = document({"/<b>x</b>": {"get": get}}, [server.origin], version="3.1.0")
    whole["info"]["title"] = _HOSTILE
    server.responses["/%3Cb%3Ex%3C/b%3E"] = json_response({"a": _HOSTILE, _HOSTILE: 1})
    html = run_cli("check", save(whole), "-o", "html").stdout
    page = _Page(html)
    assert set() == page.tags & {"script", "img"}
    assert set() == page.handlers
    assert "<b>x</b>" not in html
    assert "\x1b" not in html
    assert r"<script>alert(1)</script>" in page.text


def test_a_page_is_of_a_check_that_was_made() -> None:
    """A plan, and a part of a result, have no page; nothing is called then."""
    for words in (("--dry-run",), ("-f", "x"), ("--columns", "x")):
        result = run_cli("check", "demo", "-o", "html", *words)
        assert (2, "") == (result.exit_code, result.stdout)
        assert "complete check" in result.stderr


@pytest.mark.parametrize("words", [("operations", "demo"), ("demo", "get-org"), ("changes", "demo")])
def test_nothing_else_writes_html(words: tuple[str, ...]) -> None:
    """The format is that of `check` alone, before and after the words."""
    for line in (("-o", "html", *words), (*words, "-o", "html")):
        result = run_cli(*line)
        assert (2, "") == (result.exit_code, result.stdout)
        assert "`html` is not an output format" in result.stderr


@pytest.mark.exhaustive
def test_a_browser_shows_the_page_in_light_and_dark(tmp_path: Path) -> None:
    """Chromium lays it out without a network, no wider than its window, and follows the scheme of colours."""
    page = tmp_path / "page.html"
    page.write_text(_checked().stdout, encoding="utf-8")
    script = """JSON.stringify([document.querySelectorAll("tbody tr").length, document.scripts.length,
      performance.getEntriesByType("resource").length,
      document.documentElement.scrollWidth <= window.innerWidth,
      getComputedStyle(document.querySelector("pre")).backgroundColor,
      getComputedStyle(document.querySelector(".bar i")).width !== "0px"])"""
    with headless_browser(tmp_path / "profile") as browser:
        light, dark = (
            json.loads(browser.evaluate(page.as_uri(), script, colours=colours))
            for colours in ("light", "dark")
        )
    assert light[0] > 23
    assert [0, 0, True] == light[1:4] == dark[1:4]
    assert light[4] != dark[4]
    assert light[5]
    assert dark[5]
