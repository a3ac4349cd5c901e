"""Checks what MkDocs has built: `python -m tests.website.check_site`, as the task `site` does.

No page asks another host for anything, every link within the site leads to a page and a heading, and every kind of
error has its section.
"""

import os
import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from dynacli.guide.pages import ERRORS, error_kinds

_LOADED = {
    ("link", "href"),
    ("script", "src"),
    ("img", "src"),
    ("source", "src"),
    ("iframe", "src"),
    ("use", "href"),
}
"""Tag and attribute of what a browser loads by itself."""
_LEADS_NOWHERE = frozenset({"canonical", "next", "prev"})
"""`rel` of a `link` that a browser does not load."""
_OF_CSS = re.compile(r"(?:url\(|@import\s*)[\"']?((?:https?:)?//[^\"')\s]+)")


class _Page(HTMLParser):
    """What a page loads, where it leads, and the anchors that it has."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.loaded: list[str] = _OF_CSS.findall(text)
        self.links: list[str] = []
        self.anchors: set[str] = {"", "__top"}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.anchors |= {values.get("id", ""), values.get("name", "")}
        if tag == "a" and "href" in values:
            self.links.append(values["href"])
        for name, value in values.items():
            if (tag, name) in _LOADED and values.get("rel") not in _LEADS_NOWHERE:
                self.loaded.append(value)


def faults_of(site: Path) -> Iterator[str]:
    """Yield what is wrong with the built pages in a folder."""
    pages = {path: _Page(path.read_text(encoding="utf-8")) for path in sorted(site.rglob("*.html"))}
    for kind in sorted(error_kinds()):
        path = site / "manual" / ERRORS / "index.html"
        if path not in pages or kind not in pages[path].anchors:
            yield f"errors of the kind `{kind}` have no section"
    for path, page in pages.items():
        name = path.relative_to(site).as_posix()
        yield from (f"{name}: loads {url}" for url in page.loaded if re.match(r"(?:https?:)?//", url))
        for url in page.links:
            if fault := _fault_of_link(site, url, f"/{name}", pages):
                yield f"{name}: {fault}"
    for path in site.rglob("*.css"):
        yield from (f"{path.name}: loads {url}" for url in _OF_CSS.findall(path.read_text(encoding="utf-8")))


def _fault_of_link(site: Path, url: str, name: str, pages: dict[Path, _Page]) -> str:
    if re.match(r"[a-z]+:", url):
        return ""
    target, anchor = urldefrag(urljoin(name, url))
    path = site / unquote(target).removeprefix(urlsplit(os.environ.get("DYNACLI_SITE_URL", "")).path).lstrip(
        "/"
    )
    path = path / "index.html" if path.is_dir() else path
    if path not in pages:
        return "" if path.is_file() else f"there is no {url}"
    return "" if unquote(anchor) in pages[path].anchors else f"{url} has no such heading"


if __name__ == "__main__":
    faults = list(faults_of(Path(__file__).resolve().parents[2] / "build" / "site"))
    sys.stdout.writelines(f"{fault}\n" for fault in faults)
    sys.exit(1 if faults else 0)
