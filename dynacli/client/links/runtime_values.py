"""The values that a link takes from a call that was made and its answer (OpenAPI 3.2.0, "Runtime Expressions")."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote

from dynacli.model.media_types import is_json
from dynacli.model.runtime_expressions import Expression, parse_expression, split_template
from dynacli.schema.documented_values import walk_value

if TYPE_CHECKING:
    from dynacli.client.inputs.call_inputs import CallValues
    from dynacli.http.built_request import Request
    from dynacli.http.send import Answer

__all__ = ["AnsweredCall", "json_of", "link_value", "sent_json"]


class AnsweredCall(NamedTuple):
    """A call and its answer, as expressions look at them.

    Args:
        request: The request; its URL is what `$url` stands for.
        sent: (location, name) of a parameter → its value as JSON.
        sent_json: The JSON value that the body of the request was made of; None where there is none.
        answer: The answer.
        answer_json: Returns the JSON value of the answer; None where there is none.
    """

    request: "Request"
    sent: Mapping[tuple[str, str], Any]
    sent_json: Any
    answer: "Answer"
    answer_json: Callable[[], Any]


def json_of(body: bytes, media_type: str) -> Any:
    """Return the JSON value of a body; None where it is none."""
    if not is_json(media_type):
        return None
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def sent_json(values: "CallValues") -> Any:
    """Return the JSON value that the body of a call was made of; None where there is none."""
    if values.form is not None:
        return values.form
    return json_of(values.body, values.media_type) if isinstance(values.body, bytes) else None


def link_value(source: Any, call: AnsweredCall) -> Any:
    """Return the value that a link takes from a call; None where it is not there.

    Args:
        source: An expression, a text with expressions in it, or a constant.
    """
    expression = parse_expression(source)
    if expression is not None:
        return next(_evaluate(expression, call), None)
    if not isinstance(source, str):
        return source
    texts = []
    for piece in split_template(source):
        value = piece if isinstance(piece, str) else next(_evaluate(piece, call), None)
        if value is None:
            return None
        texts.append(str(value))
    return "".join(texts)


def _evaluate(expression: Expression, call: AnsweredCall) -> Iterator[Any]:
    """Yield the value of an expression, if there is one."""
    request, answer = call.request, call.answer
    sent = {(location, name.lower()): value for (location, name), value in call.sent.items()}
    match expression.message, expression.source:
        case "", "url":
            yield request.url
        case "", "method":
            yield request.method
        case "", "statusCode":
            yield answer.status
        case "request", "body":
            yield from walk_value(call.sent_json, expression.steps)
        case "request", "path":
            if expression.name in request.parts.path:
                text = unquote(request.parts.path[expression.name])
                yield sent.get(("path", expression.name.lower()), text)
        case "request", location:
            if (location, expression.name.lower()) in sent:
                yield sent[location, expression.name.lower()]
        case "response", "body":
            yield from walk_value(call.answer_json(), expression.steps)
        case "response", "header":
            if answer.header(expression.name):
                yield answer.header(expression.name)
