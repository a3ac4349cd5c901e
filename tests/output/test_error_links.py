"""Each error leads to the section about its kind: in the manual, and on the website if a terminal shows links."""

import importlib.metadata
import re
from collections.abc import Mapping
from email.message import Message

import pytest

from dynacli.guide.pages import error_kinds, page
from tests.harness import assert_ended, run_cli
from tests.website.pages import for_mkdocs

_SITE = "https://docs.example/dynacli/"
_ERRORS = ("manual/errors.md", page("errors") or "")
_LINK = f"\x1b]8;;{_SITE}manual/errors/#usage\x1b\\"
_VARIABLES = "FORCE_HYPERLINK KONSOLE_VERSION NO_COLOR TERM_PROGRAM TMUX VTE_VERSION WT_SESSION"


def _shown(monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str], *words: str) -> str:
    """Return what a run in a terminal with these variables writes to standard error."""
    for name in _VARIABLES.split():
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return run_cli(*words, terminal=("stderr",)).stderr


def _set_package(monkeypatch: pytest.MonkeyPatch, url: str | None) -> None:
    """Let the installed package have one address, or let no package be installed."""

    def metadata(name: str) -> Message:
        if url is None:
            raise importlib.metadata.PackageNotFoundError(name)
        message = Message()
        message["Project-URL"] = url
        return message

    monkeypatch.setattr(importlib.metadata, "metadata", metadata)


@pytest.mark.parametrize("kind", error_kinds())
def test_each_kind_has_a_section_here_and_on_the_website(kind: str) -> None:
    """`help errors KIND` prints the section that the website has at the address of the link, with the exit code."""
    shown = run_cli("help", "errors", kind)
    (heading,) = re.findall(rf"(?m)^## (.*`{kind}`) {{ #{kind} }}$", for_mkdocs(*_ERRORS))
    assert (0, heading) == (shown.exit_code, shown.stdout.splitlines()[0])
    code = {"http": 4}.get(kind, error_kinds()[kind].exit_code)
    assert kind == "rows" or re.search(rf"\b{code}\b", heading)


def test_the_json_of_an_error_names_its_page() -> None:
    """A program and an agent get the command that prints the page, which needs no network."""
    assert "dynacli help errors usage" == run_cli("--error-format", "json", "demo", "get-run").error["help"]
    assert "dynacli help errors document" == run_cli("--error-format", "json", "./no.json").error["help"]


def test_an_unknown_kind_is_a_usage_error() -> None:
    """A kind that is none, and a topic that has none, get the nearest ones."""
    result = run_cli("help", "errors", "usag")
    assert_ended(result, 2, "Did you mean `errors usage`")
    assert "error: There is no help on `check usage`" in run_cli("help", "check", "usage").stderr


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("variables", "has_link"),
    [
        ({"TERM": "xterm-kitty"}, True),
        ({"TERM": "xterm-256color", "TERM_PROGRAM": "iTerm.app"}, True),
        ({"TERM": "xterm-256color", "VTE_VERSION": "7600"}, True),
        ({"TERM": "xterm-256color", "VTE_VERSION": "5000"}, False),
        ({"TERM": "xterm-256color", "VTE_VERSION": "new"}, False),
        ({"TERM": "xterm-256color", "KONSOLE_VERSION": "240202"}, True),
        ({"TERM": "xterm-256color", "WT_SESSION": "0b7e"}, True),
        ({"TERM": "xterm-256color"}, False),
        ({"TERM": "xterm-256color", "FORCE_HYPERLINK": "1"}, True),
        ({"TERM": "xterm-kitty", "FORCE_HYPERLINK": "0"}, False),
        ({"TERM": "xterm-kitty", "NO_COLOR": "1"}, False),
        ({"TERM": "xterm-kitty", "TMUX": "/run/tmux/default,1,0"}, False),
        ({"TERM": "screen-256color", "VTE_VERSION": "7600"}, False),
        ({"TERM": "dumb", "FORCE_HYPERLINK": "1"}, False),
    ],
)
def test_only_terminals_that_show_links_get_one(
    monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str], *, has_link: bool
) -> None:
    """The word `error` is the link, so that the text is the same without it."""
    _set_package(monkeypatch, f"Documentation, {_SITE}")
    shown = _shown(monkeypatch, variables, "demo", "get-run")
    assert has_link == shown.startswith(_LINK)
    assert has_link == ("\x1b]8" in shown), shown


def test_a_pipe_gets_no_link(monkeypatch: pytest.MonkeyPatch) -> None:
    """Standard error in a file is text alone, whatever terminal started the program."""
    monkeypatch.setenv("FORCE_HYPERLINK", "1")
    assert run_cli("demo", "get-run").stderr.startswith("error: `get-run` needs ID\n")


def test_text_from_outside_makes_no_link(monkeypatch: pytest.MonkeyPatch) -> None:
    """A link in the name of an operation is shown as text: only dynacli's own gets through."""
    _set_package(monkeypatch, f"Documentation, {_SITE}")
    hostile = "\x1b]8;;https://evil.example/\x1b\\error:"
    shown = _shown(monkeypatch, {"TERM": "xterm-kitty"}, "demo", hostile)
    assert [_LINK, "\x1b]8;;\x1b\\"] == [part for part in (_LINK, "\x1b]8;;\x1b\\") if part in shown]
    assert 2 == shown.count("\x1b]8")
    assert r"\x1b]8;;https://evil.example/" in shown


@pytest.mark.parametrize(
    "url", [None, "Source, https://a.example/", "Documentation, javascript:x", "Documentation, "]
)
def test_a_package_without_a_website_links_nowhere(monkeypatch: pytest.MonkeyPatch, url: str | None) -> None:
    """The address comes from the metadata of the installed package, so a build without one prints none."""
    _set_package(monkeypatch, url)
    assert "\x1b]8" not in _shown(monkeypatch, {"TERM": "xterm-kitty"}, "demo", "get-run")
