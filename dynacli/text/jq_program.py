r"""Programs of jq as JMESPath expressions, for people who know jq; only what means the same in both.

| jq | JMESPath |
|---|---|
| `.rows[].name` | `map(&name, rows)` |
| `.rows[] \| select(.state == "open")` | `rows[?state == 'open']` |
| `.rows \| map(.name) \| length` | `length(map(&name, rows))` |

The results of a jq program that has several are a list in JMESPath. `rows[*].name` would leave out the names that are
null, and `rows[].name` would flatten lists, too: that is why `map` stands there.
See https://jqlang.org/manual/ and https://jmespath.org/specification.html.
"""

import re
from typing import Final

from dynacli.record import record, replace
from dynacli.text.exact_json import compact_json, read_json

_LIKE_JQ: Final = re.compile(r"^\s*\.|\|\s*\.|\bselect\s*\(|\bmap\s*\(\s*\.|^\s*\[\s*\.")
_WORD: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_TOKEN: Final = re.compile(
    r'\s*(?:(?P<text>"(?:[^"\\]|\\["\\/bfnrt]|\\u[0-9A-Fa-f]{4})*")|(?P<number>-?[0-9]{1,15}(?:\.[0-9]{1,6})?)'
    r"|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>==|[.|()\[\]]))"
)
"""A string with `\\(...)` is a template of jq, and no token; some versions of jq round longer numbers."""
_MOST_TOKENS: Final = 200
_MOST_LEVELS: Final = 20
_CONSTANTS: Final = frozenset({"true", "false"})


class _NoTwinError(Exception):
    """A program, or a part of one, has no twin."""


def reads_like_jq(text: str) -> bool:
    """Return whether a filter that JMESPath cannot read was likely written for jq."""
    return _LIKE_JQ.search(text) is not None


def jmespath_of_jq(program: str) -> str:
    """Return the JMESPath expression that gives the same as a jq program; empty if there is none, or none is known.

    It takes `[]` for the items of a list; jq also takes the values of an object.
    """
    try:
        tokens = _tokens(program)
        reader = _Reader(tokens)
        found = reader.pipeline(_Value(), 0)
        reader.end()
    except _NoTwinError:
        return ""
    return found.as_list().text


def _tokens(program: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    position, end = 0, len(program.rstrip())
    while position < end:
        found = _TOKEN.match(program, position)
        if found is None or len(tokens) == _MOST_TOKENS:
            raise _NoTwinError
        tokens.append((str(found.lastgroup), found[found.lastgroup or 0]))
        position = found.end()
    return tokens


@record
class _Value:
    """A value, or a list whose items are each a result of the program.

    Args:
        text: The JMESPath expression of the value; of the list.
        item: The expression that is applied to each item of the list; None for a value.
        is_projection: Whether what follows the expression would apply to the items of its list.
    """

    text: str = "@"
    item: "_Value | None" = None
    is_projection: bool = False

    def step(self, step: str) -> "_Value":
        """Return what a name or an index leads to."""
        if self.item is not None:
            return replace(self, item=self.item.step(step))
        before = f"({self.text})" if self.is_projection else self.text
        if before == "@":
            return _Value(step)
        return _Value(before + (step if step.startswith("[") else f".{step}"))

    def items(self) -> "_Value":
        """Return the items of a list, one after the other."""
        if self.item is not None:
            raise _NoTwinError  # lists within lists: JMESPath flattens them without their nulls
        return replace(self, item=_Value())

    def called(self, function: str) -> "_Value":
        """Return the result of a function, whose argument is `%s`."""
        if self.item is not None:
            return replace(self, item=self.item.called(function))
        return _Value(function.replace("%s", self.text))

    def selected(self, condition: str) -> "_Value":
        """Return the items for which a condition is true."""
        if self.item is None:
            raise _NoTwinError  # either one result or none, for which JMESPath has no value
        listed = self.as_list()
        before = f"({listed.text})" if listed.is_projection else listed.text
        return _Value(f"{'' if before == '@' else before}[?{condition}]", _Value(), is_projection=True)

    def becoming(self, made: "_Value") -> "_Value":
        """Return what was made of the value; of each item, if there are several."""
        return made if self.item is None else replace(self, item=made)

    def as_list(self) -> "_Value":
        """Return the value itself, or the list of all items."""
        if self.item is None:
            return self
        if self.item.text == "@":
            return replace(self, item=None)
        return _Value(f"map(&{self.item.text}, {self.text})")


class _Reader:
    """Reads the tokens of a program.

    Raises:
        _NoTwinError: Something else is there than what has a twin.
    """

    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens, self._position = tokens, 0

    def _next(self) -> tuple[str, str]:
        return self._tokens[self._position] if self._position < len(self._tokens) else ("end", "")

    def _take(self, text: str) -> bool:
        """Return whether a sign is next, and go on after it."""
        is_next = self._next() == ("sign", text)
        self._position += is_next
        return is_next

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise _NoTwinError

    def _taken(self, kind: str) -> str:
        found, text = self._next()
        if found != kind:
            raise _NoTwinError
        self._position += 1
        return text

    def end(self) -> None:
        if self._next()[0] != "end":
            raise _NoTwinError

    def pipeline(self, value: _Value, level: int) -> _Value:
        """Return what a program makes of a value."""
        if level > _MOST_LEVELS:
            raise _NoTwinError
        value = self._stage(value, level)
        while self._take("|"):
            value = self._stage(value, level)
        return value

    def _stage(self, value: _Value, level: int) -> _Value:
        if self._take("["):
            made = self.pipeline(value.item or value, level + 1)
            self._expect("]")
            if made.item is None:
                raise _NoTwinError  # of null, JMESPath makes no list
            return value.becoming(made.as_list())
        if self._next() == ("sign", "."):
            return self._path(value)
        match self._taken("word"):
            case "length":
                return value.called("length(%s)")
            case "keys":
                return value.called("sort(keys(%s))")  # those of jq are sorted
            case "select":
                self._expect("(")
                condition = self._condition()
                self._expect(")")
                return value.selected(condition)
            case "map":
                self._expect("(")
                made = self.pipeline((value.item or value).items(), level + 1).as_list()
                self._expect(")")
                return value.becoming(made)
        raise _NoTwinError

    def _path(self, value: _Value) -> _Value:
        self._expect(".")
        kind, text = self._next()
        if kind in {"word", "text"}:
            self._position += 1
            value = value.step(_jmespath_name(text))
        elif self._next() == ("sign", "["):
            value = self._bracket(value)
        while True:
            if self._next() == ("sign", "["):
                value = self._bracket(value)
            elif self._take("."):
                if self._next() == ("sign", "["):
                    value = self._bracket(value)
                else:
                    value = value.step(
                        _jmespath_name(self._taken("text" if self._next()[0] == "text" else "word"))
                    )
            else:
                return value

    def _bracket(self, value: _Value) -> _Value:
        self._expect("[")
        if self._take("]"):
            return value.items()
        kind, text = self._next()
        if kind == "text":
            step = _jmespath_name(text)
        elif kind == "number" and "." not in text:
            step = f"[{text}]"
        else:
            raise _NoTwinError
        self._position += 1
        self._expect("]")
        return value.step(step)

    def _condition(self) -> str:
        """Return `PATH == LITERAL`; comparisons of order and truth differ between jq and JMESPath."""
        place = self._path(_Value())
        self._expect("==")
        kind, text = self._next()
        if place.item is not None or not (kind in {"text", "number"} or text in _CONSTANTS):
            raise _NoTwinError  # a null would also select items that are null, which JMESPath leaves out
        self._position += 1
        return f"{place.text} == {_jmespath_literal(text)}"


def _jmespath_name(text: str) -> str:
    """Return a name as JMESPath has it: quoted, unless it is a plain word."""
    plain = _printable_string(text) if text.startswith('"') else text
    return plain if _WORD.fullmatch(plain) else compact_json(plain)


def _printable_string(text: str) -> str:
    plain = str(read_json(text))
    if not plain.isprintable():  # a lone surrogate, for example, which jq replaces
        raise _NoTwinError
    return plain


def _jmespath_literal(text: str) -> str:
    if not text.startswith('"'):
        return f"`{text}`"
    plain = _printable_string(text)
    if not set(plain) & {"'", "\\"}:
        return f"'{plain}'"
    escaped = compact_json(plain).replace("`", "\\`")
    return f"`{escaped}`"
