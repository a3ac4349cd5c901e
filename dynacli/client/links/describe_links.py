"""Links: which call can follow an answer, with the command that makes it (OpenAPI 3.2.0, "Link Object")."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.links.linked_operation import leads_elsewhere, linked_operation, links_in
from dynacli.environment import invocation_words
from dynacli.model.command_words import option_pair
from dynacli.model.operation import Operation, Parameter
from dynacli.model.runtime_expressions import Expression, parse_expression, split_template
from dynacli.schema.documented_values import documented_values_at, example_values_of, walk_value
from dynacli.schema.example_call import body_example, option_text, parameter_example
from dynacli.schema.example_value import NoExampleError

__all__ = ["describe_links", "linked_names"]

_PLACEHOLDER = re.compile(r"\{[\w.\-]+\}")


def describe_links(described: DescribedOperation) -> dict[str, Any]:
    """Return the links of an operation's answers by name.

    Each is the Link Object with four members more: `status`; `operation`, what dynacli calls the linked operation,
    or null where there is none, and then a `note` says why; `fills`, what the link puts where; and `example`, the
    command of the linked call. A value that the document gives no example of stands there as `{id}`.
    """
    found: dict[str, Any] = {}
    for status, response, name, link in links_in(described.raw_responses, described.follow):
        key = name if name not in found else f"{status}.{name}"
        found[key] = _Link(described, status, response, link).described()
    return found


def linked_names(described: DescribedOperation) -> Iterator[tuple[str, str]]:
    """Yield the name of each link of an operation's answers, and the operation that it leads to, where there is one."""
    for _, _, name, link in links_in(described.raw_responses, described.follow):
        target = linked_operation(described.api.catalog, link, described.api.uri)
        if target is not None:
            yield name, target


class _Link:
    """A link, as it is described.

    Args:
        described: The operation whose answer has it.
        status: The answer's.
        response: The Response Object.
        link: The Link Object.
    """

    def __init__(
        self, described: DescribedOperation, status: str, response: Mapping[str, Any], link: Mapping[str, Any]
    ) -> None:
        self._described, self._api = described, described.api
        self._status, self._response, self._link = status, response, link
        self._notes: list[str] = []

    def described(self) -> dict[str, Any]:
        name = self._target()
        fills, example = [], None
        if name is not None:
            target = DescribedOperation(self._api, self._api.catalog.operation(name))
            fills = list(self._fills(target))
            example = self._example(target, fills)
        described = {
            **self._link,
            "status": self._status,
            "operation": name,
            "fills": fills,
            "example": example,
        }
        return {**described, "note": "; ".join(self._notes)} if self._notes else described

    def _target(self) -> str | None:
        """Return the name of the linked operation; where there is none, note why."""
        name = linked_operation(self._api.catalog, self._link, self._api.uri)
        wanted, ref = self._link.get("operationId"), self._link.get("operationRef")
        if name is not None:
            return name
        if isinstance(wanted, str):
            self._notes.append(f"the document has no operation `{wanted}`")
        elif isinstance(ref, str):
            is_elsewhere = leads_elsewhere(ref, self._api.uri)
            self._notes.append(f"`{ref}` leads to {'another document' if is_elsewhere else 'no operation'}")
        else:
            self._notes.append("the link names no operation")
        return None

    def _fills(self, target: DescribedOperation) -> Iterator[dict[str, Any]]:
        """Yield what the link puts where: `name`, `in`, `option`, `from` and, where it is known, `value`."""
        parameters = self._link.get("parameters")
        for key, given in parameters.items() if isinstance(parameters, Mapping) else ():
            parameter = _parameter(target.operation, key)
            if parameter is None:
                self._notes.append(f"`{target.operation.name}` has no parameter `{key}`")
                continue
            place = {"name": parameter.name, "in": parameter.location, "option": f"--{parameter.option}"}
            yield {**place, **self._value(given)}
        if "requestBody" in self._link:
            place = {"name": "", "in": "body", "option": "--body"}
            yield {**place, **self._value(self._link["requestBody"])}

    def _value(self, given: Any) -> dict[str, Any]:
        expression = parse_expression(given)
        if expression is not None:
            value = next(self._evaluated(expression), None)
            return {"from": given, "value": value, "placeholder": expression.placeholder}
        if not isinstance(given, str):
            return {"from": given, "value": given, "placeholder": ""}
        texts, is_known = [], True
        for piece in split_template(given):
            if isinstance(piece, str):
                texts.append(piece)
                continue
            value = next(self._evaluated(piece), None)
            is_known = is_known and value is not None
            texts.append(piece.placeholder if value is None else option_text(value))
        text = "".join(texts)
        return {"from": given, "value": text if is_known else None, "placeholder": text}

    def _evaluated(self, expression: Expression) -> Iterator[Any]:
        """Yield the values that the document knows for an expression, the surest first."""
        resolve = self._api.catalog.resolve
        match expression.message, expression.source:
            case "", "method":
                yield self._described.operation.method
            case "", "statusCode":
                if self._status.isdecimal():
                    yield int(self._status)
            case "request", "body":
                media = self._described.raw_media_type()
                try:
                    whole = body_example(media, resolve)
                except (NoExampleError, LookupError):
                    whole = None
                yield from walk_value(whole, expression.steps)
                yield from documented_values_at(media.get("schema"), expression.steps, resolve)
            case "request", location:
                yield from self._parameter_values(location, expression.name)
            case "response", "body":
                yield from self._answer_values(expression.steps)
            case "response", "header":
                headers = self._described.follow(self._response.get("headers"))
                for name, raw in headers.items() if isinstance(headers, Mapping) else ():
                    header = self._described.follow(raw)
                    if name.lower() == expression.name.lower() and isinstance(header, Mapping):
                        yield from example_values_of(header, resolve)
                        yield from documented_values_at(header.get("schema"), (), resolve)

    def _answer_values(self, steps: tuple[str, ...]) -> Iterator[Any]:
        resolve = self._api.catalog.resolve
        content = self._described.follow(self._response.get("content"))
        found = map(self._described.follow, content.values() if isinstance(content, Mapping) else ())
        medias = [media for media in found if isinstance(media, Mapping)]
        for media in medias:
            for value in example_values_of(media, resolve):
                yield from walk_value(value, steps)
        for media in medias:
            yield from documented_values_at(media.get("schema"), steps, resolve)

    def _parameter_values(self, location: str, name: str) -> Iterator[Any]:
        """Yield what the example of the first call has for parameter of its parameters, or the document's own."""
        described, resolve = self._described, self._api.catalog.resolve
        raw = described.raw_parameters
        for parameter in described.operation.parameters:
            if parameter.location != location or name not in (parameter.name, parameter.name.lower()):
                continue
            raw_parameter = raw.get((location, parameter.name), {})
            yield from example_values_of(raw_parameter, resolve)
            yield from documented_values_at(described.parameter_schema(parameter), (), resolve)
            if parameter.is_required:
                yield from _made(parameter, raw_parameter, described)

    def _example(self, target: DescribedOperation, fills: list[dict[str, Any]]) -> str:
        given = {(fill["in"], fill["name"]): fill for fill in fills}
        raw = target.raw_parameters
        words: list[str] = []
        positional: list[str] = []
        named: list[str] = []
        is_positional = True
        for parameter in target.operation.parameters:
            fill = given.get(parameter.key)
            if fill is None and not parameter.is_required:
                continue
            if fill is not None:
                value = fill["placeholder"] if fill["value"] is None else fill["value"]
            else:
                made = _made(parameter, raw.get(parameter.key), target)
                value = next(made, f"{{{parameter.name}}}")
            if parameter.location == "path" and not isinstance(value, list):
                text = option_text(value)
                is_positional = is_positional and not text.startswith("-")
                positional.append(text)
                named.extend(option_pair(f"--{parameter.option}", text))
            else:
                words.extend(_option_words(parameter, value))
        words = [*(positional if is_positional else named), *words]
        body = given.get(("body", ""))
        if body is not None:
            value = body["placeholder"] if body["value"] is None else body["value"]
            words.extend(option_pair("--body", value if body["value"] is None else _json(value)))
        elif target.operation.body is not None and target.operation.body.is_required:
            words.append("--example")
        server = self._link.get("server")
        if isinstance(server, Mapping) and isinstance(server.get("url"), str):
            words.extend(option_pair("--server", server["url"]))
        from dynacli.model.command_words import shell_line, shell_word

        quoted = [word if _PLACEHOLDER.fullmatch(word) else shell_word(word) for word in words]
        return " ".join([shell_line(invocation_words(api=self._api.name)), target.operation.name, *quoted])


def _parameter(operation: Operation, key: str) -> Parameter | None:
    """Return the parameter that a link calls `name` or `location.name`."""
    location, dot, name = key.partition(".")
    for parameter in operation.parameters:
        if dot and (location, name) == parameter.key:
            return parameter
    return next((parameter for parameter in operation.parameters if parameter.name == key), None)


def _made(parameter: Parameter, raw: dict[str, Any] | None, described: DescribedOperation) -> Iterator[Any]:
    try:
        yield parameter_example(parameter, raw, described.resolve)
    except (NoExampleError, LookupError):
        return


def _option_words(parameter: Parameter, value: Any) -> list[str]:
    is_plain = isinstance(value, list) and value and not any(isinstance(item, dict | list) for item in value)
    items = value if is_plain else [value]
    return [word for item in items for word in option_pair(f"--{parameter.option}", option_text(item))]


def _json(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)
