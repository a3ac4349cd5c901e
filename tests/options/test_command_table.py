"""The tables of options and commands: what one entry says is what the rest of dynacli needs."""

import inspect
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import dynacli
from dynacli.commands._option_values import option_value
from dynacli.environment import variable
from dynacli.errors import UsageError
from dynacli.options.command import FORMATS_OF_COMMANDS, Command
from dynacli.options.command_table import COMMANDS
from dynacli.options.standard_options import OPTIONS, OPTIONS_BY_NAME, Option, Options, setting_variables
from dynacli.record import replace
from tests.harness import run_cli


def _entries() -> Iterator[tuple[str, Command]]:
    """Yield each command, those of groups, too, with the words that name it."""
    for entry in COMMANDS.values():
        yield entry.name, entry
        yield from ((f"{entry.name} {command.name}", command) for command in entry.commands)


ENTRIES = dict(_entries())


def test_names_are_those_of_the_entries() -> None:
    """The map of the table has the commands of each entry, in the right folder, and no other."""
    paths = sorted(Path(dynacli.__file__).parent.glob("features/*/entry.py"))
    modules = [
        "dynacli.options._core_commands",
        *(f"dynacli.features.{path.parent.name}.entry" for path in paths),
    ]
    found = {command.name: command for name in modules for command in import_module(name).COMMANDS}
    # A group has no command of a feature that is not in the map.
    assert {name: replace(command, commands=()) for name, command in found.items()} == {
        name: replace(command, commands=()) for name, command in COMMANDS.items()
    }
    assert set(FORMATS_OF_COMMANDS) == {
        format_ for command in COMMANDS.values() for format_ in command.formats
    }


@pytest.mark.parametrize("words", [words for words, entry in ENTRIES.items() if entry.runs])
def test_a_command_calls_what_takes_its_arguments_and_options(words: str) -> None:
    """The function that an entry names has a parameter for each of them, and no other."""
    entry = ENTRIES[words]
    module, _, name = entry.runs.partition(":")
    found = getattr(import_module(f"dynacli.{module}"), name)
    if isinstance(found, type):
        return  # it reads the words after its name itself
    _, *parameters = inspect.signature(inspect.unwrap(found)).parameters.values()
    named = {parameter.name for parameter in parameters if parameter.kind is not parameter.VAR_KEYWORD}
    has_others = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters)
    given = {argument.name for argument in entry.arguments} | {
        option.argument for option in entry.all_options if not option.group
    }
    assert named <= given
    assert has_others or named == given


@pytest.mark.parametrize("words", ENTRIES)
def test_a_command_has_each_flag_once(words: str) -> None:
    """No option of its own hides a standard one that it takes."""
    entry = ENTRIES[words]
    flags = Counter(flag for option in entry.all_options for flag in option.flags)
    assert {} == {flag: count for flag, count in flags.items() if count > 1}


@pytest.mark.parametrize("words", ENTRIES)
def test_what_a_command_takes_exists(words: str) -> None:
    """Each name among `takes`, `texts`, `before` and `switches` is that of an option or of a group of them."""
    entry = ENTRIES[words]
    groups = {option.group for option in OPTIONS}
    assert {*entry.takes, *entry.texts, *entry.before, *entry.switches} <= {*groups, *OPTIONS_BY_NAME}


@pytest.mark.parametrize("name", OPTIONS_BY_NAME)
def test_an_option_is_a_field_with_its_default(name: str) -> None:
    """The record of the options of a run has a field for each entry; the type says what the entry leaves out."""
    option = OPTIONS_BY_NAME[name]
    assert option.default == getattr(Options(), name)
    assert option.is_multiple == isinstance(option.default, tuple)
    assert option.takes_value == (option.default is not False)


@pytest.mark.parametrize(
    "option", [item for item in OPTIONS if item.variable], ids=lambda option: option.name
)
def test_the_variable_of_an_option_is_one_of_the_program(option: Option) -> None:
    """It is listed among those that hold no secret, and the manual has it."""
    assert variable(option.variable) in setting_variables()
    assert f"`{variable(option.variable)}`" in run_cli("help", "environment").stdout


@pytest.mark.parametrize("name", ["timeout", "retries", "rate", "max_items", "wait_timeout", "retry_status"])
def test_a_value_of_the_wrong_kind_is_refused(name: str) -> None:
    """The kind of an option says which values it takes."""
    with pytest.raises(UsageError):
        option_value(OPTIONS_BY_NAME[name], "soon")


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("timeout", 2.5, ["--timeout=2.5"]),
        ("timeout", 30.0, ["--timeout=30"]),
        ("timeout", None, []),
        ("retries", 0, ["--retries=0"]),
        ("verbose", True, ["--verbose"]),
        ("verbose", False, []),
        ("header", ("A:1", "B:2"), ["--header=A:1", "--header=B:2"]),
        ("validate", "", []),
    ],
)
def test_an_option_is_written_as_words(name: str, value: object, words: list[str]) -> None:
    """The words give the option the value; the default needs none."""
    assert words == list(OPTIONS_BY_NAME[name].words(value))


_CANDIDATES = [
    ("describe", "demo"),
    ("describe demo", "get-org"),
    ("describe demo runs", "search-runs"),
    ("auth explain demo", "get-org"),
    ("auth login demo --operation", "get-org"),
    ("check demo --tag", "runs"),
    ("check demo --only", "get-org"),
    ("completion", "fish"),
    ("config get", "history"),
    ("config set", "history="),
    ("help", "policy"),
    ("history", "show"),
    ("ignore demo", "type"),
]
"""Words of a line, and one of the candidates for the next word."""


def test_completion_offers_what_an_entry_says() -> None:
    """The values and arguments of a command have candidates by the table alone."""
    run_cli("operations", "demo")  # its document is compiled, once for all lines
    assert [] == [
        f"{words} {candidate}"
        for words, candidate in _CANDIDATES
        if candidate not in run_cli("__complete", "bash", *words.split(), "").stdout.split()
    ]
