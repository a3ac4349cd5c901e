"""The operations of an API as a graph: which list has the ids that others need, and where the document's links lead.

The texts are for Mermaid (https://mermaid.js.org/syntax/flowchart.html) and for Graphviz
(https://graphviz.org/doc/info/lang.html). Foreign text in them is quoted, so that it is never part of their grammar.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.links.describe_links import linked_names
from dynacli.library.opened_api import OpenedApi
from dynacli.methods import SAFE_METHODS
from dynacli.model.operation import OperationSummary
from dynacli.model.value_sources import ListingOperations
from dynacli.model.wording import counted
from dynacli.record import record
from dynacli.text.terminal import visible

__all__ = [
    "MOST_CHARACTERS",
    "MOST_EDGES",
    "OperationEdge",
    "graph_text",
    "is_drawn",
    "operation_edges",
    "tag_text",
]

MOST_EDGES, MOST_CHARACTERS = 500, 50_000
"""What Mermaid draws at most: `maxEdges` and `maxTextSize`, which no text of a graph may change.

Source: https://mermaid.js.org/config/schema-docs/config.html
"""

_MERMAID_SPECIAL = re.compile(r"[^\w /.{}:,()-]")


@record
class OperationEdge:
    """A step from an operation whose answer has something to one that needs it.

    Args:
        label: The path parameter whose values are listed, or the name of the link.
        is_link: Whether the document has a link for it; else the step follows from the paths.
    """

    source: str
    target: str
    label: str
    is_link: bool = False


def operation_edges(api: OpenedApi, operations: Sequence[OperationSummary]) -> Iterator[OperationEdge]:
    """Yield the steps among some operations of an API, in the order of the operations that they begin or end at."""
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
    """Yield the lines of the graph; an operation stands below its first tag.

    Args:
        language: `mermaid` or `dot`.
    """
    numbers = {operation.name: f"n{number}" for number, operation in enumerate(operations)}
    tags = _by_tag(operations)
    is_mermaid = language == "mermaid"
    # Without `newrank` Graphviz (2.42) gives up on many steps between subgraphs: "trouble in init_rank".
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
    """Return whether Mermaid draws the graph of some lines."""
    edges = sum("->" in line for line in lines)  # in a text `>` is written as an entity
    return edges <= MOST_EDGES and sum(len(line) + 1 for line in lines) <= MOST_CHARACTERS


def tag_text(operations: Sequence[OperationSummary], edges: Iterable[OperationEdge]) -> Iterator[str]:
    """Yield the lines of a graph for Mermaid of the first tags of operations, with the number of steps between them."""
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
