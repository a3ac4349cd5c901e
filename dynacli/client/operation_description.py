"""An operation as data: inputs, body, responses, security, servers, links, pages, callbacks and example."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from typing import Any

from dynacli.client.described_operation import EXAMPLE_OPTION, DescribedOperation
from dynacli.http.semantics import SAFE_METHODS, is_multipart
from dynacli.openapi.model.media_types import documented_success
from dynacli.openapi.model.operation import Field, Operation, Parameter, ValueType, of_first_items
from dynacli.openapi.model.wording import (
    ONE_OF,
    constraints,
    enumeration,
    file_or_value,
    notable_constraints,
    placeholder,
)
from dynacli.openapi.schema.response_outline import (
    ResponseOutline,
    UnreturnedFields,
    response_outline,
    unreturned_fields,
)
from dynacli.record import record, replace
from dynacli.text.terminal import visible

_LONGEST_EXAMPLE = 400
"""Maximum size of a short example in bytes."""
_MOST_VALUES = 20
"""Maximum number of enumeration values in the JSON of a summary; `describe -o json` has all."""


@record
class DescribedInput:
    """An input of an operation.

    Args:
        name: Its name in the document; for a field, its path with `.` between the steps.
        option: Its option without dashes, with the first item of each array.
        location: `path`, `query`, `querystring`, `header`, `cookie` or `body`.
        origin: The parameter or field in the catalog.
        is_needed: True if the parameter, or the object with the field, is invalid without it.
        is_required: True if a call must have it.
        is_part: True if it is a part of a multipart body, which may be a file.
        fields: Properties of its value that have options.
        source: Source of its values, such as `list-runs rows[].id`; empty if unknown.
    """

    name: str
    option: str
    location: str
    origin: Parameter | Field
    is_needed: bool
    is_required: bool
    is_part: bool = False
    fields: tuple[DescribedInput, ...] = ()
    source: str = ""

    @classmethod
    def of(
        cls,
        origin: Parameter | Field,
        location: str = "",
        *,
        is_whole_required: bool = False,
        is_part: bool = False,
    ) -> DescribedInput:
        """Return an input for a parameter with its fields, or for a field of a body or a parameter.

        Args:
            origin: The parameter or field in the catalog.
            location: For a field: the location of the whole.
            is_whole_required: For a field: True if its body is required.
            is_part: True if it is a part of a multipart body.
        """
        if isinstance(origin, Field):
            return cls(
                ".".join(origin.path),
                of_first_items(origin.option),
                location,
                origin,
                is_needed=origin.is_needed,
                is_required=is_whole_required and origin.must_be_given,
                is_part=is_part,
            )
        return cls(
            origin.name,
            origin.option,
            origin.location,
            origin,
            is_needed=origin.is_required,
            is_required=origin.must_be_given,
            fields=tuple(cls.of(field, origin.location) for field in origin.fields),
        )

    @property
    def path(self) -> tuple[str, ...]:
        """Property names from the body or the parameter to the field; empty for a parameter."""
        return self.origin.path if isinstance(self.origin, Field) else ()

    @property
    def value(self) -> ValueType:
        """Type of its value."""
        return self.origin.value

    @property
    def description(self) -> str:
        """First sentence of its description, as plain text."""
        return self.origin.description

    @property
    def takes(self) -> str:
        """Type and constraints in words: `string (date); at most 10 characters`."""
        value = self.value
        kind = f"{value.type_words} ({value.format})" if value.format else value.type_words
        return "; ".join([kind, *constraints(value)])

    @property
    def flag(self) -> str:
        """Its option with the placeholder of the value, cleaned for a terminal: `--limit INTEGER`."""
        taken = enumeration(self.value) or (file_or_value if self.is_part else placeholder)(self.value)
        return f"--{visible(self.option, keep='')} {taken}".rstrip()

    @property
    def facts(self) -> list[str]:
        """Constraints in words, without those that its usage shows or that hold for nearly every input."""
        is_shown = bool(enumeration(self.value)) and self.usage.startswith("--")
        return [
            fact for fact in notable_constraints(self.value) if not (is_shown and fact.startswith(ONE_OF))
        ]

    @property
    def usage(self) -> str:
        """Its part of a usage line, cleaned for a terminal: `OWNER` for a path parameter, else the option."""
        if isinstance(self.origin, Parameter) and self.location == "path":
            return visible(self.origin.argument, keep="")
        return self.flag

    def as_json(self) -> dict[str, Any]:
        """Return the input for a summary in JSON."""
        value = self.value
        enumeration = value.enum or (value.items.enum if value.items is not None else ())
        return {
            "name": self.option,
            "in": self.location,
            "required": self.is_required,
            "type": value.type_words,
            "enum": list(enumeration[:_MOST_VALUES]) or None,
            **({"more_values": len(enumeration) - _MOST_VALUES} if len(enumeration) > _MOST_VALUES else {}),
            "description": self.description,
            "from": self.source or None,
        }


def _inputs_of(described: DescribedOperation) -> Iterator[DescribedInput]:
    """Yield the parameters of an operation, then the fields of its body."""
    operation, media_type = described.operation, described.media_type
    yield from map(DescribedInput.of, operation.parameters)
    if media_type is not None:
        is_whole_required = operation.body is not None and operation.body.is_required
        is_part = is_multipart(media_type.name)
        for field in media_type.fields:
            yield DescribedInput.of(field, "body", is_whole_required=is_whole_required, is_part=is_part)


def example_without_ids(operation: Operation, inputs: Collection[DescribedInput]) -> tuple[str, ...]:
    """Return the arguments of the example. A change has a placeholder instead of each id that a list has.

    A copied example must not change the first object of the server.

    Args:
        operation: The operation.
        inputs: Inputs with their sources.
    """
    if operation.method in SAFE_METHODS:
        return operation.example
    listed = {input_.option: input_ for input_ in inputs if input_.source}
    path_parameters = (item.option for item in operation.parameters if item.location == "path")
    shown: list[str] = []
    words = iter(operation.example)
    for word in words:
        if not word.startswith("--"):
            input_ = listed.get(next(path_parameters, ""))
            shown.append(word if input_ is None else input_.usage)
            continue
        option, joined, _ = word.removeprefix("--").partition("=")
        value = "" if joined or word == EXAMPLE_OPTION else next(words, "")
        if option in listed and value:
            shown += listed[option].flag.removesuffix(" ...").split(" ")
        else:
            shown += filter(None, (word, value))
    return tuple(shown)


class OperationDescription:
    """Everything known about an operation. Slow parts are read when they are needed.

    Args:
        described: The operation, with the media type of its body.
    """

    def __init__(self, described: DescribedOperation) -> None:
        self.described = described
        self.api, self.operation = described.api, described.operation

    @cached_property
    def inputs(self) -> tuple[DescribedInput, ...]:
        """The parameters, then the fields of the body."""
        return tuple(_inputs_of(self.described))

    def with_sources(
        self, inputs: Sequence[DescribedInput], asked_for: Sequence[DescribedInput]
    ) -> tuple[DescribedInput, ...]:
        """Return the inputs. Those in `asked_for` get the sources of their values."""
        if not asked_for:
            return tuple(inputs)
        from dynacli.client.input_sources import input_sources

        sources = input_sources(self.api, self.operation, [described.origin for described in asked_for])
        return tuple(replace(input_, source=sources.get(input_.origin.option, "")) for input_ in inputs)

    @cached_property
    def response(self) -> OutlinedResponse:
        """Outline of a successful response."""
        return _outlined_response(self.described)

    @cached_property
    def responses(self) -> dict[str, Any]:
        """Status → description, content and headers of the responses."""
        from dynacli.client.documented_parts import responses_of

        return responses_of(self.described)

    @cached_property
    def security(self) -> list[dict[str, list[str]]]:
        """Alternatives of security schemes, each as scheme → scopes."""
        return [{scheme.name: list(scheme.scopes) for scheme in item} for item in self.operation.security]

    @cached_property
    def servers(self) -> list[dict[str, Any]]:
        """Servers of the operation, or else of the document."""
        from dynacli.openapi.model.server_objects import server_row

        return [server_row(server) for server in self.operation.servers or self.api.servers]

    @cached_property
    def pages(self) -> dict[str, Any] | None:
        """Pagination rule of `--all`; None if the response is not a list."""
        from dynacli.client.pages.decide_rule import describe_pages

        return describe_pages(self.described)

    @cached_property
    def links(self) -> dict[str, Any]:
        """Key → link of a response to another operation."""
        from dynacli.client.links.describe_links import describe_links

        return describe_links(self.described)

    @cached_property
    def callbacks(self) -> dict[str, Any]:
        """Name → URL → method → a request that the server sends."""
        from dynacli.client.documented_parts import describe_callbacks

        return describe_callbacks(self.described.part, self.api.catalog.resolve)

    @cached_property
    def description(self) -> str:
        """Description of the operation in the document, in Markdown."""
        from dynacli.openapi.document.json_trees import operation_description

        part = self.described.part
        return operation_description(part["operation"], part["path_item"])

    @property
    def example(self) -> str:
        """Command line of a working call."""
        return self.described.example_line

    def short_example_words(self, command: str = "") -> list[str]:
        """Return the command line of a working call as words for a shell, with `--example` if it would be long.

        Args:
            command: Command that makes the call, such as `read`; empty for none.
        """
        words = self.described.shell_words_of(self.operation.example, command)
        line = " ".join(words)
        # Text that a terminal cannot show cannot be copied from it.
        if len(line.encode()) <= _LONGEST_EXAMPLE and visible(line, keep="") == line:
            return words
        return self.described.shell_words_of((EXAMPLE_OPTION,), command)

    @cached_property
    def parameters(self) -> list[dict[str, Any]]:
        """Parameters with their schemas, as in the document."""
        from dynacli.client.documented_parts import parameters_of

        return parameters_of(self.described)

    @cached_property
    def body(self) -> dict[str, Any] | None:
        """Body with `required`, and with schema and options by media type; None without a body."""
        from dynacli.client.documented_parts import body_of

        return body_of(self.described)

    def as_json(self) -> dict[str, Any]:
        """Return the description that `describe -o json` prints."""
        operation = self.operation
        return {
            "api": self.api.name,
            "name": operation.name,
            "operation_id": operation.operation_id or None,
            "method": operation.method,
            "path": operation.path,
            "summary": operation.summary,
            "description": self.description,
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


@record
class OutlinedResponse:
    """Outline of a successful response.

    Args:
        status: Status as in the document; empty if no success is documented.
        outline: The fields.
        unreturned: Fields by which the operation sorts, but which the response does not have.
    """

    status: str
    outline: ResponseOutline
    unreturned: Sequence[UnreturnedFields]

    def text_lines(self, most_names: int = 30, most_lines: int = 8) -> list[str]:
        """Return the response as lines of text for a terminal. The last line counts what is left out."""
        lines = self.outline.text_lines(most_names, most_lines)
        return [*lines, *(unreturned.text for unreturned in self.unreturned)]


def _outlined_response(described: DescribedOperation) -> OutlinedResponse:
    """Return the outline of a successful response."""
    status, response = documented_success(described.raw_responses, described.follow)
    outline = response_outline(response, described.resolve)
    fields = described.media_type.fields if described.media_type is not None else ()
    unreturned = unreturned_fields((*described.operation.parameters, *fields), outline)
    return OutlinedResponse(status, outline, unreturned)
