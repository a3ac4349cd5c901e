"""Reading words: each option gets its value, and every word knows where it stands and what it gives."""

import pytest

from dynacli.commands.read_line import (
    SWITCH,
    Binding,
    CommandLine,
    Word,
    bindings_of,
    input_binding,
    read_words,
    words_with_values,
)
from dynacli.errors import UsageError
from dynacli.openapi.model.operation import Parameter, ValueType
from dynacli.options.standard_options import OPTIONS_BY_NAME, Option, Options
from tests.documents import pets, save
from tests.harness import run_cli

_VALUE = Binding()
_SOLD = input_binding(Parameter("sold", "query", "sold", ValueType("boolean")), None)
_KEYSET = Binding(values=("pages", "keyset"), value_alone="pages")
_BINDINGS = {
    "--state": _VALUE,
    "-o": _VALUE,
    "--sold": _SOLD,
    "-v": SWITCH,
    "-i": SWITCH,
    "--verbose": SWITCH,
    "--all": _KEYSET,
}


@pytest.mark.parametrize(
    ("line", "word", "words"),
    [
        ("--state open", Word("--state", "open", _VALUE, 0, 2), ["--state=open"]),
        ("--state=open", Word("--state", "open", _VALUE, 0, 1), ["--state=open"]),
        ("--state=", Word("--state", "", _VALUE, 0, 1), ["--state="]),
        ("--state -5", Word("--state", "-5", _VALUE, 0, 2), ["--state=-5"]),
        ("--state", Word("--state", None, _VALUE, 0, 1), ["--state"]),
        ("-o json", Word("-o", "json", _VALUE, 0, 2), ["-o", "json"]),
        ("-ojson", Word("-o", "json", _VALUE, 0, 1), ["-o", "json"]),
        ("-o", Word("-o", None, _VALUE, 0, 1), ["-o"]),
        ("-v", Word("-v", None, SWITCH, 0, 1), ["-v"]),
        ("--verbose=x", Word("--verbose", "x", SWITCH, 0, 1), ["--verbose=x"]),
        ("--sold", Word("--sold", None, _SOLD, 0, 1), ["--sold=true"]),
        ("--sold false", Word("--sold", "false", _SOLD, 0, 2), ["--sold=false"]),
        ("--no-sold", Word("--sold", "false", _SOLD, 0, 1), ["--sold=false"]),
        ("--no-state", Word("--no-state", None, None, 0, 1), ["--no-state"]),
        ("--all", Word("--all", None, _KEYSET, 0, 1), ["--all=pages"]),
        ("--all keyset", Word("--all", "keyset", _KEYSET, 0, 2), ["--all=keyset"]),
        ("--more=1", Word("--more", "1", None, 0, 1), ["--more=1"]),
        ("-x", Word("-x", None, None, 0, 1), ["-x"]),
        ("-5", Word("", "-5", None, 0, 1), ["-5"]),
        ("-.5", Word("", "-.5", None, 0, 1), ["-.5"]),
        ("-", Word("", "-", None, 0, 1), ["-"]),
        ("word", Word("", "word", None, 0, 1), ["word"]),
    ],
)
def test_an_option_gets_its_value(line: str, word: Word, words: list[str]) -> None:
    """A value after an option is its own if the binding says so, and joined to it the option means the same."""
    assert [word] == read_words(line.split(), _BINDINGS).words
    assert words == word.words


def test_words_know_their_positions() -> None:
    """The words between start and end are those that give an option or stand alone."""
    words = ["1", "--state", "open", "--all", "two", "-ojson", "--", "--verbose"]
    line = read_words(words, _BINDINGS)
    assert ["1", "two", "--verbose"] == line.positional
    spans = [words[word.start : word.end] for word in line.words]
    assert [["1"], ["--state", "open"], ["--all"], ["two"], ["-ojson"], ["--verbose"]] == spans
    assert 6 == line.end_of_options


@pytest.mark.parametrize(
    ("line", "options"),
    [
        ("-vi", [("-v", None), ("-i", None)]),
        ("-vo json", [("-v", None), ("-o", "json")]),
        ("-vojson", [("-v", None), ("-o", "json")]),
        ("-viz", [("-v", None), ("-i", None), ("-z", None)]),
        ("-zv", [("-z", None)]),
    ],
)
def test_short_options_may_share_a_word(line: str, options: list[tuple[str, str | None]]) -> None:
    """Switches come first; the last option may have the rest of the word, or the next word, for its value."""
    read = read_words(line.split(), _BINDINGS)
    assert options == [(word.flag, word.value) for word in read.given]
    assert {0} == {word.start for word in read.words}
    assert [] == read.positional


def test_everything_behind_the_first_positional_word_may_be_left_alone() -> None:
    """Before a command that is not known yet, only the options in front of it are read."""
    line = read_words(["-v", "pets", "--state", "--"], _BINDINGS, stop_at_positional=True)
    assert ({"-v"}, ["pets", "--state", "--"]) == (line.flags, line.positional)


@pytest.mark.parametrize(
    ("line", "flag"), [("--state", "--state"), ("--all", ""), ("--state=", ""), ("-v", "")]
)
def test_an_option_at_the_end_may_lack_its_value(line: str, flag: str) -> None:
    """A call needs the value of an option that cannot stand alone."""
    assert flag == read_words(line.split(), _BINDINGS).without_value


@pytest.mark.parametrize(
    ("line", "flag", "start"),
    [
        ("--state ", "--state", ""),
        ("--state o", "--state", ""),
        ("--state --all", "--state", ""),
        ("--state --", "--state", ""),
        ("--all ", "--all", ""),
        ("--state=", "--state", "--state="),
        ("--state=o", "--state", "--state="),
        ("--state=--all=p", "--state", "--state="),
        ("-o ", "-o", ""),
        ("-vo t", "-o", ""),
        ("-ot", "-o", "-o"),
        ("-vot", "-o", "-vo"),
        ("-- --state=o", "", ""),
        ("-- --state ", "", ""),
        ("-o --state ", "", ""),
        ("--state --state o", "", ""),
        ("state=o", "", ""),
        ("-state=o", "", ""),
        ("--state", "", ""),
        ("--no-draft", "", ""),
        ("-o", "", ""),
        ("--", "", ""),
        ("-", "", ""),
        ("", "", ""),
        ("-v ", "", ""),
    ],
)
def test_a_line_says_which_option_an_argument_is_the_value_of(line: str, flag: str, start: str) -> None:
    """All of completion asks here, so that it agrees with the call."""
    *before, argument = line.split(" ")
    option, begun = read_words(before, _BINDINGS).option_of_value(argument)
    assert (flag, start) == ("" if option is None else option.flag, begun)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("list", "list --page 2"),
        ("list --page 1 -v", "list -v --page 2"),
        ("list --page=1 -v", "list -v --page 2"),
        ("list --p 1 --page 3", "list --page 2"),
        ("list -- --page 1", "list --page 2 -- --page 1"),
        ("list --page -- a", "list a --page 2"),
    ],
)
def test_a_line_to_continue_has_other_values(line: str, expected: str) -> None:
    """Of an option only the new value is left, in any of its spellings; it stands before the end of the options."""
    assert expected.split() == words_with_values(line.split(), {"--page": "2"}, ("--p",))


def test_an_option_that_is_not_listed_may_be_found() -> None:
    """An operation finds options of locations inside its inputs."""
    line = read_words(["--a.0", "x"], {}, {"--a.0": _VALUE}.get)
    assert [Word("--a.0", "x", _VALUE, 0, 2)] == line.words


def test_inputs_come_in_the_order_of_the_operation() -> None:
    """Whatever the order of the words: so that errors and bodies do not depend on it."""
    first, second, third = (
        Parameter(name, "query", name, ValueType("string")) for name in ("first", "second", "third")
    )
    bindings = {
        "--first": input_binding(first, None),
        "--second": input_binding(second, None),
        **bindings_of([OPTIONS_BY_NAME["server"]]),
    }
    words = read_words(["--second", "1", "--server", "x", "--first", "2", "--second=3"], bindings).words
    line = CommandLine([Word("", "4", input_binding(third, None)), *words], bindings)
    assert [(first, None, ["2"]), (second, None, ["1", "3"]), (third, None, ["4"])] == list(line.inputs())


def test_of_an_option_the_last_value_counts() -> None:
    """Only that one must be right; of an option that may be repeated all values count, and `-o` has two."""
    words = [
        "--timeout",
        "soon",
        "--timeout",
        "5",
        "-H",
        "a:b",
        "-o",
        "csv",
        "-H",
        "c:d",
        "-o",
        "@x.csv",
        "--zzz",
    ]
    line = read_words(words, bindings_of(OPTIONS_BY_NAME.values()))
    options = Options(timeout=5.0, header=("0:1", "a:b", "c:d"), output="csv@x.csv")
    assert (options, {}) == line.take_options(Options(header=("0:1",), timeout=1.0))


def test_a_wrong_value_is_an_error_once_its_command_reads_it() -> None:
    """Before that it counts as not given: whether it is an option at all only the command can tell."""
    line = read_words(["--validate", "strct", "--timeout", "5"], bindings_of(OPTIONS_BY_NAME.values()))
    assert Options(timeout=5.0) == line.options
    with pytest.raises(UsageError) as raised:
        line.take_options(Options())
    assert "'strct' is not one of 'off', 'warn', 'strict', 'exact'" == raised.value.reason


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ("--many a --many=b", {"many": ("a", "b")}),
        ("--count 7", {"count": 7}),
        ("--on", {"on": True}),
    ],
)
def test_a_command_gets_the_values_of_its_own_options(words: str, values: dict[str, object]) -> None:
    """They are converted as their entries say."""
    own = (
        Option(("--many",), metavar="X", is_multiple=True),
        Option(("--count",), metavar="N", kind="integer", between=(1, 9)),
        Option(("--on",)),
    )
    assert (Options(), values) == read_words(words.split(), bindings_of(own)).take_options(Options())


@pytest.mark.parametrize(
    ("words", "message", "reason", "hint"),
    [
        (
            ("describe", "demo", "--depth", "x"),
            "`--depth` has an invalid value",
            "'x' is not a valid integer",
            "--help",
        ),
        (
            ("demo", "serve", "--port", "70000"),
            "`--port` has an invalid value",
            "70000 is not in the range",
            "",
        ),
        (("history", "--verbose=1"), "The option `--verbose` takes no value", "", "Leave out the value"),
        (("describe", "demo", "--dept", "1"), "There is no option `--dept`", "", "Did you mean `--depth`"),
        (("history", "export", "--to", "har"), "There is no option `--to`", "", "Did you mean `--out`?"),
        (("describe", "-z"), "There is no option `-z`", "", "See `dynacli describe --help`"),
        (("describe", "-vz"), "There is no option `-z`", "", "See `dynacli describe --help`"),
        (("describe", "--depth"), "The option `--depth` needs a value", "", "See `dynacli describe --help`"),
        (("changes", "a", "b"), "`b` is an unexpected argument", "", "`--since OLD`"),
        (("api", "remove"), "`NAME` is missing", "", "See `dynacli api remove --help`"),
        (("api", "nope"), "No such command 'nope'", "", "See `dynacli api --help`"),
        (("api", "lits"), "No such command 'lits'", "", "Did you mean `list`?"),
        *(
            ((name, "-v"), "`API` is missing", "", f"See `dynacli {name} --help`")
            for name in ("read", "edit", "diff", "request")
        ),
        (("api", "-v"), "Missing subcommand after `dynacli api`", "", "see `dynacli api --help`"),
        (("completion", "csh"), "`shell` has an invalid value", "'csh' is not one of 'bash'", "--help"),
    ],
)
def test_a_wrong_word_of_a_command_is_named(
    words: tuple[str, ...], message: str, reason: str, hint: str
) -> None:
    """The error says what is wrong with it, and how to find what is right."""
    result = run_cli("--error-format", "json", *words)
    assert 2 == result.exit_code
    assert message in result.error["message"]
    assert reason in result.error["reason"]
    assert hint in result.error["hint"]


def test_combined_switches_hold_wherever_they_stand() -> None:
    """`-vi` is `-v -i`, before an API and after an operation."""
    path = save(pets())
    for words in ((path, "list-pets", "--dry-run", "-vi"), ("-vi", path, "list-pets", "--dry-run")):
        assert 0 == run_cli(*words).exit_code
