"""Help fits a screen: the pages of dynacli, of its commands and of its options, and what `help` finds."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dynacli.commands.command_groups import TableCommand
from dynacli.commands.help_pages.command_help import ROOT_EXAMPLES
from dynacli.commands.operation_command import OperationCommand
from dynacli.environment import PROJECT_FILE
from dynacli.guide.pages import page, topics
from dynacli.options.command import SECTIONS, Command
from dynacli.options.command_table import COMMANDS
from dynacli.options.standard_options import OPTIONS, Option
from dynacli.text.terminal import Painter
from tests.documents import save_api
from tests.harness import run_cli

MOST_LINES = 60
MOST_BYTES = 3_500
LONGEST_HELP = 60


def _entries() -> Iterator[tuple[str, Command]]:
    """Yield each command with the words that name it; a default subcommand has no name of its own."""
    for entry in COMMANDS.values():
        yield entry.name, entry
        yield from (
            (f"{entry.name} {command.name}", command)
            for command in entry.commands
            if command.name != entry.default
        )


ENTRIES = dict(_entries())
EXAMPLES = {
    *(line for line, _ in ROOT_EXAMPLES),
    *(line for entry in ENTRIES.values() for line in entry.examples),
}


def _own_options() -> Iterator[Option]:
    yield from OPTIONS
    for command in COMMANDS.values():
        for entry in (command, *command.commands):
            yield from (*entry.options, *entry.last, *entry.standard_options)


@pytest.fixture
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The APIs, files and earlier calls that the examples name."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDITOR", "sed -i s/Search/Find/")
    monkeypatch.delenv("VISUAL", raising=False)
    listed = {
        "200": {"description": "Listed", "content": {"application/json": {"schema": {"type": "array"}}}}
    }
    signed_in = {"200": {"description": "Signed in", "content": {"application/json": {"schema": {}}}}}
    name = {"in": "query", "name": "name", "schema": {"type": "string"}}
    tree: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": "Issues", "version": "1"},
        "servers": [{"url": "https://api.example.com"}],
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
        "paths": {
            "/pets": {"get": {"operationId": "listPets", "responses": listed}},
            "/issues": {
                "get": {
                    "operationId": "issuesList",
                    "parameters": [{"in": "query", "name": "state", "schema": {"type": "string"}}],
                    "responses": listed,
                },
                "post": {"operationId": "issuesCreate", "security": [{"token": []}], "responses": listed},
            },
            "/login": {"post": {"operationId": "logIn", "parameters": [name], "responses": signed_in}},
        },
    }
    for file in ("openapi.yaml", "openapi-old.yaml"):
        Path(file).write_text(json.dumps(tree))
    Path("runs.csv").write_text("id\n289157f4-669f-5f8d-adfd-efbb41003e69\n")
    Path("token.txt").write_text("t0ken\n")
    assert 0 == run_cli("api", "add", "github", "./openapi.yaml").exit_code
    login = ("auth", "login", "github", "--with-token", "--store", "file")
    accepted = ("--accept-origin", "https://api.example.com")
    assert 0 == run_cli(*login, *accepted, stdin=b"t0ken").exit_code
    exchange = {
        "request": {"method": "GET", "url": "https://api.example.com/issues", "headers": []},
        "response": {
            "status": 200,
            "headers": [{"name": "Content-Type", "value": "application/json"}],
            "content": {"mimeType": "application/json", "text": "[]"},
        },
    }
    Path("traffic.har").write_text(json.dumps({"log": {"version": "1.2", "entries": [exchange]}}))
    for directory in (".", "shop"):
        Path(directory).mkdir(exist_ok=True)
        Path(directory, PROJECT_FILE).write_text('[apis.shop]\nsource = "openapi.yaml"\n')
    assert 0 == run_cli("demo", "search-runs", "--page-size", "1").exit_code
    for words in (("search-runs", "--range", "24h"), ("list-workflows",)):
        assert 0 == run_cli("sync", "demo", *words).exit_code
    for file in ("shop.har", "more.har"):
        Path(file).write_text(Path("traffic.har").read_text())
    assert 0 == run_cli("alias", "set", "demo", "failed", "search-runs --status fail").exit_code
    assert 0 == run_cli("stubs", "demo", "--out", "typings").exit_code
    Path("demo.json").write_text(run_cli("document", "demo", "-o", "json").stdout)
    Path("nightly.arazzo.yaml").write_text(_WORKFLOW)


_WORKFLOW = """\
arazzo: 1.0.1
info: {title: Nightly, version: '1'}
sourceDescriptions: [{name: demo, url: demo.json, type: openapi}]
workflows:
- workflowId: nightly
  inputs: {type: object, properties: {prompt: {type: string}}}
  steps: [{stepId: list, operationId: listWorkflows}]
"""
PARSED = (
    *("api rollback", "auth login", "demo serve", "explore", "learn --proxy", "mcp", "mock", "proxy", "diff"),
    "workflow record",
)
"""Commands that ask, run until they are stopped, need another server or history: their examples are only parsed."""
TERMINAL = ("stdin", "stdout", "stderr")


@pytest.mark.sampled(10)
@pytest.mark.parametrize("example", sorted(EXAMPLES))
@pytest.mark.usefixtures("surroundings")
def test_an_example_runs_as_it_stands(example: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every example of a help page ends with exit code 0; of a command that does not end, the words are accepted."""
    line, _, source = example.partition(" | ")[0].partition(" < ")
    program, *words = shlex.split(line)
    assert "dynacli" == program
    parsed: list[str] = []
    is_parsed_only = " ".join(words).startswith(PARSED)
    if is_parsed_only:
        for kind in (TableCommand, OperationCommand):
            monkeypatch.setattr(kind, "invoke", lambda _, ctx: parsed.append(ctx.command_path))
    if words[0] == "plan":
        run_cli("demo", "update-workflow", "wf_search-issues", "--name", "New", "--plan", "change.json")
    if words[0] == "learn" and "--out" in words:
        Path("openapi.yaml").unlink()
    stdin = Path(source).read_bytes() if source else b"y\n"
    is_asked = {"apply", "edit", "trust"} & {*words}
    result = run_cli(*words, stdin=stdin, terminal=TERMINAL if is_asked else ())
    assert 0 == result.exit_code, result.stderr
    assert is_parsed_only == bool(parsed)


@pytest.mark.parametrize("name", ENTRIES)
def test_a_command_has_examples_of_itself(name: str) -> None:
    """A command has at least two, a subcommand at least one, and each begins with the command."""
    examples = ENTRIES[name].examples
    assert len(examples) >= 1 + (" " not in name)
    assert [] == [line for line in examples if not f"{line} ".startswith(f"dynacli {name} ")]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", [name for name in ENTRIES if name != "demo"])
def test_the_page_of_a_command_fits_a_screen(name: str) -> None:
    """It has at most 60 lines, its examples before its options, and no text that is cut."""
    result = run_cli(*name.split(), "--help")
    lines = result.stdout.splitlines()
    assert 0 == result.exit_code
    assert f"Usage: dynacli {name}" in f"{lines[0]} "
    assert len(lines) <= MOST_LINES
    titles = [title for title, _ in ENTRIES[name].groups] or ["Options"]
    assert all(lines.index("Examples") < lines.index(title) for title in titles)
    assert "..." not in re.sub(r"Usage:.*|\[?[A-Z=]+\.\.\.\]?", "", result.stdout)
    for example in ENTRIES[name].examples:
        assert f"  {example}" in lines
    if " " in name:
        assert result.stdout == run_cli("help", *name.split()).stdout


@pytest.mark.parametrize(
    "name", [name for name, entry in ENTRIES.items() if entry.commands and not entry.runs]
)
def test_the_page_of_a_group_lists_its_commands_first(name: str) -> None:
    """A group without a default has one option, `--help`."""
    entry = ENTRIES[name]
    text = run_cli(name, "--help").stdout
    assert text.index("\nCommands\n") < text.index("\nExamples\n")
    assert [command.name for command in entry.commands if command.name != entry.default] == re.findall(
        r"(?m)^  ([a-z]+)  ", text.partition("\nExamples\n")[0]
    )
    if not entry.default:
        assert ["--help"] == re.findall(r"--[a-z-]+", text.partition("\nOptions\n")[2].splitlines()[0])


def test_an_agent_alone_gets_the_page_for_agents(monkeypatch: pytest.MonkeyPatch) -> None:
    """`dynacli` without words is the quick reference; `--help` is for all, and names it."""
    monkeypatch.setenv("AI_AGENT", "1")
    assert run_cli("help", "agents").stdout == run_cli().stdout
    assert "|agents|" in run_cli("--help").stdout


def test_the_page_of_dynacli_fits_a_screen() -> None:
    """It has at most 60 lines and 3,500 bytes, also when APIs are registered, and every command in its group."""
    path = save_api()
    for name in ("one", "two", "three"):
        assert 0 == run_cli("api", "add", name, path).exit_code
    text = run_cli("--help").stdout
    assert len(text.splitlines()) <= MOST_LINES
    assert len(text.encode()) <= MOST_BYTES
    headings = re.findall(r"(?m)^[A-Z][a-z]+$", text)
    assert [*SECTIONS, "Options"] == headings
    for entry in COMMANDS.values():
        assert entry.name == "help" or f"\n  {entry.name} " in text
        assert (entry.name != "help") == (entry.section in SECTIONS)
    assert 4 == len(re.findall(r"(?m)^  dynacli ", text))
    assert 6 <= len(re.findall(r"(?m)^  -", text)) <= 10


def test_the_help_of_an_option_is_an_imperative() -> None:
    """It begins with a capital letter, ends without a full stop, and has at most 60 characters."""
    helps = {(option.flags[-1], option.help) for option in _own_options()}
    assert len(helps) > 100
    assert [] == sorted(
        (flag, text)
        for flag, text in helps
        if len(text) > LONGEST_HELP or not re.fullmatch("[A-Z].*[^.]", text)
    )


@pytest.mark.parametrize("name", ENTRIES)
def test_the_help_of_a_command_is_an_imperative(name: str) -> None:
    """It begins with a capital letter, ends without a full stop, and has at most 60 characters; of a subcommand 50."""
    text = ENTRIES[name].help
    assert re.fullmatch(r"[A-Z].*[^.]", text)
    assert len(text) <= LONGEST_HELP - 10 * (" " in name)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_the_page_of_options_has_every_option(option: Option) -> None:
    """`help options` is made from the table, with the values that an option takes."""
    text = run_cli("help", "options").stdout
    assert f" {option.flags[-1]}" in text
    assert [] == [value for value in option.values if value != "pages" and value not in text]


def test_the_page_of_options_is_narrowed_by_a_word() -> None:
    """In the name or the help of an option, in any case."""
    page = run_cli("help", "options", "RETRIES").stdout
    assert ["--retries"] == [line.split()[0] for line in page.splitlines() if line.startswith("  -")]
    assert 2 == run_cli("help", "options", "no-such-word").exit_code


@pytest.mark.parametrize("topic", ["wait", "Pages", "links", "waiting"])
def test_the_page_of_options_has_the_group_of_a_topic(topic: str) -> None:
    """A word of the title of a group, or its beginning, prints this group alone."""
    page = run_cli("help", "options", topic).stdout
    assert "Pages, waiting and links\n" == page.splitlines(keepends=True)[0]
    flags = ["--all", "--max-items", "--wait", "--wait-timeout", "--wait-interval", "--follow"]
    assert flags == [line.split()[0] for line in page.splitlines() if line.startswith("  --")]


@pytest.mark.parametrize("subject", ["tls", "certificates", "proxies", "http_proxy"])
def test_a_subject_leads_to_its_topic(subject: str) -> None:
    """What people look up is not always what a topic is called."""
    reported = run_cli("help", subject).stderr
    assert re.search("Did you mean `(auth-config|environment)`", reported), reported


@pytest.mark.parametrize(("command", "hint"), [("changes", "`--since OLD`"), ("bake", "`--out FILE`")])
def test_a_further_argument_leads_to_its_option(command: str, hint: str) -> None:
    """The error of click names the argument alone."""
    error = run_cli(command, "a.json", "b.json", "--error-format", "json").error
    assert "`b.json` is an unexpected argument" == error["message"]
    assert hint in error["hint"]


@pytest.mark.parametrize("name", [name for name in COMMANDS if page(name) is None])
def test_help_on_a_command_without_a_topic_is_its_page(name: str) -> None:
    """`help COMMAND` prints what `COMMAND --help` prints."""
    assert run_cli(name, "--help").stdout.strip() == run_cli("help", name).stdout.strip() != ""


@pytest.mark.parametrize("name", ["config", "document"])
def test_a_topic_has_the_name_of_its_command(name: str) -> None:
    """`help config` has the keys of the configuration, and not only the options of `config`."""
    assert run_cli("help", name).stdout.startswith((page(name) or "").splitlines()[0].lstrip("# "))


def test_help_lists_the_topics_with_their_titles() -> None:
    """The list has every page of the manual, and that of the options."""
    text = run_cli("help").stdout
    for name, title in [*topics(), ("options", "All options")]:
        assert re.search(rf"(?m)^  {name} +{re.escape(title)}$", text)


@pytest.mark.parametrize(
    ("word", "near"),
    [
        ("polcy", "policy"),
        ("chekc", "check"),
        ("option", "options"),
        ("brew", ""),
        ("nope", ""),
        ("options wiat", "wait"),
    ],
)
def test_an_unknown_topic_has_near_ones(word: str, near: str) -> None:
    """The error names at most three topics and commands; if none is near, it says what lists them."""
    result = run_cli("--error-format", "json", "help", word)
    assert 2 == result.exit_code
    assert len(result.error.get("near", ())) <= 3
    assert near in result.error.get("near", ()) or (not near and "dynacli help" in result.error["hint"])


def test_headings_of_the_manual_have_their_colour_on_a_terminal() -> None:
    """In a pipe a page has no escape sequence."""
    piped, shown = run_cli("help", "policy"), run_cli("help", "policy", terminal=("stdout",))
    assert "\x1b" not in piped.stdout
    first = piped.stdout.splitlines()[0]
    assert Painter(enabled=True).heading(first) == shown.stdout.splitlines()[0]
    assert piped.stdout == re.sub(r"\x1b\[\d+m", "", shown.stdout)


@pytest.mark.parametrize("width", ["40", "100"])
def test_pages_are_wrapped(width: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The texts of commands and options fit the width; what is longer is an example or a flag with its value."""
    monkeypatch.setenv("COLUMNS", width)
    for words in (("--help",), ("help", "options"), ("check", "--help"), ("api", "--help")):
        for line in run_cli(*words).stdout.splitlines():
            assert len(line) <= max(int(width), 64) or line.startswith(("  dynacli ", "  -")), (words, line)


def test_help_names_what_people_look_for() -> None:
    """Waiting, queries and plans, for people and for agents."""
    for text in (run_cli("--help").stdout, run_cli("help", "agents").stdout):
        assert all(flag in text for flag in ("--wait", "--sql", "--plan"))


@pytest.mark.parametrize(
    ("task", "is_named"),
    [
        ("start a run and wait until it is finished", True),
        ("poll a run", True),
        ("runs that are Completed", True),
        ("runs that failed", False),
        ("runs of a waiter", False),
    ],
)
def test_a_search_names_the_option_that_waits(task: str, is_named: bool) -> None:
    """If the task says wait, until, finish, complete or poll."""
    assert is_named == ("--wait EXPR" in run_cli("search", "demo", *task.split()).stderr)
