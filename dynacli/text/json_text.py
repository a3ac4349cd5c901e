r"""Indents, escapes or colours JSON text without changing its values.

A parser would read `1.10` as 1.1, round large integers, keep only the last of two equal keys, and fail on deep nesting.
These functions split the text into tokens (RFC 8259, sections 2 to 7), and write the tokens unchanged with new white
space.
"""

import re
from typing import Final

from dynacli.text.terminal import Painter, unsafe

_STRING = r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*+"'
# The groups are not possessive: up to Python 3.11.4 they would match the `e` of `1e` (python/cpython#106052).
_NUMBER = r"-?(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?"
_TOKEN = re.compile(
    rf"[ \t\r\n]*+(?:({_STRING})([ \t\r\n]*+:)?+|({_NUMBER}(?![0-9.])|true|false|null)|([\[{{])|([\]}}])|(,))"
)
_KEY, _COLON, _SCALAR, _OPEN, _CLOSE = 1, 2, 3, 4, 5
_SPACE = re.compile(r"[ \t\r\n]*+")

# The tokens that may come next: a value; a value or the end of an empty array; a key or the end of an empty object;
# a key; a comma or the end of the container; nothing.
_VALUE, _FIRST_ITEM, _FIRST_MEMBER, _MEMBER, _NEXT, _END = range(6)

# Deeper levels stay on one line, because the white space would grow with the square of the depth.
_DEEPEST: Final = 100
_BREAKS: Final = ["\n" + "  " * depth for depth in range(_DEEPEST + 1)]
# The last alternative matches an unterminated string up to the end of the text, so that it is searched only once.
_COLOURED = re.compile(
    r'("(?:[^"\\]|\\.)*+")(\s*:)?|(-?[0-9][0-9.eE+-]*+)|\b(true|false|null)\b|".*+', re.DOTALL
)


def reindent(text: str) -> str:
    """Return the JSON text indented with two spaces per level, with unchanged scalars and keys.

    Any depth is allowed. Below 100 levels the rest of a branch stays on one line.
    Time and memory are proportional to the length of the text.

    Raises:
        ValueError: The text is not JSON.
    """
    out: list[str] = []
    closers: list[str] = []
    expected = _VALUE
    position = 0
    while token := _TOKEN.match(text, position):
        kind = token.lastindex
        position = token.end()
        if kind == _COLON:
            if expected not in {_FIRST_MEMBER, _MEMBER}:
                break
            if expected == _FIRST_MEMBER:
                out.append(_break(len(closers)))
            out += token[_KEY], ": "
            expected = _VALUE
        elif kind in {_KEY, _SCALAR, _OPEN}:
            if expected == _FIRST_ITEM:
                out.append(_break(len(closers)))
            elif expected != _VALUE:
                break
            piece = token[kind]
            out.append(piece)
            if kind == _OPEN:
                closers.append("}" if piece == "{" else "]")
                expected = _FIRST_MEMBER if piece == "{" else _FIRST_ITEM
            else:
                expected = _NEXT if closers else _END
        elif kind == _CLOSE:
            piece = token[kind]
            if expected not in {_NEXT, _FIRST_ITEM, _FIRST_MEMBER} or closers.pop() != piece:
                break
            if expected == _NEXT:
                out.append(_break(len(closers)))
            out.append(piece)
            expected = _NEXT if closers else _END
        else:
            if expected != _NEXT:
                break
            out.append("," + (_break(len(closers)) or " "))
            expected = _MEMBER if closers[-1] == "}" else _VALUE
    else:
        end = _SPACE.match(text, position)
        if expected == _END and end and end.end() == len(text):
            return "".join(out)
    raise ValueError(f"not JSON at character {position}")


def _break(depth: int) -> str:
    return _BREAKS[depth] if depth <= _DEEPEST else ""


def escape_unsafe(text: str) -> str:
    r"""Return the JSON text with every character that could control a terminal or deceive readers as `\uXXXX`.

    Such characters occur only in strings, so the text keeps its JSON value (RFC 8259, section 7).
    """
    if text.isascii() and "\x7f" not in text:
        return text
    return unsafe().sub(lambda found: _json_escape(found[0]), text)


def _json_escape(character: str) -> str:
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def colourise(text: str, painter: Painter) -> str:
    """Return the JSON text with keys, strings, numbers and literals in different colours."""
    if not painter.enabled:
        return text

    def paint(found: re.Match[str]) -> str:
        string, colon, number, literal = found.groups()
        if string is not None:
            return painter.cyan(string) + colon if colon else painter.green(string)
        if number is not None:
            return painter.yellow(number)
        return painter.bold(literal) if literal is not None else found[0]

    return _COLOURED.sub(paint, text)
