r"""The words of a line that was copied for a shell.

Browsers copy for Bash, with `$'...'` where a text has control characters, and for Windows' `cmd`, with `^` before each
special character. The standard library's `shlex` knows neither.
"""

import re

from dynacli.environment import invocation
from dynacli.errors import UsageError

__all__ = ["shell_words"]

_ENDS = "|;&<>\n"
_ANSI_C = {
    "a": "\a",
    "b": "\b",
    "e": "\x1b",
    "E": "\x1b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}
_CODE = re.compile(r"x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3})")
_CONTINUED = re.compile(r"\\\r?\n")
_OF_CMD = re.compile(r'\S*curl(\.exe)?\s+(?:\^"|[^\'$][^\']*? \^\r?\n)')
_CARET = re.compile(r"\^(?:\r?\n)?(\r?\n|.)?", re.DOTALL)
"""A caret with what it escapes; behind one that continues a line stands the first character of the next."""
_ESCAPABLE = frozenset('"\\$`\n')
"""What a backslash escapes between the quotes of a shell."""


def shell_words(text: str) -> tuple[list[str], str]:
    """Return the words up to the end of the command, and what follows it, such as `| jq .`.

    Variables and the output of other commands are not put in: `$TOKEN` stays `$TOKEN`.

    Raises:
        UsageError: A quotation is not closed.
    """
    text = text.strip()
    found = _OF_CMD.match(text)
    if found is None:
        return _Reader(text).words()
    text = _CARET.sub(lambda caret: (caret[1] or "").replace("\r\n", "\n"), text)
    # Firefox doubles no backslash: https://github.com/mozilla/gecko-dev/blob/master/devtools/client/shared/curl.js
    return _Reader(text, frozenset('"') if found[1] else _ESCAPABLE).words()


class _Reader:
    """Reads a line, character by character.

    Args:
        escapable: What a backslash escapes between double quotes.
    """

    def __init__(self, text: str, escapable: frozenset[str] = _ESCAPABLE) -> None:
        self._text, self._at, self._escapable = text, 0, escapable

    def words(self) -> tuple[list[str], str]:
        words: list[str] = []
        word: str | None = None  # an empty quotation is a word, too
        while self._at < len(self._text):
            char = self._text[self._at]
            if char in _ENDS:
                break
            if newline := _CONTINUED.match(self._text, self._at):
                self._at = newline.end()
            elif char.isspace():
                self._at += 1
                if word is not None:
                    words.append(word)
                word = None
            else:
                word = (word or "") + self._piece(char)
        if word is not None:
            words.append(word)
        return words, self._text[self._at :].strip()

    def _piece(self, char: str) -> str:
        """Return the next piece of a word: a quotation, an escaped character, or a plain one."""
        following = self._text[self._at + 1 : self._at + 2]
        if char == "'":
            return self._until("'", self._at + 1)
        if char == "$" and following == "'":
            return self._ansi_c()
        if char == '"':
            return self._double()
        if char == "\\":
            self._at += 2
            return following
        self._at += 1
        return char

    def _until(self, quote: str, start: int) -> str:
        end = self._text.find(quote, start)
        if end < 0:
            raise self._not_closed(quote)
        self._at = end + 1
        return self._text[start:end]

    def _double(self) -> str:
        found, at = "", self._at + 1
        while at < len(self._text) and self._text[at] != '"':
            char, following = self._text[at], self._text[at + 1 : at + 2]
            if char == "\\" and following in self._escapable:
                found += following.strip("\n")
                at += 2
            else:
                found += char
                at += 1
        if at >= len(self._text):
            raise self._not_closed('"')
        self._at = at + 1
        return found

    def _ansi_c(self) -> str:
        found, at = "", self._at + 2
        while at < len(self._text) and self._text[at] != "'":
            char = self._text[at]
            if char != "\\":
                found += char
                at += 1
                continue
            code = _CODE.match(self._text, at + 1)
            if code:
                digits = next(filter(None, code.groups()))
                number = int(digits, 8 if code[4] else 16)
                found += chr(number) if number <= 0x10FFFF else "\ufffd"
                at = code.end()
            else:
                escaped = self._text[at + 1 : at + 2]
                found += _ANSI_C.get(escaped, escaped)
                at += 2
        if at >= len(self._text):
            raise self._not_closed("$'")
        self._at = at + 1
        # Firefox writes a character beyond the first 65,536 as two.
        return found.encode("utf-16", "surrogatepass").decode("utf-16", "replace")

    def _not_closed(self, quote: str) -> UsageError:
        return UsageError(
            f"The quotation that begins with `{quote}` at character {self._at + 1} is not closed",
            hint=f"Copy the whole line, and give it in a file or on standard input: `{invocation('import curl')} -`",
        )
