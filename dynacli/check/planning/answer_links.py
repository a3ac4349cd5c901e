"""The links of an answer: the values that they put into other calls, taken from what was really sent and answered.

OpenAPI 3.2.0, "Link Object" and "Runtime Expressions".
"""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from dynacli.check.check_records import Exchange, InputValue
from dynacli.client.described_operation import DescribedOperation
from dynacli.client.links import describe_links
from dynacli.model.operation import documented_status
from dynacli.model.runtime_expressions import Expression, parse_expression, split_template
from dynacli.schema.documented_values import walk_value

__all__ = ["AnswerLinks"]


class AnswerLinks:
    """The links of one operation's answers, read once."""

    def __init__(self, described: DescribedOperation) -> None:
        self._documented = [response.status for response in described.operation.responses]
        self._links: dict[str, Any] = describe_links(described) if _has_links(described) else {}

    @property
    def targets(self) -> tuple[str, ...]:
        """The names of the operations that the links lead to."""
        return tuple(dict.fromkeys(link["operation"] for link in self._links.values() if link["operation"]))

    def values(self, exchange: Exchange) -> Iterator[tuple[str, tuple[InputValue, ...]]]:
        """Yield for each link of this very answer the name of the linked operation, and values for it."""
        if exchange.answer is None:
            return
        status = documented_status(exchange.answer.status, self._documented)
        for link in self._links.values():
            if link["operation"] is None or link["status"] != status:
                continue
            values = []
            for fill in link["fills"]:
                value = _link_value(fill["from"], exchange)
                if value is not None and fill["in"] != "body":
                    values.append(
                        InputValue(fill["in"], fill["name"], value, "link", exchange.operation_name)
                    )
            if values:
                yield link["operation"], tuple(values)


def _has_links(described: DescribedOperation) -> bool:
    responses = described.follow(described.part["operation"].get("responses"))
    found = map(described.follow, responses.values()) if isinstance(responses, Mapping) else ()
    return any(isinstance(response, Mapping) and response.get("links") for response in found)


def _link_value(source: Any, exchange: Exchange) -> Any:
    """Return the value that a link takes from an exchange; None where it is not there.

    Args:
        source: An expression, a text with expressions in it, or a constant.
    """
    expression = parse_expression(source)
    if expression is not None:
        return next(_evaluate(expression, exchange), None)
    if not isinstance(source, str):
        return source
    texts = []
    for piece in split_template(source):
        value = piece if isinstance(piece, str) else next(_evaluate(piece, exchange), None)
        if value is None:
            return None
        texts.append(str(value))
    return "".join(texts)


def _evaluate(expression: Expression, exchange: Exchange) -> Iterator[Any]:
    """Yield the value of an expression, if there is one."""
    request, answer = exchange.request, exchange.answer
    if answer is None:
        return
    sent = {(value.location, value.name.lower()): value.value for value in exchange.planned.values}
    match expression.message, expression.source:
        case "", "url":
            yield request.url
        case "", "method":
            yield request.method
        case "", "statusCode":
            yield answer.status
        case "request", "body":
            yield from walk_value(exchange.sent_json, expression.steps)
        case "request", "path":
            if expression.name in request.parts.path:
                text = unquote(request.parts.path[expression.name])
                yield sent.get(("path", expression.name.lower()), text)
        case "request", location:
            if (location, expression.name.lower()) in sent:
                yield sent[location, expression.name.lower()]
        case "response", "body":
            yield from walk_value(exchange.answer_json(), expression.steps)
        case "response", "header":
            if answer.header(expression.name):
                yield answer.header(expression.name)
