"""Filters: JMESPath expressions over the value of an answer (https://jmespath.org/specification.html)."""

from typing import Any

import jmespath
import jmespath.exceptions
import jmespath.functions
import jmespath.visitor

from dynacli.environment import invocation
from dynacli.errors import FormError, UsageError
from dynacli.text.exact_json import compact_json

__all__ = ["check_filter", "filtered", "is_true"]


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
        UsageError: It is no expression of JMESPath.
    """
    try:
        parsed = jmespath.compile(expression).parsed
    except (jmespath.exceptions.JMESPathError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else _reason(error)
        raise UsageError(f"{name} is no JMESPath expression", why=why, hint=_hint()) from error
    _check_functions(parsed, name)


def _reason(error: Exception) -> str:
    lines = str(error).split("\n")
    if lines[0].lower().endswith("cannot be empty."):
        return "it is empty"
    lines[0] = lines[0].removeprefix("Invalid jmespath expression: ")
    return "\n".join(lines).rstrip()


def _check_functions(node: Any, name: str) -> None:
    if isinstance(node, dict) and node["type"] == "function_expression":
        known = _Functions.FUNCTION_TABLE.get(node["value"])
        function = f"`{node['value']}`"
        if known is None:
            from difflib import get_close_matches

            near = get_close_matches(node["value"], _Functions.FUNCTION_TABLE, 1, 0.6)
            raise UsageError(
                f"{name} is wrong",
                why=f"JMESPath has no function {function}" + (f"; it has `{near[0]}`" if near else ""),
                hint=_hint(),
            )
        wanted, given = len(known["signature"]), len(node["children"])
        is_variadic = bool(wanted and known["signature"][-1].get("variadic"))
        if given < wanted or (given > wanted and not is_variadic):
            raise UsageError(
                f"{name} is wrong",
                why=f"The function {function} takes {'at least ' if is_variadic else ''}{wanted} and not {given}"
                " arguments",
                hint=_hint(),
            )
    for child in node["children"] if isinstance(node, dict) else ():
        _check_functions(child, name)


def filtered(value: Any, expression: str, name: str = "The filter") -> Any:
    """Return what a filter makes of a value of `dynacli.text.exact_json`.

    Args:
        name: What messages call the filter.

    Raises:
        FormError: The filter cannot be applied to this value.
    """
    try:
        found = jmespath.compile(expression).search(value, options=_OPTIONS)
        compact_json(found)  # a function may give what JSON has no number for, and an expression as its value
    except RecursionError:
        raise _failed(name, "the answer is nested too deeply") from None
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


def _failed(name: str, why: str) -> FormError:
    return FormError(
        f"{name} fails on this answer",
        why=why,
        hint="The answer is printed as JSON; mend the filter by it",
    )
