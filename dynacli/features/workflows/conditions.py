"""Criteria of steps and actions (Arazzo 1.1.0, "Criterion Object"): simple conditions, regex, JSONPath and XPath.

A parser turns a simple condition into functions. Nothing in a condition is executed as code.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from dynacli.features.workflows.expressions import parse_reference, references_in, text_of
from dynacli.features.workflows.scope import MissingValueError, RunScope
from dynacli.features.workflows.selectors import selected_values, selector_type
from dynacli.openapi.document.json_trees import MISSING, is_same_json, step_into
from dynacli.openapi.model.patterns import Patterns, PatternTimeoutError, UnsupportedPatternError, is_pattern

_TOKEN = re.compile(
    r"\s*(?:(?P<operator>&&|\|\||[=!<>]=|[<>!()])"
    r"|(?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![\w.$])"
    r"|(?P<text>'(?:[^']|'')*')"
    r"|(?P<word>true|false|null)(?!\w)"
    r"|(?P<expression>\$[^\s()=!<>&|\[\]',]+)"
    r"|(?P<index>\[\s*(?:[0-9]{1,9}|'(?:[^']|'')*')\s*\])"
    r"|(?P<member>\.[A-Za-z_][\w-]*))"
)
_WORDS = {"true": True, "false": False, "null": None}
_NUMBER = re.compile(r"\s*[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\s*")
_MOST_NESTED = 50
_COMPARISONS = ("==", "!=", "<=", ">=", "<", ">")
_XPATH_FALSE: tuple[Any, ...] = (False, 0, "")

_Evaluate = Callable[[RunScope, dict[str, Any]], Any]
"""Function from the scope to a value. It notes the values of expressions in the dictionary."""


class ConditionError(ValueError):
    """A condition is malformed, or cannot be evaluated."""


class CriterionResult(NamedTuple):
    """The evaluation of a criterion.

    Args:
        is_met: Whether it is met.
        condition: The condition, as the document spells it.
        seen: Expression → the value that it had.
        problem: The reason why it could not be evaluated; empty if it could.
    """

    is_met: bool
    condition: str
    seen: Mapping[str, Any]
    problem: str = ""


def evaluate_all(criteria: Sequence[Mapping[str, Any]], scope: RunScope) -> list[CriterionResult]:
    """Return the outcome of each criterion."""
    return [evaluate(criterion, scope) for criterion in criteria]


def evaluate(criterion: Mapping[str, Any], scope: RunScope) -> CriterionResult:
    """Return the outcome of a criterion. A criterion that cannot be evaluated is not met."""
    condition = str(criterion["condition"])
    seen: dict[str, Any] = {}
    try:
        is_met = _is_met(criterion, condition, scope, seen)
    except MissingValueError as error:
        return CriterionResult(False, condition, seen, str(error))
    except ValueError as error:
        return CriterionResult(False, condition, seen, str(error))
    except RecursionError:
        return CriterionResult(False, condition, seen, "a value is nested too deeply")
    return CriterionResult(is_met, condition, seen)


def _is_met(criterion: Mapping[str, Any], condition: str, scope: RunScope, seen: dict[str, Any]) -> bool:
    kind = selector_type(criterion.get("type", "simple"))
    if kind.startswith("simple"):
        return _is_truthy(_parse_condition(condition)(scope, seen))
    context = parse_reference(criterion.get("context"))
    if context is None:
        raise ConditionError("`context` is not an expression")
    value = scope.value_of(context)
    seen[context.text] = None if value is MISSING else value
    for reference in references_in(condition):
        found = scope.value_of(reference)
        seen[reference.text] = None if found is MISSING else found
    if value is MISSING or value is None:
        return False
    text = scope.filled(condition)
    if kind == "regex":
        return _is_matched(text, text_of(value))
    found = selected_values(value, text, kind)
    if kind.startswith("xpath") and len(found) == 1:
        # One atomic value counts by itself; one node counts because it exists.
        return isinstance(found[0], str) or found[0] not in _XPATH_FALSE
    return bool(found)


def _is_matched(pattern: str, text: str) -> bool:
    try:
        return Patterns().is_found(pattern, text)
    except UnsupportedPatternError as error:
        raise ConditionError(str(error)) from error
    except PatternTimeoutError as error:
        raise ConditionError("the regular expression takes too long") from error


def problem_of(condition: str, kind: str) -> str:
    """Return the reason why a condition is malformed; empty if it is not, or if only a run can tell.

    Args:
        kind: Its type, as `selector_type` returns it.
    """
    if kind == "simple":
        try:
            _parse_condition(condition)
        except ConditionError as error:
            return str(error)
        return ""
    if "{$" in condition:
        return ""
    if kind == "regex":
        return "" if is_pattern(condition) else "it is not a regular expression"
    if kind.startswith("jsonpath"):
        try:
            selected_values({}, condition, kind)
        except ValueError as error:
            return str(error)
    return ""


def _is_truthy(value: Any) -> bool:
    """Return whether a value passes as a condition."""
    return value is not None and value is not False and value not in (0, "")


def _parse_condition(condition: str) -> _Evaluate:
    """Return the function that evaluates a simple condition.

    Raises:
        ConditionError: The condition is malformed.
    """
    parser = _Parser(condition)
    evaluated = parser.parse_or()
    parser.check_end()
    return evaluated


class _Token(NamedTuple):
    kind: str
    text: str
    start: int


class _Parser:
    """Parses a simple condition by recursive descent: `||`, `&&`, comparisons, `!`, values."""

    def __init__(self, condition: str) -> None:
        self._condition = condition
        self._tokens = self._read()
        self._at = self._depth = 0

    def _read(self) -> list[_Token]:
        tokens, position = [], 0
        end = len(self._condition.rstrip())
        while position < end:
            found = _TOKEN.match(self._condition, position)
            if found is None:
                raise self._error(position)
            kind = str(found.lastgroup)
            tokens.append(_Token(kind, found[kind], found.start(kind)))
            position = found.end()
        return tokens

    def _error(self, position: int) -> ConditionError:
        rest = self._condition[position:].strip()[:40]
        if rest.startswith('"'):
            return ConditionError(f"a string must be in single quotes, not `{rest}`")
        return ConditionError(
            f"a value or an operator is expected at `{rest}`" if rest else "it is incomplete"
        )

    def _next(self, *texts: str) -> str:
        """Return the next operator if it is one of the given ones, and move on; empty if it is not."""
        if self._at < len(self._tokens):
            token = self._tokens[self._at]
            if token.kind == "operator" and token.text in texts:
                self._at += 1
                return token.text
        return ""

    def check_end(self) -> None:
        if self._at < len(self._tokens):
            raise self._error(self._tokens[self._at].start)

    def parse_or(self) -> _Evaluate:
        self._depth += 1
        if self._depth > _MOST_NESTED:
            raise ConditionError("it is nested too deeply")
        parts = [self._parse_and()]
        while self._next("||"):
            parts.append(self._parse_and())
        self._depth -= 1
        if len(parts) == 1:
            return parts[0]
        return lambda scope, seen: any(_is_truthy(part(scope, seen)) for part in parts)

    def _parse_and(self) -> _Evaluate:
        parts = [self._parse_comparison()]
        while self._next("&&"):
            parts.append(self._parse_comparison())
        if len(parts) == 1:
            return parts[0]
        return lambda scope, seen: all(_is_truthy(part(scope, seen)) for part in parts)

    def _parse_comparison(self) -> _Evaluate:
        left = self._parse_not()
        operator = self._next(*_COMPARISONS)
        if not operator:
            return left
        right = self._parse_not()
        return lambda scope, seen: _compare(left(scope, seen), operator, right(scope, seen))

    def _parse_not(self) -> _Evaluate:
        count = 0
        while self._next("!"):
            count += 1
        value = self._parse_value()
        if not count:
            return value
        return lambda scope, seen: _is_truthy(value(scope, seen)) == (count % 2 == 0)

    def _parse_value(self) -> _Evaluate:
        if self._next("("):
            inner = self.parse_or()
            if not self._next(")"):
                raise ConditionError("`)` is missing")
            return self._parse_steps(inner)
        if self._at == len(self._tokens):
            raise ConditionError("it is incomplete")
        token = self._tokens[self._at]
        self._at += 1
        match token.kind:
            case "number":
                number = _number_of(token.text)
                return lambda *_: number
            case "text":
                text = token.text[1:-1].replace("''", "'")
                return lambda *_: text
            case "word":
                word = _WORDS[token.text]
                return lambda *_: word
            case "expression":
                return self._parse_steps(_expression(token.text))
        raise self._error(token.start)

    def _parse_steps(self, value: _Evaluate) -> _Evaluate:
        """Parse indexes and properties after a value."""
        steps = []
        while self._at < len(self._tokens) and self._tokens[self._at].kind in {"index", "member"}:
            text = self._tokens[self._at].text
            self._at += 1
            steps.append(text[1:].strip("] ").strip("'").replace("''", "'") if text[0] == "[" else text[1:])
        if not steps:
            return value

        def walk(scope: RunScope, seen: dict[str, Any]) -> Any:
            found = value(scope, seen)
            for step in steps:
                found = step_into(found, step)
            return None if found is MISSING else found

        return walk


def _expression(text: str) -> _Evaluate:
    """Return the function for an expression, whose last parts may be properties: `$response.body.count`.

    Raises:
        ConditionError: The text is not an expression.
    """
    choices = []
    start, members = text, list[str]()
    while True:
        reference = parse_reference(start)
        if reference is not None:
            choices.append((reference, tuple(reversed(members))))
        start, dot, member = start.rpartition(".")
        if not dot:
            break
        members.append(member)
    if not choices:
        raise ConditionError(f"`{text}` is not an expression")

    def value(scope: RunScope, seen: dict[str, Any]) -> Any:
        found = MISSING
        for reference, steps in choices:
            found = scope.value_of(reference)
            for step in steps:
                found = step_into(found, step)
            if found is not MISSING:
                break
        seen[text] = None if found is MISSING else found
        return seen[text]

    return value


def _number_of(text: str) -> float:
    plain = text.strip()
    return int(plain) if plain.lstrip("+-").isdigit() and len(plain) < 400 else float(plain)


def _as_number(value: Any) -> float | None:
    """Return a number, or the number in a string; None for other values."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    return _number_of(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else None


def _compare(left: Any, operator: str, right: Any) -> bool:
    """Compare two values: strings without case, numeric strings as numbers, and null as equal to null alone."""
    if operator in {"==", "!="}:
        return _is_equal(left, right) == (operator == "==")
    if left is None or right is None:
        return left is None and right is None and operator in {"<=", ">="}
    numbers = _as_number(left), _as_number(right)
    if numbers[0] is not None and numbers[1] is not None:
        return _is_ordered(numbers[0], operator, numbers[1])
    if isinstance(left, str) and isinstance(right, str):
        return _is_ordered(left.casefold(), operator, right.casefold())
    raise ConditionError(f"`{text_of(left)[:40]}` and `{text_of(right)[:40]}` have no order")


def _is_ordered(left: Any, operator: str, right: Any) -> bool:
    if operator[0] == "<":
        return bool(left < right or (operator == "<=" and left == right))
    return bool(left > right or (operator == ">=" and left == right))


def _is_equal(left: Any, right: Any) -> bool:
    if isinstance(left, str) and isinstance(right, str):
        return left.casefold() == right.casefold()
    numbers = _as_number(left), _as_number(right)
    if numbers[0] is not None and numbers[1] is not None:
        return numbers[0] == numbers[1]
    return is_same_json(left, right)
