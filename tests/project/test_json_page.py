"""`help json` has the shapes of what commands print: each command of the page runs, and its output is compared."""

import json
import shlex
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from tests.harness import run_cli
from tests.json_shapes import json_schemas, schema_of

SCHEMAS = {
    heading: jsonschema_rs.Draft202012Validator(schema)
    for heading, schema in json_schemas(is_closed=True).items()
}
COMMANDS = [heading for heading in SCHEMAS if heading.startswith("dynacli ")]


def _printed(command: str) -> Any:
    """Return the value that a command prints, on standard error if that is what the command is about."""
    result = run_cli(*shlex.split(command)[1:])
    is_about_errors = "--error-format" in command or "--report" in command
    text = result.stderr if is_about_errors else result.stdout
    lines = [line for line in text.splitlines() if not line.startswith(("error: ", "warning: "))]
    return json.loads(lines[0] if is_about_errors else "\n".join(lines))


@pytest.fixture
def shop() -> None:
    """A file of rows, an earlier call, and an API with two revisions and a credential."""
    Path("rows.csv").write_text("id\nwf_search-issues\n")
    run_cli("demo", "get-org")
    document = run_cli("document", "demo").json
    document["servers"] = [{"url": "http://127.0.0.1:9/v1"}]
    file = Path("shop.json")
    file.write_text(json.dumps(document))
    run_cli("api", "add", "shop", "./shop.json")
    login = (
        *("auth", "login", "shop", "--with-token", "--store", "file"),
        *("--accept-origin", "http://127.0.0.1:9"),
    )
    assert 0 == run_cli(*login, stdin=b"not-a-secret\n").exit_code
    paths = document["paths"]
    del paths["/org"]
    paths["/new"] = {"get": {"operationId": "getNew", "responses": {"200": {"description": ""}}}}
    paths["/runs"]["get"]["parameters"].pop()
    document["components"]["schemas"]["OrgContext"]["properties"].popitem()
    file.write_text(json.dumps(document))
    run_cli("api", "refresh", "shop")


def test_the_page_has_shapes() -> None:
    """The blocks are found, so that the test below tests something."""
    assert len(COMMANDS) > 12


@pytest.mark.exhaustive
@pytest.mark.usefixtures("shop")
def test_commands_print_what_the_page_shows() -> None:
    """Keys and types are those of the page, neither more nor fewer, and no output is empty."""
    printed = {command: _printed(command) for command in COMMANDS}
    assert [] == [command for command, value in printed.items() if not value]
    assert {} == {
        command: found
        for command, value in printed.items()
        if (found := [str(error) for error in SCHEMAS[command].iter_errors(value)])
    }


@pytest.mark.parametrize(
    ("shape", "value"),
    [
        ('{"a"}', {}),
        ('{"a"}', {"a": 1, "b": 2}),
        ('{"a": STRING}', {"a": None}),
        ('[{"a": BOOL}]', [{"a": True}, {"a": 1}]),
        ("{KEY: [NUMBER]}", {"x": ["1"]}),
        ("[STRING]", {}),
        ('{"a", ...}', []),
    ],
)
def test_a_value_of_another_shape_is_found(shape: str, value: Any) -> None:
    """The comparison finds a missing key, one too many, and another type."""
    assert not jsonschema_rs.is_valid(schema_of(shape, is_closed=True), value)
