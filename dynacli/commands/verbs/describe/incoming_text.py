"""Callbacks and webhooks as text: requests that the server sends, and that dynacli cannot call."""

from collections.abc import Iterator, Mapping
from typing import Any

from dynacli.commands.verbs.describe.schema_tree import schema_lines
from dynacli.schema.flatten_schema import FlatSchemas, Resolve
from dynacli.text.markdown import to_text
from dynacli.text.terminal import Painter, visible
from dynacli.text.wrapping import quoted, quoted_lines, word_or_quoted

__all__ = ["callback_lines", "webhook_text"]


def webhook_text(data: Mapping[str, Any], resolve: Resolve, paint: Painter, width: int) -> str:
    """Return the description of a webhook for a person."""
    lines = [
        f"{paint.bold(word_or_quoted(data['webhook']))}  a webhook: the server sends it to you, it cannot be called"
    ]
    for method, request in data["requests"].items():
        lines.extend(["", f"{paint.bold(visible(method, keep=''))}  {quoted(request['summary'])}".rstrip()])
        lines.extend(_request_lines(request, resolve, paint, width))
    return "\n".join(lines)


def callback_lines(callbacks: Mapping[str, Any], resolve: Resolve, paint: Painter, width: int) -> list[str]:
    """Return the callbacks of an operation for a person."""
    lines = []
    for name, callback in callbacks.items():
        for expression, requests in callback.items():
            for method, request in requests.items():
                place = f"{visible(method, keep='')} {word_or_quoted(expression)}"
                told = f"  {paint.bold(word_or_quoted(name))}  {place}  {quoted(request['summary'])}"
                lines.append(told.rstrip())
                lines.extend(f"  {line}" for line in _request_lines(request, resolve, paint, width - 2))
    return lines


def _request_lines(request: Mapping[str, Any], resolve: Resolve, paint: Painter, width: int) -> Iterator[str]:
    if request["description"]:
        text = to_text(request["description"], width - 4)
        yield from (f"  {line}" for line in quoted_lines(text.splitlines()))
    for parameter in request["parameters"]:
        required = ", required" if parameter["required"] else ""
        location = paint.dim(visible(f"  {parameter['in']}{required}", keep=""))
        yield f"  {word_or_quoted(parameter['name'])}{location}"
    body = request["body"]
    for media_type, content in body["content"].items() if body else ():
        required = ", required" if body["required"] else ""
        yield f"  Body ({word_or_quoted(media_type)}{required})"
        yield from schema_lines(content["schema"], FlatSchemas(resolve), paint, width)
    for status, response in request["responses"].items():
        answer = f"{word_or_quoted(status)}  {quoted(response['description'].strip())}"
        yield f"  You answer {answer}".rstrip()
