"""The check of the website finds what is wrong with a page."""

from pathlib import Path

import pytest

from dynacli.guide.pages import error_kinds
from tests.website.check_site import faults_of

_GOOD = (
    '<link rel="canonical" href="https://docs.example/"><link rel="stylesheet" href="/dynacli/a.css">'
    '<h1 id="top">x</h1><a href="https://example.com/">x</a><a href="#top">x</a><a href="../usage/#top">x</a>'
)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two pages, of which one has a section for each kind of error, and a style."""
    monkeypatch.setenv("DYNACLI_SITE_URL", "https://docs.example/dynacli/")
    for page in ("errors", "usage"):
        (tmp_path / "manual" / page).mkdir(parents=True)
        (tmp_path / "manual" / page / "index.html").write_text(_GOOD)
    with (tmp_path / "manual" / "errors" / "index.html").open("a") as file:
        file.writelines(f'<h2 id="{kind}"></h2>' for kind in error_kinds())
    (tmp_path / "a.css").write_text("a { background: url(data:image/png) }")
    return tmp_path


def test_a_good_site_has_no_faults(site: Path) -> None:
    """Links to other hosts are fine, as long as nothing is loaded from there."""
    assert [] == list(faults_of(site))


@pytest.mark.parametrize(
    ("more", "fault"),
    [
        ('<script src="https://cdn.example/a.js"></script>', "loads https://cdn.example/a.js"),
        ('<link rel="stylesheet" href="//fonts.example/a.css">', "loads //fonts.example/a.css"),
        ('<img src="http://example.com/a.png">', "loads http://example.com/a.png"),
        ("<style>@import 'https://example.com/a.css'</style>", "loads https://example.com/a.css"),
        ('<a href="#bottom">x</a>', "#bottom has no such heading"),
        ('<a href="../usage/#bottom">x</a>', "../usage/#bottom has no such heading"),
        ('<a href="../nothing/">x</a>', "there is no ../nothing/"),
        ('<a href="/dynacli/a.png">x</a>', "there is no /dynacli/a.png"),
    ],
)
def test_a_fault_is_found(site: Path, more: str, fault: str) -> None:
    """The check names the page, and what it loads or where it leads."""
    (site / "manual" / "usage" / "index.html").write_text(_GOOD + more)
    assert [f"manual/usage/index.html: {fault}"] == list(faults_of(site))


def test_a_missing_section_and_a_style_of_another_host_are_found(site: Path) -> None:
    """Each kind of error has a section, and no style loads anything from another host."""
    page = site / "manual" / "errors" / "index.html"
    page.write_text(page.read_text().replace('id="rows"', 'id="lines"'))
    (site / "a.css").write_text("a { background: url('https://example.com/a.png') }")
    assert ["errors of the kind `rows` have no section", "a.css: loads https://example.com/a.png"] == list(
        faults_of(site)
    )
