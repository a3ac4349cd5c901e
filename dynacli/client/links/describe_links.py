"""Links: the calls that can follow a response, with their commands (OpenAPI 3.2.0, "Link Object").

The operations of an API are also a graph: lists provide ids for other operations, and links connect operations. The
graph is written for Mermaid (https://mermaid.js.org/syntax/flowchart.html) and Graphviz
(https://graphviz.org/doc/info/lang.html). Text of the document is quoted, so that it cannot change the graph.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.links.linked_operation import leads_elsewhere, linked_operation
from dynacli.environment import invocation_words
from dynacli.http.semantics import SAFE_METHODS
from dynacli.openapi.model.links import links_in
from dynacli.openapi.model.operation import Operation, OperationSummary, Parameter
from dynacli.openapi.model.path_templates import ListingOperations
from dynacli.openapi.model.runtime_expressions import Expression, parse_expression, split_template
from dynacli.openapi.model.wording import counted, option_pair, shell_line, shell_word
from dynacli.openapi.schema.document_schemas import NoExampleError
from dynacli.openapi.schema.documented_values import documented_values_at, example_values_of, walk_value
from dynacli.openapi.schema.example_call import body_example, option_text, parameter_example
from dynacli.record import record
from dynacli.registry.opened_api import OpenedApi
from dynacli.text.terminal import visible

_PLACEHOLDER = re.compile(r"\{[\w.\-]+\}")
MOST_EDGES, MOST_CHARACTERS = 500, 50_000
"""Limits of Mermaid, `maxEdges` and `maxTextSize`, which the text of a graph cannot change.

Source: https://mermaid.js.org/config/schema-docs/config.html
"""
_MERMAID_SPECIAL = re.compile(r"[^\w /.{}:,()-]")


def describe_links(described: DescribedOperation) -> dict[str, Any]:
    """Return the links of an operation's responses by name.

    Each is the Link Object with four more members: `status`; `operation`, the name of the linked operation, or null
    with a `note` that gives the reason; `fills`, the inputs that the link provides; and `example`, the command of the
    linked call. A value without an example in the document is a placeholder such as `{id}`.
    """
    links: dict[str, Any] = {}
    for status, response, name, link in links_in(described.raw_responses, described.follow):
        key = name if name not in links else f"{status}.{name}"
        links[key] = _Link(described, status, response, link).described()
    return links


def linked_names(described: DescribedOperation) -> Iterator[tuple[str, str]]:
    """Yield the name of each link in an operation's responses, with the linked operation, if it exists."""
    for _, _, name, link in links_in(described.raw_responses, described.follow):
        target = linked_operation(described.api.catalog, link, described.api.uri)
        if target is not None:
            yield name, target


class _Link:
    """A link to be described.

    Args:
        described: Operation with the link in a response.
        status: Status of the response.
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
        """Return the name of the linked operation; if there is none, note the reason."""
        name = linked_operation(self._api.catalog, self._link, self._api.uri)
        wanted, ref = self._link.get("operationId"), self._link.get("operationRef")
        if name is not None:
            return name
        if isinstance(wanted, str):
            self._notes.append(f"the document has no operation `{wanted}`")
        elif isinstance(ref, str):
            is_elsewhere = leads_elsewhere(ref, self._api.uri)
            self._notes.append(f"`{ref}` refers to {'another document' if is_elsewhere else 'no operation'}")
        else:
            self._notes.append("the link names no operation")
        return None

    def _fills(self, target: DescribedOperation) -> Iterator[dict[str, Any]]:
        """Yield the inputs that the link provides: `name`, `in`, `option`, `from`, `value` and `placeholder`."""
        parameters = self._link.get("parameters")
        for key, given in parameters.items() if isinstance(parameters, Mapping) else ():
            parameter = _parameter(target.operation, key)
            if parameter is None:
                self._notes.append(f"`{target.operation.name}` has no parameter `{key}`")
                continue
            target_input = {
                "name": parameter.name,
                "in": parameter.location,
                "option": f"--{parameter.option}",
            }
            yield {**target_input, **self._value(given)}
        if "requestBody" in self._link:
            target_input = {"name": "", "in": "body", "option": "--body"}
            yield {**target_input, **self._value(self._link["requestBody"])}

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
        """Yield the values in the document for an expression, the most reliable first."""
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
                yield from self._response_values(expression.steps)
            case "response", "header":
                headers = self._described.follow(self._response.get("headers"))
                for name, raw in headers.items() if isinstance(headers, Mapping) else ():
                    header = self._described.follow(raw)
                    if name.lower() == expression.name.lower() and isinstance(header, Mapping):
                        yield from example_values_of(header, resolve)
                        yield from documented_values_at(header.get("schema"), (), resolve)

    def _response_values(self, steps: tuple[str, ...]) -> Iterator[Any]:
        resolve = self._api.catalog.resolve
        content = self._described.follow(self._response.get("content"))
        targets = map(self._described.follow, content.values() if isinstance(content, Mapping) else ())
        medias = [media for media in targets if isinstance(media, Mapping)]
        for media in medias:
            for value in example_values_of(media, resolve):
                yield from walk_value(value, steps)
        for media in medias:
            yield from documented_values_at(media.get("schema"), steps, resolve)

    def _parameter_values(self, location: str, name: str) -> Iterator[Any]:
        """Yield example values for a parameter of the first call."""
        described, resolve = self._described, self._api.catalog.resolve
        raw = described.raw_parameters
        for parameter in described.operation.parameters:
            if parameter.location != location or name not in (parameter.name, parameter.name.lower()):
                continue
            raw_parameter = raw.get((location, parameter.name), {})
            yield from example_values_of(raw_parameter, resolve)
            yield from documented_values_at(described.parameter_schema(parameter), (), resolve)
            if parameter.is_required:
                yield from _example_value(parameter, raw_parameter, described)

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
                made = _example_value(parameter, raw.get(parameter.key), target)
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
            words.extend(option_pair("--body", value if body["value"] is None else _json_line(value)))
        elif target.operation.body is not None and target.operation.body.is_required:
            words.append("--example")
        server = self._link.get("server")
        if isinstance(server, Mapping) and isinstance(server.get("url"), str):
            words.extend(option_pair("--server", server["url"]))

        quoted = [word if _PLACEHOLDER.fullmatch(word) else shell_word(word) for word in words]
        return " ".join([shell_line(invocation_words(api=self._api.name)), target.operation.name, *quoted])


def _parameter(operation: Operation, key: str) -> Parameter | None:
    """Return the parameter that a link names as `name` or `location.name`."""
    location, dot, name = key.partition(".")
    for parameter in operation.parameters:
        if dot and (location, name) == parameter.key:
            return parameter
    return next((parameter for parameter in operation.parameters if parameter.name == key), None)


def _example_value(
    parameter: Parameter, raw: dict[str, Any] | None, described: DescribedOperation
) -> Iterator[Any]:
    try:
        yield parameter_example(parameter, raw, described.resolve)
    except (NoExampleError, LookupError):
        return


def _option_words(parameter: Parameter, value: Any) -> list[str]:
    is_plain = isinstance(value, list) and value and not any(isinstance(item, dict | list) for item in value)
    items = value if is_plain else [value]
    return [word for item in items for word in option_pair(f"--{parameter.option}", option_text(item))]


def _json_line(value: Any) -> str:
    import json

    return json.dumps(value, ensure_ascii=False)


@record
class OperationEdge:
    """An edge from an operation to one that can use its response.

    Args:
        source: Operation with the response.
        target: Operation that uses it.
        label: Path parameter whose values are listed, or name of the link.
        is_link: True if the document has a link; False if the edge follows from the paths.
    """

    source: str
    target: str
    label: str
    is_link: bool = False


def operation_edges(api: OpenedApi, operations: Sequence[OperationSummary]) -> Iterator[OperationEdge]:
    """Yield the edges among some operations of an API: first those from paths, then those from links."""
    listing = ListingOperations(operation for operation in operations if operation.method in SAFE_METHODS)
    shown = {operation.name for operation in operations}
    for operation in operations:
        for parameter, sources in listing.sources_of(operation).items():
            yield OperationEdge(sources[0], operation.name, parameter)
    for operation in operations:
        described = DescribedOperation(api, api.catalog.operation(operation.name))
        for name, target in linked_names(described):
            if target in shown:
                yield OperationEdge(operation.name, target, name, is_link=True)


def graph_text(
    operations: Sequence[OperationSummary], edges: Iterable[OperationEdge], language: str
) -> Iterator[str]:
    """Yield the lines of a graph, with operations grouped by their first tags.

    Args:
        language: `mermaid` or `dot`.
    """
    numbers = {operation.name: f"n{number}" for number, operation in enumerate(operations)}
    tags = _by_tag(operations)
    is_mermaid = language == "mermaid"
    # Without `newrank`, Graphviz (2.42) fails if many edges connect subgraphs: "trouble in init_rank".
    yield "flowchart LR" if is_mermaid else "digraph {\n  rankdir=LR newrank=true\n  node [shape=box]"
    for number, (tag, tagged) in enumerate(tags.items()):
        if tag:
            yield (
                f'  subgraph t{number}["{_in_mermaid(tag)}"]'
                if is_mermaid
                else f'  subgraph cluster_{number} {{\n    label="{_in_dot(tag)}"'
            )
        for operation in tagged:
            node, call = numbers[operation.name], f"{operation.method} {operation.path}"
            yield (
                f'    {node}["{_in_mermaid(operation.name)}<br>{_in_mermaid(call)}"]'
                if is_mermaid
                else f'    {node} [label="{_in_dot(operation.name)}\\n{_in_dot(call)}"]'
            )
        if tag:
            yield "  end" if is_mermaid else "  }"
    for edge in edges:
        source, target = numbers[edge.source], numbers[edge.target]
        yield (
            f'  {source} {"-.->" if edge.is_link else "-->"}|"{_in_mermaid(edge.label)}"| {target}'
            if is_mermaid
            else f'  {source} -> {target} [label="{_in_dot(edge.label)}"{" style=dashed" if edge.is_link else ""}]'
        )
    if not is_mermaid:
        yield "}"


def is_drawn(lines: Sequence[str]) -> bool:
    """Return whether Mermaid can draw a graph with these lines."""
    edges = sum("->" in line for line in lines)  # labels have no `>`, because it is written as an entity
    return edges <= MOST_EDGES and sum(len(line) + 1 for line in lines) <= MOST_CHARACTERS


def tag_text(operations: Sequence[OperationSummary], edges: Iterable[OperationEdge]) -> Iterator[str]:
    """Yield the lines of a Mermaid graph of tags, with the number of edges between them."""
    numbers: dict[str, int] = {}
    yield "flowchart LR"
    for number, (tag, tagged) in enumerate(_by_tag(operations).items()):
        numbers.update((operation.name, number) for operation in tagged)
        yield f'  t{number}["{_in_mermaid(tag or "no tag")}<br>{counted(len(tagged), "operation")}"]'
    between = Counter((numbers[edge.source], numbers[edge.target]) for edge in edges)
    for (source, target), count in between.items():
        if source != target:
            yield f'  t{source} -->|"{count}"| t{target}'


def _by_tag(operations: Iterable[OperationSummary]) -> dict[str, list[OperationSummary]]:
    tags: dict[str, list[OperationSummary]] = {}
    for operation in operations:
        tags.setdefault(next(iter(operation.tags), ""), []).append(operation)
    return tags


def _in_mermaid(text: str) -> str:
    return _MERMAID_SPECIAL.sub(lambda found: f"#{ord(found[0])};", visible(text, keep=""))


def _in_dot(text: str) -> str:
    return visible(text, keep="").replace("\\", "\\\\").replace('"', '\\"')
