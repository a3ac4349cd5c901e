"""The words of a command line that dynacli prints, however odd their values are: the one place that writes them.

An input that reads files takes `@FILE`, `@-` and `--body -`, and `@@TEXT` for the text `@TEXT`.
"""

import re
from collections.abc import Iterable

from dynacli.text.terminal import visible

__all__ = ["literal_word", "option_pair", "reads_input", "shell_line", "shell_word"]

_PLAIN = re.compile(r"[A-Za-z0-9_@%+:,./-][A-Za-z0-9_@%+=:,./-]*")
"""What means itself in every shell; zsh takes `=ls` for the path of `ls`."""
_NOT_IN_QUOTES = frozenset('"$`\\!')
"""What means something between double quotes, also to a shell that looks for `!`."""


def option_pair(flag: str, value: str, *, is_joined: bool = False) -> list[str]:
    """Return an option and its value as two words, or as one where the value looks like an option.

    Args:
        flag: The option with its hyphens.
        is_joined: Whether they are one word in any case, as where the option may also stand alone.
    """
    return [f"{flag}={value}"] if is_joined or value.startswith("-") else [flag, value]


def reads_input(word: str) -> bool:
    """Return whether an input that takes files reads a file or standard input for a word."""
    return word == "-" or (word.startswith("@") and not word.startswith("@@"))


def literal_word(text: str) -> str:
    """Return the word by which an input that takes files is given a text itself."""
    return f"@{text}" if text.startswith("@") else text


def shell_line(words: Iterable[str]) -> str:
    """Return words as one line for a shell."""
    return " ".join(map(shell_word, words))


def shell_word(word: str) -> str:
    r"""Return a word as a shell reads it, in one line and with nothing that a terminal should not get.

    Bash, zsh and fish read the word as it is. A control character is an escape between `$'` and `'`, which fish and
    POSIX shells do not know (Bash, "ANSI-C Quoting"): they get another word, and still only one.
    """
    shown = visible(word, keep="")
    if shown != word:
        # `\'` would end the word for shells that know no `$'`.
        escaped = word.replace("\\", r"\\").replace("'", r"\x27")
        return f"$'{visible(escaped, keep='')}'"
    if "'" in word and _NOT_IN_QUOTES.isdisjoint(word):
        return f'"{word}"'
    if _PLAIN.fullmatch(word):
        return word
    # Between single quotes, fish takes two backslashes for one, and one before a quote for its escape:
    # https://fishshell.com/docs/current/language.html#quotes
    quoted = "'" + word.replace("'", "'\"'\"'") + "'"
    return re.sub(r"\\{2,}|\\(?=')", lambda found: f"'\"{2 * found[0]}\"'", quoted)
