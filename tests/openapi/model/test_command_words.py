"""The words of command lines that dynacli prints are what a shell reads, whatever their values hold."""

import subprocess

import pytest

from dynacli.openapi.model.wording import option_pair, shell_line, shell_word

_WORDS = [
    "plain",
    "",
    "it's",
    "a b",
    "$(id) `id` !!",
    "it's $HOME",
    "\\",
    "a\\",
    "a\\'; id; '",
    "\\\\ \\d+\\",
    "=ls",
    "='ls",
    "~/x",
    "#x",
    "*",
    "a\nid\n",
    "a\x1b]52;c;QUJD\x07'; id; '\\",
    "\x1b7",
    "ü\u202eb",
]


def test_bash_reads_each_word_as_it_is() -> None:
    """The line has one line, nothing that drives a terminal, and exactly these words."""
    line = shell_line(["printf", r"%s\0", *_WORDS])
    assert line.isprintable()
    made = subprocess.run(["bash", "-c", line], capture_output=True, check=True).stdout.decode()
    assert [*_WORDS, ""] == made.split("\0")


@pytest.mark.parametrize("word", _WORDS)
def test_another_shell_reads_one_word(word: str) -> None:
    """If a shell knows no `$'...'`, or reads a backslash between quotes, the word is never more than one."""
    line = f"set -- {shell_word(word)}; echo $#"
    assert b"1\n" == subprocess.run(["sh", "-c", line], capture_output=True, check=True).stdout
    quotes = 0  # fish: a backslash escapes a quote and itself between single quotes, too
    text = iter(shell_word(word).removeprefix("$"))
    for char in text:
        if char == "\\" and next(text) not in "\\'":
            continue
        quotes += char == "'"
    assert ("'" in word and '"' in shell_word(word)) or not quotes % 2


def test_an_option_is_joined_to_what_looks_like_one() -> None:
    """So no value is read as an option."""
    assert ["--a", "b"] == option_pair("--a", "b")
    assert ["--a=--yes"] == option_pair("--a", "--yes")
    assert ["--a=true"] == option_pair("--a", "true", is_joined=True)
