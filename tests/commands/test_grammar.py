"""The grammar: where words, options and values may stand, and what each of them then means."""

from typing import Any

import pytest

from dynacli.options.command_table import COMMANDS
from tests.documents import SERVER, get, parameter, post, save_api
from tests.dry_runs import refusal_of, request_of
from tests.harness import Recorder, Response, run_cli

STRING = {"type": "string"}
INTEGER = {"type": "integer"}


@pytest.fixture
def api() -> str:
    """A document with two path parameters, named in the document in the other order."""
    return save_api(
        get(
            "/repos/{owner}/issues/{number}",
            "getIssue",
            parameter("number", INTEGER, "path"),
            parameter("owner", STRING, "path"),
            parameter("draft", {"type": "boolean"}),
            parameter("level", INTEGER),
            parameter("text", STRING),
        )
    )


@pytest.mark.parametrize(
    "words",
    [
        ("octo", "7"),
        ("--owner", "octo", "7"),
        ("7", "--owner", "octo"),
        ("octo", "--number", "7"),
        ("--number=7", "--owner=octo"),
        ("--", "octo", "7"),
        ("octo", "--", "7"),
    ],
    ids=" ".join,
)
def test_path_parameters_are_positional_in_path_order(api: str, words: tuple[str, ...]) -> None:
    """One that is given by its option drops out of the positional words."""
    assert api
    assert "/repos/octo/issues/7" == request_of("get-issue", *words)["target"]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("`get-issue` needs OWNER and NUMBER", ()),
        ("`get-issue` needs NUMBER", ("octo",)),
        ("`get-issue` needs OWNER", ("--number", "7")),
        ("`8` is an unexpected argument", ("octo", "7", "8")),
        ("`octo` is an unexpected argument", ("--owner", "x", "--number", "7", "octo")),
        ("`seven` is not a value for NUMBER", ("octo", "seven")),
        ("There is no option `--nubmer`", ("octo", "--nubmer", "7")),
        ("There is no option `--nope`", ("octo", "7", "--nope", "x")),
        ("There is no option `-z`", ("octo", "7", "-z")),
        ("The option `--text` needs a value", ("octo", "7", "--text")),
        ("The option `-o` needs a value", ("octo", "7", "-o")),
    ],
)
def test_words_that_do_not_fit_are_named(api: str, message: str, words: tuple[str, ...]) -> None:
    """What is missing, too many or unknown is said by its own name, with exit code 2."""
    assert api
    assert message == refusal_of("get-issue", *words, before=("--error-format", "json")).error["message"]


def test_what_is_missing_comes_with_a_call_that_runs(api: str) -> None:
    """The error has a command, in which what is missing stands in capitals; the hint does not repeat it."""
    error = refusal_of("get-issue", before=("--error-format", "json")).error
    _, *words = error["try"].partition(f"{api} ")[2].split()
    assert ("", ["OWNER", "NUMBER"]) == (error["hint"], words)


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("/repos/octo/issues/-7", ("octo", "-7")),
        ("/repos/octo/issues/7?level=-5", ("octo", "7", "--level", "-5")),
        ("/repos/octo/issues/7?level=-5", ("octo", "7", "--level=-5")),
        ("/repos/octo/issues/7?text=--draft", ("octo", "7", "--text", "--draft")),
        ("/repos/octo/issues/7?text=-x", ("octo", "7", "--text=-x")),
        ("/repos/octo/issues/7?text=", ("octo", "7", "--text", "")),
        ("/repos/octo/issues/7?text=a%3Db", ("octo", "7", "--text=a=b")),
        ("/repos/-x/issues/7", ("--", "-x", "7")),
        ("/repos/--owner/issues/7", ("--", "--owner", "7")),
        ("/repos/-x/issues/7", ("--owner", "-x", "7")),
        ("/repos/-/issues/7", ("-", "7")),
    ],
)
def test_values_may_begin_with_a_hyphen(api: str, target: str, words: tuple[str, ...]) -> None:
    """A value after its option, a number, and everything after `--` is never taken for an option."""
    assert api
    assert target == request_of("get-issue", *words)["target"]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("", ()),
        ("?draft=true", ("--draft",)),
        ("?draft=true", ("--draft", "true")),
        ("?draft=true", ("--draft=TRUE",)),
        ("?draft=false", ("--draft", "false")),
        ("?draft=false", ("--draft=false",)),
        ("?draft=false", ("--no-draft",)),
        ("?draft=false", ("--draft", "--no-draft")),
        ("?draft=true&level=1", ("--draft", "--level", "1")),
    ],
)
def test_a_boolean_is_a_switch_that_may_have_a_value(api: str, query: str, words: tuple[str, ...]) -> None:
    """`--draft`, `--draft false`, `--draft=false` and `--no-draft`; the last one wins."""
    assert api
    assert f"/repos/octo/issues/7{query}" == request_of("get-issue", "octo", "7", *words)["target"]


def test_a_switch_takes_no_other_word(api: str) -> None:
    """A word after a switch is a word of its own unless it is `true` or `false`."""
    assert api
    assert "/repos/octo/issues/7?draft=true" == request_of("get-issue", "--draft", "octo", "7")["target"]


@pytest.mark.parametrize(
    ("url", "before", "after"),
    [
        ("http://127.0.0.1:1/x", ("--server", "http://127.0.0.1:1/x"), ()),
        ("http://127.0.0.1:2", (), ("--server", "http://127.0.0.1:2")),
        ("http://127.0.0.1:2", ("--server", "http://127.0.0.1:1"), ("--server", "http://127.0.0.1:2")),
        ("http://127.0.0.1:2", (), ("--server=http://127.0.0.1:1", "--server", "http://127.0.0.1:2")),
    ],
)
def test_standard_options_stand_before_the_api_or_after_the_operation(
    api: str, url: str, before: tuple[str, ...], after: tuple[str, ...]
) -> None:
    """Both mean the same, and the later one wins."""
    assert api
    assert f"{url}/repos/a/issues/1" == request_of("get-issue", "a", "1", *after, before=before)["url"]


def test_an_operations_own_option_wins_over_a_standard_one() -> None:
    """The standard option of the same name is then the one before the API."""
    save_api(get("/a", "a", parameter("output", STRING), parameter("o", STRING)))
    request = request_of("a", "--output", "mine", "--o", "x", before=("--output", "json"))
    assert "/a?output=mine&o=x" == request["target"]


def test_dry_run_may_stand_alone_before_an_argument(api: str) -> None:
    """`--dry-run` takes the word after it only when it is one of its own."""
    result = run_cli(api, "get-issue", "--dry-run", "octo", "7")
    assert (0, "GET /repos/octo/issues/7 HTTP/1.1") == (result.exit_code, result.stdout.splitlines()[0])
    result = run_cli(api, "get-issue", "--dry-run", "curl", "octo", "7")
    assert (0, "curl") == (result.exit_code, result.stdout.split()[0])


@pytest.mark.parametrize("flag", ["--help", "-h"])
def test_help_is_help_wherever_it_stands_before_the_separator(api: str, flag: str) -> None:
    """Even in a call that is incomplete or wrong; after `--` it is a value."""
    for words in ((flag,), ("octo", flag), ("--nope", flag), (flag, "--level", "x")):
        result = run_cli(api, "get-issue", *words)
        assert (0, "") == (result.exit_code, result.stderr)
        assert result.stdout.startswith(f"Usage: dynacli {api} get-issue OWNER NUMBER [OPTIONS]\n")
    assert f"/repos/{flag}/issues/7" == request_of("get-issue", "--", flag, "7")["target"]


def test_an_option_with_two_spellings() -> None:
    """Kebab case and the document's own spelling are one option, the later one wins."""
    save_api(get("/a", "a", parameter("pageSize", INTEGER), parameter("page_token", STRING)))
    assert "/a?pageSize=3" == request_of("a", "--page-size", "3")["target"]
    assert "/a?pageSize=3" == request_of("a", "--pageSize", "3")["target"]
    assert "/a?pageSize=4" == request_of("a", "--page-size", "3", "--pageSize", "4")["target"]
    assert "/a?page_token=x" == request_of("a", "--page_token", "x")["target"]


@pytest.mark.parametrize(
    ("near", "word"),
    [
        (["--schedule.cron"], "--cron"),
        (["--criteria.0.text"], "--text"),
        (["--nam", "--remote-name"], "--name"),
        ([], "--qqqqqqqq"),
    ],
)
def test_an_unknown_option_gets_near_ones(near: list[str], word: str) -> None:
    """A deep option is found by its last name too."""
    text: dict[str, Any] = {"type": "object", "properties": {"text": STRING}}
    body = {
        "type": "object",
        "properties": {
            "nam": STRING,
            "schedule": {"type": "object", "properties": {"cron": STRING}},
            "criteria": {"type": "array", "items": text},
        },
    }
    save_api(post("/a", body=body))
    assert near == refusal_of("a", word, "x", before=("--error-format", "json")).error["near"]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ("`xml` is not an output format", ("-o", "xml", "API", "get-issue", "octo", "7")),
        ("`xml` is not an output format", ("API", "get-issue", "octo", "7", "-o", "xml")),
        ("`xml` is not an output format", ("operations", "API", "--output=xml")),
        ("`xml` is not an output format", ("changes", "API", "-o", "xml")),
        ("`markdown` is not an output format", ("-o", "markdown", "API", "get-issue", "octo", "7")),
        ("`markdown` is not an output format", ("-o", "markdown", "operations", "API")),
        ("`markdown` is not an output format", ("operations", "API", "-o", "markdown")),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, tuple) else "",
)
def test_an_unknown_output_format_is_refused_before_anything_else(
    api: str, message: str, words: tuple[str, ...]
) -> None:
    """The option says so where it stands; `markdown` is a format of `changes` alone."""
    result = run_cli("--error-format", "json", *(api if word == "API" else word for word in words))
    assert (2, message, "") == (result.exit_code, result.error["message"], result.stdout)


@pytest.mark.parametrize(
    "words", [("-o", "markdown", "changes", "API"), ("changes", "API", "-o", "markdown")]
)
def test_changes_writes_markdown(api: str, words: tuple[str, ...]) -> None:
    """Its own format may stand if any other may."""
    result = run_cli(*(api if word == "API" else word for word in words))
    assert (0, "Nothing changed.\n") == (result.exit_code, result.stdout)


def test_an_unregistered_document_is_called_by_url(server: Recorder, api: str) -> None:
    """A URL of a document stands where a registered name would."""
    with open(api, "rb") as file:
        server.responses["/openapi.json"] = Response(body=file.read())
    result = run_cli("--dry-run", "json", f"{server.origin}/openapi.json", "get-issue", "a", "1")
    assert f"{SERVER}/repos/a/issues/1" == result.json["url"]


def test_a_document_is_read_from_standard_input(api: str) -> None:
    """`-` is the document on standard input."""
    with open(api, "rb") as file:
        result = run_cli("--dry-run", "json", "-", "get-issue", "a", "1", stdin=file.read())
    assert f"{SERVER}/repos/a/issues/1" == result.json["url"]


@pytest.mark.parametrize(
    "words",
    [("operations", "--help"), ("api", "add", "-h"), ("demo", "serve", "--help"), ("--help",), ("help",)],
)
def test_everything_goes_to_the_streams_that_were_given(
    words: tuple[str, ...], capfd: pytest.CaptureFixture[str]
) -> None:
    """A program that runs dynacli in its process keeps its own standard streams to itself."""
    assert run_cli(*words).stdout
    assert ("", "") == capfd.readouterr()


@pytest.mark.parametrize(
    "command",
    [entry.name for entry in COMMANDS.values() if not entry.commands and entry.name not in {"demo", "help"}],
)
def test_commands_without_arguments_behave_alike(command: str) -> None:
    """A command that needs an argument says which one is missing, with exit 2. It never prints its help page."""
    result = run_cli(command)
    if result.exit_code == 0:
        assert "Usage: " not in result.stdout
        return
    assert (2, "") == (result.exit_code, result.stdout)
    assert "hint: " in result.stderr


@pytest.mark.parametrize("command", [entry.name for entry in COMMANDS.values() if entry.commands])
def test_groups_without_a_subcommand_list_them(command: str) -> None:
    """A group prints its help page with exit 0, unless it has a default subcommand."""
    result = run_cli(command)
    assert 0 == result.exit_code
    assert COMMANDS[command].default or "\nCommands\n" in result.stdout or command == "demo"
