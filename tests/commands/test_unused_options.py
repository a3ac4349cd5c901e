"""A verb takes the standard options that it has a use for, and refuses each of the others rather than forget it."""

from collections.abc import Iterator

import pytest

from dynacli.commands.command_groups import Root, TableCommand, TableGroup
from dynacli.commands.run import Run
from dynacli.environment import Environment
from dynacli.options.command_table import COMMANDS
from dynacli.options.standard_options import EVERY_RUN, INPUT_OPTIONS, PART, STANDARD_OPTIONS, options_of
from tests.harness import run_cli

VALUES = {
    "allow_ref": "https://x.example",
    "cache": "off",
    "header": "a:b",
    "jq": ".a",
    "sql": "select 1",
    "max_bytes": "3",
    "max_items": "3",
    "output": "json",
    "rate": "5/s",
    "report": "json",
    "http_version": "2",
    "retries": "1",
    "retry_status": "500",
    "timeout": "3",
    "validate": "off",
    "wait": "a",
    "wait_interval": "1",
    "wait_timeout": "1",
    "progress": "off",
}
BEFORE = {"check": {"set", "content_type"}}
"""Command → the options about a body that stand before it."""


def _verbs() -> Iterator[tuple[str, TableCommand]]:
    """Yield each verb with its name, those of groups and of the demo API, too."""
    root = Root(Run(Environment()))
    for name in root.list_commands():
        command = root.get_command(name)
        if isinstance(command, TableGroup):
            for entry in COMMANDS[name].commands:
                verb = command.get_command(entry.name)
                if isinstance(verb, TableCommand):
                    yield f"{name} {entry.name}", verb
        elif isinstance(command, TableCommand):
            yield name, command


VERBS = dict(_verbs())


def test_all_verbs_are_looked_at() -> None:
    """Verbs with and without commands of their own are among them."""
    assert {"check", "help", "api add", "history list", "demo serve"} <= VERBS.keys()


@pytest.mark.sampled(4)
@pytest.mark.parametrize("name", VERBS)
def test_an_option_that_would_be_forgotten_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends with exit code 2 before anything else is looked at, wherever it stands."""
    monkeypatch.setenv(
        "DYNACLI_ERROR_FORMAT", "text"
    )  # `--max-bytes` is of `-o agent`, whose errors are JSON
    options = VERBS[name].entry.all_options
    of_every_run = {option.name for option in options_of({EVERY_RUN})}
    taken = {option.name for option in options if option.group} | of_every_run | BEFORE.get(name, set())
    flags = {flag for option in options for flag in option.flags}
    for option in (*STANDARD_OPTIONS, *INPUT_OPTIONS, *options_of({PART})):
        has_value = option.takes_value and not option.value_alone
        words = [option.flags[-1], *([VALUES.get(option.name, "x")] if has_value else [])]
        refusal = f"`{name}` does not accept `{option.flags[-1]}`"
        if option.name not in taken and option.group != PART:
            refused = run_cli(*words, *name.split())
            assert (2, refusal) == (refused.exit_code, refused.stderr.splitlines()[0].removeprefix("error: "))
        if flags.isdisjoint(option.flags):
            refused = run_cli(*name.split(), *words)
            assert (2, refusal) == (refused.exit_code, refused.stderr.splitlines()[0].removeprefix("error: "))
