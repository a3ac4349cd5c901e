"""`dynacli ignore`: an exception for findings, written into the configuration."""

import tomllib
from pathlib import Path

import pytest

from dynacli.registry.configuration_text import with_table
from tests.documents import operation, save_api
from tests.harness import Recorder, Response, run_cli

_WRITTEN = '# mine\n[apis.pets] # the pets\nsource = "%s"\n\n# below\n[apis.other]\nsource = "o.json"'


@pytest.fixture
def config(home: Path, server: Recorder) -> Path:
    """The configuration, with an API whose response has a wrong type."""
    schema = {"type": "object", "properties": {"id": {"type": "integer"}}}
    responses = {"200": {"description": "It", "content": {"application/json": {"schema": schema}}}}
    paths = {f"/{name}": {"get": operation(f"get{name}", responses=responses)} for name in ("Cat", "Dog")}
    server.responses["/Cat"] = server.responses["/Dog"] = Response(body=b'{"id": "x"}')
    config = home / "config" / "config.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text(_WRITTEN % Path(save_api(paths, server=server)).absolute())
    return config


@pytest.mark.parametrize(("operation_word", "other"), [((), 0), (("getCat",), 9)], ids=["of all", "of one"])
def test_what_is_ignored_does_not_count(config: Path, operation_word: tuple[str, ...], other: int) -> None:
    """The exception is written after what stands there, and holds from the next call on."""
    before = config.read_text()
    assert 9 == run_cli("pets", "get-cat", "--validate", "strict").exit_code
    result = run_cli("ignore", "pets", "type", *operation_word, "--reason", "the old server")
    assert (0, "") == (result.exit_code, result.stdout)
    assert config.read_text().startswith(before)
    (entry,) = tomllib.loads(config.read_text())["apis"]["pets"]["ignore"]
    about = {"operation": "get-cat"} if operation_word else {}
    assert {"rule": "type", **about, "reason": "the old server"} == entry
    assert 0 == run_cli("pets", "get-cat", "--validate", "strict").exit_code
    assert other == run_cli("pets", "get-dog", "--validate", "strict").exit_code


@pytest.mark.parametrize(
    ("words", "item", "code"),
    [
        (("--pointer", "/id"), {"pointer": "/id"}, 0),
        (("--pointer", "/*/id"), {"pointer": "/*/id"}, 9),
        (("--status", "2xx", "--where", "response"), {"status": "2xx", "where": "response"}, 0),
        (("--status", "404"), {"status": "404"}, 9),
        (("--where", "request"), {"where": "request"}, 9),
    ],
    ids=["a place", "another place", "a class", "another status", "requests"],
)
def test_an_exception_holds_at_a_place(
    config: Path, words: tuple[str, ...], item: dict[str, str], code: int
) -> None:
    """Whatever a person can write into an exception, the command can."""
    assert 0 == run_cli("ignore", "pets", "type", "getCat", "--reason", "r", *words).exit_code
    (entry,) = tomllib.loads(config.read_text())["apis"]["pets"]["ignore"]
    assert {"rule": "type", **item, "operation": "get-cat", "reason": "r"} == entry
    assert code == run_cli("pets", "get-cat", "--validate", "strict").exit_code
    assert 2 == run_cli("ignore", "pets", "type", "getCat", "--reason", "again", *words).exit_code


@pytest.mark.sampled(3)
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("pets", "typ", "--reason", "r"), "Did you mean `type`?"),
        (("pets", "type"), "Say why the findings are expected: `--reason TEXT`"),
        (("pets", "type", "--reason", " "), "`--reason` is missing"),
        (("pets", "type", "get-cot", "--reason", "r"), "`get-cat`"),
        (("nobody", "type", "--reason", "r"), "`nobody` is not a registered API"),
        (("pets", "type", "get-dog", "--reason", "r"), "already ignored"),
        (("pets", "type", "--status", "6", "--reason", "r"), "`status` must be one like `404`"),
        (("pets", "type", "--where", "body", "--reason", "r"), "`where` is `request` or `response`"),
        (("pets", "type", "--pointer", " ", "--reason", "r"), "`pointer` is empty"),
    ],
    ids=[
        "no rule",
        "no reason",
        "empty reason",
        "no operation",
        "no API",
        "twice",
        "status",
        "where",
        "pointer",
    ],
)
def test_bad_input_changes_nothing(config: Path, words: tuple[str, ...], said: str) -> None:
    """What is wrong is said, and the configuration stays as it is."""
    assert 0 == run_cli("ignore", "pets", "type", "getDog", "--reason", "r").exit_code
    before = config.read_text()
    result = run_cli("ignore", *words)
    assert (2, before) == (result.exit_code, config.read_text())
    assert said in result.stderr


@pytest.mark.parametrize(
    "text",
    [
        '[apis.pets]\nsource = "p"',
        '[[apis.pets.ignore]]\nrule = "enum"\nreason = "r"\n\n[apis.pets] # mine\nsource = "p"\n',
        'apis = { pets = { source = "p" } } # mine\n',
        '[apis.pets]\nsource = "p"\nignore = [{ rule = "enum", reason = "r" }] # mine\n',
        '[apis]\npets = { source = "p" } # mine\n[cache]\nlimit = "1GiB"\n',
    ],
    ids=["a table", "a list before it", "all in one line", "a list in one line", "an entry in one line"],
)
def test_however_the_configuration_is_written(text: str) -> None:
    """The exception is added to those that are there, and comments stay."""
    before = tomllib.loads(text)
    item = {"rule": "type", "reason": 'a "quoted" one'}
    result = with_table(text, "pets", "ignore", item)
    before["apis"]["pets"].setdefault("ignore", []).append(item)
    assert before == tomllib.loads(result)
    assert text.count("# mine") == result.count("# mine")
