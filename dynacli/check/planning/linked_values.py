"""What the links of an answer put into other calls: runtime expressions, evaluated on what was really sent and came.

OpenAPI 3.2.0, "Link Object" and "Runtime Expressions".
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from dynacli.check.check_records import Exchange, Value
from dynacli.check.planning.harvest import read_json
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.links import describe_links
from dynacli.model.runtime_expressions import Expression, parse_expression, split_template
from dynacli.schema.documented_values import walk_value

__all__ = ["Links", "documented_answer"]


class Links:
    """The links of one operation's answers, described once."""

    def __init__(self, described: DescribedOperation) -> None:
        self._described = described
        self._links: dict[str, Any] = describe_links(described) if _has_links(described) else {}

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of the operations that they lead to."""
        return tuple(dict.fromkeys(one["operation"] for one in self._links.values() if one["operation"]))

    def values(self, exchange: Exchange) -> Iterator[tuple[str, tuple[Value, ...]]]:
        """Yield an operation and the values that a link of this very answer has for it."""
        answer = exchange.answer
        if answer is None:
            return
        documented = [one.status for one in self._described.operation.responses]
        mine = documented_answer(answer.status, documented)
        for link in self._links.values():
            if link["operation"] is None or link["status"] != mine:
                continue
            found = []
            for fill in link["fills"]:
                value = _evaluated(fill["from"], exchange)
                if value is not None and fill["in"] != "body":
                    found.append(Value(fill["in"], fill["name"], value, "link", exchange.operation))
            if found:
                yield link["operation"], tuple(found)


def documented_answer(status: int, documented: list[str]) -> str:
    """Return which of the documented answers one is: its code, its range or `default`; empty where it is none."""
    for key in (str(status), f"{status // 100}XX", f"{status // 100}xx", "default"):
        if key in documented:
            return key
    return ""


def _has_links(described: DescribedOperation) -> bool:
    responses = described.follow(described.part["operation"].get("responses"))
    found = [described.follow(one) for one in responses.values()] if isinstance(responses, Mapping) else []
    return any(isinstance(one, Mapping) and one.get("links") for one in found)


def _evaluated(given: Any, exchange: Exchange) -> Any:
    """Return the value of an expression, a template or a constant; None where it is not there."""
    expression = parse_expression(given)
    if expression is not None:
        return next(_of(expression, exchange), None)
    if not isinstance(given, str):
        return given
    texts = []
    for piece in split_template(given):
        value = piece if isinstance(piece, str) else next(_of(piece, exchange), None)
        if value is None:
            return None
        texts.append(str(value))
    return "".join(texts)


def _of(expression: Expression, exchange: Exchange) -> Iterator[Any]:
    request, answer = exchange.request, exchange.answer
    if answer is None:
        return
    sent = {(one.location, one.name.lower()): one.value for one in exchange.planned.values}
    match expression.message, expression.source:
        case "", "url":
            yield request.url
        case "", "method":
            yield request.method
        case "", "statusCode":
            yield answer.status
        case "request", "body":
            yield from walk_value(exchange.body, expression.steps)
        case "request", "path":
            if expression.name in request.parts.path:
                yield sent.get(
                    ("path", expression.name.lower()), unquote(request.parts.path[expression.name])
                )
        case "request", location:
            if (location, expression.name.lower()) in sent:
                yield sent[(location, expression.name.lower())]
        case "response", "body":
            yield from walk_value(read_json(exchange), expression.steps)
        case "response", "header":
            if answer.header(expression.name):
                yield answer.header(expression.name)
