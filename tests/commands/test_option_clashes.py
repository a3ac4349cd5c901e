"""Options that both dynacli and an operation have: the dangerous ones are refused, the others are told apart."""

from typing import Any

import pytest

from dynacli import open_api
from dynacli.options.standard_options import GUARDED_OPTIONS
from tests.documents import get, operation, parameter, post, save_api
from tests.dry_runs import refusal_of, request_of
from tests.harness import Recorder, examples_of, run_cli

STRING = {"type": "string"}
PLACES = ("path", "query", "header", "cookie", "body")


def _with_input(name: str, place: str, schema: Any = STRING) -> dict[str, Any]:
    """Return an Operation Object with a single input."""
    if place == "body":
        return operation("send", body={"type": "object", "properties": {name: schema}})
    return operation("send", parameter(name, schema, place))


def _saved(name: str, place: str, schema: Any = STRING) -> str:
    path = f"/a/{{{name}}}" if place == "path" else "/a"
    return save_api({path: {"post": _with_input(name, place, schema)}})


@pytest.mark.sampled(6)
@pytest.mark.parametrize(
    ("word", "place"),
    [*((word, "query") for word in sorted(GUARDED_OPTIONS)), *(("dry-run", place) for place in PLACES)],
)
def test_a_word_that_would_be_dangerous_to_mistake_is_refused(
    server: Recorder, word: str, place: str
) -> None:
    """Nothing is sent, and the error has the spelling of the operation's input and that of dynacli's option."""
    path = f"/a/{{{word}}}" if place == "path" else "/a"
    api = save_api({path: {"post": _with_input(word, place)}}, server=server)
    for words in ((f"--{word}",), (f"--{word}", "x"), (f"--{word}=x",)):
        result = run_cli(api, "send", *words)
        assert 2 == result.exit_code
        assert f"`--{place}.{word}`" in result.stderr
        assert f"`dynacli --{word} " in result.stderr
    assert [] == server.requests


@pytest.mark.parametrize("place", PLACES)
def test_both_spellings_of_a_refused_word_work(place: str) -> None:
    """The operation's input is named by its place, dynacli's option stands before the API, and both may be given."""
    _saved("dryRun", place)
    request = request_of("send", f"--{place}.dry-run", "All")
    parts = (request["target"], dict(request["headers"]), request["body"] or "")
    assert any("All" in str(part) for part in parts)


def test_the_documents_own_spelling_is_no_dangerous_word() -> None:
    """`--dryRun` is not what dynacli's option is called."""
    _saved("dryRun", "query")
    assert "/a?dryRun=All" == request_of("send", "--dryRun", "All")["target"]


def test_a_name_with_symbols_is_the_same_dangerous_word() -> None:
    """Whoever types `--server` may mean `server[]`."""
    _saved("server[]", "query", {"type": "array", "items": STRING})
    assert "`--query.server`" in refusal_of("send", "--server", "x").stderr
    assert "/a?server%5B%5D=x" == request_of("send", "--query.server", "x")["target"]


def test_a_place_inside_a_parameter_needs_no_longer_name() -> None:
    """`--server.name` cannot be taken for dynacli's option."""
    schema = {"type": "object", "properties": {"name": STRING}}
    raw = parameter("server", schema, style="deepObject", explode=True)
    save_api(get("/a", "send", raw))
    assert "/a?server%5Bname%5D=x" == request_of("send", "--server.name", "x")["target"]


def test_help_and_examples_have_the_spelling_that_runs() -> None:
    """The page says where dynacli's option stands, and the example does not use the word that is refused."""
    raw = parameter("dryRun", {"type": "string", "enum": ["All"]}, required=True)
    api = save_api(post("/a", "send", raw))
    page = run_cli(api, "send", "--help").stdout
    assert "--query.dry-run {All}" in page
    assert "Give dynacli's own `--dry-run` before the API here." in page
    assert [["dynacli", api, "send", "--query.dry-run", "All"]] == examples_of(page)


def test_a_python_program_names_the_input_plainly() -> None:
    """There are no options of dynacli's that it could be taken for."""
    with open_api(_saved("dryRun", "query")) as api:
        assert "query.dry-run" == api.operation("send").parameters[0].option
    from dynacli.client.described_operation import DescribedOperation
    from dynacli.client.inputs.read_plain_inputs import read_plain_inputs
    from dynacli.environment import Environment
    from dynacli.registry.open_by_name import open_named_api as open_document

    opened = open_document("./api.json", Environment())
    described = DescribedOperation(opened, opened.catalog.operation("send"))
    for name in ("dry_run", "dryRun", "query.dry_run"):
        assert {("query", "dryRun"): "All"} == read_plain_inputs(described, {name: "All"}).parameters


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--timeout", "soon"), "`soon` is not a value for --timeout"),
        (("--timeout",), "The option `--timeout` needs a value"),
        (("--timeout", "1", "more"), "`more` is an unexpected argument"),
    ],
)
def test_an_error_says_whose_option_it_is_about(words: tuple[str, ...], message: str) -> None:
    """A person who means dynacli's option sees why it is not taken, and where it would be."""
    _saved("timeout", "query", {"type": "integer"})
    error = refusal_of("send", *words).stderr
    assert message in error
    assert "`--timeout` is the operation's own option here; dynacli's stands before the API" in error


def test_an_error_about_other_options_says_nothing_of_namesakes() -> None:
    """No option of the operation is called like one of dynacli's that was given."""
    _saved("timeout", "query", {"type": "integer"})
    assert "operation's own" not in refusal_of("send", "more").stderr
