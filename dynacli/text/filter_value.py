"""Filters: JMESPath expressions over the value of a response (https://jmespath.org/specification.html)."""

from __future__ import annotations

import itertools
import re
from collections.abc import Collection, Iterable, Iterator
from typing import Any, Final

import jmespath
import jmespath.exceptions
import jmespath.functions
import jmespath.lexer
import jmespath.visitor

from dynacli.environment import invocation
from dynacli.errors import FormatError, UsageError
from dynacli.options.command_table import feature
from dynacli.text.exact_json import compact_json
from dynacli.text.json_budget import MAX_VALUES

_MOST_LEVELS: Final = 100
_TOO_DEEP: Final = f"it is nested too deeply; a chain of pipes or brackets has at most {_MOST_LEVELS} parts"
_MOST_STEPS: Final = 20_000_000
"""Maximum number of steps of a filter, which take half a minute: some for each value of the largest response."""
_CHARACTERS_PER_STEP: Final = 64
_MOST_CHARACTERS: Final = 256 * 1024 * 1024
"""Maximum number of characters in the strings of a result: four times the largest response."""
_MAKERS: Final = frozenset(
    {"flatten", "projection", "value_projection", "filter_projection", "function_expression"}
)
"""The types of nodes that make new lists and strings. All other nodes return existing values."""
_STEPS_OF_TRIAL: Final = 20_000
_MOST_TRIALS: Final = 200
_SAMPLE: Final = 20
"""Number of items of each list that a trial uses."""
_DEEPEST: Final = 4
_MOST_PATHS: Final = 12
_MOST_CHANGED: Final = 300
"""Maximum length of a filter for which a corrected one is searched."""
_WORD: Final = re.compile("[A-Za-z_][A-Za-z0-9_]*")
_LONGEST_NAME: Final = 40
_STEPS: Final = frozenset({"flatten", "index_expression", "projection", "subexpression", "value_projection"})
"""The nodes of JMESPath whose first child applies to the value, and the next ones to values within it."""


_Missing = tuple[Collection[str], Collection[str]]


class JqProgram(str):
    """A filter that is a jq program, not a JMESPath expression."""

    __slots__ = ()


class SqlQuery(str):
    """A filter that is a SELECT of SQLite over the items of a value, not a JMESPath expression."""

    __slots__ = ()


class SqlRows(list[dict[str, Any]]):
    """The rows of a `SqlQuery`.

    Args:
        rows: Column → value of each row.
        columns: The columns, which are also known if there is no row.
    """

    def __init__(self, rows: Iterable[dict[str, Any]], columns: Iterable[str]) -> None:
        super().__init__(rows)
        self.columns = tuple(columns)


class JqResults(list[Any]):
    """The results of a jq program that returns no result or several."""

    __slots__ = ()


def _hint() -> str:
    return f"`{invocation('help output')}` shows some filters; https://jmespath.org has the language"


class _Functions(jmespath.functions.Functions):
    """The functions of JMESPath, which keep every digit of a number when they convert it to text."""

    @jmespath.functions.signature({"types": []})
    def _func_to_string(self, value: Any) -> str:
        return value if isinstance(value, str) else compact_json(value)


_OPTIONS = jmespath.visitor.Options(custom_functions=_Functions())


def check_filter(expression: str, name: str = "The filter") -> None:
    """Check an expression before anything is sent: its syntax, its functions, and their number of arguments.

    Args:
        expression: The JMESPath expression.
        name: Name of the filter in messages.

    Raises:
        UsageError: The filter is not a JMESPath expression.
    """
    try:
        parsed = jmespath.compile(expression).parsed
    except RecursionError as error:
        raise UsageError(f"{name} is not a JMESPath expression", reason=_TOO_DEEP, hint=_hint()) from error
    except jmespath.exceptions.JMESPathError as error:
        raise _no_expression(expression, name, error) from error
    except ValueError as error:
        reason = "a number in it has too many digits"
        raise UsageError(f"{name} is not a JMESPath expression", reason=reason, hint=_hint()) from error
    _check_nodes(parsed, name)


def _no_expression(expression: str, name: str, error: Exception) -> UsageError:
    from dynacli.text.jq_syntax import jmespath_of_path, reads_like_jq

    reason, hint = _reason(error), _hint()
    if reads_like_jq(expression):
        reason = "It reads like jq, and filters are JMESPath expressions"
        twin = jmespath_of_path(expression)
        hint = f"The same in JMESPath: `{twin}`" if twin else "`--jq PROGRAM` filters a result with jq"
    return UsageError(f"{name} is not a JMESPath expression", reason=reason, hint=hint)


def _reason(error: Exception) -> str:
    lines = str(error).split("\n")
    if lines[0].lower().endswith("cannot be empty."):
        return "it is empty"
    lines[0] = lines[0].removeprefix("Invalid jmespath expression: ")
    return "\n".join(lines).rstrip()


def _check_nodes(parsed: Any, name: str) -> None:
    """Check the functions of a parsed expression, and its depth, because Python's stack limits its evaluation."""
    level = [parsed]
    for _ in range(_MOST_LEVELS):
        nodes = [node for node in level if isinstance(node, dict)]
        if not nodes:
            return
        for node in nodes:
            if node["type"] == "function_expression":
                _check_function(node, name)
        level = [child for node in nodes for child in node["children"]]
    raise UsageError(f"{name} is wrong", reason=_TOO_DEEP, hint=_hint())


def _check_function(node: Any, name: str) -> None:
    known = _Functions.FUNCTION_TABLE.get(node["value"])
    function = f"`{node['value']}`"
    if known is None:
        from difflib import get_close_matches

        near = get_close_matches(node["value"], _Functions.FUNCTION_TABLE, 1, 0.6)
        raise UsageError(
            f"{name} is wrong",
            reason=f"JMESPath has no function {function}" + (f"; it has `{near[0]}`" if near else ""),
            hint=_hint(),
        )
    wanted, given = len(known["signature"]), len(node["children"])
    is_variadic = bool(wanted and known["signature"][-1].get("variadic"))
    if given < wanted or (given > wanted and not is_variadic):
        raise UsageError(
            f"{name} is wrong",
            reason=f"The function {function} takes {'at least ' if is_variadic else ''}{wanted} and not {given}"
            " arguments",
            hint=_hint(),
        )


class _OverBudgetError(Exception):
    """A filter takes too many steps, or its result is too large."""


class _Interpreter(jmespath.visitor.TreeInterpreter):
    """JMESPath's interpreter with a budget for steps and new values.

    Without a budget, `[@,@][]|[@,@][]|...` would double a list with each of its parts.
    """

    def __init__(self, steps: int = _MOST_STEPS) -> None:
        super().__init__(_OPTIONS)
        self._left = steps

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        self._left -= 1
        found = super().visit(node, *args, **kwargs)
        if node["type"] in _MAKERS and isinstance(found, list | str):
            self._left -= len(found) // (_CHARACTERS_PER_STEP if isinstance(found, str) else 1)
        if self._left < 0:
            raise _OverBudgetError
        return found


def _check_result(value: Any) -> None:
    """Check that a result is not too large to write: a small result in memory may repeat parts (`[@,@]|[@,@]|...`)."""
    left, characters, level = MAX_VALUES, _MOST_CHARACTERS, [value]
    while level:
        left -= len(level)
        characters -= sum(len(item) for item in level if isinstance(item, str))
        if left < 0 or characters < 0:
            raise _OverBudgetError
        objects = [item for item in level if isinstance(item, dict)]
        lists = [item for item in level if isinstance(item, list)]
        if sum(map(len, itertools.chain(objects, lists))) > left:
            raise _OverBudgetError
        level = list(itertools.chain(*(item.values() for item in objects), *lists))


def filtered(value: Any, expression: str, name: str = "The filter", *, body: Any = None) -> Any:
    """Return the result of a filter for a value of `dynacli.text.exact_json`.

    Args:
        value: The value.
        expression: A JMESPath expression, a `JqProgram` or a `SqlQuery`.
        name: Name of the filter in messages.
        body: The `ReceivedBody` of the value, if the document may describe it. Only a `SqlQuery` needs it.

    Raises:
        FormatError: The filter cannot be applied to this value.
    """
    if isinstance(expression, JqProgram):
        results: list[Any] = feature("jq.run_jq").jq_results(value, expression)
        return results[0] if len(results) == 1 else JqResults(results)
    if isinstance(expression, SqlQuery):
        return feature("sql.run_query").query_result(value, expression, body)
    try:
        found = _Interpreter().visit(jmespath.compile(expression).parsed, value)
        _check_result(found)
        compact_json(found)  # a function may return a number or an expression that JSON cannot express
    except _OverBudgetError:
        raise _failed(name, "it has too much to do, or makes too much of the response") from None
    except RecursionError:
        raise _failed(name, "the response is nested too deeply") from None
    except TypeError:
        raise _failed(name, "it compares or sorts what has no order, such as text and numbers") from None
    except (jmespath.exceptions.JMESPathError, ValueError, ArithmeticError, AttributeError) as error:
        failure = _failed(name, _reason(error))
        if closest := closest_filter(value, expression):
            failure.hint = f"{failure.hint}: `{closest}` works"
        raise failure from error
    return found


def filtered_item(item: Any, expression: str) -> list[Any]:
    """Return the results of a filter for an item of a stream, without null.

    Raises:
        FormatError: The filter cannot be applied to this item.
    """
    found = filtered(item, expression)
    if isinstance(found, JqResults):
        return found
    return [] if found is None else [found]


def is_true(value: Any) -> bool:
    """Return whether a value is true by the rules of JMESPath: everything except false, null and empty values."""
    return (
        value is not None and value is not False and (bool(value) or not isinstance(value, str | list | dict))
    )


def _failed(name: str, reason: str) -> FormatError:
    return FormatError(
        f"{name} fails on this response",
        reason=reason,
        hint="The response is printed as JSON; fix the filter",
    )


class _Tracing(_Interpreter):
    """JMESPath's interpreter, which records for each field of an expression whether a value had it.

    Attributes:
        fields: The id of a node → its name, and whether a value had it.
    """

    def __init__(self, steps: int) -> None:
        super().__init__(steps)
        self.fields: dict[int, tuple[str, bool]] = {}

    def visit_field(self, node: Any, value: Any) -> Any:
        """Return the field of a value."""
        if value is not None:
            _, had = self.fields.get(id(node), ("", False))
            self.fields[id(node)] = node["value"], had or (isinstance(value, dict) and node["value"] in value)
        return super().visit_field(node, value)


def is_void(value: Any) -> bool:
    """Return whether a result is empty: null, or a list or an object of empty values."""
    if isinstance(value, list | dict):
        return all(map(is_void, value.values() if isinstance(value, dict) else value))
    return value is None


def unknown_fields(value: Any, expression: str) -> list[str]:
    """Return the fields of a filter that are missing from all values to which they were applied.

    Args:
        value: A value of `dynacli.text.exact_json`.
        expression: A JMESPath expression.
    """
    found = _tried(_sampled(value, _DEEPEST + 2), expression)
    if found is not None and found[1]:
        found = _tried(value, expression, _MOST_STEPS)  # an item after the first ones may have the field
    return list(dict.fromkeys(found[1])) if found is not None else []


def stays_false(value: Any, expression: str, at_top: Collection[str], below: Collection[str]) -> bool:
    """Return whether a filter stays false because some fields will never exist.

    `stat == 'done'` needs `stat`; `stat || state` does not need it.

    Args:
        value: A value for which the filter is false.
        expression: A JMESPath expression.
        at_top: Fields that the value itself will never have.
        below: Fields that values within it will never have.
    """
    try:
        parsed = jmespath.compile(expression).parsed
        return _needs(parsed, value, (at_top, below))
    except (jmespath.exceptions.JMESPathError, _OverBudgetError, RecursionError):
        return False
    except (ArithmeticError, AttributeError, TypeError, ValueError):  # as `filtered` may meet them
        return False


def _needs(node: Any, value: Any, missing: _Missing) -> bool:
    """Return whether a part of a filter, applied to the whole value, is false because of missing fields."""
    children = node["children"]
    if node["type"] == "and_expression":
        return any(_needs(child, value, missing) for child in children)
    if node["type"] == "or_expression":
        return all(_needs(child, value, missing) for child in children)
    if _is_missing(node, missing):
        return True
    parts = [_is_missing(child, missing) for child in children if child["type"] != "literal"]
    return bool(parts) and all(parts) and not is_true(_Interpreter(_STEPS_OF_TRIAL).visit(node, value))


def _is_missing(node: Any, missing: _Missing) -> bool:
    """Return whether a path needs one of the missing fields."""
    if node["type"] == "field":
        return node["value"] in missing[0]
    if node["type"] not in _STEPS:
        return False
    first, *others = node["children"]
    below = (missing[1], missing[1])
    return _is_missing(first, missing) or any(_is_missing(child, below) for child in others)


def closest_filter(value: Any, expression: str) -> str:
    """Return a working filter that is similar to one without results; empty if there is none.

    It corrects a missing list or object before the path, a missing `[]` after a list, and a misspelled name.
    """
    if len(expression) > _MOST_CHANGED:
        return ""
    sample = _sampled(value, _DEEPEST + 2)
    paths, names = _paths_of(sample)
    tried = {expression}
    nearly, waiting = "", [expression]
    for _ in range(2):  # two changes at most
        following = []
        for begun in waiting:
            for changed in _changes(begun, sample, paths, names):
                if changed in tried:
                    continue
                if len(tried) > _MOST_TRIALS:
                    return nearly
                tried.add(changed)
                found = _tried(sample, changed)
                if found is None:
                    continue
                following.append(changed)
                if not found[1] and not is_void(found[0]):
                    return changed
                if not found[1] and found[0] is not None:
                    nearly = nearly or changed  # `rows[?status=='fail']`, if no row of the sample failed
        if nearly:
            return nearly
        waiting = following
    return ""


def outermost_list(value: Any) -> tuple[str, list[Any]]:
    """Return the path of the first list of objects within a value, and the list; an empty path if there is none."""
    paths, _ = _paths_of(_sampled(value, _DEEPEST))
    lists = (pair for pair in paths if isinstance(pair[1], list) and isinstance(pair[1][0], dict))
    return next(lists, ("", []))


def _tried(value: Any, expression: str, steps: int = _STEPS_OF_TRIAL) -> tuple[Any, list[str]] | None:
    """Return the result of a filter and its missing fields; None if it fails."""
    interpreter = _Tracing(steps)
    try:
        parsed = jmespath.compile(expression).parsed
        found = interpreter.visit(parsed, value)
    except (jmespath.exceptions.JMESPathError, _OverBudgetError, RecursionError):
        return None
    except (ArithmeticError, AttributeError, TypeError, ValueError):  # as `filtered` may meet them
        return None
    return found, [name for name, had in interpreter.fields.values() if not had]


def _sampled(value: Any, depth: int) -> Any:
    """Return a value with the first items of each list, down to a depth."""
    if isinstance(value, list):
        return [_sampled(item, depth - 1) for item in value[:_SAMPLE]] if depth else []
    if isinstance(value, dict):
        return {key: _sampled(child, depth - 1) for key, child in value.items()} if depth else {}
    return value


def _paths_of(value: Any) -> tuple[list[tuple[str, Any]], set[str]]:
    """Return the paths of the lists and objects within a value, outermost first, and the names of all fields."""
    paths: list[tuple[str, Any]] = []
    names: set[str] = set()
    level = [("", value)]
    for _ in range(_DEEPEST):
        deeper: list[tuple[str, Any]] = []
        for path, part in level:
            if path and part and isinstance(part, list | dict):
                paths.append((path, part))
            if isinstance(part, list):
                deeper += [(f"{path}[]", item) for item in part if isinstance(item, dict)]
            for key, child in part.items() if isinstance(part, dict) else ():
                if len(key) <= _LONGEST_NAME:
                    names.add(key)
                    deeper.append((f"{path}.{_written(key)}".removeprefix("."), child))
        level = deeper
    unique = dict(paths)
    unique.pop("[]", None)
    listed = sorted(unique.items(), key=lambda pair: (pair[0].count("."), not isinstance(pair[1], list)))
    return listed[:_MOST_PATHS], names


def _changes(expression: str, value: Any, paths: list[tuple[str, Any]], names: set[str]) -> Iterator[str]:
    """Yield filters that differ in one location, the most likely first."""
    from difflib import get_close_matches

    tokens = list(jmespath.lexer.Lexer().tokenize(expression))
    words = [
        (token, following["type"])
        for token, following in itertools.pairwise(tokens)
        if token["type"].endswith("quoted_identifier") and following["type"] not in {"lparen", "colon"}
    ]
    lists = [path for path, part in paths if isinstance(part, list)]
    for token, after in words:
        if after == "dot":
            yield f"{expression[: token['end']]}[]{expression[token['end'] :]}"
    for token, after in words:
        if after in {"flatten", "filter", "lbracket", "dot", "rparen", "comma"}:
            yield from (f"{expression[: token['start']]}{path}{expression[token['end'] :]}" for path in lists)
    is_of_list = tokens[0]["type"] in {"flatten", "filter", "lbracket"}
    if is_of_list:
        yield from (f"{path}{expression}" for path in lists)
    else:
        yield from (f"{path}{'[]' if path in lists else ''}.{expression}" for path, _ in paths)
    if isinstance(value, list):
        yield f"[].{expression}"
        if words and words[0][0]["start"] == 0:
            yield expression[words[0][0]["end"] :].removeprefix(".")
    folded = {_compared_name(name): name for name in names}
    for token, _ in words:
        for near in get_close_matches(_compared_name(token["value"]), folded, 2, 0.7):
            yield f"{expression[: token['start']]}{_written(folded[near])}{expression[token['end'] :]}"


def _compared_name(name: str) -> str:
    return name.replace("_", "").replace("-", "").casefold()


def _written(name: str) -> str:
    """Return the name of a field as JMESPath writes it."""
    return name if _WORD.fullmatch(name) else compact_json(name)
