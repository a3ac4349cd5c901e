"""An operation as data: its inputs, body, answers, security, servers, links, pages, callbacks and example."""

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from dynacli.client.described_operation import DescribedOperation
from dynacli.client.description.described_input import DescribedInput, inputs_of
from dynacli.record import replace

if TYPE_CHECKING:
    from dynacli.client.cards.outlined_answer import OutlinedAnswer

__all__ = ["OperationDescription"]


class OperationDescription:
    """An operation with all that can be told of it; what takes reading is read when it is asked for.

    Args:
        described: The operation, with the media type of the body that is built.
    """

    def __init__(self, described: DescribedOperation) -> None:
        self.described = described
        self.api, self.operation = described.api, described.operation

    @cached_property
    def inputs(self) -> tuple[DescribedInput, ...]:
        """The parameters, and behind them the fields of the body that is built."""
        return tuple(inputs_of(self.described))

    def with_sources(
        self, inputs: Sequence[DescribedInput], asked_for: Sequence[DescribedInput]
    ) -> tuple[DescribedInput, ...]:
        """Return inputs, those of them that are asked for with where their values come from."""
        if not asked_for:
            return tuple(inputs)
        from dynacli.client.cards.input_sources import input_sources

        sources = input_sources(self.api, self.operation, [each.origin for each in asked_for])
        return tuple(replace(each, source=sources.get(each.origin.option, "")) for each in inputs)

    @cached_property
    def answer(self) -> "OutlinedAnswer":
        """What a successful answer holds."""
        from dynacli.client.cards.outlined_answer import outlined_answer

        return outlined_answer(self.described)

    @cached_property
    def responses(self) -> dict[str, Any]:
        """Status → description, content and headers of the answers."""
        from dynacli.client.description.documented_parts import responses_of

        return responses_of(self.described)

    @cached_property
    def security(self) -> list[dict[str, list[str]]]:
        """The alternatives, each as scheme → scopes."""
        return [{scheme.name: list(scheme.scopes) for scheme in each} for each in self.operation.security]

    @cached_property
    def servers(self) -> list[dict[str, Any]]:
        """The servers of the operation, else those of the document."""
        from dynacli.model.server_objects import server_row

        return [server_row(server) for server in self.operation.servers or self.api.servers]

    @cached_property
    def pages(self) -> dict[str, Any] | None:
        """The rule by which `--all` works; None where the answer is no list."""
        from dynacli.client.pages.document_rule import describe_pages

        return describe_pages(self.described)

    @cached_property
    def links(self) -> dict[str, Any]:
        """Key → link of an answer to another operation."""
        from dynacli.client.links.describe_links import describe_links

        return describe_links(self.described)

    @cached_property
    def callbacks(self) -> dict[str, Any]:
        """Name → URL → method → a request that the server sends."""
        from dynacli.client.description.incoming_requests import describe_callbacks

        return describe_callbacks(self.described.part, self.api.catalog.resolve)

    @property
    def example(self) -> str:
        """The command line of a call that runs as it stands."""
        return self.described.example_line

    @cached_property
    def parameters(self) -> list[dict[str, Any]]:
        """The parameters with their schemas, as the document has them."""
        from dynacli.client.description.documented_parts import parameters_of

        return parameters_of(self.described)

    @cached_property
    def body(self) -> dict[str, Any] | None:
        """Whether a body is required, and its schema and options for each media type; None where none is taken."""
        from dynacli.client.description.documented_parts import body_of

        return body_of(self.described)

    def as_json(self) -> dict[str, Any]:
        """Return the description as `describe -o json` writes it."""
        from dynacli.model.descriptions import operation_description

        operation, part = self.operation, self.described.part
        return {
            "api": self.api.name,
            "name": operation.name,
            "operation_id": operation.operation_id or None,
            "method": operation.method,
            "path": operation.path,
            "summary": operation.summary,
            "description": operation_description(part["operation"], part["path_item"]),
            "tags": list(operation.tags),
            "deprecated": operation.is_deprecated,
            "parameters": self.parameters,
            "body": self.body,
            "responses": self.responses,
            "security": self.security,
            "servers": self.servers,
            "links": self.links,
            "pages": self.pages,
            "callbacks": self.callbacks,
            "example": self.example,
        }
