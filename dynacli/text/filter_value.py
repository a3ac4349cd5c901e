"""Filters: JMESPath expressions over the value of a response (https://jmespath.org/specification.html)."""

from itertools import chain
from typing import Any, Final

import jmespath
import jmespath.exceptions
import jmespath.functions
import jmespath.visitor

from dynacli.environment import invocation
from dynacli.errors import FormatError, UsageError
from dynacli.text.exact_json import compact_json
from dynacli.text.json_budget import MAX_VALUES

__all__ = ["check_filter", "filtered", "is_true"]

_MOST_LEVELS: Final = 100
_TOO_DEEP: Final = f"it is nested too deeply; a chain of pipes or brackets has at most {_MOST_LEVELS} parts"
_MOST_STEPS: Final = 20_000_000
"""Half a minute: some steps for each of as many values as a response may have."""
_CHARACTERS_PER_STEP: Final = 64
_MOST_CHARACTERS: Final = 256 * 1024 * 1024
"""How many characters the strings of a result may have: four times those of the largest response."""
_MAKERS: Final = frozenset(
    {"flatten", "projection", "value_projection", "filter_projection", "function_expression"}
)
"""The types of nodes that make new lists and strings; all others pass on what they are given."""


def _hint() -> str:
    return f"`{invocation('help output')}` shows some filters; https://jmespath.org has the language"


class _Functions(jmespath.functions.Functions):
    """The functions of JMESPath, with every digit of numbers that become text."""

    @jmespath.functions.signature({"types": []})
    def _func_to_string(self, value: Any) -> str:
        return value if isinstance(value, str) else compact_json(value)


_OPTIONS = jmespath.visitor.Options(custom_functions=_Functions())


def check_filter(expression: str, name: str = "The filter") -> None:
    """Check an expression before anything is sent: its syntax, its functions, and how many arguments they have.

    Args:
        name: What messages call it.

    Raises:
        UsageError: It is not an expression of JMESPath.
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
    from dynacli.text.jq_program import jmespath_of_jq, reads_like_jq

    reason, hint = _reason(error), _hint()
    if reads_like_jq(expression):
        reason = "It reads like jq, and filters are JMESPath expressions"
        if twin := jmespath_of_jq(expression):
            hint = f"The same in JMESPath: `{twin}`"
    return UsageError(f"{name} is not a JMESPath expression", reason=reason, hint=hint)


def _reason(error: Exception) -> str:
    lines = str(error).split("\n")
    if lines[0].lower().endswith("cannot be empty."):
        return "it is empty"
    lines[0] = lines[0].removeprefix("Invalid jmespath expression: ")
    return "\n".join(lines).rstrip()


def _check_nodes(parsed: Any, name: str) -> None:
    """Check the functions of a parsed expression, and how deep it is, as it is carried out on Python's stack."""
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
    """A filter has more to do, or makes more, than it may."""


class _Interpreter(jmespath.visitor.TreeInterpreter):
    """JMESPath's interpreter, with a budget: each part that is applied counts, and what is made of it.

    `[@,@][]|[@,@][]|...` doubles a list with each of its parts.
    """

    def __init__(self) -> None:
        super().__init__(_OPTIONS)
        self._left = _MOST_STEPS

    def visit(self, node: Any, *args: Any, **kwargs: Any) -> Any:
        self._left -= 1
        found = super().visit(node, *args, **kwargs)
        if node["type"] in _MAKERS and isinstance(found, list | str):
            self._left -= len(found) // (_CHARACTERS_PER_STEP if isinstance(found, str) else 1)
        if self._left < 0:
            raise _OverBudgetError
        return found


def _check_result(value: Any) -> None:
    """Check that a result is not a larger than can be written: its parts may be the same, as in `[@,@]|[@,@]|...`."""
    left, characters, level = MAX_VALUES, _MOST_CHARACTERS, [value]
    while level:
        left -= len(level)
        characters -= sum(len(item) for item in level if isinstance(item, str))
        if left < 0 or characters < 0:
            raise _OverBudgetError
        objects = [item for item in level if isinstance(item, dict)]
        lists = [item for item in level if isinstance(item, list)]
        if sum(map(len, chain(objects, lists))) > left:
            raise _OverBudgetError
        level = list(chain(*(item.values() for item in objects), *lists))


def filtered(value: Any, expression: str, name: str = "The filter") -> Any:
    """Return what a filter makes of a value of `dynacli.text.exact_json`.

    Args:
        name: What messages call the filter.

    Raises:
        FormatError: The filter cannot be applied to this value.
    """
    try:
        found = _Interpreter().visit(jmespath.compile(expression).parsed, value)
        _check_result(found)
        compact_json(found)  # a function may give what JSON has no number for, and an expression as its value
    except _OverBudgetError:
        raise _failed(name, "it has too much to do, or makes too much of the response") from None
    except RecursionError:
        raise _failed(name, "the response is nested too deeply") from None
    except TypeError:
        raise _failed(name, "it compares or sorts what has no order, such as text and numbers") from None
    except (jmespath.exceptions.JMESPathError, ValueError, ArithmeticError, AttributeError) as error:
        raise _failed(name, _reason(error)) from error
    return found


def is_true(value: Any) -> bool:
    """Return whether a value is true by the rules of JMESPath: everything but false, null and what is empty."""
    return (
        value is not None and value is not False and (bool(value) or not isinstance(value, str | list | dict))
    )


def _failed(name: str, reason: str) -> FormatError:
    return FormatError(
        f"{name} fails on this response",
        reason=reason,
        hint="The response is printed as JSON; fix the filter",
    )
