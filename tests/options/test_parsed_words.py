"""Reading words: each option gets its value, and every word knows where it stands."""

import pytest

from dynacli.options.parsed_words import BOOLEAN, SWITCH, VALUE, ReadWord, ValueRule, parse

_KEYSET = ValueRule(takes_value=True, optional_values=("pages", "keyset"), value_alone="pages")
_RULES = {
    "--state": VALUE,
    "-o": VALUE,
    "--sold": BOOLEAN,
    "-v": SWITCH,
    "--verbose": SWITCH,
    "--all": _KEYSET,
}


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("--state open", ReadWord(0, 2, ("--state=open",), "--state", "open", VALUE)),
        ("--state=open", ReadWord(0, 1, ("--state=open",), "--state", "open", VALUE)),
        ("--state -5", ReadWord(0, 2, ("--state=-5",), "--state", "-5", VALUE)),
        ("--state", ReadWord(0, 1, ("--state",), "--state", None, VALUE)),
        ("-o json", ReadWord(0, 2, ("-o", "json"), "-o", "json", VALUE)),
        ("-ojson", ReadWord(0, 1, ("-ojson",), "-o", "json", VALUE)),
        ("-o", ReadWord(0, 1, ("-o",), "-o", None, VALUE)),
        ("-v", ReadWord(0, 1, ("-v",), "-v", None, SWITCH)),
        ("--verbose=x", ReadWord(0, 1, ("--verbose=x",), "--verbose", "x", SWITCH)),
        ("--sold", ReadWord(0, 1, ("--sold=true",), "--sold", None, BOOLEAN)),
        ("--sold false", ReadWord(0, 2, ("--sold=false",), "--sold", "false", BOOLEAN)),
        ("--no-sold", ReadWord(0, 1, ("--sold=false",), "--sold", "false", BOOLEAN)),
        ("--all", ReadWord(0, 1, ("--all=pages",), "--all", None, _KEYSET)),
        ("--all keyset", ReadWord(0, 2, ("--all=keyset",), "--all", "keyset", _KEYSET)),
        ("--more=1", ReadWord(0, 1, ("--more=1",), "--more", "1")),
        ("-x", ReadWord(0, 1, ("-x",), "-x")),
        ("-5", ReadWord(0, 1, ("-5",))),
        ("-.5", ReadWord(0, 1, ("-.5",))),
        ("-", ReadWord(0, 1, ("-",))),
        ("word", ReadWord(0, 1, ("word",))),
    ],
)
def test_an_option_gets_its_value(line: str, read: ReadWord) -> None:
    """What stands after an option is its value if its rule says so, however the two are joined."""
    assert [read] == parse(line.split(), _RULES).read


def test_words_know_their_positions() -> None:
    """The words between start and end are those that give an option or stand alone."""
    words = ["1", "--state", "open", "--all", "two", "-ojson", "--", "--verbose"]
    parsed = parse(words, _RULES)
    assert ["1", "two", "--verbose"] == parsed.positional
    assert ["--state=open", "--all=pages", "-ojson", "--", "1", "two", "--verbose"] == parsed.for_click()
    spans = [words[word.start : word.end] for word in parsed.read]
    assert [["1"], ["--state", "open"], ["--all"], ["two"], ["-ojson"], ["--verbose"]] == spans
    assert parsed.has_separator


def test_everything_behind_the_first_positional_word_may_be_left_alone() -> None:
    """Before a command that is not known yet, only the options in front of it are read."""
    parsed = parse(["-v", "pets", "--state", "--"], _RULES, stop_at_positional=True)
    assert (["-v"], ["pets", "--state", "--"]) == (parsed.options, parsed.positional)


@pytest.mark.parametrize(
    ("line", "flag", "is_missing"),
    [("--state", "--state", True), ("--all", "--all", False), ("--state=", "", False), ("-v", "", False)],
)
def test_an_option_at_the_end_waits_for_its_value(line: str, flag: str, is_missing: bool) -> None:
    """Completion offers the values of such an option; a call lacks one that cannot be left out."""
    parsed = parse(line.split(), _RULES)
    assert flag == parsed.open_option
    assert (flag if is_missing else "") == parsed.without_value


def test_an_option_that_is_not_listed_may_be_found() -> None:
    """An operation finds options of places inside its inputs, and may name them again."""
    parsed = parse(["--a[0]", "x"], {}, lambda flag: (flag.replace("[0]", ".0"), VALUE))
    assert [ReadWord(0, 2, ("--a.0=x",), "--a.0", "x", VALUE)] == parsed.read
