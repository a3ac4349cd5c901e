"""`dynacli alias`: short names for calls."""

from pathlib import Path

import pytest

from tests.documents import api_of, get, register, save
from tests.harness import Recorder, assert_ended, json_response, run_cli

_LINE = "search-runs --range 7d --status fail --columns workflowName"


def _configure(text: str) -> None:
    path = Path(run_cli("config", "path").stdout.strip())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_an_alias_calls_its_line_and_what_follows() -> None:
    """The arguments after the alias are added at the end of its line."""
    assert_ended(run_cli("alias", "set", "demo", "failed", _LINE), 0)
    whole = run_cli("demo", *_LINE.split(), "--dry-run")
    assert whole.stdout == run_cli("demo", "failed", "--dry-run").stdout
    assert (
        whole.stdout.replace("fail", "pass") == run_cli("demo", "failed", "--status=pass", "--dry-run").stdout
    )


def test_the_history_has_what_was_called() -> None:
    """So that `replay` repeats the same call after the alias has changed."""
    run_cli("alias", "set", "demo", "failed", _LINE)
    run_cli("demo", "failed", "--all")
    (row,) = run_cli("history", "-o", "json").json
    assert f"dynacli demo {_LINE} --all" == row["command"]


def test_aliases_are_listed() -> None:
    """By `alias list`, the overview and completion."""
    run_cli("alias", "set", "demo", "failed", _LINE)
    assert [{"api": "demo", "name": "failed", "line": _LINE}] == run_cli("alias", "list", "-o", "json").json
    assert "Your aliases\n  failed" in run_cli("demo").stdout
    assert f"failed\t{_LINE}"[:80] in run_cli("__complete", "fish", "demo", "fai").stdout
    assert "--page" in run_cli("__complete", "bash", "demo", "failed", "--pa").stdout
    assert "failed" in run_cli("__complete", "bash", "alias", "remove", "demo", "").stdout


def test_an_alias_is_removed() -> None:
    """Another one is an error with near names."""
    run_cli("alias", "set", "demo", "failed", _LINE)
    assert_ended(run_cli("alias", "remove", "demo", "faild"), 2, "Did you mean `failed`?")
    assert_ended(run_cli("alias", "remove", "demo", "failed"), 0)
    assert_ended(run_cli("demo", "failed"), 2, "has no operation `failed`")
    assert [] == run_cli("alias", "list", "demo", "-o", "json").json


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("name", "line", "message"),
    [
        ("search-runs", _LINE, "`search-runs` is the name of an operation"),
        ("runs", _LINE, "`runs` is the name of a tag"),
        ("get", _LINE, "cannot be the name of an alias"),
        ("serve", _LINE, "cannot be the name of an alias"),
        ("Failed!", _LINE, "cannot be the name of an alias"),
        ("second", "failed --all", "an alias of an alias is not allowed"),
        ("wrong", "search-rus", "has no operation `search-rus`"),
        ("wrong", "search-runs --rnage 7d", "no option `--rnage`"),
        ("wrong", "search-runs --range", "`--range` needs a value"),
        ("wrong", "search-runs surplus", "`surplus` is an unexpected argument"),
        ("wrong", "search-runs -o nothing", "nothing"),
        ("wrong", "search-runs 'open", "LINE cannot be read"),
        ("wrong", "search-runs\n--range 7d", "one line"),
        ("wrong", "", "LINE must start with an operation"),
        ("wrong", "search-runs --help", "without `--help`"),
        ("wrong", "search-runs --refresh", "An alias cannot have `--refresh`"),
        ("wrong", "search-runs -H 'Authorization: Bearer abcdef0123456789'", "LINE holds a secret"),
        ("wrong", "search-runs -Q access_token=abcdef0123456789", "LINE holds a secret"),
    ],
)
def test_a_wrong_alias_is_refused(name: str, line: str, message: str) -> None:
    """With 2 and the reason; the configuration stays as it is."""
    run_cli("alias", "set", "demo", "failed", _LINE)
    before = run_cli("config", "get").stdout
    result = run_cli("alias", "set", "demo", name, line)
    assert_ended(result, 2, message)
    assert "abcdef0123456789" not in result.stderr
    assert before == run_cli("config", "get").stdout


def test_an_operation_of_a_new_revision_wins(server: Recorder) -> None:
    """The alias of that name is not used, and a warning says so."""
    register("shop", api_of(get("/pets", "listPets"), server=server))
    assert_ended(run_cli("alias", "set", "shop", "mine", "list-pets"), 0)
    save(api_of(get("/pets", "listPets"), get("/mine", "mine"), server=server), "shop.json")
    server.responses["/mine"] = json_response({})
    result = run_cli("shop", "mine")
    assert_ended(result, 0, "`mine` is an operation of `shop`")
    assert ["/mine"] == [request.target for request in server.requests]


def test_a_broken_configuration_leaves_help_and_exit_codes_as_they_are() -> None:
    """Aliases are asked for only if the name is no operation."""
    _configure("history = [")
    assert "list-workflows" in run_cli("demo").stdout
    assert_ended(run_cli("demo", "list-workflows", "--help"), 0)
    assert_ended(run_cli("demo", "failed"), 2, "has no operation `failed`")
    assert_ended(run_cli("alias", "list"), 12, "cannot be read")


@pytest.mark.parametrize(
    ("table", "mistake"),
    [
        ("aliases = 3", "`aliases` must be a table"),
        ("aliases.Failed = 'search-runs'", "cannot be the name of an alias"),
        ("aliases.failed = 3", "must be the arguments of a call"),
        ('aliases.failed = "search-runs \'x"', "cannot be read"),
        ("server = 'https://shop.example'", "`server` is not a known key"),
    ],
)
def test_mistakes_are_found(table: str, mistake: str) -> None:
    """By `doctor`; the demo API has nothing but aliases in the configuration."""
    _configure(f"[apis.demo]\n{table}\n")
    assert mistake in run_cli("doctor").stdout


def test_an_alias_of_a_hand_written_file_can_be_wrong() -> None:
    """A call says which alias it is, and how to change it."""
    _configure(
        "[apis.demo.aliases]\nopen = \"search-runs 'x\"\ngone = 'find-runs --all'\nagain = 'again --all'\n"
    )
    assert_ended(run_cli("demo", "open"), 2, "The alias `open` of `demo` cannot be read")
    assert_ended(run_cli("demo", "gone"), 2, "no operation `find-runs`, which your alias `gone` calls")
    assert_ended(run_cli("demo", "again"), 2, "no operation `again`, which your alias `again` calls")


def test_a_policy_and_read_apply_to_the_operation() -> None:
    """An alias is no way around them."""
    run_cli("alias", "set", "demo", "start", "dispatch-workflow-run wf_search-issues")
    assert_ended(run_cli("read", "demo", "start"), 11, "read")
    assert "dispatch-workflow-run" in run_cli("policy", "explain", "demo", "start").stdout


def test_a_trusted_project_file_may_have_aliases(server: Recorder) -> None:
    """They are changed in that file alone."""
    save(api_of(get("/pets", "listPets"), server=server), "shop.json")
    Path(".dynacli.toml").write_text('[apis.shop]\nsource = "shop.json"\naliases.mine = "list-pets --all"\n')
    assert_ended(run_cli("config", "trust", "--yes", terminal=("stdin", "stderr"), stdin=b"y\n"), 0)
    server.responses["/pets"] = json_response([])
    assert_ended(run_cli("shop", "mine"), 0)
    assert_ended(run_cli("alias", "set", "shop", "mine", "list-pets"), 2, "not in your configuration")
