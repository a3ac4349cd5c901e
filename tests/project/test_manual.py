"""The manual shows real output: its examples run, and its links lead to pages."""

import re
import shlex
from contextlib import ExitStack
from pathlib import Path

import pytest

from dynacli.environment import Program, become
from dynacli.guide.pages import MOVED, TOPIC_GROUPS, page, topics
from dynacli.options.command_table import COMMANDS
from tests.console_examples import console_examples
from tests.harness import run_cli
from tests.website.guides import Stage

PAGES = {topic: page(topic) or "" for topic, _ in topics()}
CONSOLE = {topic: found for topic, text in PAGES.items() if (found := console_examples(text))}
_NEEDS_MORE = frozenset({"bake", "batch", "edit", "explore", "mcp", "mock", "proxy", "serve", "validate"})
"""Commands that wait for clients or a person, read a file, or write one."""

_NO_TOPICS = frozenset({"nope", "nothing", "of", "revisions"})
"""What follows `help` in tests without being a topic of the manual, and a page of git."""


def _lines() -> list[tuple[str, str]]:
    """Return (topic, command) of every line of an indented block that calls the demo API and needs nothing else.

    `test_json_page.py` runs those of `help json`.
    """
    found = []
    for topic, text in PAGES.items():
        for line in re.findall(r"^    (dynacli .*)$", text, re.MULTILINE):
            words = line.split()
            is_alone = not _NEEDS_MORE & set(words) and not set(line) & set("|<>&$@")
            if (
                topic != "json"
                and "demo" in words
                and is_alone
                and not re.search(r"\b(?!GET\b)[A-Z]+\b", line)
            ):
                found.append((topic, line))
    return found


LINES = _lines()


_ROOT = Path(__file__).resolve().parents[2]
_NAMED_TOPIC = re.compile(
    r"(?:dynacli help |`help |invocation\([\"']help[\"']\)\} |[\"']help )([a-z]+(?:-[a-z]+)*)(?![a-z./:*=_-])"
)


def test_every_topic_that_a_text_names_exists() -> None:
    """Code, messages, pages and tests name only topics of today, commands, and `options`."""
    files = [
        path
        for folder in ("dynacli", "tests", ".github")
        for path in (_ROOT / folder).rglob("*")
        if path.suffix in {".md", ".py", ".yaml", ".tsv"}
    ]
    named = {
        (topic, path.relative_to(_ROOT).as_posix())
        for path in [*files, _ROOT / "README.md"]
        for topic in _NAMED_TOPIC.findall(path.read_text(encoding="utf-8", errors="replace"))
    }
    known = {*PAGES, *COMMANDS, "options", *_NO_TOPICS}
    assert len(named) > 50
    assert [] == sorted((topic, file) for topic, file in named if topic not in known)


@pytest.mark.parametrize("topic", MOVED)
def test_a_topic_that_is_gone_prints_the_new_page(topic: str) -> None:
    """A name that scripts and people remember leads to the page that has its content now."""
    assert run_cli("help", MOVED[topic]).stdout == run_cli("help", topic).stdout
    assert topic not in PAGES


def test_help_lists_each_page_in_its_group() -> None:
    """`dynacli help` has three ways into the manual, then every page once."""
    groups = re.split(r"\n\n(?=\w[^\n]*\n  )", run_cli("help").stdout)[1:]
    assert ["Start here", *TOPIC_GROUPS] == [group.partition("\n")[0] for group in groups]
    listed = [re.findall(r"(?m)^  ([a-z-]+)  ", group) for group in groups]
    assert ["getting-started", "agents", "publish"] == listed[0]
    assert sorted([*PAGES, "options"]) == sorted(topic for group in listed[1:] for topic in group)


def test_there_are_examples() -> None:
    """The examples are found, so that the tests below test something."""
    assert len(CONSOLE) >= 10
    assert len(LINES) >= 8


@pytest.mark.sampled(8)
@pytest.mark.parametrize("topic", CONSOLE)
def test_a_page_shows_what_happens(topic: str) -> None:
    """The examples of a page, one after another in an empty directory, print what the page shows."""
    with ExitStack() as stack:
        stage = Stage(stack)
        for example in CONSOLE[topic]:
            stage.run(example)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(("topic", "line"), LINES)
def test_an_example_with_the_demo_api_runs(topic: str, line: str) -> None:
    """A command that a page shows without its output succeeds, unless it lets the demo API misbehave."""
    assert topic
    result = run_cli(*shlex.split(line, comments=True)[1:])
    assert result.exit_code in ({0, 9} if "--misbehave" in line else {0}), result.stderr


def _sentences(text: str) -> str:
    """Return the text of a page without its code."""
    return re.sub(r"`[^`]*`", "X", re.sub(r"(?ms)^```.*?^```$|^ {4}.*?$", "", text))


def test_only_the_name_changes_in_the_sentences_of_a_tool() -> None:
    """A tool has its own commands, but a sentence that looks like one stays a sentence."""
    before = become(Program(name="shop", api="shop"))
    try:
        pages = {topic: page(topic) or "" for topic, _ in topics()}
    finally:
        become(before)
    assert {topic: _sentences(PAGES[topic]).replace("dynacli", "shop") for topic in pages} == {
        topic: _sentences(text) for topic, text in pages.items()
    }
