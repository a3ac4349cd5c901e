"""The roles of colour: what each of them looks like on a terminal, and that nothing is added elsewhere."""

from __future__ import annotations

import pytest

from dynacli.text.terminal import Painter, method_colour, status_colour, visible_painted
from dynacli.text.wrapping import folded
from tests.harness import run_cli

_PAINT = Painter(enabled=True)


@pytest.mark.parametrize(
    ("text", "painted"),
    [
        ("--limit INTEGER", "<c>--limit</c> <p>INTEGER</p>"),
        ("-o, --output text|json", "<c>-o</c>, <c>--output</c> <p>text|json</p>"),
        ("--status {pass|not run}", "<c>--status</c> <p>{pass|not run}</p>"),
        ("--tags TEXT ...", "<c>--tags</c> <p>TEXT</p> <p>...</p>"),
        ("OWNER", "<p>OWNER</p>"),
        ("auth login [API]", "<c>auth</c> <c>login</c> <p>[API]</p>"),
        ("--filters.0.key-OR-name TEXT", "<c>--filters.0.key-OR-name</c> <p>TEXT</p>"),
    ],
)
def test_usage(text: str, painted: str) -> None:
    """A usage shows what is typed as it is in one colour, and what is replaced in another."""
    marks = {"<c>": "\x1b[36m\x1b[1m", "</c>": "\x1b[22m\x1b[39m", "<p>": "\x1b[36m", "</p>": "\x1b[39m"}
    for mark, sequence in marks.items():
        painted = painted.replace(mark, sequence)
    assert painted == _PAINT.usage(text)


@pytest.mark.parametrize(
    ("method", "colour"),
    [
        *(("GET", "green"), ("head", "green"), ("QUERY", "green"), ("POST", "yellow"), ("LINK", "yellow")),
        *(("PATCH", "yellow"), ("DELETE ", "red")),
    ],
)
def test_methods(method: str, colour: str) -> None:
    """Reading is green, deleting red, any other change yellow."""
    assert colour == method_colour(method)


@pytest.mark.parametrize(
    ("status", "colour"),
    [
        *((200, "green"), ("2XX", "green"), ("301", "cyan"), ("404 Not Found", "yellow"), ("5XX", "red")),
        *(("default", ""), ("100", ""), ("", "")),
    ],
)
def test_statuses(status: str | int, colour: str) -> None:
    """The first digit of a status decides about its colour."""
    assert colour == status_colour(status)
    if isinstance(status, str):
        assert bool(colour) == (_PAINT.status(status) != status)


def test_roles_survive() -> None:
    """Each role passes the last filter before the terminal unchanged, and a disabled painter adds nothing."""
    roles = ("heading", "command", "placeholder", "hint", "method", "status", "usage")
    plain = Painter(enabled=False)
    for role in roles:
        painted = getattr(_PAINT, role)("200")
        assert "200" != painted == visible_painted(painted)
        assert "200" == getattr(plain, role)("200")


def test_colour_on() -> None:
    """Help and `describe` have headings, flags, placeholders and statuses in colour on a terminal."""
    for words in (["demo", "search-runs", "--help"], ["describe", "demo", "search-runs"]):
        page = run_cli(*words, terminal=("stdout",)).stdout
        for painted in (_PAINT.heading("Response"), _PAINT.usage("--page INTEGER"), _PAINT.method("GET")):
            assert painted in page


def test_lists_of_operations() -> None:
    """Lists have headings, names and methods in colour. Their summaries are in italics, and never dim."""
    summary, name = _PAINT.italic("Search runs"), _PAINT.command("search-runs")
    overview = run_cli("demo", terminal=("stdout",)).stdout
    listed = run_cli("operations", "demo", terminal=("stdout",)).stdout
    tag = run_cli("demo", "runs", terminal=("stdout",)).stdout
    assert _PAINT.heading("Next") in overview
    assert _PAINT.heading("Operations") in tag
    for page in (overview, listed, tag):
        line = next(line for line in page.splitlines() if name in line)
        assert f"  {summary}" in line.rstrip()
    assert _PAINT.method("DELETE") in listed


def test_further_hits_of_a_search() -> None:
    """The further hits of a search have their heading, command and method in colour."""
    page = run_cli("search", "demo", "list runs", terminal=("stdout",)).stdout
    assert f"\n{_PAINT.heading('Or')}\n" in page
    assert f"{_PAINT.method('GET')} /runs/{{id}}" in page


def test_verbose() -> None:
    """With `-v`, methods, statuses and names of headers are in colour, and notes of dynacli are dim."""
    shown = run_cli("demo", "get-org", "-v", terminal=("stderr",)).stderr
    assert f"\n{_PAINT.dim('>')} {_PAINT.method('GET')} http" in shown
    assert f"\n{_PAINT.dim('<')} HTTP/1.1 {_PAINT.status('200 OK')}\n" in shown
    assert f"\n{_PAINT.dim('>')} {_PAINT.cyan('Authorization')}: Bearer ***\n" in shown
    assert f"\n{_PAINT.dim('* validated: the request and the response by compiled schemas')}\n" in shown


@pytest.mark.parametrize("variables", [{"NO_COLOR": "1"}, {"TERM": "dumb"}, {"CLAUDECODE": "1"}])
def test_colour_off(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    """No page has an escape sequence with `NO_COLOR`, on a terminal without colours, or for an agent."""
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    pages = (
        *(["demo"], ["demo", "runs"], ["operations", "demo"], ["search", "demo", "list", "runs"]),
        *(["demo", "search-runs", "--help"], ["describe", "demo", "search-runs"]),
        *(["demo", "nope"], ["demo", "get-org", "-v"]),
    )
    for words in pages:
        result = run_cli(*words, terminal=("stdout", "stderr"))
        assert "\x1b" not in result.stdout + result.stderr


def test_folded_lines_keep_their_styles() -> None:
    """A painted line is wrapped by what is visible of it. Each line ends its styles, because pagers forget them."""
    line = f"  {_PAINT.bold('name')}  {_PAINT.italic('one two ' + 'x' * 20)}"
    assert [
        "  \x1b[1mname\x1b[22m  \x1b[3mone\x1b[23m",
        "    \x1b[3mtwo\x1b[23m",
        "    \x1b[3mxxxxxxxx\x1b[23m",
        "    \x1b[3mxxxxxxxx\x1b[23m",
        "    \x1b[3mxxxx\x1b[23m",
    ] == folded(line, 12)
